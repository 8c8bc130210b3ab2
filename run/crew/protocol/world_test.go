package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// world is a conductor, agents with workers, a network and time, all pretended.
type world struct {
	t      fataler
	now    time.Duration
	order  int
	events []pending
	lead   *Conductor
	crew   []*node

	lose  func(from, to int) bool // messages; the conductor is -1
	delay func(from, to int) time.Duration
	twice func() bool
	block func(kind string, to int) bool

	dead     bool // the conductor
	busy     bool // its lead
	finished bool
	started  time.Duration // T0; 0 = not agreed
	rows     map[int][]string
	parts    map[int]string
	lost     map[int]Lost
	lostAt   map[int]time.Duration
	halting  []Order
	notes    []string
	sizes    map[string]int // messages by kind
	shares   func(members []Member) ([]Share, error)
	slow     time.Duration // to assign
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

type pending struct {
	at    time.Duration
	order int
	do    func()
}

// node is an agent and its worker.
type node struct {
	w      *world
	i      int
	core   *Agent
	id     string
	offset time.Duration
	ppm    int64 // how much its clock runs faster
	dead   bool  // the process
	paused bool
	held   []Event

	hash      string
	bad       error // of Prepare
	muted     bool  // Tick hangs
	stuck     bool  // Part hangs
	size      int   // of the part
	states    []State
	begunAt   time.Duration // T0 in true time, as the agent understands it
	stoppedAt time.Duration // true time; 0 = not stopped
	stopped   Order
	lease     time.Duration
	entries   []string
	reports   int
	left      bool
	exit      error
	collected int
}

const planHash = "hash"

func newWorld(t fataler, cfg ConductorConfig, ids ...string) *world {
	t.Helper()
	w := &world{t: t, rows: map[int][]string{}, parts: map[int]string{}, lost: map[int]Lost{}, lostAt: map[int]time.Duration{}, sizes: map[string]int{}}
	w.lose = func(int, int) bool { return false }
	w.delay = func(int, int) time.Duration { return time.Millisecond }
	w.twice = func() bool { return false }
	w.block = func(string, int) bool { return false }
	w.shares = func(members []Member) (shares []Share, err error) {
		for range members {
			shares = append(shares, Share{Plan: []byte("plan"), Hash: planHash, Players: 100, Slots: 1024 / len(members)})
		}
		return shares, nil
	}
	cfg.Run, cfg.Nonce, cfg.Build = "r", "instance", "b1"
	if cfg.Agents == 0 {
		cfg.Agents = len(ids)
	}
	n := uint64(0)
	cfg.Draw = func() uint64 { n++; return n << 11 }
	var err error
	if w.lead, err = NewConductor(cfg, time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatalf("%v", err)
	}
	for _, id := range ids {
		w.add(id)
	}
	w.every(Step, func() { w.conduct(Wake{}) })
	return w
}

// add adds an agent that joins from now on.
func (w *world) add(id string) *node {
	a := &node{w: w, i: len(w.crew), id: id, hash: planHash, size: 100, offset: time.Duration(len(w.crew)) * time.Second}
	a.core = NewAgent(AgentConfig{Run: "r", ID: id, Nonce: fmt.Sprint("n", a.i), Info: Info{Name: id, Build: "b1"}})
	w.crew = append(w.crew, a)
	w.every(Step, func() { a.step(Wake{}) })
	return a
}

func (w *world) at(at time.Duration, do func()) {
	w.order++
	p := pending{max(at, w.now), w.order, do}
	i, _ := slices.BinarySearchFunc(w.events, p, func(a, b pending) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.order - b.order
	})
	w.events = slices.Insert(w.events, i, p)
}

func (w *world) every(d time.Duration, do func()) {
	var again func()
	again = func() {
		do()
		w.at(w.now+d, again)
	}
	w.at(w.now, again)
}

// run lets time pass until an instant, or until all is over.
func (w *world) run(until time.Duration) {
	for len(w.events) > 0 && w.events[0].at <= until {
		p := w.events[0]
		w.events = w.events[1:]
		w.now = p.at
		p.do()
		if w.over() {
			return
		}
	}
	w.now = until
}

