package kernel

import (
	"math"
	"testing"

	"hlsload/player/m3u8"
	"hlsload/reports/record"
)

// TestOnsets: of two faults, each has what is asked for from its onset to the next, and the viewers whose
// answers it marks, each once.
func TestOnsets(t *testing.T) {
	s := setup
	s.Cohorts, s.Renditions = s.Cohorts[:1], s.Renditions[:1]
	s.Then = []Onset{{Name: "again", At: 34 * sec, Marks: 2}}
	var all told
	for n := range 10 {
		v := all.join(0, 0)
		v.fetches(20*sec, m3u8.KindMedia, 0, 200, 0, nil)
		for range 2 {
			v.fetches(31*sec, m3u8.KindMedia, 0, 404, 100, &record.Meta{Marks: 1})
		}
		if n < 3 {
			v.fetches(35*sec, m3u8.KindMedia, 0, 404, 100, &record.Meta{Marks: 3})
		}
	}
	r := recorder(t, s)
	all.tell(r)
	k, err := Of(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Faults) != 2 {
		t.Fatalf("%d responses; want 2", len(k.Faults))
	}
	for i, want := range []struct {
		name            string
		slots, affected float64
		requests        float64 // with an error, of a viewer
	}{{"kill", 40, 1, 2}, {"again", 60, .3, .3}} {
		f := &k.Faults[i]
		sum := 0.0
		for _, slot := range f.Cohorts[0].Excess {
			sum += rate(k, slot, gone).Requests * Fine.Seconds()
		}
		if f.Name != want.name || float64(len(f.Fresh)) != want.slots || len(f.Herd) != len(f.Fresh) || len(f.Rush) != len(k.Classes) || len(f.Cohorts[0].Excess) != len(f.Fresh) ||
			math.Abs(f.Cohorts[0].Affected-want.affected) > 1e-9 || math.Abs(sum-want.requests) > 1e-9 {
			t.Errorf("%s: %d slots, %g affected, %g requests; want %+v", f.Name, len(f.Fresh), f.Cohorts[0].Affected, sum, want)
		}
	}
	for _, then := range [][]Onset{{{Name: "early", At: 30 * sec}}, {{Name: "late", At: 40 * sec}}, {{Name: "b", At: 36 * sec}, {Name: "a", At: 35 * sec}}} {
		if s.Then = then; s.Check() == nil {
			t.Errorf("%+v passes", then)
		}
	}
}
