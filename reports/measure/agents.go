package measure

import (
	"math"
	"slices"
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
)

// lost is what is not known because agents were lost: their players, of those of all
// agents.
type lost struct{ players, of int64 }

func lostOf(agents []Agent) (l lost) {
	for i := range agents {
		l.of += agents[i].Players
		if agents[i].Lost != "" {
			l.players += agents[i].Players
		}
	}
	return l
}

// kept is the share of the players that are not lost.
func (l lost) kept() float64 {
	if l.players == 0 {
		return 1
	}
	return float64(l.of-l.players) / float64(l.of)
}

// like is how many of something the lost players are taken to have had when the others
// had n: as many each, and at least one.
func (l lost) like(n int64) int64 {
	if l.players == 0 || l.players >= l.of {
		return l.players
	}
	return max(l.players, int64(math.Ceil(float64(n)*float64(l.players)/float64(l.of-l.players))))
}

// among is how many lost players may have been there when n others were: as many as their share.
func (l lost) among(n int64) int64 {
	if l.players == 0 || n <= 0 {
		return 0
	}
	if l.players >= l.of {
		return l.players
	}
	return min(l.players, int64(math.Ceil(float64(n)*float64(l.players)/float64(l.of-l.players))))
}

// bound is what a value is asked for.
type bound uint8

// The bounds. What lost players saw is not known: the highest value is what it would be
// if for all of them it was as high as can be, the lowest likewise.
const (
	asMeasured bound = iota
	highest
	lowest
)

// distribution adds what lost players may have had to a distribution: nothing but later
// than all others, which ranks as never, or nothing but 0.
func (l lost) distribution(h *reports.Histogram, never int64, t *expect.Term, b bound) int64 {
	n := h.Count() + never
	switch {
	case l.players == 0 || n == 0:
	case b == highest:
		never += l.like(n)
	case b == lowest && t.Stat != reports.StatCount:
		for range l.like(n) {
			h.Record(0)
		}
	}
	return never
}

// parts adds what lost players may have had to a share.
func (l lost) parts(num, den int64, b bound) (int64, int64) {
	if l.players == 0 || den == 0 || b == asMeasured {
		return num, den
	}
	x := l.like(den)
	if b == highest {
		num += x
	}
	return num, den + x
}

// amount adds what lost players may have had to a count.
func (l lost) amount(n int64, b bound) int64 {
	if l.players == 0 || b != highest {
		return n
	}
	return n + l.like(n)
}

// rate is a rate with the load that lost players may have made: as much as the others.
func (l lost) rate(v reports.Value, b bound) reports.Value {
	if b != highest || !v.Known() {
		return v
	}
	return (v / reports.Value(l.kept())).Round(6)
}

// hits is a hit ratio with the requests that lost players may have made: nothing but hits,
// or nothing but misses.
func (l lost) hits(v reports.Value, b bound) reports.Value {
	switch s := reports.Value(l.kept()); {
	case !v.Known() || b == asMeasured:
		return v
	case b == highest:
		return 1 - (1-v)*s
	default:
		return v * s
	}
}

// times is a quotient of two loads, of which lost players may have made only the one or
// only the other.
func (l lost) times(v reports.Value, b bound) reports.Value {
	switch s := reports.Value(l.kept()); {
	case !v.Known() || b == asMeasured:
		return v
	case b == highest:
		return (v / s).Round(4)
	default:
		return (v * s).Round(4)
	}
}

// agents fills in what became of the machines of a run.
func (v *view) agents(s *reports.Summary, end *End) (gone []reports.LostAgent) {
	s.Agents = []reports.AgentSummary{}
	for i := range end.Agents {
		a := &end.Agents[i]
		sum := reports.AgentSummary{Name: a.Name, Players: a.Players, CPUS: reports.Value(a.CPU.Seconds()).Round(3), RSSPeakBytes: a.RSSPeak,
			ClockOffsetMs: milliseconds(a.ClockOffset), ClockErrorMs: milliseconds(a.ClockError), LostAtS: reports.NoData, Reason: a.Lost}
		var lag reports.Histogram
		if k := slices.IndexFunc(v.Testers, func(t record.Tester) bool { return t.Agent == a.Name }); k >= 0 && a.Lost == "" {
			sum.Players = v.Testers[k].Sessions
			for set := range v.Testers[k].Lag {
				lag.Merge(&v.Testers[k].Lag[set])
			}
		}
		sum.LagMs = lag.Dist(1000, 0)
		if a.Lost != "" {
			sum.LostAtS = instant(a.LostAt)
			gone = append(gone, reports.LostAgent{Name: a.Name, Players: a.Players, At: a.LostAt, Reason: a.Lost})
		}
		s.Agents = append(s.Agents, sum)
	}
	s.Players.Lost = v.lost.players
	return gone
}

func milliseconds(d time.Duration) reports.Value {
	return reports.Value(float64(d) / float64(time.Millisecond)).Round(3)
}
