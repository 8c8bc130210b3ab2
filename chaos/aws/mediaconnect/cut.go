package mediaconnect

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	"github.com/aws/aws-sdk-go-v2/service/mediaconnect/types"

	"hlsload/chaos/aws"
)

// cut switches an output of a flow off.
type cut struct {
	aws.Marked
	d *Driver

	Flow   string `json:"flow"`   // ARN
	Output string `json:"output"` // ARN
}

// About implements [aws.Change], as do the methods below.
func (c *cut) About() aws.About {
	return aws.About{Op: "cut", Target: c.Output, Owner: c.Mark, End: aws.Stays()}
}

func (c *cut) Calls() []aws.Call {
	call := func(when aws.When, action, resource, request string) aws.Call {
		return aws.Call{Action: "mediaconnect:" + action, Resource: resource, When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "DescribeFlow", c.Flow, ""),
		call(aws.Reads, "ListTagsForResource", c.Output, ""),
		call(aws.Makes, "TagResource", c.Output, aws.TagRun+"="+c.Mark),
		call(aws.Makes, "UpdateFlowOutput", c.Output, "outputStatus DISABLED, nothing else"),
		// The documentation does not say clearly which of the two resources the
		// service checks; a role that may make the fault must be able to undo it.
		call(aws.Makes, "UpdateFlowOutput", c.Flow, "which has the output"),
		call(aws.Undoes, "UpdateFlowOutput", c.Output, "outputStatus ENABLED, nothing else"),
		call(aws.Undoes, "UntagResource", c.Output, aws.TagRun),
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
	status, err := c.status(ctx)
	if err != nil {
		return err
	}
	if status != types.OutputStatusEnabled {
		return fmt.Errorf("the output is switched off already (got %s; want %s)", status, types.OutputStatusEnabled)
	}
	return c.Look(ctx, c.d, c.Output)
}

func (c *cut) set(ctx context.Context, status types.OutputStatus) error {
	_, err := c.d.API.UpdateFlowOutput(ctx, &mediaconnect.UpdateFlowOutputInput{FlowArn: &c.Flow, OutputArn: &c.Output, OutputStatus: status})
	return err
}

func (c *cut) Make(ctx context.Context) error {
	return c.Change(ctx, c.d, c.Output, "", func(ctx context.Context) error { return c.set(ctx, types.OutputStatusDisabled) })
}

// Undo switches the output on whatever is seen of it: what was asked for a
// moment ago may not show yet.
func (c *cut) Undo(ctx context.Context) error {
	return c.PutBack(ctx, c.d, c.Output, func(ctx context.Context) (bool, error) { return true, c.set(ctx, types.OutputStatusEnabled) })
}

func (c *cut) Bites(ctx context.Context) (bool, string) {
	status, err := c.status(ctx)
	if err != nil {
		return false, err.Error()
	}
	return status == types.OutputStatusDisabled, fmt.Sprintf("output %s of flow %s is %s", name(c.Output), name(c.Flow), status)
}

func (c *cut) Healthy(ctx context.Context) (bool, string) {
	return c.Clear(ctx, c.d, c.Output, "output "+name(c.Output), func(ctx context.Context) (bool, string) {
		status, err := c.status(ctx)
		if err != nil {
			return false, err.Error()
		}
		return status == types.OutputStatusEnabled, fmt.Sprintf("output %s of flow %s is %s", name(c.Output), name(c.Flow), status)
	})
}
