// Package lambda makes faults with AWS Lambda: it switches a function off, such
// as the one that deletes stale playlists, by reserving no concurrency for it,
// throttles it, by reserving little, or delays it, by an experiment of AWS FIS.
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
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the Lambda driver.
type Driver struct {
	aws.Frame
	API         *lambda.Client
	Experiments *fis.Client
}

// What they can do beside the rest.
var (
	_ aws.Answerable = (*off)(nil)
	_ aws.Rescuable  = (*off)(nil)
)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "lambda" }

func (d *Driver) Target() string { return aws.Named("function", d.Config.Function) }

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	marked := aws.Marked{Mark: o.Mark("-")}
	switch o.Fault.Kind {
	case chaos.InvalidatorOff:
		return []aws.Change{&off{d: d, Function: d.arn(d.Config.Function), Marked: marked}}
	case chaos.InvalidatorSlow:
		return []aws.Change{&slow{d: d, Function: d.arn(d.Config.Function), Mark: marked.Mark, Role: d.Config.FaultRole, By: o.Fault.By, Until: o.Expires}}
	case chaos.InvalidatorThrottle:
		return []aws.Change{&off{d: d, Function: d.arn(d.Config.Function), Marked: marked, Reserve: int32(o.Fault.Concurrency)}}
	}
	return nil
}

func (d *Driver) Empty() []aws.Change { return []aws.Change{&off{d: d}, &slow{d: d}} }

func (d *Driver) arn(function string) string {
	return d.ARN("lambda", "function:"+function)
}

func (d *Driver) Guards() []aws.Call {
	calls := []aws.Call{{Action: "lambda:ListTags", Resource: d.arn(d.Config.Function)}}
	if d.Config.FaultRole != "" {
		calls = append(calls, aws.Call{Action: "fis:ListExperimentTemplates", Resource: "*"})
	}
	return calls
}

// Guard refuses a function that is not tagged.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	tags, err := d.Tags(ctx, d.arn(d.Config.Function))
	return aws.CheckTags(d.Target(), tags, d.Config.Tags), err
}

// Leftovers implements [aws.Driver]: the tags say what was there before.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	arn := d.arn(d.Config.Function)
	tags, err := d.Tags(ctx, arn)
	if err != nil {
		return nil, err
	}
	all, err := d.left(ctx)
	if err != nil {
		return nil, err
	}
	var problem error
	left := aws.LeftBy(d, tags, func(m aws.Marked) (aws.Change, string) {
		c := &off{d: d, Function: arn, Marked: m}
		var now *int32
		if now, problem = c.reserved(ctx); problem != nil {
			problem = fmt.Errorf("concurrency of %s: %w", d.Target(), problem)
		}
		c.Reserve = sdk.ToInt32(now) // what is reserved while the tags are there is ours
		c.Before, c.Unknown = parse(tags[aws.TagBefore])
		return c, "reserved concurrency " + text(now) + ", before: " + tags[aws.TagBefore]
	})
	return append(all, left...), problem
}

// Tags implements [aws.Tagger], as do the methods below.
func (d *Driver) Tags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := d.API.ListTags(ctx, &lambda.ListTagsInput{Resource: &arn})
	if err != nil {
		return nil, fmt.Errorf("tags of %s: %w", arn[strings.LastIndexByte(arn, ':')+1:], err)
	}
	return out.Tags, nil
}

func (d *Driver) Tag(ctx context.Context, arn string, tags map[string]string) error {
	_, err := d.API.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: tags})
	return err
}

func (d *Driver) Untag(ctx context.Context, arn string) error {
	_, err := d.API.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: []string{aws.TagRun, aws.TagBefore}})
	return err
}

// none says that there is no reservation.
const none = "none"

// off switches a function off, or throttles it. That no concurrency is reserved
// and that none is left are different things: the first is nil, the second 0.
type off struct {
	aws.Marked
	d *Driver

	Function string `json:"function"` // ARN
	Reserve  int32  `json:"reserve"`  // what is left; 0 = off
	Before   *int32 `json:"before"`   // reserved concurrency; null = none
}

// About implements [aws.Change], as do the methods below.
func (c *off) About() aws.About {
	return aws.About{Op: "off", Target: c.Function, Owner: c.Mark, End: aws.Stays()}
}

func (c *off) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "lambda:" + action, Resource: c.Function, When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetFunctionConcurrency", ""), call(aws.Reads, "ListTags", ""),
		call(aws.Makes, "TagResource", fmt.Sprintf("%s=%s, %s=the concurrency that is reserved now, or none", aws.TagRun, c.Mark, aws.TagBefore)),
		call(aws.Makes, "PutFunctionConcurrency", fmt.Sprintf("reserve %d", c.Reserve)),
		call(aws.Undoes, "PutFunctionConcurrency", "what was reserved before"),
		call(aws.Undoes, "DeleteFunctionConcurrency", "when nothing was reserved before"),
		call(aws.Undoes, "UntagResource", aws.TagRun+", "+aws.TagBefore),
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
	if err := c.Look(ctx, c.d, c.Function); err != nil {
		return err
	}
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
	out, err := c.d.API.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &c.Function})
	if err != nil {
		return nil, err
	}
	return out.ReservedConcurrentExecutions, nil
}

func (c *off) Make(ctx context.Context) error {
	return c.Change(ctx, c.d, c.Function, text(c.Before), func(ctx context.Context) error { return c.reserve(ctx, &c.Reserve) })
}

func (c *off) reserve(ctx context.Context, n *int32) error {
	_, err := c.d.API.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &c.Function, ReservedConcurrentExecutions: n})
	return err
}

func (c *off) Undo(ctx context.Context) error {
	return c.PutBack(ctx, c.d, c.Function, func(ctx context.Context) (bool, error) {
		now, err := c.reserved(ctx)
		switch {
		case err != nil || !c.ours(now): // it has been set to something else since
			return false, err
		case c.Before != nil:
			return true, c.reserve(ctx, c.Before)
		}
		_, err = c.d.API.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: &c.Function})
		return true, err
	})
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
	return c.Clear(ctx, c.d, c.Function, "function "+c.Function, func(ctx context.Context) (bool, string) {
		n, err := c.reserved(ctx)
		if err != nil {
			return false, err.Error()
		}
		return !c.ours(n), "reserved concurrency is " + text(n)
	})
}

func text(n *int32) string {
	if n == nil {
		return none
	}
	return strconv.Itoa(int(*n))
}

// parse reads what text wrote.
func parse(s string) (*int32, error) {
	if s == none {
		return nil, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("tag %s does not say what was there before (got %q; want none or a number)", aws.TagBefore, s)
	}
	return sdk.Int32(int32(n)), nil
}

// Facts says what is reserved for the function.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	n, err := (&off{d: d, Function: d.arn(d.Config.Function)}).reserved(ctx)
	if err != nil { // a run needs to know only for some faults, and the plan's policy allows no more
		return []string{fmt.Sprintf("function %s: reserved concurrency not known (%v)", d.Config.Function, err)}, ctx.Err()
	}
	return []string{fmt.Sprintf("function %s: reserved concurrency %s", d.Config.Function, text(n))}, nil
}
