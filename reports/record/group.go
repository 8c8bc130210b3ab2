package record

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
)

// GroupKey says which sessions a group holds: those of a cohort that joined in one
// phase set.
type GroupKey struct {
	Cohort int16
	Joined int32 // number of a phase set
}

// Group counts the sessions of a cohort that joined in one phase set.
type Group struct {
	Key         GroupKey
	Totals      []*Totals    // by phase set; nil = nothing happened in it
	PhaseCounts []PhaseCount // by phase and rule; see Phase

	GroupCounts
}

// GroupCounts are counts of sessions.
type GroupCounts struct {
	// Sessions that are over. All but unfinished are in the shares.
	Sessions, Unfinished int64
	Started, Left, Ended int64
	StartupFailed, Fatal int64
	EverStalled          int64

	// Sessions that go on, and those of them that play or are stalled. Of a run that is
	// over: those that its end cut.
	Open, OpenPlaying, OpenStalled int64
}

// add adds the sessions of a group with the same key.
func (g *Group) add(o *Group) {
	for set, t := range o.Totals {
		if t != nil {
			reports.Add(g.totals(int32(set)), t)
		}
	}
	if n := len(o.PhaseCounts) - len(g.PhaseCounts); n > 0 {
		g.PhaseCounts = append(g.PhaseCounts, make([]PhaseCount, n)...)
	}
	for i := range o.PhaseCounts {
		reports.Add(&g.PhaseCounts[i], &o.PhaseCounts[i])
	}
	reports.Add(&g.GroupCounts, &o.GroupCounts)
}

// Totals is what the sessions of a group did in one phase set. It adds up over
// phase sets.
type Totals struct {
	Startup, Stall   reports.Histogram
	Latency, Bitrate reports.Histogram
	Played, Stalled  time.Duration
	Fatal            int64
	StartupFailed    int64
	Up, Down         int64
	Media            time.Duration // appended
	Bits             int64         // of it, at its variants' BANDWIDTH
	Kinds            [m3u8.Kinds]*Requests
}

// Requests counts the requests of one kind.
type Requests struct {
	Count, Answers, Errors, Bytes int64
	Rewound                       int64            // playlists that went back
	Withheld                      int64            // requests that had to wait because of failures before
	Why                           map[string]int64 // errors by status or failure; nil = none
	Unfit                         map[string]int64 // answers that cannot be what was asked for, by what they were
	TTFB, Total, Lag              reports.Histogram
}

// PhaseCount counts the sessions that lived through a phase of a rule. Sessions do not
// add up over phase sets, so they are counted at their end.
type PhaseCount struct {
	Sessions, Stalled    int64
	StartupFailed, Fatal int64
}

func (sl *PhaseCount) visit(stalled bool) {
	sl.Sessions++
	if stalled {
		sl.Stalled++
	}
}

func (g *Group) totals(span int32) *Totals {
	for int(span) >= len(g.Totals) {
		g.Totals = append(g.Totals, nil)
	}
	if g.Totals[span] == nil {
		g.Totals[span] = &Totals{Latency: reports.CoarseHistogram(), Bitrate: reports.CoarseHistogram()}
	}
	return g.Totals[span]
}

// Phase returns the counts of a phase of a rule; rule -1 is any.
func (g *Group) Phase(rule int, p Phase) *PhaseCount {
	i := (rule+1)*int(phases) + int(p)
	for i >= len(g.PhaseCounts) {
		g.PhaseCounts = append(g.PhaseCounts, PhaseCount{})
	}
	return &g.PhaseCounts[i]
}

// eachPhase calls f for every phase that a phase set belongs to.
func (g *Group) eachPhase(sp *PhaseSet, f func(*PhaseCount)) {
	for p := range phases {
		if sp.In(-1, p) {
			f(g.Phase(-1, p))
		}
		for r := range chaos.MaxEntries {
			if sp.In(r, p) {
				f(g.Phase(r, p))
			}
		}
	}
}

func (c *Totals) kind(k m3u8.Kind) *Requests {
	if c.Kinds[k] == nil {
		c.Kinds[k] = &Requests{TTFB: reports.CoarseHistogram(), Total: reports.CoarseHistogram(), Lag: reports.CoarseHistogram()}
	}
	return c.Kinds[k]
}

// eachLag calls f with how much later than due the group's requests were sent, by phase set.
func (g *Group) eachLag(f func(set int, lag *reports.Histogram)) {
	for set, totals := range g.Totals {
		if totals == nil {
			continue
		}
		for _, r := range totals.Kinds {
			if r != nil {
				f(set, &r.Lag)
			}
		}
	}
}
