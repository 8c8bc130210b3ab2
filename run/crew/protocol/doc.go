// Package protocol is hl/1, the protocol between the conductor of a run and its
// agents, without a bus, a clock or a goroutine: [Conductor] and [Agent] are told what
// happened and when, and say what to do. Package crew performs what they say.
//
// No message has to arrive. An agent's tick and the conductor's beat carry all of the
// sender's state, and what must arrive exactly once (rows, entries of the course, chunks
// of a part) has numbers and is repeated until it is acknowledged.
//
// Subjects start with "hl.RUN.", where RUN is the name of the run. The conductor
// publishes beat, start, course, halt and here, and to one agent a.ID.answer, clock, plan,
// ack and got. An agent publishes join, a.ID.time, tick and part. A conductor that begins
// publishes who. A halt may come from outside as well.
//
// A message is one line of JSON, then bytes that the line describes. Each names the
// version, the instance of the run (an id that the conductor draws, so that a later run
// with the same name is another run), the gen of the agent (drawn by the conductor when
// it takes the agent in) and a number that grows with each message of the sender.
//
// Two rules keep an agent from making load that the run does not count:
//   - An agent plays as long as it hears beats. [Lease] after the conductor sent the last one
//     that was heard it falls silent, for ever.
//   - An agent that the conductor has not heard for [Silence] is lost. Its gen is fenced: no
//     message of it counts any more, and each beat says so.
package protocol

import "time"

// Version is the version of the protocol. There is no talk between versions.
const Version = "hl/1"

// How often and how long. Both sides step every [Step] and with each message.
const (
	Step        = 50 * time.Millisecond
	BeatEvery   = 250 * time.Millisecond
	TickEvery   = 500 * time.Millisecond
	RowsEvery   = time.Second            // while the run goes on
	RepeatEvery = 200 * time.Millisecond // small things that are not acknowledged
	LargeEvery  = time.Second            // plans and chunks that are not acknowledged
	Silence     = 3 * time.Second        // without a sign of an agent: it is lost
	Lease       = 3 * time.Second        // without a beat: the agent is silent
	RowsWarn    = 3 * time.Second        // without rows of an agent that is there: a warning
	RowsLost    = 10 * time.Second       // without rows of an agent that is there: it is lost
	LateWarn    = 2 * time.Second        // between two signs of an agent: a warning
	PartWithin  = 60 * time.Second       // from the halt to the last byte of a part
	Linger      = 2 * time.Second        // of a conductor, so that agents hear that their part is there
	Goodbye     = time.Second            // of an agent, so that the conductor hears that it heard

	FirstProbes = 8
	ProbeEvery  = 5 * time.Second
	// ClockWarn is the error of a clock, and the drift over a run, that is worth a warning: half
	// of a slot of the traffic.
	ClockWarn = 50 * time.Millisecond
)

// Limits on what comes from the other side.
const (
	MaxAgents  = 1024           // there are 1,024 slots
	MaxHead    = 64 << 10       // of the line of JSON
	MaxPlan    = 768 << 10      // of a plan
	MaxEntry   = 128 << 10      // of an entry of the course
	MaxEntries = 1 << 16        // of a course
	MaxTold    = 16 << 10       // of what a beat tells all
	MaxRows    = 128 << 10      // of the rows of one report
	MaxChunk   = 512 << 10      // of a part
	MaxPart    = 256 << 20      // of a whole part; a conductor may want less
	maxWaiting = 4              // reports that are not acknowledged: after that none is made
	maxCarried = 256 << 10      // entries of the course in one message
	maxShouted = 32 << 10       // entries of the course in one message to all; an answer has what an agent misses
	maxJoins   = 16 << 10       // that one conductor remembers
	maxTries   = 3              // of a part whose sum is wrong
	farAway    = int64(1) << 61 // ns; no clock shows more
)

// State is what an agent is at. An agent only moves forward.
type State string

// The states of an agent.
const (
	Joining   State = "joining"
	Joined    State = "joined"    // waits for its plan
	Preparing State = "preparing" // has it
	Ready     State = "ready"
	Armed     State = "armed"   // knows T0
	Running   State = "running" // was told that all know T0; players come from T0 on
	Halted    State = "halted"  // players leave or are gone; the part is being made and sent
	Sent      State = "sent"    // the part has arrived, or there is none
	Failed    State = "failed"
	Silent    State = "silent" // by the lease or a fence; says nothing any more
)

var order = map[State]int{Joining: 1, Joined: 2, Preparing: 3, Ready: 4, Armed: 5, Running: 6, Halted: 7, Sent: 8, Failed: 9, Silent: 10}

// Phase is what a run is at.
type Phase string

// The phases of a run. [Draining] follows a halt in any earlier phase.
const (
	Asking   Phase = "asking"  // whether there is another conductor
	Open     Phase = "open"    // for agents
	Full     Phase = "full"    // plans are out
	Arming   Phase = "armed"   // T0 is out
	Underway Phase = "running" // from T0 on
	Draining Phase = "draining"
	Merging  Phase = "merging" // all agents are halted, parts arrive
	Done     Phase = "done"
)

// Mode is how players leave.
type Mode string

// Modes of a halt.
const (
	Drain Mode = "drain" // the run is over; requests under way may end
	Now   Mode = "now"   // all connections are closed at once
)

// stronger reports whether a halt says more than another one.
func (m Mode) stronger(than Mode) bool { return m != than && (than == "" || m == Now) }
