package crew

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hlsload/run/bus"
	"hlsload/run/crew/crewtest"
	"hlsload/run/crew/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		name   string
		faults crewtest.Faults
	}{
		{"a good bus", crewtest.Faults{}},
		{"a bad bus", crewtest.Faults{Drop: .05, Duplicate: .1, Delay: 150 * time.Millisecond}},
	} {
		bubble(t, tc.name, func(t *testing.T) {
			s := openWith(t, newLead(), nil, func(_ *AgentConfig, w *worker) { w.size = 2*protocol.MaxChunk + 1 }, agentNames...)
			for _, m := range s.members {
				m.bus.Set(tc.faults)
			}
			s.centre.Set(tc.faults)
			s.play(0)
			var want []string
			for i := range 20 {
				want = append(want, fmt.Sprint(i))
				if err := s.conductor.Course([]byte(want[i])); err != nil {
					t.Error(err)
				}
				time.Sleep(500 * time.Millisecond)
			}
			time.Sleep(2 * time.Second)
			s.end()
			if s.err != nil || s.result.Exit.Cause != protocol.None || len(s.lead.lost) > 0 {
				t.Fatalf("%v, %+v", s.err, s.result)
			}
			for i, m := range s.members {
				if m.exit != nil || s.lead.parts[i] != string(m.w.part()) {
					t.Errorf("agent %s: %v, %d bytes", m.w.name, m.exit, len(s.lead.parts[i]))
				}
				if !slices.Equal(m.w.entries, want) {
					t.Errorf("agent %s: course %q", m.w.name, m.w.entries)
				}
				rows := s.lead.rows[i]
				if len(rows) < 10 {
					t.Errorf("agent %s: %d reports", m.w.name, len(rows))
				}
				for n, r := range rows {
					if r != fmt.Sprint(m.w.name, n+1) {
						t.Errorf("agent %s: report %d is %s", m.w.name, n+1, r)
					}
				}
				kept, err := m.Kept()
				if data, rerr := os.ReadFile(kept); err != nil || rerr != nil || !bytes.Equal(data, m.w.part()) {
					t.Errorf("kept %s: %d bytes, %v, %v", kept, len(data), err, rerr)
				}
				if c := m.w.calls; c[0] != "prepare" || c[1] != "start" || c[len(c)-2] != "halt" || c[len(c)-1] != "part" {
					t.Errorf("calls %v", c)
				}
				if d := m.w.begin.At.Sub(m.w.requests[0]); d.Abs() > time.Millisecond {
					t.Errorf("the first request %v from T0", d)
				}
				if d := m.w.begin.At.Sub(m.w.begin.Wall); d.Abs() > 100*time.Millisecond {
					t.Errorf("T0 is %v from the conductor's", d)
				}
			}
			if err := s.conductor.Course([]byte("late")); err == nil {
				t.Error("an entry after the run")
			}
		})
	}
}

