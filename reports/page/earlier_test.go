package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/reports"
)

// TestEarlier: what went before stands in report.html and summary.md, and changes nothing in
// the other files; text from a history is no markup.
func TestEarlier(t *testing.T) {
	s := &reports.Summary{Schema: reports.Schema, Verdict: reports.Pass, Mode: reports.ModeSimulate, Target: reports.Rig, DurationS: 60, Started: "2026-01-02T02:00:00Z", Ended: "2026-01-02T02:01:00Z", Cohorts: map[string]*reports.CohortSummary{"all": {}}}
	evil := `"><script>alert(1)</script>`
	before := &Earlier{Said: "failover.p95{fault=a}: 6.8 s, before 3.7 s", Worse: true, Index: "../index.html", More: 3, Nights: []EarlierNight{
		{Started: "2026-01-01 02:00", Verdict: reports.Fail, What: "startup.p95 < 1s does not hold", Link: "../a/report.html"}, {Started: "2025-12-31 02:00", Verdict: reports.Void, What: evil, Link: evil}}}
	read := func(dir, name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	with, without := t.TempDir(), t.TempDir()
	if err := WriteAfter(with, s, before); err != nil {
		t.Fatal(err)
	}
	if err := Write(without, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{reports.SummaryFile, reports.JUnitFile} {
		if read(with, name) != read(without, name) {
			t.Errorf("%s depends on what went before", name)
		}
	}
	html := read(with, reports.HTMLFile)
	for _, want := range []string{
		`<p class="no">✕ Worse than before: failover.p95{fault=a}: 6.8 s, before 3.7 s.</p>`, "The last 2 of 5 nights before this one", `<a href="../a/report.html">2026-01-01 02:00</a>`,
		`<td class="w no">✕ Fail</td>`, "startup.p95 &lt; 1s does not hold", `<a href="../index.html">All nights, with trends</a>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("report.html: no %s", want)
		}
	}
	if strings.Contains(html, evil) {
		t.Error("report.html: a text is markup")
	}
	if md := read(with, reports.MarkdownFile); !strings.Contains(md, "**✕ Worse than before: failover.p95{fault=a}: 6.8 s, before 3.7 s.** 5 nights before this one; the last, 2026-01-01 02:00: fail.\n") {
		t.Error(md)
	}
	if html := read(without, reports.HTMLFile); strings.Contains(html, "nights before") {
		t.Error("a run without a history has nights before it")
	}
	before.Worse, before.Said = false, "nothing got worse by more than chance"
	if got := before.Line(); got != "History: Nothing got worse by more than chance (5 nights before)" {
		t.Error(got)
	}
	if got := (&Earlier{Said: "x"}).Line(); got != "History: the first night of this scenario" {
		t.Error(got)
	}
}
