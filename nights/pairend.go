package nights

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"hlsload/reports/players"
)

// What a list has at most.
const (
	mostChanged = 100
	mostParts   = 5
	mostMoves   = 500
)

// leastShare is the least change of a share that counts: a point.
const leastShare = .01

// conclude makes lists of what was counted, the worst first.
func (p *pairing) conclude() {
	p.concludeShares()
	p.concludeMoves()
	p.concludeTimes()
	p.concludeChanges()
	if p.all.Mixes == nil {
		p.all.Mixes = []CohortOf{}
	}
}

// name is that of a quantity in a fault.
func (p *pairing) name(metric string, fault int) string {
	if fault == wholeRun {
		return metric
	}
	return metric + "{fault=" + p.faults[fault] + "}"
}

func (p *pairing) concludeShares() {
	p.all.Shares = []Share{}
	for _, k := range slices.SortedFunc(maps.Keys(p.shares), tallyKey.compare) {
		s := p.shares[k]
		s.P, s.Those.By = Level(mcnemar(s.Lost, s.Gained)), []PartOf{}
		n := s.Both + s.Lost + s.Gained + s.None
		more := float64(s.Gained-s.Lost) > leastShare*float64(n)
		if k.fault == wholeRun {
			s.Of, s.Worse = sessionNames[k.to], more
			if t := p.tallies[tallyKey{wholeRun, played, k.to}]; t != nil {
				s.Those = p.those(t, p.sessionsOf)
			}
		} else {
			s.Of = p.name(faultNames[k.to], k.fault)
			switch players.Result(k.to) {
			case players.NeverRecovered:
				s.Worse = more || s.Gained > 0 && s.Both+s.Lost == 0
			case players.FailedOver:
				s.Worse = p.fewerFailOver(k.fault)
			}
		}
		p.all.Shares = append(p.all.Shares, *s)
	}
	slices.SortStableFunc(p.all.Shares, func(a, b Share) int {
		return cmp.Or(yesFirst(a.Worse, b.Worse), cmp.Compare(place(shareOrder, a.Of), place(shareOrder, b.Of)))
	})
}

func (k tallyKey) compare(o tallyKey) int {
	return cmp.Or(cmp.Compare(k.fault, o.fault), cmp.Compare(k.to, o.to), cmp.Compare(k.from, o.from))
}

// What matters most comes first.
var (
	shareOrder = []string{faultNames[players.NeverRecovered], sessionNames[fatal], sessionNames[startupFailed], faultNames[players.FailedOver], sessionNames[stalled], faultNames[players.Healed]}
	timeOrder  = []string{timingNames[failover], timingNames[outage], timingNames[stalledTime], timingNames[startup], timingNames[detection], timingNames[bitrate]}
)

// place is that of a metric in an order.
func place(order []string, of string) int {
	metric, _, _ := strings.Cut(of, "{")
	return slices.Index(order, metric)
}

func yesFirst(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

// fewerFailOver reports whether fewer sessions fail over, of those that stayed and that the
// fault affected in both runs.
func (p *pairing) fewerFailOver(fault int) bool {
	n, fewer := 0, 0
	stayed := [...]players.Result{players.FailedOver, players.Healed, players.NeverRecovered}
	for _, from := range stayed {
		for _, to := range stayed {
			t := p.tallies[tallyKey{fault, int(from), int(to)}]
			if t == nil {
				continue
			}
			n += t.n
			if from == players.FailedOver {
				fewer += t.n
			}
			if to == players.FailedOver {
				fewer -= t.n
			}
		}
	}
	return float64(fewer) > leastShare*float64(n)
}

// those lists the cohorts of sessions, of which there are so many.
func (p *pairing) those(t *tally, of map[players.Cohort]int) Those {
	by := []PartOf{}
	for c, n := range t.by {
		by = append(by, PartOf{c.Name, c.Profile, n, of[c]})
	}
	slices.SortFunc(by, func(a, b PartOf) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Cohort, b.Cohort), cmp.Compare(a.Profile, b.Profile))
	})
	return Those{t.player, int(t.session), by[:min(len(by), mostParts)]}
}

func (p *pairing) concludeMoves() {
	type from struct{ fault, state int }
	total, totals := map[from]int{}, map[from]map[players.Cohort]int{} // by what it was in the base
	for k, t := range p.tallies {
		if k.fault == wholeRun {
			continue
		}
		f := from{k.fault, k.from}
		if totals[f] == nil {
			totals[f] = map[players.Cohort]int{}
		}
		total[f] += t.n
		for c, n := range t.by {
			totals[f][c] += n
		}
	}
	p.all.Moves = []Move{}
	keys := slices.SortedFunc(maps.Keys(p.tallies), func(a, b tallyKey) int {
		return cmp.Or(-cmp.Compare(a.cost(), b.cost()), -cmp.Compare(p.tallies[a].n, p.tallies[b].n), a.compare(b))
	})
	for _, k := range keys {
		if k.fault == wholeRun || len(p.all.Moves) == mostMoves {
			continue
		}
		f := from{k.fault, k.from}
		p.all.Moves = append(p.all.Moves, Move{p.faults[k.fault], faultNames[k.from], faultNames[k.to], p.tallies[k].n, total[f], p.those(p.tallies[k], totals[f])})
	}
}

// cost is how much worse a move makes it.
func (k tallyKey) cost() int { return faultCosts[k.to] - faultCosts[k.from] }

func (p *pairing) concludeTimes() {
	p.all.Times = []Timing{}
	keys := slices.SortedFunc(maps.Keys(p.timings), func(a, b timingKey) int {
		return cmp.Or(cmp.Compare(a.fault, b.fault), cmp.Compare(a.of, b.of))
	})
	for _, k := range keys {
		t := p.timings[k].conclude(k, p.target)
		t.Of = p.name(timingNames[k.of], k.fault)
		p.all.Times = append(p.all.Times, t)
	}
	slices.SortStableFunc(p.all.Times, func(a, b Timing) int {
		return cmp.Or(yesFirst(a.Slower, b.Slower), cmp.Compare(place(timeOrder, a.Of), place(timeOrder, b.Of)))
	})
}

func (p *pairing) concludeChanges() {
	slices.SortFunc(p.changes, func(a, b change) int {
		return cmp.Or(-cmp.Compare(a.cost(), b.cost()), -cmp.Compare(a.longer(), b.longer()), cmp.Compare(a.player, b.player), cmp.Compare(a.session, b.session), cmp.Compare(a.occurrence, b.occurrence))
	})
	listed := p.changes[:min(len(p.changes), mostChanged)]
	p.all.Changed, p.all.More = []Changed{}, len(p.changes)-len(listed)
	for _, c := range listed {
		l := Changed{Player: c.player, Session: int(c.session), Cohort: c.cohort.Name, Profile: c.cohort.Profile, BaseMs: Level(c.before.Ms()), NewMs: Level(c.now.Ms())}
		if c.profile != c.cohort.Profile {
			l.BaseProfile = c.profile
		}
		if c.occurrence == wholeRun {
			l.Base, l.New = sessionNames[c.from], sessionNames[c.to]
		} else {
			o := p.occurrences[c.occurrence]
			l.Fault, l.Occurrence, l.Base, l.New = o.Fault, o.Number, faultNames[c.from], faultNames[c.to]
		}
		p.all.Changed = append(p.all.Changed, l)
	}
}
