package main

import (
	"bytes"
	"context"
	"encoding/json"
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

// scripted writes an executable script.
func scripted(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRetryVoid: a void run is repeated once, and nothing else is.
func TestRetryVoid(t *testing.T) {
	slow(t)
	const twice = "hlsload: the run is void (exit code 110) and is repeated once, in "
	for _, tc := range []struct {
		name      string
		start     string // the program of the fault: a script
		args      []string
		interrupt time.Duration // 0 = never
		code      int
		verdict   string // of the files in DIR; "" = there are none
		first     string // of those in DIR/void-1
		said      string // on stderr
	}{
		{"void, then it passes", "mkdir $0.seen || exit 1\nexit 1", nil, 0, reports.ExitFault, reports.Void, reports.Void, twice + "30s; its files are in "},
		{"the second time the fault works", "if mkdir $0.seen; then exit 1; fi", []string{"--retry-void=1m"}, 0, reports.ExitPass, reports.Pass, reports.Void, twice + "1m0s"},
		{"the second time it fails", "if mkdir $0.seen; then exit 1; fi", []string{"--set", `expect=["startup.max < 1ms"]`}, 0, reports.ExitFail, reports.Fail, reports.Void, twice},
		{"a failure is not repeated", "exit 0", []string{"--set", `expect=["startup.max < 1ms"]`}, 0, reports.ExitFail, reports.Fail, "", ""},
		{"what is still on is undone first", "exit 0", []string{"--set", `chaos.stop-it.stop=["false"]`}, 0, reports.ExitFault, reports.Void, "", "hlsload: not repeated: a fault may still be on (want hlsload undo "},
		{"interrupted", "exit 0", nil, 20 * time.Second, reports.ExitInterrupted, reports.Interrupted, "", ""},
		{"interrupted in the pause", "exit 1", []string{"--retry-void=1h"}, 30 * time.Minute, reports.ExitFault, "", reports.Void, twice + "1h0m0s"},
		{"not asked for", "exit 1", []string{"--retry-void=0s", "--agents", "2"}, 0, exitUsage, "", "", "agents on other machines end with the run"},
		{"too long a pause", "exit 1", []string{"--retry-void=2h"}, 0, exitUsage, "", "", "want 0s to 1h0m0s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			own := filepath.Join(dir, "mine.txt")
			if err := os.WriteFile(own, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			start := scripted(t, tc.start)
			var stdout, stderr bytes.Buffer
			code := 0
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tc.interrupt > 0 {
					time.AfterFunc(tc.interrupt, cancel)
				}
				code = executeOn(ctx, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}, append([]string{"run", "testdata/scenarios/command.yaml", "--set", `chaos.stop-it.start=["` + start + `"]`,
					"--out", dir, "--progress", "none", "--json", "--retry-void"}, tc.args...), &stdout, &stderr)
			})
			if code != tc.code || !strings.Contains(stderr.String(), tc.said) || tc.said == "" && strings.Contains(stderr.String(), "repeated") {
				t.Errorf("exit code %d; want %d and %q in\n%s", code, tc.code, tc.said, &stderr)
			}
			final := verdictIn(t, dir)
			if first := verdictIn(t, filepath.Join(dir, "void-1")); final.Verdict != tc.verdict || first.Verdict != tc.first {
				t.Errorf("verdicts: first %q, then %q; want %q, %q", first.Verdict, final.Verdict, tc.first, tc.verdict)
			}
			if again := tc.first != "" && tc.verdict != ""; (final.Repeats != nil) != again || again && (final.Repeats.Dir != "void-1" || final.Repeats.ExitCode != reports.ExitFault || !strings.Contains(final.Repeats.Reason, "stop-it")) {
				t.Errorf("repeats %+v", final.Repeats)
			}
			if _, err := os.Stat(own); err != nil {
				t.Errorf("a file that was there before: %v", err)
			}
			var one reports.Summary
			if d := json.NewDecoder(&stdout); tc.verdict != "" && (d.Decode(&one) != nil || one.Verdict != tc.verdict || d.More()) {
				t.Errorf("stdout is not one summary with the verdict %s", tc.verdict)
			}
		})
	}
}

