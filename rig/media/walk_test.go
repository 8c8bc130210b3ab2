package media

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Readers for the tests, written from the standards and not from the writers:
// they share no code with them.

// unit is an access unit or a PES packet's worth of audio, as a reader sees it.
type unit struct {
	track string // "video" or "audio"
	time  int64  // ticks: 33 bits of 90 kHz (TS), or the track's timescale (MP4)
	key   bool
	data  []byte
}

// tsWalk reads transport streams. Its state goes over the end of a segment.
type tsWalk struct {
	counters map[int]int // last counter of a PID
	pmt      int
	kinds    map[int]byte // stream type of a PID
	clock    int          // PCR PID
	open     map[int]*pesBuilder
	pcrs     []int64
	nulls    int
}

type pesBuilder struct {
	b   []byte
	key bool
}

func newTSWalk() *tsWalk {
	return &tsWalk{counters: map[int]int{}, pmt: -1, kinds: map[int]byte{}, open: map[int]*pesBuilder{}}
}

// segment reads one segment. Every PES packet has to end in it.
func (w *tsWalk) segment(b []byte) ([]unit, error) {
	if len(b)%188 != 0 {
		return nil, fmt.Errorf("%d bytes are no whole number of packets", len(b))
	}
	var out []unit
	for n := 0; len(b) > 0; n, b = n+1, b[188:] {
		p := b[:188]
		if p[0] != 0x47 {
			return nil, fmt.Errorf("packet %d: sync byte %#x", n, p[0])
		}
		if p[1]&0x80 != 0 || p[3]&0xc0 != 0 {
			return nil, fmt.Errorf("packet %d: error indicator or scrambling set", n)
		}
		pid, begins := int(p[1]&0x1f)<<8|int(p[2]), p[1]&0x40 != 0
		if pid == 0x1fff {
			w.nulls++
			continue
		}
		if n == 0 && pid != 0 {
			return nil, fmt.Errorf("segment begins with PID %d, want the PAT", pid)
		}
		rest := p[4:]
		key := false
		if p[3]&0x20 != 0 {
			size := int(rest[0])
			if size > 183 || size == 183 && p[3]&0x10 != 0 {
				return nil, fmt.Errorf("packet %d: adaptation field of %d bytes", n, size)
			}
			if size > 0 {
				flags, f := rest[1], rest[2:1+size]
				key = flags&0x40 != 0
				if flags&0x80 != 0 {
					return nil, fmt.Errorf("packet %d: discontinuity", n)
				}
				if flags&0x10 != 0 {
					if len(f) < 6 {
						return nil, fmt.Errorf("packet %d: PCR does not fit", n)
					}
					if pid != w.clock {
						return nil, fmt.Errorf("packet %d: PCR on PID %d, want %d", n, pid, w.clock)
					}
					w.pcrs = append(w.pcrs, int64(f[0])<<25|int64(f[1])<<17|int64(f[2])<<9|int64(f[3])<<1|int64(f[4])>>7)
					f = f[6:]
				}
				for _, c := range f {
					if c != 0xff {
						return nil, fmt.Errorf("packet %d: stuffing byte %#x", n, c)
					}
				}
			}
			rest = rest[1+size:]
		}
		if p[3]&0x10 == 0 {
			return nil, fmt.Errorf("packet %d: no payload", n)
		}
		if last, ok := w.counters[pid]; ok && int(p[3]&15) != (last+1)&15 {
			return nil, fmt.Errorf("packet %d, PID %d: continuity counter %d after %d", n, pid, p[3]&15, last)
		}
		w.counters[pid] = int(p[3] & 15)

		switch {
		case pid == 0 || pid == w.pmt:
			if err := w.table(pid, rest); err != nil {
				return nil, fmt.Errorf("packet %d: %w", n, err)
			}
		case w.kinds[pid] == 0:
			return nil, fmt.Errorf("packet %d: PID %d is in no PMT", n, pid)
		case begins:
			if o := w.open[pid]; o != nil {
				u, err := w.unit(pid, o)
				if err != nil {
					return nil, fmt.Errorf("before packet %d: %w", n, err)
				}
				out = append(out, u)
			}
			w.open[pid] = &pesBuilder{append([]byte(nil), rest...), key}
		default:
			o := w.open[pid]
			if o == nil {
				return nil, fmt.Errorf("packet %d: PID %d goes on with what never began", n, pid)
			}
			o.b = append(o.b, rest...)
		}
	}
	for _, pid := range []int{pidVideo, pidAudio} {
		if o := w.open[pid]; o != nil {
			u, err := w.unit(pid, o)
			if err != nil {
				return nil, err
			}
			out = append(out, u)
		}
	}
	clear(w.open)
	return out, nil
}

