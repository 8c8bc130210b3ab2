package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
)

// A run is killed in a fault, as when its machine is lost. Another process puts the fault
// back before it does anything else, and goes on with the run to its end.
func TestResumeAfterKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state, results := filepath.Join(dir, "state"), filepath.Join(dir, "results")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "run", "testdata/scenarios/command.yaml", "--out", results, "--progress", "none", "--set", "duration=24s", "--set", "limits={lost: 70%, lag: 1m}",
		"--set", `chaos.stop-it.start=["touch", "`+state+`"]`, "--set", `chaos.stop-it.stop=["rm", "`+state+`"]`, "--set", "chaos.stop-it.at=6s")
	cmd.Env = append(os.Environ(), "HLSLOAD_TEST_IS_THE_PROGRAM=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	there := func(name string) bool { _, err := os.Stat(name); return err == nil }
	for began := time.Now(); !there(state); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Error("the fault never came")
			break
		}
	}
	_ = cmd.Process.Kill() // it can do nothing about that
	_ = cmd.Wait()
	if !there(state) || !there(filepath.Join(results, reports.PartFile)) {
		t.Fatal("the fault is not on, or nothing was kept; want a run that was lost in a fault")
	}
	program := func(args ...string) (code int, out, said string) {
		var stdout, stderr bytes.Buffer
		code = execute(t.Context(), args, &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	if code, _, said := program("run", "--resume", results, "--players", "3"); code != exitUsage || !strings.Contains(said, "--resume goes on with a run as it was begun (got --players") || !there(state) {
		t.Errorf("with another flag: exit code %d: %s", code, said)
	}
	if code, _, said := program("run", "pipeline-kill", "--resume", results); code != exitUsage || !strings.Contains(said, "pipeline-kill is not the scenario that the run was begun with") || !there(state) {
		t.Errorf("with another scenario: exit code %d: %s", code, said)
	}
	code, out, said := program("run", "--resume", results, "--progress", "plain", "--json")
	if there(state) {
		t.Error("the fault is still on")
	}
	back, on := strings.Index(said, "stop-it, occurrence 1: command: undone via command"), strings.Index(said, "the run goes on")
	if back < 0 || on < back {
		t.Errorf("said\n%s\nwant the fault put back, then that the run goes on", said)
	}
	s := new(reports.Summary)
	if err := json.Unmarshal([]byte(out), s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code != 0 || s.Verdict != reports.Pass || s.DurationS < 24 || s.DurationS > 25 || len(s.Resumed) != 1 || s.Faults[0].Lost == "" || s.Players.PlayingAtEnd != 2 {
		t.Errorf("exit code %d, %s (%s), %v s, resumed %+v, fault %q, %+v; want a pass of the whole run, whose fault does not count", code, s.Verdict, s.Reason(), s.DurationS, s.Resumed, s.Faults[0].Lost, s.Players)
	}
	for name, want := range map[string]bool{reports.SummaryFile: true, reports.HTMLFile: true, reports.ResumeFile: false, reports.PartFile: false} {
		if there(filepath.Join(results, name)) != want {
			t.Errorf("%s is there: %v; want %v", name, !want, want)
		}
	}
	if code, _, said := program("run", "--resume", results); code != exitUsage || !strings.Contains(said, "the run is over") {
		t.Errorf("once it is over: exit code %d: %s", code, said)
	}
}
