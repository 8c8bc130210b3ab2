package nights

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/reports/players"
)

// Pair compares two simulations with one seed, player by player. target is the target
// duration of the stream, 0 = not known.
func Pair(base, now *players.Table, target time.Duration) *Pairs {
	p := &pairing{base: base, now: now, target: target, all: &Pairs{}, tallies: map[tallyKey]*tally{}, shares: map[tallyKey]*Share{}, timings: map[timingKey]*timing{}, sessionsOf: map[players.Cohort]int{}}
	sessions, effects := min(base.SessionShare, now.SessionShare), min(base.EffectShare, now.EffectShare)
	p.all.Part, p.all.FaultPart = float64(sessions)/players.Shares, float64(effects)/players.Shares
	p.effects(effects)
	p.sessions(sessions)
	p.conclude()
	return p.all
}

// pairing is two simulations being compared.
type pairing struct {
	base, now   *players.Table
	target      time.Duration
	all         *Pairs
	occurrences []players.Occurrence // of both
	faults      []string             // of these; sorted
	faultOf     []int                // of each occurrence, index in faults
	tallies     map[tallyKey]*tally
	shares      map[tallyKey]*Share // from is not used
	timings     map[timingKey]*timing
	sessionsOf  map[players.Cohort]int // in both
	changes     []change
}

// The outcomes in a fault: those of players.Result, and one more.
const notAffected = int(players.Unfinished) + 1

// The outcomes of a session apart from faults.
const (
	played = iota
	stalled
	startupFailed
	fatal
)

var (
	faultNames   = [...]string{players.FailedOver.String(), players.Healed.String(), players.Gone.String(), players.NeverRecovered.String(), players.Unfinished.String(), NotAffected}
	faultCosts   = [...]int{players.FailedOver: 1, players.Healed: 2, players.Gone: 1, players.NeverRecovered: 4, players.Unfinished: 1, notAffected: 0} // how bad it is, to sort by
	sessionNames = [...]string{"played", "stalled", "startup_failed", "fatal"}
	sessionCosts = [...]int{0, 2, 3, 4}
)

// wholeRun stands for a fault where there is none.
const wholeRun = -1

// tallyKey is a move from one outcome in a fault to another. Of the whole run it is a
// share that sessions gained.
type tallyKey struct{ fault, from, to int }

// tally is how many sessions it was, and which.
type tally struct {
	n       int
	player  uint64
	session uint32
	by      map[players.Cohort]int
}

func (p *pairing) count(k tallyKey, player uint64, session uint32, of players.Cohort) {
	t := p.tallies[k]
	if t == nil {
		t = &tally{player: player, session: session, by: map[players.Cohort]int{}}
		p.tallies[k] = t
	}
	t.n++
	t.by[of]++
}

// share counts a pair in a share.
func (p *pairing) share(fault, state int, before, after bool) {
	k := tallyKey{fault: fault, to: state}
	s := p.shares[k]
	if s == nil {
		s = new(Share)
		p.shares[k] = s
	}
	switch {
	case before && after:
		s.Both++
	case before:
		s.Lost++
	case after:
		s.Gained++
	default:
		s.None++
	}
}

// change is a session that changed outcome.
type change struct {
	player      uint64
	session     uint32
	occurrence  int32 // index in pairing.occurrences, or wholeRun
	from, to    uint8
	before, now players.Span
	cohort      players.Cohort
	profile     string // in the base
}

// cost is how much worse the new outcome is.
func (c *change) cost() int {
	if c.occurrence == wholeRun {
		return sessionCosts[c.to] - sessionCosts[c.from]
	}
	return faultCosts[c.to] - faultCosts[c.from]
}

// longer is by how many milliseconds the time got longer.
func (c *change) longer() float64 {
	known := func(s players.Span) float64 {
		if s == players.Unknown {
			return 0
		}
		return s.Ms()
	}
	d := known(c.now) - known(c.before)
	if math.IsNaN(d) {
		return 0 // both never
	}
	return d
}