// TestTell: all agents hear what holds now, each change once, and in the end the newest.
func TestTell(t *testing.T) {
	bubble(t, "a bad bus", func(t *testing.T) {
		s := open(t, nil, agentNames...)
		for _, m := range s.members {
			m.bus.Set(crewtest.Faults{Drop: .3, Duplicate: .3, Delay: 400 * time.Millisecond})
		}
		s.play(0)
		for i := range 20 {
			if err := s.conductor.Tell(fmt.Appendf(nil, "%02d", i)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		s.end()
		for _, m := range s.members {
			n := len(m.w.heard)
			if n < 10 || m.w.heard[n-1] != "19" || !slices.IsSorted(m.w.heard) || len(slices.Compact(slices.Clone(m.w.heard))) != n {
				t.Errorf("agent %s heard %q; want most of 00 to 19, in order", m.w.name, m.w.heard)
			}
		}
		if err := s.conductor.Tell(make([]byte, protocol.MaxTold+1)); err == nil {
			t.Error("no error of too much")
		}
		if err := s.conductor.Tell(nil); err == nil {
			t.Error("told after the run")
		}
	})
}

// TestSilent ends the beats in several ways. An agent makes no request after its lease,
// and its part is kept.
func TestSilent(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(s *stage, m *member)
	}{
		{"cut off", func(_ *stage, m *member) { m.bus.Cut(false, false) }},
		{"deaf", func(_ *stage, m *member) { m.bus.Cut(true, false) }},
		{"mute", func(_ *stage, m *member) { m.bus.Cut(false, true) }},
		{"its loop hangs", func(_ *stage, m *member) { m.bus.Pause(); time.AfterFunc(10*time.Second, m.bus.Resume) }},
		{"the conductor hangs", func(s *stage, _ *member) { s.centre.Pause(); time.AfterFunc(10*time.Second, s.centre.Resume) }},
	} {
		bubble(t, tc.name, func(t *testing.T) {
			s := open(t, nil, agentNames...)
			s.play(5 * time.Second)
			m := s.members[1]
			tc.do(s, m)
			cut := time.Now()
			time.Sleep(15 * time.Second)
			if d := m.w.last().Sub(cut); d > protocol.Lease+200*time.Millisecond || d < 0 {
				t.Errorf("the last request after %v", d)
			}
			m.w.mu.Lock()
			if d := m.w.stopped.Sub(cut); d < 0 || d > protocol.Lease+200*time.Millisecond {
				t.Errorf("told to halt after %v", d)
			}
			if n := len(m.w.orders); n != 1 || m.w.orders[0].Mode != protocol.Now {
				t.Errorf("halts %v", m.w.orders)
			}
			m.w.mu.Unlock()
			s.end()
			var e *protocol.Exit
			if !errors.As(m.exit, &e) || e.Cause.Code() != 113 || s.result.Exit.Cause.Code() != 113 {
				t.Errorf("agent %v, run %+v", m.exit, s.result.Exit)
			}
			if kept, err := m.Kept(); err != nil || kept == "" {
				t.Errorf("kept %q, %v", kept, err)
			}
			if l := s.result.Agents[1].Lost; l == nil || l.At < 4*time.Second || l.At > 8500*time.Millisecond {
				t.Errorf("lost %+v", l)
			}
		})
	}
}

func TestShortPause(t *testing.T) { // T7
	bubble(t, "2 s", func(t *testing.T) {
		s := open(t, nil, agentNames...)
		s.play(5 * time.Second)
		s.members[0].bus.Pause()
		time.Sleep(2 * time.Second)
		s.members[0].bus.Resume()
		time.Sleep(5 * time.Second)
		s.end()
		if s.result.Exit.Cause != protocol.None || s.members[0].exit != nil {
			t.Errorf("%+v, %v", s.result.Exit, s.members[0].exit)
		}
	})
}

// TestLossUndoesFirst: the lead of a run with a lost agent decides when the others leave.
func TestLossUndoesFirst(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := open(t, nil, agentNames...)
		undone := make(chan time.Time, 1)
		s.lead.onLost = func(l protocol.Lost) {
			if l.Beyond {
				time.AfterFunc(20*time.Second, func() { // faults are undone
					undone <- time.Now()
					s.conductor.Halt(protocol.Drain, "an agent is lost", "")
				})
			}
		}
		s.play(3 * time.Second)
		s.members[2].cancel() // as if it was killed: nothing of it arrives
		s.members[2].bus.Cut(false, false)
		s.wait()
		if d := s.members[0].w.last().Sub(<-undone); d < -100*time.Millisecond || d > 100*time.Millisecond {
			t.Errorf("the last request %v after the faults were undone", d)
		}
		if e := s.result.Exit; e.Cause != protocol.Gone || !strings.Contains(e.Text, "gamma") || len(s.lead.parts) != 2 {
			t.Errorf("%+v, %d parts", e, len(s.lead.parts))
		}
	})
}

func TestStop(t *testing.T) { // T11
	for _, tc := range []struct {
		name   string
		faults crewtest.Faults
	}{
		{"a good bus", crewtest.Faults{}},
		{"a bad bus", crewtest.Faults{Drop: .05, Duplicate: .1, Delay: 50 * time.Millisecond}},
	} {
		bubble(t, tc.name, func(t *testing.T) {
			s := open(t, nil, agentNames...)
			s.play(5 * time.Second)
			for _, m := range s.members {
				m.bus.Set(tc.faults)
			}
			s.centre.Set(tc.faults)
			user := s.hub.Join()
			defer user.Close()
			asked := time.Now()
			if err := Stop(t.Context(), user, "r", protocol.Order{Mode: protocol.Now, Reason: "the event is cancelled", By: "a person"}); err != nil {
				t.Error(err)
			}
			s.wait()
			for _, m := range s.members {
				if d := m.w.last().Sub(asked); d > time.Second {
					t.Errorf("agent %s: the last request after %v", m.w.name, d)
				}
			}
			if e := s.result.Exit; e.Cause.Code() != 105 || e.Text != "the event is cancelled" || len(s.lead.halting) != 1 || len(s.lead.parts) != 3 {
				t.Errorf("%+v, %v", e, s.lead.halting)
			}
			if h := s.result.Halt; h.Slowest > time.Second || h.Who == "" || len(h.Unanswered) > 0 {
				t.Errorf("%+v", h)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := Stop(ctx, user, "r", protocol.Order{Mode: protocol.Now}); err == nil || !strings.Contains(err.Error(), "halt run r: no conductor answered") {
				t.Errorf("%v", err)
			}
		})
	}
	if err := Stop(t.Context(), nil, "a b", protocol.Order{Mode: protocol.Now}); err == nil {
		t.Error("a run with a blank")
	}
	if err := Stop(t.Context(), nil, "r", protocol.Order{Mode: "soon"}); err == nil || !strings.Contains(err.Error(), "want drain or now") {
		t.Errorf("%v", err)
	}
}

func TestAgentHalts(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := open(t, nil, agentNames...)
		s.play(2 * time.Second)
		s.members[1].Halt("stop file: /tmp/stop exists")
		s.wait()
		if e := s.result.Exit; e.Cause != protocol.Stopped || e.Text != "agent beta: stop file: /tmp/stop exists" || len(s.lead.parts) != 3 {
			t.Errorf("%+v, %d parts", e, len(s.lead.parts))
		}
	})
}

