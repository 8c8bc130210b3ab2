package predict

import (
	"hlsload/player"
	"hlsload/player/units"
	"slices"
	"time"
)

// rule is the first error rule for what failed.
func (c *course) rule(kind, cause, track string) *player.ErrorRule {
	for i := range c.p.Errors {
		r := &c.p.Errors[i]
		if r.AtStart {
			continue // a viewer who has played for a while is past it
		}
		if slices.Contains(r.Kinds, kind) && (len(r.Tracks) == 0 || slices.Contains(r.Tracks, track)) &&
			(slices.Contains(r.Causes, cause) || slices.Contains(r.Causes, player.CauseAny) ||
				cause == player.Cause4xx && slices.Contains(r.Causes, "404")) {
			return r
		}
	}
	return &player.ErrorRule{Then: []player.Rung{{Step: player.StepFatal}}} // profile.Parse sees to it that there is one
}

// spread is a delay within its jitter.
func spread(d units.Duration, jitter, u float64) time.Duration {
	return time.Duration(float64(d) * (1 + jitter*(2*u-1)))
}

// patience is how long after a first failure the ladder of a rule begins: its
// retries, each of which takes cost to fail, and its pause.
func (c *course) patience(r *player.ErrorRule, retries int, cost time.Duration, u1, u2 float64) (d time.Duration) {
	for i := range retries {
		if len(r.Delays) > 0 {
			d += spread(r.Delays[min(i, len(r.Delays)-1)], r.Jitter, u1)
		}
		d += cost
	}
	return d + spread(r.Pause, r.Jitter, u2)
}

// whole tells whether the first step of a ladder that can be taken moves all
// tracks; for an audio track a change of level is none.
func (c *course) whole(r *player.ErrorRule) (moves, dies bool) {
	for _, rung := range r.Then {
		switch rung.Step {
		case player.StepPathway:
			if c.otherWay() >= 0 {
				return true, false
			}
		case player.StepReselect, player.StepBan, player.StepClear:
			return true, false
		case player.StepFatal:
			return false, true
		case player.StepLevel:
		default:
			return false, false
		}
	}
	return false, false
}

// failed climbs the ladder for what failed at that instant. It returns when the
// playlist and the next segment are due.
func (c *course) failed(at time.Duration, kind, cause string, poll, busy time.Duration) (time.Duration, time.Duration) {
	r := c.rule(kind, cause, "main")
	begins := at + c.patience(r, r.Retries, c.trip, c.u[4], c.u[7])
	asked := r.Retries
	if c.v.Demuxed {
		a := c.rule(kind, cause, "audio")
		audio := at + c.patience(a, a.Retries, c.trip, c.u[8], c.u[5])
		moves, dies := c.whole(a)
		mainMoves, _ := c.whole(r)
		switch {
		case dies:
			c.die(audio)
			return Never, Never
		case moves && (audio < begins || !mainMoves):
			c.asked += a.Retries + 1
			return c.climb(audio, withoutLevel(a.Then), a.Retries, kind, poll, busy)
		}
	}
	c.asked += asked
	return c.climb(begins, r.Then, r.Retries, kind, poll, busy)
}

// withoutLevel is a ladder for audio: the other levels have the same.
func withoutLevel(rungs []player.Rung) []player.Rung {
	return slices.DeleteFunc(slices.Clone(rungs), func(r player.Rung) bool { return r.Step == player.StepLevel })
}

// state is what is remembered of a copy.
func (c *course) state(level, way int) *copyState { return &c.copies[level*c.v.Pathways+way] }

// otherWay is the first pathway that is not penalised, -1 = none.
func (c *course) otherWay() int {
	for w := range c.ways {
		if w != c.way && !c.ways[w] && slices.ContainsFunc(c.v.Levels, func(l Level) bool { return l.Copies[w] != absent }) {
			return w
		}
	}
	return -1
}

