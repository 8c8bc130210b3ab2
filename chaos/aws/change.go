package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// Change is one change of one thing on AWS. It is a pointer to a struct whose
// exported fields are all that it takes to make it, to look at it and to undo
// it: the journal carries them as JSON.
type Change interface {
	// About describes the change. What is not described is not made, nor undone
	// from a journal.
	About() About
	// Calls are the calls that it makes, for people and for the IAM policy of the
	// caller. No call is made that is not among them.
	Calls() []Call

	// Read notes what is there before, and completes what depends on it. The
	// journal is written after it.
	Read(ctx context.Context) error
	// Make makes the change. After an error Undo follows all the same.
	Make(ctx context.Context) error
	// Undo puts back what Make has changed, whatever happened to it: never called,
	// answer lost, half done, undone already, changed by another program since.
	// What others have changed stays as it is. It must be harmless to repeat.
	Undo(ctx context.Context) error
	// Bites reports whether AWS shows the change, and Healthy whether nothing of
	// it is left, with what was seen. Both look; neither trusts an answer.
	Bites(ctx context.Context) (bool, string)
	Healthy(ctx context.Context) (bool, string)
}

// Call is one kind of API call of a change.
type Call struct {
	Action   string // as in a policy: "s3:PutBucketPolicy"
	Resource string // ARN, as in a policy
	Request  string // what is asked, for people; "" = it only reads
	When     When
	If       map[string]string // keys of IAM's conditions that must have these values, beside the tags
}

// When says what a call is for.
type When uint8

// The occasions.
const (
	Reads  When = iota // looks, before and after
	Makes              // makes the change
	Undoes             // undoes it
)

// Order is one occurrence of a fault that is to be made.
type Order struct {
	Fault   *chaos.Fault
	Run     string    // of this run; everything that can carry a name carries it
	Expires time.Time // when it ends by itself, where AWS can do that; zero in a plan
}

// Mark is a name for something that this occurrence leaves on AWS. It has
// nothing but letters, digits and the separator sep, which is "-" or "".
func (o *Order) Mark(sep string, parts ...string) string {
	all := append([]string{prefix, o.Run, fmt.Sprintf("f%dn%d", o.Fault.Rule, o.Fault.Occurrence)}, parts...)
	return strings.Join(all, sep)
}

// prefix begins every name that is ours.
const prefix = "hlsload"

// runLength is that of the name of a run.
const runLength = 8

// Ours reports whether a name is one that [Order.Mark] made, and of which run.
func Ours(name string) (run string, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	sep := ""
	if strings.HasPrefix(rest, "-") {
		sep, rest = "-", rest[1:]
	}
	if !ok || len(rest) < runLength {
		return "", false
	}
	run = rest[:runLength]
	if strings.Trim(run, "0123456789abcdef") != "" || !strings.HasPrefix(rest[runLength:], sep+"f") {
		return "", false
	}
	return run, true
}

// review asks every change that is a [Reviewer], and has each answer once.
func review(ctx context.Context, all []Change) (said []string) {
	for _, c := range all {
		r, ok := c.(Reviewer)
		if !ok {
			continue
		}
		for _, s := range r.Review(ctx) {
			if !slices.Contains(said, s) {
				said = append(said, s)
			}
		}
	}
	return said
}

// Driver makes the faults that one service can make.
type Driver interface {
	// Service is how the journal names it, as in "medialive".
	Service() string
	// Target names what the section gives the service to work on, as in "bucket
	// example". "" = nothing: the driver makes no faults then, and guards nothing.
	Target() string
	// Changes are what the service has to do with an occurrence, in the order
	// in which they are made; they are undone in reverse. None when it is not
	// its business. It sends no request.
	Changes(o *Order) []Change
	// Empty returns an empty change of each type that it makes, to read the
	// journal into.
	Empty() []Change
	// Guard looks at the targets before the run. What earlier runs have left is
	// asked for by [Guards].
	Guard(ctx context.Context) ([]Finding, error)
	// Guards are the calls that Guard and Leftovers make.
	Guards() []Call
	// Leftovers are what earlier runs have left.
	Leftovers(ctx context.Context) ([]Leftover, error)
}

// Finding is something that a guard found.
type Finding struct {
	Refuses bool // the run must not begin
	Text    string
}

// Leftover is something that a run has left behind.
type Leftover struct {
	Service, Target string
	Run             string
	What            string    // for people
	Expires         time.Time // when it ended or ends by itself; zero = never
	Lock            bool      // a run has claimed the target, and changed nothing yet
	Watchdog        bool      // it undoes something else of its run, and is needed until that is undone
	Remove          func(context.Context) error
}

// Left describes a change that a run has made as something that it left behind.
func Left(d Driver, c Change, what string) Leftover {
	about := c.About()
	run, _ := Ours(about.Owner)
	return Leftover{Service: d.Service(), Target: about.Target, Run: run, What: what, Expires: about.End.at, Watchdog: keeps(c), Remove: c.Undo}
}

// Unsettled is how long what a call has changed may not show yet: settings on
// AWS are eventually consistent.
const Unsettled = 15 * time.Second

// Settle waits until a call that may have been made right after at must show,
// and reports whether it had to wait: then it is worth looking again.
func Settle(ctx context.Context, at, now time.Time) (waited bool, err error) {
	left := at.Add(Unsettled).Sub(now)
	if at.IsZero() || left <= 0 {
		return false, nil
	}
	return true, Wait(ctx, min(left, Unsettled))
}

// Wait returns nil after a time, and says why when ctx ends before.
func Wait(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
