package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
)

// lead is the conductor of a run. It is a [crew.Lead].
type lead struct{ r *live }

// Assign implements [crew.Lead].
func (l *lead) Assign(_ context.Context, members []protocol.Member) ([]protocol.Share, error) {
	r := l.r
	c := &r.crew
	var bundle []byte
	if k := r.cfg.Crew; k != nil && k.Agents > 0 {
		var err error
		if _, bundle, err = scenarios.Bundle(k.Source); err != nil {
			return nil, err
		}
	}
	all := r.sc.MostPlayers()
	var shares []protocol.Share
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = nil
	for i, m := range members {
		p := plan{Name: m.Info.Name, Run: r.id, Agents: len(members), Agent: i, Sums: r.cfg.Sums}
		one := member{Member: m, local: c.agent != nil && (c.alone || m.ID == r.cfg.Crew.LocalID)}
		if c.alone {
			p.Name = ""
		}
		if one.local {
			r.measure.Agent = p.Name
		} else {
			p.Scenario = bundle
			if e := r.target.embedded; e != nil {
				p.Channel = e.edges()
			}
		}
		data, err := p.encode()
		if err != nil {
			return nil, err
		}
		one.players = int64(p.share().players(all))
		c.members = append(c.members, one)
		shares = append(shares, protocol.Share{Plan: data, Hash: r.measure.Key(), Players: one.players, Slots: p.share().count()})
	}
	if !c.alone {
		r.progress.Mark(0, fmt.Sprintf("all %d agents have joined: %s", len(members), c.names()))
	}
	return shares, nil
}

// names are those of the agents. c.mu must be held.
func (c *crewing) names() string {
	var names []string
	for i := range c.members {
		names = append(names, c.members[i].Info.Name)
	}
	return listed(names)
}

// listed is a list of names, which may be long.
func listed(names []string) string {
	const shown = 12
	if more := len(names) - shown; more > 0 {
		names = append(slices.Clone(names[:shown]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// Start implements [crew.Lead].
func (l *lead) Start(t0 time.Time) {
	c := &l.r.crew
	defer close(c.assembled) // after a panic, too: others wait for it
	c.failed = errUnready
	c.failed = internal(l.r.assemble(t0))
}

// errUnready is the error of a run that broke off while it got ready.
var errUnready = &Error{Internal, "the run broke off before it began", nil}

// Rows implements [crew.Lead].
func (l *lead) Rows(i int, at time.Duration, rows []byte) {
	c := &l.r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.members) || c.members[i].local {
		return
	}
	m := &c.members[i]
	var s report
	rest, err := split(rows, &s)
	if err == nil && (s.Entries < 0 || len(s.Shown) > len(l.r.faults)) {
		err = fmt.Errorf("%d entries, %d faults (want those of this run)", s.Entries, len(s.Shown))
	}
	if err == nil {
		err = c.listener.Hear(i+1, at, rest)
	}
	if err != nil {
		if !m.unread { // it is likely to be the same every second
			m.unread = true
			l.r.progress.Mark(at, fmt.Sprintf("warning: what agent %s says cannot be read: %v", m.Info.Name, err))
		}
		return
	}
	m.said = s
}

// Lost implements [crew.Lead].
func (l *lead) Lost(lost protocol.Lost) {
	c := &l.r.crew
	c.mu.Lock()
	name := ""
	if lost.Member >= 0 && lost.Member < len(c.members) {
		m := &c.members[lost.Member]
		m.lost, name = true, m.Info.Name
		if c.listener != nil && !m.local {
			c.listener.Lose(lost.Member + 1)
		}
	}
	c.mu.Unlock()
	if lost.Beyond && c.stop(halted{why: fmt.Sprintf("agent %s: %s", name, lost.Why), at: l.r.sinceT0(), lost: true}) {
		l.r.progress.Mark(l.r.sinceT0(), "more players are lost than may be (limits.lost): the faults are put back, then the run ends")
	}
}

// Halting implements [crew.Lead].
func (l *lead) Halting(o protocol.Order) {
	if o.Reason != "" {
		l.r.crew.stop(halted{why: o.Reason, at: l.r.sinceT0()})
	}
}

// sinceT0 is the run time; 0 before T0 is known.
func (r *live) sinceT0() time.Duration {
	select {
	case <-r.crew.assembled:
		return max(0, r.now())
	default:
		return 0
	}
}

// Part implements [crew.Lead].
func (l *lead) Part(i int, data []byte) {
	r := l.r
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if i < 0 || i >= len(c.members) {
		return
	}
	m := &c.members[i]
	if m.local {
		m.part = c.own
		return
	}
	var a delivered
	left, rest, err := readLeavings(data)
	a.leavings = left
	if err == nil {
		a.part, err = r.results.collector.ReadPart(rest)
	}
	if err != nil {
		r.progress.Mark(r.now(), fmt.Sprintf("warning: the part of agent %s cannot be read: %v", m.Info.Name, err))
		return
	}
	m.part = &a
}

// Note implements [crew.Lead].
func (l *lead) Note(text string) { l.r.progress.Mark(l.r.sinceT0(), "warning: "+text) }
