package crew

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/bus"
	"hlsload/run/crew/crewtest"
	"hlsload/run/crew/protocol"
)

// worker makes a request every 10 ms from T0 on, as long as it may.
type worker struct {
	name string

	mu       sync.Mutex
	requests []time.Time
	calls    []string
	entries  []string
	heard    []string
	begin    Begin
	orders   []protocol.Order
	stopped  time.Time     // first order
	halted   chan struct{} // closed
	once     sync.Once
	ticks    int
	playing  sync.WaitGroup
	size     int
	prepare  func(context.Context) error
	hang     chan struct{} // Tick waits for it; nil = it does not
	rows     int           // bytes
	quiet    bool          // it makes no requests
	breaks   string        // the call that panics
}

func newWorker(name string) *worker {
	return &worker{name: name, halted: make(chan struct{}), size: 100, rows: 10}
}

func (w *worker) called(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if what == w.breaks {
		panic(what)
	}
	if n := len(w.calls); n == 0 || w.calls[n-1] != what {
		w.calls = append(w.calls, what)
	}
}

func (w *worker) Prepare(ctx context.Context, plan []byte) (string, error) {
	w.called("prepare")
	if w.prepare != nil {
		return "", w.prepare(ctx)
	}
	return "hash of " + string(plan), nil
}

func (w *worker) Start(b Begin) {
	w.called("start")
	w.begin = b
	w.playing.Go(func() {
		time.Sleep(time.Until(b.At))
		for b.Lease.Held() && !w.quiet {
			w.mu.Lock()
			w.requests = append(w.requests, time.Now())
			w.mu.Unlock()
			select {
			case <-w.halted:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
}

func (w *worker) Course(entries [][]byte) {
	w.called("course")
	for _, e := range entries {
		w.entries = append(w.entries, string(e))
	}
}

func (w *worker) Told(data []byte) { w.heard = append(w.heard, string(data)) }

func (w *worker) Halt(o protocol.Order) {
	w.called("halt")
	w.mu.Lock()
	if w.orders = append(w.orders, o); len(w.orders) == 1 {
		w.stopped = time.Now()
	}
	w.mu.Unlock()
	w.once.Do(func() { close(w.halted) })
}

func (w *worker) Tick() (protocol.Report, error) {
	w.called("tick")
	w.ticks++
	if w.hang != nil {
		<-w.hang
	}
	rows := append(fmt.Appendf(nil, "%s%d ", w.name, w.ticks), bytes.Repeat([]byte("."), w.rows)...)
	return protocol.Report{Rows: rows, Vitals: protocol.Vitals{Lag: time.Millisecond}}, nil
}

func (w *worker) Part(context.Context) ([]byte, error) {
	w.called("part")
	w.playing.Wait()
	return w.part(), nil
}

func (w *worker) part() []byte { return bytes.Repeat([]byte(w.name[:1]), w.size) }

// last is when the last request was made.
func (w *worker) last() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) == 0 {
		return time.Time{}
	}
	return w.requests[len(w.requests)-1]
}

// lead records a run.
type lead struct {
	mu      sync.Mutex
	hash    string
	err     error
	started chan time.Time
	rows    map[int][]string
	parts   map[int]string
	lost    []protocol.Lost
	halting []protocol.Order
	notes   []string
	onLost  func(protocol.Lost)
	hold    chan struct{} // Rows waits for it; nil = it does not
	breaks  string        // the call that panics
}

func newLead() *lead {
	return &lead{started: make(chan time.Time, 1), rows: map[int][]string{}, parts: map[int]string{}, hash: "hash of plan"}
}

func (l *lead) Assign(_ context.Context, members []protocol.Member) (shares []protocol.Share, err error) {
	for range members {
		shares = append(shares, protocol.Share{Plan: []byte("plan"), Hash: l.hash, Players: 10, Slots: 1})
	}
	return shares, l.err
}
func (l *lead) Start(t0 time.Time) { l.started <- t0 }
func (l *lead) Rows(member int, _ time.Duration, rows []byte) {
	if l.hold != nil {
		<-l.hold
	}
	if l.breaks == "rows" {
		panic("rows")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	name, _, _ := strings.Cut(string(rows), " ")
	l.rows[member] = append(l.rows[member], name)
}
func (l *lead) Lost(what protocol.Lost) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = append(l.lost, what)
	if l.onLost != nil {
		l.onLost(what)
	}
}
func (l *lead) Halting(o protocol.Order) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halting = append(l.halting, o)
}
func (l *lead) Part(member int, part []byte) {
	if l.breaks == "part" {
		panic("part")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts[member] = string(part)
}
func (l *lead) Note(text string) { l.mu.Lock(); defer l.mu.Unlock(); l.notes = append(l.notes, text) }

// stage is a conductor and agents on a bus that may suffer.
type stage struct {
	t         *testing.T
	hub       bus.Hub
	lead      *lead
	conductor *Conductor
	centre    *crewtest.Bus
	result    *protocol.Result
	err       error
	over      chan struct{}
	members   []*member
}

type member struct {
	*Agent
	w      *worker
	bus    *crewtest.Bus
	dir    string
	cancel context.CancelFunc
	exit   error
	left   chan struct{}
}

var agentNames = []string{"alpha", "beta", "gamma"}

func open(t *testing.T, change func(*ConductorConfig), names ...string) *stage {
	t.Helper()
	return openWith(t, newLead(), change, nil, names...)
}

// openWith opens a stage. work changes each agent's worker before the agent begins.
func openWith(t *testing.T, l *lead, change func(*ConductorConfig), work func(*AgentConfig, *worker), names ...string) *stage {
	t.Helper()
	s := &stage{t: t, lead: l, over: make(chan struct{})}
	cfg := ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "r", Build: "b1", Agents: len(names)}}
	if change != nil {
		change(&cfg)
	}
	s.centre = crewtest.Wrap(s.hub.Join(), 1, "conductor", crewtest.Faults{})
	var err error
	if s.conductor, err = NewConductor(s.centre, s.lead, cfg); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.over)
		s.result, s.err = s.conductor.Run(t.Context())
	}()
	synctest.Wait() // it listens
	for _, name := range names {
		s.add(name, work)
	}
	t.Cleanup(func() {
		for _, m := range s.members {
			m.bus.Close()
		}
		s.centre.Close()
	})
	return s
}

