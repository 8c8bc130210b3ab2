package mediaconnect

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	"github.com/aws/aws-sdk-go-v2/service/mediaconnect/types"

	"hlsload/chaos/aws"
)

const opCut = "cut"

// tagRun is the tag of an output that a run has cut.
const tagRun = aws.TagRun

// cut switches an output of a flow off.
type cut struct {
	aws.Answer
	d *Driver

	Flow   string    `json:"flow"`   // ARN
	Output string    `json:"output"` // ARN
	Mark   string    `json:"mark"`
	At     time.Time `json:"at"` // when the output was looked at
}

// About implements [aws.Change], as do the methods below.
func (c *cut) About() aws.About {
	return aws.About{Op: opCut, Target: c.target(), Owner: aws.Owner{Name: c.Mark, Sep: "-"}, End: aws.Stays()}
}

func (c *cut) target() string { return c.Output }

func (c *cut) Calls() []aws.Call {
	call := func(when aws.When, action, resource, request string) aws.Call {
		return aws.Call{Action: "mediaconnect:" + action, Resource: resource, When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "DescribeFlow", c.Flow, ""),
		call(aws.Reads, "ListTagsForResource", c.Output, ""),
		call(aws.Makes, "TagResource", c.Output, tagRun+"="+c.Mark),
		call(aws.Makes, "UpdateFlowOutput", c.Output, "outputStatus DISABLED, nothing else"),
		// The documentation does not say surely which of the two the service asks
		// for; a role that may make the fault must be able to undo it.
		call(aws.Makes, "UpdateFlowOutput", c.Flow, "which has the output"),
		call(aws.Undoes, "UpdateFlowOutput", c.Output, "outputStatus ENABLED, nothing else"),
		call(aws.Undoes, "UntagResource", c.Output, tagRun),
	}
}

// Rescue is the call that switches it on again.
func (c *cut) Rescue() aws.Rescue {
	return aws.Rescue{Target: "mediaconnect:updateFlowOutput",
		Input: map[string]any{"FlowArn": c.Flow, "OutputArn": c.Output, "OutputStatus": string(types.OutputStatusEnabled)},
		Needs: []aws.Call{{Action: "mediaconnect:UpdateFlowOutput", Resource: c.Output}, {Action: "mediaconnect:UpdateFlowOutput", Resource: c.Flow}}}
}

func (c *cut) status(ctx context.Context) (types.OutputStatus, error) {
	f, err := c.d.describe(ctx, c.Flow)
	if err != nil {
		return "", err
	}
	o := output(f, c.Output)
	switch {
	case o == nil:
		return "", fmt.Errorf("no such output of flow %s (got %s)", name(c.Flow), c.Output)
	case o.OutputStatus == "":
		return types.OutputStatusEnabled, nil
	}
	return o.OutputStatus, nil
}

func (c *cut) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	status, err := c.status(ctx)
	if err != nil {
		return err
	}
	if status != types.OutputStatusEnabled {
		return fmt.Errorf("the output is switched off already (got %s; want %s)", status, types.OutputStatusEnabled)
	}
	tags, err := c.d.tags(ctx, c.Output)
	if mark, ok := tags[tagRun]; err == nil && ok {
		err = fmt.Errorf("the output is already used by another fault (got the tag %s=%s; want none)", tagRun, mark)
	}
	return err
}

func (c *cut) set(ctx context.Context, status types.OutputStatus) error {
	_, err := c.d.api.UpdateFlowOutput(ctx, &mediaconnect.UpdateFlowOutputInput{FlowArn: &c.Flow, OutputArn: &c.Output, OutputStatus: status})
	return err
}

func (c *cut) Make(ctx context.Context) error {
	// The tag comes first: what carries it can be put back without a journal.
	if _, err := c.d.api.TagResource(ctx, &mediaconnect.TagResourceInput{ResourceArn: &c.Output, Tags: map[string]string{tagRun: c.Mark}}); err != nil {
		return err
	}
	err := c.set(ctx, types.OutputStatusDisabled)
	c.Made = c.Made || err == nil
	return err
}

// Undo switches the output on whatever is seen of it: what was asked for a
// moment ago may not show yet.
func (c *cut) Undo(ctx context.Context) error {
	tags, err := c.d.tags(ctx, c.Output)
	if err != nil {
		return err
	}
	if tags[tagRun] != c.Mark {
		if tags[tagRun] != "" {
			return nil // another run's by now
		}
		if waited, err := aws.Settle(ctx, c.At, c.d.Now()); err != nil {
			return err
		} else if waited {
			return c.Undo(ctx)
		}
		if !c.Made {
			return nil // never made, or undone before
		}
		status, err := c.status(ctx)
		if err != nil || status == types.OutputStatusEnabled {
			return err
		}
	}
	if err := c.set(ctx, types.OutputStatusEnabled); err != nil {
		return err
	}
	_, err = c.d.api.UntagResource(ctx, &mediaconnect.UntagResourceInput{ResourceArn: &c.Output, TagKeys: []string{tagRun}})
	return err
}

func (c *cut) Bites(ctx context.Context) (bool, string) {
	status, err := c.status(ctx)
	if err != nil {
		return false, err.Error()
	}
	return status == types.OutputStatusDisabled, fmt.Sprintf("output %s of flow %s is %s", name(c.Output), name(c.Flow), status)
}

func (c *cut) Healthy(ctx context.Context) (bool, string) {
	tags, err := c.d.tags(ctx, c.Output)
	if err != nil {
		return false, err.Error()
	}
	status, err := c.status(ctx)
	if err != nil {
		return false, err.Error()
	}
	switch tags[tagRun] {
	case c.Mark:
		return false, fmt.Sprintf("output %s still has the tag %s=%s", name(c.Output), tagRun, c.Mark)
	case "":
		return status == types.OutputStatusEnabled, fmt.Sprintf("output %s of flow %s is %s", name(c.Output), name(c.Flow), status)
	}
	return true, fmt.Sprintf("output %s now belongs to another run", name(c.Output))
}
