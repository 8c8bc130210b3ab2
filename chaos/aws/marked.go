package aws

import (
	"context"
	"fmt"
	"time"
)

// The tags of a target while a change holds that AWS does not end by itself.
const (
	TagRun    = "hlsload:run"    // the mark of the run
	TagBefore = "hlsload:before" // what was there before
)

// Tagger is a driver of resources that have tags.
type Tagger interface {
	Driver
	Time() time.Time
	Tags(ctx context.Context, arn string) (map[string]string, error)
	Tag(ctx context.Context, arn string, tags map[string]string) error
	// Untag takes the tags of a run away.
	Untag(ctx context.Context, arn string) error
}

// Marked is embedded in a change that marks its target by a tag: what carries
// the tag can be put back without a journal.
type Marked struct {
	Answer
	Mark string    `json:"mark"`
	At   time.Time `json:"at"` // when the target was looked at
	// Unknown is why it cannot be put back: it is not known what was there before.
	Unknown error `json:"-"`
}

// Look notes when the target is looked at, and refuses one that is marked.
func (m *Marked) Look(ctx context.Context, d Tagger, arn string) error {
	m.At = d.Time().UTC()
	tags, err := d.Tags(ctx, arn)
	if err != nil {
		return err
	}
	return Unmarked(d.Target(), tags)
}

// Unmarked refuses a target that is marked.
func Unmarked(what string, tags map[string]string) error {
	if mark, ok := tags[TagRun]; ok {
		return fmt.Errorf("%s is already used by another fault (got the tag %s=%s; want none)", what, TagRun, mark)
	}
	return nil
}

// Change marks the target, notes there what was before ("" = nothing), and then
// makes the change.
func (m *Marked) Change(ctx context.Context, d Tagger, arn, before string, change func(context.Context) error) error {
	tags := map[string]string{TagRun: m.Mark}
	if before != "" {
		tags[TagBefore] = before
	}
	if err := d.Tag(ctx, arn, tags); err != nil {
		return err
	}
	err := change(ctx)
	m.Made = m.Made || err == nil
	return err
}

// PutBack undoes the change if it is this run's, and then takes the mark away.
// back puts back what is still as the change left it, and reports whether there
// was anything to do.
func (m *Marked) PutBack(ctx context.Context, d Tagger, arn string, back func(context.Context) (changed bool, err error)) error {
	for {
		tags, err := d.Tags(ctx, arn)
		if err != nil {
			return err
		}
		mark := tags[TagRun]
		if mark != m.Mark && mark != "" {
			return nil // another run's by now
		}
		if m.Unknown != nil {
			return m.Unknown
		}
		ours, changed := mark != "" || m.Made, false // the tag may not show yet
		if ours {
			if changed, err = back(ctx); err != nil {
				return err
			}
		}
		if !changed { // never made, undone before, or it does not show yet
			if waited, err := Settle(ctx, m.At, d.Time()); err != nil {
				return err
			} else if waited {
				continue
			}
		}
		if !ours {
			return nil
		}
		return d.Untag(ctx, arn)
	}
}

// Clear reports whether a target carries no mark of this change and, where it
// carries none at all, whether it is as it was, with what was seen.
func (m *Marked) Clear(ctx context.Context, d Tagger, arn, what string, asBefore func(context.Context) (bool, string)) (bool, string) {
	tags, err := d.Tags(ctx, arn)
	switch mark := tags[TagRun]; {
	case err != nil:
		return false, err.Error()
	case mark == m.Mark:
		return false, fmt.Sprintf("%s still has the tag %s=%s", what, TagRun, mark)
	case mark != "":
		return true, fmt.Sprintf("%s now belongs to another run", what)
	}
	return asBefore(ctx)
}

// LeftBy are what the tags of a target say that a run has left: none without its
// mark. change returns the change with that mark.
func LeftBy(d Driver, tags map[string]string, change func(m Marked) (c Change, what string)) []Leftover {
	mark, ok := tags[TagRun]
	if !ok {
		return nil
	}
	c, what := change(Marked{Answer: Answer{true}, Mark: mark})
	return []Leftover{Left(d, c, what)}
}
