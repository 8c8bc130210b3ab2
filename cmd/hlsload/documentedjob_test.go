package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"hlsload/nights"
)

const ciPage = "../../docs/ci.md"

// shown is the first block of a language in docs/ci.md that holds a text.
func shown(t *testing.T, language, holds string) string {
	t.Helper()
	page, err := os.ReadFile(ciPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(m[1], holds) {
			return m[1]
		}
	}
	t.Fatalf("%s shows no %s with %q", ciPage, language, holds)
	return ""
}

// step is one of a job or of a composite action.
type step struct {
	ID, Name, If, Uses, Run, Shell string
	With, Env                      map[string]string
}

// runner runs jobs of GitHub as far as docs/ci.md and action.yml need it: checkout is done
// by the test, artifacts are looked at and kept where they are.
type runner struct {
	*job
	env  map[string]string // of the workflow
	log  strings.Builder
	kept []string // paths of artifacts
}

// scope is what expressions of a job or of an action know.
type scope struct {
	values map[string]string // by name: inputs.x, steps.x.outputs.y
	failed bool
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

// fill puts values in the place of expressions.
func (s *scope) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string { return s.term(expression.FindStringSubmatch(e)[1]) })
}

func (s *scope) term(e string) string {
	if text, ok := strings.CutPrefix(e, "'"); ok {
		return strings.TrimSuffix(text, "'")
	}
	return s.values[e]
}

// holds evaluates a condition; "" = no step before has failed.
func (s *scope) holds(t *testing.T, condition string) bool {
	t.Helper()
	if m := expression.FindStringSubmatch(condition); m != nil {
		condition = m[1]
	}
	always := false
	for part := range strings.SplitSeq(condition, "&&") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if part == "always()" {
			always = true
			continue
		}
		m := regexp.MustCompile(`^(\S+) (==|!=) (\S+)$`).FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("condition %q: the test does not know it", part)
		}
		if (s.term(m[1]) == s.term(m[3])) != (m[2] == "==") {
			return false
		}
	}
	return always || !s.failed
}

// shell runs a step of commands with files of its own for outputs, as GitHub does.
func (r *runner) shell(st *step, s *scope, inputs ...string) {
	r.t.Helper()
	for _, name := range []string{"output", "path"} {
		_ = os.Remove(filepath.Join(r.dir, name))
	}
	cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", s.fill(st.Run))
	cmd.Dir, cmd.Env = r.work, append(append([]string{}, r.job.env...), inputs...)
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	for name, value := range st.Env {
		cmd.Env = append(cmd.Env, name+"="+s.fill(value))
	}
	out, err := cmd.CombinedOutput()
	fmt.Fprintf(&r.log, "== %s: %v\n%s", st.Name, err, out)
	s.values["steps."+st.ID+".outcome"] = map[bool]string{true: "success", false: "failure"}[err == nil]
	s.failed = s.failed || err != nil
	for line := range strings.Lines(r.file("output")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		s.values["steps."+st.ID+".outputs."+name] = value
	}
	for line := range strings.Lines(r.file("path")) {
		r.job.env = append(r.job.env, "PATH="+strings.TrimSpace(line)+":"+r.pathOf())
	}
}

func (r *runner) pathOf() string {
	path := ""
	for _, e := range r.job.env {
		if p, ok := strings.CutPrefix(e, "PATH="); ok {
			path = p
		}
	}
	return path
}

// composite runs the action.
func (r *runner) composite(st *step, outer *scope) {
	r.t.Helper()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		r.t.Fatal(err)
	}
	var action struct {
		Inputs  map[string]struct{ Default string }
		Outputs map[string]struct{ Value string }
		Runs    struct{ Steps []step }
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		r.t.Fatal(err)
	}
	repository, ref, _ := strings.Cut(st.Uses, "@")
	s := &scope{values: map[string]string{"github.action_ref": ref, "github.action_repository": repository, "strategy.job-index": "0"}}
	for name, in := range action.Inputs {
		s.values["inputs."+name] = in.Default
	}
	for name, value := range st.With {
		if _, ok := action.Inputs[name]; !ok {
			r.t.Errorf("the action has no input %s", name)
		}
		s.values["inputs."+name] = outer.fill(value)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		r.t.Fatal(err)
	}
	for i := range action.Runs.Steps {
		in := &action.Runs.Steps[i]
		switch {
		case !s.holds(r.t, in.If):
			s.values["steps."+in.ID+".outcome"] = "skipped"
		case strings.HasPrefix(in.Uses, "actions/upload-artifact@"):
			for line := range strings.Lines(s.fill(in.With["path"])) {
				if path := strings.TrimSpace(line); path != "" {
					if _, err := os.Stat(filepath.Join(r.work, path)); err != nil {
						r.t.Errorf("artifact: %v", err)
					}
					r.kept = append(r.kept, path)
				}
			}
		default:
			r.shell(in, s, "GITHUB_ACTION_PATH="+root)
		}
	}
	for name, out := range action.Outputs {
		outer.values["steps."+st.ID+".outputs."+name] = s.fill(out.Value)
	}
	outer.failed = outer.failed || s.failed
}

