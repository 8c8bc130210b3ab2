package protocol

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Member is an agent that was taken in.
type Member struct {
	ID   string
	Info Info // its name is unique in the run
}

// Share is what a member gets to do.
type Share struct {
	Plan    []byte
	Hash    string // of the plan as the conductor understands it; an agent has to come to the same
	Players int64
	Slots   int
}

// member is what the conductor knows of an agent. A lost member stays lost.
type member struct {
	index     int // among the members, once they are settled
	id, nonce string
	gen       uint64
	info      Info
	share     Share
	planned   time.Duration // when the plan was last sent

	state   State // as its last tick said
	seq     uint64
	heard   time.Duration // the last sign of it
	gap     time.Duration // the longest between two signs
	hash    string
	t0      time.Duration
	set     bool // it knows the conductor's clock
	entries int  // of the course that it has
	halted  Mode
	vitals  Vitals

	clock  clockwork
	clock0 Offset // at the decision to start
	drift  time.Duration
	off    Offset // the last while the run went on

	rows    inbox
	rowsAt  time.Duration // when the last rows came
	part    receiver
	halting time.Duration // from the halt to its acknowledgement; -1 = none yet
	lost    *Loss
	lostAt  time.Duration // when it was taken for lost, on the conductor's clock

	warnedGap, warnedRows, warnedClock bool
}

// Loss is from when on an agent is lost, and why.
type Loss struct {
	At  time.Duration // run time of the last rows
	Why string
}

// complete reports whether nothing more is wanted of a member.
func (m *member) complete(begun bool) bool {
	return m.part.done || !begun && order[m.state] >= order[Sent]
}

func (c *Conductor) list() (l []Member) {
	for _, m := range c.members {
		l = append(l, Member{m.id, m.info})
	}
	return l
}

// settleMembers gives each member its place and a name of its own.
func (c *Conductor) settleMembers() {
	slices.SortStableFunc(c.members, func(a, b *member) int { return cmp.Or(cmp.Compare(a.info.Name, b.info.Name), cmp.Compare(a.id, b.id)) })
	taken := map[string]bool{}
	for i, m := range c.members {
		m.index = i
		if m.info.Name == "" {
			m.info.Name = m.id
		}
		name := m.info.Name
		for n := 2; taken[m.info.Name]; n++ {
			m.info.Name = fmt.Sprintf("%s-%d", name, n)
		}
		taken[m.info.Name] = true
	}
}

func (c *Conductor) tell(m *member, kind string, msg message, body ...[]byte) {
	c.do(Send{subject(c.cfg.Run, m.id, kind), encode(msg, body...)})
}

// watch looks after one member.
func (c *Conductor) watch(now time.Duration, m *member) {
	if m.lost != nil || m.state == Sent || c.phase == Done {
		return
	}
	if now-m.heard >= Silence && !c.cfg.Alone {
		c.lose(now, m, fmt.Sprintf("not heard for %v", Silence))
		return
	}
	if c.order != nil {
		if now-c.ordered >= PartWithin && !c.cfg.Alone && !m.complete(c.begun) {
			c.lose(now, m, fmt.Sprintf("its part was not complete within %v", PartWithin))
		}
		return
	}
	if c.phase == Full && m.state == Joined && m.share.Plan != nil && now-m.planned >= LargeEvery {
		m.planned = now
		c.tell(m, "plan", &plan{c.head(m), Sum(m.share.Plan)}, m.share.Plan)
	}
	if m.state != Joining && m.clock.due(now) {
		c.probe(now, m)
	}
	if c.begun && !c.cfg.Alone {
		c.judgeClock(now, m)
	}
	if c.cfg.Alone {
		return
	}
	if c.phase == Underway && now-m.rowsAt >= RowsLost {
		c.lose(now, m, fmt.Sprintf("there, but without rows for %v", RowsLost))
	} else if c.phase == Underway && now-m.rowsAt >= RowsWarn && now-m.heard < 2*TickEvery && !m.warnedRows {
		m.warnedRows = true
		c.note("agent %s: no rows for %v", m.info.Name, RowsWarn)
	}
}

