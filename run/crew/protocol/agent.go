package protocol

import (
	"errors"
	"fmt"
	"time"
)

// AgentConfig says who an agent is.
type AgentConfig struct {
	Run   string // name of the run
	ID    string // its own in this run, for subjects
	Nonce string // of this process, drawn at random
	Info  Info
	Alone bool // see [ConductorConfig]: it does not depend on a lease
}

// Agent is the state of an agent. It is not for several goroutines.
type Agent struct {
	cfg   AgentConfig
	state State
	run   string // the instance; "" = not taken in yet
	gen   uint64
	seq   uint64
	out   []Action

	ticked  time.Duration // when the last join or tick left
	changed uint64        // seq of the first tick that has the newest state
	acked   uint64        // seq of the newest tick that is acknowledged
	ackSeq  uint64        // of the conductor

	lease            time.Duration // its end
	beatSeq          uint64
	beatNow          time.Duration
	compared         bool // ahead is known
	ahead, uncertain time.Duration

	hash      string
	t0        time.Duration // on the conductor's clock; 0 = not known
	begun     bool
	entries   int    // of the course, handed over
	told      []byte // the last that was handed over
	rows      outbox
	measured  time.Duration
	measuring bool
	vitals    Vitals

	halted     Mode
	reason     string
	cause      Cause // of a failure
	collecting bool
	part       *sender
	pushed     time.Duration // when the last chunk left

	end    error // what it leaves with
	ending time.Duration
	left   bool
}

// NewAgent returns an agent that asks to be taken in when it is woken.
func NewAgent(cfg AgentConfig) *Agent {
	return &Agent{cfg: cfg, state: Joining, ticked: -time.Hour}
}

// State is what the agent is at.
func (a *Agent) State() State { return a.state }

// Step tells the agent what happened, at an instant of its own clock.
func (a *Agent) Step(now time.Duration, e Event) []Action {
	a.out = nil
	if a.left {
		return nil
	}
	if a.playing() && now >= a.lease && !a.cfg.Alone {
		a.silence(now, fmt.Sprintf("no beat of the conductor for %v", Lease))
	}
	switch e := e.(type) {
	case Arrived:
		a.arrived(now, e)
	case Prepared:
		if a.state == Preparing {
			a.hash = e.Hash
			switch away := (*TargetError)(nil); {
			case errors.As(e.Err, &away):
				a.fail(now, NoTarget, away.Text)
			case e.Err != nil:
				a.fail(now, Refused, fmt.Sprintf("cannot prepare: %v", e.Err))
			default:
				a.become(now, Ready)
			}
		}
	case Reported:
		a.reported(now, e)
	case Collected:
		a.collected(now, e)
	case Wanted:
		if a.state == Joining {
			a.finish(now, &Exit{Stopped, e.Order.Reason})
		} else {
			a.halt(now, e.Order, true)
		}
	}
	a.pass(now)
	return a.out
}

func (a *Agent) do(act Action) { a.out = append(a.out, act) }

func (a *Agent) head() Head {
	a.seq++
	return Head{Run: a.run, Gen: a.gen, Seq: a.seq}
}

// playing reports whether the agent depends on its lease.
func (a *Agent) playing() bool {
	return order[a.state] > order[Joining] && order[a.state] < order[Sent]
}

// become moves on to a state and tells the conductor.
func (a *Agent) become(now time.Duration, s State) {
	a.state = s
	a.changed = a.seq + 1
	a.tick(now)
}

func (a *Agent) tick(now time.Duration) {
	t := &tick{Head: a.head(), State: a.state, Hash: a.hash, Clock: a.compared, T0: a.t0, Halted: a.halted, Reason: a.reason, Cause: a.cause, Course: a.entries, Vitals: a.vitals}
	body := a.rows.fill(t)
	a.ticked = now
	a.do(Send{subject(a.cfg.Run, a.cfg.ID, "tick"), encode(t, body...)})
}

