package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// Events that do not fit on the disk cost neither the run nor its verdict.
func TestRunGoesOnWithoutEvents(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"simulate", "run"} {
		t.Run(command, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Symlink("/dev/full", filepath.Join(dir, reports.EventsFile)); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := 0
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				code = executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}},
					[]string{command, "testdata/scenarios/short.yaml", "--events", "--progress", "plain", "--out", dir}, &stdout, &stderr)
			})
			if code != 0 || !strings.Contains(strings.Join(strings.Fields(stdout.String()), " "), "events.ndjson is incomplete: write ") || strings.Count(stderr.String(), "the run goes on without it") != 1 {
				t.Errorf("exit code %d; want 0 and a warning:\n%s%s", code, &stdout, &stderr)
			}
			if s, err := reports.Read(dir); err != nil || s.DurationS != 60 {
				t.Errorf("summary of the run: %v, %v; want all of its 60 s", s, err)
			}
		})
	}
}

// A run never writes over the files of another.
func TestEarlierResultsStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	simulate := func() (int, string) {
		code, _, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--out", dir, "--progress", "none")
		return code, stderr
	}
	if code, stderr := simulate(); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if code, stderr := simulate(); code != exitUsage || !strings.Contains(stderr, dir+" has summary.json of an earlier run (want --out with a new directory, or none)") {
		t.Errorf("exit code %d: %s; want it refused", code, stderr)
	}
}

// Two runs that begin in one second have directories of their own.
func TestDefaultDirectoryIsNumbered(t *testing.T) {
	t.Chdir(t.TempDir())
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, want := range []string{"hlsload-out/kill-20260102-030405", "hlsload-out/kill-20260102-030405-2", "hlsload-out/kill-20260102-030405-3"} {
		var o output
		if err := o.place("kill", now); err != nil || o.dir != want {
			t.Errorf("%q, %v; want %q", o.dir, err, want)
		}
		if err := os.MkdirAll(o.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.dir, reports.JournalFile), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A run that is lost after five minutes leaves what it had measured.
func TestLongRunKeepsCheckpoints(t *testing.T) {
	t.Parallel()
	slow(t)
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	var kept *reports.Summary
	var err error
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		ctx, lost := context.WithCancel(t.Context())
		defer lost()
		go func() {
			time.Sleep(330 * time.Second)
			kept, err = reports.Read(dir)
			lost()
		}()
		executeOn(ctx, network{listen: m.Listen, web: look.Network{Dial: m.Dial}},
			[]string{"run", "testdata/scenarios/short.yaml", "--players", "4", "--duration", "10m", "--progress", "plain", "--out", dir}, &stdout, &stderr)
	})
	if err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	if kept.Verdict != reports.Interrupted || kept.Interrupted != "the run was still going on at 5:00; these are the figures so far" || kept.Players.Started != 4 || kept.Players.PlayingAtEnd != 4 || kept.Cohorts["all"].Players != 4 || len(kept.Faults) != 2 {
		t.Errorf("checkpoint: %s, %q, %+v, %d faults; want interrupted, why, 4 sessions that play, 2", kept.Verdict, kept.Interrupted, kept.Players, len(kept.Faults))
	}
	if f := kept.Faults[0]; f.Affected != 4 || f.FailedOver != 4 {
		t.Errorf("checkpoint: %d sessions affected, %d failed over; want 4, 4", f.Affected, f.FailedOver)
	}
	if _, err := os.Stat(filepath.Join(dir, reports.CheckpointFile)); !os.IsNotExist(err) {
		t.Errorf("checkpoint: %v; want none beside the final summary", err)
	}
}

// A run that is void before it begins leaves its reason where CI looks for results, and
// may be tried again with the same directory.
func TestUnreachableLeavesResults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		code, _, stderr := executed(t, "run", "testdata/scenarios/url.yaml", "--progress", "none", "--out", dir)
		if code != reports.ExitUnreachable || !strings.Contains(stderr, "what helps: hlsload probe URL") {
			t.Fatalf("exit code %d; want 112 and what helps: %s", code, stderr)
		}
	}
	for _, name := range []string{reports.JUnitFile, reports.MarkdownFile, reports.SummaryFile, reports.HTMLFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), "arget unreachable at start") {
			t.Errorf("%s: %v; want the reason in\n%s", name, err, text)
		}
	}
	if s, err := reports.Read(dir); err != nil || s.Verdict != reports.Void || s.ExitCode != reports.ExitUnreachable {
		t.Errorf("summary: %+v, %v; want void, 112", s, err)
	}
}
