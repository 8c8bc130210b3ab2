package rig

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)

const sec = time.Second

func mini() Config {
	c := Default()
	c.Ladder = Ladders["mini"]
	return c
}

func newRig(t testing.TB, c Config) *Rig {
	t.Helper()
	r, err := New(c, 7, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// open returns a plan with the faults open over their At and For; For 0 leaves
// them open.
func open(faults ...*chaos.Fault) *chaos.Plan {
	p := chaos.NewPlan(1)
	for _, f := range faults {
		p = p.With(f, f.At)
	}
	for _, f := range faults {
		if f.For > 0 {
			p = p.Without(f, f.At+f.For)
		}
	}
	return p
}

func fault(kind chaos.Kind, rule int, at, length time.Duration, change ...func(*chaos.Fault)) *chaos.Fault {
	f := chaos.NewFault(fmt.Sprintf("f%d", rule), kind)
	f.Via, f.Rule, f.At, f.For = chaos.ViaRig, rule, at, length
	for _, c := range change {
		c(&f)
	}
	return &f
}

func pipeline(p int) func(*chaos.Fault) { return func(f *chaos.Fault) { f.Pipeline = p } }

// get asks edge 0.
func get(r *Rig, now time.Duration, path string) (Answer, Step) {
	f := Flight{Path: path}
	s := r.Advance(now, &f)
	return f.Answer, s
}

func drawSeed(n int) draw.Seed { return draw.Seed(n) }

func TestConfigCheck(t *testing.T) {
	if bad := new(Config).Check(); len(bad) < 10 {
		t.Errorf("the zero configuration has %d mistakes; want more", len(bad))
	}
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Ladder = nil }, "rig: ladder: got 0 renditions; want 1 to 32"},
		{func(c *Config) { c.Ladder = []Rung{{640, 360, 5e5}, {640, 360, 5e5}} }, "rig: ladder[1]: got 640x360 at 500000bps; want a size and rate that ladder[0] does not have already"},
		{func(c *Config) { c.Ladder = []Rung{{0, 360, 5e5}} }, "rig: ladder[0].size: got 0x360; want WIDTHxHEIGHT, each from 1 to 16384"},
		{func(c *Config) { c.Ladder = []Rung{{640, 360, 5}} }, "rig: ladder[0].rate: got 5bps; want 1kbps to 1000Mbps"},
		{func(c *Config) { c.Container = "mkv" }, `rig: container: got "mkv"; want one of ts, fmp4`},
		{func(c *Config) { c.Segment = 1300 * time.Millisecond }, "rig: segment: got 1.3s; want a multiple of 500ms, at most 30s"},
		{func(c *Config) { c.Window = 2 }, "rig: window: got 2; want 3 to 1000"},
		{func(c *Config) { c.Keep = 9 }, "rig: keep: got 9; want 10 to 10000"},
		{func(c *Config) { c.Pipelines = 3 }, "rig: pipelines: got 3; want 1 to 2"},
		{func(c *Config) { c.Origin.Missing = 200 }, "rig: origin.missing: got 200; want 404 or 403"},
		{func(c *Config) { c.Origin.StaleAfter = math.NaN() }, "rig: origin.stale_after: got NaN; want 0.5 to 1000 target durations"},
		{func(c *Config) { c.Edge.Pops = 0 }, "rig: edge.pops: got 0; want 1 to 64"},
		{func(c *Config) { c.Edge.ErrorTTL = -1 }, "rig: edge.error_ttl: got -1ns; want 0s to 87600h0m0s"},
	}
	for _, tt := range tests {
		c := Default()
		tt.change(&c)
		if _, err := New(c, 1, epoch); err == nil || err.Error() != tt.want {
			t.Errorf("got %v; want %s", err, tt.want)
		}
	}
	for name, ladder := range Ladders {
		c := Default()
		c.Ladder = ladder
		if bad := c.Check(); bad != nil {
			t.Errorf("%s: %v", name, bad)
		}
	}
}
