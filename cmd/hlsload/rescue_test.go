//go:build full

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// A program that panics stops what the programs of its scenario have started.
func TestPanicStopsPrograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		began := time.Now()
		during := false
		on := network{listen: m.Listen, web: look.Network{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if time.Since(began) > 14*time.Second {
				if _, err := os.Stat(state); err == nil && !during {
					during = true
					panic("a viewer panics")
				}
			}
			return m.Dial(ctx, network, addr)
		}}}
		code, left := 0, true
		on.exit = func(c int) { // the program would end here
			code = c
			_, err := os.Stat(state)
			left = err == nil
		}
		var stdout, stderr bytes.Buffer
		executeOn(t.Context(), on, []string{"run", "testdata/scenarios/command.yaml", "--set", `chaos.stop-it.start=["touch", "` + state + `"]`,
			"--set", `chaos.stop-it.stop=["rm", "` + state + `"]`, "--out", dir, "--progress", "none", "--set", "fleet.players=30", "--set", "fleet.arrive.over=25s"}, &stdout, &stderr)
		said := stderr.String()
		if !during || code != exitInternal || left || !strings.Contains(said, "hlsload: put back") || !strings.Contains(said, "fault stop-it: undone via command") {
			t.Errorf("there was a fault: %v; exit code %d, left %v; said\n%s", during, code, left, said)
		}
	})
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"undo", filepath.Join(dir, "journal.ndjson")}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "nothing was left behind") {
		t.Errorf("undo: exit code %d: %s%s", code, &stdout, &stderr)
	}
}

// fill takes the place of every file of the results, as a full disk does not
// let them be written either.
func fill(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{reports.SummaryFile, reports.HTMLFile, reports.JUnitFile, reports.MarkdownFile} {
		if err := os.MkdirAll(filepath.Join(dir, name, "full"), 0o755); err != nil {
			t.Error(err)
		}
	}
}

// Files that cannot be written hide neither the verdict nor what may be left on
// AWS, and the exit code is that of the verdict.
func TestResultsCannotBeWritten(t *testing.T) {
	slow(t)
	setCredentials(t)
	for _, c := range []struct {
		name string
		args []string
		code int
		said []string
		lost bool // credentials
	}{
		{"left on AWS", []string{"run", "testdata/scenarios/aws.yaml", "--yes"}, reports.ExitFault, []string{"VOID", "fault pause-0 may be left on AWS; put it back with: hlsload undo "}, true},
		{"pass", []string{"run", "testdata/scenarios/aws.yaml", "--yes"}, exitInternal, []string{"PASS"}, false},
		{"failed", []string{"simulate", "testdata/scenarios/short.yaml", "--set", "expect.0=startup.max < 1ms"}, reports.ExitFail, []string{"FAIL"}, false},
		{"simulated", []string{"simulate", "testdata/scenarios/short.yaml"}, exitInternal, []string{"PASS"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble()
				defer b.srv.Close()
				began := time.Now()
				b.Mishap = func(awstest.Request) awstest.Mishap {
					if c.lost && time.Since(began) > 25*time.Second {
						return awstest.Expired
					}
					return awstest.Nothing
				}
				fill(t, dir)
				args := append(c.args, "--out", dir, "--progress", "none")
				if c.args[0] == "run" {
					args = append(args, "--set", b.urls)
				}
				code, said := b.run(t.Context(), args...)
				flat := strings.Join(strings.Fields(said), " ")
				if code != c.code || !strings.Contains(flat, "writing the results (they are incomplete; the verdict above stands): write reports: ") {
					t.Errorf("exit code %d; want %d:\n%s", code, c.code, said)
				}
				for _, want := range c.said {
					if at := strings.Index(flat, want); at < 0 || at > strings.Index(flat, "writing the results") {
						t.Errorf("no %q before the error:\n%s", want, said)
					}
				}
			})
		})
	}
}

// The verdict of a finished run is told again, whether or not the reports can
// be written again.
func TestReportCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"simulate", "testdata/scenarios/short.yaml", "--out", dir, "--progress", "none"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if err := os.Remove(filepath.Join(dir, reports.HTMLFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, reports.HTMLFile, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	stdout.Reset()
	code := execute(t.Context(), []string{"report", dir}, &stdout, &stderr)
	if code != exitInternal || !strings.Contains(stdout.String(), "PASS") || !strings.Contains(stderr.String(), "writing the results") {
		t.Errorf("exit code %d: %s%s", code, &stdout, &stderr)
	}
}