// TestContexts ends the context of one side. Nothing goes on, nothing hangs.
func TestContexts(t *testing.T) {
	bubble(t, "of an agent", func(t *testing.T) {
		s := open(t, nil, agentNames...)
		s.play(2 * time.Second)
		m := s.members[0]
		m.cancel()
		<-m.left
		if !errors.Is(m.exit, context.Canceled) {
			t.Errorf("%v", m.exit)
		}
		if kept, _ := m.Kept(); kept == "" {
			t.Error("no part is kept")
		}
		s.wait() // the others halt as well
		if e := s.result.Exit; e.Cause != protocol.Gone || s.lead.halting[0].Reason != "agent alpha: interrupted" {
			t.Errorf("%+v, %v", e, s.lead.halting)
		}
	})
	bubble(t, "while an agent prepares", func(t *testing.T) {
		s := open(t, func(cfg *ConductorConfig) { cfg.Agents = 1 })
		m := s.add("alpha", func(_ *AgentConfig, w *worker) {
			w.prepare = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		})
		time.Sleep(5 * time.Second)
		m.cancel()
		s.wait()
		if m.w.last() != (time.Time{}) || !errors.Is(m.exit, context.Canceled) {
			t.Errorf("%v", m.exit)
		}
	})
	bubble(t, "of the conductor", func(t *testing.T) {
		var hub bus.Hub
		centre := hub.Join()
		defer centre.Close()
		l := newLead()
		c, err := NewConductor(centre, l, ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "r", Agents: 1}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		r, err := c.Run(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || r.Exit.Cause != protocol.Stopped || len(l.halting) != 1 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

// TestSlowLead: while the lead is busy, rows wait and nothing is lost.
func TestSlowLead(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		l := newLead()
		l.hold = make(chan struct{})
		s := openWith(t, l, nil, nil, agentNames...)
		s.play(20 * time.Second)
		close(s.lead.hold)
		time.Sleep(3 * time.Second)
		s.end()
		if s.result.Exit.Cause != protocol.None || len(s.lead.rows[0]) < 20 {
			t.Errorf("%+v, %d reports", s.result.Exit, len(s.lead.rows[0]))
		}
	})
}

// TestAlone is one machine: the same code, and it starts at once, or at the next second of
// the wall clock.
func TestAlone(t *testing.T) {
	for _, whole := range []bool{false, true} {
		bubble(t, "", func(t *testing.T) {
			began := time.Now()
			s := open(t, func(cfg *ConductorConfig) { cfg.Alone, cfg.Whole, cfg.Notice = true, whole, 20*time.Millisecond }, "alpha")
			s.play(0)
			if d := time.Since(began); !whole && d > 150*time.Millisecond || whole && (d > time.Second || time.Now().Nanosecond() != 0) {
				t.Errorf("T0 after %v, at %v", d, time.Now())
			}
			time.Sleep(2 * time.Second)
			s.end()
			if s.result.Exit.Cause != protocol.None || s.members[0].exit != nil || s.lead.parts[0] == "" {
				t.Errorf("%+v, %v", s.result.Exit, s.members[0].exit)
			}
		})
	}
}

// TestNothingBeginsAfterHalt: entries that waited for a slow worker are not handed over after
// a halt.
func TestNothingBeginsAfterHalt(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := open(t, func(cfg *ConductorConfig) { cfg.Agents = 1 })
		m := s.add("alpha", func(_ *AgentConfig, w *worker) { w.hang = make(chan struct{}) })
		s.play(1500 * time.Millisecond) // the first Tick hangs
		if err := s.conductor.Course([]byte("waits")); err != nil {
			t.Error(err)
		}
		time.Sleep(500 * time.Millisecond)
		s.conductor.Halt(protocol.Now, "enough", "")
		time.Sleep(500 * time.Millisecond)
		close(m.w.hang)
		s.wait()
		if len(m.w.entries) > 0 || s.lead.parts[0] == "" {
			t.Errorf("course %q, part %q", m.w.entries, s.lead.parts[0])
		}
	})
}

