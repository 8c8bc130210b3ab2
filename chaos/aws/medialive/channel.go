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
	return aws.About{Op: "restart", Target: c.target(), Owner: c.Mark, End: aws.Ends("the pipeline comes back by itself")}
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
	out, err := d.describe(ctx, channel)
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
	_, err := c.d.API.RestartChannelPipelines(ctx, &medialive.RestartChannelPipelinesInput{
		ChannelId: &c.Channel, PipelineIds: []types.ChannelPipelineIdToRestart{types.ChannelPipelineIdToRestart(id(c.Pipeline))}})
	return err
}

// Undo has nothing to do: MediaLive restarts the pipeline.
func (c *restart) Undo(context.Context) error { return nil }

func (c *restart) Bites(ctx context.Context) (bool, string) {
	state, running, err := c.d.running(ctx, c.Channel)
	c.seen = c.seen || err == nil && !slices.Contains(running, c.Pipeline)
	return c.seen && err == nil, c.what(state, running, err)
}

func (c *restart) Healthy(ctx context.Context) (bool, string) {
	state, running, err := c.d.running(ctx, c.Channel)
	return err == nil && state == types.ChannelStateRunning && slices.Contains(running, c.Pipeline), c.what(state, running, err)
}

// what says what was seen of the channel.
func (c *restart) what(state types.ChannelState, running []int, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("channel %s is %s with pipelines %v running", c.Channel, state, running)
}

// stop stops the channel, and starts it at the end. A channel that is stopped
// has no schedule that could start it by itself.
type stop struct {
	aws.Marked
	d *Driver

	Channel string `json:"channel"`
}

// About implements [aws.Change], as do the methods below.
func (c *stop) About() aws.About {
	return aws.About{Op: "stop", Target: c.target(), Owner: c.Mark, End: aws.Stays()}
}

func (c *stop) target() string { return c.d.arn(c.Channel) }

func (c *stop) Calls() []aws.Call {
	arn := c.target()
	return []aws.Call{
		{Action: "medialive:DescribeChannel", Resource: arn, When: aws.Reads},
		{Action: "medialive:CreateTags", Resource: arn, When: aws.Makes, Request: aws.TagRun + "=" + c.Mark},
		{Action: "medialive:StopChannel", Resource: arn, When: aws.Makes, Request: "stop"},
		{Action: "medialive:StartChannel", Resource: arn, When: aws.Undoes, Request: "start, once it has stopped"},
		{Action: "medialive:DeleteTags", Resource: arn, When: aws.Undoes, Request: aws.TagRun},
	}
}

// Rescue is the call that starts it again.
func (c *stop) Rescue() aws.Rescue {
	return aws.Rescue{Target: "medialive:startChannel", Input: map[string]any{"ChannelId": c.Channel},
		Needs: []aws.Call{{Action: "medialive:StartChannel", Resource: c.target()}}}
}

// state is how the channel is.
func (c *stop) state(ctx context.Context) (types.ChannelState, error) {
	out, err := c.d.describe(ctx, c.Channel)
	if err != nil {
		return "", err
	}
	return out.State, nil
}

func (c *stop) Read(ctx context.Context) error {
	if err := c.Look(ctx, c.d, c.target()); err != nil {
		return err
	}
	state, err := c.state(ctx)
	if err == nil && state != types.ChannelStateRunning {
		err = fmt.Errorf("not healthy (got %s; want RUNNING)", state)
	}
	return err
}

func (c *stop) Make(ctx context.Context) error {
	return c.Change(ctx, c.d, c.target(), "", func(ctx context.Context) error {
		_, err := c.d.API.StopChannel(ctx, &medialive.StopChannelInput{ChannelId: &c.Channel})
		if err != nil {
			if stopped, _ := c.Bites(ctx); stopped {
				return nil // the answer to the first try was lost
			}
		}
		return err
	})
}

func (c *stop) Undo(ctx context.Context) error {
	return c.PutBack(ctx, c.d, c.target(), func(ctx context.Context) (changed bool, err error) {
		for {
			state, err := c.state(ctx)
			if err != nil {
				return changed, err
			}
			switch state {
			case types.ChannelStateRunning:
				return changed, nil
			case types.ChannelStateStopping, types.ChannelStateStarting, types.ChannelStateRecovering, types.ChannelStateUpdating:
				if err := aws.Wait(ctx, pollEvery); err != nil {
					return changed, fmt.Errorf("channel %s is %s; it is started once it has stopped: %w", c.Channel, state, err)
				}
			case types.ChannelStateIdle:
				if _, err := c.d.API.StartChannel(ctx, &medialive.StartChannelInput{ChannelId: &c.Channel}); err != nil {
					return changed, err
				}
				changed = true
			default:
				return changed, fmt.Errorf("channel %s cannot be started (got %s; want IDLE)", c.Channel, state)
			}
		}
	})
}

// pollEvery is the pause between looks at a channel that changes its state.
const pollEvery = 3 * time.Second

func (c *stop) Bites(ctx context.Context) (bool, string) {
	state, err := c.state(ctx)
	if err != nil {
		return false, err.Error()
	}
	return state == types.ChannelStateStopping || state == types.ChannelStateIdle, fmt.Sprintf("channel %s is %s", c.Channel, state)
}

func (c *stop) Healthy(ctx context.Context) (bool, string) {
	return c.Clear(ctx, c.d, c.target(), "channel "+c.Channel, func(ctx context.Context) (bool, string) {
		state, err := c.state(ctx)
		if err != nil {
			return false, err.Error()
		}
		return state == types.ChannelStateRunning, fmt.Sprintf("channel %s is %s", c.Channel, state)
	})
}