// TestJobOfTheDocuments runs the job that docs/ci.md shows for GitHub, night after night, on
// a repository of its own: the steps as they are printed, the action by its file.
func TestJobOfTheDocuments(t *testing.T) {
	slow(t)
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIPPED: no git here")
	}
	var flow struct {
		Name        string
		On          map[string]any
		Permissions map[string]string
		Concurrency struct{ Group string }
		Env         map[string]string
		Jobs        map[string]struct {
			RunsOn         string `yaml:"runs-on"`
			TimeoutMinutes int    `yaml:"timeout-minutes"`
			Steps          []step
		}
	}
	loader, err := yaml.NewLoader(strings.NewReader(shown(t, "yaml", "name: night")), yaml.WithKnownFields())
	if err != nil {
		t.Fatal(err)
	}
	if err := loader.Load(&flow); err != nil {
		t.Fatal(err)
	}
	j := newJob(t)
	j.programs("")
	program, err := os.ReadFile(filepath.Join(j.bin, "hlsload"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(j.bin, "hlsload")); err != nil { // the action installs it
		t.Fatal(err)
	}
	name := fmt.Sprintf("hlsload_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	release := tarball(t, string(program))
	srv := httptest.NewServer(http.StripPrefix("/OWNER", http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.URL.Path = "/owner" + req.URL.Path
		(&releases{files: map[string][]byte{"v1.2.3/checksums.txt": fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(release), name), "v1.2.3/" + name: release}}).redirecting("/OWNER").ServeHTTP(w, req)
	})))
	defer srv.Close()
	git := func(dir string, args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "init.defaultBranch=main"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	origin := filepath.Join(j.dir, "origin.git")
	git(j.dir, "init", "-q", "--bare", origin)
	git(j.work, "init", "-q")
	if err := os.WriteFile(filepath.Join(j.work, "night.yaml"), []byte(briefScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	git(j.work, "add", ".")
	git(j.work, "commit", "-q", "-m", "a scenario")
	git(j.work, "remote", "add", "origin", origin)
	git(j.work, "push", "-q", "origin", "HEAD:main")
	for night, want := range []struct {
		env        map[string]string
		verdict    string
		comparison string
		failed     bool
	}{
		{nil, "pass", "nothing", false},
		{map[string]string{"SCENARIO": "strict.yaml"}, "fail", "undecided", true},
	} {
		work := filepath.Join(j.dir, fmt.Sprintf("night-%d", night)) // each night begins with a fresh checkout
		git(j.dir, "clone", "-q", origin, work)
		if err := os.WriteFile(filepath.Join(work, "strict.yaml"), []byte(strings.Replace(briefScenario, "100s", "1ms", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &runner{job: &job{t: t, dir: j.dir, work: work, bin: j.bin, action: j.action}, env: map[string]string{}}
		r.job.env = append(append([]string{}, j.env...), "GITHUB_SERVER_URL="+srv.URL, "GITHUB_WORKSPACE="+work)
		for name, value := range flow.Env {
			r.env[name] = value
		}
		r.env["SCENARIO"] = "night.yaml" // in place of one that takes an hour
		for name, value := range want.env {
			r.env[name] = value
		}
		s := &scope{values: map[string]string{}}
		for name, value := range r.env {
			s.values["env."+name] = value
		}
		steps := flow.Jobs["night"].Steps
		if len(steps) != 4 || !strings.HasPrefix(steps[0].Uses, "actions/checkout@") {
			t.Fatalf("steps: %+v", steps)
		}
		for i := range steps[1:] {
			st := &steps[1+i]
			switch {
			case !s.holds(t, st.If):
			case strings.Contains(st.Uses, "/hlsload@"):
				r.composite(st, s)
			case st.Uses != "":
				t.Fatalf("step uses %s: the test does not know it", st.Uses)
			default:
				r.shell(st, s)
			}
		}
		if got := s.values["steps.night.outputs.verdict"]; got != want.verdict || s.failed != want.failed || s.values["steps.night.outputs.comparison"] != want.comparison {
			t.Fatalf("night %d: verdict %q, comparison %q, failed %v; want %+v:\n%s", night, got, s.values["steps.night.outputs.comparison"], s.failed, want, r.log.String())
		}
		lines := git(origin, "show", "nights:history.ndjson")
		if n := strings.Count(lines, nights.Schema); n != night+1 {
			t.Errorf("night %d: the branch has %d nights; want %d:\n%s", night, n, night+1, r.log.String())
		}
		if files := strings.Fields(git(origin, "ls-tree", "--name-only", "nights")); len(files) != 1 {
			t.Errorf("night %d: the branch has %v; want the history alone", night, files)
		}
		if len(r.kept) != 2 || !strings.HasPrefix(r.kept[0], "nights/night-") && !strings.HasPrefix(r.kept[0], "nights/strict-") || r.kept[1] != "nights/index.html" {
			t.Errorf("night %d: kept %v", night, r.kept)
		}
	}
}

// redirecting answers for the latest release below a path of its own.
func (r *releases) redirecting(root string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if rest, ok := strings.CutPrefix(req.URL.Path, "/owner/hlsload/releases/latest/"); ok {
			http.Redirect(w, req, root+"/hlsload/releases/download/v1.2.3/"+strings.TrimPrefix(rest, "download/"), http.StatusFound)
			return
		}
		r.ServeHTTP(w, req)
	})
}

// TestScriptOfTheDocuments runs the shell script that docs/ci.md shows.
func TestScriptOfTheDocuments(t *testing.T) {
	slow(t)
	t.Parallel()
	j := newJob(t)
	j.programs("")
	for name, text := range map[string]string{"night.sh": shown(t, "sh", "# A night:"), "night.yaml": briefScenario, "strict.yaml": strings.Replace(briefScenario, "100s", "1ms", 1)} {
		if err := os.WriteFile(filepath.Join(j.work, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i, tc := range []struct {
		scenario string
		code     int
		said     string
	}{{"night.yaml", 0, "NOTHING TO COMPARE"}, {"strict.yaml", 99, "FAIL"}, {"missing.yaml", 2, "no such scenario"}} {
		cmd := exec.Command("sh", "night.sh", tc.scenario)
		cmd.Dir, cmd.Env = j.work, j.env
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != tc.code || !bytes.Contains(out, []byte(tc.said)) {
			t.Errorf("%s: exit code %d; want %d and %q:\n%s", tc.scenario, code, tc.code, tc.said, out)
		}
		if text, _ := os.ReadFile(filepath.Join(j.work, "nights", "history.ndjson")); strings.Count(string(text), "\n") != min(i+1, 2) {
			t.Errorf("%s: the history has %d nights", tc.scenario, strings.Count(string(text), "\n"))
		}
	}
}

// TestChatOfTheDocuments: the script for a chat posts what it should, and keeps quiet about
// a pass.
func TestChatOfTheDocuments(t *testing.T) {
	for _, program := range []string{"jq", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: no %s here", program)
		}
	}
	j := newJob(t)
	j.programs("")
	var posted []string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted = append(posted, r.Header.Get("Content-Type")+" "+string(body))
	}))
	tell := filepath.Join(j.work, "tell-chat")
	if err := os.WriteFile(tell, []byte(shown(t, "sh", "# tell-chat")), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"night.yaml": briefScenario, "strict.yaml": strings.Replace(briefScenario, "100s", "1ms", 1)} {
		if err := os.WriteFile(filepath.Join(j.work, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(j.bin, "hlsload"), "simulate", name, "--quiet", "--on-finish", "./tell-chat")
		cmd.Dir = j.work
		cmd.Env = append(append([]string{}, j.env...), "SLACK_WEBHOOK_URL="+srv.URL+"/services/T0/B0/secret", "GITHUB_RUN_ID=7", "GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=o/r")
		if out, _ := cmd.CombinedOutput(); strings.Contains(string(out), "warning") || strings.Contains(string(out), "secret") {
			t.Errorf("%s: %s", name, out)
		}
	}
	srv.Close()
	if want := "application/json {\n  \"text\": \"*night: fail* (exit code 99): 1 of 2 expectations does not hold: startup.p50 < 1ms, measured 247 ms\\nhttps://github.com/o/r/actions/runs/7\"\n}\n"; len(posted) != 1 || posted[0] != want {
		t.Errorf("posted %q; want %q", posted, want)
	}
}
