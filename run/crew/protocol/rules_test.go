package protocol

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func three(t *testing.T, cfg ConductorConfig) *world {
	return newWorld(t, cfg, "alpha", "beta", "gamma")
}

func TestWholeRun(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.crew[1].size = 3*MaxChunk + 7
	w.crew[2].size = 0
	w.running()
	w.conduct(Entry{[]byte("one")})
	w.run(w.now + 5*time.Second)
	w.conduct(Entry{[]byte("two")})
	w.run(w.now + 5*time.Second)
	w.end()
	r := w.lead.Result()
	if r.Exit.Cause != None || !r.Begun || len(r.Warnings) > 0 || len(w.lost) > 0 {
		t.Errorf("result %+v, lost %v", r, w.lost)
	}
	for i, a := range w.crew {
		w.whole(t, a)
		if n := len(w.rows[i]); n < 9 || n > 10 {
			t.Errorf("agent %s: %d reports in 10 s", a.id, n)
		}
		if !slices.Equal(a.entries, []string{"one", "two"}) {
			t.Errorf("agent %s: course %q", a.id, a.entries)
		}
		if d := a.begunAt - w.started; d.Abs() > time.Millisecond {
			t.Errorf("agent %s starts %v from T0", a.id, d)
		}
		want := []State{Joined, Preparing, Ready, Armed, Running, Halted, Sent}
		if !slices.Equal(a.states, want) {
			t.Errorf("agent %s: states %v (want %v)", a.id, a.states, want)
		}
		got := r.Agents[i]
		if got.Info.Name != a.id || got.Players != 100 || got.Slots != 341 || got.Lost != nil || !got.Complete || got.Vitals.Lag != time.Millisecond {
			t.Errorf("result %+v", got)
		}
		if off := got.Clock.Ahead + a.offset; off.Abs() > got.Clock.Error || got.Clock.Error > 5*time.Millisecond {
			t.Errorf("agent %s: clock %+v (want %v)", a.id, got.Clock, -a.offset)
		}
		if got.Halted <= 0 || got.Halted > 100*time.Millisecond {
			t.Errorf("agent %s: halted after %v", a.id, got.Halted)
		}
	}
	if r.Halt.Order == nil || len(r.Halt.Unanswered) > 0 || r.Halt.Slowest <= 0 {
		t.Errorf("halt %+v", r.Halt)
	}
	if w.started < 3*time.Second {
		t.Errorf("T0 %v (want 3 s after the decision at least)", w.started)
	}
}

// TestAgentDies ends an agent without a word at every step of a run (T6).
func TestAgentDies(t *testing.T) {
	for _, tc := range []struct {
		name  string
		when  func(w *world, a *node) bool
		begun bool
	}{
		{"before it is ready", func(w *world, a *node) bool { return a.core.state == Preparing }, false},
		{"ready", func(w *world, a *node) bool { return order[a.core.state] >= order[Ready] }, false},
		{"before the start", func(w *world, a *node) bool { return w.lead.going }, true},
		{"at T0", func(w *world, a *node) bool { return w.lead.phase == Underway }, true},
		{"while it plays", func(w *world, a *node) bool { return w.lead.phase == Underway && w.now > w.started+7*time.Second }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			a := w.crew[1]
			w.until(tc.name, func() bool { return tc.when(w, a) })
			a.dead = true
			died := w.now
			w.until("lost", func() bool { return len(w.lost) > 0 })
			if d := w.now - died; d > 4*time.Second {
				t.Errorf("noticed after %v", d)
			}
			l := w.lost[1]
			if !l.Beyond || l.Member != 1 {
				t.Errorf("lost %+v", l)
			}
			if n := time.Duration(len(w.rows[1])); l.At > n*time.Second+100*time.Millisecond || l.At < n*time.Second {
				t.Errorf("lost from %v on with %d reports", l.At, n)
			}
			w.end()
			r := w.lead.Result()
			if r.Exit.Cause != Gone || r.Exit.Cause.Code() != 113 || !strings.Contains(r.Exit.Text, "beta") || r.Begun != tc.begun {
				t.Errorf("result %+v", r)
			}
			if r.Agents[1].Lost == nil || r.Agents[0].Lost != nil || r.Agents[1].Complete {
				t.Errorf("agents %+v", r.Agents)
			}
			if tc.begun {
				w.whole(t, w.crew[0])
				w.whole(t, w.crew[2])
			}
			for i, a := range w.crew {
				if i != 1 && tc.begun != (a.begunAt != 0) {
					t.Errorf("agent %s began: %v", a.id, !tc.begun)
				}
			}
		})
	}
	t.Run("while it sends its part", func(t *testing.T) {
		w := three(t, ConductorConfig{})
		a := w.crew[1]
		a.size = 5 * MaxChunk
		w.running()
		w.run(w.now + 3*time.Second)
		w.conduct(Wanted{Order{Mode: Drain}})
		w.until("half a part", func() bool { return w.lead.members[1].part.next == 2 })
		a.dead = true
		w.run(w.now + 10*time.Second)
		r := w.lead.Result()
		if !w.finished || r.Exit.Cause != Gone || w.parts[1] != "" || r.Agents[1].Lost == nil {
			t.Errorf("result %+v, parts %d", r, len(w.parts))
		}
		w.whole(t, w.crew[0])
	})
}