func (s *stage) add(name string, change func(*AgentConfig, *worker)) *member {
	s.t.Helper()
	m := &member{w: newWorker(name), left: make(chan struct{})}
	if len(s.members) < 10 {
		m.dir = s.t.TempDir()
	}
	m.bus = crewtest.Wrap(s.hub.Join(), 1, name, crewtest.Faults{})
	cfg := AgentConfig{Run: "r", ID: name, Info: protocol.Info{Name: name, Build: "b1"}, Dir: m.dir}
	if change != nil {
		change(&cfg, m.w)
	}
	var err error
	if m.Agent, err = NewAgent(m.bus, m.w, cfg); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	m.cancel = cancel
	go func() {
		defer close(m.left)
		m.exit = m.Run(ctx)
	}()
	s.members = append(s.members, m)
	return m
}

// play waits until a time after T0.
func (s *stage) play(d time.Duration) {
	s.t.Helper()
	select {
	case t0 := <-s.lead.started:
		time.Sleep(time.Until(t0) + d)
	case <-s.over:
		s.t.Fatalf("no start: %+v", s.result.Exit)
	}
}

// end ends the run and waits for everyone.
func (s *stage) end() {
	s.conductor.Halt(protocol.Drain, "", "")
	s.wait()
}

func (s *stage) wait() {
	<-s.over
	for _, m := range s.members {
		<-m.left
	}
}

func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}
