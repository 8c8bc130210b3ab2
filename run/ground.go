package run

import (
	"context"

	"hlsload/chaos"
	"hlsload/player/audience"
	"hlsload/player/draw"
	"hlsload/reports/record"
	"hlsload/run/fleet"
	"hlsload/scenarios"
	"hlsload/stage"
)

// ground is what the players of a process stand on: the scenario, its target, and the
// permission to load it.
type ground struct {
	sc      *scenarios.Scenario
	faults  []chaos.Fault
	network Network
	version string // of this program, for the User-Agent

	target     target
	permission *permission // nil on the embedded channel

	hide     redactor // of what is shown and stored
	progress stage.Progress
	warnings []string // in addition to those of the target
}

func newGround(sc *scenarios.Scenario, on Network, version string, progress stage.Progress) *ground {
	g := &ground{sc: sc, faults: sc.Faults(), network: on, version: version}
	g.hide.f = sc.Redact
	g.progress = redacted{progress, g.hide.of}
	return g
}

func (g *ground) seed() draw.Seed { return draw.Seed(g.sc.Seed) }

// openStream reads the stream at the URL.
func (g *ground) openStream(ctx context.Context) (err error) {
	if g.permission, err = newPermission(ctx, g.sc, g.network.Target, g.version); err != nil {
		return err
	}
	t := &g.target
	if t.stream, err = openStream(ctx, g.sc, g.permission); err != nil {
		return err
	}
	s := t.stream
	t.urls, t.url, t.classify = s.urls, s.url, s.read.Pipeline
	t.rewriting = chaos.RewriterConfig{Faults: g.faults}
	t.bites, t.healthy = s.bites, s.healthy
	return nil
}

// permit finds out whether the players may watch the stream, and what load they will make.
func (g *ground) permit(ctx context.Context) error {
	if err := g.permission.permit(ctx, g.target.stream.hosts()); err != nil {
		return err
	}
	g.expect(ctx, g.target.stream)
	return nil
}

// measured is what a collector measures of the run, but for the instant at which it starts.
func (g *ground) measured(id, build string) (record.Config, error) {
	c := measuring(g.sc, g.faults)
	c.RunID, c.Build = id, build
	err := g.target.describe(&c, g.sc)
	return c, err
}

// share is a part of the players of a run: agent of agents.
type share struct{ agent, agents int }

// slots are those of the share; nil = all.
func (s share) slots() *audience.Slots {
	if s.agents == 1 {
		return nil
	}
	slots := audience.Share(s.agents, s.agent)
	return &slots
}

// count is how many slots the share has.
func (s share) count() int {
	if slots := s.slots(); slots != nil {
		return slots.Len()
	}
	return audience.SlotCount
}

// players is how many of the players of a scenario the share has at a time.
func (s share) players(all int) int {
	slots := s.slots()
	if slots == nil {
		return all
	}
	n := 0
	for i := range all {
		if slots.Has(audience.SlotOf(uint64(i))) {
			n++
		}
	}
	return n
}

// ceiling is the part of a ceiling of the whole run.
func (s share) ceiling(c fleet.Ceiling) fleet.Ceiling {
	if s.agents == 1 {
		return c
	}
	of := func(n int64) int64 {
		if n == 0 {
			return 0
		}
		return max(1, int64(audience.PartOf(int(n), s.agents, s.agent)))
	}
	c.Requests, c.Bandwidth, c.Bytes, c.Parts = of(c.Requests), of(c.Bandwidth), of(c.Bytes), s.agents
	part := float64(audience.PartOf(audience.SlotCount, s.agents, s.agent)) / audience.SlotCount
	bound := func(b fleet.Bound) fleet.Bound {
		return fleet.Bound{Peak: part * b.Peak, Floor: part * b.Floor, Why: b.Why}
	}
	c.Total, c.Bits, c.Elsewhere = bound(c.Total), bound(c.Bits), bound(c.Elsewhere)
	hosts := map[string]fleet.Bound{}
	for name, b := range c.Hosts {
		hosts[name] = bound(b)
	}
	c.Hosts = hosts
	return c
}