// verdictIn reads a summary; where there is none, it is empty.
func verdictIn(t *testing.T, dir string) reports.Summary {
	t.Helper()
	var s reports.Summary
	data, err := os.ReadFile(filepath.Join(dir, reports.SummaryFile))
	if os.IsNotExist(err) {
		return s
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRepetitionIsReported: the reports of a repetition say what it repeats, also when
// they are written again.
func TestRepetitionIsReported(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := executed(t, "run", "testdata/scenarios/url.yaml", "--progress", "none", "--out", dir, "--retry-void=0s")
	if code != reports.ExitUnreachable || strings.Count(stderr, "target unreachable at start") != 2 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if code, _, stderr := executed(t, "report", dir); code != 0 {
		t.Fatal(stderr)
	}
	const want = "a void run (exit code 112: target unreachable at start"
	for _, name := range []string{reports.MarkdownFile, reports.HTMLFile, reports.JUnitFile} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
}

// TestOnFinish: the program hears how a command ended, however that was, and changes nothing.
func TestOnFinish(t *testing.T) {
	short, kept := "testdata/scenarios/short.yaml", filepath.Join(t.TempDir(), "kept")
	keep := scripted(t, `echo run >>`+kept+`.runs; env | grep ^ON_FINISH_ | sort >`+kept+`; cat >`+kept+`.stdin; echo "told"; exit ${EXIT:-0}`)
	for _, tc := range []struct {
		name  string
		args  []string
		code  int
		env   []string
		stdin string
	}{
		{"pass", []string{"simulate", short}, 0, []string{"ON_FINISH_EXIT_CODE=0", "ON_FINISH_VERDICT=pass", "ON_FINISH_REASON=all 3 expectations hold", "ON_FINISH_SCENARIO=short", "ON_FINISH_SUMMARY=DIR/summary.json", "ON_FINISH_REPORT=DIR/report.html", "ON_FINISH_DIR=DIR"}, "# PASS: all 3"},
		{"fail", []string{"simulate", short, "--set", "expect.0=failover.max{fault=kill-0} < 1s"}, reports.ExitFail, []string{"ON_FINISH_EXIT_CODE=99", "ON_FINISH_VERDICT=fail"}, "# FAIL: 1 of 3"},
		{"void before it began, twice", []string{"run", "testdata/scenarios/url.yaml", "--retry-void=0s"}, reports.ExitUnreachable, []string{"ON_FINISH_EXIT_CODE=112", "ON_FINISH_VERDICT=void"}, "# VOID: target unreachable"},
		{"several seeds", []string{"simulate", short, "--seeds", "1,2"}, 0, []string{"ON_FINISH_VERDICT=pass", "ON_FINISH_MARKDOWN=", "ON_FINISH_SUMMARY=DIR/summary.json"}, "all 2 seeds pass"},
		{"invalid", []string{"simulate", short, "--players", "none"}, exitInvalid, []string{"ON_FINISH_EXIT_CODE=104", "ON_FINISH_VERDICT=none", "ON_FINISH_DIR=", "ON_FINISH_REASON=the scenario is invalid"}, "the scenario is invalid"},
	} {
		for _, exit := range []string{"0", "7"} {
			t.Run(tc.name+", it ends with "+exit, func(t *testing.T) {
				t.Setenv("EXIT", exit)
				dir := t.TempDir()
				os.Remove(kept + ".runs")
				code, stdout, stderr := executed(t, append(tc.args, "--out", dir, "--progress", "none", "--quiet", "--on-finish", keep)...)
				if code != tc.code || strings.Contains(stdout, "told") || !strings.Contains(stderr, "told") {
					t.Errorf("exit code %d, want %d; stdout %q, stderr %q", code, tc.code, stdout, stderr)
				}
				if warned := strings.Contains(stderr, "hlsload: warning: --on-finish: run "+keep+": exit status 7 (the exit code stays "); warned != (exit == "7") {
					t.Errorf("warned %v: %s", warned, stderr)
				}
				env, _ := os.ReadFile(kept)
				for _, want := range tc.env {
					want = strings.Replace(want, "=DIR", "="+dir, 1)
					if strings.HasSuffix(want, "=") {
						want += "\n"
					}
					if !strings.Contains("\n"+string(env), "\n"+want) {
						t.Errorf("no %s in\n%s", want, env)
					}
				}
				if stdin, _ := os.ReadFile(kept + ".stdin"); !strings.HasPrefix(string(stdin), tc.stdin) {
					t.Errorf("standard input %q; want %q", stdin, tc.stdin)
				}
				if runs, _ := os.ReadFile(kept + ".runs"); string(runs) != "run\n" {
					t.Errorf("it ran %d times; want once", strings.Count(string(runs), "\n"))
				}
			})
		}
	}
}

// TestOnFinishIsThere: a program that is not there is found before the run, not after it.
func TestOnFinishIsThere(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := executed(t, "simulate", "pipeline-kill", "--on-finish", "./no-such-program", "--out", dir)
	if entries, _ := os.ReadDir(dir); code != exitUsage || !strings.Contains(stderr, "--on-finish: ") || len(entries) > 0 {
		t.Errorf("exit code %d, %d files: %s", code, len(entries), stderr)
	}
}

// TestOnFinishKeepsSecrets: what the program is told holds no secret of the scenario.
func TestOnFinishKeepsSecrets(t *testing.T) {
	t.Setenv("STREAM_TOKEN", "s3cr3t-token")
	tell := scripted(t, `env | grep ^ON_FINISH_; cat; echo s3cr3t-token`)
	_, stdout, stderr := executed(t, "run", "testdata/scenarios/url.yaml", "--url", "http://127.0.0.1:1/${STREAM_TOKEN}/index.m3u8", "--out", t.TempDir(), "--progress", "none", "--on-finish", tell)
	if strings.Contains(stdout+stderr, "s3cr3t") || !strings.Contains(stderr, "ON_FINISH_VERDICT=void") || !strings.Contains(stderr, "${STREAM_TOKEN}") {
		t.Errorf("stdout %s, stderr %s", stdout, stderr)
	}
}

// TestOnFinishOfInterrupted: the user who ends a run does not end what is to be told about it.
func TestOnFinishOfInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := execute(ctx, []string{"simulate", "soak", "--players", "50", "--out", t.TempDir(), "--quiet", "--on-finish", scripted(t, `echo "told: $ON_FINISH_VERDICT $ON_FINISH_EXIT_CODE"`)}, &stdout, &stderr)
	if code != reports.ExitInterrupted || !strings.Contains(stderr.String(), "told: interrupted 105\n") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
