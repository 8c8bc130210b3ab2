package record

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/traffic"
)

// Part is what collectors recorded of a run, as a value. Parts of one run, each with
// sessions of its own, merge exactly and in any order: a summary is derived from the
// part that has them all, be it of one collector or of many.
type Part struct {
	cfg *Config `bytes:"-"`

	At      time.Duration // how far the run has come
	Over    bool          // its open sessions were cut then
	Windows []Window      // of Config.Faults
	Sets    []PhaseSet    // by number
	Counts
	Delays        Delays
	Meter         *traffic.Load // what a rig counted; nil = nothing
	Testers       []Tester      // by name of the agent
	Gaps          []Gap         // in which nothing was recorded, in order
	DroppedEvents int64

	// Fills are answers that may have shared a request to the origin with those of other
	// agents; see [traffic.Fills]. They are counted in Traffic once all parts are merged.
	Fills  []traffic.Fill
	Partly bool // there were too many of them
}

// Tester is what is not added up over agents: one that is too slow must not hide among many.
type Tester struct {
	Agent    string              // "" = the run has one machine
	Sessions int64               // begun
	Lag      []reports.Histogram // from due to sent, in µs, by phase set
}

// Part is what was recorded until now.
func (c *Collector) Part(now time.Duration) *Part {
	p := c.blank(now)
	p.Counts = newCounts(&c.cfg)
	for _, sh := range c.shards {
		sh.mu.Lock()
		p.Counts.add(&sh.Counts)
		sh.mu.Unlock()
	}
	p.PlayingAtEnd += p.Live.Playing
	c.close(p)
	p.add(c.past)
	return p
}

// Finish cuts all sessions that are still open, and hands over what was recorded. What
// comes later is ignored.
func (c *Collector) Finish(end time.Duration) *Part {
	for _, sh := range c.shards {
		sh.mu.Lock()
		defer sh.mu.Unlock()
	}
	p := c.blank(end)
	p.Over = true
	c.over.Store(true)
	co := c.course.Load().endsAt(end)
	for i, sh := range c.shards {
		sh.cut(co, end)
		if i == 0 {
			p.Counts = sh.Counts
		} else {
			p.Counts.add(&sh.Counts)
		}
		sh.Counts = newCounts(&c.cfg)
	}
	c.close(p)
	p.add(c.past)
	return p
}

// blank is a part without counts.
func (c *Collector) blank(now time.Duration) *Part {
	co := c.course.Load()
	p := &Part{cfg: &c.cfg, At: now, Sets: co.Sets, Meter: c.meter.Load(), Gaps: co.Gaps}
	for i := range co.Occurrences {
		p.Windows = append(p.Windows, co.Occurrences[i].Window)
	}
	return p
}

// close adds what is not counted by shard.
func (c *Collector) close(p *Part) {
	c.complete(&p.Live)
	for _, d := range c.delays {
		d.mu.Lock()
		p.Delays.Step = d.Step
		p.Delays.add(&d.Delays)
		d.mu.Unlock()
	}
	p.Traffic.Add(c.fills.Counted())
	p.Fills, p.Partly = c.fills.Waiting()
	if e := c.cfg.Events; e != nil {
		p.DroppedEvents = e.Dropped()
	}
	p.Testers = []Tester{p.tester(c.cfg.Agent)}
}

// tester is the tester that recorded all of the part.
func (p *Part) tester(agent string) Tester {
	t := Tester{Agent: agent, Sessions: p.Live.Started, Lag: make([]reports.Histogram, len(p.Sets))}
	for _, g := range p.Groups {
		g.eachLag(func(set int, lag *reports.Histogram) { t.Lag[set].Merge(lag) })
	}
	return t
}

// cut ends all open sessions and settles what waited for the end.
func (sh *shard) cut(co *PhaseMap, end time.Duration) {
	for len(sh.open) > 0 {
		s := sh.open[len(sh.open)-1]
		s.advance(co, max(end, s.at))
		s.end(co, max(end, s.at), player.Joined)
	}
	for i := range sh.pending {
		p := &sh.pending[i]
		p.t.settle(sh, p.of, &co.Occurrences[p.t.occ], end, p.at, p.how, false)
	}
	sh.pending = nil
}

