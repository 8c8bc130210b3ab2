package rehearsal

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/answer"
	"hlsload/player/audience"
	"hlsload/player/units"
	"hlsload/reports/figure"
	"hlsload/rig"
	"hlsload/scenarios"
)

// Plan is a rehearsal of an event.
type Plan struct {
	Event   *scenarios.Event
	Share   float64        // of the viewers
	Machine answer.Machine // that runs it

	Players  int // at the peak
	Curve    []audience.Point
	Worst    time.Duration     // when the worst minute begins
	Regions  []audience.Region // with POPs
	Faults   []scenarios.RehearsalFault
	Duration time.Duration
	// Whole is how long the event is, from its first viewer. Slope is below which part of the peak in 5
	// minutes time passes faster; 0 = nowhere. Held is how long the audience waits for the faults.
	Whole time.Duration
	Slope float64
	Held  time.Duration

	RPS, BPS        float64 // at most, by formulas
	Full, Heads     int     // agents for full bodies, and for requests only
	FullBy, HeadsBy string  // what needs so many
}

// Bounds of a rehearsal.
const (
	LeastShare = 1e-5
	maxPoints  = 1000 // of a scenario's curve
	perPop     = 25   // players, so that a cache has something to do
	breathing  = time.Minute
)

// Of plans a rehearsal with a share of an event's viewers, on machines of a kind.
func Of(e *scenarios.Event, share float64, m answer.Machine) (*Plan, error) {
	if !(share >= LeastShare && share <= 1) {
		return nil, fmt.Errorf("a rehearsal with %s of the viewers (want 0.001%% to 100%%)", units.FormatShare(share))
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	event := answer.PlanOf(e)
	r := &Plan{Event: e, Share: share, Machine: m}
	r.Players = r.players(peak(&event))
	if err := r.fits(); err != nil {
		return nil, err
	}
	join, perJoin := joining(&event.Channel)
	worst, joins := event.Busiest(join)
	if event.Onset != nil {
		worst = *event.Onset
	}
	r.course(&event, worst)
	if n := len(r.Curve); n > maxPoints {
		return nil, fmt.Errorf("a rehearsal of a curve of %d points takes %d (want at most %d: an event with fewer)", len(e.Curve), n, maxPoints)
	}
	r.places()
	r.load(&event.Channel, joins*share*perJoin)
	return r, nil
}

func (r *Plan) players(viewers float64) int { return int(math.Round(viewers * r.Share)) }

// fits checks the number of players.
func (r *Plan) fits() error {
	viewers, cohorts := r.Event.Peak().Viewers, len(r.Event.Scenario.Fleet.Audience.Cohorts)
	what := fmt.Sprintf("a rehearsal with %s of %s has %s", units.FormatShare(r.Share), figure.Plural(viewers, "viewer"), figure.Plural(r.Players, "player"))
	share := func(players int, round func(float64) float64) string {
		return units.FormatShare(min(1, round(float64(players)/float64(viewers)*1e6)/1e6))
	}
	switch {
	case r.Players > audience.MaxPlayers:
		return fmt.Errorf("%s (want at most %s: --rehearse %s)", what, figure.Thousands(audience.MaxPlayers), share(audience.MaxPlayers, math.Floor))
	case r.Players < cohorts && viewers < cohorts:
		return fmt.Errorf("%s (want at least %d, one for each cohort of the scenario, which is more than the event has)", what, cohorts)
	case r.Players < cohorts:
		return fmt.Errorf("%s (want at least %d, one for each cohort of the scenario: --rehearse %s)", what, cohorts, share(cohorts, math.Ceil))
	}
	return nil
}

// course is the curve and the faults on it.
func (r *Plan) course(event *capacity.Plan, worst time.Duration) {
	all := pieces(event, worst)
	need := r.faults()
	r.Whole = length(all)
	course := held(all, need)
	least := length(held(shorter(all, peak(event), steepest), need))
	for _, slope := range slopes {
		if length(course) <= max(longest, least) {
			break
		}
		r.Slope = slope
		course = held(shorter(all, peak(event), slope), need)
	}
	r.points(course)
	for i := range r.Faults {
		r.Faults[i].At += r.Worst
	}
	r.Duration = max(r.Curve[len(r.Curve)-1].At, r.Worst+need)
}

// points are where the pieces meet, by the second. Those that tell nothing are left out.
func (r *Plan) points(all []piece) {
	r.Curve = []audience.Point{{Players: r.players(all[0].from)}}
	at, found, cut := time.Duration(0), false, false
	for i := range all {
		p := &all[i]
		if p.worst && !found {
			r.Worst, found = at.Round(time.Second), true
		}
		if p.hold {
			r.Held = p.lasts
		}
		at += p.lasts
		next, n := audience.Point{At: at.Round(time.Second), Players: r.players(p.to)}, len(r.Curve)
		switch last := &r.Curve[n-1]; {
		case next.At == last.At:
			last.Players = next.Players
		case n > 1 && straight(r.Curve[n-2], *last, next, cut):
			*last = next
		default:
			r.Curve = append(r.Curve, next)
		}
		cut = p.cut
	}
}

// straight reports whether the point in the middle lies on the line between the others: to the player where
// the curve has no point of its own there.
func straight(a, b, c audience.Point, cut bool) bool {
	within := 1e-6
	if cut {
		within = 1
	}
	slope := float64(c.Players-a.Players) / (c.At - a.At).Seconds()
	return math.Abs(float64(a.Players)+slope*(b.At-a.At).Seconds()-float64(b.Players)) <= within
}

// faults puts the faults after the beginning of the worst minute, and returns when there is nothing more
// to be seen of them: each after the one before has ended and been recovered from, or all of them as far
// apart as in the scenario.
func (r *Plan) faults() (until time.Duration) {
	entries := r.Event.Scenario.Chaos
	room := max(r.Event.Scenario.Recovery, breathing)
	r.Faults = make([]scenarios.RehearsalFault, len(entries))
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(entries[a].At, entries[b].At) })
	for _, i := range order {
		f := &entries[i].Fault
		at := until
		if !r.Event.Faults.Each {
			at = f.At - entries[order[0]].At
		}
		r.Faults[i].At = at
		if f.Players > 0 { // they surge
			r.Faults[i].Players = max(1, r.players(float64(f.Players)))
		}
		until = max(until, at+f.For+f.Over+room)
	}
	return until
}

