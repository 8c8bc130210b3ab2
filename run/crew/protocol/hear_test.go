package protocol

import (
	"bytes"
	"testing"
	"time"
)

// lastBeat records what the conductor says to all.
func (w *world) lastBeat() []byte {
	c := *w.lead
	return encode(&beat{Head: Head{Run: c.cfg.Nonce, Seq: c.seq}, Now: w.now, Phase: c.phase})
}

// TestOldBeats: only a beat that was sent lately lengthens a lease.
func TestOldBeats(t *testing.T) {
	t.Run("replayed", func(t *testing.T) {
		w := three(t, ConductorConfig{})
		w.running()
		w.run(w.now + 5*time.Second)
		a, old := w.crew[0], w.lastBeat()
		w.dead = true
		died := w.now
		w.every(100*time.Millisecond, func() { a.step(Arrived{Kind: "beat", Data: old, At: a.local()}) })
		w.run(w.now + 10*time.Second)
		if d := a.stoppedAt - died; d <= 0 || d > Lease+Step+100*time.Millisecond {
			t.Errorf("silent after %v", d)
		}
	})
	t.Run("under way for 2 s", func(t *testing.T) {
		w := three(t, ConductorConfig{})
		w.running()
		w.run(w.now + 5*time.Second)
		w.delay = func(from, to int) time.Duration {
			if to == 1 {
				return 2 * time.Second
			}
			return time.Millisecond
		}
		w.run(w.now + 5*time.Second)
		a := w.crew[1]
		if !a.playing() {
			t.Fatalf("not playing: %s, %v", a.core.state, a.exit)
		}
		w.dead = true
		died := w.now
		w.run(w.now + 10*time.Second)
		if d := a.stoppedAt - died; d <= 0 || d > Lease+Step+20*time.Millisecond {
			t.Errorf("silent %v after the last beat was sent", d)
		}
	})
}

// TestForeign: messages of another run with the same name, and to another gen, are not for
// this agent.
func TestForeign(t *testing.T) {
	for _, tc := range []struct {
		name, kind, id string
		data           []byte
	}{
		{"a halt of another run", "halt", "", encode(&halt{Head{Run: "other", Seq: 1 << 40}, Order{Mode: Now, Reason: "stop"}})},
		{"a fence of another run", "beat", "", encode(&beat{Head: Head{Run: "other", Seq: 1 << 40}, Now: time.Hour, Fenced: []uint64{1, 2, 3}})},
		{"an entry of another run", "course", "", encode(&course{Head{Run: "other"}, pieces{0, []int{1}}}, []byte("x"))},
		{"an answer to another gen", "ack", "alpha", encode(&ack{Head: Head{Run: "instance", Gen: 99, Seq: 1 << 40}, Rows: 1 << 40, pieces: pieces{0, []int{1}}}, []byte("x"))},
		{"an answer to all", "ack", "alpha", encode(&ack{Head: Head{Run: "instance", Seq: 1 << 40}, pieces: pieces{0, []int{1}}}, []byte("x"))},
		{"a message to another agent", "ack", "beta", encode(&ack{Head: Head{Run: "instance", Gen: 1, Seq: 1 << 40}, pieces: pieces{0, []int{1}}}, []byte("x"))},
		{"a welcome to a process before it", "answer", "alpha", encode(&answer{Head: Head{Run: "other", Gen: 7}, Nonce: "before"})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 2*time.Second)
			a := w.crew[0]
			a.step(Arrived{Kind: tc.kind, ID: tc.id, Data: tc.data, At: a.local()})
			w.run(w.now + 5*time.Second)
			if !a.playing() || len(a.entries) > 0 {
				t.Errorf("agent: %s, %v, course %q", a.core.state, a.exit, a.entries)
			}
			w.end()
			w.whole(t, a)
		})
	}
}

