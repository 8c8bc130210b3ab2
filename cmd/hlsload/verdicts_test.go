package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/reports"
	"hlsload/scenarios"
)

var grid = flag.Bool("grid", false, "simulate pipeline-kill with 5 to 1000 players and seeds 1 to 20, the other scenarios with seeds 1 to 5 and in full length, and run pipeline-kill in real time")

// expected is what a scenario that ships ends with.
type expected struct {
	name    string
	args    string
	code    int
	changed int // entries of known that do not hold
}

// verdicts are the scenarios that ship for the embedded channel, and their remedies.
func verdicts() []expected {
	all := []expected{
		{"kickoff", "", reports.ExitPass, 0},
		{"segment-404", "", reports.ExitPass, 0},
		{"event-end", "", reports.ExitPass, 0},
		{"playlist-freeze", "", reports.ExitFail, 0},
		{"playlist-freeze", "--set fleet.cohorts.web.profile=rfc8216bis", reports.ExitPass, 3},
		{"pipeline-kill-no-invalidator", "", reports.ExitFail, 0},
		{"pipeline-kill-no-invalidator", "--set target.rig.origin.stale=aws-sample", reports.ExitPass, 6},
		{"single-pipeline", "", reports.ExitFail, 0},
		{"single-pipeline", "--set target.rig.pipelines=2", reports.ExitPass, 7},
		{"origin-5xx", "", reports.ExitFail, 0},
		{"origin-5xx", "--set chaos.errors-0.code=404", reports.ExitPass, 5},
		{"error-caching", "", reports.ExitFail, 0},
		{"error-caching", "--set target.rig.edge.error_ttl=1s", reports.ExitPass, 1},
	}
	length := "--duration 20m "
	players, seeds := map[int]int{5: 10, 6: 2, 10: 2, 100: 1, 1000: 1}, 1
	if *grid {
		length = ""
		players, seeds = map[int]int{5: 20, 6: 20, 7: 20, 10: 20, 20: 20, 50: 20, 100: 20, 300: 20, 1000: 20}, 5
	}
	all = append(all, expected{"soak", length, reports.ExitPass, 0}, expected{"soak-hard", length, reports.ExitFail, 0})
	for _, v := range all {
		for seed := 1; seed < seeds; seed++ {
			v := v
			v.args += fmt.Sprintf(" --seed %d", seed)
			all = append(all, v)
		}
	}
	for n, seeds := range players {
		for seed := 1; seed <= seeds; seed++ {
			all = append(all, expected{"pipeline-kill", fmt.Sprintf("--players %d --seed %d", n, seed), reports.ExitPass, 0})
		}
	}
	return all
}

// TestShippedVerdicts pins what every scenario that ships ends with, and that players
// do what it says they are known to do.
func TestShippedVerdicts(t *testing.T) {
	slow(t)
	seen := map[string]bool{"aws/pipeline-failover": true} // needs an account
	for _, v := range verdicts() {
		seen[v.name] = true
		t.Run(strings.ReplaceAll(v.name+" "+v.args, " ", "_"), func(t *testing.T) { ends(t, "simulate", v) })
	}
	for _, name := range scenarios.Names() {
		if !seen[name] {
			t.Errorf("%s ships, and the table has no verdict for it", name)
		}
	}
	if !*grid {
		return
	}
	for _, players := range []int{5, 10, 300} {
		v := expected{"pipeline-kill", fmt.Sprintf("--players %d --set limits.lag=1s", players), reports.ExitPass, 0}
		t.Run(fmt.Sprintf("run_%d", players), func(t *testing.T) {
			t.Parallel()
			ends(t, "run", v)
		})
	}
}

