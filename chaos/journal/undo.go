package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// Undoer puts back one fault that a run left behind. The line is that of its
// apply. It may be called for a fault that is undone already.
type Undoer func(ctx context.Context, l Line) error

// Report says what [Undo] did, in its order.
type Report struct {
	Items []Item
}

// Item is one fault that was left behind.
type Item struct {
	Line   Line   // of the apply
	Action string // what was done, for people
	Err    error
}

// Undo puts back what an interrupted run left behind, the last fault first. It
// notes in the journal what it did, so that doing it again does nothing. Faults
// of the rig and of viewers ended with their process; the others are undone by
// the undoer of their via. One that fails does not keep the others from being
// undone; the error has all of them, and lines that could not be read.
func Undo(ctx context.Context, path string, undoers map[chaos.Via]Undoer) (Report, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return Report{}, fmt.Errorf("undo: %w", err)
	}
	j := &Journal{file: f, redact: func(s string) string { return s }, torn: true} // the last line may be cut off
	defer j.Close()
	if err := lock(f); err != nil {
		return Report{}, fmt.Errorf("undo %s: %w", path, err)
	}
	lines, err := read(f)
	if errors.Is(err, ErrNewer) {
		return Report{}, fmt.Errorf("undo %s: %w", path, err)
	}
	if err != nil {
		err = fmt.Errorf("%w\nwhat only those lines describe was not undone; everything else was (hlsload sweep finds leftovers on AWS without them)", err)
	}
	problems := []error{err}
	left := Left(lines)
	var report Report
	for i := len(left) - 1; i >= 0; i-- {
		item := Item{Line: left[i]}
		item.Action, item.Err = putBack(ctx, left[i], undoers)
		report.Items = append(report.Items, item)
		if item.Err != nil {
			problems = append(problems, fmt.Errorf("undo %s: %w", left[i].Name, item.Err))
		}
		if err := j.write(undone(left[i], item)); err != nil {
			problems = append(problems, err)
		}
	}
	return report, errors.Join(problems...)
}

func putBack(ctx context.Context, l Line, undoers map[chaos.Via]Undoer) (string, error) {
	if undo := undoers[l.Via]; undo != nil {
		return "undone via " + string(l.Via), undo(ctx, l)
	}
	switch l.Via {
	case chaos.ViaRig:
		return "nothing to do: the embedded rig ended with its process", nil
	case chaos.ViaViewer:
		return "nothing to do: the players ended with their process", nil
	}
	return "not undone", fmt.Errorf("faults via %s cannot be undone from a journal", l.Via)
}

// undone is the line that notes what was done.
func undone(l Line, item Item) Line {
	l.Time, l.At, l.Step, l.By = time.Now().UTC(), 0, conduct.StepUndone, "undo"
	l.Stop, l.Dir, l.Call, l.Detail, l.Err = nil, "", nil, item.Action, ""
	if item.Err != nil {
		l.Err = item.Err.Error()
	}
	return l
}