func (c *Conductor) probe(now time.Duration, m *member) {
	n := m.clock.ask(now)
	c.tell(m, "clock", &probe{c.head(m), n})
}

// judgeClock keeps what is known of a clock while the run goes on, and says when it is
// too little.
func (c *Conductor) judgeClock(now time.Duration, m *member) {
	o, ok := m.clock.best(now)
	if !ok {
		return
	}
	m.off = o
	if d := o.Ahead - m.clock0.Ahead; d.Abs() > m.drift.Abs() {
		m.drift = d
	}
	worst := max(o.Error, m.drift.Abs()-o.Error-m.clock0.Error) // a drift that may be an error of the reading is none
	if worst > ClockWarn && !m.warnedClock {
		m.warnedClock = true
		c.note("agent %s: its clock is known to %v only, and drifted by %v: phases may be blurred (want %v)", m.info.Name, o.Error.Round(time.Millisecond), m.drift.Round(time.Millisecond), ClockWarn)
	}
	if c.cfg.Blur > 0 && worst > c.cfg.Blur {
		c.because(Blurred, fmt.Sprintf("clock of agent %s: off by up to %v (want at most %v, a quarter of the target duration)", m.info.Name, worst.Round(time.Millisecond), c.cfg.Blur))
	}
}

// of says which agent something is about; the only one needs no name.
func (c *Conductor) of(m *member, text string) string {
	if c.cfg.Alone {
		return text
	}
	return fmt.Sprintf("agent %s: %s", m.info.Name, text)
}

// lose takes an agent for lost, for ever.
func (c *Conductor) lose(now time.Duration, m *member, why string) {
	c.changed = true
	c.fenced = append(c.fenced, m.gen)
	c.beaten = -time.Hour // so that it hears soon
	if c.phase == Open {
		delete(c.byID, m.id)
		c.members = slices.DeleteFunc(slices.Clone(c.members), func(o *member) bool { return o == m })
		c.note("agent %s left before the run: %s", m.info.Name, why)
		return
	}
	m.lost, m.lostAt = &Loss{m.rows.at, why}, now
	m.part.data = nil
	lost, all := c.players()
	beyond := !c.begun || lost > c.cfg.Lost*all
	text := c.of(m, why)
	c.do(Note{fmt.Sprintf("%s; its players count as lost from %.1f s on, %.0f of %.0f in all", text, m.lost.At.Seconds(), lost, all)}) // the result has it as well
	c.do(Lost{m.index, m.lost.At, why, beyond})
	switch {
	case !c.begun && c.order == nil:
		c.fail(now, Gone, text)
	case beyond:
		c.because(Gone, text)
	}
}

// died takes an agent for lost as soon as its process is known to have ended, unless all that
// is wanted of it is there. While the run is open, another one may still join in its place.
func (c *Conductor) died(now time.Duration, e Died) {
	if rank(c.phase) < rank(Full) {
		return
	}
	for _, m := range c.members {
		if m.info.Name == e.Name && m.lost == nil && m.state != Sent && c.phase != Done && !m.complete(c.begun) {
			c.lose(now, m, e.How)
		}
	}
}

// players counts those of lost agents, and all.
func (c *Conductor) players() (lost, all float64) {
	for _, m := range c.members {
		all += float64(m.share.Players)
		if m.lost != nil {
			lost += float64(m.share.Players)
		}
	}
	return lost, all
}

// assigned takes the shares of the members.
func (c *Conductor) assigned(now time.Duration, e Assigned) {
	switch {
	case c.phase != Full:
		return
	case e.Err != nil:
		c.fail(now, Refused, e.Err.Error())
		return
	case len(e.Shares) != len(c.members):
		c.fail(now, Refused, fmt.Sprintf("%d shares for %d agents", len(e.Shares), len(c.members)))
		return
	}
	for i, m := range c.members {
		m.share = e.Shares[i]
		if n := len(m.share.Plan); n > MaxPlan || m.share.Players < 0 {
			c.fail(now, Refused, fmt.Sprintf("plan of %d bytes for %d players (want at most %d bytes)", n, m.share.Players, MaxPlan))
			return
		}
		if m.share.Plan == nil {
			m.share.Plan = []byte{}
		}
		m.planned = -time.Hour
	}
}