// climb takes the first step that can be taken. It returns when the playlist
// and the next segment are due.
func (c *course) climb(at time.Duration, rungs []player.Rung, retried int, kind string, poll, busy time.Duration) (time.Duration, time.Duration) {
	c.state(c.level, c.way).failed++
	n := c.failures + retried
	c.failures += retried + 1
	detect := func() { c.detected = min(c.detected, at) }
	for _, rung := range rungs {
		switch rung.Step {
		case player.StepLevel:
			for i := len(c.v.Levels) - 1; i > 0; i-- {
				l := (c.level + i) % len(c.v.Levels)
				if c.v.Levels[l].Copies[c.way] != absent && c.state(l, c.way).failed == 0 {
					detect()
					c.failures = 0
					return c.move(at, l, c.way)
				}
			}
		case player.StepPathway:
			if w := c.otherWay(); w >= 0 {
				detect()
				c.ways[c.way] = true
				return c.move(at, c.offered(w), w)
			}
		case player.StepLocation:
			for w, copy := range c.v.Levels[c.level].Copies {
				if w != c.way && copy != absent && !c.state(c.level, w).penalised {
					detect()
					c.state(c.level, c.way).penalised = true
					return c.move(at, c.level, w)
				}
			}
		case player.StepSpared:
			if l, w := c.best(); l >= 0 && l != c.level && c.state(l, w).failed < c.state(c.level, c.way).failed {
				detect()
				return c.move(at, l, w)
			}
		case player.StepReselect, player.StepBan:
			c.state(c.level, c.way).penalised = true
			if l, w := c.best(); l >= 0 {
				detect()
				return c.move(at, l, w)
			}
			c.state(c.level, c.way).penalised = false
		case player.StepClear:
			for i := range c.copies {
				c.copies[i] = copyState{}
			}
			pause := c.p.Penalty.Pause.Of(c.s.Target, c.s.Segment)
			c.state(c.level, c.way).penalised = true
			if l, w := c.best(); l >= 0 {
				detect()
				return c.move(at+pause, l, w)
			}
			c.state(c.level, c.way).penalised = false
			return at + c.s.Target/2, busy
		case player.StepRetry:
			if n < len(rung.Delays) {
				if kind == "media" {
					return at + time.Duration(rung.Delays[n]), busy
				}
				return poll, at + time.Duration(rung.Delays[n])
			}
		case player.StepReload:
			if kind == "media" && len(rung.Delays) > 0 {
				return at + time.Duration(rung.Delays[0]), busy // on and on
			}
		case player.StepUntilStarved:
			return c.starve(at, rung.Delays, kind, poll, busy)
		case player.StepSkip, player.StepDrop:
			if kind == "segment" && (rung.Step == player.StepDrop || c.known > c.end_+c.s.Segment) {
				return poll, c.skip(at)
			}
		case player.StepDue:
			if kind == "segment" && c.dryAt == Never && at < c.dry(c.end_) {
				return poll, c.dry(c.end_)
			}
		case player.StepWait:
			if kind == "segment" {
				c.holding = true // until the next playlist
				return poll, at
			}
		case player.StepFatal:
			c.die(at)
			return Never, Never
		}
	}
	c.die(at)
	return Never, Never
}

// skip gives a segment up. Playback stands at the hole until there is media
// behind it.
func (c *course) skip(at time.Duration) time.Duration {
	if c.dryAt == Never && c.dry(c.end_) <= at {
		c.runDry()
	}
	if c.dryAt == Never {
		// The buffer ends here, whatever is listed behind it.
		c.dryAt, c.gained = c.dry(c.end_), 0
	}
	c.end_ += c.s.Segment
	c.skipped = true
	return at
}

// starve is the same URL again until playback has run dry and failed too often.
func (c *course) starve(at time.Duration, delays []units.Duration, kind string, poll, busy time.Duration) (time.Duration, time.Duration) {
	n := c.failures - 1
	if c.dry(c.end_) <= at && n >= c.p.Stall.Forgives {
		c.die(at)
		return Never, Never
	}
	again := at + time.Duration(delays[min(n, len(delays)-1)])
	if n >= c.p.Stall.Forgives && c.dry(c.end_) < again+c.trip {
		c.die(max(at, c.dry(c.end_)))
		return Never, Never
	}
	if kind == "media" {
		return again, busy
	}
	return poll, again
}

