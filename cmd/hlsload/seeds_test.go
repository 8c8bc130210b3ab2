package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"hlsload/reports"
	"hlsload/reports/spread"
)

func TestParseSeeds(t *testing.T) {
	for list, want := range map[string][]uint64{"1..5": {1, 2, 3, 4, 5}, "7": {7}, "5,1,2": {5, 1, 2}, "1..3,9": {1, 2, 3, 9}, "0..0": {0}, "9007199254740992": {1 << 53}} {
		if got, err := parseSeeds(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", list, got, err, want)
		}
	}
	if got, err := parseSeeds("1..1000"); err != nil || len(got) != maxSeeds {
		t.Errorf("%d seeds, %v; want %d", len(got), err, maxSeeds)
	}
	for list, want := range map[string]string{
		"": "not a list", "1..": "not a list", "..5": "not a list", "1...5": "not a list", "1,,2": "not a list", "a": "not a list", "-1": "not a list", "1.5": "not a list", "1-5": "not a list", "18446744073709551616": "not a list",
		"9007199254740993": "out of range", "5..1": "ends before", "1..1001": "too many", "1..600,1000..1500": "too many", "0..9007199254740992": "too many", "1,2,1": "twice", "1..3,2": "twice",
	} {
		got, err := parseSeeds(list)
		if err == nil || !strings.Contains(err.Error(), want) || exitOf(err).code != exitUsage {
			t.Errorf("%q: %v, %v; want an error about %q", list, got, err, want)
		}
	}
}

func FuzzParseSeeds(f *testing.F) {
	for _, seed := range []string{"1..5", "1,2,5", "0..18446744073709551615", ",", "..", "1..2..3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		seeds, err := parseSeeds(list)
		if err == nil && (len(seeds) == 0 || len(seeds) > maxSeeds || slices.Max(seeds) > maxSeed) {
			t.Errorf("%q: %v", list, seeds)
		}
	})
}

// TestInOrder: all are done, whatever order they end in, and then one after the other.
func TestInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 100} {
		var mu sync.Mutex
		done := map[int]bool{}
		var then []int
		inOrder(n, func(i int) {
			mu.Lock()
			defer mu.Unlock()
			done[i] = true
		}, func(i int) {
			mu.Lock()
			defer mu.Unlock()
			if !done[i] {
				t.Errorf("%d is not done yet", i)
			}
			then = append(then, i)
		})
		if len(done) != n || len(then) != n || !slices.IsSorted(then) {
			t.Errorf("%d: %d done, then %v", n, len(done), then)
		}
	}
}

const seedsScenario = "version: 1\nname: seeds\nduration: 40s\nrecovery: 5s\ntarget: {rig: {ladder: mini, segment: 2s}}\n" +
	"fleet: {players: 20, arrive: {over: 5s, shape: poisson}}\nchaos: [{name: kill, fault: pipeline.kill, at: 15s, for: 10s, pipeline: 0}]\n" +
	"expect: [\"startup.p95 < 10s\"]\n"

func seedsFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "seeds.yaml")
	if err := os.WriteFile(file, []byte(seedsScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// machineFields of a summary depend on when and where it was made.
var machineFields = regexp.MustCompile(`(?m)^ "(started|ended|build|tester)": .*\n`)

func readPlain(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return machineFields.ReplaceAllString(string(data), "")
}

// TestSeedsAreSimulations: each seed of several has the results of a simulation with this
// seed alone, however many run at a time.
func TestSeedsAreSimulations(t *testing.T) {
	file, dir := seedsFile(t), t.TempDir()
	var summaries []string
	for _, at := range []int{1, 4} {
		before := runtime.GOMAXPROCS(at)
		out := filepath.Join(dir, fmt.Sprint(at))
		code, stdout, stderr := executed(t, "simulate", file, "--seeds", "3..5,1", "--out", out, "--json")
		runtime.GOMAXPROCS(before)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		if want := []string{"seed 3 (1 of 4): PASS: ", "seed 4 (2 of 4): PASS: ", "seed 5 (3 of 4): PASS: ", "seed 1 (4 of 4): PASS: "}; len(strings.Split(strings.TrimSpace(stderr), "\n")) != 4 || !inThisOrder(stderr, want) {
			t.Errorf("progress:\n%s", stderr)
		}
		summary := readPlain(t, filepath.Join(out, "summary.json"))
		if machineFields.ReplaceAllString(stdout, "") != summary {
			t.Error("--json prints another summary than the file has")
		}
		summaries = append(summaries, summary)
	}
	if summaries[0] != summaries[1] {
		t.Error("the summary depends on how many simulations run at a time")
	}
	alone := filepath.Join(dir, "alone")
	if code, _, stderr := executed(t, "simulate", file, "--seed", "4", "--out", alone, "--progress", "none"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if readPlain(t, filepath.Join(alone, "summary.json")) != readPlain(t, filepath.Join(dir, "4", "seed-4", "summary.json")) {
		t.Error("seed 4 of several is not seed 4 alone")
	}
	var s spread.Summary
	if err := json.Unmarshal([]byte(summaries[0]), &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != spread.Schema || len(s.Seeds) != 4 || s.Seeds[3].Dir != "seed-1" || s.Verdict != reports.Pass || len(s.Figures) < 50 {
		t.Errorf("summary %+v", s)
	}
	for _, f := range s.Figures {
		if f.Of == "fault kill" && f.Name == "failover p95" && !(f.Min > 0 && f.Min <= f.Median && f.Median <= f.Max && f.Min < f.Max) {
			t.Errorf("failover p95: %+v", f)
		}
	}
}

func inThisOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return true
}

func TestSeedsThatFail(t *testing.T) {
	file, dir := seedsFile(t), t.TempDir()
	out := filepath.Join(dir, "out")
	code, stdout, _ := executed(t, "simulate", file, "--seeds", "1,2", "--out", out, "--progress", "none", "--set", `expect=["startup.max < 1ms"]`)
	for _, want := range []string{"FAIL  2 of 2 seeds fail: seeds 1 and 2\n", "again: hlsload simulate " + file, " --seed 2", "startup.max < 1ms  0 of 2  ", "Figures over 2 seeds", "FAIL  exit code 99\n"} {
		if code != reports.ExitFail || !strings.Contains(strings.Join(strings.Fields(stdout), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("exit code %d, without %q:\n%s", code, want, stdout)
		}
	}
	if code, _, stderr := executed(t, "simulate", file, "--seeds", "2,3", "--out", filepath.Join(out, "seed-1")); code != exitUsage || !strings.Contains(stderr, "of an earlier run") {
		t.Errorf("exit code %d: %s; want the directory of another run refused", code, stderr)
	}
	if err := os.Remove(filepath.Join(out, "summary.json")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := executed(t, "simulate", file, "--seeds", "2,3", "--out", out); code != exitUsage || !strings.Contains(stderr, "seed-2 has ") {
		t.Errorf("exit code %d: %s; want the directory of another seed refused", code, stderr)
	}
	for _, args := range [][]string{{"--seed", "1"}, {"--prom", filepath.Join(dir, "x.prom")}, {"--seeds", "5..1"}, {"--progress", "loud"}} {
		if code, _, stderr := executed(t, append([]string{"simulate", file, "--seeds", "1,2", "--out", filepath.Join(dir, "other")}, args...)...); code != exitUsage {
			t.Errorf("%v: exit code %d: %s; want %d", args, code, stderr, exitUsage)
		}
	}
	if code, _, stderr := executed(t, "simulate", file, "--seeds", "1,2", "--out", filepath.Join(dir, "url"), "--url", "http://127.0.0.1/x.m3u8"); code != exitInvalid {
		t.Errorf("exit code %d: %s; want %d", code, stderr, exitInvalid)
	}
}

func TestSeedsAreInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := execute(ctx, []string{"simulate", seedsFile(t), "--seeds", "1..3", "--out", filepath.Join(t.TempDir(), "out"), "--quiet"}, &stdout, &stderr)
	if code != reports.ExitInterrupted || stdout.String() != "INTERRUPTED  3 of 3 seeds were interrupted: seeds 1, 2 and 3\n" {
		t.Errorf("exit code %d:\n%s%s", code, &stdout, &stderr)
	}
}
