package chaos

import (
	"time"
)

// Timeline configures a [Conductor].
type Timeline struct {
	// Duration is when the run ends; 0 = only by an abort.
	Duration time.Duration
	// From is when this conductor began, in a run that it goes on with: occurrences that were
	// due before are over.
	From time.Duration
	// Target is the target duration of the stream.
	Target time.Duration
	// Recovery is the scenario's: how long after an undo its phase lasts.
	Recovery time.Duration
	// LookEvery is the pause between an answer to a look and the next look;
	// 0 = 250ms.
	LookEvery time.Duration
	// Linger is how long a run goes on after it was aborted with grace: from
	// when all faults were undone, but not beyond its duration.
	Linger time.Duration
	// RetryUndo is the pause before a failed undo is tried again; 0 = 1s.
	RetryUndo time.Duration
	// Patience is a longer grace for what takes its time.
	Patience map[Via]time.Duration
}

// Grace is how long an undo may take to succeed, and after that the target to
// be seen healthy, before the fault counts as not undone: the recovery, but at
// least three target durations (a writer needs one, a cache up to one, a look
// at two versions one) and 15 s (CloudFront caches errors for 10 s by default).
func (t *Timeline) Grace() time.Duration {
	return max(t.Recovery, 3*t.Target, 15*time.Second)
}

// OrderType says what the conductor wants done.
type OrderType uint8

// The orders. Each but stop is answered with one observation.
const (
	OrderApply      OrderType = iota // answer: Applied
	OrderLook                        // answer: Bites
	OrderUndo                        // answer: Undone; a look under way may be dropped
	OrderLookUndone                  // answer: Healthy
	OrderStop                        // everything is over; nothing follows
)

func (o OrderType) String() string {
	return [...]string{"apply", "look", "undo", "look-undone", "stop"}[o]
}

// Order is one thing to do. The orders of one fault follow one another, and
// but for an undo, which may overtake a look, each waits for the answer to the
// one before.
type Order struct {
	Type  OrderType
	ID    int // of the occurrence: index in [Conductor.Outcomes]
	Fault *Fault
}

// ObservationType says what was seen.
type ObservationType uint8

// The observations.
const (
	Tick    ObservationType = iota // the instant given by Wake has come
	Applied                        // answer to apply: Err, "" = acknowledged
	Bites                          // answer to look: OK, Detail
	Undone                         // answer to undo: Err
	Healthy                        // answer to look-undone: OK, Detail
	Abort                          // end the run now; Detail is the reason, OK = with grace
)

// Observation is one thing seen.
type Observation struct {
	Type   ObservationType
	ID     int // of the occurrence
	OK     bool
	Err    string
	Detail string
}