// TestDied: an agent whose process is known to have ended is lost at once, unless nothing is
// wanted of it.
func TestDied(t *testing.T) {
	const how = "its process ended: signal: killed"
	w := three(t, ConductorConfig{Lost: .4})
	w.conduct(Died{"beta", how}) // nothing has joined
	w.running()
	w.conduct(Died{"delta", how})
	w.run(w.now + 2*time.Second)
	w.crew[1].dead = true
	w.conduct(Died{"beta", how})
	if l := w.lost[1]; len(w.lost) != 1 || l.Why != how || l.Beyond {
		t.Fatalf("lost %+v", w.lost)
	}
	w.conduct(Died{"beta", how})
	w.end()
	for _, a := range []string{"alpha", "gamma"} {
		w.conduct(Died{a, how})
	}
	r := w.lead.Result()
	if len(w.lost) != 1 || r.Exit.Cause != None || r.Agents[1].Lost == nil || r.Agents[1].Lost.Why != how {
		t.Errorf("lost %+v, result %+v", w.lost, r)
	}

	w = three(t, ConductorConfig{})
	w.until("ready", func() bool { return w.lead.phase == Arming })
	w.conduct(Died{"gamma", how})
	if r := w.lead.Result(); r.Exit.Cause != Gone || r.Exit.Text != "agent gamma: "+how || r.Begun {
		t.Errorf("result %+v", r)
	}
}

// TestLostWithinLimit loses players that the run may lose (F2').
func TestLostWithinLimit(t *testing.T) {
	w := three(t, ConductorConfig{Lost: .4})
	w.running()
	w.run(w.now + 4*time.Second)
	w.crew[0].dead = true
	w.run(w.now + 10*time.Second)
	if l := w.lost[0]; l.Beyond || len(w.lost) != 1 || w.lead.phase != Underway {
		t.Fatalf("lost %+v, phase %s", w.lost, w.lead.phase)
	}
	reports := len(w.rows[1])
	w.crew[1].dead = true // 200 of 300
	w.until("lost", func() bool { return len(w.lost) == 2 })
	if l := w.lost[1]; !l.Beyond || reports < 10 {
		t.Errorf("lost %+v after %d reports", l, reports)
	}
	w.end()
	if r := w.lead.Result(); r.Exit.Cause != Gone || len(r.Warnings) != 0 {
		t.Errorf("result %+v", r)
	}
	w = three(t, ConductorConfig{Lost: .4})
	w.running()
	w.crew[2].dead = true
	w.run(w.now + 10*time.Second)
	w.end()
	if r := w.lead.Result(); r.Exit.Cause != None || len(r.Warnings) != 0 || r.Agents[2].Lost == nil {
		t.Errorf("result %+v", r)
	}
}

// cut takes agents off the network.
func (w *world) cut(agents ...int) {
	w.lose = func(from, to int) bool { return slices.Contains(agents, from) || slices.Contains(agents, to) }
}

func (w *world) mend() { w.lose = func(int, int) bool { return false } }

func TestBusGone(t *testing.T) {
	for _, tc := range []struct {
		name string
		away time.Duration
		lost bool
	}{
		{"F4: 2 s leave a trace in the warnings only", 2 * time.Second, false},
		{"F4': 10 s end the run", 10 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 5*time.Second)
			gone := w.now
			w.cut(-1)
			w.run(w.now + tc.away)
			w.mend()
			w.run(w.now + 5*time.Second)
			if (len(w.lost) == 3) != tc.lost {
				t.Fatalf("lost %v", w.lost)
			}
			w.end()
			r := w.lead.Result()
			if tc.lost {
				if r.Exit.Cause != Gone {
					t.Errorf("result %+v", r)
				}
				for _, a := range w.crew {
					if d := a.stoppedAt - gone; d > Lease+Step || d <= 0 {
						t.Errorf("agent %s is silent after %v", a.id, d)
					}
					if a.core.state != Silent || a.cause() != Gone || a.collected != 1 {
						t.Errorf("agent %s: %s, %v", a.id, a.core.state, a.exit)
					}
				}
				return
			}
			if r.Exit.Cause != None || len(r.Warnings) != 3 || !strings.Contains(r.Warnings[0], "not heard for 2.") {
				t.Errorf("result %+v", r)
			}
			for i, a := range w.crew {
				w.whole(t, a)
				if n := len(w.rows[i]); n < 11 {
					t.Errorf("agent %s: %d reports of 12 s", a.id, n)
				}
			}
		})
	}
}

