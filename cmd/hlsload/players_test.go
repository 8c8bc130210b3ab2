package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/players"
	"hlsload/scenarios/redact"
)

// simulatedPair simulates a scenario twice and compares the two player by player.
func simulatedPair(t *testing.T, base, now []string) (before, after *reports.Summary, p *nights.Pairs) {
	t.Helper()
	dirs := [2]string{filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "new")}
	var tables [2]*reports.Summary
	for i, args := range [2][]string{base, now} {
		args := append([]string{"simulate", "testdata/scenarios/short.yaml", "--players", "120", "--progress", "none", "--out", dirs[i]}, args...)
		if code, _, stderr := executed(t, args...); code != 0 && code != reports.ExitFail {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		var err error
		if tables[i], err = reports.Read(dirs[i]); err != nil {
			t.Fatal(err)
		}
	}
	a, err := readPlayers(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := readPlayers(dirs[1])
	if err != nil {
		t.Fatal(err)
	}
	return tables[0], tables[1], nights.Pair(a, b, 2*time.Second)
}

// TestPairOfEqualSimulations: nothing changes for any player.
func TestPairOfEqualSimulations(t *testing.T) {
	t.Parallel()
	_, _, p := simulatedPair(t, nil, nil)
	if p.Players != 120 || p.Sessions != 120 || p.Unmatched+p.Single+p.Moved+len(p.Mixes) != 0 || p.Part != 1 || p.FaultPart != 1 {
		t.Errorf("%d players in both, %d sessions, %d and %d in one; want 120, 120, 0, 0: %+v", p.Players, p.Sessions, p.Unmatched, p.Single, p)
	}
	for _, s := range p.Shares {
		if s.Lost+s.Gained != 0 || s.Worse || float64(s.P) != 1 {
			t.Errorf("share %+v changed", s)
		}
	}
	for _, x := range p.Times {
		if x.Worse+x.Better != 0 || x.Slower || x.Pairs == 0 {
			t.Errorf("time %+v changed", x)
		}
	}
	for _, m := range p.Moves {
		if m.Base != m.New || m.Sessions != m.Of {
			t.Errorf("move %+v", m)
		}
	}
	if len(p.Changed)+p.More != 0 || p.Worse() != "" || len(p.Times) == 0 || len(p.Moves) == 0 {
		t.Errorf("changes %+v, worse %q, %d times, %d moves; want none, none, some", p.Changed, p.Worse(), len(p.Times), len(p.Moves))
	}
	if got, want := strings.Join(p.Sentences("hlsload simulate x"), "\n"), "nothing changed for any of 120 players: the outcomes are the same, and no time differs by more than 1 ms"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

// TestPairAddsUp: with a deliberate change, the pairs are exactly what the two summaries
// say, and the list of those who changed is complete.
func TestPairAddsUp(t *testing.T) {
	t.Parallel()
	for name, now := range map[string][]string{
		"a time to live of 10 s":     {"--set", "target.rig.edge.playlist_ttl=10s"},
		"another player":             {"--set", "fleet.cohorts.tv.profile=shaka-5.2"},
		"an origin that keeps stale": {"--set", "target.rig.origin.stale=none"},
		"a longer fault":             {"--set", "chaos.kill-0.for=28s"},
		"half the audience":          {"--players", "60"},
		"another mix":                {"--set", "fleet.cohorts.web.share=40%", "--set", "fleet.cohorts.tv.share=60%"},
		"no second fault":            {"--set", "chaos.slow.by=1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after, p := simulatedPair(t, nil, now)
			t.Log(strings.Join(p.Sentences("hlsload simulate short.yaml"), "\n"))
			t.Log("worse: ", p.Worse())
			sums := map[string][2]int64{}
			for i, s := range [2]*reports.Summary{before, after} {
				add := func(of string, n int64) {
					two := sums[of]
					two[i] += n
					sums[of] = two
				}
				for k := range s.Faults {
					f := &s.Faults[k]
					for of, n := range map[string]int64{"failed_over": f.FailedOver, "healed": f.Healed, "never_recovered": f.NeverRecovered} {
						add(of+"{fault="+f.Name+"}", n)
					}
				}
				add("stalled", s.Players.Stalled)
				add("startup_failed", s.Players.StartupFailed)
				add("fatal", s.Players.Fatal)
			}
			changed := 0
			for _, s := range p.Shares {
				got, want := [2]int64{int64(s.Both + s.Lost), int64(s.Both + s.Gained)}, sums[s.Of]
				if p.Unmatched+p.Single == 0 && got != want || got[0] > want[0] || got[1] > want[1] { // only pairs are counted
					t.Errorf("%s: pairs add up to %d and %d; want %d and %d as the summaries say: %+v", s.Of, got[0], got[1], want[0], want[1], s)
				}
			}
			if len(p.Shares) != 3+3*len(before.Faults) {
				t.Errorf("%d shares; want three of all sessions and three of each fault", len(p.Shares))
			}
			moves := map[string]int{}
			for _, m := range p.Moves {
				if m.Base != m.New {
					changed += m.Sessions
					moves[fmt.Sprint(m.Fault, m.Base, m.New)] = m.Sessions
				}
			}
			listed := 0
			for _, c := range p.Changed {
				if c.Fault != "" {
					listed++
					moves[fmt.Sprint(c.Fault, c.Base, c.New)]--
				}
			}
			if p.More == 0 && listed != changed {
				t.Errorf("%d changes listed; want %d", listed, changed)
			}
			for m, n := range moves {
				if p.More == 0 && n != 0 || n < 0 {
					t.Errorf("%s: %d more than listed", m, n)
				}
			}
		})
	}
}

// TestComparePlayerByPlayer: compare pairs two simulations, says what it needs for that when
// it lacks it, and a file that cannot be written costs no verdict.
func TestComparePlayerByPlayer(t *testing.T) {
	t.Parallel()
	base, now, full := filepath.Join(t.TempDir(), "base"), filepath.Join(t.TempDir(), "new"), filepath.Join(t.TempDir(), "full")
	for dir, more := range map[string][]string{base: nil, now: {"--set", "target.rig.origin.stale=none"}} {
		if code, _, stderr := executed(t, append([]string{"simulate", "testdata/scenarios/short.yaml", "--progress", "none", "--out", dir}, more...)...); code != 0 && code != reports.ExitFail {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	compare := func() (int, string) {
		code, stdout, stderr := executed(t, "compare", base, now, "--across", "target", "--out", t.TempDir())
		return code, strings.Join(strings.Fields(stdout+stderr), " ")
	}
	code, text := compare()
	for _, want := range []string{"12 of 20 sessions that failed over from kill-0 in the base waited for its end in the new run: cohort web (hlsjs-1.7) 12 of 12; the first is player 0", "--events --out player-"} {
		if code != reports.ExitFail || !strings.Contains(text, want) {
			t.Errorf("exit code %d; want 99 and %s:\n%s", code, want, text)
		}
	}
	file := filepath.Join(now, reports.PlayersFile)
	if err := os.WriteFile(file, []byte("player,session\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := compare(); code != reports.ExitFail || !strings.Contains(text, "not compared player by player: "+file+": read players: line 1: 2 columns (want 22)") {
		t.Errorf("a broken file: exit code %d; want 99, and what is wrong:\n%s", code, text)
	}
	if err := os.MkdirAll(filepath.Join(full, reports.PlayersFile), 0o755); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--progress", "none", "--quiet", "--out", full)
	if code != 1 || !strings.Contains(stdout, "PASS") || !strings.Contains(stderr, "the verdict above stands") || !strings.Contains(stderr, "write the outcomes of the players: ") {
		t.Errorf("a file that cannot be written: exit code %d, %s%s; want 1, and the verdict", code, stdout, stderr)
	}
	if _, err := reports.Read(full); err != nil {
		t.Errorf("summary: %v", err)
	}
}

// TestPlayersHideSecrets: names are masked as in every other file.
func TestPlayersHideSecrets(t *testing.T) {
	var secrets redact.Secrets
	secrets.AddReference("s3cret-value", "${NAME}")
	table := &players.Table{SessionShare: players.Shares, EffectShare: players.Shares, Cohorts: []players.Cohort{{Name: "a s3cret-value", Profile: "s3cret-value"}}, Occurrences: []players.Occurrence{{Fault: "s3cret-value", Number: 1}},
		Sessions: []players.Session{{Number: 1}}, Effects: []players.Effect{{Number: 1}}}
	dir := t.TempDir()
	if err := writePlayers(dir, table, &secrets); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join(dir, reports.PlayersFile))
	if err != nil || strings.Contains(string(rows), "s3cret") || strings.Count(string(rows), ",a ${NAME},${NAME},") != 2 || !strings.Contains(string(rows), ",1,${NAME},1,failed_over,") {
		t.Errorf("%v; want rows without the value:\n%s", err, rows)
	}
}