// TestStrangers: what was not sent by a member as it is now changes nothing at the conductor.
func TestStrangers(t *testing.T) {
	head := func(run string, gen uint64) Head { return Head{Run: run, Gen: gen, Seq: 1 << 40} }
	for _, tc := range []struct {
		name string
		e    Arrived
	}{
		{"another gen", Arrived{Kind: "tick", ID: "alpha", Data: encode(&tick{Head: head("instance", 99), State: Failed})}},
		{"another run", Arrived{Kind: "tick", ID: "alpha", Data: encode(&tick{Head: head("other", 1), State: Failed})}},
		{"an id that no agent has", Arrived{Kind: "tick", ID: "delta", Data: encode(&tick{Head: head("instance", 1), State: Failed})}},
		{"a tick that was overtaken", Arrived{Kind: "tick", ID: "alpha", Data: encode(&tick{Head: Head{Run: "instance", Gen: 1, Seq: 1}, State: Failed})}},
		{"a state that is over", Arrived{Kind: "tick", ID: "alpha", Data: encode(&tick{Head: head("instance", 1), State: Ready})}},
		{"a part before the halt", Arrived{Kind: "part", ID: "alpha", Data: encode(&chunk{Head: head("instance", 1), Size: 1, Sum: Sum([]byte("x"))}, []byte("x"))}},
		{"a halt of another run", Arrived{Kind: "halt", Data: encode(&halt{head("other", 0), Order{Mode: Now, Reason: "stop"}})}},
		{"a join again", Arrived{Kind: "join", Data: encode(&join{ID: "alpha", Nonce: "n0", Info: Info{Build: "b1"}})}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := three(t, ConductorConfig{})
			w.running()
			w.run(w.now + 2*time.Second)
			tc.e.At = w.now
			w.conduct(tc.e)
			w.conduct(Wake{})
			if m := w.lead.members[0]; w.lead.phase != Underway || len(w.lost) > 0 || m.state != Running || len(w.lead.members) != 3 {
				t.Errorf("phase %s, lost %v, state %s", w.lead.phase, w.lost, m.state)
			}
		})
	}
}

// TestLateJoin: a join that was under way when its agent was lost takes no place.
func TestLateJoin(t *testing.T) {
	w := newWorld(t, ConductorConfig{Agents: 2}, "alpha")
	w.run(2 * time.Second)
	w.crew[0].dead = true
	w.until("left", func() bool { return len(w.lead.members) == 0 })
	w.conduct(Arrived{Kind: "join", Data: encode(&join{ID: "alpha", Nonce: "n0", Info: Info{Build: "b1"}}), At: w.now})
	if n := len(w.lead.members); n != 0 {
		t.Errorf("%d members", n)
	}
	for i := range 3 { // places are for those who answer, and there are two
		w.conduct(Arrived{Kind: "join", Data: encode(&join{ID: "ghost", Nonce: string(rune('a' + i)), Info: Info{Build: "b1"}}), At: w.now})
	}
	if n := len(w.lead.members); n != 1 || w.lead.phase != Open {
		t.Errorf("%d members, %s", n, w.lead.phase)
	}
	w.run(w.now + 4*time.Second)
	if n := len(w.lead.members); n != 0 || w.lead.phase != Open {
		t.Errorf("%d members, %s", n, w.lead.phase)
	}
}

// TestNames: members are told apart in reports.
func TestNames(t *testing.T) {
	w := three(t, ConductorConfig{})
	w.crew[0].core.cfg.Info.Name = "machine"
	w.crew[1].core.cfg.Info.Name = "machine"
	w.crew[2].core.cfg.Info.Name = ""
	w.running()
	var names [][]byte
	for _, a := range w.lead.Result().Agents {
		names = append(names, []byte(a.ID+"="+a.Info.Name))
	}
	if got, want := string(bytes.Join(names, []byte(" "))), "gamma=gamma alpha=machine beta=machine-2"; got != want {
		t.Errorf("names %q (want %q)", got, want)
	}
}