// TestOneWay cuts one direction only: an agent that is not heard plays on no longer than
// the next beat says, one that hears nothing for as long as its lease.
func TestOneWay(t *testing.T) {
	for _, deaf := range []bool{true, false} {
		t.Run(fmt.Sprint("deaf ", deaf), func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 5*time.Second)
			cut := w.now
			w.lose = func(from, to int) bool { return deaf && to == 1 || !deaf && from == 1 }
			w.run(w.now + 8*time.Second)
			a := w.crew[1]
			if d := a.stoppedAt - cut; d <= 0 || d > Lease+100*time.Millisecond || a.stopped.Mode != Now || a.cause() != Gone {
				t.Errorf("stopped after %v: %+v, %v", d, a.stopped, a.exit)
			}
			if len(w.lost) != 1 || w.lost[1].Member != 1 {
				t.Errorf("lost %v", w.lost)
			}
			w.end()
		})
	}
}

// TestPaused stops a process for a while (T7).
func TestPaused(t *testing.T) {
	for _, pause := range []time.Duration{2 * time.Second, 10 * time.Second} {
		t.Run(pause.String(), func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 5*time.Second)
			a := w.crew[2]
			a.paused = true
			w.run(w.now + pause)
			if pause > Lease {
				a.lease = min(a.lease, a.local()) // what the worker asks before it makes requests
				if a.paused = false; a.playing() {
					t.Error("plays after it woke")
				}
				entries := len(a.entries)
				w.conduct(Entry{[]byte("while it was away")})
				a.resume()
				woke := w.now
				w.run(w.now + 5*time.Second)
				if a.stoppedAt != woke || a.core.state != Silent || len(a.entries) != entries || a.cause() != Gone {
					t.Errorf("stopped %v after it woke, %s, %v", a.stoppedAt-woke, a.core.state, a.exit)
				}
				if len(w.lost) != 1 {
					t.Errorf("lost %v", w.lost)
				}
				w.end()
				return
			}
			a.resume()
			w.run(w.now + 5*time.Second)
			w.end()
			if r := w.lead.Result(); r.Exit.Cause != None {
				t.Errorf("result %+v", r)
			}
			w.whole(t, a)
		})
	}
}

// TestSuspended stops a machine with its clock: the lease does not notice, but each beat says who is lost.
func TestSuspended(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	w.run(w.now + 5*time.Second)
	a := w.crew[0]
	a.paused = true
	w.run(w.now + 10*time.Second)
	a.offset -= 10 * time.Second
	for i := range a.held {
		if e, ok := a.held[i].(Arrived); ok {
			e.At = a.local()
			a.held[i] = e
		}
	}
	a.held = a.held[len(a.held)-3:] // the rest is lost
	a.resume()
	w.run(w.now + time.Second)
	if a.core.state != Silent {
		t.Errorf("%s", a.core.state)
	}
	w.end()
}

func TestConductorDies(t *testing.T) { // F5
	w := three(t, ConductorConfig{})
	w.running()
	w.run(w.now + 5*time.Second)
	w.dead = true
	died := w.now
	w.run(w.now + 10*time.Second)
	for _, a := range w.crew {
		if d := a.stoppedAt - died; d > Lease+Step || !a.left || a.cause() != Gone || a.collected != 1 {
			t.Errorf("agent %s: silent after %v, %v", a.id, d, a.exit)
		}
	}
}