// Merge adds the sessions of another part of the same run. It fails when the parts do
// not fit together, and changes nothing then.
func (p *Part) Merge(o *Part) error {
	if a, b := p.cfg.key(), o.cfg.key(); a != b {
		return fmt.Errorf("merge parts: of different runs (keys %x and %x; want equal ones)", a, b)
	}
	if p.Over != o.Over {
		return errors.New("merge parts: one is of a run that is over, the other of one that goes on (want both at their end, or both before it)")
	}
	windows := slices.Clone(p.Windows)
	for i := range windows {
		if err := windows[i].agree(&o.Windows[i]); err != nil {
			f := &p.cfg.Faults[i]
			return fmt.Errorf("merge parts: fault %s, occurrence %d: %w", f.Name, f.Occurrence, err)
		}
	}
	short, long := p.Sets, o.Sets
	if len(short) > len(long) {
		short, long = long, short
	}
	if !slices.Equal(short, long[:len(short)]) {
		return errors.New("merge parts: they number the phases in different ways (want the same course of faults)")
	}
	p.At, p.Windows, p.Sets = max(p.At, o.At), windows, long
	if len(o.Gaps) > len(p.Gaps) {
		p.Gaps = o.Gaps
	}
	p.add(o)
	return nil
}

// add adds what was recorded of other sessions; nil = none.
func (p *Part) add(o *Part) {
	if o == nil {
		return
	}
	p.Counts.add(&o.Counts)
	p.Delays.add(&o.Delays)
	if o.Meter != nil {
		if p.Meter == nil {
			p.Meter = &traffic.Load{Step: o.Meter.Step}
		}
		p.Meter.Add(o.Meter)
	}
	for i := range o.Testers {
		p.addTester(&o.Testers[i])
	}
	p.DroppedEvents += o.DroppedEvents
	p.Fills, p.Partly = traffic.MergeFills(p.Fills, o.Fills), p.Partly || o.Partly
}

// agree takes what another part knows of a window.
func (w *Window) agree(o *Window) error {
	if o.Applied != Forever {
		switch {
		case w.Applied == Forever:
			w.Applied, w.Usual = o.Applied, o.Usual
		case w.Applied != o.Applied:
			return fmt.Errorf("applied at %v and at %v (want one onset)", w.Applied, o.Applied)
		case !slices.Equal(w.Usual, o.Usual):
			return fmt.Errorf("usual startup times %v and %v (want those of the whole run)", w.Usual, o.Usual)
		}
	}
	switch {
	case o.Cleared == Forever:
	case w.Cleared == Forever:
		w.Cleared = o.Cleared
	case w.Cleared != o.Cleared:
		return fmt.Errorf("cleared at %v and at %v (want one end)", w.Cleared, o.Cleared)
	}
	return nil
}

func (p *Part) addTester(o *Tester) {
	i, ok := slices.BinarySearchFunc(p.Testers, o.Agent, func(t Tester, name string) int { return cmp.Compare(t.Agent, name) })
	if !ok {
		p.Testers = slices.Insert(p.Testers, i, Tester{Agent: o.Agent})
	}
	t := &p.Testers[i]
	t.Sessions += o.Sessions
	for set := range o.Lag {
		if set == len(t.Lag) {
			t.Lag = append(t.Lag, reports.Histogram{})
		}
		t.Lag[set].Merge(&o.Lag[set])
	}
}

// Key tells runs apart: machines that measure the same run have equal keys.
func (c *Config) Key() string {
	full := *c
	if err := full.fill(); err != nil {
		return ""
	}
	return fmt.Sprintf("%016x", full.key())
}

// key tells runs apart: parts of one run have equal keys.
func (c *Config) key() uint64 {
	text := fmt.Sprintln(c.Scenario.SHA256, c.Seed, c.Mode, c.Duration, c.ArrivalsEnd, c.Recovery, c.Absence, c.TargetDuration, c.Pipelines, c.LagLimit, c.Renditions, c.Cohorts)
	for i := range c.Faults {
		f := &c.Faults[i]
		text += fmt.Sprintln(f.Name, f.Kind, f.Rule, f.Occurrence, f.At, f.For, f.Pipeline, f.Cohort, f.Rendition)
	}
	if c.windows.series != nil {
		text += fmt.Sprintln(c.windows.series)
	}
	return draw.Hash(text)
}

// Record is the part as it is evaluated.
func (p *Part) Record() *Record {
	occs := p.cfg.occurrences()
	for i := range occs {
		occs[i].Window = p.Windows[i]
	}
	if len(p.Fills) > 0 {
		counted := *p
		counted.Traffic = *p.Traffic.Copy()
		counted.Traffic.Count(p.Fills)
		p = &counted
	}
	return &Record{Config: p.cfg, At: p.At, Over: p.Over, Phases: p.cfg.phases(p.Sets, occs, p.Gaps).endsAt(p.At), Part: p, counts: []*Counts{&p.Counts}}
}