// offered is the current level on another pathway, the lowest one there if it
// has none.
func (c *course) offered(way int) int {
	if c.v.Levels[c.level].Copies[way] != absent {
		return c.level
	}
	for l := range c.v.Levels {
		if c.v.Levels[l].Copies[way] != absent {
			return l
		}
	}
	return c.level
}

// best is the best level that is not penalised, of equals the first listed.
func (c *course) best() (level, way int) {
	level, way = -1, c.way
	for l := len(c.v.Levels) - 1; l >= 0; l-- {
		w := c.way
		if c.p.Grouping.Redundant == player.GroupLocation {
			w = slices.IndexFunc(c.v.Levels[l].Copies, func(int) bool { return true })
			for i, copy := range c.v.Levels[l].Copies {
				if copy != absent && !c.state(l, i).penalised {
					w = i
					break
				}
			}
		}
		if c.v.Levels[l].Copies[w] == absent || c.state(l, w).penalised || c.ways[w] {
			continue
		}
		if level >= 0 && c.v.Levels[l].Rate < c.v.Levels[level].Rate {
			break
		}
		level, way = l, w
	}
	return level, way
}

// move goes to another copy: its playlist is asked for at once, by players that
// look around from time to time at their next look.
func (c *course) move(at time.Duration, level, way int) (time.Duration, time.Duration) {
	was := c.copy()
	c.level, c.way = level, way
	at += c.look(c.u[8])
	c.since, c.misses, c.holding = Never, 0, false
	c.avail = at + c.trip
	c.repeat = c.p.Buffer.RepeatJoint && !c.v.Demuxed
	if c.copy() != was {
		c.switched = true
		c.failures = 0
	}
	// The list at hand is of the other copy: nothing is asked for until there is
	// the new one.
	c.known = min(c.known, c.end_)
	if c.repeat {
		c.avail = at + c.trip
	}
	return at, at + c.trip
}

// hang is what follows from the segment asked for at that instant, which is
// never answered.
func (c *course) hang(at time.Duration) {
	r := c.rule("segment", player.CauseTimeout, "main")
	wait := c.timeout()
	// A player that stands falls out of the window, and asks for something else.
	// That is seen a window later by the reload that comes at the same time, give
	// or take a round trip; one track that had time for another timeout is enough.
	late := c.u[7]
	if c.v.Demuxed {
		late = max(late, c.u[8])
	}
	leaves := at + c.s.Window + share(c.trip, late-.5)
	cycle := c.cycle()
	if c.p.ABR.TimeoutZeroes && c.p.Timeouts.Segment.NotOnLowest {
		wait = Never // from the second request on, which is for the lowest level
	}
	c.asked = 1
	first := c.first(r)
	if c.abandons() {
		// Dropped when it would no longer arrive in time.
		c.detected = max(at+share(c.s.Segment, c.p.ABR.Abandon.After), c.dry(c.end_)-c.fetch())
	}
	switch {
	case c.abandons() && !c.audioMoves():
		// The ladder never completes.
	case wait == Never:
	case first == player.StepWait:
	case first == player.StepUntilStarved:
		died := at
		for n := range c.p.Stall.Forgives + 1 {
			died += wait
			if n > 0 {
				died += time.Duration(r.Then[0].Delays[min(n-1, len(r.Then[0].Delays)-1)])
			}
		}
		died = max(died, c.dry(c.end_))
		if c.p.Live.Behind == player.BehindFatal {
			died = min(died, max(leaves, c.dry(c.end_)))
		}
		if !c.over(died - wait) {
			c.runDryBefore(died)
			c.die(died)
			return
		}
	default:
		tries := r.Retries + 1
		if c.v.Demuxed && r.Count != player.CountURL {
			tries = (tries + 1) / 2 // both tracks count
		}
		pause := time.Duration(0) // between tries
		if len(r.Delays) > 0 {
			pause = spread(r.Delays[0], r.Jitter, c.u[4])
		}
		rungs := r.Then
		if c.audioMoves() {
			rungs = withoutLevel(rungs)
		}
		asked := 0
		for from := at; ; {
			gaveUp, ok := c.outwait(from, tries, wait+pause, leaves, cycle)
			gaveUp -= pause
			gaveUp += c.patience(r, 0, 0, 0, c.u[7])
			if !ok || c.over(gaveUp-wait) { // what is asked for before the end is never answered either
				break
			}
			asked += tries
			c.asked = asked
			c.runDryBefore(gaveUp)
			poll, busy := c.climb(gaveUp, rungs, r.Retries, "segment", Never, gaveUp)
			switch {
			case c.end != "":
				return
			case !c.sick():
				c.follow(poll, busy)
				return
			case c.abandons() || gaveUp >= c.horizon():
				c.stay(at, wait, leaves, cycle) // as above
				return
			}
			// It hangs there as well.
			from, leaves = busy, c.noticed(poll, leaves, cycle)
			if r.Count != player.CountURL {
				tries = 1 // which is one too many already
			}
		}
	}
	c.stay(at, wait, leaves, cycle)
}

