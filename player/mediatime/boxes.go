package mediatime

import "encoding/binary"

// boxType reports whether b is the type of a box that resources begin with.
func boxType(b []byte) bool {
	switch string(b) {
	case "ftyp", "styp", "moov", "moof", "sidx", "ssix", "emsg", "prft", "free", "skip", "mdat":
		return true
	}
	return false
}

// next takes the first box of b (ISO/IEC 14496-12 4.2), which may be cut off.
// Every box is at least as long as its header, so a walk comes to its end.
func next(b []byte) (kind, body, rest []byte, ok bool) {
	if len(b) < 8 {
		return nil, nil, nil, false
	}
	size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
	switch {
	case size == 1 && len(b) >= 16:
		size, head = binary.BigEndian.Uint64(b[8:]), 16
	case size == 0:
		size = uint64(len(b)) // to the end
	}
	if size < head {
		return nil, nil, nil, false
	}
	end := min(size, uint64(len(b)))
	return b[4:8], b[min(head, end):end], b[end:], true
}

// boxes reads the timescales of a moov and the first decode time of a moof. It
// returns whether more bytes could tell more.
func (o *Opening) boxes(b []byte) (more bool) {
	for {
		kind, body, rest, ok := next(b)
		if !ok {
			return len(b) < 8 // what is cut off goes on, what is broken does not
		}
		switch string(kind) {
		case "moov":
			o.movie(body)
		case "moof":
			if o.fragment(body); o.Stamp.Known() {
				return false
			}
		case "mdat":
			return false
		}
		b = rest
	}
}

// movie reads the timescales of the tracks (8.3.2, 8.4.2).
func (o *Opening) movie(b []byte) {
	for kind, trak, rest, ok := next(b); ok; kind, trak, rest, ok = next(rest) {
		if string(kind) != "trak" {
			continue
		}
		track, rate := uint32(0), uint32(0)
		for kind, body, rest, ok := next(trak); ok; kind, body, rest, ok = next(rest) {
			switch string(kind) {
			case "tkhd":
				track = field(body, 12, 20)
			case "mdia":
				for kind, body, rest, ok := next(body); ok; kind, body, rest, ok = next(rest) {
					if string(kind) == "mdhd" {
						rate = field(body, 12, 20)
					}
				}
			}
		}
		if track != 0 && rate != 0 {
			o.Scales.add(track, rate)
		}
	}
}

// fragment reads the decode time of the first track that has one (8.8.7, 8.8.12).
func (o *Opening) fragment(b []byte) {
	for kind, traf, rest, ok := next(b); ok; kind, traf, rest, ok = next(rest) {
		if string(kind) != "traf" {
			continue
		}
		track := uint32(0)
		for kind, body, rest, ok := next(traf); ok; kind, body, rest, ok = next(rest) {
			switch {
			case string(kind) == "tfhd" && len(body) >= 8:
				track = binary.BigEndian.Uint32(body[4:])
			case string(kind) != "tfdt" || len(body) < 8 || track == 0:
			case body[0] == 0:
				o.Stamp = Stamp{Ticks: uint64(binary.BigEndian.Uint32(body[4:])), Track: track, Kind: Decode}
				return
			case len(body) >= 12:
				o.Stamp = Stamp{Ticks: binary.BigEndian.Uint64(body[4:]), Track: track, Kind: Decode}
				return
			}
		}
	}
}

// field is the 32-bit field of a full box that is at one place in version 0 and
// at another one in version 1, where two times before it have 64 bits; 0 without.
func field(body []byte, narrow, wide int) uint32 {
	at := narrow
	if len(body) > 0 && body[0] == 1 {
		at = wide
	}
	if len(body) < at+4 {
		return 0
	}
	return binary.BigEndian.Uint32(body[at:])
}
