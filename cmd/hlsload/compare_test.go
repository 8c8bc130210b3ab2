package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"hlsload/nights"
	nightspage "hlsload/nights/page"
	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// simulated simulates the short scenario into a new folder of dir.
func simulated(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	if name == "" {
		out = dir
	} else {
		args = append(args, "--out", out)
	}
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), append([]string{"simulate", "testdata/scenarios/short.yaml", "--progress", "none", "--players", "12"}, args...), &stdout, &stderr); code != 0 && code != reports.ExitFail {
		t.Fatalf("exit code %d:\n%s%s", code, &stdout, &stderr)
	}
	return out
}

// comparison runs compare and returns what it said, in one line each for text.
func comparison(t *testing.T, want int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), append([]string{"compare"}, args...), &stdout, &stderr); code != want {
		t.Errorf("compare %s: exit code %d; want %d\n%s%s", strings.Join(args, " "), code, want, &stdout, &stderr)
	}
	return strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
}

// result is the comparison.json in a folder.
func result(t *testing.T, dir string) *nights.Comparison {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, nightspage.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var c nights.Comparison
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

func saysAll(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestCompareSimulations: two with one seed are compared exactly; other settings are
// refused, named, and compared across.
func TestCompareSimulations(t *testing.T) {
	dir := t.TempDir()
	base, again := simulated(t, dir, "base"), simulated(t, dir, "again")
	slow := simulated(t, dir, "slow", "--set", "target.rig.edge.playlist_ttl=9s")
	other := simulated(t, dir, "other", "--seed", "99")

	saysAll(t, comparison(t, 0, base, again), "NOT WORSE nothing got worse", "Player by player: 12 players in both simulations nothing changed", "NOT WORSE (exit code 0)", "Files: "+again)
	if c := result(t, again); c.Outcome != nights.Same || c.Pairs == nil || c.Schema != nights.ComparisonSchema || len(c.Differences) != 0 {
		t.Errorf("the same twice: %+v", c)
	}
	saysAll(t, comparison(t, reports.ExitNothing, base, slow), "NOTHING TO COMPARE no run of the base can be compared with the new one: target.rig.edge.playlist_ttl: 1s against 9s", "--across target compares runs with these differences")
	saysAll(t, comparison(t, reports.ExitNothing, base, slow, "--across", "profile"), "playlist_ttl: 1s against 9s")
	saysAll(t, comparison(t, 0, base, slow, "--first-ok"), "exit code 0 in place of 114")
	said := comparison(t, reports.ExitFail, base, slow, "--across", "target")
	saysAll(t, said, "WORSE ", "how sure: certain: both simulations have the same seed", "run again: hlsload simulate testdata/scenarios/short.yaml --set target.rig.edge.playlist_ttl=9s --players 12 --seed 3",
		"across: target: target.rig.edge.playlist_ttl: 1s against 9s", "what player ")
	if c := result(t, slow); c.Outcome != nights.Worse || c.ExitCode != reports.ExitFail || c.Across != "target" || len(c.Differences) != 1 || len(c.Findings) == 0 || c.Findings[0].Replay == "" || len(c.Findings[0].Whom) == 0 || c.Pairs == nil {
		t.Errorf("across target: %+v", c)
	}
	// Another player is a change of its own.
	vhs := simulated(t, dir, "vhs", "--set", "fleet.cohorts.web.profile=vhs-3.17")
	saysAll(t, comparison(t, reports.ExitNothing, base, vhs, "--across", "target"), "fleet.cohorts.web.profile: hlsjs-1.7 against vhs-3.17")
	var out bytes.Buffer
	if code := execute(t.Context(), []string{"compare", base, vhs, "--across", "profile", "--json"}, &out, &out); code != 0 && code != reports.ExitFail {
		t.Errorf("across profile: exit code %d", code)
	}
	var c nights.Comparison
	if err := json.Unmarshal(out.Bytes(), &c); err != nil || len(c.Base) != 1 || c.Pairs == nil || c.Pairs.Players != 12 {
		t.Errorf("--json: %v: %s", err, out.String())
	}
	// One night with another seed proves nothing yet.
	saysAll(t, comparison(t, reports.ExitPass, base, other), "UNDECIDED 1 night is too few", "two simulations with one seed are compared exactly: the new one has seed 99, the last one of the base 3", "undecided")
}

// TestCompareRuns: a run in real time is not compared with a simulation, whatever is said
// to have changed.
func TestCompareRuns(t *testing.T) {
	dir := t.TempDir()
	base := simulated(t, dir, "base")
	now := filepath.Join(dir, "run")
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		var stdout, stderr bytes.Buffer
		code := executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}}, []string{"run", "testdata/scenarios/short.yaml", "--players", "12", "--out", now, "--progress", "none"}, &stdout, &stderr)
		if code != 0 {
			t.Fatalf("exit code %d:\n%s%s", code, &stdout, &stderr)
		}
	})
	saysAll(t, comparison(t, reports.ExitNothing, base, now, "--across", "scenario"), "mode: simulate against run", "cannot be compared at all")
	of := func(dir string) *reports.Key {
		s, err := reports.Read(dir)
		if err != nil || s.Key == nil {
			t.Fatalf("%s: no key: %v", dir, err)
		}
		return s.Key
	}
	a, b := of(base), of(now)
	if d := nights.Differences(a, b); len(d) != 1 || d[0].Path != "mode" || a.Players != 12 || b.Agents != 0 || len(b.Settings) < 50 {
		t.Errorf("keys of a run and a simulation of one scenario: %v", d)
	}
}

