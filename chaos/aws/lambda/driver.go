// Package lambda makes faults with AWS Lambda: it switches a function off, such
// as the one that deletes stale playlists, by reserving no concurrency for it,
// throttles it, by reserving little, or lets it begin late, by an experiment of AWS FIS.
//
// Lambda has nothing that ends by itself, so the first two are sticky faults:
// while one holds, the function carries tags that say which run did it and what was
// there before: that is enough to put it back.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the Lambda driver.
type Driver struct {
	aws.Frame
	api    *lambda.Client
	faults *fis.Client
}

// New returns the driver of the function in the frame. A plan needs no clients.
func New(frame aws.Frame, api *lambda.Client, faults *fis.Client) *Driver {
	return &Driver{frame, api, faults}
}

// What they can do beside the rest.
var (
	_ aws.Answerable = (*off)(nil)
	_ aws.Rescuable  = (*off)(nil)
)

// Service implements [aws.Driver].
func (d *Driver) Service() string { return "lambda" }

// Changes implements [aws.Driver].
func (d *Driver) Changes(o *aws.Order) []aws.Change {
	if d.Config.Function == "" {
		return nil
	}
	switch o.Fault.Kind {
	case chaos.InvalidatorOff:
		return []aws.Change{&off{d: d, Function: d.arn(d.Config.Function), Mark: o.Mark("-")}}
	case chaos.InvalidatorSlow:
		return []aws.Change{&slow{d: d, Function: d.arn(d.Config.Function), Mark: o.Mark("-"), Role: d.Config.FaultRole, By: o.Fault.By, Until: o.Expires}}
	case chaos.InvalidatorThrottle:
		return []aws.Change{&off{d: d, Function: d.arn(d.Config.Function), Mark: o.Mark("-"), Reserve: int32(o.Fault.Concurrency)}}
	}
	return nil
}

// Restore implements [aws.Driver].
func (d *Driver) Restore(op string) aws.Change {
	switch op {
	case opOff:
		return &off{d: d}
	case opSlow:
		return &slow{d: d}
	}
	return nil
}

func (d *Driver) arn(function string) string {
	return d.ARN("lambda", "function:"+function)
}

// Guards implements [aws.Driver].
func (d *Driver) Guards() []aws.Call {
	if d.Config.Function == "" {
		return nil
	}
	calls := []aws.Call{{Action: "lambda:ListTags", Resource: d.arn(d.Config.Function)}}
	if d.Config.FaultRole != "" {
		calls = append(calls, aws.Call{Action: "fis:ListExperimentTemplates", Resource: "*"})
	}
	return calls
}

// Guard refuses a function that is not tagged, or in the hands of another run.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	if d.Config.Function == "" {
		return nil, nil
	}
	what := "function " + d.Config.Function
	tags, err := d.tags(ctx, d.arn(d.Config.Function))
	if err != nil {
		return nil, fmt.Errorf("tags of %s: %w", what, err)
	}
	found := aws.CheckTags(what, tags, d.Config.Tags)
	if mark, ok := tags[tagRun]; ok {
		found = append(found, aws.Busy(what, "the tag "+tagRun+"="+mark))
	}
	left, err := d.left(ctx)
	found = append(found, aws.BusyWith(what, left)...)
	return found, err
}

// Leftovers implements [aws.Driver]: the tags tell what was there before.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	if d.Config.Function == "" {
		return nil, nil
	}
	arn := d.arn(d.Config.Function)
	tags, err := d.tags(ctx, arn)
	if err != nil {
		return nil, fmt.Errorf("tags of function %s: %w", d.Config.Function, err)
	}
	left, err := d.left(ctx)
	if err != nil {
		return nil, err
	}
	mark, ok := tags[tagRun]
	if !ok {
		return left, nil
	}
	run, _ := aws.Ours(mark, "-")
	c := &off{d: d, Function: arn, Mark: mark}
	now, err := c.reserved(ctx)
	if err != nil {
		return nil, fmt.Errorf("concurrency of function %s: %w", d.Config.Function, err)
	}
	// What is reserved while the tags are there is ours.
	c.Reserve = sdk.ToInt32(now)
	l := aws.Leftover{Service: d.Service(), Target: arn, Run: run, What: "reserved concurrency " + text(now) + ", before: " + tags[tagBefore]}
	l.Remove = c.Undo
	if before := tags[tagBefore]; before != none {
		n, err := strconv.ParseInt(before, 10, 32)
		if err != nil || n < 0 {
			l.Remove = func(context.Context) error {
				return fmt.Errorf("tag %s does not say what was there before (got %q; want none or a number)", tagBefore, before)
			}
		}
		c.Before = sdk.Int32(int32(n))
	}
	return append(left, l), nil
}

func (d *Driver) tags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := d.api.ListTags(ctx, &lambda.ListTagsInput{Resource: &arn})
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

const opOff = "off"

// The tags of a function that is switched off.
const (
	tagRun    = aws.TagRun
	tagBefore = aws.TagBefore
	none      = "none" // no reservation
)

// off switches a function off, or throttles it. That no concurrency is reserved
// and that none is left are different things: the first is nil, the second 0.
type off struct {
	aws.Answer
	d *Driver

	Function string    `json:"function"` // ARN
	Mark     string    `json:"mark"`
	Reserve  int32     `json:"reserve"` // what is left; 0 = off
	Before   *int32    `json:"before"`  // reserved concurrency; null = none
	At       time.Time `json:"at"`      // when that was read
}

