package page

import (
	"bytes"
	"strings"
	"testing"

	"hlsload/reports"
)

// Of the machines of a run, those that were lost stand first, then the one whose requests
// left latest.
func TestAgents(t *testing.T) {
	lag := func(p99 reports.Value) reports.Dist { return reports.Dist{Count: 1, P99: p99} }
	s := &reports.Summary{Mode: reports.ModeRun, Verdict: reports.Pass, Agents: []reports.AgentSummary{
		{Name: "calm", Players: 1500, LagMs: lag(2), ClockErrorMs: 1, LostAtS: reports.NoData},
		{Name: "late", Players: 1500, LagMs: lag(80), ClockOffsetMs: -5000, ClockErrorMs: 2, LostAtS: reports.NoData},
		{Name: "gone", Players: 20, LagMs: lag(reports.NoData), LostAtS: 72, Reason: "no sign of it for 3s"},
	}}
	var text, html, md bytes.Buffer
	if err := WriteText(s, &text, TextOptions{Detail: Full, Width: 200}); err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(s, &html); err != nil {
		t.Fatal(err)
	}
	if err := WriteMarkdown(s, &md); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{"text": text.String(), "report.html": html.String(), "summary.md": md.String()} {
		at := -1
		for _, want := range []string{"gone", "at 1:12", "no sign of it for 3s", "late", "80 ms", "calm", "2 ms"} {
			i := strings.Index(b[at+1:], want)
			if i < 0 {
				t.Errorf("%s lacks %q, or has it elsewhere", name, want)
				break
			}
			at += 1 + i
		}
		if !strings.Contains(b, "# over 3 agents, as before: --processes or --agents") && name != "text" {
			t.Errorf("%s does not say how to run it again", name)
		}
		if !strings.Contains(b, "3 agents, lag") && name != "report.html" {
			t.Errorf("%s does not say how many agents there were", name)
		}
	}
}
