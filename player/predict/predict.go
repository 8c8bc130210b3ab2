package predict

import (
	"fmt"
	"hlsload/player"
	"slices"
	"time"
)

// Kind says what goes wrong.
type Kind uint8

// The faults of one pipeline.
const (
	Kill    Kind = iota // it writes nothing more, and its playlists are missing
	Freeze              // its playlists answer and no longer change
	Missing             // its segments are missing, its playlists are fine
	Hang                // its segments are never answered, its playlists are fine
)

// Fault is what goes wrong, and for how long.
type Fault struct {
	Kind     Kind
	Pipeline int
	For      time.Duration // 0 = it does not end
	Recovery time.Duration // how long afterwards outages are counted
	// Stale is when somebody deletes the playlists of a pipeline that no longer
	// writes, in target durations after its last write: 0 = they are missing
	// from the onset, less = nobody does.
	Stale        float64
	WholeSeconds bool // the last write counts as of the whole second before
	// Cached tells that caches go on serving segments which were asked for
	// before the onset.
	Cached bool
}

// Shape is a stream, and the way to it.
type Shape struct {
	Target, Segment time.Duration
	Window          time.Duration   // media listed
	HoldBack        time.Duration   // stated by the playlist; 0 = not
	Init            bool            // segments need initialization sections
	TTL             []time.Duration // of playlists in each cache on the way
	Trip            time.Duration   // of a small request, complete
	Down            int64           // bit/s of the viewer's link; 0 = unlimited
	Played          time.Duration   // for how long viewers have played at the onset; 0 = long
	Unlike          string          // why the formulas do not hold for it; "" = they do
}

// End is how it ends for a player.
type End string

// The ends.
const (
	FailsOver End = "fails over"
	Waits     End = "waits" // plays what it has, then stands until the fault is over
	Dies      End = "dies"  // the session ends with an error
	Untouched End = "untouched"
)

// Prediction is what a profile will do.
type Prediction struct {
	Detection, Failover Spread // after the onset
	// Outage is how long nothing plays. Never is for good.
	Outage Spread
	// Stands is from when on a player stands that waits, after the onset.
	Stands   Spread
	Requests float64 // to the dead pipeline, from the first failure to the failover, p50
	Ends     map[End]float64
	End      End // of most
	// Back is after how long a player looks by itself at what failed.
	Back string
	// Unknown says why there is no prediction; "" = there is one.
	Unknown string
}

// Predict says what a player with that profile and view will do.
func Predict(p *player.Profile, v *View, s *Shape, f *Fault) *Prediction {
	out := &Prediction{Ends: map[End]float64{}, Back: Back(p)}
	if out.Unknown = unknown(v, s); out.Unknown != "" {
		return out
	}
	var detection, failover, outage, stands, requests []time.Duration
	for n := range points {
		c := newCourse(p, v, s, f, pointAt(n))
		c.run()
		detection, failover = append(detection, c.detected), append(failover, c.moved)
		outage, stands = append(outage, c.outage), append(stands, c.stands)
		requests = append(requests, time.Duration(c.asked))
		out.Ends[c.end] += 1. / points
	}
	out.Detection, out.Failover, out.Outage, out.Stands = spreadOf(detection), spreadOf(failover), spreadOf(outage), spreadOf(stands)
	out.Requests = float64(spreadOf(requests).P50)
	for _, e := range []End{FailsOver, Waits, Dies, Untouched} {
		if out.Ends[e] > out.Ends[out.End] {
			out.End = e
		}
	}
	return out
}

// Back is after how long a player looks by itself at what it has left, "no"
// if it does not.
func Back(p *player.Profile) string {
	if p.Grouping.Redundant == player.GroupNone && !steps(p, player.StepReselect) {
		return "-" // it never leaves
	}
	d := p.Penalty.Level
	if steps(p, player.StepPathway) {
		d = p.Penalty.Pathway
	} else if steps(p, player.StepLocation) {
		d = p.Penalty.Location
	}
	switch {
	case time.Duration(d) == player.Never, p.Penalty.Return == player.ReturnOnError:
		return "no"
	}
	return fmt.Sprintf("%g s", time.Duration(d).Seconds())
}

// steps tells whether a step is in any ladder of the profile.
func steps(p *player.Profile, step string) bool {
	has := func(rungs []player.Rung) bool {
		return slices.ContainsFunc(rungs, func(r player.Rung) bool { return r.Step == step })
	}
	return slices.ContainsFunc(p.Errors, func(r player.ErrorRule) bool { return has(r.Then) })
}

// Bounds of what is reckoned with.
const (
	maxLevels  = 128
	maxSegment = 10 * time.Minute
)

// unknown says why the formulas do not hold for a stream.
func unknown(v *View, s *Shape) string {
	switch {
	case s.Unlike != "":
		return s.Unlike
	case len(v.Levels) == 0:
		return "there is no variant"
	case s.Segment <= 0 || s.Target <= 0:
		return "the playlist lists no segments"
	case len(v.Levels) > maxLevels:
		return "there are too many levels"
	case s.Target > maxSegment || s.Segment > maxSegment || s.Segment < 100*time.Millisecond || s.Window > 10_000*s.Segment:
		return "no player expects such segments"
	case s.Trip*4 > s.Segment:
		return "a request takes more than a quarter of a segment"
	}
	top := v.Levels[len(v.Levels)-1].Rate
	if s.Down > 0 && float64(top) > .6*float64(s.Down) {
		return "the link does not carry the best level for sure: what is played depends on bandwidth"
	}
	return ""
}
