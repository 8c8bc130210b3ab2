package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRefusals(t *testing.T) { // T13
	for _, tc := range []struct {
		name   string
		change func(w *world)
		who    int
		want   string
		run    string // how the run ends; "" = well
	}{
		{"another build", func(w *world) { w.add("delta").core.cfg.Info.Build = "b2" }, 3, "refused: build b2 (want b1, that of the conductor)", ""},
		{"too late", func(w *world) { w.running(); w.add("delta") }, 3, "too late: run r has its 3 agents", ""},
		{"an id that is there", func(w *world) { w.run(time.Second); w.add("beta") }, 3, "there is another agent with id beta", ""},
		{"another plan", func(w *world) { w.crew[0].hash = "other" }, 0, "", "agent alpha understood another plan: hash other (want hash: "},
		{"a plan that cannot be prepared", func(w *world) { w.crew[0].bad = errors.New("3 files may be open") }, 0, "cannot prepare: 3 files may be open", "agent alpha: cannot prepare: 3 files may be open"},
		{"a share that cannot be made", func(w *world) {
			w.shares = func([]Member) ([]Share, error) { return nil, errors.New("gamma carries 10 players") }
		}, 0, "gamma carries 10 players", "gamma carries 10 players"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			tc.change(w)
			if tc.run == "" {
				if w.lead.phase != Underway {
					w.running()
				}
				w.run(w.now + 2*time.Second)
				w.end()
			} else {
				w.run(w.now + time.Minute)
			}
			r := w.lead.Result()
			if tc.run == "" && r.Exit.Cause != None || !strings.HasPrefix(r.Exit.Text, tc.run) || tc.run != "" && (r.Exit.Cause != Refused || r.Begun) {
				t.Errorf("result %+v", r)
			}
			a := w.crew[tc.who]
			if !w.over() || a.exit == nil || !strings.Contains(a.exit.Error(), tc.want) || a.begunAt != 0 {
				t.Errorf("agent: %v (want %q)", a.exit, tc.want)
			}
			if len(w.crew) > 3 && a.cause() != Refused {
				t.Errorf("cause %v", a.cause())
			}
		})
	}
	t.Run("a target that cannot be reached", func(t *testing.T) {
		w := three(t, ConductorConfig{})
		const why = "target unreachable at start: no such host"
		w.crew[0].bad = fmt.Errorf("open: %w", &TargetError{why})
		w.run(w.now + time.Minute)
		r := w.lead.Result()
		if want := (Exit{NoTarget, "agent alpha: " + why}); r.Exit != want || r.Exit.Cause.Code() != 112 || r.Begun {
			t.Errorf("result %+v", r)
		}
		if a := w.crew[0]; a.cause() != NoTarget || a.exit.Error() != why {
			t.Errorf("agent: %v", a.exit)
		}
	})
	t.Run("another protocol", func(t *testing.T) {
		w := newWorld(t, ConductorConfig{}, "alpha")
		w.running()
		old := strings.Replace(string(encode(&join{ID: "old", Nonce: "n"})), Version, "hl/0", 1)
		w.conduct(Arrived{Kind: "join", Data: []byte(old)})
		var refused string
		for _, act := range w.lead.Step(w.now, Arrived{Kind: "join", Data: []byte(old)}) {
			if s, ok := act.(Send); ok {
				refused = string(s.Data)
			}
		}
		if !strings.Contains(refused, "protocol hl/0 (want hl/1") {
			t.Errorf("answer %q", refused)
		}
		a := NewAgent(AgentConfig{Run: "r", ID: "x", Nonce: "n"})
		acts := a.Step(0, Arrived{Kind: "answer", ID: "x", Data: []byte(strings.Replace(refused, Version, "hl/2", 1))})
		if l, ok := acts[len(acts)-1].(Leave); !ok || !strings.Contains(l.Err.Error(), "the conductor speaks hl/2") && !strings.Contains(l.Err.Error(), `"hl/2"`) {
			t.Errorf("agent does %v", acts)
		}
	})
}

