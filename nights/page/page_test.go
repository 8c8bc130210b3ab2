package page

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/junit"
)

var update = flag.Bool("update", false, "write the golden files")

func night(run, started, verdict string) nights.Ref {
	return nights.Ref{Run: run, Started: started, Seed: 7, Build: "v1.2.0, 0123456789ab, full", Verdict: verdict}
}

// worseNight is a comparison in which something got worse.
func worseNight() *nights.Comparison {
	no := nights.NoLevel
	c := &nights.Comparison{Schema: nights.ComparisonSchema, Outcome: nights.Worse, ExitCode: reports.ExitFail, Reason: "failover.p95{fault=kill-0,joined=before}: 16.4 s, before 9.1 s",
		New: night("nightly/soak-20261130-020000", "2026-11-30T02:00:00Z", reports.Fail), Replay: "hlsload run soak --players 500 --seed 7", Differences: []nights.Difference{}, Notes: []string{"an expectation that held in the base fails now: failover.p95{fault=kill-0} < 15s"}}
	c.New.Build = "v1.3.0, ba9876543210, full"
	for _, day := range []string{"25", "26", "27", "28", "29"} {
		c.Base = append(c.Base, night("nightly/soak-202611"+day+"-020000", "2026-11-"+day+"T02:00:00Z", reports.Pass))
	}
	c.Left = []nights.Ref{{Run: "nightly/soak-20261124-020000", Why: "void: this machine was too slow"}, {Run: "notes.txt", Why: "it is a file"}, {Run: "tmp", Why: "there is no summary.json in it"}}
	c.Findings = []nights.Finding{
		{Measure: "failover.p95{fault=kill-0,joined=before}", Unit: "ms", Primary: true, Worse: true, Base: 9100, New: 16400, Change: .802, BaseCount: 15, NewCount: 3, Test: nights.TestBoth, P: .0004, Adjusted: .0032, Effect: 1, Worst: 2,
			Replay: "hlsload run soak --players 500 --seed 7", Since: "2026-11-29T02:00:00Z",
			Whom:  []nights.Group{{Of: "tv", Profile: "shaka-5.2", Base: 9200, New: nights.Never}, {Of: "web", Profile: "hlsjs-1.7", Base: 9100, New: 12300}},
			Shift: []nights.Quantile{{Q: .1, Base: 5000, New: 5100, Low: -200, High: 400}, {Q: .5, Base: 7000, New: 9000, Low: 1500, High: 2600}, {Q: .9, Base: 9000, New: nights.Never, Low: 6000, High: nights.Never}, {Q: .99, Base: no, New: 5000, Low: no, High: no}}},
		{Measure: "never_recovered.count{fault=kill-0}", Primary: true, Worse: true, Base: 0, New: 3, Change: nights.Never, BaseCount: 5, NewCount: 1, Test: nights.TestAlways, P: no, Adjusted: no, Effect: 1, Why: "3 sessions never recovered from kill-0; in 5 nights before all did"},
		{Measure: "stalled", Unit: "share", Primary: true, Base: .012, New: .013, Change: .083, BaseCount: 5, NewCount: 1, Test: nights.TestShare, P: .4, Adjusted: 1, Effect: .6},
		{Measure: "bitrate.mean", Unit: "bit/s", Base: 2.5e6, New: 2.6e6, Change: .04, BaseCount: 5, NewCount: 1, Test: nights.TestNight, P: .7, Adjusted: no, Effect: .3},
		{Measure: "live_latency.p50", Unit: "ms", Base: no, New: 14_000, Change: no, BaseCount: 5, NewCount: 1, Test: nights.TestNight, P: no, Adjusted: no, Effect: no},
	}
	return c
}

// exactly are two simulations with one seed.
func exactly() *nights.Comparison {
	c := worseNight()
	c.Base, c.Left, c.Across = c.Base[4:], nil, nights.AcrossTarget
	c.Differences = []nights.Difference{{Path: "target.rig.edge.playlist_ttl", Base: "1s", New: "10s"}, {Path: "target.rig.edge.error_ttl", Base: "1s"}}
	for i := range c.Findings {
		c.Findings[i].Test, c.Findings[i].Shift, c.Findings[i].NewCount, c.Findings[i].BaseCount = nights.TestExact, nil, 1, 1
	}
	those := nights.Those{Player: 17, Session: 1, By: []nights.PartOf{{Cohort: "tv", Profile: "shaka-5.2", Sessions: 12, Of: 30}}}
	c.Pairs = &nights.Pairs{Players: 300, Sessions: 300, Part: 1, FaultPart: 1, Moves: []nights.Move{{Fault: "kill-0", Base: "failed_over", New: "never_recovered", Sessions: 12, Of: 290, Those: those}},
		Shares:  []nights.Share{{Of: "never_recovered{fault=kill-0}", Gained: 12, None: 288, Worse: true, Those: those}},
		Changed: []nights.Changed{{Player: 17, Session: 1, Cohort: "tv", Profile: "shaka-5.2", Fault: "kill-0", Occurrence: 1, Base: "failed_over", New: "never_recovered", BaseMs: 0, NewMs: nights.Never}}, More: 11}
	return c
}