// TestDrainSaysTheEnd: all agents hear when the run ended, however late they hear of it.
func TestDrainSaysTheEnd(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := open(t, func(cfg *ConductorConfig) { cfg.Agents = 1 })
		m := s.add("alpha", func(_ *AgentConfig, w *worker) { w.hang = make(chan struct{}) })
		s.play(1500 * time.Millisecond) // the first Tick hangs
		s.conductor.Drain(1500*time.Millisecond, "")
		time.Sleep(500 * time.Millisecond)
		close(m.w.hang)
		s.wait()
		if len(m.w.orders) != 1 || m.w.orders[0].At != 1500*time.Millisecond || s.lead.parts[0] == "" {
			t.Errorf("orders %v, part %q", m.w.orders, s.lead.parts[0])
		}
	})
}

func TestLease(t *testing.T) {
	now := time.Duration(0)
	l := &Lease{now: func() time.Duration { return now }}
	l.renew(3)
	now = 2
	if !l.Held() {
		t.Error("not held before its end")
	}
	l.renew(5)
	now = 4
	if !l.Held() {
		t.Error("not held after it was renewed")
	}
	now = 5
	if l.Held() {
		t.Error("held at its end")
	}
	l.renew(10)
	if l.Held() {
		t.Error("held again")
	}
}

// TestMany runs as many agents as share a bus well.
func TestMany(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var names []string
		agents := 100
		if testing.Short() {
			agents = 20
		}
		for i := range agents {
			names = append(names, fmt.Sprint("agent", i))
		}
		s := openWith(t, newLead(), nil, func(_ *AgentConfig, w *worker) { w.rows, w.quiet = 1000, true }, names...)
		s.play(5 * time.Second)
		s.end()
		if e := s.result.Exit; e.Cause != protocol.None || len(s.lead.parts) != len(names) || s.centre.Dropped() > 0 {
			t.Errorf("%+v, %d parts, %d messages dropped", e, len(s.lead.parts), s.centre.Dropped())
		}
		for i := range names {
			if n := len(s.lead.rows[i]); n < 4 {
				t.Errorf("member %d: %d reports", i, n)
			}
		}
	})
}

func TestKeptNowhere(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := keep(file, "part", []byte("x")); kept != "" || err == nil || !strings.Contains(err.Error(), "keep the part in "+file) {
		t.Errorf("%q, %v", kept, err)
	}
	dir := t.TempDir()
	for range 2 { // again is fine
		if _, err := keep(dir, "part", []byte("x")); err != nil {
			t.Error(err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("files %v", files)
	}
}

func TestBadIDs(t *testing.T) {
	for _, cfg := range []AgentConfig{{Run: "a b"}, {Run: "r", ID: "x.y"}, {}} {
		if _, err := NewAgent(nil, nil, cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

// eager is a bus on which a message arrives before Subscribe returns.
type eager struct{ bus.Bus }

func (b eager) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	handle(bus.NewMessage("hl.r.join", []byte("{}\n"), nil))
	return b.Bus.Subscribe(pattern, handle)
}

// Agents may talk before their conductor has subscribed to all that it listens to.
func TestConductorListensAtOnce(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var hub bus.Hub
		b := hub.Join()
		defer b.Close()
		c, err := NewConductor(eager{b}, newLead(), ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "r", Agents: 1}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// A conductor whose bus is closed leaves nothing behind, and those who talk to it do not wait.
func TestConductorWithoutBus(t *testing.T) {
	var hub bus.Hub
	b := hub.Join()
	b.Close()
	c, err := NewConductor(b, newLead(), ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "r", Agents: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.Run(t.Context()); err == nil || r == nil {
		t.Errorf("%v, %v", r, err)
	}
	for range 2000 { // more than may wait
		_ = c.Course(nil)
	}
}

// A panic of a worker or of a lead reaches the guard, wherever it was called.
func TestGuard(t *testing.T) {
	for _, where := range []string{"tick", "halt", "rows", "part"} {
		bubble(t, where, func(t *testing.T) {
			var mu sync.Mutex
			var caught []any
			guard := func() {
				if p := recover(); p != nil {
					mu.Lock()
					defer mu.Unlock()
					caught = append(caught, p)
				}
			}
			l := newLead()
			l.breaks = where
			s := openWith(t, l, func(cfg *ConductorConfig) { cfg.Guard = guard }, func(cfg *AgentConfig, w *worker) {
				if cfg.Guard = guard; where != "part" { // then it would never leave
					w.breaks = where
				}
			}, "alpha")
			s.play(2500 * time.Millisecond)
			s.end()
			if len(caught) == 0 || caught[0] != where {
				t.Errorf("caught %v", caught)
			}
		})
	}
}
