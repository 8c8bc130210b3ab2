package protocol

import (
	"bytes"
	"fmt"
	"time"
)

// arrived takes a message to the agent. What is not for this agent, in this run, is
// dropped.
func (a *Agent) arrived(now time.Duration, e Arrived) {
	if e.ID != "" && e.ID != a.cfg.ID || a.state == Silent {
		return
	}
	if e.Kind == "answer" {
		a.answered(now, e)
		return
	}
	if a.run == "" {
		return
	}
	switch e.Kind {
	case "beat":
		var body []byte
		if m := new(beat); a.mine(e, m, &body) {
			a.beat(now, e.At, m, body)
		}
	case "clock":
		if m := new(probe); a.mine(e, m, nil) && a.state != Sent {
			a.do(Send{subject(a.cfg.Run, a.cfg.ID, "time"), encode(&reading{Head: a.head(), N: m.N, T1: e.At, T2: max(now, e.At)})})
		}
	case "plan":
		var body []byte
		if m := new(plan); a.mine(e, m, &body) && a.state == Joined && Sum(body) == m.Sum {
			a.become(now, Preparing)
			a.do(Prepare{body})
		}
	case "start":
		if m := new(start); a.mine(e, m, nil) {
			a.start(now, m)
		}
	case "course":
		var body []byte
		if m := new(course); a.mine(e, m, &body) {
			a.apply(&m.pieces, body)
		}
	case "halt":
		m := new(halt)
		if _, err := decode(e.Data, m); err == nil && (m.Run == a.run || m.Run == "") {
			a.halt(now, m.Order, false)
		}
	case "ack":
		var body []byte
		if m := new(ack); a.mine(e, m, &body) && m.Seq > a.ackSeq {
			a.ackSeq = m.Seq
			a.acknowledged(now, m, body)
		}
	case "got":
		if m := new(got); a.mine(e, m, nil) && a.state == Halted && a.part != nil {
			if m.Done {
				a.sent(now)
			} else if a.part.take(m) {
				a.push(now)
			}
		}
	}
}

// mine reads a message of this run, to all or to this gen.
func (a *Agent) mine(e Arrived, m message, body *[]byte) bool {
	rest, err := decode(e.Data, m)
	if body != nil {
		*body = rest
	}
	h := m.head()
	return err == nil && h.Run == a.run && (h.Gen == a.gen || h.Gen == 0 && e.ID == "")
}

// answered takes the answer to a join. Another version says at least that it is another.
func (a *Agent) answered(now time.Duration, e Arrived) {
	m := new(answer)
	body, err := decodeLine(e.Data, m)
	if err != nil || m.Nonce != a.cfg.Nonce || a.state != Joining || m.check(len(body)) != nil {
		return
	}
	switch {
	case m.V != Version:
		a.finish(now, &Exit{Refused, fmt.Sprintf("the conductor speaks %.20q (want %s: the same build everywhere)", Plain(m.V, 20), Version)})
	case m.Refused != "":
		a.finish(now, &Exit{Refused, "refused: " + m.Refused})
	case m.Run != "" && m.Gen != 0:
		a.run, a.gen = m.Run, m.Gen
		a.lease = e.At + Lease
		a.do(Renew{a.lease})
		a.become(now, Joined)
	}
}

func (a *Agent) beat(now, at time.Duration, m *beat, told []byte) {
	if m.Seq <= a.beatSeq || m.Now < a.beatNow {
		return // a replay, or one that was overtaken
	}
	a.beatSeq, a.beatNow = m.Seq, m.Now
	for _, g := range m.Fenced {
		if g != a.gen {
			continue
		}
		if a.state == Failed || a.state == Sent { // the conductor heard
			a.acked = a.changed
			return
		}
		a.silence(now, "the conductor counts this agent as lost")
		return
	}
	if !a.playing() {
		return
	}
	from := at
	if a.compared { // what was under way for long says little
		from = min(at, m.Now-a.ahead+a.uncertain)
	}
	if until := from + Lease; until > a.lease {
		a.lease = until
		a.do(Renew{until})
	}
	if m.Halt != nil {
		a.halt(now, *m.Halt, false)
	} else if m.Phase == Done {
		a.silence(now, "the run ended without this agent")
	}
	if a.state == Running && !bytes.Equal(told, a.told) {
		a.told = bytes.Clone(told)
		a.do(Hear{a.told})
	}
	if a.state == Running && m.Course > a.entries && now-a.ticked >= RepeatEvery {
		a.tick(now) // the answer has what is missing
	}
}

func (a *Agent) start(now time.Duration, m *start) {
	switch {
	case a.state == Ready && a.compared && m.T0 > 0:
		a.t0 = m.T0
		a.become(now, Armed)
	case a.state == Armed && m.T0 == a.t0 && m.Go && (now+a.ahead < a.t0 || a.cfg.Alone): // elsewhere, a viewer born late would be another viewer
		a.begun = true
		a.measured = a.t0 - a.ahead // the first report is due a period after T0
		a.do(Begin{At: a.t0 - a.ahead, Unix: m.Unix})
		a.become(now, Running)
	}
}

func (a *Agent) apply(p *pieces, body []byte) {
	if a.state != Running || p.From > a.entries {
		return
	}
	entries := p.cut(body)
	if skip := a.entries - p.From; skip < len(entries) {
		a.entries += len(entries) - skip
		a.do(Apply{entries[skip:]})
	}
}

func (a *Agent) acknowledged(now time.Duration, m *ack, body []byte) {
	a.acked = max(a.acked, min(m.Tick, a.seq))
	a.rows.acknowledged(m.Rows)
	if m.Clock {
		first := !a.compared
		a.compared, a.ahead, a.uncertain = true, m.Offset, m.Error
		if first {
			a.become(now, a.state) // the run cannot begin before the conductor hears of it
		}
	}
	a.apply(&m.pieces, body)
}
