package page

import (
	"strings"
	"testing"

	"hlsload/reports"
)

// soaked is a long run in which the tester leaks and a cohort falls behind.
func soaked() *reports.Summary {
	s := busy()
	s.Faults, s.Warnings, s.Expectations = nil, nil, s.Expectations[:1]
	s.Cohorts = map[string]*reports.CohortSummary{"web": {Profile: "web", Players: 10}}
	heap := reports.Trend{What: "live heap", Unit: "bytes", Start: 14e6, From: 80e6, To: 120e6, End: 30e6, PerDay: 96e6, P: .00001, Samples: 60}
	heap.Judge(true, false)
	files := reports.Trend{What: "open files", Start: 15, From: 313, To: 313, End: 15, PerDay: 0, P: 1, Samples: 60}
	files.Judge(false, false)
	s.Tester.Trends = []reports.Trend{heap, files}
	s.Drift = []reports.Drift{
		{What: "live_latency", Cohort: "web", From: 12_000, To: 15_000, PerDay: 6000, P: .00012, Windows: 100, Reason: "from 12 s to 15 s"},
		{What: "rebuffer_ratio", Cohort: "web", From: .001, To: .002, PerDay: reports.NoData, P: reports.NoData, OK: true},
	}
	return s
}

// TestLongRuns: what leaks and what drifts is in the terminal and in the page, and a run in which
// nothing does says so in one line.
func TestLongRuns(t *testing.T) {
	s := soaked()
	text := strings.Join(strings.Fields(strings.Join(written(t, s, TextOptions{Detail: Full}), "\n")), " ")
	for _, want := range []string{"LEAKS: live heap", "live heap 14 MB 80 MB 120 MB 30 MB 96 MB < 0.0001 GROWS", "open files 15 313 313 15 chance 1 flat", "web 12 s 15 s 6 s 0.0001 3.6 s 7.2 s DRIFTS"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal lacks %q:\n%s", want, text)
		}
	}
	var html strings.Builder
	if err := WriteHTML(s, &html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GROWS", "DRIFTS", "What the tester used, over time"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	s.Tester.Trends, s.Drift = s.Tester.Trends[1:], s.Drift[1:]
	text = strings.Join(written(t, s, TextOptions{}), "\n")
	if !strings.Contains(text, "flat over the run: open files") || strings.Contains(text, "Over the run") {
		t.Errorf("the terminal:\n%s", text)
	}
}
