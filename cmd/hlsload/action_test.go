package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"hlsload/nights/workflow"
	"hlsload/reports"
)

// job is a job of GitHub as its steps see it: the files to which they write, and the
// folders that there are.
type job struct {
	t                      *testing.T
	dir, work, bin, action string
	env                    []string
}

func newJob(t *testing.T) *job {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: the scripts of the action are tested with a bash of Linux or macOS")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: no bash here")
	}
	action, err := filepath.Abs("../../deploy/action")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	j := &job{t: t, dir: dir, work: filepath.Join(dir, "work"), bin: filepath.Join(dir, "bin"), action: action}
	for _, d := range []string{j.work, j.bin, filepath.Join(dir, "temp")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	j.env = []string{"PATH=" + j.bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "RUNNER_TEMP=" + filepath.Join(dir, "temp"), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + j.work, "GITHUB_JOB=nightly",
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"), "GITHUB_PATH=" + filepath.Join(dir, "path"), "GITHUB_RUN_ATTEMPT=1"}
	return j
}

// programs puts hlsload into PATH: this test binary, after lines of a shell that may do
// something else.
func (j *job) programs(first string) {
	j.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		j.t.Fatal(err)
	}
	text := "#!/bin/bash\n" + first + "\nHLSLOAD_TEST_IS_THE_PROGRAM=1 exec " + exe + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(j.bin, "hlsload"), []byte(text), 0o755); err != nil {
		j.t.Fatal(err)
	}
}

// step runs a script of the action, with inputs as NAME=value.
func (j *job) step(name string, inputs ...string) (code int, log string) {
	j.t.Helper()
	cmd := j.command(j.t.Context(), name, inputs...)
	out, err := cmd.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		j.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (j *job) command(ctx context.Context, name string, inputs ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(j.action, name))
	cmd.Dir, cmd.Env = j.work, append(j.env, inputs...)
	return cmd
}

func (j *job) file(name string) string {
	text, _ := os.ReadFile(filepath.Join(j.dir, name))
	return string(text)
}

// outputs are the values that later steps see: the last of a name counts.
func (j *job) outputs() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(j.file("output")) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || !regexp.MustCompile(`^[a-z-]+$`).MatchString(name) {
			j.t.Errorf("not an output: %q", line)
		}
		all[name] = value
	}
	return all
}

// verdict runs the last step on the outputs of the run.
func (j *job) verdict(failOn string) int {
	j.t.Helper()
	o := j.outputs()
	code, _ := j.step("verdict", "VERDICT="+o["verdict"], "EXIT_CODE="+o["exit-code"], "REASON="+o["reason"], "COMPARISON="+o["comparison"], "FAIL_ON="+failOn)
	return code
}

const everyVerdict = "fail,void,interrupted,worse"

// annotated are the lines of a log that GitHub takes for commands: those between
// stop-commands and its end are none.
func annotated(log string) (all []string) {
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		token, stops := strings.CutPrefix(line, "::stop-commands::")
		switch {
		case stopped != "" && line == "::"+stopped+"::":
			stopped = ""
		case stopped != "":
		case stops:
			stopped = token
		case strings.HasPrefix(line, "::") && !strings.Contains(line, "-matcher"):
			all = append(all, line)
		}
	}
	if stopped != "" {
		all = append(all, "commands stay stopped")
	}
	return all
}

const shortScenario = `version: 1
name: short
duration: 24s
recovery: 4s
target: {rig: {ladder: mini, segment: 1s}}
fleet: {players: 12, arrive: {over: 2s}, cohorts: [{name: web, profile: hlsjs-1.7}]}
chaos: [{name: kill-0, fault: pipeline.kill, at: 8s, for: 8s, pipeline: 0}]
expect:
  - failed_over{fault=kill-0} >= 90%
  - startup.p95 < 100s
`

