package nights_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"hlsload/nights"
	"hlsload/reports"
)

// TestMeasuresAreExpectations: a measure's name is an expectation, with the same value.
func TestMeasuresAreExpectations(t *testing.T) {
	one := scenario(t, single...)
	s, err := simulate(one, 3)
	if err != nil {
		t.Fatal(err)
	}
	n := nights.Of(s, "results")
	var list []string
	for _, m := range n.Measures {
		list = append(list, "\n  - "+m.Name+" >= 0"+map[string]string{"ms": "s", "share": "%", "bit/s": "bps"}[m.Unit])
	}
	text := edit{"limits: {lag: 1s}", "expect:" + strings.Join(list, "")}
	if s, err = simulate(scenario(t, append(slices.Clone(single), text)...), 3); err != nil {
		t.Fatal(err)
	}
	values := map[string]reports.Value{}
	for _, e := range s.Expectations {
		name, _, _ := strings.Cut(e.Expr, " >=")
		values[name] = e.Value
	}
	if len(n.Measures) < 20 {
		t.Errorf("%d measures; want at least 20", len(n.Measures))
	}
	for _, m := range n.Measures {
		v, ok := values[m.Name]
		if len(m.Values) != 1 || !ok {
			t.Errorf("%s: values %v, expectation %v; want one of both", m.Name, m.Values, ok)
			continue
		}
		got, want := float64(m.Values[0]), float64(v)
		if m.Values[0].Number() != v.Known() || v.Known() && math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: %g; as an expectation %g", m.Name, got, want)
		}
	}
}

func TestOf(t *testing.T) {
	s, err := simulate(scenario(t), 3)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = &reports.Key{Hash: "h", Settings: map[string]string{"fleet.players": "60"}}
	s.Expectations = []reports.ExpectationResult{{Expr: "stalled == 0%"}, {Expr: "fatal == 0%", Pass: true}}
	s.Verdict = reports.Fail
	n := nights.Of(s, "20261201")
	if n.Run != "20261201" || n.Seed != 3 || n.TargetS != 4 || n.Key.Hash != "h" || n.Key.Settings != nil || len(s.Key.Settings) != 1 || !slices.Equal(n.Failed, []string{"stalled == 0%"}) || n.NeverRecovered["kill-0"] != 0 || len(n.NeverRecovered) != 1 {
		t.Errorf("%+v", n)
	}
	primary := 0
	for _, m := range n.Measures {
		if m.Primary {
			primary++
		}
		of := 1
		if strings.Contains(m.Name, "fault=") {
			of = 3
		}
		if len(m.Values) != of || m.Name == failover && (len(m.Phases) != 3 || m.Hist == "" || !m.Primary) {
			t.Errorf("%+v; want %d values", m, of)
		}
	}
	if primary == 0 || primary > 10 {
		t.Errorf("%d primary measures; want 1 to 10", primary)
	}
	// A line of a history holds all of it.
	line, err := json.Marshal(n)
	if err != nil || len(line) > 8000 {
		t.Fatalf("%d bytes, %v; want at most 8,000", len(line), err)
	}
	var back nights.Night
	if err := json.Unmarshal(line, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || string(again) != string(line) {
		t.Errorf("%s\nbecame\n%s, %v", line, again, err)
	}
	// What is void says nothing.
	for _, v := range []string{reports.Void, reports.Interrupted} {
		s.Verdict, s.VoidReason, s.Interrupted = v, "why", "why"
		if n := nights.Of(s, ""); len(n.Measures) != 0 || n.Reason != "why" || n.Proves() {
			t.Errorf("%s: %+v; want no measures", v, n)
		}
	}
}

// TestShift: a fault that all sessions leave later has moved all deciles.
func TestShift(t *testing.T) {
	pool := simulated(t, scenario(t, single...), 1, 8)
	later := simulated(t, scenario(t, append(slices.Clone(single), edit{"stale_after: 3", "stale_after: 6"})...), 50, 1)
	of := func(now nights.Night) []nights.Quantile {
		c := nights.Compare(pool[1:], now, nights.How{})
		for _, f := range c.Findings {
			if f.Measure == failover {
				return f.Shift
			}
		}
		return nil
	}
	same, moved := of(pool[0]), of(later[0])
	if len(same) != 9 || len(moved) != 9 {
		t.Fatalf("%d and %d deciles; want 9", len(same), len(moved))
	}
	for i := range same {
		if s := same[i]; !(s.Low <= 0 && s.High >= 0) {
			t.Errorf("without a change: %+v; want 0 within", s)
		}
	}
	if m := moved[8]; !(m.New > m.Base) || !(m.Low > 0) || !(m.High >= m.Low) {
		t.Errorf("the ninth decile: %+v; want a higher one", m)
	}
}