func TestClocks(t *testing.T) { // T9, F6
	for _, tc := range []struct {
		name   string
		offset time.Duration
		ppm    int64
		slow   time.Duration // from the agent to the conductor
		blur   time.Duration
		cause  Cause
		warn   string
	}{
		{"5 s ahead", 5 * time.Second, 0, 0, 0, None, ""},
		{"5 s behind", -5 * time.Second, 0, 0, 0, None, ""},
		{"200 ppm fast", 5 * time.Second, 200, 0, 0, None, ""},
		{"200 ppm slow", 5 * time.Second, -200, 0, 0, None, ""},
		{"300 ms one way", 0, 0, 300 * time.Millisecond, 0, None, "known to 15"},
		{"300 ms one way, and that is too much", 0, 0, 300 * time.Millisecond, 100 * time.Millisecond, Blurred, "known to 15"},
		{"drifts by 60 ms in a minute", 0, 1000, 0, 0, None, "drifted by -5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{Blur: tc.blur})
			a := w.crew[1]
			a.offset, a.ppm = tc.offset, tc.ppm
			w.delay = func(from, to int) time.Duration {
				if from == 1 {
					return time.Millisecond + tc.slow
				}
				return time.Millisecond
			}
			w.until("armed", func() bool { return w.lead.phase == Arming })
			if notice := w.lead.t0 - w.lead.since; notice < 3*time.Second || notice < 20*tc.slow {
				t.Errorf("T0 is %v ahead (want 20 round trips)", notice)
			}
			w.running()
			m := w.lead.members[1]
			for range 60 {
				w.run(w.now + time.Second)
				o, _ := m.clock.best(w.now)
				if off := o.Ahead + a.local() - w.now; off.Abs() > o.Error && tc.ppm <= drift {
					t.Fatalf("offset is wrong by %v (want at most %v)", off, o.Error)
				}
			}
			if d := a.begunAt - w.started; d.Abs() > m.clock0.Error && tc.ppm <= drift {
				t.Errorf("starts %v from T0, error %v", d, m.clock0.Error)
			}
			w.end()
			r := w.lead.Result()
			if r.Exit.Cause != tc.cause {
				t.Errorf("result %+v", r)
			}
			if warned := strings.Join(r.Warnings, "\n"); (tc.warn == "") != (warned == "") || !strings.Contains(warned, tc.warn) {
				t.Errorf("warnings %q (want %q)", r.Warnings, tc.warn)
			}
		})
	}
}

func TestPartIsLate(t *testing.T) { // F8
	w := three(t, ConductorConfig{})
	w.crew[1].stuck = true // its players never leave
	w.running()
	w.conduct(Wanted{Order{Mode: Drain}})
	halted := w.now
	w.until("lost", func() bool { return len(w.lost) == 1 })
	if d := w.now - halted; d < PartWithin || d > PartWithin+time.Second || !strings.Contains(w.lost[1].Why, "not complete within 1m0s") {
		t.Errorf("lost after %v: %+v", d, w.lost[1])
	}
	w.run(w.now + 10*time.Second)
	if r := w.lead.Result(); !w.finished || r.Exit.Cause != Gone || w.parts[0] == "" || w.parts[2] == "" {
		t.Errorf("result %+v", r)
	}
	if a := w.crew[1]; a.core.state != Silent {
		t.Errorf("agent: %s", a.core.state)
	}
}

func TestStuckWorker(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	w.run(w.now + 3*time.Second)
	w.crew[1].muted = true
	w.run(w.now + 20*time.Second)
	if l := w.lost[1]; len(w.lost) != 1 || !strings.Contains(l.Why, "without rows for 10s") {
		t.Errorf("lost %v", w.lost)
	}
	if !slices.ContainsFunc(w.notes, func(n string) bool { return strings.Contains(n, "beta: no rows for 3s") }) {
		t.Errorf("notes %q", w.notes)
	}
	w.end()
}

// TestHaltWhileMerging: players who drain too slowly can still be cut off.
func TestHaltWhileMerging(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.crew[1].stuck = true
	w.running()
	w.run(w.now + 5*time.Second)
	w.conduct(Wanted{Order{Mode: Drain}})
	w.until("merging", func() bool { return w.lead.phase == Merging })
	w.run(w.now + 2*time.Second)
	w.block = func(kind string, to int) bool { return kind == "halt" || kind == "beat" }
	w.conduct(Wanted{Order{Mode: Now, Reason: "the user"}})
	w.run(w.now + time.Second)
	w.block = func(string, int) bool { return false }
	w.run(w.now + time.Second)
	a := w.crew[1]
	if a.stopped.Mode != Now || w.lead.members[1].halted != Now {
		t.Errorf("agent %+v, conductor %v", a.stopped, w.lead.members[1].halted)
	}
	a.step(Collected{a.makePart(), nil})
	w.run(w.now + 5*time.Second)
	if r := w.lead.Result(); !w.over() || len(w.parts) != 3 || r.Exit.Cause != Stopped || len(r.Halt.Unanswered) > 0 {
		t.Errorf("result %+v, %d parts", r, len(w.parts))
	}
}