// pass does what is due.
func (a *Agent) pass(now time.Duration) {
	if a.state == Armed && now+a.ahead >= a.t0 && !a.cfg.Alone {
		a.fail(now, Refused, "heard of the start too late")
	}
	switch {
	case a.left || a.state == Silent:
	case a.state == Joining:
		if now-a.ticked >= TickEvery {
			a.ticked = now
			a.do(Send{subject(a.cfg.Run, "", "join"), encode(&join{Head: a.head(), ID: a.cfg.ID, Nonce: a.cfg.Nonce, Info: a.cfg.Info})})
		}
	case now-a.ticked >= TickEvery || a.acked < a.changed && now-a.ticked >= RepeatEvery:
		a.tick(now)
	}
	if a.state == Running && !a.measuring && !a.rows.full() && now+a.ahead >= a.t0 && now-a.measured >= RowsEvery {
		a.measuring, a.measured = true, now
		a.do(Measure{})
	}
	if a.state == Halted && a.part != nil && now-a.pushed >= LargeEvery {
		a.push(now)
	}
	a.tryLeave(now)
}

func (a *Agent) tryLeave(now time.Duration) {
	if order[a.state] < order[Sent] || a.collecting || a.left {
		return
	}
	if a.state == Silent || a.acked >= a.changed || now >= a.ending {
		a.left = true
		a.do(Leave{a.end})
	}
}

// finish ends the agent before it was taken in.
func (a *Agent) finish(now time.Duration, why error) {
	a.state, a.end, a.ending = Silent, why, now
}

// silence ends all that the agent does, at once and for ever.
func (a *Agent) silence(now time.Duration, why string) {
	before := a.state
	a.state, a.end = Silent, &Exit{Gone, why}
	a.do(Stop{Order{Mode: Now, Reason: why}})
	if before == Running {
		a.collecting = true
		a.do(Collect{})
	}
}

// fail tells the conductor that the agent cannot go on. cause is that of one that has not begun.
func (a *Agent) fail(now time.Duration, cause Cause, why string) {
	a.reason, a.cause, a.end, a.ending = Plain(why, 500), cause, &Exit{cause, why}, now+Silence
	if a.begun {
		a.end = &Exit{Gone, why}
	}
	a.do(Stop{Order{Mode: Now, Reason: why}})
	if a.state == Running {
		a.collecting = true
		a.do(Collect{})
	}
	a.become(now, Failed)
}

// halt carries out a halt. own says that the agent wants it, so that the conductor has to
// hear why.
func (a *Agent) halt(now time.Duration, o Order, own bool) {
	if !a.playing() || !o.Mode.stronger(a.halted) {
		return
	}
	a.halted = o.Mode
	if own {
		a.reason = o.Reason
	}
	if o.Reason != "" && a.end == nil {
		a.end = &Exit{Stopped, o.Reason}
	}
	a.do(Stop{o})
	if a.state == Halted {
		a.changed = a.seq + 1
		a.tick(now)
		return
	}
	if !a.begun {
		a.sent(now)
		return
	}
	a.become(now, Halted)
	a.collecting = true
	a.do(Collect{})
}

// sent ends an agent whose part is there, or that has none.
func (a *Agent) sent(now time.Duration) {
	a.ending = now + Goodbye
	a.become(now, Sent)
}

func (a *Agent) reported(now time.Duration, e Reported) {
	a.measuring = false
	switch {
	case a.state != Running:
	case e.Err != nil:
		a.fail(now, Refused, fmt.Sprintf("cannot report: %v", e.Err))
	case len(e.Report.Rows) > MaxRows:
		a.fail(now, Refused, fmt.Sprintf("cannot report: %d bytes of rows (want at most %d)", len(e.Report.Rows), MaxRows))
	default:
		a.vitals = e.Report.Vitals
		a.rows.put(now+a.ahead-a.t0, e.Report.Rows)
		a.tick(now)
	}
}

func (a *Agent) collected(now time.Duration, e Collected) {
	a.collecting = false
	switch {
	case a.state != Halted:
	case e.Err != nil:
		a.fail(now, Refused, fmt.Sprintf("cannot make its part: %v", e.Err))
	case len(e.Part) > MaxPart:
		a.fail(now, Refused, fmt.Sprintf("cannot send its part of %d bytes (want at most %d)", len(e.Part), MaxPart))
	default:
		a.part = newSender(e.Part)
		a.push(now)
	}
}

func (a *Agent) push(now time.Duration) {
	a.pushed = now
	a.do(Send{subject(a.cfg.Run, a.cfg.ID, "part"), a.part.chunk(a.head())})
}
