package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/reports"
)

// written writes files into a new directory.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const rehearsedEvent = `version: 1
event: {name: small, duration: 3m}
audience: {curve: [{at: 0s, viewers: 0}, {at: 1m, viewers: 2k}, {at: 2m, viewers: 500}], session: {mean: 10m}}
scenario: below/own.yaml
`

const rehearsedScenario = `version: 1
name: own
target: {rig: {ladder: mini, segment: 2s}}
fleet: {cohorts: [{name: web, profile: ours.yaml, network: {trace: train.csv, rtt: 20ms}}]}
chaos: [{name: kill-0, fault: pipeline.kill, at: 10s, for: 20s, pipeline: 0}]
expect: ["failed_over{fault=kill-0} >= 90%", startup_failed == 0%]
`

// TestRehearse prints a scenario that is valid, can be simulated, and finds its files, wherever it is.
func TestRehearse(t *testing.T) {
	dir := written(t, map[string]string{"event.yaml": rehearsedEvent, "below/own.yaml": rehearsedScenario,
		"below/ours.yaml": "id: ours-1\nbase: hlsjs-1.7\nsource: our lab\n", "below/train.csv": "0,4000000\n60,3000000\n"})
	event, elsewhere := filepath.Join(dir, "event.yaml"), filepath.Join(t.TempDir(), "rehearsal.yaml")
	code, stdout, stderr := executed(t, "capacity", event, "--rehearse", "5%")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if err := os.WriteFile(elsewhere, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said, stderr := executed(t, "validate", elsewhere); code != 0 {
		t.Fatalf("exit %d: %s%s\n%s", code, said, stderr, stdout)
	}
	// On a stream of the user's, the CDN has the POPs.
	if code, said, stderr := executed(t, "validate", elsewhere, "--url", "http://127.0.0.1:1/index.m3u8", "--set", "fleet.regions="); code != 0 {
		t.Errorf("with a URL: exit %d: %s%s", code, said, stderr)
	}
	slow(t)
	out := filepath.Join(dir, "out")
	if code, said, stderr := executed(t, "simulate", elsewhere, "--out", out); code != 0 {
		t.Fatalf("simulate: exit %d: %s%s\n%s", code, said, stderr, stdout)
	}
	s, err := reports.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if s.Players.Peak < 99 || s.Players.Peak > 101 || len(s.Faults) != 1 || s.Faults[0].Affected < 80 {
		t.Errorf("%d players at the peak, faults %+v", s.Players.Peak, s.Faults)
	}
}

// TestRehearseNeedsAShare: what makes no sense gets a clear answer.
func TestRehearseNeedsAShare(t *testing.T) {
	dir := written(t, map[string]string{"event.yaml": strings.Replace(rehearsedEvent, "below/own.yaml", "pipeline-kill", 1), "machine.yaml": "version: 1\ncores: 0\n"})
	event, machine := filepath.Join(dir, "event.yaml"), filepath.Join(dir, "machine.yaml")
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--rehearse", "2"}, exitUsage, `--rehearse "2" (want a share of the viewers`},
		{[]string{"--rehearse", ""}, exitUsage, `--rehearse ""`},
		{[]string{"--rehearse", "0.001%"}, exitUsage, "has 0 players (want at least 5, one for each cohort"},
		{[]string{"--rehearse", "200%"}, exitUsage, "a rehearsal with 200% of the viewers"},
		{[]string{"--rehearse", "2%", "--json"}, exitUsage, "json"},
		{[]string{"--rehearse", "2%", "--machine", machine}, exitInvalid, "machine.yaml:2:8: cores: out of range"},
		{[]string{"--machine", filepath.Join(dir, "none.yaml")}, exitUsage, "reading the figures of the machine: open"},
	} {
		if code, _, stderr := executed(t, append([]string{"capacity", event}, tc.args...)...); code != tc.code || !strings.Contains(stderr, tc.want) {
			t.Errorf("%q: exit %d, want %d: %s", tc.args, code, tc.code, stderr)
		}
	}
}

// TestMachine: the figures of a machine say how many agents a rehearsal takes.
func TestMachine(t *testing.T) {
	dir := written(t, map[string]string{"event.yaml": strings.Replace(rehearsedEvent, "below/own.yaml", "pipeline-kill", 1),
		"machine.yaml": "version: 1\ncores: 4\nplayers: 50\ncpu: 80us\nnetwork: 1Gbps\nnetwork_assumed: true\nprice_per_hour: 0.5\nsource: our lab\nseen: 2026-12-01\n"})
	code, stdout, stderr := executed(t, "capacity", filepath.Join(dir, "event.yaml"), "--rehearse", "50%", "--machine", filepath.Join(dir, "machine.yaml"))
	if want := "Agents: 20 with full bodies (by players), 20 for requests only (by players;"; code != 0 || !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(stdout, "#", "")), " "), want) {
		t.Errorf("exit %d: %s%s; want %s", code, stderr, stdout, want)
	}
	if want := "An agent carries 50 players (our lab, 2026-12-01; the network is assumed)."; !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(stdout, "#", "")), " "), want) {
		t.Errorf("%s; want %s", stdout, want)
	}
}
