package spread

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hlsload/reports"
)

func TestDerive(t *testing.T) {
	x, never := reports.NoData, reports.Never
	for _, tc := range []struct {
		values           []reports.Value
		min, median, max string
	}{
		{[]reports.Value{3}, "3", "3", "3"},
		{[]reports.Value{5, 1, 3}, "1", "3", "5"},
		{[]reports.Value{4, 1}, "1", "2.5", "4"},
		{[]reports.Value{x, 4, x, 1, 1}, "1", "1", "4"},
		{[]reports.Value{4, never, 2}, "2", "4", "never"},
		{[]reports.Value{4, never, never, 2}, "2", "never", "never"},
		{[]reports.Value{never}, "never", "never", "never"},
		{[]reports.Value{x, x}, "no data", "no data", "no data"},
	} {
		s := Spread{Values: tc.values}
		s.derive()
		if s.Text(s.Min) != tc.min || s.Text(s.Median) != tc.median || s.Text(s.Max) != tc.max {
			t.Errorf("%v: %s, %s, %s; want %s, %s, %s", tc.values, s.Text(s.Min), s.Text(s.Median), s.Text(s.Max), tc.min, tc.median, tc.max)
		}
	}
}

func TestText(t *testing.T) {
	for _, tc := range []struct {
		unit  string
		value reports.Value
		want  string
	}{
		{"", 12345, "12,345"}, {"", 1.25, "1.25"}, {"ms", 1500, "1.5 s"}, {"share", .25, "25 %"}, {"1/s", 12, "12/s"}, {"bit/s", 4e6, "4 Mbit/s"}, {bytes, 2e6, "2 MB"},
		{bytes, reports.NoData, "no data"}, {"ms", reports.Never, "never"}, {"", reports.Never, "never"},
	} {
		s := Spread{Unit: tc.unit}
		if got := s.Text(tc.value); got != tc.want {
			t.Errorf("%v %s: %q; want %q", float64(tc.value), tc.unit, got, tc.want)
		}
	}
}

// one is the summary of a seed.
func one(seed uint64, verdict string, code int) *reports.Summary {
	return &reports.Summary{Seed: seed, Verdict: verdict, ExitCode: code, VoidReason: "why it is void", Interrupted: "why it ended", Started: fmt.Sprint(seed), Ended: fmt.Sprint(seed),
		Expectations: []reports.ExpectationResult{{Expr: "stalled < 1%", Unit: "share", Value: reports.Value(seed) / 100, Pass: verdict != reports.Fail, Reason: "measured"}},
		Players:      reports.Players{Started: 100, Stalled: int64(seed)}, Edge: reports.EdgeSummary{Requests: 1000 * int64(seed)}}
}

func of(all ...*reports.Summary) *Summary { return Of(all, make([]string, len(all))) }