func ends(t *testing.T, command string, v expected) {
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), append([]string{command, v.name, "--out", dir, "--progress", "none"}, strings.Fields(v.args)...), &stdout, &stderr)
	if code != v.code {
		t.Errorf("exit code %d; want %d\n%s%s", code, v.code, &stdout, &stderr)
	}
	s, err := reports.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var changed []string
	for _, k := range s.Known {
		if !k.Holds {
			changed = append(changed, k.Expr+": "+k.Reason)
		}
	}
	if len(changed) != v.changed {
		t.Errorf("known, but changed: %q; want %d of them", changed, v.changed)
	}
	if junit, err := os.ReadFile(filepath.Join(dir, reports.JUnitFile)); err != nil || strings.Count(string(junit), "<failure ") != len(s.Failed()) {
		t.Errorf("junit.xml, %v: %d failures; want %d, of expectations alone", err, strings.Count(string(junit), "<failure "), len(s.Failed()))
	}
	if finding := strings.Contains(stdout.String(), "finding: "); finding != (v.changed > 0) {
		t.Errorf("a finding in the summary: %v; want %v\n%s", finding, v.changed > 0, &stdout)
	}
}

// TestScenariosThatFailOnPurpose: the opening comment and the description of a scenario
// say that it fails on purpose exactly when it fails.
func TestScenariosThatFailOnPurpose(t *testing.T) {
	slow(t)
	fails := map[string]bool{}
	for _, v := range verdicts() {
		fails[v.name] = fails[v.name] || v.code == reports.ExitFail
	}
	for _, name := range scenarios.Names() {
		src, err := scenarios.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := scenarios.Load(src)
		if err != nil {
			t.Fatal(err)
		}
		opening, _, _ := strings.Cut(string(src.Data), "\nversion:")
		said := strings.Contains(opening, "# This scenario fails on purpose: ") && strings.Contains(opening, "Remedy: ") && strings.HasPrefix(sc.Description.Raw, "Fails on purpose: ")
		if said != fails[name] {
			t.Errorf("%s: says that it fails on purpose: %v; want %v", name, said, fails[name])
		}
		if len(sc.Expect) == 0 || fails[name] != (len(sc.Known) > 0) {
			t.Errorf("%s: %d expectations, %d known; want expectations in all, known where it fails on purpose", name, len(sc.Expect), len(sc.Known))
		}
	}
}

// TestNotMeasured: expectations on a fault that touches no session neither hold nor
// fail, and the run does not pass.
func TestNotMeasured(t *testing.T) {
	for _, tc := range []struct {
		expect             string
		failed, unmeasured int
		said               string
	}{
		{`["failed_over{fault=kill-0} >= 99%"]`, 0, 1, "1 of 2 expectations was not measured: failed_over{fault=kill-0} >= 99%, no data: no session was affected by kill-0"},
		{`["failed_over{fault=kill-0} >= 99%", "failover.p95{fault=kill-0} < 15s"]`, 0, 2, "2 of 3 expectations were not measured"},
		{`["failed_over{fault=kill-0} >= 99%", "startup.p95 < 1ms"]`, 1, 1, "1 of 3 expectations do not hold, 1 not measured"},
	} {
		dir := t.TempDir()
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), []string{"simulate", "pipeline-kill", "--players", "5", "--set", "target.entry=1",
			"--set", "expect=" + tc.expect, "--set", `known=["failed_over{fault=kill-0} == 0%"]`, "--out", dir, "--progress", "none"}, &stdout, &stderr)
		s, err := reports.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(stdout.String()), " ")
		if code != reports.ExitFail || len(s.Failed()) != tc.failed || len(s.Unmeasured()) != tc.unmeasured || !strings.Contains(text, tc.said) {
			t.Errorf("%s: exit code %d, %d failed, %d not measured; want %d, %d, %d and %q\n%s%s", tc.expect, code, len(s.Failed()), len(s.Unmeasured()), reports.ExitFail, tc.failed, tc.unmeasured, tc.said, &stdout, &stderr)
		}
		if len(s.Known) != 1 || !s.Known[0].NotMeasured || strings.Contains(text, "finding: ") {
			t.Errorf("known %+v; want one that was not measured, and no finding\n%s", s.Known, &stdout)
		}
	}
}
