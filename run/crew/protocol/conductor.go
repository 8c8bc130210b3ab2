package protocol

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ConductorConfig says what run a conductor leads.
type ConductorConfig struct {
	Run    string // name of the run
	Nonce  string // instance of the run, drawn at random
	Build  string // that every agent must have
	Agents int    // 1 to [MaxAgents]
	// Lost is the share of the players that may be lost, 0 to 1.
	Lost float64
	// Blur is the error of a clock that makes the run void: a quarter of the target duration. 0 = none.
	Blur time.Duration
	// Alone: the one agent is in the conductor's process. There can be no other conductor, no
	// message is lost, and neither side waits for signs of the other.
	Alone bool
	Whole bool // T0 is a whole second of the wall clock
	// Notice is the least time from the decision to T0. By its last third all agents must know T0. 0 = 3 s.
	Notice      time.Duration
	JoinWithin  time.Duration // all agents; 0 = 5 min
	ReadyWithin time.Duration // after that; 0 = 2 min
	MaxPart     int64         // bytes; 0 = 64 MiB
	Draw        func() uint64 // draws a gen
}

// Conductor is the state of a conductor. It is not for several goroutines.
type Conductor struct {
	cfg    ConductorConfig
	phase  Phase
	since  time.Duration // of the phase
	begun  bool
	seq    uint64
	out    []Action
	nonces map[string]bool // of all processes that were taken in
	fenced []uint64

	members []*member          // by order of joining; settled when no more come
	byID    map[string]*member // without those that left while the run was open

	asked    int           // times that who was sent
	repeated time.Duration // when who, start or halt was last sent
	beaten   time.Duration // when the last beat was sent
	changed  bool          // something happened that may end the phase

	course  [][]byte
	told    []byte // to all, with each beat
	t0      time.Duration
	epoch   int64 // ns; the wall clock at instant 0 of the conductor's clock
	going   bool  // all know T0
	order   *Order
	ordered time.Duration // when
	exit    Exit
	notes   []string
	rival   bool
}

// NewConductor returns a conductor that begins when it is woken. epoch is the wall clock at
// instant 0 of its clock.
func NewConductor(cfg ConductorConfig, epoch time.Time) (*Conductor, error) {
	if err := CheckID(cfg.Run); err != nil {
		return nil, fmt.Errorf("name of the run: %w", err)
	}
	if cfg.Agents < 1 || cfg.Agents > MaxAgents {
		return nil, fmt.Errorf("%d agents (want 1 to %d)", cfg.Agents, MaxAgents)
	}
	if !(cfg.Lost >= 0 && cfg.Lost <= 1) {
		return nil, fmt.Errorf("share %v of the players may be lost (want 0 to 1)", cfg.Lost)
	}
	cfg.Notice = cmp.Or(cfg.Notice, 3*time.Second)
	cfg.JoinWithin = cmp.Or(cfg.JoinWithin, 5*time.Minute)
	cfg.ReadyWithin = cmp.Or(cfg.ReadyWithin, 2*time.Minute)
	cfg.MaxPart = min(cmp.Or(cfg.MaxPart, 64<<20), MaxPart)
	return &Conductor{
		cfg: cfg, phase: Asking, epoch: epoch.UnixNano(),
		nonces: map[string]bool{}, byID: map[string]*member{},
		repeated: -time.Hour, beaten: -time.Hour,
	}, nil
}

// Phase is what the run is at.
func (c *Conductor) Phase() Phase { return c.phase }

// Step tells the conductor what happened, at an instant of its own clock.
func (c *Conductor) Step(now time.Duration, e Event) []Action {
	c.out = nil
	if c.phase == over {
		return nil
	}
	switch e := e.(type) {
	case Arrived:
		c.arrived(now, e)
	case Assigned:
		c.assigned(now, e)
	case Entry:
		if len(e.Data) <= MaxEntry && len(c.course) < MaxEntries && rank(c.phase) <= rank(Underway) {
			c.course = append(c.course, e.Data)
			c.publishCourse()
		}
	case Tell:
		if len(e.Data) <= MaxTold {
			c.told = e.Data
		}
	case Died:
		c.died(now, e)
	case Wanted:
		c.halt(now, e.Order, Stopped)
	}
	if _, came := e.(Arrived); !came || c.changed {
		c.changed = false
		c.pass(now)
	}
	return c.out
}

