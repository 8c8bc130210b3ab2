//go:build !full

package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/reports"
)

// The core build says which build can do what it cannot, and checks scenarios all the same.
func TestCoreBuild(t *testing.T) {
	const aws = "../../scenarios/aws/pipeline-failover.yaml"
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run", aws, "--yes"}, exitInvalid, "make build"},
		{[]string{"plan", aws}, exitInvalid, "make build"},
		{[]string{"capacity", "event.yaml", "--aws"}, exitInvalid, "--aws needs the full build (got the core build, without AWS; want make build,"},
		{[]string{"aws-check", aws}, exitInvalid, "make build"},
		{[]string{"sweep", aws}, exitInvalid, "make build"},
		{[]string{"simulate", "pipeline-kill", "--otlp", "http://127.0.0.1:4318"}, exitInvalid, "make build"},
		{[]string{"run", "pipeline-kill", "--processes", "2"}, exitInvalid, "--processes needs the full build (got the core build, without a NATS server; want make build,"},
		{[]string{"run", "pipeline-kill", "--agents", "2", "--rig-listen", "192.0.2.1"}, exitInvalid, "--agents without --nats needs the full build"},
		{[]string{"run", "pipeline-kill", "--agents", "2", "--rig-listen", "192.0.2.1", "--nats", "nats://127.0.0.1:1"}, exitUsage, "--nats: connect to 127.0.0.1:1: connection refused"},
		{[]string{"validate", aws}, 0, "make build"},
		{[]string{"validate", "pipeline-kill", "--set", `stop=["alarm(red)"]`, "--set", "aws={account: \"123456789012\", region: eu-west-1, alarms: [red]}"}, 0, "alarm red needs the full build"},
		{[]string{"run", "pipeline-kill", "--set", `stop=["alarm(red)"]`, "--set", "aws={account: \"123456789012\", region: eu-west-1, alarms: [red]}"}, exitInvalid, "alarm red needs the full build"},
	} {
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), c.args, &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%v: exit code %d, want %d; %s%s", c.args, code, c.code, &stdout, &stderr)
		}
		if (c.code == 0) != strings.Contains(stdout.String(), "valid\n") {
			t.Errorf("%v says %s", c.args, &stdout)
		}
	}
}

// A journal with changes on AWS is never called done by a build that cannot undo them.
func TestCoreUndo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := journal.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := chaos.NewFault("freeze", chaos.PlaylistFreeze)
	f.Via, f.Occurrence = chaos.ViaAWS, 1
	call := journal.Call{N: 1, Run: "0a1b2c3d", Account: "123456789012", Region: "eu-west-1", Service: "s3", Op: "deny", Target: "arn:aws:s3:::live", Undo: "put the policy back", Change: []byte("{}")}
	if err := errors.Join(j.Record(conduct.Step{Type: conduct.StepApply, ID: 1, Fault: &f}), j.Call(&f, call), j.Called(&f, call, nil), j.Close()); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), []string{"undo", path}, &stdout, &stderr)
	if code != reports.ExitFault || !strings.Contains(stdout.String(), "freeze, occurrence 1") || !strings.Contains(stdout.String(), "make build") || strings.Contains(stdout.String(), "nothing was left") {
		t.Errorf("exit code %d, want %d; %s%s", code, reports.ExitFault, &stdout, &stderr)
	}
	if lines, err := journal.Read(path); err != nil || len(journal.Left(lines)) != 1 {
		t.Errorf("%v; left %d faults, want 1", err, len(journal.Left(lines)))
	}
}

// heavy are modules that take minutes to compile.
var heavy = regexp.MustCompile(`(?m)^(github\.com/aws/|github\.com/nats-io/nats-server|go\.opentelemetry\.io/).*`)

func TestCoreStaysLight(t *testing.T) {
	deps := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if found := heavy.FindAllString(deps("."), -1); found != nil {
		t.Errorf("the core build compiles %v (want them in the full build only)", found)
	}
	if !heavy.MatchString(deps("-tags", "full", ".")) {
		t.Error("the full build has nothing of that kind: this test sees nothing")
	}
}
