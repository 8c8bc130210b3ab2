package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/reports"
)

func TestShow(t *testing.T) {
	for _, name := range []string{"pipeline-kill", "pipeline-kill.yaml", "scenarios/pipeline-kill.yaml"} {
		code, stdout, stderr := executed(t, "show", name)
		data, err := os.ReadFile("../../scenarios/pipeline-kill.yaml")
		want := strings.Replace(string(data), "=../docs/schema/scenario.schema.json\n", "=hlsload.schema.json\n", 1) // beside it, wherever that is
		if err != nil || code != 0 || stdout != want || !strings.HasPrefix(want, "# yaml-language-server: $schema=hlsload.schema.json\n") {
			t.Errorf("show %s: code %d, %v, %s\n%s", name, code, err, stderr, stdout)
		}
	}
	if code, _, stderr := executed(t, "show", "pipeline-kil"); code != exitUsage || !strings.Contains(stderr, "did you mean pipeline-kill?") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// TestInit: what init writes is valid, passes in virtual time, and is never overwritten.
func TestInit(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"init"}, {"init", "my-channel"}, {"init", "other.yaml"}} {
		if code, _, stderr := executed(t, args...); code != 0 {
			t.Fatalf("%v: code %d, %s", args, code, stderr)
		}
	}
	if data, err := os.ReadFile("my-channel.yaml"); err != nil || strings.Contains(string(data), "my-first") {
		t.Errorf("%v: the text has another name\n%s", err, data)
	}
	if code, stdout, stderr := executed(t, "validate", "my-first.yaml", "my-channel.yaml", "other.yaml"); code != 0 {
		t.Errorf("validate: code %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := executed(t, "simulate", "my-channel.yaml", "--out", "out", "--progress", "none"); code != reports.ExitPass {
		t.Errorf("simulate: code %d\n%s%s", code, stdout, stderr)
	}
	// The few players that a stream of others takes without consent are enough for every cohort.
	if code, stdout, stderr := executed(t, "simulate", "my-channel.yaml", "--players", "5", "--out", "out-of-5", "--progress", "none"); code != reports.ExitPass {
		t.Errorf("simulate with 5 players: code %d\n%s%s", code, stdout, stderr)
	}
	// The schema is written once, and a file of another version stays.
	if err := os.WriteFile("hlsload.schema.json", []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := executed(t, "init", "a b"); code != exitUsage { // not a name
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := executed(t, "init", "later"); code != 0 || !strings.Contains(stdout, "hlsload.schema.json is of another version") || !strings.Contains(stdout, "  hlsload simulate later.yaml   # in") {
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
	if data, err := os.ReadFile("hlsload.schema.json"); err != nil || string(data) != "{}" {
		t.Errorf("%s, %v", data, err)
	}
	before, _ := os.ReadFile("other.yaml")
	code, _, stderr := executed(t, "init", "other")
	if after, _ := os.ReadFile("other.yaml"); code != exitUsage || !strings.Contains(stderr, "the file exists (got other.yaml") || string(after) != string(before) {
		t.Errorf("code %d, %s", code, stderr)
	}
	if code, _, stderr := executed(t, "init", filepath.Join("no", "such", "folder")); code != exitUsage || !strings.Contains(stderr, "write the scenario") {
		t.Errorf("code %d, %s", code, stderr)
	}
	if code, _, stderr := executed(t, "init", "-x y"); code != exitUsage {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// TestInitOfAnEvent: what init --event writes is valid, and is never overwritten.
func TestInitOfAnEvent(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, stderr := executed(t, "init", "--event", "final")
	if code != 0 || stdout != "wrote final.yaml\nwrote hlsload-event.schema.json, by which editors complete it (docs/install.md)\nnext:\n  hlsload validate final.yaml\n  hlsload capacity final.yaml\n" {
		t.Fatalf("code %d, %s%s", code, stdout, stderr)
	}
	if code, _, stderr := executed(t, "init", "--event"); code != 0 {
		t.Fatalf("code %d, %s", code, stderr)
	}
	code, stdout, stderr = executed(t, "validate", "final.yaml", "my-event.yaml", "pipeline-kill")
	if code != 0 || !strings.HasPrefix(stdout, "final.yaml: valid\n  event: at most 1,000,000 viewers, at 12m\nmy-event.yaml: valid\n") || !strings.Contains(stdout, "pipeline-kill: valid\n  metrics: ") {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, _ := executed(t, "validate", "final.yaml", "--set", "audience.curve=[{at: 0s, viewers: 7M}, {at: 0s, viewers: 1000000000}]"); code != exitInvalid ||
		!strings.Contains(stdout, "goes backwards in time (got 0s after 0s;") || !strings.Contains(stdout, "want 0 to 100000000") {
		t.Errorf("code %d\n%s", code, stdout)
	}
	before, _ := os.ReadFile("final.yaml")
	code, _, stderr = executed(t, "init", "--event", "final.yaml")
	if after, _ := os.ReadFile("final.yaml"); code != exitUsage || !strings.Contains(stderr, "the file exists (got final.yaml") || string(after) != string(before) {
		t.Errorf("code %d, %s", code, stderr)
	}
	if code, _, stderr := executed(t, "init", "--event", filepath.Join("no", "folder")); code != exitUsage || !strings.Contains(stderr, "write the event") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestScenarioFromTheStandardInput(t *testing.T) {
	stdin := os.Stdin
	t.Cleanup(func() { os.Stdin = stdin })
	file := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(file, []byte("version: 1\nname: x\nflet: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	os.Stdin = f
	if code, stdout, _ := executed(t, "validate", "-"); code != exitInvalid || !strings.Contains(stdout, `stdin:3:1: unknown key (got "flet"`) {
		t.Errorf("code %d\n%s", code, stdout)
	}
}

// A path of the repository works anywhere.
func TestPathOfAShippedScenario(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, stderr := executed(t, "validate", "scenarios/aws/pipeline-failover.yaml")
	note, _, _ := strings.Cut(stderr, "note: ") // in the core build
	if code != 0 || !strings.HasPrefix(stdout, "scenarios/aws/pipeline-failover.yaml: valid\n") || note != "hlsload: there is no file scenarios/aws/pipeline-failover.yaml: taking the scenario aws/pipeline-failover that ships\n" {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
}

// executed runs the program.
func executed(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = execute(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUnknownVariable(t *testing.T) {
	t.Setenv("HLSLOAD_PLAYRES", "33")
	for _, command := range []string{"run", "simulate", "validate", "plan"} {
		code, stdout, stderr := executed(t, command, "pipeline-kill")
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "unknown environment variable (got HLSLOAD_PLAYRES;") || strings.Contains(stderr, "hint:") {
			t.Errorf("%s: code %d\n%s%s", command, code, stdout, stderr)
		}
	}
}

func TestProgressOfTheEnvironment(t *testing.T) {
	t.Setenv("HLSLOAD_PROGRESS", "plain")
	quiet := detail{quiet: true}
	for _, c := range []struct {
		out  output
		want string
	}{
		{output{}, progressPlain},
		{output{progress: progressNone}, progressNone},
		{output{detail: quiet}, progressNone},
		{output{detail: quiet, progress: progressBar}, progressBar},
	} {
		if got := c.out.shows(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.out, got, c.want)
		}
	}
	t.Setenv("HLSLOAD_PROGRESS", "loud")
	if code, _, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--out", t.TempDir()); code != exitUsage || !strings.Contains(stderr, "loud") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestSchema(t *testing.T) {
	for _, c := range []struct{ args, title string }{{"schema", "hlsload scenario"}, {"schema scenario", "hlsload scenario"}, {"schema event", "hlsload event"}, {"schema profile", "hlsload profile"}, {"schema machine", "hlsload machine"}} {
		var schema struct{ Title string }
		code, stdout, stderr := executed(t, strings.Fields(c.args)...)
		if err := json.Unmarshal([]byte(stdout), &schema); err != nil || code != 0 || schema.Title != c.title {
			t.Errorf("%s: code %d, %v, title %q, %s", c.args, code, err, schema.Title, stderr)
		}
	}
	if code, _, stderr := executed(t, "schema", "profiles"); code != exitUsage || !strings.Contains(stderr, "want scenario, event, machine or profile") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

func TestCompletionOfFlags(t *testing.T) {
	for _, c := range []struct{ flag, begun, want string }{
		{"--set", "fleet.pl", "fleet.players=\n"}, {"--set", "target.rig.edge.p", "target.rig.edge.pops=\n"}, {"--progress", "pl", "plain\n"},
	} {
		if _, stdout, _ := executed(t, "__complete", "run", c.flag, c.begun); !strings.Contains(stdout, c.want) {
			t.Errorf("%s %s: %s", c.flag, c.begun, stdout)
		}
	}
}