func (w *tsWalk) table(pid int, b []byte) error {
	if len(b) < 1 || 1+int(b[0])+3 > len(b) {
		return errors.New("table: no room for a section")
	}
	b = b[1+int(b[0]):]
	size := 3 + (int(b[1]&15)<<8 | int(b[2]))
	if size > len(b) || size < 16 {
		return fmt.Errorf("table: section of %d bytes", size)
	}
	b = b[:size]
	if crc := crcBitwise(b); crc != 0 {
		return fmt.Errorf("table on PID %d: CRC leaves %#x", pid, crc)
	}
	body := b[8 : size-4]
	if pid == 0 {
		w.pmt = int(body[2]&31)<<8 | int(body[3])
		return nil
	}
	if len(body) < 4 {
		return errors.New("PMT: too short")
	}
	w.clock = int(body[0]&31)<<8 | int(body[1])
	skip := 4 + (int(body[2]&15)<<8 | int(body[3]))
	if skip > len(body) {
		return errors.New("PMT: descriptors do not fit")
	}
	body = body[skip:]
	for len(body) >= 5 {
		w.kinds[int(body[1]&31)<<8|int(body[2])] = body[0]
		skip = 5 + (int(body[3]&15)<<8 | int(body[4]))
		if skip > len(body) {
			return errors.New("PMT: descriptors do not fit")
		}
		body = body[skip:]
	}
	return nil
}

// crcBitwise divides message and CRC by the polynomial: 0 is right.
func crcBitwise(b []byte) uint32 {
	r := uint32(0xffffffff)
	for i := range len(b) * 8 {
		bit := uint32(b[i/8]>>(7-i%8)) & 1
		top := r >> 31
		r <<= 1
		if top^bit == 1 {
			r ^= 0x04c11db7
		}
	}
	return r
}

func (w *tsWalk) unit(pid int, o *pesBuilder) (unit, error) {
	b := o.b
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 {
		return unit{}, fmt.Errorf("PID %d: no PES packet", pid)
	}
	if size := int(b[4])<<8 | int(b[5]); size != 0 && size != len(b)-6 {
		return unit{}, fmt.Errorf("PID %d: PES packet of %d bytes says %d", pid, len(b)-6, size)
	}
	if b[7]&0xc0 != 0x80 || b[9]>>4 != 2 || b[9]&1 == 0 || b[11]&1 == 0 || b[13]&1 == 0 {
		return unit{}, fmt.Errorf("PID %d: PES packet without PTS", pid)
	}
	if 9+int(b[8]) > len(b) {
		return unit{}, fmt.Errorf("PID %d: PES header of %d bytes does not fit", pid, b[8])
	}
	u := unit{key: o.key, time: int64(b[9]>>1&7)<<30 | int64(b[10])<<22 | int64(b[11]>>1)<<15 | int64(b[12])<<7 | int64(b[13]>>1)}
	u.data = b[9+int(b[8]):]
	switch w.kinds[pid] {
	case 0x1b:
		u.track = "video"
	case 0x0f:
		u.track = "audio"
	default:
		return unit{}, fmt.Errorf("PID %d: stream type %#x", pid, w.kinds[pid])
	}
	return u, nil
}

// adtsFrames splits ADTS data into raw frames.
func adtsFrames(b []byte) ([][]byte, error) {
	var out [][]byte
	for len(b) > 0 {
		if len(b) < 7 || b[0] != 0xff || b[1]&0xf0 != 0xf0 {
			return nil, errors.New("no ADTS header")
		}
		size := (int(b[3])&3)<<11 | int(b[4])<<3 | int(b[5])>>5
		if size < 7 || size > len(b) {
			return nil, fmt.Errorf("ADTS frame of %d bytes", size)
		}
		out = append(out, b[7:size])
		b = b[size:]
	}
	return out, nil
}

// box is a parsed box.
type box struct {
	kind string
	body []byte
	at   int // of the box in what was read
}

func boxesOf(b []byte) ([]box, error) {
	var out []box
	for at := 0; at < len(b); {
		if len(b)-at < 8 {
			return nil, fmt.Errorf("at %d: %d bytes are no box", at, len(b)-at)
		}
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 8 || size > len(b)-at {
			return nil, fmt.Errorf("at %d: box %q of %d bytes, %d left", at, b[at+4:at+8], size, len(b)-at)
		}
		out = append(out, box{string(b[at+4 : at+8]), b[at+8 : at+size], at})
		at += size
	}
	return out, nil
}

