package predict

import (
	"time"

	"hlsload/player"
)

// record is what a fault does to one player. Its words mean what they mean in
// reports. Until it is settled, instants are those of the world's clock.
type record struct {
	touched  bool // the fault changed an answer
	detected time.Duration
	moved    time.Duration // every track has media of something healthy
	decided  time.Duration // and it plays
	died     time.Duration
	stands   time.Duration // first stall
	stalled  time.Duration // since then; Never = it plays
	outage   time.Duration
	asked    int // requests that failed before it failed over or stood
	last     time.Duration
	back     time.Duration // from the last request before the failover to the next one
	good     uint8         // tracks that have such media, as bits
	away     bool          // some of it is of another pipeline
	healed   bool
	demuxed  bool
	begun    bool
}

var untouched = record{detected: Never, moved: Never, decided: Never, died: Never, stands: Never, stalled: Never, back: Never}

// note follows a player's samples.
func (v *viewer) note(s *player.Sample) {
	faulty := s.Pipeline < 0 || int(s.Pipeline) == v.f.Pipeline
	on := s.At >= v.onset && s.At < v.over
	switch s.Type {
	case player.Started:
		v.begun = true
	case player.Requested:
		v.demuxed = v.demuxed || s.Track == player.AudioTrack
		if s.Pipeline < 0 || !faulty {
			return
		}
		if v.decided != Never && v.back == Never {
			v.back = s.At - v.last
		}
		v.last = s.At
	case player.Detected:
		switch s.Decision {
		case player.Step, player.Failover, player.Exclude, player.AbandonFetch:
			if faulty && v.touched && v.detected == Never && s.At >= v.onset && s.At < v.recEnd {
				v.detected = s.At
			}
		}
	case player.Appended:
		v.appended(s, faulty, on)
	case player.StallStart:
		v.stalled = s.At
	case player.StallEnd:
		v.spend(s.At)
	case player.Fatal, player.Ended:
		v.died = s.At
	}
}

// miss counts a request that the fault leaves without what it asked for.
func (v *viewer) miss() {
	v.touched = true
	if v.moved == Never && !v.standing() {
		v.asked++
	}
}

// appended looks for the first media of every track that is not under the fault.
func (v *viewer) appended(s *player.Sample, faulty, on bool) {
	if !v.touched || v.moved != Never || v.healed || s.At < v.onset || faulty && on {
		return
	}
	v.good |= 1 << s.Track
	v.away = v.away || !faulty
	want := uint8(1 << player.MainTrack)
	if v.demuxed {
		want |= 1 << player.AudioTrack
	}
	switch {
	case v.good&want != want:
	case v.away:
		v.moved = s.At
	default:
		v.healed = true
	}
}

// spend counts a stall that ends then.
func (v *viewer) spend(at time.Duration) {
	if v.stalled == Never {
		return
	}
	if from := max(v.stalled, v.onset); at > from {
		v.stands = min(v.stands, from)
		v.outage += max(0, min(at, v.recEnd)-from)
	}
	v.stalled = Never
}

// standing reports whether nothing has been played for a moment since the onset.
func (v *viewer) standing() bool { return v.stands != Never || v.stalled != Never && v.now > v.onset }

// settle ends the record at that instant, and counts from the onset.
func (v *viewer) settle(last time.Duration) {
	gone := min(v.stalled, v.died)
	if !v.begun {
		gone = min(gone, v.onset)
	}
	if gone != Never {
		v.stands = min(v.stands, max(gone, v.onset))
	}
	switch {
	case gone == Never:
	case v.f.For == 0:
		v.outage = Never
	default:
		v.outage += max(0, last-max(gone, v.onset))
	}
	for _, t := range []*time.Duration{&v.detected, &v.moved, &v.decided, &v.died, &v.stands} {
		if *t != Never {
			*t = max(0, *t-v.onset)
		}
	}
}

// end is how it ended.
func (r *record) end() End {
	switch {
	case r.decided != Never:
		return FailsOver
	case r.died != Never:
		return Dies
	case r.touched:
		return Waits
	}
	return Untouched
}