// places are the regions with their POPs: as many as in the event, as long as the embedded channel has as
// many, and each has players.
func (r *Plan) places() {
	var pops []int
	all, least := 0, 1
	for i := range r.Event.Regions {
		pops = append(pops, r.Event.Regions[i].Pops)
		all += r.Event.Regions[i].Pops
	}
	for _, f := range r.Event.Scenario.Chaos {
		least = max(least, f.Pop+1)
	}
	if most := max(min(r.Players/perPop, rig.MaxPops), least); all > most {
		pops = answer.SharedOut(most, pops)
	}
	for i := range r.Event.Regions {
		of := &r.Event.Regions[i]
		r.Regions = append(r.Regions, audience.Region{Name: of.Name, Share: of.Share, Pops: pops[i]})
	}
}

// joining is how long a viewer asks for as much as one does that joins, and how many requests that are:
// the multivariant playlist, and of each track two playlists and the segments of three durations, with
// which live playback begins (RFC 8216, section 6.3.3).
func joining(c *rig.Config) (time.Duration, float64) {
	n := tracks(c)
	requests := 1 + 2*n + 3*n
	return seconds(requests / steady(c)), requests
}

func tracks(c *rig.Config) float64 {
	if c.Audio == "demuxed" {
		return 2
	}
	return 1
}

// steady is the requests of a viewer a second: a playlist and a segment of each track in the time of one.
func steady(c *rig.Config) float64 { return 2 * tracks(c) / c.Segment.Seconds() }

// load counts the agents. A failover doubles the requests, and all may watch the highest rendition.
func (r *Plan) load(c *rig.Config, joins float64) {
	top := int64(0)
	for _, rung := range c.Ladder {
		top = max(top, rung.Rate)
	}
	n := float64(r.Players)
	r.RPS, r.BPS = 2*n*steady(c)+joins, n*float64(top)
	r.Full, r.FullBy = r.Machine.Agents(n, r.RPS, r.BPS)
	r.Heads, r.HeadsBy = r.Machine.Agents(n, r.RPS, 0)
}

// Scenario writes the scenario. dir is the directory of the event's scenario file, so that its file names
// hold anywhere on this machine.
func (r *Plan) Scenario(dir string) ([]byte, error) {
	out := &scenarios.Rehearsal{Name: r.name(), Description: r.description(), Head: r.head(), Remarks: r.remarks(), Duration: r.Duration,
		Curve: r.Curve, Session: r.Event.Session, Regions: r.Regions, Faults: r.Faults, Dir: dir}
	data, err := r.Event.Rehearse(out)
	var problems scenarios.Problems
	if errors.As(err, &problems) {
		return nil, fmt.Errorf("a rehearsal with %s does not fit scenario %s (want what it allows):\n%w", figure.Plural(r.Players, "player"), r.Event.Scenario.Name, problems)
	}
	return data, err
}