// voidNight is one that proves nothing.
func voidNight() *nights.Comparison {
	c := worseNight()
	c.Outcome, c.ExitCode, c.Findings, c.Base, c.New.Verdict, c.Notes = nights.Nothing, reports.ExitNothing, nil, c.Base[:0], reports.Void, nil
	c.Reason = "the new night proves nothing: void: this machine was too slow"
	return c
}

// otherKey is a run that was made with other settings.
func otherKey() *nights.Comparison {
	c := voidNight()
	c.New.Verdict, c.First = reports.Pass, true
	c.Reason = "no run of the base can be compared with the new one: target.rig.edge.playlist_ttl: 1s against 10s"
	for range 20 {
		c.Differences = append(c.Differences, nights.Difference{Path: "target.rig.edge.playlist_ttl", Base: "1s", New: "10s"})
	}
	c.Notes = []string{"--across target compares runs with these differences"}
	return c
}

// same is a night that is as those before.
func same() *nights.Comparison {
	c := worseNight()
	c.Outcome, c.ExitCode, c.Reason, c.Findings, c.Notes, c.New.Verdict = nights.Same, 0, "nothing got worse by more than chance", c.Findings[2:], nil, reports.Pass
	return c
}

var comparisons = map[string]func() *nights.Comparison{"worse": worseNight, "exact": exactly, "void": voidNight, "other-key": otherKey, "same": same}

// TestGolden: what people read.
func TestGolden(t *testing.T) {
	for name, of := range comparisons {
		for ext, write := range map[string]func(*nights.Comparison, io.Writer) error{
			".txt": func(c *nights.Comparison, w io.Writer) error { return WriteText(w, c, TextOptions{}) },
			"-narrow.txt": func(c *nights.Comparison, w io.Writer) error {
				return WriteText(w, c, TextOptions{Width: 60, All: true})
			},
			".md": WriteMarkdown, ".junit.xml": WriteJUnit,
		} {
			var b bytes.Buffer
			if err := write(of(), &b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+ext)
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s is another one (go test ./nights/page -update writes it again):\n%s", file, b.String())
			}
		}
	}
}

// TestWidth: no line is wider than asked for, but for commands, which are to be copied, and words that are.
func TestWidth(t *testing.T) {
	for name, of := range comparisons {
		for _, width := range []int{60, 80, 120} {
			var b bytes.Buffer
			if err := WriteText(&b, of(), TextOptions{Width: width, All: true}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				line = strings.TrimRight(line, "\n")
				if utf8.RuneCountInString(line) > width && !strings.Contains(line, ": hlsload ") && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "  ") {
					t.Errorf("%s: a line is wider than %d: %q", name, width, line)
				}
			}
		}
	}
}

// TestBrief: the outcome alone, and colours only when they are asked for.
func TestBrief(t *testing.T) {
	var plain, colored bytes.Buffer
	if err := WriteText(&plain, worseNight(), TextOptions{Brief: true}); err != nil {
		t.Fatal(err)
	}
	if err := WriteText(&colored, worseNight(), TextOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(plain.String()), " "); strings.Count(plain.String(), "\n") > 3 || !strings.HasPrefix(got, "WORSE time to fail over after kill-0, 95th percentile (failover.p95{fault=kill-0}): 16.4 s, before 9.1 s (+80.2 %)") || strings.Contains(got, "\x1b") {
		t.Error(got)
	}
	if got := colored.String(); !strings.HasPrefix(got, "\x1b[1;31mWORSE\x1b[0m") {
		t.Errorf("%q", got[:60])
	}
}