func (w *world) over() bool {
	return (w.finished || w.dead) && !slices.ContainsFunc(w.crew, func(a *node) bool {
		return !a.left && !a.dead && a.core.state != Joining // that waits for the next run
	})
}

// until lets time pass until something is so.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	for end := w.now + 5*time.Minute; !so(); w.run(w.now + time.Millisecond) {
		if w.now > end || w.over() {
			w.t.Fatalf("%v: never %s; conductor %s (%+v), agents %v", w.now, what, w.lead.phase, w.lead.exit, w.states())
		}
	}
}

func (w *world) states() (s []string) {
	for _, a := range w.crew {
		s = append(s, fmt.Sprintf("%s %s (%v)", a.id, a.core.state, a.exit))
	}
	return s
}

func (w *world) running() { w.until("running", func() bool { return w.lead.phase == Underway }) }

// carry takes a message to whom it is for.
func (w *world) carry(from int, s Send) {
	kind, id := Kind("r", s.Subject)
	w.sizes[kind]++
	if len(s.Data) > 1<<20 {
		w.t.Fatalf("message %s of %d bytes", s.Subject, len(s.Data))
	}
	to := func(n int, take func(Arrived)) {
		if n == from || w.lose(from, n) || w.block(kind, n) {
			return
		}
		copies := 1
		if w.twice() {
			copies = 2
		}
		for range copies {
			w.at(w.now+w.delay(from, n), func() { take(Arrived{Kind: kind, ID: id, Data: s.Data}) })
		}
	}
	to(-1, func(e Arrived) { e.At, e.Busy = w.now, w.busy; w.conduct(e) })
	if from == -1 || kind == "halt" {
		for _, a := range w.crew {
			if id == "" || id == a.id {
				to(a.i, func(e Arrived) { e.At = a.local(); a.step(e) })
			}
		}
	}
}

// conduct tells the conductor something, and does what it says.
func (w *world) conduct(e Event) {
	if w.dead || w.finished {
		return
	}
	before := w.lead.phase
	for _, act := range w.lead.Step(w.now, e) {
		switch act := act.(type) {
		case Send:
			w.carry(-1, act)
		case Assign:
			w.at(w.now+w.slow, func() {
				shares, err := w.shares(act.Members)
				w.conduct(Assigned{shares, err})
			})
		case Started:
			if w.started != 0 {
				w.t.Fatalf("started twice")
			}
			w.started = act.T0
		case Rows:
			if _, lost := w.lost[act.Member]; lost {
				w.t.Fatalf("rows of a lost agent")
			}
			if act.At < 0 || act.At > w.now-w.started {
				w.t.Fatalf("rows of run time %v at run time %v", act.At, w.now-w.started)
			}
			w.rows[act.Member] = append(w.rows[act.Member], string(act.Data))
		case Lost:
			if _, twice := w.lost[act.Member]; twice {
				w.t.Fatalf("lost twice: %+v", act)
			}
			w.lost[act.Member], w.lostAt[act.Member] = act, w.now
		case Arrival:
			if _, lost := w.lost[act.Member]; lost || w.parts[act.Member] != "" {
				w.t.Fatalf("a part of an agent that is lost or has sent it")
			}
			w.parts[act.Member] = string(act.Part)
		case Halting:
			w.halting = append(w.halting, act.Order)
		case Note:
			w.notes = append(w.notes, act.Text)
		case Finished:
			w.finished = true
		}
	}
	if rank(w.lead.phase) < rank(before) {
		w.t.Fatalf("the run went from %s to %s", before, w.lead.phase)
	}
}

// local is the agent's clock.
func (a *node) local() time.Duration {
	return a.w.now + a.offset + a.w.now*time.Duration(a.ppm)/1e6
}

// truth is the true time of an instant of the agent's clock.
func (a *node) truth(local time.Duration) time.Duration {
	return time.Duration(float64(local-a.offset) / (1 + float64(a.ppm)/1e6))
}

// playing reports whether its players may make requests.
func (a *node) playing() bool {
	return a.begunAt != 0 && a.stoppedAt == 0 && !a.dead && !a.paused && a.local() < a.lease
}

