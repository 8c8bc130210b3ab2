package mediatime

import (
	"encoding/binary"
	"testing"
	"time"
)

// ts is a packet with the beginning of a PES packet.
func ts(stream byte, pts uint64, field int) []byte {
	p := make([]byte, packet)
	for i := range p {
		p[i] = 0xff
	}
	p[0], p[1], p[2], p[3] = syncByte, 0x41, 0xe1, 0x10
	at := 4
	if field > 0 {
		p[3] = 0x30
		p[4] = byte(field - 1)
		at += field
	}
	copy(p[at:], []byte{0, 0, 1, stream, 0, 0, 0x80, 0x80, 5,
		0x21 | byte(pts>>29)&0x0e, byte(pts >> 22), 1 | byte(pts>>14), byte(pts >> 7), 1 | byte(pts<<1)})
	return p
}

// table stands for PAT, PMT and SDT: a payload that begins, and is no PES packet.
func table() []byte {
	p := ts(0, 0, 0)
	copy(p[4:], []byte{0, 0, 0xb0, 0x0d})
	return p
}

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func box(kind string, parts ...[]byte) []byte {
	body := join(parts...)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return join(b, []byte(kind), body)
}

func u32(v ...uint32) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

func track(id, rate uint32, version byte) []byte {
	long := u32(0, 0)
	if version == 1 {
		long = u32(0, 0, 0, 0)
	}
	full := []byte{version, 0, 0, 0}
	return box("trak", box("tkhd", full, long, u32(id, 0)), box("mdia", box("hdlr", u32(0)), box("mdhd", full, long, u32(rate, 0))))
}

func fragment(id uint32, at uint64) []byte {
	return box("traf", box("tfhd", u32(0x20000, id)), box("tfdt", []byte{1, 0, 0, 0}, binary.BigEndian.AppendUint64(nil, at)))
}

func TestRead(t *testing.T) {
	id3 := join([]byte("ID3\x04\x00\x00\x00\x00\x00\x3fPRIV\x00\x00\x00\x35\x00\x00com.apple.streaming.transportStreamTimestamp\x00"), u32(1, 5))
	for _, c := range []struct {
		name string
		b    []byte
		want Stamp
		more bool
	}{
		{"nothing", nil, Stamp{}, true},
		{"tables, then pictures", join(table(), table(), ts(0xe0, 900_000, 8)), Stamp{Ticks: 900_000, Kind: Video}, false},
		{"the highest timestamp", ts(0xe0, wrap-1, 0), Stamp{Ticks: wrap - 1, Kind: Video}, false},
		{"sound before pictures", join(ts(0xc0, 10, 0), ts(0xe0, 20, 0)), Stamp{Ticks: 20, Kind: Video}, false},
		{"sound alone", join(table(), ts(0xc1, 10, 0)), Stamp{Ticks: 10, Kind: Audio}, true},
		{"AC-3 alone", ts(0xbd, 10, 0), Stamp{Ticks: 10, Kind: Audio}, true},
		{"a few bytes before it", join([]byte("junk"), ts(0xe0, 7, 0)), Stamp{Ticks: 7, Kind: Video}, false},
		{"a packet cut off", ts(0xe0, 7, 0)[:100], Stamp{}, true},
		{"an adaptation field that fills the packet", ts(0xe0, 7, 184), Stamp{}, true},
		{"out of step", join(table(), []byte("x"), ts(0xe0, 7, 0)), Stamp{}, false},
		{"packed audio", id3, Stamp{Ticks: 5, Kind: Audio}, false}, // 1<<32 + 5 ticks, less the bit that wraps
		{"fmp4", join(box("styp", u32(0)), box("sidx", u32(0, 0)), box("moof", box("mfhd", u32(0, 1)), fragment(2, 1<<40))), Stamp{Ticks: 1 << 40, Track: 2, Kind: Decode}, false},
		{"fmp4, 32 bits", box("moof", box("traf", box("tfhd", u32(0, 1)), box("tfdt", u32(0, 77)))), Stamp{Ticks: 77, Track: 1, Kind: Decode}, false},
		{"fmp4, before the fragment", box("styp", u32(0)), Stamp{}, true},
		{"fmp4, media before a fragment", join(box("mdat", u32(0)), box("moof", fragment(1, 5))), Stamp{}, false},
		{"fmp4, a box shorter than itself", join(box("styp", u32(0)), u32(4), []byte("free"), box("moof", fragment(1, 5))), Stamp{}, false},
		{"a page", []byte("<!DOCTYPE html><html><body>404</body></html>"), Stamp{}, true},
		{"zeroes", make([]byte, 4096), Stamp{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if c.name == "packed audio" {
				want.Ticks = 1<<32 + 5
			}
			got, more := Read(c.b, false)
			if got.Stamp != want || more != c.more {
				t.Errorf("got %+v, more %v; want %+v, %v", got.Stamp, more, want, c.more)
			}
			if got, more := Read(c.b, true); got.Stamp != want || more {
				t.Errorf("whole: got %+v, more %v; want %+v", got.Stamp, more, want)
			}
		})
	}
}

