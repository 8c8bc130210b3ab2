// Package scheduler has Amazon EventBridge Scheduler undo what does not end by
// itself: a schedule that runs once, some time after the fault's window, and
// makes the call that undoes it. It is made before the fault and deleted after
// it; one that has run deletes itself. It does not depend on the process of
// hlsload, nor on its machine or its credentials.
//
// Start with [New]. Which call undoes a change is the change's to say
// (an [aws.Rescue]); one that no single fixed call undoes has no watchdog.
package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"hlsload/chaos/aws"
)

// Driver is the driver of EventBridge Scheduler. It makes no faults.
type Driver struct {
	aws.Frame
	API *scheduler.Client
}

// What they can do beside the rest.
var (
	_ aws.Guardian   = (*Driver)(nil)
	_ aws.Answerable = (*watchdog)(nil)
	_ aws.Keeper     = (*watchdog)(nil)
)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "scheduler" }

func (d *Driver) Target() string {
	if d.Config.Watchdog == "" {
		return ""
	}
	return "watchdogs"
}

func (d *Driver) Changes(*aws.Order) []aws.Change { return nil }

func (d *Driver) Empty() []aws.Change { return []aws.Change{&watchdog{d: d}} }

// Watchdog returns the schedule that undoes c unless it was undone before.
func (d *Driver) Watchdog(o *aws.Order, c aws.Change, n int) aws.Change {
	w := &watchdog{d: d, watched: c, Name: o.Mark("-", fmt.Sprintf("w%d", n)), Role: d.Config.Watchdog, Until: o.Expires}
	w.describe()
	return w
}

// group is the group of schedules that every account has.
const group = "default"

// arn is that of a schedule, or of all of ours.
func (d *Driver) arn(name string) string {
	return d.ARN("scheduler", "schedule/"+group+"/"+name)
}

// ours begins the name of every schedule of ours.
const ours = "hlsload-"

func (d *Driver) Guards() []aws.Call {
	return []aws.Call{{Action: "scheduler:ListSchedules", Resource: "*"}, {Action: "scheduler:GetSchedule", Resource: d.arn(ours + "*")}}
}

// Guard has nothing to look at: [aws.Guards] asks for the watchdogs of other runs.
func (d *Driver) Guard(context.Context) ([]aws.Finding, error) { return nil, nil }

// maxSchedules bounds how many schedules are looked at.
const maxSchedules = 1000

// Leftovers implements [aws.Driver]: watchdogs that would touch a target.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	var all []aws.Leftover
	pages := scheduler.NewListSchedulesPaginator(d.API, &scheduler.ListSchedulesInput{GroupName: sdk.String(group), NamePrefix: sdk.String(ours)})
	for n := 0; pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, fmt.Errorf("schedules: %w", err)
		}
		if n += len(page.Schedules); n > maxSchedules {
			return all, fmt.Errorf("schedules: too many begin with %s (got more than %d)", ours, maxSchedules)
		}
		for _, s := range page.Schedules {
			name := sdk.ToString(s.Name)
			if _, ok := aws.Ours(name); !ok {
				continue
			}
			out, err := d.API.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: sdk.String(group)})
			if gone(err) {
				continue // it has run since
			}
			if err != nil {
				return all, fmt.Errorf("schedule %s: %w", name, err)
			}
			if out.Target == nil || !d.touches(sdk.ToString(out.Target.Input)) {
				continue
			}
			at, _ := time.Parse(expression, sdk.ToString(out.ScheduleExpression))
			all = append(all, aws.Left(d, &watchdog{d: d, Name: name, Until: at}, "watchdog "+name))
		}
	}
	return all, nil
}

// touches reports whether the input of a call names one of our targets.
func (d *Driver) touches(input string) bool {
	var v map[string]any
	if json.Unmarshal([]byte(input), &v) != nil {
		return false
	}
	targets := append([]string{d.Config.Channel}, d.Config.Flow.Outputs...)
	for _, value := range v {
		text, _ := value.(string)
		if text != "" && (slices.Contains(targets, text) || d.Config.Function != "" && strings.HasSuffix(text, ":function:"+d.Config.Function)) {
			return true
		}
	}
	return false
}

// watchdog is a schedule that undoes another change.
type watchdog struct {
	aws.Answer
	d       *Driver
	watched aws.Change // nil = it comes from a journal

	Name   string    `json:"name"`
	Role   string    `json:"role"`   // ARN of the role that Scheduler makes the call with
	Call   string    `json:"call"`   // as in "lambda:putFunctionConcurrency"
	Input  string    `json:"input"`  // JSON
	Until  time.Time `json:"until"`  // when it runs
	At     time.Time `json:"at"`     // when the change was looked at
	Before string    `json:"before"` // what is undone, for people
}

// describe notes the call that undoes the change, as far as it is known.
func (c *watchdog) describe() {
	r, ok := c.watched.(aws.Rescuable)
	if !ok {
		return
	}
	rescue := r.Rescue()
	input, _ := json.Marshal(rescue.Input) // texts and numbers
	c.Call, c.Input, c.Before = rescue.Target, string(input), c.watched.About().String()
}

