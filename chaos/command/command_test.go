package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hlsload/chaos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sh(script string) Program { return Program{Args: []string{"sh", "-c", script}} }

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		run    Program
		output string
		err    string // part of
	}{
		{"output", sh("echo out; echo err >&2"), "out\nerr\n", ""},
		{"no shell", Program{Args: []string{"echo", "$HOME; rm"}}, "$HOME; rm\n", ""},
		{"status", sh("echo first; echo cannot stop 7; exit 3"), "first\ncannot stop 7\n", `run sh: exit status 3 ("cannot stop 7")`},
		{"silent status", sh("exit 1"), "", "run sh: exit status 1"},
		{"no such program", Program{Args: []string{"/no/such/program"}}, "", "no such file"},
		{"no program", Program{}, "", "none given"},
		{"environment", Program{Args: []string{"sh", "-c", "echo $X"}, Env: []string{"X=1", "PATH=" + os.Getenv("PATH")}}, "1\n", ""},
		{"limit", Program{Args: []string{"sleep", "600"}, Limit: 50 * time.Millisecond}, "", "run sleep: killed: took longer than 50ms"},
		{"bad bytes", sh(`printf 'a\377b'`), "a?b", ""},
	} {
		output, err := Run(t.Context(), c.run)
		if output != c.output {
			t.Errorf("%s: printed %q, want %q", c.name, output, c.output)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	output, err := Run(t.Context(), sh("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done"))
	if err != nil || len(output) != keptTail || !strings.HasSuffix(output, "line 999\n") {
		t.Errorf("kept %d bytes, %v", len(output), err)
	}
	if _, err := Run(t.Context(), sh("while :; do head -c 1000000 /dev/zero; done")); err == nil || !strings.Contains(err.Error(), "printed more than") {
		t.Errorf("an endless output gave %v", err)
	}
}

// A cancelled program goes with all it started in its process group.
func TestCancelKillsTheGroup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if text, _ := os.ReadFile(file); strings.Count(string(text), "\n") == 2 {
				cancel(errors.New("enough"))
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := Run(ctx, sh("sleep 600 & echo $! >"+file+"; echo $$ >>"+file+"; wait"))
	if err == nil || !strings.Contains(err.Error(), "killed: enough") {
		t.Errorf("got %v", err)
	}
	text, _ := os.ReadFile(file)
	for _, line := range strings.Fields(string(text)) {
		pid, _ := strconv.Atoi(line)
		for !gone(pid) {
			time.Sleep(time.Millisecond) // an orphan is reaped a moment later
		}
	}
	if _, err := Run(ctx, sh("touch "+file+".never")); err == nil {
		t.Error("ran although nobody waits for it")
	}
	if _, err := os.Stat(file + ".never"); err == nil {
		t.Error("began although nobody waits for it")
	}
}

// gone reports whether a process has ended, reaped or not.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(status), ") Z ")
}

// What a program leaves in the background goes on, and can print.
func TestBackgroundStays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "alive")
	if _, err := Run(t.Context(), sh("(while [ ! -e "+file+".go ]; do sleep .01; done; echo hello && touch "+file+") &")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestApplier(t *testing.T) {
	dir := t.TempDir()
	f := chaos.NewFault("stop-0", chaos.Command)
	f.Via, f.StartCommand, f.StopCommand = chaos.ViaCommand, []string{"touch", "broken"}, []string{"rm", "-f", "broken"}
	broken := func() bool {
		_, err := os.Stat(filepath.Join(dir, "broken"))
		return err == nil
	}
	a := New(Config{Dir: dir,
		Bites:   func(context.Context, *chaos.Fault) (bool, string) { return broken(), "looked" },
		Healthy: func(context.Context, *chaos.Fault) (bool, string) { return !broken(), "looked" },
	})
	var applier chaos.Applier = a
	for _, step := range []struct {
		do   func(context.Context, *chaos.Fault) error
		want bool
	}{{applier.Apply, true}, {applier.Undo, false}, {applier.Undo, false}} {
		if err := step.do(t.Context(), &f); err != nil {
			t.Fatal(err)
		}
		bites, _ := applier.Look(t.Context(), &f)
		healthy, _ := applier.LookUndone(t.Context(), &f)
		if bites != step.want || healthy == step.want {
			t.Errorf("bites %v, healthy %v, want broken %v", bites, healthy, step.want)
		}
	}
	f.StartCommand = []string{"false"}
	if err := a.Apply(t.Context(), &f); err == nil || err.Error() != "start program: run false: exit status 1" {
		t.Errorf("got %v", err)
	}
	blind := New(Config{})
	if ok, detail := blind.Look(t.Context(), &f); !ok || !strings.Contains(detail, "the target was not checked") {
		t.Errorf("%v %s", ok, detail)
	}
}

func TestStop(t *testing.T) {
	dir := t.TempDir()
	known := func(name string) (string, bool) { return "value", name == "TOKEN" }
	if err := Stop(t.Context(), []string{"touch", "is-${TOKEN}-${TOKEN}"}, dir, known); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "is-value-value")); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ arg, dir, want string }{
		{"${OTHER}", dir, "stop program: variable is not set (got ${OTHER}; want it set as it was for the run)"},
		{"x", dir + "/gone", "no such file"},
	} {
		if err := Stop(t.Context(), []string{"touch", c.arg}, c.dir, known); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.arg, err)
		}
	}
	if got, err := expand("a$b{${TOKEN}${unclosed", known); err != nil || got != "a$b{value${unclosed" {
		t.Errorf("%q %v", got, err)
	}
}
