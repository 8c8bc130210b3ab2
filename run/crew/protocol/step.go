package protocol

import "time"

// Event is what a participant is told. Of these, an agent takes [Wake], [Arrived],
// [Prepared], [Reported], [Collected] and [Wanted]; a conductor takes [Wake], [Arrived],
// [Assigned], [Entry], [Tell], [Wanted] and [Died].
type Event interface{ event() }

type (
	// Wake says that time has passed.
	Wake struct{}

	// Arrived is a message, which may come from anywhere.
	Arrived struct {
		Kind, ID string // see [Kind]
		Data     []byte
		At       time.Duration // on the clock of who takes it
		Busy     bool          // rows cannot be taken now
	}

	// Prepared ends a [Prepare]. Err may be a [*TargetError].
	Prepared struct {
		Hash string
		Err  error
	}

	// Reported ends a [Measure].
	Reported struct {
		Report Report
		Err    error
	}

	// Collected ends a [Collect].
	Collected struct {
		Part []byte
		Err  error
	}

	// Assigned ends an [Assign]: what each member gets, in their order.
	Assigned struct {
		Shares []Share
		Err    error
	}

	// Entry is the next entry of the course.
	Entry struct{ Data []byte }

	// Tell is what all agents are told from now on, in place of what they were told before.
	Tell struct{ Data []byte }

	// Died says that the process of the agent with this name ended, and how.
	Died struct{ Name, How string }

	// Wanted is a halt that this participant wants.
	Wanted struct{ Order Order }
)

func (Wake) event()      {}
func (Arrived) event()   {}
func (Prepared) event()  {}
func (Reported) event()  {}
func (Collected) event() {}
func (Assigned) event()  {}
func (Entry) event()     {}
func (Tell) event()      {}
func (Died) event()      {}
func (Wanted) event()    {}

// Action is what a participant has to do, in order. [Send] is for both, [Prepare] to
// [Leave] are for agents, [Assign] to [Finished] for conductors.
type Action interface{ action() }

type (
	// Send publishes a message.
	Send struct {
		Subject string
		Data    []byte
	}

	// Prepare makes the worker ready for a plan. [Prepared] ends it.
	Prepare struct{ Plan []byte }

	// Begin starts the players.
	Begin struct {
		At   time.Duration // T0 on the agent's clock
		Unix int64         // T0 on the conductor's wall clock, ns
	}

	// Apply hands over the next entries of the course.
	Apply struct{ Entries [][]byte }

	// Hear hands over what all agents are told. Only the newest matters.
	Hear struct{ Data []byte }

	// Measure asks for a report. [Reported] ends it.
	Measure struct{}

	// Stop sends the players away. It must not wait for anything.
	Stop struct{ Order Order }

	// Collect asks for the part and keeps it on the disk. [Collected] ends it.
	Collect struct{}

	// Renew lengthens the lease.
	Renew struct{ Until time.Duration }

	// Leave ends the agent. Err is nil when the run was complete; otherwise it is an [*Exit].
	Leave struct{ Err error }

	// Assign asks for the shares of the members. [Assigned] ends it.
	Assign struct{ Members []Member }

	// Started says that all agents start at T0.
	Started struct {
		T0   time.Duration // on the conductor's clock
		Unix int64
	}

	// Rows are the rows of one report of a member.
	Rows struct {
		Member int
		At     time.Duration // run time
		Data   []byte
	}

	// Lost says that a member is lost.
	Lost struct {
		Member int
		At     time.Duration // run time until which its rows are there
		Why    string
		Beyond bool // more players are lost than the run may lose
	}

	// Halting says that the members are told to halt.
	Halting struct{ Order Order }

	// Arrival is the part of a member.
	Arrival struct {
		Member int
		Part   []byte
	}

	// Note is for people.
	Note struct{ Text string }

	// Finished ends the conductor.
	Finished struct{}
)

func (Send) action()     {}
func (Prepare) action()  {}
func (Begin) action()    {}
func (Apply) action()    {}
func (Hear) action()     {}
func (Measure) action()  {}
func (Stop) action()     {}
func (Collect) action()  {}
func (Renew) action()    {}
func (Leave) action()    {}
func (Assign) action()   {}
func (Started) action()  {}
func (Rows) action()     {}
func (Lost) action()     {}
func (Halting) action()  {}
func (Arrival) action()  {}
func (Note) action()     {}
func (Finished) action() {}

// Cause is why a run or an agent ended before its time.
type Cause uint8

// Causes, the most important first.
const (
	None     Cause = iota
	Refused        // could not begin: another build, another plan, too late, a second conductor
	NoTarget       // the target does not answer an agent with a stream
	Gone           // an agent, or more of the players than may be lost
	Blurred        // clocks were too far apart
	Stopped        // halted
)

// Code is the exit code of the command.
func (c Cause) Code() int { return [...]int{0, 104, 112, 113, 111, 105}[c] }

// TargetError is why an agent cannot prepare: its target cannot be reached.
type TargetError struct{ Text string }

func (e *TargetError) Error() string { return e.Text }

// Exit is why an agent or a conductor left before a run was complete.
type Exit struct {
	Cause Cause
	Text  string
}

func (e *Exit) Error() string { return e.Text }
