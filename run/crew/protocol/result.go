package protocol

import "time"

// Result is what a conductor knows at the end.
type Result struct {
	Exit     Exit // its Cause is None when the run was complete
	Begun    bool // T0 was agreed; otherwise there was no run
	Agents   []AgentResult
	Halt     HaltResult
	Warnings []string
}

// AgentResult is what became of an agent.
type AgentResult struct {
	ID       string
	Info     Info
	Players  int64
	Slots    int
	Clock    Offset        // the last before the halt
	Drift    time.Duration // since the start
	Gap      time.Duration // the longest time without a sign of it
	Vitals   Vitals        // of its last tick
	Acked    time.Duration // run time of its last rows
	Complete bool          // its part arrived
	Lost     *Loss         // nil = it is not lost
	Halted   time.Duration // from the halt to its acknowledgement; -1 = there was none
}

// HaltResult says how fast a halt was.
type HaltResult struct {
	Order      *Order        // nil = there was none
	Asked      int           // agents that were there
	Slowest    time.Duration // acknowledgement
	Who        string        // the agent that took that long
	Unanswered []string      // agents that did not acknowledge it
}

// Result is what is known so far.
func (c *Conductor) Result() *Result {
	r := &Result{Exit: c.exit, Begun: c.begun, Warnings: c.notes, Halt: HaltResult{Order: c.order}}
	for _, m := range c.members {
		a := AgentResult{
			ID: m.id, Info: m.info, Players: m.share.Players, Slots: m.share.Slots, Clock: m.off, Drift: m.drift, Gap: m.gap,
			Vitals: m.vitals, Acked: m.rows.at, Complete: m.part.done, Halted: m.halting,
		}
		if m.lost != nil {
			l := *m.lost
			a.Lost = &l
		}
		r.Agents = append(r.Agents, a)
		switch h := &r.Halt; {
		case c.order == nil || m.lost != nil && m.lostAt <= c.ordered:
			continue
		case m.halting < 0:
			h.Unanswered = append(h.Unanswered, m.info.Name)
		case h.Who == "" || m.halting > h.Slowest:
			h.Slowest, h.Who = m.halting, m.info.Name
		}
		if c.order != nil {
			r.Halt.Asked++
		}
	}
	return r
}

// Offsets are by how much the conductor's clock is ahead of each member's, as last known.
func (c *Conductor) Offsets() []time.Duration {
	all := make([]time.Duration, len(c.members))
	for i, m := range c.members {
		all[i] = m.off.Ahead
	}
	return all
}