// TestSecondConductor: the one that is there stays; of two that begin at once, one does.
func TestSecondConductor(t *testing.T) {
	begin := func(nonce string) *Conductor {
		c, err := NewConductor(ConductorConfig{Run: "r", Nonce: nonce, Agents: 1}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, late := range []time.Duration{0, 100 * time.Millisecond, 5 * time.Second} {
		a, b := begin("1"), begin("2")
		var toA, toB []Arrived
		var over []string
		for now := time.Duration(0); now < 10*time.Second; now += Step {
			pass := func(c *Conductor, in, out *[]Arrived) {
				events := []Event{Wake{}}
				for _, e := range *in {
					events = append(events, e)
				}
				*in = nil
				for _, e := range events {
					for _, act := range c.Step(now, e) {
						switch act := act.(type) {
						case Send:
							kind, id := Kind("r", act.Subject)
							*out = append(*out, Arrived{Kind: kind, ID: id, Data: act.Data, At: now})
						case Finished:
							over = append(over, c.cfg.Nonce)
						}
					}
				}
			}
			pass(a, &toA, &toB)
			if now >= late {
				pass(b, &toB, &toA)
			}
		}
		if !slices.Equal(over, []string{"2"}) || a.phase != Open || b.exit.Cause != Refused || !strings.Contains(b.exit.Text, "run r has a conductor already") {
			t.Errorf("%v later: %v left, %+v", late, over, b.exit)
		}
	}
}

func TestJoinsTakeTooLong(t *testing.T) {
	w := newWorld(t, ConductorConfig{Agents: 3, JoinWithin: 10 * time.Second}, "alpha", "beta")
	w.run(time.Minute)
	if r := w.lead.Result(); !w.over() || r.Exit.Text != "2 of 3 agents joined within 10s" || r.Exit.Cause != Gone || r.Begun {
		t.Errorf("result %+v", r)
	}
}

// TestLeavesWhileOpen: the place of an agent that dies before the run is complete is free
// again.
func TestLeavesWhileOpen(t *testing.T) {
	w := newWorld(t, ConductorConfig{Agents: 3}, "alpha", "beta")
	w.run(2 * time.Second)
	w.crew[0].dead = true
	w.run(w.now + 5*time.Second)
	w.add("alpha") // started again
	w.add("gamma")
	w.running()
	w.run(w.now + 2*time.Second)
	w.end()
	if r := w.lead.Result(); r.Exit.Cause != None || len(r.Agents) != 3 || len(r.Warnings) != 1 {
		t.Errorf("result %+v", r)
	}
}

// TestStartIsNotConfirmed: when one agent does not hear of T0, no agent starts.
func TestStartIsNotConfirmed(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.block = func(kind string, to int) bool { return kind == "start" && to == 1 }
	w.run(w.now + time.Minute)
	r := w.lead.Result()
	if r.Begun || r.Exit.Cause != Gone || r.Exit.Text != "did not confirm the start: beta" {
		t.Errorf("result %+v", r)
	}
	for _, a := range w.crew {
		if a.begunAt != 0 {
			t.Errorf("agent %s began", a.id)
		}
	}
}

// TestHearsOfTheStartTooLate: an agent that does not hear that all know T0 never starts.
func TestHearsOfTheStartTooLate(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.block = func(kind string, to int) bool { return w.lead.going && kind == "start" && to == 1 }
	w.until("agreed", func() bool { return w.lead.going })
	w.run(w.now + 10*time.Second)
	if a := w.crew[1]; a.begunAt != 0 || !a.left {
		t.Errorf("agent: %s", a.core.state)
	}
	if l := w.lost[1]; len(w.lost) != 1 || !l.Beyond || l.At != 0 || l.Why != "heard of the start too late" {
		t.Errorf("lost %v", w.lost)
	}
	w.end()
}

func TestConductorConfig(t *testing.T) {
	for _, tc := range []struct {
		cfg  ConductorConfig
		want string
	}{
		{ConductorConfig{Run: "a.b", Agents: 1}, `id "a.b" (want 1 to 64`},
		{ConductorConfig{Run: "r"}, "0 agents (want 1 to 1024)"},
		{ConductorConfig{Run: "r", Agents: 1025}, "1025 agents"},
		{ConductorConfig{Run: "r", Agents: 1, Lost: 1.5}, "share 1.5"},
	} {
		if _, err := NewConductor(tc.cfg, time.Time{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v (want %q)", tc.cfg, err, tc.want)
		}
	}
}

// TestHaltWhileOpen: agents that joined leave, and each has its place among the lost.
func TestHaltWhileOpen(t *testing.T) {
	w := newWorld(t, ConductorConfig{Agents: 4}, "gamma", "alpha", "beta")
	w.run(2 * time.Second)
	w.cut(0, 1)
	w.conduct(Wanted{Order{Mode: Now, Reason: "the user"}})
	w.run(w.now + 10*time.Second)
	r := w.lead.Result()
	if !w.over() || r.Exit.Cause != Gone || r.Begun || len(w.lost) != 2 || r.Agents[0].Info.Name != "alpha" || r.Agents[0].Lost == nil || r.Agents[1].Lost != nil || r.Agents[2].Lost == nil {
		t.Errorf("result %+v, lost %v", r, w.lost)
	}
}

// The one agent in the conductor's process begins even if a busy machine lets T0 pass first:
// no other agent would notice that it never did.
func TestAloneBeginsLate(t *testing.T) {
	for _, alone := range []bool{true, false} {
		a := NewAgent(AgentConfig{Run: "r", ID: "a", Nonce: "n", Alone: alone})
		tell := func(now time.Duration, kind string, m message) (acts []Action) {
			id := "a"
			if kind == "start" {
				id = ""
			}
			*m.head() = Head{Run: "run", Seq: a.seq + 1}
			if id != "" {
				m.head().Gen = 7
			}
			return a.Step(now, Arrived{Kind: kind, ID: id, Data: encode(m), At: now})
		}
		tell(0, "answer", &answer{Nonce: "n"})
		tell(0, "ack", &ack{Clock: true})
		p := &plan{Sum: Sum(nil)}
		tell(0, "plan", p)
		a.Step(0, Prepared{})
		tell(0, "start", &start{T0: 20 * time.Millisecond})
		if a.State() != Armed {
			t.Fatalf("alone %v: %s", alone, a.State())
		}
		acts := tell(30*time.Millisecond, "start", &start{T0: 20 * time.Millisecond, Go: true})
		begun := slices.ContainsFunc(acts, func(act Action) bool { _, ok := act.(Begin); return ok })
		if begun != alone || alone != (a.State() == Running) {
			t.Errorf("alone %v: begun %v, %s", alone, begun, a.State())
		}
	}
}