// over is the phase after the linger.
const over Phase = "over"

func rank(p Phase) int {
	return slices.Index([]Phase{Asking, Open, Full, Arming, Underway, Draining, Merging, Done, over}, p)
}

func (c *Conductor) do(a Action) { c.out = append(c.out, a) }

func (c *Conductor) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.notes = append(c.notes, text)
	c.do(Note{text})
}

func (c *Conductor) head(m *member) Head {
	c.seq++
	h := Head{Run: c.cfg.Nonce, Seq: c.seq}
	if m != nil {
		h.Gen = m.gen
	}
	return h
}

func (c *Conductor) become(now time.Duration, p Phase) {
	c.phase, c.since = p, now
	c.repeated, c.beaten = -time.Hour, -time.Hour
}

// runTime is the run time at an instant of the conductor's clock; 0 before the run.
func (c *Conductor) runTime(now time.Duration) time.Duration {
	if !c.begun {
		return 0
	}
	return max(0, now-c.t0)
}

// again reports whether something small that is not acknowledged is due again.
func (c *Conductor) again(now time.Duration) bool {
	if now-c.repeated < RepeatEvery {
		return false
	}
	c.repeated = now
	return true
}

// pass does what is due: whatever the phase, then what the phase asks for. A phase that
// ends is followed by the next at once.
func (c *Conductor) pass(now time.Duration) {
	for _, m := range c.members {
		c.watch(now, m)
	}
	for {
		before := c.phase
		c.advance(now)
		if c.phase == before {
			break
		}
	}
	if c.phase != Asking && c.phase != over && now-c.beaten >= BeatEvery {
		c.beaten = now
		c.do(Send{subject(c.cfg.Run, "", "beat"), encode(&beat{Head: c.head(nil), Now: now, Phase: c.phase, Course: len(c.course), Fenced: c.fenced[max(0, len(c.fenced)-2*MaxAgents):], Halt: c.order}, c.told)})
	}
}

func (c *Conductor) advance(now time.Duration) {
	switch c.phase {
	case Asking:
		if c.cfg.Alone || c.asked == 3 && now-c.repeated >= RepeatEvery {
			c.become(now, Open)
		} else if c.again(now) {
			c.asked++
			c.do(Send{subject(c.cfg.Run, "", "who"), encode(&who{c.head(nil)})})
		}
	case Open:
		if n := len(c.members); n == c.cfg.Agents && c.all(func(m *member) bool { return m.state != Joining }) {
			c.settleMembers()
			c.become(now, Full)
			c.do(Assign{c.list()})
		} else if now-c.since >= c.cfg.JoinWithin {
			c.fail(now, Gone, fmt.Sprintf("%d of %d agents joined within %v", n, c.cfg.Agents, c.cfg.JoinWithin))
		}
	case Full:
		ready := func(m *member) bool { return m.state == Ready && m.set }
		if c.all(ready) {
			c.arm(now)
		} else if now-c.since >= c.cfg.ReadyWithin {
			c.fail(now, Gone, fmt.Sprintf("not ready within %v: %s", c.cfg.ReadyWithin, c.names(func(m *member) bool { return !ready(m) })))
		}
	case Arming:
		c.arming(now)
	case Draining:
		if c.all(c.obeys) {
			c.become(now, Merging)
		} else {
			c.repeatHalt(now)
		}
	case Merging:
		if c.all(func(m *member) bool { return m.complete(c.begun) }) {
			c.become(now, Done)
		} else if !c.all(c.obeys) { // a stronger halt came meanwhile
			c.repeatHalt(now)
		}
	case Done:
		if c.all(func(m *member) bool { return order[m.state] >= order[Sent] }) || now-c.since >= Linger {
			c.phase = over
			c.do(Finished{})
		}
	}
}

// obeys reports whether a member has acknowledged the halt.
func (c *Conductor) obeys(m *member) bool {
	return m.halted != "" && !c.order.Mode.stronger(m.halted) || order[m.state] >= order[Sent]
}

func (c *Conductor) repeatHalt(now time.Duration) {
	if c.again(now) {
		c.do(Send{subject(c.cfg.Run, "", "halt"), encode(&halt{c.head(nil), *c.order})})
	}
}

