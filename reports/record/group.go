package record

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
)

// groupKey says which sessions a group holds: those of a cohort and profile that
// joined in one span.
type GroupKey struct {
	Cohort, Profile int16
	Joined          int32 // number of a span
}

// group is what became of its sessions.
type Group struct {
	Key         GroupKey
	Totals      []*Totals    // by span; nil = nothing happened there
	phaseCounts []PhaseCount // by phase and rule; see slot

	// Sessions that are over. All but unfinished are in the shares.
	Sessions, Unfinished int64
	started, left, ended int64
	StartupFailed, Fatal int64
	EverStalled          int64
}

// cell is what the sessions of a group did in one span of time. All of it adds
// up over spans.
type Totals struct {
	Startup, Stall   reports.Histogram
	Latency, Bitrate reports.Histogram
	Played, Stalled  time.Duration
	stalls           int64
	Fatal            int64
	StartupFailed    int64
	Up, Down         int64
	Media            time.Duration // appended
	Bits             int64         // of it, at its variants' BANDWIDTH
	Kinds            [m3u8.Kinds]*Requests
}

// requests are those of one kind.
type Requests struct {
	Count, Answers, Errors, Bytes int64
	Rewound                       int64            // playlists that went back
	Withheld                      int64            // requests that had to wait because of failures before
	Why                           map[string]int64 // errors by status or failure; nil = none
	Unfit                         map[string]int64 // answers that cannot be what was asked for, by what they were
	TTFB, Total, Lag              reports.Histogram
}

// slot counts the sessions that lived through a phase of a rule. Sessions do not
// add up over spans, so they are counted at their end.
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

// slot is the one of a phase of a rule; rule -1 is any.
func (g *Group) Phase(rule int, p Phase) *PhaseCount {
	i := (rule+1)*int(phases) + int(p)
	for i >= len(g.phaseCounts) {
		g.phaseCounts = append(g.phaseCounts, PhaseCount{})
	}
	return &g.phaseCounts[i]
}

// slotsOf calls f for every phase that the span belongs to.
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

func (r *Requests) Add(o *Requests) {
	if o == nil {
		return
	}
	r.Count += o.Count
	r.Answers += o.Answers
	r.Errors += o.Errors
	reports.CountAll(&r.Why, o.Why)
	reports.CountAll(&r.Unfit, o.Unfit)
	r.Bytes += o.Bytes
	r.Rewound += o.Rewound
	r.Withheld += o.Withheld
	r.TTFB.Merge(&o.TTFB)
	r.Total.Merge(&o.Total)
	r.Lag.Merge(&o.Lag)
}

func (c *Totals) Add(o *Totals) {
	if o == nil {
		return
	}
	c.Startup.Merge(&o.Startup)
	c.Stall.Merge(&o.Stall)
	c.Latency.Merge(&o.Latency)
	c.Bitrate.Merge(&o.Bitrate)
	c.Played += o.Played
	c.Stalled += o.Stalled
	c.stalls += o.stalls
	c.Fatal += o.Fatal
	c.StartupFailed += o.StartupFailed
	c.Up += o.Up
	c.Down += o.Down
	c.Media += o.Media
	c.Bits += o.Bits
	for k := range o.Kinds {
		if o.Kinds[k] != nil {
			c.kind(m3u8.Kind(k)).Add(o.Kinds[k])
		}
	}
}
