package protocol

import (
	"fmt"
	"time"
)

// arrived takes a message to the conductor. What makes no sense is dropped.
func (c *Conductor) arrived(now time.Duration, e Arrived) {
	switch {
	case e.ID == "" && e.Kind == "join":
		c.joined(now, e)
	case e.ID == "" && e.Kind == "halt":
		m := new(halt)
		if _, err := decode(e.Data, m); err == nil && (m.Run == "" || m.Run == c.cfg.Nonce) {
			if m.Reason == "" {
				m.Reason = "halted from outside"
			}
			c.halt(now, m.Order, Stopped)
		}
	case e.ID == "" && (e.Kind == "who" || e.Kind == "here" || e.Kind == "beat"):
		c.another(now, e)
	case e.ID != "":
		if m := c.byID[e.ID]; m != nil && m.lost == nil {
			c.heard(now, m, e)
		}
	}
}

// another takes what only a conductor says. Of two that begin at once the one with the
// lower id stays.
func (c *Conductor) another(now time.Duration, e Arrived) {
	var other string
	if e.Kind == "beat" {
		m := new(beat)
		if _, err := decode(e.Data, m); err != nil {
			return
		}
		other = m.Run
	} else {
		m := new(who)
		if _, err := decode(e.Data, m); err != nil {
			return
		}
		other = m.Run
	}
	if other == "" || other == c.cfg.Nonce {
		return
	}
	switch stays := c.phase != Asking || e.Kind == "who" && c.cfg.Nonce < other; {
	case stays && e.Kind == "who":
		c.do(Send{subject(c.cfg.Run, "", "here"), encode(&who{c.head(nil)})})
	case !stays:
		c.exit = Exit{Refused, fmt.Sprintf("run %s has a conductor already (want another name, or halt that run)", c.cfg.Run)}
		c.phase = over
		c.do(Finished{})
	case !c.rival:
		c.rival = true
		c.note("there is a second conductor for run %s; its agents are not ours", c.cfg.Run)
	}
}

// joined answers an agent that wants to be taken in.
func (c *Conductor) joined(now time.Duration, e Arrived) {
	j := new(join)
	body, err := decodeLine(e.Data, j)
	if err != nil || c.phase == Asking || j.check(len(body)) != nil {
		return
	}
	old := c.byID[j.ID]
	var why string
	switch {
	case old != nil && old.nonce == j.Nonce && old.lost == nil: // it did not hear the answer
		c.tell(old, "answer", &answer{Head: c.head(old), Nonce: j.Nonce})
		return
	case c.nonces[j.Nonce]:
		return // a late copy of what an agent said that is lost
	case j.V != Version:
		why = fmt.Sprintf("protocol %s (want %s: the same build everywhere)", Plain(j.V, 20), Version)
	case j.Build != c.cfg.Build:
		why = fmt.Sprintf("build %s (want %s, that of the conductor)", j.Build, c.cfg.Build)
	case old != nil:
		why = fmt.Sprintf("there is another agent with id %s (want an id for each)", j.ID)
	case c.phase != Open:
		why = fmt.Sprintf("too late: run %s has its %d agents", c.cfg.Run, c.cfg.Agents)
	case len(c.nonces) >= maxJoins:
		why = fmt.Sprintf("run %s had %d agents that joined and left", c.cfg.Run, maxJoins)
	case len(c.members) >= c.cfg.Agents:
		return // a place may become free: one of the others has not confirmed yet
	}
	if why != "" {
		c.do(Send{subject(c.cfg.Run, j.ID, "answer"), encode(&answer{Head: c.head(nil), Nonce: j.Nonce, Refused: why})})
		return
	}
	m := &member{id: j.ID, nonce: j.Nonce, gen: c.gen(), info: j.Info, state: Joining, heard: now, rows: inbox{}, halting: -1, part: receiver{limit: c.cfg.MaxPart}}
	c.nonces[j.Nonce] = true
	c.byID[j.ID] = m
	c.members = append(c.members, m)
	c.tell(m, "answer", &answer{Head: c.head(m), Nonce: j.Nonce})
}

// gen draws a gen that no agent has or had. It is not 0, and JSON readers of all kinds can hold it.
func (c *Conductor) gen() uint64 {
	for {
		g := c.cfg.Draw() >> 11
		used := g == 0
		for _, m := range c.members {
			used = used || m.gen == g
		}
		for _, f := range c.fenced {
			used = used || f == g
		}
		if !used {
			return g
		}
	}
}