func TestScales(t *testing.T) {
	init := join(box("ftyp", u32(0)), box("moov", box("mvhd", u32(0)), track(1, 90_000, 0), track(2, 48_000, 1), track(3, 1000, 0)))
	o, _ := Read(init, true)
	for id, want := range map[uint32]uint32{1: 90_000, 2: 48_000, 3: 0, 0: 0} {
		if got := o.Scales.Of(id); got != want {
			t.Errorf("timescale of track %d: got %d; want %d", id, got, want)
		}
	}
	// A segment that brings its initialization section along.
	o, _ = Read(join(init, box("moof", fragment(2, 96_000))), true)
	if at, period, ok := o.Stamp.Time(&o.Scales); at != 2*time.Second || period != 0 || !ok {
		t.Errorf("got %v, %v, %v; want 2s on a clock that does not wrap", at, period, ok)
	}
	if _, _, ok := (Stamp{Ticks: 5, Track: 3, Kind: Decode}).Time(&o.Scales); ok {
		t.Error("a track without a timescale has a time")
	}
	if _, _, ok := (Stamp{Ticks: 1 << 63, Track: 2, Kind: Decode}).Time(&o.Scales); ok {
		t.Error("a time of thousands of years is believed")
	}
}

func TestSince(t *testing.T) {
	stamp := func(n uint64) time.Duration {
		at, _, _ := Stamp{Ticks: n, Kind: Video}.Time(nil)
		return at
	}
	_, period, _ := Stamp{Kind: Video}.Time(nil)
	for _, c := range []struct {
		a, b uint64
		want time.Duration
	}{
		{180_000, 90_000, time.Second},
		{90_000, 180_000, -time.Second},
		{45_000, wrap - 45_000, time.Second},
		{wrap - 45_000, 45_000, -time.Second},
	} {
		if got := Since(stamp(c.a), stamp(c.b), period); (got - c.want).Abs() > 1 {
			t.Errorf("from %d to %d: got %v; want %v", c.b, c.a, got, c.want)
		}
	}
	if got := Since(time.Hour, 0, 0); got != time.Hour {
		t.Errorf("got %v; want 1h", got)
	}
}

// FuzzRead: whatever comes, nothing breaks, and what the first bytes tell does
// not depend on how many come with them.
func FuzzRead(f *testing.F) {
	f.Add(join(table(), ts(0xc0, 10, 0), ts(0xe0, 900_000, 8)))
	f.Add(join(box("styp", u32(0)), box("moof", fragment(2, 1<<40)), box("mdat", u32(0))))
	f.Add(join(box("ftyp", u32(0)), box("moov", track(1, 90_000, 0), track(2, 48_000, 1))))
	f.Add([]byte("ID3com.apple.streaming.transportStreamTimestamp\x0012345678"))
	f.Add(u32(1, 0x6d6f6f76, 0, 16, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, more := Read(b, false)
		if more && len(b) >= Limit {
			t.Fatal("wants more than the limit")
		}
		o.Stamp.Time(&o.Scales)
		if o.Stamp.Known() && !more {
			if again, _ := Read(append(b[:len(b):len(b)], make([]byte, 500)...), false); again.Stamp != o.Stamp {
				t.Fatalf("got %+v, with more bytes %+v", o.Stamp, again.Stamp)
			}
		}
	})
}
