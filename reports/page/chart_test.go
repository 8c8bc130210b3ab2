package page

import (
	"bytes"
	"strings"
	"testing"

	"hlsload/reports"
)

// dayLong is a run with as many rows as there may be, each as wide as it gets.
func dayLong() *reports.Summary {
	s := &reports.Summary{Schema: reports.Schema, Mode: reports.ModeRun, Started: "2026-07-11T18:00:00.123Z", Verdict: reports.Pass, TimelineStepS: 24, DurationS: 86400,
		Cohorts: map[string]*reports.CohortSummary{"all": {}}, Origin: reports.OriginSummary{Source: reports.FromRig, Estimated: 1}}
	for i := range reports.MaxRows {
		const n, v = 12_345_678, 1_234_567.891
		s.Timeline = append(s.Timeline, reports.Row{T: 24 * i, Joining: n, Playing: n, Stalled: n, Pipeline: []int64{n, n}, EdgeRps: v, EdgeBps: 1e6 * v, OriginRps: v, OriginBps: 1e6 * v,
			OriginEstimatedRps: v, Errors: n, Gone: n, Left: n, StartupP50Ms: 12345.67, StartupP95Ms: 12345.67, TTFBP50Ms: 12345.67, TTFBP95Ms: 12345.67, ErrorShare: .123456})
	}
	return s
}

// TestADayFits bounds the files of the longest timeline.
func TestADayFits(t *testing.T) {
	s := dayLong()
	var json, html bytes.Buffer
	if err := s.WriteJSON(&json); err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(s, &html); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows: summary.json %d kB, report.html %d kB", len(s.Timeline), json.Len()>>10, html.Len()>>10)
	if json.Len() > 2<<20 || html.Len() > 3<<20 {
		t.Errorf("summary.json has %d bytes, report.html %d; want at most 2 MiB and 3 MiB for the timeline, so that there is room for the rest", json.Len(), html.Len())
	}
}

// TestClock offers wall-clock time where there is one.
func TestClock(t *testing.T) {
	s := dayLong()
	for mode, want := range map[string]bool{reports.ModeRun: true, reports.ModeSimulate: false} {
		s.Mode = mode
		var b bytes.Buffer
		if err := WriteHTML(s, &b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), `<fieldset id="clock"`); got != want {
			t.Errorf("%s: the choice of UTC is there: %v; want %v", mode, got, want)
		}
		if got := strings.Contains(b.String(), `"started":1783792800.123`); got != want {
			t.Errorf("%s: the script knows the start: %v; want %v", mode, got, want)
		}
	}
}