// leeway is how far before the window a position does not count as behind.
const leeway = 250 * time.Millisecond

// cycle is how long after having left the window a player that stands leaves it
// again: it went back to the hold-back, which may have grown, from the edge.
func (c *course) cycle() time.Duration {
	l := &c.p.Live
	if l.Sliding {
		return time.Duration(l.BehindOffset)
	}
	hold := l.HoldBack.Of(c.s.Target, c.s.Segment)
	grown := time.Duration(l.LatencyOnStall)
	if most := l.LatencyOnStallMax.Of(c.s.Target, c.s.Segment); most > 0 {
		grown = min(grown, most)
	}
	d := c.s.Segment
	return max(c.s.Window-hold-grown+leeway, 0)/d*d + d
}

// noticed is when having left the window at that instant is seen by the reloads
// that begin with one at poll, the first one of another level. If that one does
// it costs no time: nothing was asked for.
func (c *course) noticed(poll, leaves, cycle time.Duration) time.Duration {
	if c.p.Reload.OnDemand || leaves == Never || cycle <= 0 {
		return leaves
	}
	gone := c.edge(leaves)
	known := gone - c.s.Window
	t := poll
	for range 1000 {
		edge, _ := c.seen(t)
		switch {
		case edge < gone:
		case t > poll:
			return t + c.trip
		default:
			return c.nextLeave(leaves, cycle, t+c.trip)
		}
		t = c.next(t, edge > known)
		known = edge
	}
	return Never
}

// abandons tells whether a segment that does not come is dropped for the lowest
// level: not if the round trips that a change costs are more than what smaller
// segments save.
func (c *course) abandons() bool {
	a := &c.p.ABR.Abandon
	if !a.Enabled || a.Exclude > 0 { // the latter begins with the first byte
		return false
	}
	var lower []int64
	for i := range c.level {
		if c.v.Levels[i].Copies[c.way] != absent {
			lower = append(lower, c.v.Levels[i].Rate)
		}
	}
	if len(lower) < 2 || c.s.Down == 0 {
		return false // the lowest one is never timed itself
	}
	saved := float64(c.v.Levels[c.level].Rate-lower[1]) / float64(c.s.Down) * float64(c.s.Segment)
	cost := c.trip
	if c.p.ABR.TTFB {
		cost += c.trip
	}
	return saved > float64(cost)
}

// audioMoves tells whether audio that hangs moves all tracks.
func (c *course) audioMoves() bool {
	if !c.v.Demuxed {
		return false
	}
	moves, _ := c.whole(c.rule("segment", player.CauseTimeout, "audio"))
	return moves
}

// runDryBefore lets the buffer end if it does before that instant.
func (c *course) runDryBefore(at time.Duration) {
	if c.dryAt == Never && c.dry(c.end_) < at {
		c.runDry()
	}
}