// resume lets a paused process go on: its timers first, then what came meanwhile.
func (a *node) resume() {
	a.paused = false
	held := a.held
	a.held = nil
	a.step(Wake{})
	for _, e := range held {
		a.step(e)
	}
}

// step tells an agent something, and does what it says.
func (a *node) step(e Event) {
	if a.dead || a.left {
		return
	}
	if a.paused {
		if _, wake := e.(Wake); !wake {
			a.held = append(a.held, e)
		}
		return
	}
	w, before := a.w, a.core.state
	actions := a.core.Step(a.local(), e)
	if s := a.core.state; s != before {
		if order[s] < order[before] {
			w.t.Fatalf("agent %s went from %s to %s", a.id, before, s)
		}
		a.states = append(a.states, s)
	}
	for _, act := range actions {
		if before == Silent {
			if _, ok := act.(Leave); !ok {
				w.t.Fatalf("silent agent %s does %T", a.id, act)
			}
		}
		switch act := act.(type) {
		case Send:
			w.carry(a.i, act)
		case Prepare:
			if !bytes.Equal(act.Plan, []byte("plan")) {
				w.t.Fatalf("plan %q", act.Plan)
			}
			w.at(w.now+300*time.Millisecond, func() { a.step(Prepared{a.hash, a.bad}) })
		case Begin:
			if a.begunAt != 0 || a.stoppedAt != 0 {
				w.t.Fatalf("agent %s begins again, or after a halt", a.id)
			}
			a.begunAt = a.truth(act.At)
		case Apply:
			if a.begunAt == 0 || a.stoppedAt != 0 {
				w.t.Fatalf("agent %s takes entries before its start or after its halt", a.id)
			}
			for _, e := range act.Entries {
				a.entries = append(a.entries, string(e))
			}
		case Measure:
			if a.muted {
				break
			}
			w.at(w.now+time.Millisecond, func() {
				a.reports++
				a.step(Reported{Report{Rows: fmt.Append(nil, a.id, a.reports), Vitals: Vitals{Lag: time.Millisecond, CPU: time.Duration(a.reports)}}, nil})
			})
		case Stop:
			a.stopped = act.Order
			if a.stoppedAt == 0 {
				a.stoppedAt = w.now
			}
		case Collect:
			if a.collected++; a.collected > 1 {
				w.t.Fatalf("agent %s makes its part again", a.id)
			}
			if !a.stuck {
				w.at(w.now+200*time.Millisecond, func() { a.step(Collected{a.makePart(), nil}) })
			}
		case Renew:
			a.lease = act.Until
		case Leave:
			a.left, a.exit = true, act.Err
		}
	}
}

func (a *node) makePart() []byte { return bytes.Repeat([]byte(a.id[:1]), a.size) }

func (a *node) cause() Cause {
	var e *Exit
	if errors.As(a.exit, &e) {
		return e.Cause
	}
	return None
}

// end ends a run as its lead does at the end of the timeline.
func (w *world) end() {
	w.conduct(Wanted{Order{Mode: Drain}})
	w.run(w.now + 3*time.Minute)
	if !w.over() {
		w.t.Fatalf("never over: conductor %s, agents %v", w.lead.phase, w.states())
	}
}

// whole checks that nothing is missing of an agent's measurement.
func (w *world) whole(t *testing.T, a *node) {
	t.Helper()
	w.wholeRows(a)
	i := w.index(a)
	if w.parts[i] != string(a.makePart()) || a.exit != nil {
		t.Errorf("agent %s: %d bytes of its part (want %d), left with %v", a.id, len(w.parts[i]), a.size, a.exit)
	}
}

// wholeRows checks that rows came once each and in order.
func (w *world) wholeRows(a *node) {
	w.t.Helper()
	for n, r := range w.rows[w.index(a)] {
		if want := fmt.Sprint(a.id, n+1); r != want {
			w.t.Fatalf("report %d of agent %s is %q (want %q)", n, a.id, r, want)
		}
	}
}

// index is the agent's place among the members; -1 = none.
func (w *world) index(a *node) int {
	return slices.IndexFunc(w.lead.members, func(m *member) bool { return m.id == a.id && m.nonce == a.core.cfg.Nonce })
}
