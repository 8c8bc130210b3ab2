package medialive

import (
	"context"
	"fmt"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos/aws"
)

const (
	opRestart = "restart"
	opStop    = "stop"
)

// restart restarts a pipeline, which comes back by itself.
type restart struct {
	d    *Driver
	seen bool // not running

	Channel  string `json:"channel"`
	Pipeline int    `json:"pipeline"`
	Mark     string `json:"mark,omitempty"`
}

// About implements [aws.Change], as do the methods below.
func (c *restart) About() aws.About {
	return aws.About{Op: opRestart, Target: c.target(), Owner: aws.Owner{Name: c.Mark, Sep: "-"}, End: aws.Ends("the pipeline comes back by itself")}
}

func (c *restart) target() string { return c.d.arn(c.Channel) }

func (c *restart) Calls() []aws.Call {
	arn := c.target()
	return []aws.Call{
		{Action: "medialive:DescribeChannel", Resource: arn, When: aws.Reads},
		{Action: "medialive:RestartChannelPipelines", Resource: arn, When: aws.Makes, Request: id(c.Pipeline)},
	}
}

// running says how the channel is, and which of its pipelines run.
func (d *Driver) running(ctx context.Context, channel string) (state types.ChannelState, pipelines []int, err error) {
	out, err := d.api.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &channel})
	if err != nil {
		return "", nil, err
	}
	for _, p := range out.PipelineDetails {
		for n := range 2 {
			if sdk.ToString(p.PipelineId) == fmt.Sprint(n) {
				pipelines = append(pipelines, n)
			}
		}
	}
	return out.State, pipelines, nil
}

func (c *restart) Read(ctx context.Context) error {
	state, running, err := c.d.running(ctx, c.Channel)
	if err == nil && (state != types.ChannelStateRunning || !slices.Contains(running, c.Pipeline)) {
		err = fmt.Errorf("not healthy (got %s with pipelines %v running; want RUNNING, with pipeline %d)", state, running, c.Pipeline)
	}
	return err
}

func (c *restart) Make(ctx context.Context) error {
	_, err := c.d.api.RestartChannelPipelines(ctx, &medialive.RestartChannelPipelinesInput{
		ChannelId: &c.Channel, PipelineIds: []types.ChannelPipelineIdToRestart{types.ChannelPipelineIdToRestart(id(c.Pipeline))}})
	return err
}

// Undo has nothing to do: MediaLive restarts the pipeline.
func (c *restart) Undo(context.Context) error { return nil }

func (c *restart) Bites(ctx context.Context) (bool, string) {
	state, running, err := c.d.running(ctx, c.Channel)
	if err != nil {
		return false, err.Error()
	}
	c.seen = c.seen || !slices.Contains(running, c.Pipeline)
	return c.seen, fmt.Sprintf("channel %s is %s with pipelines %v running", c.Channel, state, running)
}

func (c *restart) Healthy(ctx context.Context) (bool, string) {
	state, running, err := c.d.running(ctx, c.Channel)
	if err != nil {
		return false, err.Error()
	}
	return state == types.ChannelStateRunning && slices.Contains(running, c.Pipeline), fmt.Sprintf("channel %s is %s with pipelines %v running", c.Channel, state, running)
}

// tagRun is the tag of a channel that a run has stopped.
const tagRun = aws.TagRun

// stop stops the channel, and starts it at the end. A channel that is stopped
// has no schedule that could start it by itself.
type stop struct {
	aws.Answer
	d *Driver

	Channel string    `json:"channel"`
	Mark    string    `json:"mark"`
	At      time.Time `json:"at"` // when the channel was looked at
}

// About implements [aws.Change], as do the methods below.
func (c *stop) About() aws.About {
	return aws.About{Op: opStop, Target: c.target(), Owner: aws.Owner{Name: c.Mark, Sep: "-"}, End: aws.Stays()}
}

func (c *stop) target() string { return c.d.arn(c.Channel) }