// follow is run from a healthy copy on.
func (c *course) follow(poll, busy time.Duration) {
	if c.dryAt != Never && c.end_ < c.edge(poll)-c.s.Window {
		hold := c.p.Live.HoldBack.Of(c.s.Target, c.s.Segment)
		c.end_ = c.edge(poll) - hold/c.s.Segment*c.s.Segment
		c.stand(poll, c.end_)
		c.gained, c.repeat = 0, false
	}
	c.detected = min(c.detected, poll)
	for range 100 {
		edge, _ := c.seen(poll)
		c.known = max(c.known, edge)
		at := max(poll+c.trip, busy)
		for c.repeat || c.known > c.end_ {
			if !c.repeat {
				at = max(at, c.room(c.end_))
			}
			at += c.fetch()
			if c.append(at) {
				return
			}
		}
		poll = c.next(poll, true)
	}
}

// first is the first step of a rule's ladder that concerns hangs.
func (c *course) first(r *player.ErrorRule) string {
	if r.Retries > 1000 {
		return player.StepWait
	}
	return r.Then[0].Step
}

// timeout is how long a segment may take to begin.
func (c *course) timeout() time.Duration {
	t := &c.p.Timeouts.Segment
	if t.NotOnLowest && c.v.Levels[c.level].Rate <= c.v.Levels[0].Rate {
		return Never
	}
	at := Never
	for _, s := range []units.Span{t.FirstByte, t.Total} {
		if !s.Zero() {
			at = min(at, s.Of(c.s.Target, c.s.Segment))
		}
	}
	return at
}

// outwait is when the last of some timeouts in a row has passed, given that
// leaving the window ends the request at hand, once and then in every cycle.
func (c *course) outwait(at time.Duration, tries int, wait, leaves, cycle time.Duration) (time.Duration, bool) {
	for range 1000 {
		n := int((leaves - at) / wait)
		if n >= tries {
			return at + time.Duration(tries)*wait, true
		}
		if cycle < wait && n <= 0 {
			return Never, false
		}
		tries -= max(n, 0)
		at = leaves
		leaves = c.leavesAgain(leaves, cycle)
	}
	return Never, false
}

// stay is the end of a player that does not get away from a segment which
// hangs: once the fault is over, it has to ask again, after a timeout or after
// leaving the window.
func (c *course) stay(at, wait, leaves, cycle time.Duration) {
	c.end = Waits
	c.stands = c.dry(c.end_)
	if b := time.Duration(c.p.Buffer.Blocks); b > 0 {
		c.stands = min(c.stands, at+b)
	}
	if c.f.For == 0 {
		c.outage = Never
		return
	}
	again := Never
	if wait != Never {
		again = c.f.For + share(wait, c.u[8])
	}
	if at := c.leaving(leaves, cycle); at != Never {
		again = min(again, at)
	}
	if again == Never {
		c.outage = max(0, c.horizon()-c.stands)
		return
	}
	c.outage = max(0, min(again+c.look(c.u[7])+c.fetch(), c.horizon())-c.stands)
}

// leaving is when a player that stands falls out of the window for the first
// time after the end of the fault; Never for players that wait for what they
// asked for before they look at the playlist again.
func (c *course) leaving(leaves, cycle time.Duration) time.Duration {
	if c.p.Reload.OnDemand || cycle <= 0 {
		return Never
	}
	return c.nextLeave(leaves, cycle, c.f.For)
}

// nextLeave is the first time from some instant on.
func (c *course) nextLeave(leaves, cycle, from time.Duration) time.Duration {
	for leaves < from && cycle > 0 {
		leaves = c.leavesAgain(leaves, cycle)
	}
	return leaves
}

// leavesAgain is when a player that stands falls out of the window the next
// time without having loaded anything.
func (c *course) leavesAgain(leaves, cycle time.Duration) time.Duration {
	if c.p.Live.BehindOnce {
		return Never
	}
	return leaves + cycle
}
