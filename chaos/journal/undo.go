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
	f, _, err := reopen(path)
	if err != nil {
		return Report{}, fmt.Errorf("undo %w", err)
	}
	j := &Journal{file: f, redact: func(s string) string { return s }, torn: true} // the last line may be cut off
	defer j.Close()
	report, _, err := j.undo(ctx, undoers)
	return report, err
}

// reopen opens and locks a journal that is there.
func reopen(path string) (*os.File, string, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, "", fmt.Errorf("journal: %w", err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	dir, err := os.Getwd()
	if err != nil {
		f.Close()
		return nil, "", err
	}
	return f, dir, nil
}

// Reopen goes on with the journal of a run whose machine was lost. What the run left
// behind is put back first, as [Undo] does it; if that fails, there is no journal. The lines are those of
// before.
func Reopen(ctx context.Context, path string, redact func(string) string, undoers map[chaos.Via]Undoer) (*Journal, []Line, Report, error) {
	f, dir, err := reopen(path)
	if err != nil {
		return nil, nil, Report{}, err
	}
	j := &Journal{file: f, redact: func(s string) string { return s }, dir: dir, torn: true}
	report, lines, err := j.undo(ctx, undoers)
	if err == nil {
		err = j.begin()
	}
	if err != nil {
		j.Close()
		return nil, nil, report, err
	}
	if redact != nil {
		j.redact = redact
	}
	return j, lines, report, nil
}

// undo puts back what the journal says was left.
func (j *Journal) undo(ctx context.Context, undoers map[chaos.Via]Undoer) (report Report, lines []Line, err error) {
	lines, err = read(j.file)
	if errors.Is(err, ErrNewer) {
		return report, nil, fmt.Errorf("undo %s: %w", j.Path(), err)
	}
	if err != nil {
		err = fmt.Errorf("%w\nwhat only those lines describe was not undone; everything else was (hlsload sweep finds leftovers on AWS without them)", err)
	}
	problems := []error{err}
	left := Left(lines)
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
	return report, lines, errors.Join(problems...)
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