// join gives the occurrences of both tables common numbers, by name.
func (p *pairing) join() (ofBase, ofNow []int32) {
	byName := func(a, b players.Occurrence) int {
		return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Number, b.Number))
	}
	p.occurrences = slices.Concat(p.base.Occurrences, p.now.Occurrences)
	slices.SortFunc(p.occurrences, byName)
	p.occurrences = slices.Compact(p.occurrences)
	for i, o := range p.occurrences {
		if i == 0 || o.Fault != p.occurrences[i-1].Fault {
			p.faults = append(p.faults, o.Fault)
		}
		p.faultOf = append(p.faultOf, len(p.faults)-1)
	}
	number := func(all []players.Occurrence) (numbers []int32) {
		for _, o := range all {
			i, _ := slices.BinarySearchFunc(p.occurrences, o, byName)
			numbers = append(numbers, int32(i))
		}
		return numbers
	}
	return number(p.base.Occurrences), number(p.now.Occurrences)
}

// effectsOf are the effects on the players of a sample, with common numbers.
func effectsOf(t *players.Table, share int, numbers []int32) (effects []players.Effect) {
	for _, e := range t.Effects {
		if players.Bucket(e.Player) < share {
			e.Occurrence = numbers[e.Occurrence]
			effects = append(effects, e)
		}
	}
	slices.SortFunc(effects, func(a, b players.Effect) int { return a.Compare(&b) })
	return effects
}

// effects pairs what faults did.
func (p *pairing) effects(share int) {
	ofBase, ofNow := p.join()
	base, now := effectsOf(p.base, share, ofBase), effectsOf(p.now, share, ofNow)
	for len(base) > 0 || len(now) > 0 {
		which := -1
		switch {
		case len(base) == 0:
			which = 1
		case len(now) > 0:
			which = base[0].Compare(&now[0])
		}
		switch {
		case which < 0:
			if !lacks(p.now, &base[0]) {
				p.effect(&base[0], nil)
			}
			base = base[1:]
		case which > 0:
			if !lacks(p.base, &now[0]) {
				p.effect(nil, &now[0])
			}
			now = now[1:]
		default:
			p.effect(&base[0], &now[0])
			base, now = base[1:], now[1:]
		}
	}
}

// lacks reports whether a table is known not to have the session of an effect: there is
// nothing to pair it with.
func lacks(t *players.Table, e *players.Effect) bool {
	if players.Bucket(e.Player) >= t.SessionShare {
		return false
	}
	_, has := slices.BinarySearchFunc(t.Sessions, players.Session{Player: e.Player, Number: e.Number}, func(a, b players.Session) int { return a.Compare(&b) })
	return !has
}

// effect pairs what an occurrence did to a session; nil = nothing.
func (p *pairing) effect(base, now *players.Effect) {
	c := change{from: uint8(notAffected), to: uint8(notAffected), before: players.Unknown, now: players.Unknown}
	if base != nil {
		c.player, c.session, c.occurrence, c.from, c.before, c.cohort = base.Player, base.Number, base.Occurrence, uint8(base.Result), base.Outage, p.base.Cohorts[base.Cohort]
		c.profile = c.cohort.Profile
	}
	if now != nil {
		c.player, c.session, c.occurrence, c.to, c.now, c.cohort = now.Player, now.Number, now.Occurrence, uint8(now.Result), now.Outage, p.now.Cohorts[now.Cohort]
		if base == nil {
			c.profile = c.cohort.Profile
		}
	}
	fault := p.faultOf[c.occurrence]
	p.count(tallyKey{fault, int(c.from), int(c.to)}, c.player, c.session, c.cohort)
	for _, r := range [...]players.Result{players.FailedOver, players.Healed, players.NeverRecovered} {
		p.share(fault, int(r), int(c.from) == int(r), int(c.to) == int(r))
	}
	if base != nil && now != nil {
		p.time(timingKey{fault, detection}, base.Detection.Ms(), now.Detection.Ms(), &c)
		p.time(timingKey{fault, failover}, base.Failover.Ms(), now.Failover.Ms(), &c)
		p.time(timingKey{fault, outage}, base.Outage.Ms(), now.Outage.Ms(), &c)
	}
	if c.from != c.to {
		p.changes = append(p.changes, c)
	}
}