func TestTheWorstSeedDecides(t *testing.T) {
	pass, fail := one(1, reports.Pass, 0), one(2, reports.Fail, reports.ExitFail)
	interrupted, tester := one(3, reports.Interrupted, reports.ExitInterrupted), one(4, reports.Void, reports.ExitTester)
	fault, unreachable := one(5, reports.Void, reports.ExitFault), one(6, reports.Void, reports.ExitUnreachable)
	for _, tc := range []struct {
		all    []*reports.Summary
		code   int
		reason string
	}{
		{[]*reports.Summary{pass}, 0, "seed 1 passes"},
		{[]*reports.Summary{pass, pass, pass}, 0, "all 3 seeds pass"},
		{[]*reports.Summary{pass, fail}, reports.ExitFail, "1 of 2 seeds fails, seed 2: 1 of 1 expectation does not hold: stalled < 1%, measured"},
		{[]*reports.Summary{fail, pass, fail}, reports.ExitFail, "2 of 3 seeds fail: seeds 2 and 2"},
		{[]*reports.Summary{fail}, reports.ExitFail, "seed 2 fails: 1 of 1 expectation does not hold: stalled < 1%, measured"},
		{[]*reports.Summary{fail, interrupted}, reports.ExitInterrupted, "1 of 2 seeds was interrupted, seed 3: why it ended; 1 of 2 seeds fails, seed 2: "},
		{[]*reports.Summary{tester, interrupted}, reports.ExitTester, "1 of 2 seeds is void, seed 4: why it is void; "},
		{[]*reports.Summary{tester, unreachable, pass}, reports.ExitUnreachable, "2 of 3 seeds are void: seeds 4 and 6"},
		{[]*reports.Summary{unreachable, fault, tester}, reports.ExitFault, "3 of 3 seeds are void: seeds 4, 5 and 6"},
	} {
		s := of(tc.all...)
		if want := s.Seeds[slices.IndexFunc(s.Seeds, func(x Seed) bool { return x.ExitCode == tc.code })].Verdict; s.ExitCode != tc.code || s.Verdict != want {
			t.Errorf("%s: %s, %d; want %s, %d", tc.reason, s.Verdict, s.ExitCode, want, tc.code)
		}
		if tc.all[0] == unreachable {
			tc.reason = "3 of 3 seeds are void: seeds 6, 5 and 4"
		}
		if !strings.HasPrefix(s.Reason, tc.reason) {
			t.Errorf("reason %q; want %q", s.Reason, tc.reason)
		}
	}
	var many []*reports.Summary
	for seed := range uint64(50) {
		many = append(many, one(seed, reports.Fail, reports.ExitFail))
	}
	if s := of(many...); s.Reason != "50 of 50 seeds fail: seeds 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 40 more" {
		t.Errorf("reason %q", s.Reason)
	}
}

func TestFigures(t *testing.T) {
	a, b := one(3, reports.Pass, 0), one(7, reports.Fail, reports.ExitFail)
	b.Faults = []reports.FaultSummary{{Name: "kill", Affected: 5}}
	s := of(a, b)
	figure := func(of, name string) Figure {
		i := slices.IndexFunc(s.Figures, func(f Figure) bool { return f.Of == of && f.Name == name })
		if i < 0 {
			t.Fatalf("no figure %s of %s", name, of)
		}
		return s.Figures[i]
	}
	if f := figure("players", "stalled"); f.Min != 3 || f.Median != 5 || f.Max != 7 || f.Zero() || !f.Main {
		t.Errorf("stalled: %+v", f)
	}
	if f := figure("fault kill", "affected"); f.Values[0].Known() || f.Min != 5 || f.Max != 5 {
		t.Errorf("affected: %+v", f)
	}
	if f := figure("players", "died"); !f.Zero() {
		t.Errorf("died: %+v", f)
	}
	if e := s.Expectations[0]; e.Holds != 1 || !slices.Equal(e.Fails, []uint64{7}) || e.Unit != "share" || e.Max != .07 {
		t.Errorf("expectation: %+v", e)
	}
	var text strings.Builder
	if err := s.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schema  string
		Figures []struct {
			Of, Name string
			Median   *float64
			Values   []*float64
		}
	}
	if err := json.Unmarshal([]byte(text.String()), &doc); err != nil {
		t.Fatalf("%v:\n%s", err, text.String())
	}
	if doc.Schema != Schema || len(doc.Figures) != len(s.Figures) || len(doc.Figures[0].Values) != 2 {
		t.Errorf("JSON:\n%s", text.String())
	}
}

// TestSpreadIsInOrder: of any values the median is between the least and the largest.
func TestSpreadIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Spread{}
		for range rapid.IntRange(1, 9).Draw(t, "seeds") {
			s.Values = append(s.Values, rapid.SampledFrom([]reports.Value{reports.NoData, reports.Never, 0, 1, 2, 3, 1000}).Draw(t, "value"))
		}
		s.derive()
		known := slices.ContainsFunc(s.Values, func(v reports.Value) bool { return v == v })
		if known && !(s.Min <= s.Median && s.Median <= s.Max) {
			t.Fatalf("%v: %v, %v, %v", s.Values, s.Min, s.Median, s.Max)
		}
	})
}
