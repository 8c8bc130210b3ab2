package reports

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// groupKey says which sessions a group holds: those of a cohort and profile that
// joined in one span.
type groupKey struct {
	cohort, profile int16
	joined          int32 // number of a span
}

// group is what became of its sessions.
type group struct {
	key   groupKey
	cells []*cell // by span; nil = nothing happened there
	slots []slot  // by phase and rule; see slot

	// Sessions that are over. All but unfinished are in the shares.
	sessions, unfinished int64
	started, left, ended int64
	startupFailed, fatal int64
	everStalled          int64
}

// cell is what the sessions of a group did in one span of time. All of it adds
// up over spans.
type cell struct {
	startup, stall   Histogram
	latency, bitrate Histogram
	played, stalled  time.Duration
	stalls           int64
	fatal            int64
	startupFailed    int64
	up, down         int64
	media            time.Duration // appended
	bits             int64         // of it, at its variants' BANDWIDTH
	kinds            [m3u8.Kinds]*requests
}

// requests are those of one kind.
type requests struct {
	count, answers, errors, bytes int64
	rewound                       int64            // playlists that went back
	withheld                      int64            // requests that had to wait because of failures before
	why                           map[string]int64 // errors by status or failure; nil = none
	unfit                         map[string]int64 // answers that cannot be what was asked for, by what they were
	ttfb, total, lag              Histogram
}

// slot counts the sessions that lived through a phase of a rule. Sessions do not
// add up over spans, so they are counted at their end.
type slot struct {
	sessions, stalled    int64
	startupFailed, fatal int64
}

func (sl *slot) visit(stalled bool) {
	sl.sessions++
	if stalled {
		sl.stalled++
	}
}

func (g *group) cell(span int32) *cell {
	for int(span) >= len(g.cells) {
		g.cells = append(g.cells, nil)
	}
	if g.cells[span] == nil {
		g.cells[span] = &cell{latency: coarseHistogram(), bitrate: coarseHistogram()}
	}
	return g.cells[span]
}

// slot is the one of a phase of a rule; rule -1 is any.
func (g *group) slot(rule int, p phase) *slot {
	i := (rule+1)*int(phases) + int(p)
	for i >= len(g.slots) {
		g.slots = append(g.slots, slot{})
	}
	return &g.slots[i]
}

// slotsOf calls f for every phase that the span belongs to.
func (g *group) slotsOf(sp *span, f func(*slot)) {
	for p := range phases {
		if sp.in(-1, p) {
			f(g.slot(-1, p))
		}
		for r := range chaos.MaxEntries {
			if sp.in(r, p) {
				f(g.slot(r, p))
			}
		}
	}
}

func (c *cell) kind(k m3u8.Kind) *requests {
	if c.kinds[k] == nil {
		c.kinds[k] = &requests{ttfb: coarseHistogram(), total: coarseHistogram(), lag: coarseHistogram()}
	}
	return c.kinds[k]
}

func (r *requests) add(o *requests) {
	if o == nil {
		return
	}
	r.count += o.count
	r.answers += o.answers
	r.errors += o.errors
	countAll(&r.why, o.why)
	countAll(&r.unfit, o.unfit)
	r.bytes += o.bytes
	r.rewound += o.rewound
	r.withheld += o.withheld
	r.ttfb.Merge(&o.ttfb)
	r.total.Merge(&o.total)
	r.lag.Merge(&o.lag)
}

func (c *cell) add(o *cell) {
	if o == nil {
		return
	}
	c.startup.Merge(&o.startup)
	c.stall.Merge(&o.stall)
	c.latency.Merge(&o.latency)
	c.bitrate.Merge(&o.bitrate)
	c.played += o.played
	c.stalled += o.stalled
	c.stalls += o.stalls
	c.fatal += o.fatal
	c.startupFailed += o.startupFailed
	c.up += o.up
	c.down += o.down
	c.media += o.media
	c.bits += o.bits
	for k := range o.kinds {
		if o.kinds[k] != nil {
			c.kind(m3u8.Kind(k)).add(o.kinds[k])
		}
	}
}