// TestCompareWithWhatAShellExpands: files and broken folders are left out by name; nothing
// that can be read, or a new run that cannot, is wrong usage.
func TestCompareWithWhatAShellExpands(t *testing.T) {
	dir := t.TempDir()
	base, now := simulated(t, dir, "base"), simulated(t, dir, "new")
	file, empty, broken, old := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "empty"), filepath.Join(dir, "broken"), filepath.Join(dir, "old")
	for _, sub := range []string{empty, broken, old} {
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(base, reports.SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "key") // as an older version wrote it
	fields["started"] = json.RawMessage(`"2025-01-01T00:00:00Z"`)
	without, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: []byte("x"), filepath.Join(broken, reports.SummaryFile): text[:200], filepath.Join(old, reports.SummaryFile): without} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	saysAll(t, comparison(t, 0, file, empty, broken, old, base, base, now), "NOT WORSE", file+": it is a file", empty+": there is no summary.json in it", broken+": ", old+": it has no key: an older version of hlsload wrote it", "it is the same run as "+base)
	saysAll(t, comparison(t, exitUsage, file, empty, now), "no base can be read", file+": it is a file")
	saysAll(t, comparison(t, exitUsage, base, broken), "reading the new run")
	saysAll(t, comparison(t, exitUsage, base, filepath.Join(dir, "nowhere")), "there is no such folder")
	saysAll(t, comparison(t, exitUsage, base), "no NEW given")
	saysAll(t, comparison(t, exitUsage, base, now, "--across", "seed"), "--across seed (want target, profile, scenario)")
	saysAll(t, comparison(t, exitUsage, base, now, "--nights", "0"), "--nights 0 (want 1 to 1000)")
	saysAll(t, comparison(t, reports.ExitNothing, base, old), "the new night has no key: an older version of hlsload wrote it")
	// A void night proves nothing, and no flag makes that good.
	fields["key"], fields["verdict"], fields["void_reason"] = nil, json.RawMessage(`"void"`), json.RawMessage(`"this machine was too slow"`)
	if void, err := json.Marshal(fields); err != nil || os.WriteFile(filepath.Join(old, reports.SummaryFile), void, 0o600) != nil {
		t.Fatal(err)
	}
	saysAll(t, comparison(t, reports.ExitNothing, base, old, "--first-ok"), "the new night proves nothing", "this machine was too slow")
	// Files of others are not written over.
	foreign := filepath.Join(dir, "foreign")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, nightspage.HTMLFile), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	saysAll(t, comparison(t, exitUsage, base, now, "--out", foreign), "comparison.html is there already and not of a comparison")
	if b, err := os.ReadFile(filepath.Join(foreign, nightspage.HTMLFile)); err != nil || string(b) != "mine" {
		t.Errorf("a foreign file was written over: %s, %v", b, err)
	}
	saysAll(t, comparison(t, 0, base, now, "--out", filepath.Join(dir, "fresh"), "--quiet"), "NOT WORSE")
	if c := result(t, filepath.Join(dir, "fresh")); c.Outcome != nights.Same {
		t.Errorf("%+v", c)
	}
}

