package run

import (
	"encoding/json"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/inject"
	"hlsload/reports/record"
	"hlsload/stage"
)

// said is what all machines say so far.
func (r *live) said(now time.Duration) *stage.Said {
	c, own := &r.crew, r.results.collector
	if c.alone {
		said := stage.Say(own, now)
		own.SetUsual(said.Startups.Usual(r.measure.TargetDuration))
		return said
	}
	c.listener.Take(0, now, c.pace.say(c.speaker, now, r.cfg.Sums))
	sum := c.listener.Sum()
	for _, w := range c.listener.Warnings() {
		r.progress.Mark(now, "warning: "+w)
	}
	usual := sum.Startups.Usual(r.measure.TargetDuration)
	own.SetUsual(usual)
	c.mu.Lock()
	c.usual = usual
	c.mu.Unlock()
	if b, err := json.Marshal(usual); err == nil {
		_ = c.conductor.Tell(b)
	}
	return sum
}

// usual are the usual startup times of all sessions of the run, by cohort. r.crew.mu must be held.
func (r *live) usual() []time.Duration {
	if u := r.crew.usual; u != nil {
		return u
	}
	return r.results.collector.Usual()
}

// shownSince is what all players saw of a fault since its window last changed, with entry n
// of the course; false while some agents may not have heard of that.
func (r *live) shownSince(f *chaos.Fault, n int) (sum inject.Counts, all bool) {
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	all = true
	if c.agent != nil {
		sum = c.agent.shownSince(f)
	}
	for i := range c.members {
		m := &c.members[i]
		if m.local || m.lost {
			continue
		}
		if m.said.Entries < n {
			all = false
			continue
		}
		for _, s := range m.said.Shown {
			if s.Rule == f.Rule && s.Occurrence == f.Occurrence {
				sum.Touched, sum.Passed = sum.Touched+s.Touched, sum.Passed+s.Passed
			}
		}
	}
	return sum, all
}

// agents are the machines of the run, as they were last heard; nil = it has one.
func (r *live) agents() (all []stage.AgentNow) {
	c := &r.crew
	if c.alone {
		return nil
	}
	known := c.conductor.Offsets()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.members {
		m := &c.members[i]
		a := stage.AgentNow{Name: m.Info.Name, Players: m.players, Up: !m.lost}
		place := i + 1
		if m.local {
			place = 0
		}
		a.Lag, a.Lags = c.listener.Lags(place)
		if i < len(known) && !m.local {
			a.ClockOffset = known[i]
		}
		all = append(all, a)
	}
	return all
}

// merged is a run over several machines while it goes on.
type merged struct{ r *live }

// Config implements [Watched].
func (w merged) Config() *record.Config { return w.r.results.collector.Config() }

// Agents implements [Watched].
func (w merged) Agents() []stage.AgentNow { return w.r.agents() }

// Sums implements [Watched].
func (w merged) Sums() *record.Sums {
	return w.r.crew.listener.Sums()
}
