package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestExitCodes runs everything that a run consists of, in the time of a bubble,
// and looks at how it ends. What is not here is in the transcripts.
func TestExitCodes(t *testing.T) {
	short := "testdata/scenarios/short.yaml"
	for _, tc := range []struct {
		name      string
		args      []string
		interrupt time.Duration // 0 = never
		code      int
		verdict   string
		said      string
	}{
		{"pass", []string{short}, 0, reports.ExitPass, reports.Pass, "PASS"},
		{"fail", []string{short, "--set", "expect.0=failover.max{fault=kill-0} < 1s"}, 0, reports.ExitFail, reports.Fail, "1 of 3 expectations does not hold"},
		{"interrupted in a fault", []string{short}, 20 * time.Second, reports.ExitInterrupted, reports.Interrupted, "interrupted by the user"},
		{"interrupted before faults", []string{short}, 3 * time.Second, reports.ExitInterrupted, reports.Interrupted, "interrupted by the user"},
		{"interrupted at once", []string{short}, time.Second + time.Nanosecond, reports.ExitInterrupted, reports.Interrupted, "interrupted by the user"},
		{"stopped", []string{short, "--set", `stop=["edge_rps.mean > 1"]`}, 0, reports.ExitInterrupted, reports.Interrupted, "stop condition: edge_rps.mean > 1"},
		{"stopped in a fault", []string{short, "--set", `stop=["request_errors > 1%"]`}, 0, reports.ExitInterrupted, reports.Interrupted, "stop condition: request_errors > 1%"},
		{"a fault that hits nobody", []string{short, "--set", "chaos.slow.fault=http.status", "--set", "chaos.slow.code=500", "--set", "chaos.slow.kind=key",
			"--set", "chaos.slow.by=null", "--set", "chaos.slow.pop=null"}, 0, reports.ExitFault, reports.Void, "fault slow"},
		{"a program that fails", []string{"testdata/scenarios/command.yaml"}, 0, reports.ExitFault, reports.Void, "fault stop-it"},
		{"a program that cannot be stopped", []string{"testdata/scenarios/command.yaml", "--set", `chaos.stop-it.start=["true"]`, "--set", `chaos.stop-it.stop=["false"]`}, 0,
			reports.ExitFault, reports.Void, "fault stop-it"},
		{"void before failed", []string{"testdata/scenarios/command.yaml", "--set", `expect=["startup.max < 1ms"]`}, 0, reports.ExitFault, reports.Void, "fault stop-it"},
		{"interrupted before failed", []string{short, "--set", "expect.0=startup.max < 1ms"}, 20 * time.Second, reports.ExitInterrupted, reports.Interrupted, "interrupted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tc.interrupt > 0 {
					time.AfterFunc(tc.interrupt, cancel)
				}
				var stdout, stderr bytes.Buffer
				code := executeOn(ctx, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}, append([]string{"run", "--out", dir, "--progress", "plain"}, tc.args...), &stdout, &stderr)
				said := strings.Join(strings.Fields(stdout.String()), " ")
				if code != tc.code || !strings.Contains(said, tc.said) {
					t.Errorf("exit code %d; want %d and %q in\n%s%s", code, tc.code, tc.said, &stdout, &stderr)
				}
			})
			b, err := os.ReadFile(filepath.Join(dir, "summary.json"))
			if err != nil {
				t.Fatal(err)
			}
			var s struct {
				Verdict string
				Code    int `json:"exit_code"`
				Faults  []struct {
					Name    string
					Applied *float64 `json:"applied_at_s"`
					Cleared *float64 `json:"cleared_at_s"`
				}
			}
			if err := json.Unmarshal(b, &s); err != nil || s.Verdict != tc.verdict || s.Code != tc.code {
				t.Errorf("summary: %s, %d, %v; want %s, %d", s.Verdict, s.Code, err, tc.verdict, tc.code)
			}
			for _, f := range s.Faults {
				if tc.name != "a program that cannot be stopped" && (f.Applied == nil) != (f.Cleared == nil) {
					t.Errorf("fault %s was applied and not undone", f.Name)
				}
			}
			for _, name := range []string{reports.HTMLFile, reports.JUnitFile, reports.MarkdownFile} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
					t.Errorf("%s: %v", name, err)
				}
			}
			lines, err := journal.Read(filepath.Join(dir, "journal.ndjson"))
			if left := journal.Left(lines); err != nil || (len(left) > 0) != (tc.name == "a program that cannot be stopped") {
				t.Errorf("journal: %v; left %v", err, left)
			}
		})
	}
}