func (c *stop) Calls() []aws.Call {
	arn := c.target()
	return []aws.Call{
		{Action: "medialive:DescribeChannel", Resource: arn, When: aws.Reads},
		{Action: "medialive:CreateTags", Resource: arn, When: aws.Makes, Request: tagRun + "=" + c.Mark},
		{Action: "medialive:StopChannel", Resource: arn, When: aws.Makes, Request: "stop"},
		{Action: "medialive:StartChannel", Resource: arn, When: aws.Undoes, Request: "start, once it has stopped"},
		{Action: "medialive:DeleteTags", Resource: arn, When: aws.Undoes, Request: tagRun},
	}
}

// Rescue is the call that starts it again.
func (c *stop) Rescue() aws.Rescue {
	return aws.Rescue{Target: "medialive:startChannel", Input: map[string]any{"ChannelId": c.Channel},
		Needs: []aws.Call{{Action: "medialive:StartChannel", Resource: c.target()}}}
}

func (c *stop) describe(ctx context.Context) (*medialive.DescribeChannelOutput, error) {
	return c.d.api.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &c.Channel})
}

func (c *stop) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	out, err := c.describe(ctx)
	if err == nil && out.State != types.ChannelStateRunning {
		err = fmt.Errorf("not healthy (got %s; want RUNNING)", out.State)
	}
	return err
}

func (c *stop) Make(ctx context.Context) error {
	arn := c.target()
	if _, err := c.d.api.CreateTags(ctx, &medialive.CreateTagsInput{ResourceArn: &arn, Tags: map[string]string{tagRun: c.Mark}}); err != nil {
		return err
	}
	_, err := c.d.api.StopChannel(ctx, &medialive.StopChannelInput{ChannelId: &c.Channel})
	if err != nil {
		// The answer to the first try may have been lost.
		if out, look := c.describe(ctx); look == nil && (out.State == types.ChannelStateStopping || out.State == types.ChannelStateIdle) {
			err = nil
		}
	}
	c.Made = c.Made || err == nil
	return err
}

func (c *stop) Undo(ctx context.Context) error {
	for {
		out, err := c.describe(ctx)
		if err != nil {
			return err
		}
		ours := out.Tags[tagRun] == c.Mark
		if !ours && (out.Tags[tagRun] != "" || !c.Made) {
			if waited, err := aws.Settle(ctx, c.At, c.d.Now()); err != nil || !waited {
				return err // never made, undone before, or another run's by now
			}
			continue
		}
		switch out.State {
		case types.ChannelStateStopping, types.ChannelStateStarting, types.ChannelStateRecovering, types.ChannelStateUpdating:
			if err := aws.Wait(ctx, pollEvery); err != nil {
				return fmt.Errorf("channel %s is %s; it is started once it has stopped: %w", c.Channel, out.State, err)
			}
			continue
		case types.ChannelStateIdle:
			if _, err := c.d.api.StartChannel(ctx, &medialive.StartChannelInput{ChannelId: &c.Channel}); err != nil {
				return err
			}
			continue
		case types.ChannelStateRunning:
		default:
			return fmt.Errorf("channel %s cannot be started (got %s; want IDLE)", c.Channel, out.State)
		}
		if ours || c.Made { // the tag may not show yet
			arn := c.target()
			_, err = c.d.api.DeleteTags(ctx, &medialive.DeleteTagsInput{ResourceArn: &arn, TagKeys: []string{tagRun}})
		}
		return err
	}
}

// pollEvery is the pause between looks at a channel that changes its state.
const pollEvery = 3 * time.Second

func (c *stop) Bites(ctx context.Context) (bool, string) {
	out, err := c.describe(ctx)
	if err != nil {
		return false, err.Error()
	}
	return out.State == types.ChannelStateStopping || out.State == types.ChannelStateIdle, fmt.Sprintf("channel %s is %s", c.Channel, out.State)
}

func (c *stop) Healthy(ctx context.Context) (bool, string) {
	out, err := c.describe(ctx)
	if err != nil {
		return false, err.Error()
	}
	return out.State == types.ChannelStateRunning && out.Tags[tagRun] != c.Mark, fmt.Sprintf("channel %s is %s", c.Channel, out.State)
}