// About implements [aws.Change], as do the methods below.
func (c *off) About() aws.About {
	return aws.About{Op: opOff, Target: c.target(), Owner: aws.Owner{Name: c.Mark, Sep: "-"}, End: aws.Stays()}
}

func (c *off) target() string { return c.Function }

func (c *off) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "lambda:" + action, Resource: c.Function, When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetFunctionConcurrency", ""), call(aws.Reads, "ListTags", ""),
		call(aws.Makes, "TagResource", fmt.Sprintf("%s=%s, %s=the concurrency that is reserved now, or none", tagRun, c.Mark, tagBefore)),
		call(aws.Makes, "PutFunctionConcurrency", fmt.Sprintf("reserve %d", c.Reserve)),
		call(aws.Undoes, "PutFunctionConcurrency", "what was reserved before"),
		call(aws.Undoes, "DeleteFunctionConcurrency", "when nothing was reserved before"),
		call(aws.Undoes, "UntagResource", tagRun+", "+tagBefore),
	}
}

// Rescue is the call that switches it on again.
func (c *off) Rescue() aws.Rescue {
	r := aws.Rescue{Target: "lambda:deleteFunctionConcurrency", Input: map[string]any{"FunctionName": c.Function}, Needs: []aws.Call{
		{Action: "lambda:PutFunctionConcurrency", Resource: c.Function}, {Action: "lambda:DeleteFunctionConcurrency", Resource: c.Function}}}
	if c.Before != nil {
		r.Target, r.Input["ReservedConcurrentExecutions"] = "lambda:putFunctionConcurrency", *c.Before
	}
	return r
}

func (c *off) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	n, err := c.reserved(ctx)
	if err != nil {
		return err
	}
	switch {
	case n != nil && *n == 0:
		return errors.New("the function is switched off already (got reserved concurrency 0; want it on)")
	case n != nil && *n <= c.Reserve:
		return fmt.Errorf("nothing to throttle: the function already has no more (got reserved concurrency %d; want a fault that leaves less)", *n)
	}
	c.Before = n
	return nil
}

func (c *off) reserved(ctx context.Context) (*int32, error) {
	out, err := c.d.api.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &c.Function})
	if err != nil {
		return nil, err
	}
	return out.ReservedConcurrentExecutions, nil
}

func (c *off) Make(ctx context.Context) error {
	before := none
	if c.Before != nil {
		before = strconv.Itoa(int(*c.Before))
	}
	// The tags come first: what carries them can be put back without a journal.
	if _, err := c.d.api.TagResource(ctx, &lambda.TagResourceInput{Resource: &c.Function, Tags: map[string]string{tagRun: c.Mark, tagBefore: before}}); err != nil {
		return err
	}
	_, err := c.d.api.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &c.Function, ReservedConcurrentExecutions: &c.Reserve})
	c.Made = c.Made || err == nil
	return err
}

func (c *off) Undo(ctx context.Context) error {
	tags, err := c.d.tags(ctx, c.Function)
	if err != nil {
		return err
	}
	ours := tags[tagRun] == c.Mark
	if !ours && (tags[tagRun] != "" || !c.Made) {
		if waited, err := aws.Settle(ctx, c.At, c.d.Now()); err != nil || !waited {
			return err // never made, undone before, or another run's by now
		}
		return c.Undo(ctx)
	}
	now, err := c.reserved(ctx)
	if err != nil {
		return err
	}
	if c.ours(now) { // else it has been set to something else since
		if c.Before == nil {
			_, err = c.d.api.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: &c.Function})
		} else {
			_, err = c.d.api.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &c.Function, ReservedConcurrentExecutions: c.Before})
		}
		if err != nil {
			return err
		}
	}
	if ours || c.Made { // the tags may not show yet
		_, err = c.d.api.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &c.Function, TagKeys: []string{tagRun, tagBefore}})
	}
	return err
}

func (c *off) Bites(ctx context.Context) (bool, string) {
	n, err := c.reserved(ctx)
	if err != nil {
		return false, err.Error()
	}
	return c.ours(n), "reserved concurrency is " + text(n)
}

// ours reports whether what is reserved is what the fault left.
func (c *off) ours(n *int32) bool { return n != nil && *n == c.Reserve }

func (c *off) Healthy(ctx context.Context) (bool, string) {
	tags, err := c.d.tags(ctx, c.Function)
	if err != nil {
		return false, err.Error()
	}
	n, err := c.reserved(ctx)
	if err != nil {
		return false, err.Error()
	}
	if tags[tagRun] == c.Mark || c.ours(n) && tags[tagRun] == "" {
		return false, "reserved concurrency is " + text(n) + ", tags " + fmt.Sprint(tags)
	}
	return true, "reserved concurrency is " + text(n)
}

func text(n *int32) string {
	if n == nil {
		return none
	}
	return strconv.Itoa(int(*n))
}

// Facts says what is reserved for the function.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	if d.Config.Function == "" {
		return nil, nil
	}
	n, err := (&off{d: d, Function: d.arn(d.Config.Function)}).reserved(ctx)
	if err != nil { // a run needs to know only for some faults, and the plan's policy allows no more
		return []string{fmt.Sprintf("function %s: reserved concurrency not known (%v)", d.Config.Function, err)}, ctx.Err()
	}
	return []string{fmt.Sprintf("function %s: reserved concurrency %s", d.Config.Function, text(n))}, nil
}
