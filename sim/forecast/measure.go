package forecast

import (
	"time"

	"hlsload/player/m3u8"
)

// Kinds are kinds of requests.
type Kinds uint16

// Of is a set of kinds.
func Of(kinds ...m3u8.Kind) (k Kinds) {
	for _, kind := range kinds {
		k |= 1 << kind
	}
	return k
}

// All are all kinds.
const All = Kinds(1<<m3u8.Kinds - 1)

// window is how long the busiest time is that is looked for.
const window = 5 * time.Second

// requests are those of a slot.
func (s *slot) of(kinds Kinds) (n int64) {
	for k, x := range s.requests {
		if kinds&(1<<k) != 0 {
			n += x
		}
	}
	return n
}

// Requests is how many requests of these kinds there are in the whole run.
func (l *Load) Requests(kinds Kinds) float64 {
	return l.whole(func(s *slot) int64 { return s.of(kinds) })
}

// Bytes is how many bytes of bodies there are in the whole run.
func (l *Load) Bytes() float64 { return l.whole(func(s *slot) int64 { return s.bytes }) }

// Busiest is the highest rate of such requests over 5 s, and when that is over.
func (l *Load) Busiest(kinds Kinds) (perSecond float64, at time.Duration) {
	return l.busiest(func(s *slot) int64 { return s.of(kinds) })
}

// BusiestBits is the highest rate of bodies over 5 s.
func (l *Load) BusiestBits() (perSecond float64, at time.Duration) {
	return l.busiest(func(s *slot) int64 { return 8 * s.bytes })
}

// whole adds up a series. What was not simulated is as the last half of what was.
func (l *Load) whole(of func(*slot) int64) float64 {
	var sum, late int64
	half := int(l.Span / 2 / l.step)
	for i := range l.slots {
		n := of(&l.slots[i])
		sum += n
		if i >= half {
			late += n
		}
	}
	total := float64(sum)
	if rest := l.Duration - l.Span; rest > 0 && l.Span > 0 {
		total += float64(late) * float64(rest) / float64(l.Span-l.Span/2)
	}
	return total * l.factor
}

// busiest is the highest rate of a series over the window.
func (l *Load) busiest(of func(*slot) int64) (perSecond float64, at time.Duration) {
	w := int(window / l.step)
	var sum, most int64
	for i := range l.slots {
		sum += of(&l.slots[i])
		if i >= w {
			sum -= of(&l.slots[i-w])
		}
		if sum > most {
			most, at = sum, time.Duration(i+1)*l.step
		}
	}
	return float64(most) * l.factor / window.Seconds(), at
}

// Ceiling is what a run must not exceed on a target that is not local, unless
// the scenario says something else: it is reached when the rate is above both,
// Peak over 5 s and Floor over 10 s.
type Ceiling struct{ Peak, Floor float64 }

// What a ceiling is made of.
const (
	Times     = 3.0 // the busiest 5 s that are expected
	PerPlayer = 4.0 // requests a second: a failover alone is 3.8
	// perPlayerLeast is for a host of which little is expected: viewers that come
	// back at once, all of them, must not end the run.
	perPlayerLeast = 1.0
	// Bufferings is how many times as fast as it plays a player may load the
	// highest rendition for 10 s.
	Bufferings = 3.0
)

// Ceiling is that for requests of these kinds.
func (l *Load) Ceiling(kinds Kinds) Ceiling {
	peak, _ := l.Busiest(kinds)
	share := 1.0
	if all, _ := l.Busiest(All); all > 0 {
		share = min(peak/all, 1)
	}
	return Ceiling{Peak: Times * peak, Floor: float64(l.Players) * max(PerPlayer*share, perPlayerLeast)}
}

// BitCeiling is that for bodies, in bit/s; top is the highest rate of the ladder.
// The zero value is none: the ladder is not known.
func (l *Load) BitCeiling(top int64) Ceiling {
	if top <= 0 {
		return Ceiling{}
	}
	peak, _ := l.BusiestBits()
	return Ceiling{Peak: Times * peak, Floor: float64(l.Players) * Bufferings * float64(top)}
}
