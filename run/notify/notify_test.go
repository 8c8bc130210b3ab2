package notify

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script writes a program.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, script, text string
		out, err           string // parts of
	}{
		{"environment and standard input", `echo "$WORD: $(cat)"`, "hello", "one * two: hello\n", ""},
		{"it need not read", "echo unread", strings.Repeat("x", 1<<20), "unread\n", ""},
		{"what it prints as errors", "echo oops >&2; exit 7", "", "oops\n", "exit status 7"},
		{"it prints without end", "head -c 1000000 /dev/zero | tr '\\0' y", "", "yyyy", ""},
		{"a long text is cut at the end of a line", "tail -c 30", strings.Repeat("a line of words\n", 1<<15), "a line of words\n… (cut)\n", ""},
		{"what stays in the background is not waited for", "sleep 5 & echo done", "", "done\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := Program{Path: script(t, c.script), Env: []string{"WORD=one * two"}, Text: []byte(c.text), Out: &out}
			err := p.Run(t.Context())
			if !strings.Contains(out.String(), c.out) || out.Len() > maxOutput || c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v, %d bytes %.200q; want %q and the error %q", err, out.Len(), &out, c.out, c.err)
			}
		})
	}
}

// A program that hangs is killed with what it started.
func TestRunKillsTheGroup(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	p := Program{Path: script(t, "(sleep 0.6; touch "+mark+") & sleep 60"), Out: new(bytes.Buffer)}
	if err := p.Run(ctx); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
	time.Sleep(900 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("what it started went on")
	}
}

func TestFind(t *testing.T) {
	there := script(t, "exit 0")
	if path, err := Find(there); err != nil || path != there {
		t.Errorf("%s: %q, %v", there, path, err)
	}
	t.Chdir(filepath.Dir(there))
	for name, want := range map[string]string{
		"no-such-program-here": "want the path of a program",
		"./program/x":          "want the path of a program",
		"":                     "want the path of a program",
	} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", name, err, want)
		}
	}
	t.Setenv("PATH", ".")
	if _, err := Find("program"); err == nil || !strings.Contains(err.Error(), "./program") {
		t.Errorf("in this folder: %v", err)
	}
}
