package mediatime

import (
	"bytes"
	"encoding/binary"
)

const (
	packet   = 188
	syncByte = 0x47
)

// transport looks for the first picture of a transport stream, and for the first
// sound in case there is none (ISO/IEC 13818-1 2.4.3). It returns whether more
// bytes could tell more.
func (o *Opening) transport(b []byte) (more bool) {
	at := bytes.IndexByte(b[:min(len(b), packet)], syncByte)
	if at < 0 {
		return len(b) < packet
	}
	for ; len(b)-at >= packet; at += packet {
		p := b[at : at+packet]
		if p[0] != syncByte {
			return false
		}
		if p[1]&0xc0 != 0x40 || p[3]&0xc0 != 0 || p[3]&0x10 == 0 {
			continue // broken, no start of a payload, scrambled, or no payload at all
		}
		rest := p[4:]
		if p[3]&0x20 != 0 {
			size := 1 + int(rest[0])
			if size >= len(rest) {
				continue
			}
			rest = rest[size:]
		}
		kind, pts := pes(rest)
		switch {
		case kind == Video:
			o.Stamp = Stamp{Ticks: pts, Kind: Video}
			return false
		case kind == Audio && o.Stamp.Kind == Unknown:
			o.Stamp = Stamp{Ticks: pts, Kind: Audio}
		}
	}
	return true
}

// pes reads the PTS of a PES packet (2.4.3.6).
func pes(b []byte) (Kind, uint64) {
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[6]&0xc0 != 0x80 || b[7]&0x80 == 0 || b[8] < 5 {
		return Unknown, 0
	}
	p := b[9:14]
	if p[0]&1 == 0 || p[2]&1 == 0 || p[4]&1 == 0 {
		return Unknown, 0 // marker bits
	}
	pts := uint64(p[0]>>1&7)<<30 | uint64(p[1])<<22 | uint64(p[2]>>1)<<15 | uint64(p[3])<<7 | uint64(p[4]>>1)
	switch id := b[3]; {
	case id&0xf0 == 0xe0:
		return Video, pts
	case id&0xe0 == 0xc0, id == 0xbd: // MPEG audio and AAC; AC-3 comes as private data
		return Audio, pts
	}
	return Unknown, 0
}

// packed reads the ID3 tag that packed audio begins with (RFC 8216 3.4).
func (o *Opening) packed(b []byte) (more bool) {
	const owner = "com.apple.streaming.transportStreamTimestamp\x00"
	i := bytes.Index(b, []byte(owner))
	if i < 0 || len(b) < i+len(owner)+8 {
		return true
	}
	o.Stamp = Stamp{Ticks: binary.BigEndian.Uint64(b[i+len(owner):]) % wrap, Kind: Audio}
	return false
}