// all reports whether something holds for all members that are not lost.
func (c *Conductor) all(holds func(*member) bool) bool {
	return !slices.ContainsFunc(c.members, func(m *member) bool { return m.lost == nil && !holds(m) })
}

// names lists members that are not lost.
func (c *Conductor) names(which func(*member) bool) string {
	var names []string
	for _, m := range c.members {
		if m.lost == nil && which(m) {
			names = append(names, m.info.Name)
		}
	}
	if more := len(names) - 10; more > 0 {
		names = append(names[:10], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// arm chooses T0.
func (c *Conductor) arm(now time.Duration) {
	var worst time.Duration
	for _, m := range c.members {
		o, _ := m.clock.best(now)
		worst = max(worst, o.RTT)
	}
	c.t0 = now + max(c.cfg.Notice, 20*worst)
	if into := time.Duration((c.epoch + int64(c.t0)) % int64(time.Second)); c.cfg.Whole && into > 0 {
		c.t0 += time.Second - into
	}
	c.become(now, Arming)
}

// arming tells all T0, then that all know it, until the run is under way.
func (c *Conductor) arming(now time.Duration) {
	if !c.going && c.all(func(m *member) bool { return m.t0 == c.t0 && order[m.state] >= order[Armed] }) {
		c.going, c.begun = true, true
		c.repeated = -time.Hour
		for _, m := range c.members {
			m.clock0, _ = m.clock.best(now)
			m.rowsAt = c.t0
		}
		c.do(Started{c.t0, c.epoch + int64(c.t0)})
	}
	switch {
	case !c.going && !c.cfg.Alone && c.t0-now <= c.cfg.Notice/3:
		c.fail(now, Gone, "did not confirm the start: "+c.names(func(m *member) bool { return m.t0 != c.t0 }))
	case c.going && now >= c.t0:
		c.become(now, Underway)
	case c.again(now):
		c.do(Send{subject(c.cfg.Run, "", "start"), encode(&start{Head: c.head(nil), T0: c.t0, Unix: c.epoch + int64(c.t0), Go: c.going})})
	}
}

// halt tells all members to halt. A weaker halt than the one under way changes nothing.
func (c *Conductor) halt(now time.Duration, o Order, cause Cause) {
	if rank(c.phase) >= rank(Done) || c.order != nil && !o.Mode.stronger(c.order.Mode) {
		return
	}
	if o.Reason != "" {
		c.because(cause, o.Reason)
	}
	if rank(c.phase) <= rank(Open) {
		c.settleMembers() // no more come
	}
	c.order, c.ordered = &o, now
	for _, m := range c.members {
		if order[m.state] < order[Sent] && !m.part.done {
			m.halting = -1
		}
	}
	if c.repeated = -time.Hour; c.phase != Merging {
		c.become(now, Draining)
	}
	c.do(Halting{o})
}

// fail ends a run that has not begun.
func (c *Conductor) fail(now time.Duration, cause Cause, why string) {
	c.because(cause, why)
	c.halt(now, Order{Mode: Now, Reason: why, By: "the conductor"}, cause)
}

// because keeps the most important reason.
func (c *Conductor) because(cause Cause, why string) {
	if c.exit.Cause == None || cause < c.exit.Cause {
		c.exit = Exit{cause, why}
	}
}

// entriesFrom are entries of the course from a number on, or as many of them as one
// message may have.
func (c *Conductor) entriesFrom(from int) (p pieces, body [][]byte) {
	p.From = min(from, len(c.course))
	size := 0
	for _, e := range c.course[p.From:] {
		if size += len(e); size > maxCarried || len(p.Sizes) >= maxPieces {
			break
		}
		p.Sizes, body = append(p.Sizes, len(e)), append(body, e)
	}
	return p, body
}

// maxPieces keeps the line of a message below MaxHead.
const maxPieces = 4096

// publishCourse tells all the end of the course: the whole list unless it is long.
func (c *Conductor) publishCourse() {
	from, size := len(c.course), 0
	for from > 0 && len(c.course)-from < maxPieces {
		if size += len(c.course[from-1]); size > maxShouted && from < len(c.course) {
			break
		}
		from--
	}
	p, body := c.entriesFrom(from)
	c.do(Send{subject(c.cfg.Run, "", "course"), encode(&course{c.head(nil), p}, body...)})
}