// TestActionRuns: what a job sees of each kind of end.
func TestActionRuns(t *testing.T) {
	slow(t)
	for _, tc := range []struct {
		name     string
		scenario string // file; "" = short.yaml
		first    string // lines of the shell before hlsload
		inputs   []string
		code     int
		verdict  string
		outputs  map[string]string
		commands []string // parts of the annotations, in order
		summary  string   // part of the summary of the step
		failOn   string
		fails    int // exit code of the last step
	}{
		{"pass", "", "", nil, 0, "pass", map[string]string{"repeated": "false", "artifact": "hlsload-nightly-0-1-1"}, nil, "# PASS: all 3 expectations hold", everyVerdict, 0},
		{"fail", "", "", []string{`ARGS=--set "expect.0=startup.p50 > 100s"` + " \n --seed 9", "OUT=results", "INDEX=3"}, 99, "fail", map[string]string{"dir": "results", "summary": "results/summary.json", "report": "results/report.html", "artifact": "hlsload-nightly-3-1-1"},
			[]string{"::error file=short.yaml,title=short%3A startup.p50 > 100s::", "::warning file=short.yaml,title=short::"}, "# FAIL: 1 of 3", everyVerdict, 99},
		{"fail at a line", "strict.yaml", "", []string{"ARTIFACT=mine"}, 99, "fail", map[string]string{"artifact": "mine"}, []string{"::error file=strict.yaml,line=10,title=short%3A startup.p95 < 1ms::startup.p95 < 1ms: measured "}, "# FAIL: 1 of 3", "void", 0},
		{"void, twice", "", "", []string{"COMMAND=run", "RETRY_VOID=true", "ARTIFACT=none", `ARGS=--url http://127.0.0.1:1/index.m3u8 --set 'chaos=[]' --set 'expect=[]' --retry-void=0s`}, 112, "void", map[string]string{"repeated": "true", "artifact": ""},
			[]string{"::notice file=short.yaml,title=short%3A repeated::A void run came before (exit code 112", "::error file=short.yaml,title=short%3A void (exit code 112)::Target unreachable at start"}, "# VOID: target unreachable", everyVerdict, 112},
		{"void, and that is no failure", "", "", []string{"COMMAND=run", "RETRY_VOID=false", `ARGS=--url http://127.0.0.1:1/index.m3u8 --set chaos=[] --set expect=[]`}, 112, "void", map[string]string{"repeated": "false"}, []string{"::error"}, "# VOID", "fail", 0},
		{"invalid", "broken.yaml", "", nil, 104, "invalid", nil, []string{"::error title=hlsload: invalid (exit code 104)::"}, "# invalid: hlsload ended with 104", "none", 104},
		{"no such file", "missing.yaml", "", nil, 2, "error", map[string]string{"summary": ""}, []string{"::error title=hlsload: error (exit code 2)::"}, "# error", "none", 2},
		{"killed", "", "[[ $1 = simulate ]] && kill -9 $$", nil, 137, "crash", nil, []string{"::error title=hlsload: crash (exit code 137)::hlsload was killed (signal 9)"}, "# crash", "none", 137},
		{"a panic in the run", "", `[[ $1 = simulate ]] && { mkdir -p "$3"; echo >"$3/journal.ndjson"; echo "panic: oops"; exit 2; }`, []string{"OUT=x"}, 2, "crash", nil, []string{"::error title=hlsload: crash (exit code 2)::hlsload crashed"}, "# crash", "none", 2},
		{"no results", "", "[[ $1 = simulate ]] && exit 0", nil, 0, "crash", nil, []string{"::error title=hlsload: crash (exit code 0)::hlsload ended with 0 and left no summary"}, "# crash", "none", 1},
		{"wrong words", "", "", []string{`ARGS=--set "expect`}, 2, "error", nil, []string{"::error title=hlsload: error (exit code 2)::args are not words"}, "# error", "none", 2},
		{"wrong command", "", "", []string{"COMMAND=rm -rf /"}, 2, "error", nil, []string{"::error title=hlsload: error (exit code 2)::command is neither"}, "# error", "none", 2},
		{"worse than before", "", `case $1 in history) exit 0;; compare) [[ $2 = --first-ok && $6 = nights ]] || exit 2; echo '{"schema": "hlsload.comparison/v1", "outcome": "worse", "exit_code": 99, "findings": [{"measure": "failover.p95{fault=kill-0}", "worse": true, "why": "9 s against 7 s"}]}' >"$4/comparison.json"; echo "# Worse" >"$4/comparison.md"; exit 99;; esac; [[ $4 = --history ]] && set -- "${@:1:3}" "${@:6}"`,
			[]string{"HISTORY=nights"}, 0, "pass", map[string]string{"comparison": "worse", "comparison-exit-code": "99"}, []string{"::error file=short.yaml,title=worse%3A failover.p95{fault=kill-0}::9 s against 7 s."}, "# Worse", everyVerdict, 99},
		{"worse, and that is no failure", "", `case $1 in history) exit 0;; compare) echo '{"schema": "hlsload.comparison/v1", "outcome": "worse", "exit_code": 99}' >"$4/comparison.json"; exit 99;; esac; [[ $4 = --history ]] && set -- "${@:1:3}" "${@:6}"`,
			[]string{"HISTORY=nights"}, 0, "pass", map[string]string{"comparison": "worse"}, []string{"::error"}, "# PASS", "fail,void", 0},
		{"the comparison breaks", "", `[[ $1 = compare ]] && exit 1; [[ $1 = history ]] && exit 1; [[ $4 = --history ]] && set -- "${@:1:3}" "${@:6}"`,
			[]string{"HISTORY=nights"}, 0, "pass", map[string]string{"comparison": ""}, []string{"::warning title=hlsload compare::", "::warning title=hlsload history::"}, "# PASS", everyVerdict, 0},
		{"a summary that is huge", "", `[[ $1 = annotate ]] && { head -c 3000000 /dev/zero | tr '\0' x | fold -w 100 >>"$3/summary.md"; }`, nil, 0, "pass", nil, nil, "report.html has the whole", everyVerdict, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			j.programs(tc.first)
			for name, text := range map[string]string{
				"short.yaml":  shortScenario,
				"strict.yaml": strings.Replace(shortScenario, "100s", "1ms", 1),
				"broken.yaml": strings.Replace(shortScenario, "duration: 24s", "duration: long", 1),
			} {
				if err := os.WriteFile(filepath.Join(j.work, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			scenario := tc.scenario
			if scenario == "" {
				scenario = "short.yaml"
			}
			code, log := j.step("run", append([]string{"SCENARIO=" + scenario, "COMMAND=simulate", "RETRY_VOID=true"}, tc.inputs...)...)
			if code != 0 {
				t.Fatalf("exit code %d; want 0, so that the results are kept:\n%s", code, log)
			}
			got := j.outputs()
			if got["verdict"] != tc.verdict || got["exit-code"] != fmt.Sprint(tc.code) {
				t.Errorf("verdict %q, exit code %s; want %s, %d:\n%s", got["verdict"], got["exit-code"], tc.verdict, tc.code, log)
			}
			for name, want := range tc.outputs {
				if got[name] != want {
					t.Errorf("output %s is %q; want %q", name, got[name], want)
				}
			}
			said := annotated(log)
			if len(said) != len(tc.commands) {
				t.Errorf("%d annotations; want %d:\n%s", len(said), len(tc.commands), strings.Join(said, "\n"))
			}
			for i, want := range tc.commands {
				if i < len(said) && !strings.HasPrefix(said[i], want) {
					t.Errorf("annotation %q; want %q", said[i], want)
				}
			}
			if summary := j.file("summary"); !strings.Contains(summary, tc.summary) || len(summary) > workflow.MaxSummary {
				t.Errorf("the summary has %d bytes; want at most %d, and %q:\n%.500s", len(summary), workflow.MaxSummary, tc.summary, summary)
			}
			if code := j.verdict(tc.failOn); code != tc.fails {
				t.Errorf("fail-on %s: exit code %d; want %d", tc.failOn, code, tc.fails)
			}
			if tc.code == 0 && tc.verdict == "pass" {
				if _, err := os.Stat(filepath.Join(j.work, got["dir"], reports.JUnitFile)); err != nil {
					t.Errorf("dir: %v", err)
				}
			}
		})
	}
}

// TestActionWithoutHlsload: a step before that did not set it up is said.
func TestActionWithoutHlsload(t *testing.T) {
	j := newJob(t)
	code, log := j.step("run", "SCENARIO=pipeline-kill")
	if o := j.outputs(); code != 0 || o["verdict"] != "crash" || !strings.Contains(o["reason"], "no hlsload in PATH") {
		t.Errorf("exit code %d, %v: %s", code, o, log)
	}
	if code := j.verdict("none"); code != 127 {
		t.Errorf("exit code %d; want 127", code)
	}
	if code, log := j.step("verdict", "VERDICT=", "EXIT_CODE=", "REASON=", "COMPARISON=", "FAIL_ON=none"); code != 1 {
		t.Errorf("without a verdict: exit code %d: %s", code, log)
	}
	if code, log := j.step("verdict", "VERDICT=pass", "EXIT_CODE=0", "REASON=", "COMPARISON=", "FAIL_ON=fial"); code != 2 || !strings.Contains(log, `got "fial"`) {
		t.Errorf("a wrong word: exit code %d: %s", code, log)
	}
}

// TestActionTrustsNoName: neither inputs nor what a scenario holds run anything or become
// commands of the workflow.
func TestActionTrustsNoName(t *testing.T) {
	j := newJob(t)
	j.programs("")
	scenario := "$(touch pwned);`touch pwned`,::error::x%0A.yaml"
	text := strings.Replace(shortScenario, "name: short\n", "name: short\ndescription: \"a\\n::error::pwned\\n::add-mask::PASS\\n# $(touch pwned)\"\n", 1)
	text = strings.Replace(text, "100s", "1ms", 1)
	if err := os.WriteFile(filepath.Join(j.work, scenario), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, log := j.step("run", "SCENARIO="+scenario, "COMMAND=simulate", "OUT=out $(touch pwned)\nverdict=pass", `ARGS=-v --set "expect.0=stalled{cohort=web} < 100%" '--set=description=$(touch pwned)\'; touch pwned; "::error::pwned"`, "ARTIFACT=x\ny=z")
	if code != 0 {
		t.Fatal(log)
	}
	code, log2 := j.step("run", "SCENARIO="+scenario, "COMMAND=simulate", "OUT=out $(touch pwned)\nverdict=pass", "ARGS=-v --set 'description=::error::pwned'")
	if o := j.outputs(); code != 0 || o["verdict"] != "fail" || o["y"] != "" {
		t.Errorf("exit code %d, %v: %s", code, o, log2)
	}
	for _, c := range annotated(log + log2) {
		if strings.HasPrefix(c, "::error::") || strings.Contains(c, "mask") {
			t.Errorf("a command of the scenario: %s", c)
		}
	}
	if !strings.Contains(strings.Join(annotated(log2), "\n"), "::error file=$(touch pwned);`touch pwned`%2C%3A%3Aerror%3A%3Ax%250A.yaml,line=11,title=") {
		t.Errorf("annotations: %s", strings.Join(annotated(log2), "\n"))
	}
	err := filepath.WalkDir(j.dir, func(name string, _ os.DirEntry, err error) error {
		if filepath.Base(name) == "pwned" {
			t.Errorf("%s was made", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestActionIsCancelled: the signal that GitHub sends to a script reaches the run, which
// undoes its faults and leaves its reports.
func TestActionIsCancelled(t *testing.T) {
	slow(t)
	t.Parallel()
	j := newJob(t)
	j.programs("")
	if err := os.WriteFile(filepath.Join(j.work, "short.yaml"), []byte(shortScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &watchedLog{want: "kill-0: pipeline.kill is on", seen: make(chan struct{})}
	cmd := j.command(t.Context(), "run", "SCENARIO=short.yaml", "OUT=out", "RETRY_VOID=true", "ARGS=--set limits.lag=10s")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-log.seen:
	case err := <-ended:
		t.Fatalf("%v: %s", err, log.text.String())
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	if err := <-ended; err != nil {
		t.Fatalf("%v: %s", err, log.text.String())
	}
	if o := j.outputs(); o["verdict"] != reports.Interrupted || o["exit-code"] != "105" || o["repeated"] != "false" {
		t.Errorf("%v: %s", o, log.text.String())
	}
	if code, said := j.step("undo", "DIR=out"); code != 0 || said != "" {
		t.Errorf("undo: %d %q; want nothing to undo", code, said)
	}
}

// watchedLog is a log that says when it holds a text.
type watchedLog struct {
	text strings.Builder
	want string
	seen chan struct{}
	once bool
}

func (u *watchedLog) Write(b []byte) (int, error) {
	u.text.Write(b)
	if !u.once && strings.Contains(u.text.String(), u.want) {
		u.once = true
		close(u.seen)
	}
	return len(b), nil
}

// TestActionUndoes: a run that is killed in its fault leaves it on; the step after it ends it.
func TestActionUndoes(t *testing.T) {
	slow(t)
	t.Parallel()
	j := newJob(t)
	mark := filepath.Join(j.dir, "broken")
	j.programs(`if [[ $1 = run ]]; then (for i in {1..300}; do [[ -e ` + mark + ` ]] && break; sleep 0.1; done; kill -9 $$) >/dev/null 2>&1 & fi`)
	text := strings.Replace(shortScenario, "chaos: [{name: kill-0, fault: pipeline.kill, at: 8s, for: 8s, pipeline: 0}]", `chaos: [{name: kill-0, fault: command, at: 5s, for: 12s, start: [touch, "`+mark+`"], stop: [rm, "`+mark+`"]}]`, 1)
	if err := os.WriteFile(filepath.Join(j.work, "killed.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := j.command(ctx, "run", "SCENARIO=killed.yaml", "OUT=out", "RETRY_VOID=true", "ARGS=--set limits.lag=10s").CombinedOutput()
	if o := j.outputs(); err != nil || o["verdict"] != "crash" || o["exit-code"] != "137" {
		t.Fatalf("%v, %v: %s", err, o, out)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Fatalf("the fault is not on: %v: %s", err, out)
	}
	if code, said := j.step("undo", "DIR=out"); code != 0 || !strings.Contains(said, "kill-0") {
		t.Errorf("undo: exit code %d: %s", code, said)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the fault is still on")
	}
}

// TestProblemsOfScenarios: GitHub finds file, line and column of each problem in the log.
func TestProblemsOfScenarios(t *testing.T) {
	data, err := os.ReadFile("../../deploy/action/problems.json")
	if err != nil {
		t.Fatal(err)
	}
	var matcher struct {
		ProblemMatcher []struct {
			Owner, Severity string
			Pattern         []struct {
				Regexp                      string
				File, Line, Column, Message int
			}
		} `yaml:"problemMatcher"`
	}
	if err := yaml.Unmarshal(data, &matcher); err != nil || len(matcher.ProblemMatcher) != 1 || len(matcher.ProblemMatcher[0].Pattern) != 1 {
		t.Fatalf("%v: %+v", err, matcher)
	}
	p := matcher.ProblemMatcher[0].Pattern[0]
	_, _, stderr := executed(t, "run", "../../scenarios/testdata/bad/alarms.yaml")
	found := 0
	for line := range strings.Lines(stderr) {
		if m := regexp.MustCompile(p.Regexp).FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			found++
			if m[p.File] != "../../scenarios/testdata/bad/alarms.yaml" || !regexp.MustCompile(`^\d+$`).MatchString(m[p.Line]+m[p.Column]) || m[p.Message] == "" {
				t.Errorf("%q: %q", line, m)
			}
		}
	}
	if want := strings.Count(stderr, "alarms.yaml:"); found != want || want < 2 {
		t.Errorf("found %d problems; want %d:\n%s", found, want, stderr)
	}
}

// releases is a server of releases.
type releases struct {
	files map[string][]byte
	asked []string
}

func (r *releases) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.asked = append(r.asked, req.URL.Path)
	if rest, ok := strings.CutPrefix(req.URL.Path, "/owner/hlsload/releases/latest/download/"); ok {
		http.Redirect(w, req, "/owner/hlsload/releases/download/v1.2.3/"+rest, http.StatusFound)
		return
	}
	data, ok := r.files[strings.TrimPrefix(req.URL.Path, "/owner/hlsload/releases/download/")]
	if !ok {
		http.NotFound(w, req)
		return
	}
	_, _ = w.Write(data)
}

// tarball is a release for this machine: a program below a folder, as releases have it.
func tarball(t *testing.T, program string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range map[string]string{"hlsload_1.2.3/README.md": "# hlsload", "hlsload_1.2.3/hlsload": program} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestActionSetsUp: a release is installed if it has its checksum, and nothing is if not.
func TestActionSetsUp(t *testing.T) {
	newJob(t)
	name := fmt.Sprintf("hlsload_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	good := tarball(t, "#!/bin/sh\necho \"hlsload v1.2.3, abc, full, go1.26\"\n")
	sum := fmt.Sprintf("%x", sha256.Sum256(good))
	line := sum + "  " + name + "\n"
	other := strings.Repeat("0", 64)
	for _, tc := range []struct {
		name      string
		env       []string
		checksums string
		archive   []byte
		said      string // in the log; "" = it works
		asked     int    // requests; 0 = none
	}{
		{"by version", []string{"VERSION=v1.2.3"}, "f00  other.tar.gz\n" + line, good, "", 2},
		{"as used", []string{"ACTION_REF=v1.2.3"}, line, good, "", 2},
		{"the latest", []string{"VERSION=latest"}, line, good, "", 3},
		{"the latest of a major version", []string{"ACTION_REF=v1"}, line, good, "", 3},
		{"a pinned checksum", []string{"VERSION=v1.2.3", "CHECKSUM=" + sum}, line, good, "", 2},
		{"binary marks", []string{"VERSION=v1.2.3"}, sum + " *" + name + "\n", good, "", 2},
		{"a wrong checksum", []string{"VERSION=v1.2.3"}, other + "  " + name + "\n", good, "does not have the checksum", 2},
		{"a wrong pinned checksum", []string{"VERSION=v1.2.3", "CHECKSUM=" + other}, line, good, "does not have the pinned checksum", 2},
		{"an archive that was exchanged", []string{"VERSION=v1.2.3"}, line, tarball(t, "#!/bin/sh\necho pwned\n"), "does not have the checksum", 2},
		{"no checksum of it", []string{"VERSION=v1.2.3"}, sum + "  hlsload_1.2.3_plan9_mips.tar.gz\n", good, "does not have one archive for", 1},
		{"two checksums of it", []string{"VERSION=v1.2.3"}, line + line, good, "does not have one archive for", 1},
		{"a path as a name", []string{"VERSION=v1.2.3"}, sum + "  hlsload_../../x_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz\n", good, "does not have one archive for", 1},
		{"another version in it", []string{"VERSION=v1.2.3"}, strings.Replace(line, "1.2.3", "1.2.4", 1), good, "the release has version 1.2.4 (want v1.2.3)", 1},
		{"a major version that is not the latest", []string{"ACTION_REF=v2"}, line, good, "the release has version 1.2.3 (want v2)", 2},
		{"no such release", []string{"VERSION=v9.9.9"}, line, good, "cannot download", 1},
		{"no archive", []string{"VERSION=v1.2.3"}, line, nil, "cannot download", 2},
		{"no program in it", []string{"VERSION=v1.2.3"}, "", emptyArchive(t), "has no hlsload", 2},
		{"a program that does not run", []string{"VERSION=v1.2.3"}, "", tarball(t, "#!/bin/sh\nexit 1\n"), "does not run here", 2},
		{"used at a branch", []string{"ACTION_REF=main"}, line, good, "which names no version (want version: v1.2.3, latest or from-source)", 0},
		{"used at a commit", []string{"ACTION_REF=0123456789abcdef0123456789abcdef01234567"}, line, good, "names no version", 0},
		{"used by path", nil, line, good, "names no version", 0},
		{"not a version", []string{"VERSION=v1.2.3/../../evil"}, line, good, "not a version", 0},
		{"nor this", []string{"VERSION=main"}, line, good, "not a version", 0},
		{"no repository", []string{"VERSION=v1.2.3", "ACTION_REPOSITORY="}, line, good, "not a repository", 0},
		{"not over TLS", []string{"VERSION=v1.2.3", "GITHUB_SERVER_URL=http://github.example"}, line, good, "want https", 0},
		{"nothing is installed", []string{"VERSION=installed"}, line, good, "no hlsload in PATH", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			if tc.checksums == "" {
				tc.checksums = fmt.Sprintf("%x  %s\n", sha256.Sum256(tc.archive), name)
			}
			r := &releases{files: map[string][]byte{"v1.2.3/checksums.txt": []byte(tc.checksums)}}
			if tc.archive != nil {
				r.files["v1.2.3/"+name] = tc.archive
			}
			srv := httptest.NewServer(r)
			code, log := j.step("setup", append([]string{"GITHUB_SERVER_URL=" + srv.URL, "ACTION_REPOSITORY=owner/hlsload"}, tc.env...)...)
			srv.Close()
			if tc.said == "" {
				added := strings.TrimSpace(j.file("path"))
				out, err := exec.Command(filepath.Join(added, "hlsload"), "version").Output()
				if code != 0 || err != nil || string(out) != "hlsload v1.2.3, abc, full, go1.26\n" || j.outputs()["version"] != "v1.2.3" {
					t.Errorf("exit code %d, %v, %q, outputs %v:\n%s", code, err, out, j.outputs(), log)
				}
			} else if code == 0 || !strings.Contains(log, "::error title=hlsload cannot be set up::") || !strings.Contains(log, tc.said) || j.file("path") != "" {
				t.Errorf("exit code %d, PATH gets %q; want a failure with %q:\n%s", code, j.file("path"), tc.said, log)
			}
			if len(r.asked) != tc.asked {
				t.Errorf("asked for %q; want %d requests", r.asked, tc.asked)
			}
		})
	}
}

// TestActionBuilds: from-source compiles the full build of the source beside the scripts, if
// there is Go.
func TestActionBuilds(t *testing.T) {
	for name, tc := range map[string]struct{ compiler, said string }{
		"it compiles":     {`while [ $# -gt 0 ]; do case $1 in -o) out=$2 ;; esac; all="$all $1"; shift; done; echo "#!/bin/sh" >$out; echo "echo 'hlsload v1.2.3, from $PWD:$all'" >>$out; chmod +x $out`, ""},
		"it does not":     {"echo oops; exit 1", "the source cannot be built"},
		"there is no Go":  {"", "there is no Go"},
		"it makes no use": {`while [ $# -gt 0 ]; do case $1 in -o) out=$2 ;; esac; shift; done; echo 'exit 1' >$out; chmod +x $out`, "does not run here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			path := j.bin + ":/usr/bin:/bin"
			if tc.compiler != "" {
				if err := os.WriteFile(filepath.Join(j.bin, "go"), []byte("#!/bin/sh\n"+tc.compiler+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			} else if _, err := os.Stat("/usr/bin/go"); err == nil {
				t.Skip("SKIPPED: Go is among the programs of this system")
			}
			code, log := j.step("setup", "PATH="+path, "VERSION=from-source", "ACTION_REF=v1.2.3")
			if tc.said != "" {
				if code == 0 || !strings.Contains(log, tc.said) || j.file("path") != "" {
					t.Errorf("exit code %d; want %q:\n%s", code, tc.said, log)
				}
				return
			}
			root, err := filepath.Abs("../..")
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"from " + root + ":", " -tags full ", " -X main.version=v1.2.3 ", " ./cmd/hlsload"} {
				if code != 0 || !strings.Contains(log, want) {
					t.Errorf("exit code %d; want %q:\n%s", code, want, log)
				}
			}
		})
	}
}

func emptyArchive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := tar.NewWriter(z).Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestActionFile checks action.yml by the rules of GitHub for composite actions, and that
// scripts and file agree.
func TestActionFile(t *testing.T) {
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Name        string
		Description string
		Branding    map[string]string
		Inputs      map[string]struct {
			Description string
			Default     *string
			Required    bool
		}
		Outputs map[string]struct{ Description, Value string }
		Runs    struct {
			Using string
			Steps []struct {
				Name, ID, If, Shell, Run, Uses string
				Env                            map[string]string
				With                           map[string]string
			}
		}
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithKnownFields())
	if err != nil {
		t.Fatal(err)
	}
	if err := loader.Load(&action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" || action.Name == "" || action.Description == "" || len(action.Branding) != 2 {
		t.Errorf("using %q, name %q", action.Runs.Using, action.Name)
	}
	texts := ""
	written := map[string]string{}
	for _, s := range action.Runs.Steps {
		texts += s.If + "\n"
		for _, v := range s.Env {
			texts += v + "\n"
		}
		for _, v := range s.With {
			texts += v + "\n"
		}
		if s.Uses != "" {
			if !regexp.MustCompile(`^actions/[a-z-]+@v\d+$`).MatchString(s.Uses) || s.Run != "" {
				t.Errorf("step %s uses %s", s.Name, s.Uses)
			}
			continue
		}
		script, ok := strings.CutPrefix(strings.Trim(s.Run, `"`), "$GITHUB_ACTION_PATH/deploy/action/")
		if !ok || s.Shell != "bash" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %s runs %q (want a script of deploy/action alone, and no expression: its value would become code)", s.Name, s.Run)
			continue
		}
		text, err := os.ReadFile("../../deploy/action/" + script)
		info, _ := os.Stat("../../deploy/action/" + script)
		if err != nil || info.Mode().Perm()&0o111 == 0 {
			t.Errorf("%s: %v, %v", script, err, info)
			continue
		}
		for name := range s.Env {
			if strings.HasPrefix(name, "HLSLOAD_") || !regexp.MustCompile(`\b`+name+`\b`).Match(text) {
				t.Errorf("step %s: %s does not read %s, or hlsload would refuse it", s.Name, script, name)
			}
		}
		written[s.ID] = string(text)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(texts, -1) {
		used[m[1]] = true
		if _, ok := action.Inputs[m[1]]; !ok {
			t.Errorf("there is no input %s", m[1])
		}
	}
	for name, in := range action.Inputs {
		if !used[name] || in.Description == "" || in.Default == nil {
			t.Errorf("input %s: used %v, %+v", name, used[name], in)
		}
	}
	source, err := os.ReadFile("../../nights/workflow/step.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range action.Outputs {
		m := regexp.MustCompile(`^\$\{\{ steps\.([a-z]+)\.outputs\.([a-z-]+) \}\}$`).FindStringSubmatch(out.Value)
		if m == nil || m[2] != name || out.Description == "" {
			t.Errorf("output %s: %+v", name, out)
			continue
		}
		if text := written[m[1]]; !strings.Contains(text, "output "+name+" ") && !strings.Contains(text, name+"=") && !strings.Contains(string(source), `{"`+name+`", `) {
			t.Errorf("output %s: no step writes it", name)
		}
	}
}

// TestActionScripts: shellcheck finds nothing.
func TestActionScripts(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("SKIPPED: no shellcheck here (want the Debian package)")
	}
	files, err := filepath.Glob("../../deploy/action/*[a-z]")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		if filepath.Ext(file) != "" {
			continue
		}
		n++
		if out, err := exec.Command("shellcheck", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
	if n < 4 {
		t.Errorf("%d scripts in %v", n, files)
	}
}