// find returns the content of the first box on the path.
func find(b []byte, path ...string) ([]byte, error) {
	for _, kind := range path {
		list, err := boxesOf(b)
		if err != nil {
			return nil, err
		}
		found := false
		for _, x := range list {
			if x.kind == kind {
				b, found = x.body, true
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("no box %q", kind)
		}
	}
	return b, nil
}

// mp4Walk reads media segments.
type mp4Walk struct {
	sequence uint32
	next     map[uint32]int64 // decode time that has to follow, by track
	padding  int
}

func (w *mp4Walk) segment(b []byte) ([]unit, error) {
	top, err := boxesOf(b)
	if err != nil {
		return nil, err
	}
	var out []unit
	var moof *box
	for i, x := range top {
		switch x.kind {
		case "styp":
			if i != 0 {
				return nil, errors.New("styp is not first")
			}
		case "free":
			w.padding += len(x.body) + 8
		case "moof":
			moof = &top[i]
		case "mdat":
			if moof == nil || moof.at+8+len(moof.body) != x.at {
				return nil, errors.New("mdat without a moof right before it")
			}
			us, err := w.fragment(b, *moof, x)
			if err != nil {
				return nil, fmt.Errorf("fragment at %d: %w", moof.at, err)
			}
			out = append(out, us...)
			moof = nil
		default:
			return nil, fmt.Errorf("box %q", x.kind)
		}
	}
	return out, nil
}

func (w *mp4Walk) fragment(b []byte, moof, mdat box) ([]unit, error) {
	list, err := boxesOf(moof.body)
	if err != nil {
		return nil, err
	}
	var out []unit
	used := mdat.at + 8
	for _, x := range list {
		switch x.kind {
		case "mfhd":
			if len(x.body) != 8 {
				return nil, fmt.Errorf("mfhd of %d bytes", len(x.body))
			}
			s := binary.BigEndian.Uint32(x.body[4:])
			if w.sequence != 0 && s != w.sequence+1 {
				return nil, fmt.Errorf("sequence number %d after %d", s, w.sequence)
			}
			w.sequence = s
		case "traf":
			us, end, err := w.traf(b, moof.at, used, x.body)
			if err != nil {
				return nil, err
			}
			out, used = append(out, us...), end
		}
	}
	if used != mdat.at+8+len(mdat.body) {
		return nil, fmt.Errorf("samples end at %d, mdat at %d", used, mdat.at+8+len(mdat.body))
	}
	return out, nil
}

func (w *mp4Walk) traf(b []byte, base, used int, body []byte) ([]unit, int, error) {
	tfhd, err1 := find(body, "tfhd")
	tfdt, err2 := find(body, "tfdt")
	trun, err3 := find(body, "trun")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, 0, err
	}
	if len(tfhd) != 16 || len(tfdt) != 12 || len(trun) < 12 {
		return nil, 0, errors.New("box of a wrong size")
	}
	u32 := binary.BigEndian.Uint32
	if u32(tfhd) != 0x020028 || u32(tfdt) != 1<<24 {
		return nil, 0, errors.New("flags of tfhd or version of tfdt")
	}
	track, duration, flags := u32(tfhd[4:]), u32(tfhd[8:]), u32(tfhd[12:])
	time := int64(binary.BigEndian.Uint64(tfdt[4:]))
	if want, ok := w.next[track]; ok && want != time {
		return nil, 0, fmt.Errorf("track %d: decode time %d, want %d", track, time, want)
	}
	n, at := int(u32(trun[4:])), base+int(int32(u32(trun[8:])))
	if at != used {
		return nil, 0, fmt.Errorf("track %d: data at %d, want %d", track, at, used)
	}
	sizes := trun[12:]
	first := flags
	switch u32(trun) {
	case 0x205:
		if len(sizes) < 4 {
			return nil, 0, errors.New("trun too short")
		}
		first, sizes = u32(sizes), sizes[4:]
	case 0x201:
	default:
		return nil, 0, fmt.Errorf("trun flags %#x", u32(trun))
	}
	if n < 0 || len(sizes) != 4*n {
		return nil, 0, fmt.Errorf("trun of %d samples in %d bytes", n, len(sizes))
	}
	var out []unit
	for i := range n {
		size := int(u32(sizes[4*i:]))
		if size <= 0 || size > len(b)-at {
			return nil, 0, fmt.Errorf("sample of %d bytes at %d", size, at)
		}
		if i > 0 {
			first = flags
		}
		u := unit{time: time, data: b[at : at+size], key: first&0x10000 == 0, track: "video"}
		if track == 2 {
			u.track = "audio"
		}
		out = append(out, u)
		at, time = at+size, time+int64(duration)
	}
	w.next[track] = time
	return out, at, nil
}
