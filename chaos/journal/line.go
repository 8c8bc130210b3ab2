package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// Line is one step of one fault, as written.
type Line struct {
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

// maxLine bounds a line, in bytes; one has some hundred.
const maxLine = 1 << 20

// maxStrangers is how many lines without a step are told of: enough to see that
// a file is no journal.
const maxStrangers = 3

// Read reads the lines of a journal. A last line that was cut off by a crash is
// left out. Lines that cannot be read are left out as well, and the error names
// them; the others are returned with it.
func Read(path string) ([]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	return read(f)
}

func read(r io.Reader) ([]Line, error) {
	var lines []Line
	var problems []error
	strangers := 0
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF: // whatever is left was cut off
			return lines, errors.Join(problems...)
		case err == bufio.ErrBufferFull:
			return lines, errors.Join(append(problems, fmt.Errorf("read journal: line %d is too long (want at most %d bytes)", n, maxLine))...)
		case err != nil:
			return lines, errors.Join(append(problems, fmt.Errorf("read journal: line %d: %w", n, err))...)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			problems = append(problems, fmt.Errorf("read journal: line %d: %w", n, err))
			continue
		}
		if l.Step == "" || l.Name == "" { // another file, which says nothing of what was left
			if strangers++; strangers <= maxStrangers {
				problems = append(problems, fmt.Errorf("read journal: line %d: no step of a fault (want the journal.ndjson of a run)", n))
			}
			continue
		}
		lines = append(lines, l)
	}
}

// undoes tells whether the line is the end of a fault. When calls were made
// outside, the answer to an undo is not enough: it has to be seen.
func (l *Line) undoes(calls bool) bool {
	return l.Err == "" && (l.Step == conduct.StepUndone && (!calls || l.By != "") || l.Step == conduct.StepHealthy && calls)
}

// Left returns the applies that were not undone: those of which no undo
// succeeded since, also when the apply itself failed.
func Left(lines []Line) []Line {
	var left []Line
	at := map[int]int{} // occurrence -> index in left
	type occurrence struct {
		name string
		n    int
	}
	of := map[occurrence]int{} // the same, for calls
	for _, l := range lines {
		i, open := at[l.ID]
		if l.Call != nil {
			i, open = of[occurrence{l.Name, l.Occurrence}]
		}
		switch {
		case l.Call != nil && open:
			left[i].note(l)
		case l.Call != nil:
		case l.Step == conduct.StepApply && !open && !instant(l.Fault):
			at[l.ID], of[occurrence{l.Name, l.Occurrence}] = len(left), len(left)
			left = append(left, l)
		case open && l.undoes(len(left[i].Calls) > 0):
			left[i].Step = "" // undone
			delete(at, l.ID)
			delete(of, occurrence{l.Name, l.Occurrence})
		}
	}
	kept := left[:0]
	for _, l := range left {
		if l.Step != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

// note takes the line of a call.
func (l *Line) note(call Line) {
	switch call.Step {
	case StepCall:
		l.Calls = append(l.Calls, *call.Call)
	case StepCalled:
		for i := range l.Calls {
			if l.Calls[i].N == call.Call.N && call.Err == "" {
				l.Calls[i].Answered = true
			}
		}
	}
}

func instant(k chaos.Kind) bool {
	spec := chaos.Lookup(k)
	return spec != nil && spec.Instant
}