// TestBusyLead: rows wait at the agents while the lead cannot take them.
func TestBusyLead(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	w.busy = true
	w.run(w.now + 20*time.Second)
	if len(w.rows) > 0 || len(w.lost) > 0 || w.crew[0].reports != maxWaiting {
		t.Errorf("%d agents with rows, lost %v, %d reports", len(w.rows), w.lost, w.crew[0].reports)
	}
	w.busy = false
	w.run(w.now + 10*time.Second)
	w.end()
	if r := w.lead.Result(); r.Exit.Cause != None || len(r.Warnings) > 0 || len(w.rows[0]) < 12 {
		t.Errorf("result %+v, %d reports", r, len(w.rows[0]))
	}
	w.whole(t, w.crew[0])
}

func TestHaltsFast(t *testing.T) { // T11
	for _, by := range []string{"the lead", "outside", "an agent"} {
		t.Run(by, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 5*time.Second)
			asked := w.now
			why := "by " + by
			switch by {
			case "the lead":
				w.conduct(Wanted{Order{Mode: Now, Reason: why}})
			case "outside":
				subj, data, err := HaltMessage("r", Order{Mode: Now, Reason: why, By: "a person"})
				if err != nil {
					t.Fatal(err)
				}
				w.carry(99, Send{subj, data})
			case "an agent":
				w.crew[1].step(Wanted{Order{Mode: Now, Reason: why}})
			}
			w.run(w.now + time.Minute)
			r := w.lead.Result()
			if !w.over() || r.Exit.Cause != Stopped || !strings.Contains(r.Exit.Text, why) || len(r.Halt.Unanswered) > 0 || r.Halt.Slowest > time.Second {
				t.Errorf("result %+v", r)
			}
			for i, a := range w.crew {
				if d := a.stoppedAt - asked; d < 0 || d > 100*time.Millisecond || a.stopped.Mode != Now || a.cause() != Stopped {
					t.Errorf("agent %s stopped after %v: %+v, %v", a.id, d, a.stopped, a.exit)
				}
				if w.parts[i] == "" {
					t.Errorf("no part of %s", a.id)
				}
			}
			if len(w.halting) != 1 {
				t.Errorf("halting %v", w.halting)
			}
		})
	}
}

// TestHaltOfTheOthers: an agent that was lost before a halt is not one that did not obey it.
func TestHaltOfTheOthers(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	w.cut(2)
	w.run(w.now + 5*time.Second)
	w.conduct(Wanted{Order{Mode: Now, Reason: "agent gamma is lost"}})
	w.run(w.now + 10*time.Second)
	if h := w.lead.Result().Halt; h.Asked != 2 || len(h.Unanswered) > 0 || h.Who == "" {
		t.Errorf("halt %+v; want all of 2 agents", h)
	}
}

// TestHaltUnanswered names the agents that did not say that they halted, and lets now
// follow drain.
func TestHaltUnanswered(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	w.run(w.now + 5*time.Second)
	w.cut(2)
	w.conduct(Wanted{Order{Mode: Drain}})
	w.run(w.now + 100*time.Millisecond)
	w.conduct(Wanted{Order{Mode: Now, Reason: "halted by the user"}})
	w.conduct(Wanted{Order{Mode: Drain, Reason: "too weak to matter"}})
	w.run(w.now + 10*time.Second)
	r := w.lead.Result()
	if !slices.Equal(r.Halt.Unanswered, []string{"gamma"}) || r.Halt.Who == "" || r.Halt.Order.Mode != Now || r.Exit.Cause != Gone {
		t.Errorf("halt %+v, %+v", r.Halt, r.Exit)
	}
	if w.crew[0].stopped.Mode != Now {
		t.Errorf("%+v", w.crew[0].stopped)
	}
}

func TestCourseIsLong(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.running()
	var want []string
	for i := range 2000 {
		e := fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000))
		want = append(want, e)
		w.conduct(Entry{[]byte(e)})
		if i%50 == 0 {
			w.run(w.now + 100*time.Millisecond)
		}
		if i == 500 {
			w.cut(1)
		}
		if i == 1500 {
			w.mend()
		}
	}
	w.run(w.now + 10*time.Second)
	for _, a := range w.crew {
		if !slices.Equal(a.entries, want) {
			t.Errorf("agent %s has %d entries (want %d)", a.id, len(a.entries), len(want))
		}
	}
	w.end()
	if r := w.lead.Result(); r.Exit.Cause != None {
		t.Errorf("result %+v", r.Exit)
	}
}
