// Package mediaconnect makes faults with AWS Elemental MediaConnect: it cuts the
// outputs of a flow that feed a channel's pipelines.
//
// An output that is switched off stays so until it is switched on. While the
// fault holds it carries a tag that says which run did it.
package mediaconnect

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	"github.com/aws/aws-sdk-go-v2/service/mediaconnect/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the MediaConnect driver.
type Driver struct {
	aws.Frame
	API *mediaconnect.Client
}

// What they can do beside the rest.
var (
	_ aws.Answerable = (*cut)(nil)
	_ aws.Rescuable  = (*cut)(nil)
)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "mediaconnect" }

func (d *Driver) Target() string { return aws.Named("flow", name(d.Config.Flow.ARN)) }

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	f, flow := o.Fault, &d.Config.Flow
	if f.Kind != chaos.InputLoss || d.Config.InputLoss(f.Pipeline) != d.Service() {
		return nil
	}
	var all []aws.Change
	for i, output := range flow.Outputs {
		if f.Pipeline == chaos.Any || f.Pipeline == i {
			all = append(all, &cut{d: d, Flow: flow.ARN, Output: output, Marked: aws.Marked{Mark: o.Mark("-")}})
		}
	}
	return all
}

func (d *Driver) Empty() []aws.Change { return []aws.Change{&cut{d: d}} }

func (d *Driver) Guards() []aws.Call {
	flow := &d.Config.Flow
	calls := []aws.Call{{Action: "mediaconnect:DescribeFlow", Resource: flow.ARN}, {Action: "mediaconnect:ListTagsForResource", Resource: flow.ARN}}
	for _, output := range flow.Outputs {
		calls = append(calls, aws.Call{Action: "mediaconnect:ListTagsForResource", Resource: output})
	}
	return calls
}

// Guard refuses a flow that is not tagged or not healthy.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	flow, what := &d.Config.Flow, d.Target()
	tags, err := d.Tags(ctx, flow.ARN)
	if err != nil {
		return nil, err
	}
	found := aws.CheckTags(what, tags, d.Config.Tags)
	refuse := func(format string, args ...any) {
		found = append(found, aws.Finding{Refuses: true, Text: what + ": " + fmt.Sprintf(format, args...)})
	}
	out, err := d.describe(ctx, flow.ARN)
	if err != nil {
		return nil, err
	}
	if out.Status != types.StatusActive {
		refuse("not healthy (got %s; want %s)", out.Status, types.StatusActive)
	}
	for _, arn := range flow.Outputs {
		o := output(out, arn)
		switch {
		case o == nil:
			refuse("no such output (got %s; want one of %s)", arn, strings.Join(outputs(out), ", "))
		case o.OutputStatus == types.OutputStatusDisabled:
			refuse("not healthy (got output %s switched off; want it on)", name(arn))
		case sdk.ToString(o.MediaLiveInputArn) != "":
			found = append(found, aws.Finding{Text: fmt.Sprintf("%s: output %s was made by a MediaLive input (%s): whether such an output may be switched off by hand is not documented. Check it first with hlsload aws-check --try",
				what, name(arn), *o.MediaLiveInputArn)})
		}
	}
	return found, nil
}

// Leftovers implements [aws.Driver]: outputs with our tag.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	flow := &d.Config.Flow
	var all []aws.Leftover
	for _, arn := range flow.Outputs {
		tags, err := d.Tags(ctx, arn)
		if err != nil {
			return all, err
		}
		all = append(all, aws.LeftBy(d, tags, func(m aws.Marked) (aws.Change, string) {
			return &cut{d: d, Flow: flow.ARN, Output: arn, Marked: m}, fmt.Sprintf("output %s, cut by a run (tag %s=%s)", name(arn), aws.TagRun, m.Mark)
		})...)
	}
	return all, nil
}

// Facts says how the flow and its outputs are.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	f, err := d.describe(ctx, d.Config.Flow.ARN)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("%s: %s", d.Target(), f.Status)}
	for i, arn := range d.Config.Flow.Outputs {
		status := types.OutputStatus("not there")
		if o := output(f, arn); o != nil {
			status = o.OutputStatus
		}
		out = append(out, fmt.Sprintf("output %s, of pipeline %d: %s", name(arn), i, status))
	}
	return out, nil
}

// Tags implements [aws.Tagger], as do the methods below.
func (d *Driver) Tags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := d.API.ListTagsForResource(ctx, &mediaconnect.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return nil, fmt.Errorf("tags of %s: %w", name(arn), err)
	}
	return out.Tags, nil
}

func (d *Driver) Tag(ctx context.Context, arn string, tags map[string]string) error {
	_, err := d.API.TagResource(ctx, &mediaconnect.TagResourceInput{ResourceArn: &arn, Tags: tags})
	return err
}

func (d *Driver) Untag(ctx context.Context, arn string) error {
	_, err := d.API.UntagResource(ctx, &mediaconnect.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{aws.TagRun}})
	return err
}

func (d *Driver) describe(ctx context.Context, flow string) (*types.Flow, error) {
	out, err := d.API.DescribeFlow(ctx, &mediaconnect.DescribeFlowInput{FlowArn: &flow})
	if err == nil && out.Flow == nil {
		err = errors.New("the answer has no flow")
	}
	if err != nil {
		return nil, fmt.Errorf("flow %s: %w", name(flow), err)
	}
	return out.Flow, nil
}

// output finds an output of a flow, nil when there is none.
func output(f *types.Flow, arn string) *types.Output {
	for i := range f.Outputs {
		if sdk.ToString(f.Outputs[i].OutputArn) == arn {
			return &f.Outputs[i]
		}
	}
	return nil
}

func outputs(f *types.Flow) []string {
	var all []string
	for i := range f.Outputs {
		all = append(all, sdk.ToString(f.Outputs[i].OutputArn))
	}
	return all
}

// name is the last part of an ARN, which people chose.
func name(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