// heard takes a message of a member that is not lost.
func (c *Conductor) heard(now time.Duration, m *member, e Arrived) {
	var msg message
	switch e.Kind {
	case "tick":
		msg = new(tick)
	case "time":
		msg = new(reading)
	case "part":
		msg = new(chunk)
	default:
		return
	}
	body, err := decode(e.Data, msg)
	if h := msg.head(); err != nil || h.Gen != m.gen || h.Run != c.cfg.Nonce {
		return
	}
	switch msg := msg.(type) {
	case *reading:
		if m.clock.take(e.At, msg) {
			c.sign(e.At, m)
			if m.clock.count < FirstProbes {
				c.probe(now, m)
			} else if !m.set {
				c.acknowledge(now, m)
			}
		}
	case *chunk:
		c.chunk(now, m, e, msg, body)
	case *tick:
		if msg.Seq > m.seq {
			m.seq = msg.Seq
			c.sign(e.At, m)
			c.tick(now, m, e, msg, body)
		}
	}
}

// sign notes that a member is there.
func (c *Conductor) sign(at time.Duration, m *member) {
	gap := at - m.heard
	m.heard = max(m.heard, at)
	m.gap = max(m.gap, gap)
	if gap >= LateWarn && c.begun && !m.warnedGap && !c.cfg.Alone {
		m.warnedGap = true
		c.note("agent %s: not heard for %v (lost after %v)", m.info.Name, gap.Round(100*time.Millisecond), Silence)
	}
}

func (c *Conductor) tick(now time.Duration, m *member, e Arrived, t *tick, body []byte) {
	if order[t.State] < order[m.state] {
		return // no agent goes back
	}
	if t.State != m.state || t.Halted != m.halted || t.T0 != m.t0 || t.Clock != m.set {
		c.changed = true
	}
	m.state, m.set, m.t0, m.hash, m.vitals = t.State, t.Clock, t.T0, t.Hash, t.Vitals
	if c.order != nil && m.halting < 0 && t.Halted != "" && !c.order.Mode.stronger(t.Halted) {
		m.halting = e.At - c.ordered
	}
	m.halted = t.Halted
	if c.begun && e.Busy {
		m.rowsAt = now // that is not its fault
	} else if c.begun && !m.part.done {
		for _, r := range m.rows.take(c.runTime(now), t, body) {
			m.rowsAt = now
			c.do(Rows{m.index, r.at, r.data})
		}
	}
	m.entries = t.Course
	c.acknowledge(now, m)
	c.moved(now, m, t)
}

// acknowledge tells a member what has arrived of it, and what it misses.
func (c *Conductor) acknowledge(now time.Duration, m *member) {
	a := &ack{Head: c.head(m), Tick: m.seq, Rows: m.rows.next}
	if o, ok := m.clock.best(now); ok && m.clock.count >= FirstProbes {
		a.Clock, a.Offset, a.Error = true, o.Ahead, o.Error
	}
	var entries [][]byte
	if m.state == Running && m.entries < len(c.course) {
		a.pieces, entries = c.entriesFrom(m.entries)
	}
	c.tell(m, "ack", a, entries...)
}

// moved acts on the state of a member.
func (c *Conductor) moved(now time.Duration, m *member, t *tick) {
	switch {
	case t.State == Failed && !c.begun && c.order == nil && c.phase != Open:
		cause := Refused
		if t.Cause == NoTarget {
			cause = NoTarget
		}
		c.fail(now, cause, c.of(m, t.Reason))
		c.lose(now, m, t.Reason)
	case t.State == Failed:
		c.lose(now, m, t.Reason)
	case t.State == Sent && c.begun && !m.part.done:
		c.lose(now, m, "left without sending its part")
	case c.order == nil && c.phase == Open && t.State == Sent:
		c.lose(now, m, t.Reason)
	case c.order == nil && (t.State == Halted || t.State == Sent):
		c.halt(now, Order{Mode: Now, Reason: c.of(m, t.Reason), By: m.info.Name}, Stopped)
	case c.phase == Full && t.State == Ready && m.share.Plan != nil && t.Hash != m.share.Hash:
		c.fail(now, Refused, fmt.Sprintf("agent %s understood another plan: hash %s (want %s: the same scenario, profiles and build)", m.info.Name, t.Hash, m.share.Hash))
	}
}

// chunk takes a piece of a part. Parts are wanted after a halt.
func (c *Conductor) chunk(now time.Duration, m *member, e Arrived, k *chunk, body []byte) {
	if c.order == nil || !c.begun {
		return
	}
	c.sign(e.At, m)
	was := m.part.done
	if err := m.part.take(k, body); err != nil {
		c.lose(now, m, err.Error())
		return
	}
	if m.part.done && !was {
		c.changed = true
		c.do(Arrival{m.index, m.part.data})
		m.part.data = nil
	}
	c.do(Send{subject(c.cfg.Run, m.id, "got"), m.part.got(c.head(m))})
}