// About implements [aws.Change], as do the methods below.
func (c *watchdog) About() aws.About {
	return aws.About{Op: "watchdog", Target: c.d.arn(c.Name), Owner: c.Name, End: aws.EndsAt(c.Until).As("a schedule that runs once at its time and then deletes itself")}
}

// Fits reports whether the call is still the one that undoes the change: others may
// have changed the target since the schedule was made.
func (c *watchdog) Fits() error {
	if c.watched == nil {
		return nil
	}
	now := *c
	if now.describe(); now.Call != c.Call || now.Input != c.Input {
		return fmt.Errorf("the target was changed after its watchdog was made (got %s %s to undo it; want %s %s: run it again)", now.Call, now.Input, c.Call, c.Input)
	}
	return nil
}

func (c *watchdog) Calls() []aws.Call {
	all := c.d.arn(ours + "*")
	at := "EXPIRY"
	if !c.Until.IsZero() {
		at = c.Until.UTC().Format(expression)
	}
	return []aws.Call{
		{Action: "scheduler:GetSchedule", Resource: all, When: aws.Reads},
		{Action: "scheduler:CreateSchedule", Resource: all, When: aws.Makes, Request: fmt.Sprintf("%s, %s: %s %s\nwhich undoes %s, and deletes itself when it has run", c.Name, at, c.Call, c.Input, c.Before)},
		{Action: "iam:PassRole", Resource: c.Role, When: aws.Makes, Request: "to EventBridge Scheduler", If: map[string]string{"iam:PassedToService": "scheduler.amazonaws.com"}},
		{Action: "scheduler:DeleteSchedule", Resource: all, When: aws.Undoes, Request: c.Name + ", once the fault is undone"},
	}
}

// expression is when a schedule runs, in UTC.
const expression = "at(2006-01-02T15:04:05)"

// Read looks at what will be changed: how it is undone depends on it.
func (c *watchdog) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	if err := c.watched.Read(ctx); err != nil {
		return err
	}
	c.describe()
	return nil
}

// How long a call that is refused, for example because of too many requests, is
// tried again: not so long that it meets another fault.
const (
	retryAge   = 15 * 60 // seconds
	retryTimes = 30
)

func (c *watchdog) Make(ctx context.Context) error {
	_, err := c.d.API.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name: &c.Name, GroupName: sdk.String(group), ClientToken: &c.Name, Description: sdk.String("hlsload: undoes " + c.Before + " when it was not undone before"),
		ScheduleExpression: sdk.String(c.Until.UTC().Format(expression)), ScheduleExpressionTimezone: sdk.String("UTC"),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}, ActionAfterCompletion: types.ActionAfterCompletionDelete,
		Target: &types.Target{Arn: sdk.String(c.action()), RoleArn: &c.Role, Input: &c.Input,
			RetryPolicy: &types.RetryPolicy{MaximumEventAgeInSeconds: sdk.Int32(retryAge), MaximumRetryAttempts: sdk.Int32(retryTimes)}},
	})
	if err != nil {
		if there, look := c.there(ctx); look == nil && there {
			err = nil // the answer to the first try was lost
		}
	}
	c.Made = c.Made || err == nil
	return err
}

// action is the ARN of the API action.
func (c *watchdog) action() string {
	return fmt.Sprintf("arn:%s:scheduler:::aws-sdk:%s", aws.Partition(c.d.Config.Region), c.Call)
}

func (c *watchdog) there(ctx context.Context) (bool, error) {
	_, err := c.d.API.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &c.Name, GroupName: sdk.String(group)})
	if gone(err) {
		return false, nil
	}
	return err == nil, err
}

func gone(err error) bool {
	var none *types.ResourceNotFoundException
	return errors.As(err, &none)
}

// Undo deletes the schedule. One that has run is gone.
func (c *watchdog) Undo(ctx context.Context) error {
	_, err := c.d.API.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: &c.Name, GroupName: sdk.String(group), ClientToken: sdk.String(c.Name + "-gone")})
	if !gone(err) {
		return err
	}
	if waited, err := aws.Settle(ctx, c.At, c.d.Now()); err != nil || !waited {
		return err
	}
	return c.Undo(ctx)
}

func (c *watchdog) Bites(ctx context.Context) (bool, string) {
	there, err := c.there(ctx)
	switch {
	case err != nil:
		return false, err.Error()
	case !there && c.d.Now().Before(c.Until):
		return false, fmt.Sprintf("the watchdog %s is gone", c.Name)
	}
	return true, fmt.Sprintf("the watchdog %s undoes it at %s unless it was undone before", c.Name, c.Until.Format(time.TimeOnly))
}

func (c *watchdog) Healthy(ctx context.Context) (bool, string) {
	there, err := c.there(ctx)
	if err != nil {
		return false, err.Error()
	}
	if there {
		return false, fmt.Sprintf("the watchdog %s is still there", c.Name)
	}
	return true, fmt.Sprintf("the watchdog %s is gone", c.Name)
}
