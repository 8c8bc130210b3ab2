package main

import (
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"hlsload/reports"
)

const gitlabFile = "../../deploy/gitlab/hlsload.gitlab-ci.yml"

// gitlabJob is what the test knows of a job of GitLab.
type gitlabJob struct {
	Image         string
	Interruptible bool
	ResourceGroup string `yaml:"resource_group"`
	Variables     map[string]string
	Retry         struct {
		Max       int
		When      []string
		ExitCodes []int `yaml:"exit_codes"`
	}
	Cache struct {
		Key, When string
		Paths     []string
	}
	Artifacts struct {
		When     string
		Paths    []string
		Reports  struct{ Junit string }
		ExpireIn string `yaml:"expire_in"`
	}
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	AfterScript  []string `yaml:"after_script"`
}

// TestGitLab runs the job of GitLab as its runner does: before_script and script in one
// shell that ends with the first failure, after_script in another.
func TestGitLab(t *testing.T) {
	slow(t)
	t.Parallel()
	j := newJob(t)
	data, err := os.ReadFile(gitlabFile)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]gitlabJob
	loader, err := yaml.NewLoader(strings.NewReader(string(data)), yaml.WithKnownFields())
	if err != nil {
		t.Fatal(err)
	}
	if err := loader.Load(&all); err != nil {
		t.Fatal(err)
	}
	g := all[".hlsload"]
	if len(all) != 1 || g.Retry.Max != 1 || !slices.Equal(g.Retry.ExitCodes, []int{reports.ExitFault, reports.ExitTester, reports.ExitUnreachable, reports.ExitLost}) || g.Artifacts.When != "always" || g.Cache.When != "always" {
		t.Errorf("%+v", g)
	}
	for name := range g.Variables {
		if strings.HasPrefix(name, "HLSLOAD_") {
			t.Errorf("%s: hlsload refuses it", name)
		}
	}
	j.programs("")
	program, err := os.ReadFile(filepath.Join(j.bin, "hlsload"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("hlsload_1.0.0_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	release := tarball(t, string(program))
	sum := fmt.Sprintf("%x  %s\n", sha256.Sum256(release), name)
	r := &releases{files: map[string][]byte{"v1.0.0/checksums.txt": []byte(sum), "v1.0.0/" + name: release}}
	srv := httptest.NewServer(r)
	defer srv.Close()
	if err := os.WriteFile(filepath.Join(j.work, "night.yaml"), []byte(briefScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	shell := func(lines []string, env ...string) (int, string) {
		cmd := exec.Command("bash", "-eo", "pipefail", "-c", strings.Join(lines, "\n"))
		cmd.Dir = j.work
		cmd.Env = j.env
		for name, value := range g.Variables {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(append(cmd.Env, "NIGHT_RELEASES="+srv.URL+"/owner/hlsload/releases/download", "NIGHT_SCENARIO=night.yaml"), env...)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	for i, tc := range []struct {
		args     string
		code     int
		verdict  string
		failures string
	}{
		{"--players 4", 0, "pass", `failures="0"`},
		{"--players 4 --set expect.0=startup.p50>100s", reports.ExitFail, "fail", `failures="1"`},
		{"--url http://127.0.0.1:1/x.m3u8 --set chaos=[] --set expect=[]", reports.ExitUnreachable, "void", `errors="1"`},
	} {
		id := fmt.Sprintf("CI_JOB_ID=%d", 100+i)
		code, log := shell(append(slices.Clone(g.BeforeScript), g.Script...), id, "NIGHT_ARGS="+tc.args)
		if code != tc.code {
			t.Fatalf("%s: exit code %d; want %d:\n%s", tc.args, code, tc.code, log)
		}
		if err := os.RemoveAll(filepath.Join(j.work, "night")); err != nil {
			t.Fatal(err)
		}
		if code, log := shell(g.AfterScript, id); code != 0 {
			t.Fatalf("after_script: exit code %d:\n%s", code, log)
		}
		if s := verdictIn(t, filepath.Join(j.work, g.Artifacts.Paths[0])); s.Verdict != tc.verdict {
			t.Errorf("%s: verdict %q; want %s", tc.args, s.Verdict, tc.verdict)
		}
		files, _ := filepath.Glob(filepath.Join(j.work, g.Artifacts.Reports.Junit))
		text := ""
		for _, f := range files {
			b, _ := os.ReadFile(f)
			text += string(b)
		}
		if !strings.Contains(text, tc.failures) {
			t.Errorf("%s: no %s in %v", tc.args, tc.failures, files)
		}
	}
	history, err := os.ReadFile(filepath.Join(j.work, g.Cache.Paths[0]))
	if strings.Count(string(history), "\n") != 3 {
		t.Errorf("%v: %d nights; want 3", err, strings.Count(string(history), "\n"))
	}
	r.files["v1.0.0/checksums.txt"] = []byte(strings.Replace(sum, sum[:8], "00000000", 1))
	if code, log := shell(append(slices.Clone(g.BeforeScript), g.Script...), "CI_JOB_ID=1"); code == 0 || strings.Contains(log, "hlsload v") {
		t.Errorf("a wrong checksum: exit code %d:\n%s", code, log)
	}
}

// briefScenario takes seconds in real time.
const briefScenario = `version: 1
name: night
duration: 6s
recovery: 1s
target: {rig: {ladder: mini, segment: 1s}}
fleet: {players: 6, arrive: {over: 1s}, cohorts: [{name: web, profile: hlsjs-1.7}]}
chaos: [{name: bad, fault: edge.status, at: 3s, for: 1s, code: 500, kind: media}]
limits: {lag: 30s}
expect:
  - startup.p50 < 100s
`