// sessionsOf are the sessions of a sample.
func sessionsOf(t *players.Table, share int) []players.Session {
	if share == t.SessionShare {
		return t.Sessions
	}
	var sessions []players.Session
	for _, s := range t.Sessions {
		if players.Bucket(s.Player) < share {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// sessions pairs what does not depend on single faults.
func (p *pairing) sessions(share int) {
	base, now := sessionsOf(p.base, share), sessionsOf(p.now, share)
	inBase, inNow := map[string]int{}, map[string]int{} // players by cohort
	told := p.changes                                   // because of a fault, in the same order
	of := func(sessions []players.Session) int {        // how many the first player has
		n := 0
		for n < len(sessions) && sessions[n].Player == sessions[0].Player {
			n++
		}
		return n
	}
	for len(base) > 0 || len(now) > 0 {
		b, n := of(base), of(now)
		switch {
		case n == 0 || b > 0 && base[0].Player < now[0].Player:
			n = 0
		case b == 0 || now[0].Player < base[0].Player:
			b = 0
		}
		if b > 0 {
			inBase[p.base.Cohorts[base[0].Cohort].Name]++
		}
		if n > 0 {
			inNow[p.now.Cohorts[now[0].Cohort].Name]++
		}
		if b > 0 && n > 0 {
			p.all.Players++
			if p.base.Cohorts[base[0].Cohort].Name != p.now.Cohorts[now[0].Cohort].Name {
				p.all.Moved++
			}
			told = p.viewer(base[:b], now[:n], told)
		} else {
			p.all.Unmatched++
			p.all.Single += b + n
		}
		base, now = base[b:], now[n:]
	}
	p.mixes(inBase, inNow)
}

// viewer pairs the sessions of a viewer that is in both runs. told are changes that were
// told already, of this viewer and those that follow.
func (p *pairing) viewer(base, now []players.Session, told []change) []change {
	for len(base) > 0 && len(now) > 0 {
		switch which := base[0].Compare(&now[0]); {
		case which < 0:
			p.all.Single++
			base = base[1:]
		case which > 0:
			p.all.Single++
			now = now[1:]
		default:
			p.all.Sessions++
			for len(told) > 0 && cmp.Or(cmp.Compare(told[0].player, now[0].Player), cmp.Compare(told[0].session, now[0].Number)) < 0 {
				told = told[1:]
			}
			p.session(&base[0], &now[0], len(told) > 0 && told[0].player == now[0].Player && told[0].session == now[0].Number)
			base, now = base[1:], now[1:]
		}
	}
	p.all.Single += len(base) + len(now)
	return told
}

// session pairs a session. told: a fault changed its outcome.
func (p *pairing) session(base, now *players.Session, told bool) {
	if base.Unfinished() || now.Unfinished() {
		return // it is in no share
	}
	c := change{player: now.Player, session: now.Number, occurrence: wholeRun, cohort: p.now.Cohorts[now.Cohort], profile: p.base.Cohorts[base.Cohort].Profile,
		from: stateOf(base), to: stateOf(now), before: base.Stalled, now: now.Stalled}
	p.sessionsOf[c.cohort]++
	for state, has := range [...]func(*players.Session) bool{
		stalled:       func(s *players.Session) bool { return s.Stalls > 0 },
		startupFailed: func(s *players.Session) bool { return s.StartupFailed },
		fatal:         func(s *players.Session) bool { return s.How == players.Fatal },
	} {
		if has == nil {
			continue
		}
		before, after := has(base), has(now)
		p.share(wholeRun, state, before, after)
		if after && !before {
			p.count(tallyKey{wholeRun, played, state}, c.player, c.session, c.cohort)
		}
	}
	p.time(timingKey{wholeRun, startup}, base.Startup.Ms(), now.Startup.Ms(), &c)
	p.time(timingKey{wholeRun, stalledTime}, base.Stalled.Ms(), now.Stalled.Ms(), &c)
	if base.Bitrate > 0 && now.Bitrate > 0 {
		p.time(timingKey{wholeRun, bitrate}, float64(base.Bitrate), float64(now.Bitrate), &c)
	}
	if c.from != c.to && !told {
		p.changes = append(p.changes, c)
	}
}

// stateOf is the outcome of a session.
func stateOf(s *players.Session) uint8 {
	switch {
	case s.How == players.Fatal:
		return fatal
	case s.StartupFailed:
		return startupFailed
	case s.Stalls > 0:
		return stalled
	}
	return played
}

// mixes notes the cohorts that differ.
func (p *pairing) mixes(base, now map[string]int) {
	for name, n := range base {
		if now[name] != n {
			p.all.Mixes = append(p.all.Mixes, CohortOf{name, n, now[name]})
		}
	}
	for name, n := range now {
		if base[name] == 0 {
			p.all.Mixes = append(p.all.Mixes, CohortOf{name, 0, n})
		}
	}
	slices.SortFunc(p.all.Mixes, func(a, b CohortOf) int { return cmp.Compare(a.Cohort, b.Cohort) })
}
