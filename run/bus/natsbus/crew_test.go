package natsbus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/run/bus/natsbus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
)

// worker is an agent without players. It tells what it was told.
type worker struct {
	told   chan string
	halted chan struct{}
	once   sync.Once
}

func (w *worker) Prepare(_ context.Context, plan []byte) (string, error) {
	w.told <- "prepare"
	return "hash of " + string(plan), nil
}
func (w *worker) Start(crew.Begin) { w.told <- "start" }
func (w *worker) Course(entries [][]byte) {
	for _, e := range entries {
		w.told <- "course " + string(e)
	}
}
func (w *worker) Told([]byte) {}
func (w *worker) Halt(o protocol.Order) {
	w.once.Do(func() {
		w.told <- "halt " + o.Reason
		close(w.halted)
	})
}
func (w *worker) Tick() (protocol.Report, error) { return protocol.Report{Rows: []byte("rows")}, nil }
func (w *worker) Part(context.Context) ([]byte, error) {
	<-w.halted
	return []byte(strings.Repeat("part ", 200_000)), nil // in two chunks
}

// lead is a conductor without faults.
type lead struct {
	rows    chan int
	started chan struct{}
	mu      sync.Mutex
	parts   map[int]int
	notes   []string
}

func (*lead) Assign(_ context.Context, members []protocol.Member) ([]protocol.Share, error) {
	shares := make([]protocol.Share, len(members))
	for i := range shares {
		shares[i] = protocol.Share{Plan: []byte("plan"), Hash: "hash of plan", Players: 1, Slots: 1}
	}
	return shares, nil
}
func (l *lead) Start(time.Time) { close(l.started) }
func (l *lead) Rows(member int, _ time.Duration, _ []byte) {
	select {
	case l.rows <- member:
	default:
	}
}
func (*lead) Lost(protocol.Lost)     {}
func (*lead) Halting(protocol.Order) {}
func (l *lead) Part(member int, part []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts[member] = len(part)
}
func (l *lead) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, text)
}

// The permissions are enough for a whole run: the conductor inside its server, two agents over
// TLS, and a halt from outside.
func TestWholeRun(t *testing.T) {
	if testing.Short() {
		t.Skip("a run takes some seconds")
	}
	var mu sync.Mutex
	var warned []string
	o := natsbus.Options{Warn: func(line string) {
		mu.Lock()
		defer mu.Unlock()
		warned = append(warned, line)
	}}
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	l := &lead{rows: make(chan int, 1000), started: make(chan struct{}), parts: map[int]int{}}
	cfg := crew.ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "run", Build: "b", Agents: 2, Notice: time.Second}}
	conductor, err := crew.NewConductor(connected(t)(s.Bus(t.Context(), o)), l, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var over sync.WaitGroup
	var result *protocol.Result
	over.Go(func() {
		if result, err = conductor.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	var workers []*worker
	for i := range cfg.Agents {
		w := &worker{told: make(chan string, 100), halted: make(chan struct{})}
		workers = append(workers, w)
		b := connected(t)(natsbus.Dial(t.Context(), joinOf(t, s, natsbus.Agent), o))
		a, err := crew.NewAgent(b, w, crew.AgentConfig{Run: "run", ID: b.ID(), Info: protocol.Info{Name: fmt.Sprint("agent ", i), Build: "b"}, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		over.Go(func() {
			var exit *protocol.Exit
			if err := a.Run(t.Context()); !errors.As(err, &exit) || !strings.Contains(err.Error(), "enough") {
				t.Errorf("agent %d: %v", i, err)
			}
		})
	}
	if err := conductor.Course([]byte("fault")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.started:
	case <-time.After(patience):
		t.Fatal("the run did not start")
	}
	for seen := map[int]bool{}; len(seen) < cfg.Agents; {
		select {
		case member := <-l.rows:
			seen[member] = true
		case <-time.After(patience):
			t.Fatalf("rows of %v only", seen)
		}
	}
	halt := connected(t)(natsbus.Dial(t.Context(), joinOf(t, s, natsbus.Halt), o))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := crew.Stop(ctx, halt, "run", protocol.Order{Mode: protocol.Now, Reason: "enough", By: "a test"}); err != nil {
		t.Error(err)
	}
	over.Wait()
	for i, w := range workers {
		close(w.told)
		var told []string
		for s := range w.told {
			told = append(told, s)
		}
		if got := strings.Join(told, ", "); got != "prepare, start, course fault, halt enough" && got != "prepare, course fault, start, halt enough" {
			t.Errorf("agent %d was told: %s", i, got)
		}
		if l.parts[i] != 1_000_000 {
			t.Errorf("part %d has %d bytes", i, l.parts[i])
		}
	}
	if result == nil || !result.Begun || len(result.Agents) != cfg.Agents || result.Halt.Order == nil || result.Halt.Order.Reason != "enough" {
		t.Errorf("result: %+v", result)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(warned) > 0 {
		t.Errorf("warned: %q", warned)
	}
}
