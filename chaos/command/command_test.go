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

func sh(script string) []string { return []string{"sh", "-c", script} }

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		err  string // part of
	}{
		{"output", sh("echo out; echo err >&2"), ""},
		{"no shell", []string{"test", "$HOME", "=", `$HOME`}, ""},
		{"status", sh("echo first; echo cannot stop 7; exit 3"), `run sh: exit status 3 ("cannot stop 7")`},
		{"silent status", sh("exit 1"), "run sh: exit status 1"},
		{"no such program", []string{"/no/such/program"}, "no such file"},
		{"no program", nil, "none given"},
		{"bad bytes", sh(`printf 'a\377b'; exit 1`), `("a?b")`},
		{"much output", sh("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done; exit 1"), `("line 999")`},
		{"endless output", sh("while :; do head -c 1000000 /dev/zero; done"), "printed more than"},
	} {
		err := run(t.Context(), c.args, "")
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %.500v, want %q", c.name, err, c.err)
		}
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
	err := run(ctx, sh("sleep 600 & echo $! >"+file+"; echo $$ >>"+file+"; wait"), "")
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
	if err := run(ctx, sh("touch "+file+".never"), ""); err == nil {
		t.Error("ran although its context had ended")
	}
	if _, err := os.Stat(file + ".never"); err == nil {
		t.Error("began although its context had ended")
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
	if err := run(t.Context(), sh("(while [ ! -e "+file+".go ]; do sleep .01; done; echo hello && touch "+file+") &"), ""); err != nil {
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
	t.Chdir(dir)
	f := chaos.NewFault("stop-0", chaos.Command)
	f.Via, f.StartCommand, f.StopCommand = chaos.ViaCommand, []string{"touch", "broken"}, []string{"rm", "-f", "broken"}
	broken := func() bool {
		_, err := os.Stat(filepath.Join(dir, "broken"))
		return err == nil
	}
	a := &Applier{
		Bites:   func(context.Context, *chaos.Fault) (bool, string) { return broken(), "looked" },
		Healthy: func(context.Context, *chaos.Fault) (bool, string) { return !broken(), "looked" },
	}
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
	blind := &Applier{}
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
