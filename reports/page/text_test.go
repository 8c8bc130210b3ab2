package page

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"hlsload/reports"
)

// busy is a run that passes, with more of everything than fits on a screen.
func busy() *reports.Summary {
	s := &reports.Summary{Scenario: reports.Scenario{Name: "busy"}, Mode: reports.ModeRun, DurationS: 7200, Verdict: reports.Pass,
		Cohorts: map[string]*reports.CohortSummary{}, Profiles: map[string]reports.ProfileSummary{"web": {Confidence: "unchecked: guess"}}}
	for i := range 40 {
		f := reports.FaultSummary{Name: "kill", Occurrence: i + 1, Fault: "pipeline.kill", Via: "rig", AppliedAtS: reports.Value(180 * i), ClearedAtS: reports.Value(180*i + 60), UndoVerified: true,
			Affected: 100, FailedOver: 90, Healed: 5, Left: 3, NeverRecovered: 2, ByProfile: map[string]*reports.FaultShare{}}
		for k := range 6 {
			f.ByProfile[fmt.Sprintf("profile-%d", k)] = &reports.FaultShare{Affected: 16, FailedOver: 15, Healed: 1, Left: 2, NeverRecovered: 3, Fatal: 4}
		}
		s.Faults = append(s.Faults, f)
		s.Warnings = append(s.Warnings, "a baseline was shorter than three target durations, so that there may be no figures for it; a longer one has them")
		s.Expectations = append(s.Expectations, reports.ExpectationResult{Expr: fmt.Sprintf("failed_over{fault=kill,occurrence=%d} >= 99%%", i), Pass: true, Reason: "measured 100 %"})
		s.Cohorts[fmt.Sprintf("cohort-%d", i)] = &reports.CohortSummary{Profile: "web", Players: 10, StartupFailed: 1, Fatal: 1}
	}
	return s
}

func written(t *testing.T, s *reports.Summary, o TextOptions) []string {
	t.Helper()
	var b strings.Builder
	if err := WriteText(s, &b, o); err != nil {
		t.Fatal(err)
	}
	if err := WriteEnd(s, &b, "hlsload-out/busy-20260101-000000", o); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// A pass fits on a screen, and its first and last lines are the verdict.
func TestPassFitsOnAScreen(t *testing.T) {
	for _, width := range []int{80, 100, 120} {
		lines := written(t, busy(), TextOptions{Width: width})
		if len(lines) > MostLines {
			t.Errorf("width %d: %d lines; want at most %d:\n%s", width, len(lines), MostLines, strings.Join(lines, "\n"))
		}
		first, last := lines[0], lines[len(lines)-1]
		if !strings.HasPrefix(first, "PASS  ") || last != "PASS  all 40 expectations hold (exit code 0)" {
			t.Errorf("first line %q, last line %q; want the verdict in both", first, last)
		}
		if all := len(written(t, busy(), TextOptions{Width: width, Detail: Full})); all < 200 {
			t.Errorf("width %d: -v writes %d lines; want everything", width, all)
		}
	}
}

// Columns that do not fit are left out; lines are never longer than the terminal.
func TestNarrowTerminal(t *testing.T) {
	for width := 60; width <= 120; width += 5 {
		for _, detail := range []Detail{Short, Full} {
			for _, line := range written(t, busy(), TextOptions{Width: width, Detail: detail}) {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("width %d, detail %d: a line of %d: %q", width, detail, n, line)
				}
			}
		}
	}
}

// The order in which columns leave keeps each that names the next ones.
func TestSpareColumns(t *testing.T) {
	full := profileShares(busy(), "", &busy().Faults[0])
	for places := range 140 {
		var b strings.Builder
		full.Text(&b, "", nil, max(places, 1))
		head, _, _ := strings.Cut(b.String(), "\n")
		for _, first := range []string{full.Head[7], full.Head[10]} { // "failover p50" and "outage p50" come before a bare "p95"
			head = strings.Replace(head, first+"  p95", first, 1)
			head = strings.Replace(head, first+"   p95", first, 1)
		}
		if strings.Contains(head, "p95") {
			t.Errorf("%d columns wide: p95 is shown without what it is of: %s", places, head)
		}
	}
}

func TestVerdictOnly(t *testing.T) {
	s := busy()
	var b strings.Builder
	if err := WriteText(s, &b, TextOptions{Detail: VerdictOnly}); err != nil || b.String() != "PASS  all 40 expectations hold\n" {
		t.Errorf("%q, %v; want the verdict only", b.String(), err)
	}
}

// A void run says its reason once in junit.xml and draws no outcomes.
func TestVoid(t *testing.T) {
	s := busy()
	s.Verdict, s.VoidReason, s.WhatHelps = reports.Void, "this machine was too slow", []string{"fewer players: hlsload run busy --players 120"}
	var junit, html, text strings.Builder
	for b, write := range map[*strings.Builder]func() error{
		&junit: func() error { return WriteJUnit(s, &junit) }, &html: func() error { return WriteHTML(s, &html) }, &text: func() error { return WriteText(s, &text, TextOptions{}) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), s.WhatHelps[0]) {
			t.Errorf("no %q in\n%s", s.WhatHelps[0], b)
		}
	}
	if n := strings.Count(junit.String(), `message="this machine was too slow`); n != 1 {
		t.Errorf("junit.xml has the reason %d times; want once", n)
	}
	if strings.Contains(html.String(), `<svg class="bar"`) {
		t.Error("the page of a void run shows outcomes as if they counted")
	}
}
