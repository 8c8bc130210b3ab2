package mediatime

import (
	"bytes"
	"math/bits"
	"time"
)

// Limit is how many of a segment's first bytes are looked at.
const Limit = 16 << 10

// Kind is what a timestamp belongs to.
type Kind uint8

// The kinds. Timestamps compare to the frame only within one kind.
const (
	Unknown Kind = iota
	Video        // the first picture of a transport stream
	Audio        // the first sound of one without pictures, or of packed audio
	Decode       // the decode time of a track of fragmented MP4
)

// ClockRate is that of transport streams, in ticks a second; their timestamps
// have 33 bits.
const (
	ClockRate = 90_000
	wrap      = 1 << 33
)

// Stamp is the first timestamp of a segment. The zero value is unknown.
type Stamp struct {
	Ticks uint64 // of ClockRate, or of the track's timescale
	Track uint32 // of fragmented MP4
	Kind  Kind
}

// Known reports whether there is a timestamp.
func (s Stamp) Known() bool { return s.Kind != Unknown }

// Scales are the timescales of the tracks of an initialization section, in
// ticks a second. Two are kept: video and audio.
type Scales [2]struct{ Track, Rate uint32 }

// Of is the timescale of a track; 0 = not known.
func (s *Scales) Of(track uint32) uint32 {
	for i := range s {
		if s[i].Rate != 0 && s[i].Track == track {
			return s[i].Rate
		}
	}
	return 0
}

func (s *Scales) add(track, rate uint32) {
	for i := range s {
		if rate != 0 && (s[i].Rate == 0 || s[i].Track == track) {
			s[i].Track, s[i].Rate = track, rate
			return
		}
	}
}

// Time is a timestamp on the clock of its pipeline. Clocks that wrap do so
// at period, 0 = never; only differences of times mean something.
func (s Stamp) Time(scales *Scales) (at, period time.Duration, ok bool) {
	switch s.Kind {
	case Video, Audio:
		return ticks(s.Ticks%wrap, ClockRate), ticks(wrap, ClockRate), true
	case Decode:
		rate := scales.Of(s.Track)
		if rate == 0 || s.Ticks/uint64(rate) > uint64(maxTime/time.Second) {
			return 0, 0, false
		}
		return ticks(s.Ticks, rate), 0, true
	}
	return 0, 0, false
}

// maxTime is the latest media time that is believed: a hundred years.
const maxTime = 100 * 365 * 24 * time.Hour

func ticks(n uint64, rate uint32) time.Duration {
	hi, lo := bits.Mul64(n%uint64(rate), uint64(time.Second))
	q, _ := bits.Div64(hi, lo, uint64(rate))
	return time.Duration(n/uint64(rate))*time.Second + time.Duration(q)
}

// Since is a - b of two times of a clock that wraps at period, the shorter way
// round; 0 = it does not wrap.
func Since(a, b, period time.Duration) time.Duration {
	d := a - b
	if period <= 0 {
		return d
	}
	if d %= period; d > period/2 {
		d -= period
	} else if d < -period/2 {
		d += period
	}
	return d
}

// Opening is what the first bytes of a resource say.
type Opening struct {
	Stamp  Stamp
	Scales Scales
}

// Read reads the first bytes of a segment or an initialization section. It
// reports whether more of them could tell more; whole says that there are none.
func Read(b []byte, whole bool) (o Opening, more bool) {
	whole = whole || len(b) >= Limit
	b = b[:min(len(b), Limit)]
	switch {
	case len(b) < 8:
		more = true
	case bytes.HasPrefix(b, []byte("ID3")):
		more = o.packed(b)
	case boxType(b[4:8]):
		more = o.boxes(b)
	default:
		more = o.transport(b)
	}
	return o, more && !whole
}
