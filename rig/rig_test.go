package rig

import (
	"fmt"
	"testing"
	"time"

	"hlsload/chaos"
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

func TestSmoke(t *testing.T) {
	r := newRig(t, mini())
	a, s := get(r, 0, r.Entry(0))
	t.Logf("%+v %+v\n%s", a, s, a.Object.Text())
	a, s = get(r, 0, "/live/p0/index_256x144.m3u8")
	t.Logf("%+v\n%s", s, a.Object.Text())
}