// TestCompareWithHistory: the base is the nights of a history before the new one, which is
// in it, too.
func TestCompareWithHistory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nightly")
	for _, seed := range []string{"1", "2", "3", "4", "5", "6"} {
		simulated(t, dir, "", "--history", dir, "--seed", seed)
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*", reports.SummaryFile))
	if err != nil || len(entries) != 6 {
		t.Fatalf("%d runs, %v", len(entries), err)
	}
	newest := ""
	for _, e := range entries {
		if s, err := reports.Read(filepath.Dir(e)); err != nil {
			t.Fatal(err)
		} else if s.Seed == 6 {
			newest = filepath.Dir(e)
		}
	}
	comparison(t, 0, dir, newest)
	if c := result(t, newest); c.Outcome != nights.Same || len(c.Base) != 5 || len(c.Left) != 0 {
		t.Errorf("the newest night: %s: %s; base %v, left %v", c.Outcome, c.Reason, c.Base, c.Left)
	}
	saysAll(t, comparison(t, reports.ExitNothing, newest, newest), "there is no other run to compare with: "+newest+": it is the new run itself")
	saysAll(t, comparison(t, exitUsage, newest, dir), "is a history (want the folder of one run as the last argument, NEW)")
	// The settings of nights whose folders are gone are not known.
	slow := simulated(t, t.TempDir(), "slow", "--seed", "7", "--set", "target.rig.edge.playlist_ttl=9s")
	saysAll(t, comparison(t, reports.ExitNothing, dir, slow), "target.rig.edge.playlist_ttl: 1s against 9s")
	comparison(t, reports.ExitFail, dir, slow, "--across", "target")
	if c := result(t, slow); len(c.Base) != 6 || len(c.Findings) == 0 || len(c.Findings[0].Whom) == 0 || c.Findings[0].Since == "" {
		t.Errorf("across target: %+v", c)
	}
	// With a night after the change, the base is still those before it; their settings are in
	// the one folder that is left.
	simulated(t, dir, "", "--history", dir, "--seed", "8", "--set", "target.rig.edge.playlist_ttl=9s")
	newer := simulated(t, t.TempDir(), "newer", "--seed", "7", "--set", "target.rig.edge.playlist_ttl=9s")
	for _, e := range entries {
		if filepath.Dir(e) != newest {
			if err := os.RemoveAll(filepath.Dir(e)); err != nil {
				t.Fatal(err)
			}
		}
	}
	said := comparison(t, reports.ExitFail, dir, newer, "--across", "target")
	if c := result(t, newer); len(c.Base) != 6 || len(c.Left) != 1 || !strings.Contains(c.Left[0].Why, "it has the key of the new one") {
		t.Errorf("after the change: %v, %v\n%s", c.Base, c.Left, said)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Dir(e)); err != nil {
			t.Fatal(err)
		}
	}
	saysAll(t, comparison(t, reports.ExitNothing, dir, slow, "--across", "target"), "settings: not known of the base, whose folder is gone")
}

// TestCompareHidesSecrets: nothing that a run was given from the environment, or that looks
// secret, is in a comparison, whatever its files say.
func TestCompareHidesSecrets(t *testing.T) {
	t.Setenv("STREAM_TOKEN", "s3cr3t-0123456789abcdef")
	dir := t.TempDir()
	base, now := simulated(t, dir, "base"), simulated(t, dir, "new", "--set", "target.rig.edge.playlist_ttl=9s")
	for _, d := range []string{base, now} {
		name := filepath.Join(d, reports.SummaryFile)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte(`"target.rig.edge.playlist_ttl":"9s"`), []byte(`"target.url":"https://u:pa55word1@example.com/x?token=s3cr3t-0123456789abcdef"`))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := comparison(t, reports.ExitNothing, base, now)
	for _, name := range []string{nightspage.JSONFile, nightspage.HTMLFile, nightspage.MarkdownFile, nightspage.JUnitFile} {
		b, err := os.ReadFile(filepath.Join(now, name))
		if err != nil {
			t.Fatal(err)
		}
		said += string(b)
	}
	if strings.Contains(said, "s3cr3t") || strings.Contains(said, "pa55word1") || !strings.Contains(said, "example.com") {
		t.Errorf("a secret is in\n%s", said[:min(len(said), 3000)])
	}
}
