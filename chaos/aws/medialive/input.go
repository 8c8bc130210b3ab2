package medialive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos/aws"
)

// input switches the channel, with all its pipelines, to another of its input
// attachments, and back. The schedule switches back by itself too.
//
// MediaLive has rules for such actions. A switch that begins at once begins ten
// seconds later where a channel has two pipelines. The most recent switch cannot
// be deleted while the channel runs, nor can an action that begins within 15 s,
// and a request with one refused deletion does nothing at all. So the action that
// switches back is created first and alone. It stays, and MediaLive forgets it
// after an hour. The others are deleted when they may be.
type input struct {
	aws.Answer
	d        *Driver
	released time.Time // when it was switched back, or that was first seen

	Channel string    `json:"channel"`
	Mark    string    `json:"mark"`
	Spare   string    `json:"spare"`  // attachment that is switched to
	Before  string    `json:"before"` // attachment that was active
	Until   time.Time `json:"until"`  // when it ends by itself
	At      time.Time `json:"at"`     // when Before was read
}

// About implements [aws.Change], as do the methods below.
func (c *input) About() aws.About {
	return aws.About{Op: "input", Target: c.target(), Owner: c.Mark, End: aws.EndsAt(c.Until)}
}

func (c *input) target() string { return c.d.arn(c.Channel) }

func (c *input) Calls() []aws.Call {
	arn := c.target()
	before := c.Before
	if before == "" {
		before = "the input that is active"
	}
	return []aws.Call{
		{Action: "medialive:DescribeChannel", Resource: arn, When: aws.Reads},
		{Action: "medialive:DescribeSchedule", Resource: arn, When: aws.Reads},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Makes,
			Request: show([]types.ScheduleAction{switchTo(c.name(kindSwitch), c.Spare, time.Time{}), switchTo(c.name(kindDeadman), before, orLater(c.Until))}, nil) +
				"\nwhich begins ten seconds later where the channel has two pipelines"},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Undoes,
			Request: show([]types.ScheduleAction{switchTo(c.name(kindRelease), before, time.Time{})}, nil)},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Undoes,
			Request: show(nil, []string{c.name(kindDeadman)}) + "\nunless it begins within 15 s: then it switches to what is active already"},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Undoes,
			Request: show(nil, []string{c.name(kindSwitch)}) + "\nonce the channel has switched back; the action that did it stays, since MediaLive does not let it be deleted"},
	}
}

func (c *input) name(kind string) string { return c.Mark + "-" + kind }

func (c *input) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	out, err := c.d.describe(ctx, c.Channel)
	if err != nil {
		return err
	}
	var names []string
	for _, a := range out.InputAttachments {
		names = append(names, sdk.ToString(a.InputAttachmentName))
	}
	if !slices.Contains(names, c.Spare) {
		return fmt.Errorf("no such input attachment (got aws.spare_input %s; want one of %s)", c.Spare, strings.Join(names, ", "))
	}
	c.Before = ""
	for _, p := range out.PipelineDetails {
		active := sdk.ToString(p.ActiveInputAttachmentName)
		if c.Before != "" && active != c.Before {
			return fmt.Errorf("the pipelines have different inputs (got %s and %s; want one, to switch back to)", c.Before, active)
		}
		c.Before = active
	}
	if c.Before == "" || c.Before == c.Spare {
		return fmt.Errorf("the spare input is already active (got active input %q; want an input other than aws.spare_input)", c.Before)
	}
	return nil
}

func switchTo(name, attachment string, at time.Time) types.ScheduleAction {
	a := action(name, nil, at)
	a.ScheduleActionSettings = &types.ScheduleActionSettings{InputSwitchSettings: &types.InputSwitchScheduleActionSettings{InputAttachmentNameReference: &attachment}}
	return a
}

func (c *input) Make(ctx context.Context) error {
	to, deadman := switchTo(c.name(kindSwitch), c.Spare, time.Time{}), switchTo(c.name(kindDeadman), c.Before, c.Until)
	err := c.d.begin(ctx, c.Channel, to, deadman)
	c.Made = c.Made || err == nil
	if err != nil {
		return err
	}
	// The fault begins when the input changes, not when that was asked for.
	for deadline := c.d.Now().Add(executed + executed); c.d.Now().Before(deadline); {
		if active, err := c.active(ctx); err == nil && active == c.Spare {
			break
		}
		if err := aws.Wait(ctx, pollEvery); err != nil {
			return err
		}
	}
	return nil
}

