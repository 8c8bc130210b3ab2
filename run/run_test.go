package run_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run"
	"hlsload/scenarios"
)

const short = `
version: 1
name: short
duration: 6s
recovery: 2s
limits: {lag: 1m} # these tests are not about the machine
target: {rig: {ladder: mini, segment: 1s}}
fleet:
  players: 3
  arrive: {over: 0s}
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]
chaos:
  - {name: gone, fault: pipeline.kill, pipeline: 0, at: 2s, for: %s}
`

// watcher is a caller's progress.
type watcher struct {
	marks []string
	seen  func(*record.Live)
}

func (w *watcher) Show(_ time.Duration, l *record.Live) { w.seen(l) }
func (w *watcher) Mark(_ time.Duration, text string)    { w.marks = append(w.marks, text) }

func load(t *testing.T, length string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "short.yaml", Data: []byte(strings.Replace(short, "%s", length, 1))})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestDo: another program performs a run on the embedded channel, over real
// sockets, and gets the summary; nothing is written elsewhere.
func TestDo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "results")
	w := &watcher{seen: func(*record.Live) {}}
	s, err := run.Do(t.Context(), &run.Config{Scenario: load(t, "2s"), Dir: dir, Events: true, Progress: w})
	if err != nil {
		t.Fatal(err)
	}
	if s.Players.Started != 3 || len(s.Faults) != 1 || !s.Faults[0].UndoVerified || s.Origin.Requests == 0 {
		t.Errorf("%d players, faults %+v, %d requests at the origin; want 3, one that is undone, and some", s.Players.Started, s.Faults, s.Origin.Requests)
	}
	if marks := strings.Join(w.marks, "; "); !strings.Contains(marks, "gone: pipeline.kill is on") || !strings.Contains(marks, "gone: pipeline.kill is over") {
		t.Errorf("progress was told %s", marks)
	}
	for _, file := range []string{"journal.ndjson", "events.ndjson"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestHalt: the caller sends all players home, and the fault is put back.
func TestHalt(t *testing.T) {
	t.Parallel()
	halt := make(chan struct{})
	halted := false
	w := &watcher{seen: func(l *record.Live) {
		if l.Faults[0].Applied && !halted {
			halted = true
			close(halt)
		}
	}}
	s, err := run.Do(t.Context(), &run.Config{Scenario: load(t, "4s"), Dir: t.TempDir(), Progress: w, Halt: halt})
	if err != nil {
		t.Fatal(err)
	}
	if s.Verdict != reports.Interrupted || !s.Faults[0].UndoVerified {
		t.Errorf("verdict %s, fault %+v; want interrupted, and undone", s.Verdict, s.Faults[0])
	}
}

// TestErrorBeforeRun: what keeps a run from beginning is an error with a kind,
// and there is no summary.
func TestErrorBeforeRun(t *testing.T) {
	stop := filepath.Join(t.TempDir(), "stop")
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := run.Do(context.Background(), &run.Config{Scenario: load(t, "2s"), Dir: t.TempDir(), StopFile: stop})
	if refused, ok := err.(*run.Error); s != nil || !ok || refused.Kind != run.Refused {
		t.Errorf("got %v, %v; want an error of kind Refused", s, err)
	}
}
