package page

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/reports"
)

// aDay is a run with rows of several occurrences, and one in which the machine was lost.
func aDay(rows int) *reports.Summary {
	out := reports.Dist{Count: 10, Min: 4000, Mean: 4000, P50: 4000, P90: 4000, P95: 4000, P99: 4000, Max: 4000}
	s := &reports.Summary{Schema: reports.Schema, Verdict: reports.Pass, DurationS: 86400, Scenario: reports.Scenario{Name: "day"}, Resumed: []reports.Resumed{{LostFromS: 100, LostToS: 200, SettledS: 230, Why: "lost"}},
		Cohorts: map[string]*reports.CohortSummary{"all": {}}, Profiles: map[string]reports.ProfileSummary{"p": {Player: "P"}}}
	add := func(f reports.FaultSummary) {
		f.Name, f.Fault, f.Via, f.BaselineFromS, f.RecoveryEndS = "late", "segment.late", "rig", reports.NoData, reports.NoData
		s.Faults = append(s.Faults, f)
	}
	share := &reports.FaultShare{Affected: 10, NeverRecovered: 10, OutageMs: out}
	add(reports.FaultSummary{Occurrence: 1, AppliedAtS: 90, ClearedAtS: 100, Lost: "does not count: the machine was lost from 1:40 to 3:20"})
	for i := range rows {
		add(reports.FaultSummary{Occurrence: 2 + 10*i, LastOccurrence: 11 + 10*i, Pooled: 10, PooledHurt: 3, AppliedAtS: reports.Value(300 + 100*i), ClearedAtS: reports.Value(390 + 100*i), UndoVerified: true, WatchingAtOnset: 100, Affected: 10,
			NeverRecovered: 10, OutageMs: out, AtOnset: share, ByProfile: map[string]*reports.FaultShare{"p": share}, ByCohort: map[string]*reports.FaultShare{"c": share},
			Each: []reports.PooledOccurrence{{Occurrence: 2 + 10*i, AppliedAtS: reports.Value(300 + 100*i), ClearedAtS: reports.Value(310 + 100*i)}}})
	}
	return s
}

// Rows of several occurrences count as so many, and one that does not count is in no number.
func TestRowsOfSeveralOccurrences(t *testing.T) {
	s := aDay(2)
	files := map[string]string{}
	for name, write := range map[string]func(b *bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return WriteText(s, b, TextOptions{Detail: Full}) }, "html": func(b *bytes.Buffer) error { return WriteHTML(s, b) },
		"junit": func(b *bytes.Buffer) error { return WriteJUnit(s, b) }, "markdown": func(b *bytes.Buffer) error { return WriteMarkdown(s, b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		files[name] = strings.Join(strings.Fields(b.String()), " ")
	}
	for name, want := range map[string][]string{
		"text": {"Viewers lost the picture in 6 of 20 faults. The worst was late #2 to #11", "; 10 had not recovered at the end. 1 more does not count: the machine was lost meanwhile.", "segment.late via rig, 10 occurrences added up, 5:00 to 6:30", "late #12 to #21",
			"10 (10 %) of the 100 sessions watching at the 10 onsets were affected", "segment.late via rig, does not count: the machine was lost from 1:40 to 3:20"},
		"html":     {"1 fault not counted: the machine was lost meanwhile", "late #2 to #11", `"name":"machine lost","from":100,"to":200,"recovery":230`, `"name":"","from":400,"to":410`},
		"junit":    {`name="fault: late #2 to #11 (segment.late)"`, `skipped="1"`, `<skipped message="does not count: the machine was lost from 1:40 to 3:20"`},
		"markdown": {"late #2 to #11", "does not count: the machine was lost from 1:40 to 3:20"},
	} {
		for _, w := range want {
			if !strings.Contains(strings.ReplaceAll(files[name], `\#`, "#"), w) {
				t.Errorf("%s lacks %q:\n%.3000s", name, w, files[name])
			}
		}
	}
}

// The file for pull requests stays below what they take, however many faults hurt viewers.
func TestMarkdownIsBounded(t *testing.T) {
	s := aDay(3000)
	for i := range 5000 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("a warning of some length, with the number %d", i))
	}
	var b bytes.Buffer
	if err := WriteMarkdown(s, &b); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 200<<10 || !strings.Contains(b.String(), "faults; report.html has them") || !strings.Contains(b.String(), "- and ") {
		t.Errorf("%d bytes; want at most 200 KiB, and what is left out", b.Len())
	}
}

// The reports of a checkpoint leave what it takes to go on with the run.
func TestWriteKeepsWhatAnUnfinishedRunNeeds(t *testing.T) {
	for unfinished, want := range map[string]bool{reports.StillGoingOn + "5:00": true, "": false} {
		dir := t.TempDir()
		for _, name := range []string{reports.ResumeFile, reports.PartFile, reports.CheckpointFile} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := aDay(1)
		s.Interrupted = unfinished
		if err := Write(dir, s); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{reports.ResumeFile, reports.PartFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
				t.Errorf("interrupted %q: %s is there: %v; want %v", unfinished, name, err == nil, want)
			}
		}
	}
}