// TestHTML: the page has what the text has, is well formed, and escapes everything.
func TestHTML(t *testing.T) {
	for name, of := range comparisons {
		c := of()
		c.New.Run = `<script>alert("1")</script>` + "\x1b]0;x\a"
		c.Left = append(c.Left, nights.Ref{Run: `"><img src=x>`, Why: "</section>"})
		var b bytes.Buffer
		if err := WriteHTML(c, &b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(text, "<script>alert") || strings.Contains(text, "<img") || strings.Contains(text, "\x1b") || !strings.Contains(text, "&lt;script&gt;alert") {
			t.Errorf("%s: a hostile name is markup", name)
		}
		for _, tag := range []string{"section", "details", "table", "ul", "svg", "main"} {
			if open, end := len(regexp.MustCompile("<"+tag+"[ >]").FindAllString(text, -1)), strings.Count(text, "</"+tag+">"); open != end {
				t.Errorf("%s: %d of <%s> and %d ends", name, open, tag, end)
			}
		}
		if regexp.MustCompile(`="[^"]*(NaN|Inf)`).MatchString(text) {
			t.Errorf("%s: a number in the chart is none", name)
		}
		_, body, _ := strings.Cut(text, "<main>")
		body, _, _ = strings.Cut(body, "</main>")
		if words := regexp.MustCompile(`https?://[a-z]`).FindString(body); words != "" {
			t.Errorf("%s: the page reaches the network: %s", name, words)
		}
		if c.Outcome == nights.Worse && !strings.Contains(text, "<code>hlsload run soak --players 500 --seed 7</code>") {
			t.Errorf("%s: no command", name)
		}
	}
}

// TestJUnit: the counts are those of the cases, a night in which nothing was compared has no success, and text from
// outside does not break the file.
func TestJUnit(t *testing.T) {
	for name, of := range comparisons {
		c := of()
		c.Reason += "\x00\x1b & <x>"
		var b bytes.Buffer
		if err := WriteJUnit(c, &b); err != nil {
			t.Fatal(err)
		}
		var s struct {
			Tests    int         `xml:"tests,attr"`
			Failures int         `xml:"failures,attr"`
			Suite    junit.Suite `xml:"testsuite"`
		}
		if err := xml.Unmarshal(b.Bytes(), &s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		failures, skips := 0, 0
		for _, x := range s.Suite.Cases {
			if x.Failure != nil {
				failures++
			}
			if x.Skipped != nil {
				skips++
			}
		}
		if len(s.Suite.Cases) == 0 || s.Tests != len(s.Suite.Cases) || s.Failures != failures || s.Suite.Skipped != skips || (c.Outcome == nights.Worse) != (failures > 0) || c.Outcome == nights.Nothing && skips != s.Tests {
			t.Errorf("%s: %d tests, %d failures and %d skipped; said are %d, %d and %d", name, len(s.Suite.Cases), failures, skips, s.Tests, s.Failures, s.Suite.Skipped)
		}
	}
}

// TestWrite replaces the files of an earlier comparison, and none of others.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	for range 2 {
		if err := Free(dir); err != nil {
			t.Fatal(err)
		}
		if err := Write(dir, worseNight()); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		t.Errorf("%d files, %v; want %d", len(entries), err, len(files))
	}
	for _, text := range []string{"{}", `{"schema": "mine/v1"}`, "", `{"schema": "hlsload.comparisons/v1"}`} {
		if err := os.WriteFile(filepath.Join(dir, JSONFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Free(dir); err == nil || !strings.Contains(err.Error(), "is there already and not of a comparison") {
			t.Errorf("%q: %v", text, err)
		}
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, HTMLFile), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Free(other); err == nil {
		t.Error("a foreign comparison.html is taken for ours")
	}
}

// TestWordsForEveryMeasure: each measure that a night has is put in plain words.
func TestWordsForEveryMeasure(t *testing.T) {
	dist := reports.Dist{Count: 5, P50: 1, P95: 2, Max: 3}
	share := &reports.FaultShare{Affected: 5, FailedOver: 5, DetectionMs: dist, FailoverMs: dist, OutageMs: dist}
	s := &reports.Summary{Verdict: reports.Pass, Cohorts: map[string]*reports.CohortSummary{"all": {Players: 5, StartupMs: dist, StallMs: dist, LiveLatencyMs: dist}}, Origin: reports.OriginSummary{Source: reports.FromRig},
		Requests: map[string]*reports.RequestSummary{"media": {Count: 5}}, Faults: []reports.FaultSummary{{Name: "kill-0", Affected: 5, AtOnset: share}}}
	n := nights.Of(s, "run")
	if len(n.Measures) < 15 {
		t.Fatalf("%d measures", len(n.Measures))
	}
	for _, m := range n.Measures {
		text := plain(m.Name)
		if text == "" || strings.Contains(m.Name, "fault=") && !strings.Contains(text, "kill-0") || strings.ContainsAny(text, "{}_") {
			t.Errorf("%s: %q", m.Name, text)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1e-9} {
		f := &nights.Finding{Unit: "share", Base: nights.Level(x), New: nights.Level(-x), Change: nights.Level(x), P: .01, Adjusted: nights.NoLevel, Effect: nights.Level(x), Test: nights.TestRank}
		if s := headline(f) + sure(f) + change(f) + byChance(f); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("%g: %s", x, s)
		}
	}
}
