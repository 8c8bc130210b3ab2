package journal

import (
	"encoding/json"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// Line is one step of one fault, as written.
type Line struct {
	Format     int              `json:"format,omitempty"` // of the journal; 0 = before formats had numbers
	Time       time.Time        `json:"time"`
	At         float64          `json:"t_ms"` // on the run's clock
	Step       conduct.StepType `json:"step"`
	ID         int              `json:"id"` // of the occurrence in its run
	Name       string           `json:"name"`
	Occurrence int              `json:"occurrence"`
	Fault      chaos.Kind       `json:"fault"`
	Via        chaos.Via        `json:"via"`
	Pipeline   *int             `json:"pipeline,omitempty"`
	Stop       []string         `json:"stop,omitempty"` // program that undoes it
	Dir        string           `json:"dir,omitempty"`  // where that is run
	Err        string           `json:"error,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	By         string           `json:"by,omitempty"` // "undo" when the run itself did not do it
	Call       *Call            `json:"call,omitempty"`
	// PID and Host name the process of the run: of its first line.
	PID  int    `json:"pid,omitempty"`
	Host string `json:"host,omitempty"`

	// Calls are those that were made for the fault, or were about to be made:
	// of what [Left] returns.
	Calls []Call `json:"-"`
}

// Call is one change that was made outside, noted before it was made.
type Call struct {
	N       int       `json:"n"`   // 1, 2, … of its fault
	Run     string    `json:"run"` // what the run marks things with
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Service string    `json:"service"`
	Op      string    `json:"op"`
	Target  string    `json:"target"`           // what is changed
	Expires time.Time `json:"expires,omitzero"` // when it ends by itself
	Undo    string    `json:"undo,omitempty"`   // how it is undone, for people
	// Change is all that it takes to undo it, with what was there before.
	Change json.RawMessage `json:"change,omitempty"`
	// Env are the variables that stand in the texts as ${NAME} for their values.
	Env []string `json:"env,omitempty"`

	Answered bool `json:"-"` // the answer is in the journal, and was no error
}

// The steps of calls: one line before each is made, one after.
const (
	StepCall   conduct.StepType = "call"
	StepCalled conduct.StepType = "called"
)

// undoes reports whether the line is the end of a fault. When calls were made
// outside, the answer to an undo is not enough: it has to be seen.
func (l *Line) undoes(calls bool) bool {
	return l.Err == "" && (l.Step == conduct.StepUndone && (!calls || l.By != "") || l.Step == conduct.StepHealthy && calls)
}

// Left returns the faults that were not undone: those of which no undo
// succeeded since they were applied, also when the apply itself failed. Each
// is the first line of its fault that can be read, with the calls that were
// made for it: a call whose apply cannot be read has to be undone all the same.
func Left(lines []Line) []Line {
	type occurrence struct {
		name string
		n    int
	}
	var left []Line
	at := map[occurrence]int{} // index in left
	for _, l := range lines {
		o := occurrence{l.Name, l.Occurrence}
		i, open := at[o]
		if !open && l.opens() {
			i, open = len(left), true
			at[o] = i
			left = append(left, l)
		}
		switch {
		case !open:
		case l.Call != nil:
			left[i].note(l)
		case l.undoes(len(left[i].Calls) > 0):
			left[i].Step = "" // undone
			delete(at, o)
		}
	}
	return slices.DeleteFunc(left, func(l Line) bool { return l.Step == "" })
}

// opens reports whether the line says that something was done, or was about to
// be.
func (l *Line) opens() bool {
	switch l.Step {
	case conduct.StepApply, conduct.StepApplied, StepCall:
		return !l.Fault.Spec().Instant
	}
	return false
}

// note takes the line of a call.
func (l *Line) note(call Line) {
	switch call.Step {
	case StepCall:
		l.Calls = append(l.Calls, *call.Call)
	case StepCalled:
		for i := range l.Calls {
			c := &l.Calls[i]
			if c.N != call.Call.N {
				continue
			}
			c.Answered = c.Answered || call.Err == ""
			if len(call.Call.Change) > 0 { // the answer added to what it takes to undo it
				c.Change, c.Env = call.Call.Change, call.Call.Env
			}
		}
	}
}