func (c *input) Undo(ctx context.Context) error {
	actions, err := c.d.settled(ctx, c.Channel, c.At, c.name(kindSwitch), c.name(kindDeadman))
	if err != nil {
		return err
	}
	began := has(actions, c.name(kindSwitch)) || c.Made
	if began && !c.over(actions) {
		active, err := c.active(ctx)
		if err != nil {
			return err
		}
		// Another input that an operator has switched to since stays; a
		// switch that has not begun yet would still come.
		if active == c.Spare || active == c.Before && has(actions, c.name(kindSwitch)) {
			if c.Before == "" {
				return errors.New("the input that was active before is not known: switch it by hand")
			}
			back := switchTo(c.name(kindRelease), c.Before, time.Time{})
			if err := c.d.update(ctx, c.Channel, []types.ScheduleAction{back}, nil); err != nil && !c.d.has(ctx, c.Channel, c.name(kindRelease)) {
				return err
			}
			c.released = c.d.Now()
		}
	}
	if !c.pending(actions) {
		return nil
	}
	err = c.d.update(ctx, c.Channel, nil, []string{c.name(kindDeadman)})
	if refused(err) && !c.d.has(ctx, c.Channel, c.name(kindDeadman)) {
		return nil // it was gone already
	}
	return err
}

// over reports whether a switch back is in the schedule and begins at once, or has
// begun.
func (c *input) over(actions []types.ScheduleAction) bool {
	return has(actions, c.name(kindRelease)) || ended(actions, c.Mark, c.d.Now())
}

// pending reports whether the schedule will switch back by itself, at a time that
// is so far ahead that this can be deleted. Nearer ones do no harm: they switch
// to what is active.
func (c *input) pending(actions []types.ScheduleAction) bool {
	return has(actions, c.name(kindDeadman)) && !ended(actions, c.Mark, c.d.Now()) && c.d.near(actions, c.name(kindDeadman)) == 0
}

// untouchable is how near an action may not be deleted any more: 15 s, and some
// for the request.
const untouchable = executed + 3*time.Second

// active is the input of the first pipeline that is not that of the others, or
// of all.
func (c *input) active(ctx context.Context) (string, error) {
	out, err := c.d.describe(ctx, c.Channel)
	if err != nil {
		return "", err
	}
	active := ""
	for _, p := range out.PipelineDetails {
		if active = sdk.ToString(p.ActiveInputAttachmentName); active != c.Before {
			break
		}
	}
	return active, nil
}

// Tidy deletes the action that switched to the spare input, once another one
// has switched back.
func (c *input) Tidy(ctx context.Context) error {
	actions, err := c.d.schedule(ctx, c.Channel)
	if err != nil || !has(actions, c.name(kindSwitch)) {
		return err
	}
	if !ended(actions, c.Mark, c.d.Now()) {
		if err := c.d.passed(ctx, c.released, executed+executed); err != nil {
			return err
		}
	}
	return c.d.update(ctx, c.Channel, nil, []string{c.name(kindSwitch)})
}

func (c *input) Bites(ctx context.Context) (bool, string) {
	active, err := c.active(ctx)
	if err != nil {
		return false, err.Error()
	}
	return active == c.Spare, fmt.Sprintf("the active input of channel %s is %s", c.Channel, active)
}

func (c *input) Healthy(ctx context.Context) (bool, string) {
	actions, err := c.d.schedule(ctx, c.Channel)
	if err != nil {
		return false, err.Error()
	}
	switch {
	case c.pending(actions):
		return false, fmt.Sprintf("the schedule of channel %s still has action %s", c.Channel, c.name(kindDeadman))
	case has(actions, c.name(kindSwitch)) && !c.over(actions):
		return false, fmt.Sprintf("the schedule of channel %s has action %s, and none that switches back", c.Channel, c.name(kindSwitch))
	}
	active, err := c.active(ctx)
	if err != nil {
		return false, err.Error()
	}
	return active != c.Spare, fmt.Sprintf("the active input of channel %s is %s", c.Channel, active)
}