// TestRealSockets is a run of a few seconds as a user has it. It is also a run
// whose tester is too slow by its own standards.
func TestRealSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	text := `
duration: 6s
recovery: 1s
target: {rig: {ladder: mini, segment: 1s}}
fleet: {players: 4, arrive: {over: 500ms}, cohorts: [{name: web, profile: hlsjs-1.7}]}
chaos: [{name: bad, fault: edge.status, at: 3s, for: 1s, code: 500, kind: media}]
`
	sc := parse(t, text)
	sc.LagLimit = time.Nanosecond
	cmd, stdout, stderr := quiet()
	if exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: dir, events: true, progress: progressPlain}, network{})); exit.code != reports.ExitTester || !strings.Contains(stdout.String(), "VOID  this machine was too slow") {
		t.Errorf("exit code %d; want %d and VOID in\n%s%s", exit.code, reports.ExitTester, stdout, stderr)
	}
	for _, want := range []string{"** the channel can be watched at http://127.0.0.1:", "** bad: edge.status is on", "** bad: edge.status is over"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q on stderr:\n%s", want, stderr)
		}
	}
	s := summaryOf(t, dir)
	players := s["players"].(map[string]any)
	if players["started"] != 4.0 || players["startup_failed"] != 0.0 {
		t.Errorf("players: %v", players)
	}
	if f := s["faults"].([]any)[0].(map[string]any); f["affected"].(float64) == 0 || f["undo_verified"] != true {
		t.Errorf("fault: affected %v, undo verified: %v", f["affected"], f["undo_verified"])
	}
}

// TestInterruptedCheck interrupts while the target is looked at.
func TestInterruptedCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		h := &healthy{began: time.Now()}
		h.strange = map[string]http.HandlerFunc{"*": silence}
		base, srv := m.Serve(h)
		defer srv.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		var stdout, stderr bytes.Buffer
		code := executeOn(ctx, network{web: look.Network{Dial: m.Dial}}, []string{"run", "testdata/scenarios/url.yaml", "--url", base + "/index.m3u8", "--out", t.TempDir()}, &stdout, &stderr)
		if code != reports.ExitInterrupted || time.Since(h.began) != 2*time.Second {
			t.Errorf("exit code %d after %v:\n%s%s", code, time.Since(h.began), &stdout, &stderr)
		}
	})
}

// TestSimulateInterrupted interrupts a simulation that would take long.
func TestSimulateInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	code := execute(ctx, []string{"simulate", "soak", "--players", "50", "--out", dir, "--progress", "none"}, &stdout, &stderr)
	if s := summaryOf(t, dir); code != reports.ExitInterrupted || s["verdict"] != reports.Interrupted || s["duration_s"].(float64) > 10 {
		t.Errorf("exit code %d, verdict %v after %v s:\n%s%s", code, s["verdict"], s["duration_s"], &stdout, &stderr)
	}
}

// TestSimulateAgain: two simulations with one seed say the same, byte for byte,
// and another seed does not.
func TestSimulateAgain(t *testing.T) {
	text := func(seed string) string {
		summary, dir := simulatedSummary(t, "--seed", seed, "--events")
		events, err := os.ReadFile(filepath.Join(dir, "events.ndjson"))
		if err != nil || len(events) == 0 {
			t.Fatalf("%d bytes of events, %v", len(events), err)
		}
		return summary + string(events)
	}
	first := text("5")
	if again := text("5"); again != first {
		t.Error("two simulations with one seed differ")
	}
	if text("6") == first {
		t.Error("another seed changes nothing")
	}
}

// TestSimulateOnAnyCores: a simulation that is large enough for several cores says the
// same on any number of them, and when it writes events, which it does on one.
func TestSimulateOnAnyCores(t *testing.T) {
	slow(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	args := []string{"--players", "2000"}
	first, _ := simulatedSummary(t, args...)
	for _, cores := range []int{2, 3, 4} {
		runtime.GOMAXPROCS(cores)
		if again, _ := simulatedSummary(t, args...); again != first {
			t.Errorf("on %d cores it differs from that on 1", cores)
		}
	}
	if again, _ := simulatedSummary(t, append(args, "--events")...); again != first {
		t.Error("with a log of events it differs from that without")
	}
}

// simulatedSummary simulates the short scenario. It returns the summary without what is of
// the machine and the moment, and the directory of the results.
func simulatedSummary(t *testing.T, args ...string) (summary, dir string) {
	t.Helper()
	dir = t.TempDir()
	var stdout, stderr bytes.Buffer
	args = append([]string{"simulate", "testdata/scenarios/short.yaml", "--out", dir, "--progress", "none"}, args...)
	if code := execute(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d:\n%s%s", code, &stdout, &stderr)
	}
	b, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]json.RawMessage
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"started", "ended", "build", "tester"} { // and scenario.file, which is the same here
		b = bytes.Replace(b, s[own], nil, 1)
	}
	return string(b), dir
}

// TestUndo: what a run could not put back is put back later, once.
func TestUndo(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	stop := `chaos.stop-it.stop=["test", "-f", "` + ready + `"]`
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		var stdout, stderr bytes.Buffer
		code := executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}}, []string{"run", "testdata/scenarios/command.yaml", "--set", `chaos.stop-it.start=["true"]`,
			"--set", stop, "--out", dir, "--progress", "none"}, &stdout, &stderr)
		if code != reports.ExitFault {
			t.Fatalf("exit code %d:\n%s%s", code, &stdout, &stderr)
		}
	})
	undo := func(code int, said string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := execute(t.Context(), []string{"undo", filepath.Join(dir, "journal.ndjson")}, &stdout, &stderr); got != code || !strings.Contains(stdout.String(), said) {
			t.Errorf("exit code %d; want %d and %q in\n%s%s", got, code, said, &stdout, &stderr)
		}
	}
	undo(reports.ExitFault, "stop-it, occurrence 1: command: not undone: ")
	if err := os.WriteFile(ready, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	undo(0, "stop-it, occurrence 1: command: undone via command")
	undo(0, "nothing was left behind")
}
