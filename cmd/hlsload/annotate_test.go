package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnnotate: a finished run is shown where GitHub looks for it.
func TestAnnotate(t *testing.T) {
	root := t.TempDir()
	work := filepath.Join(root, "repository", "load")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	if err := os.WriteFile("short.yaml", []byte(strings.Replace(shortScenario, "100s", "1ms", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_WORKSPACE", filepath.Join(root, "repository"))
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(root, "summary"))
	t.Setenv("GITHUB_OUTPUT", filepath.Join(root, "output"))
	if code, _, stderr := executed(t, "simulate", "short.yaml", "--out", "out", "--quiet"); code != 99 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := executed(t, "annotate", "out")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "::error file=load/short.yaml,line=10,title=short%3A startup.p95 < 1ms::startup.p95 < 1ms: measured ") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	// What later steps add stays.
	if err := os.WriteFile("out/comparison.json", []byte(`{"schema": "hlsload.comparison/v1", "outcome": "worse", "reason": "failover.p95 is worse", "exit_code": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := executed(t, "annotate", "out"); code != 0 || !strings.HasSuffix(stdout, "::error file=load/short.yaml,title=worse than before::Failover.p95 is worse.\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	summary, _ := os.ReadFile(filepath.Join(root, "summary"))
	if strings.Count(string(summary), "# FAIL: 1 of 3") != 2 {
		t.Errorf("summary: %s", summary)
	}
	output, _ := os.ReadFile(filepath.Join(root, "output"))
	for _, want := range []string{"verdict=fail\n", "exit-code=99\n", "dir=out\n", "report=" + filepath.Join("out", "report.html") + "\n", "comparison=worse\n"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("no %q in %s", want, output)
		}
	}
	for name, want := range map[string]string{"nowhere": "want the directory of a finished run", ".": "want the directory of a finished run"} {
		if code, stdout, stderr := executed(t, "annotate", name); code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d: %s%s", name, code, stdout, stderr)
		}
	}
	for text, want := range map[string]string{"{": "unexpected end of JSON", `{"schema": "x"}`: `not a comparison (got schema "x"`, strings.Repeat(" ", maxComparison+1): "too large"} {
		if err := os.WriteFile("out/comparison.json", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := executed(t, "annotate", "out"); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%.20q: exit code %d; want %q in %s", text, code, want, stderr)
		}
	}
	if code, _, stderr := executed(t, "annotate", "out", "--comparison", "nowhere"); code != exitUsage || !strings.Contains(stderr, "reading the comparison") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestAnnotateSeeds: a simulation with several seeds is shown as one.
func TestAnnotateSeeds(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	if err := os.WriteFile("short.yaml", []byte(strings.Replace(shortScenario, "100s", "1ms", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", "summary")
	t.Setenv("GITHUB_OUTPUT", "output")
	if code, _, stderr := executed(t, "simulate", "short.yaml", "--seeds", "1..3", "--out", "out", "--quiet"); code != 99 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	code, stdout, stderr := executed(t, "annotate", "out")
	if code != 0 || !strings.HasPrefix(stdout, "::error file=short.yaml,line=10,title=short%3A startup.p95 < 1ms::startup.p95 < 1ms: holds with 0 of 3 seeds, not with 1, 2, 3; measured ") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	output, _ := os.ReadFile("output")
	summary, _ := os.ReadFile("summary")
	if !strings.Contains(string(output), "verdict=fail\nexit-code=99\nreason=") || !strings.HasPrefix(string(summary), "# FAIL: ") || !strings.Contains(string(summary), "startup.p95 < 1ms") {
		t.Errorf("output %s, summary %s", output, summary)
	}
}
