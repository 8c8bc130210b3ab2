// Package medialive makes faults with AWS Elemental MediaLive: it pauses the
// pipelines of a channel or switches its input by the schedule, restarts a
// pipeline, and stops and starts the channel.
//
// A pause is declarative: "these pipelines are paused, all others are not". So
// every call sends the whole wanted set: what others had paused, what other
// faults hold, and what this fault wants. The schedule itself is the memory of
// that: the names of our actions say what each holds, so that a process which
// knows nothing but the journal can compute the set again.
//
// Every pause and every switch goes with a second action that ends it when
// nothing else does.
package medialive

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the MediaLive driver.
type Driver struct {
	aws.Frame
	api *medialive.Client
}

// New returns the driver of the channel in the frame. A plan needs no client.
func New(frame aws.Frame, api *medialive.Client) *Driver {
	return &Driver{frame, api}
}

// What they can do beside the rest.
var (
	_ aws.Locker     = (*Driver)(nil)
	_ aws.Examiner   = (*Driver)(nil)
	_ aws.Answerable = (*pause)(nil)
	_ aws.Tidier     = (*pause)(nil)
	_ aws.Answerable = (*input)(nil)
	_ aws.Tidier     = (*input)(nil)
	_ aws.Answerable = (*stop)(nil)
	_ aws.Rescuable  = (*stop)(nil)
)

// Service implements [aws.Driver].
func (d *Driver) Service() string { return "medialive" }

// Changes implements [aws.Driver].
func (d *Driver) Changes(o *aws.Order) []aws.Change {
	switch o.Fault.Kind {
	case chaos.PipelinePause:
		return []aws.Change{d.pause(o)}
	case chaos.PipelineKill:
		switch {
		case o.Fault.Resume != "restart":
			return nil // S3's business: a pipeline that goes on is one that cannot write
		case o.Fault.Pipeline == chaos.Any:
			return []aws.Change{&stop{d: d, Channel: d.Config.Channel, Mark: o.Mark("-")}}
		}
		return []aws.Change{&restart{d: d, Channel: d.Config.Channel, Pipeline: o.Fault.Pipeline, Mark: o.Mark("-")}}
	case chaos.InputLoss:
		if d.Config.InputLoss(o.Fault.Pipeline) != d.Service() {
			return nil
		}
		return []aws.Change{&input{d: d, Channel: d.Config.Channel, Mark: o.Mark("-"), Spare: d.Config.SpareInput, Until: o.Expires}}
	}
	return nil
}

// Restore implements [aws.Driver].
func (d *Driver) Restore(op string) aws.Change {
	switch op {
	case opPause:
		return &pause{d: d}
	case opRestart:
		return &restart{d: d}
	case opStop:
		return &stop{d: d}
	case opInput:
		return &input{d: d}
	case opLock:
		return &lock{d: d}
	}
	return nil
}

// Role is the ARN of the role that the channel writes with, "" when there is no
// channel.
func (d *Driver) Role(ctx context.Context) (string, error) {
	if d.Config.Channel == "" {
		return "", nil
	}
	out, err := d.api.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &d.Config.Channel})
	if err != nil {
		return "", fmt.Errorf("role of channel %s: %w", d.Config.Channel, err)
	}
	return sdk.ToString(out.RoleArn), nil
}

// arn is that of a channel.
func (d *Driver) arn(channel string) string {
	return d.ARN("medialive", "channel:"+channel)
}

// Guards implements [aws.Driver].
func (d *Driver) Guards() []aws.Call {
	if d.Config.Channel == "" {
		return nil
	}
	arn := d.arn(d.Config.Channel)
	return []aws.Call{{Action: "medialive:DescribeChannel", Resource: arn}, {Action: "medialive:DescribeSchedule", Resource: arn}}
}

// Guard refuses a channel that is not tagged, not running with all its
// pipelines, or in the hands of another run.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	if d.Config.Channel == "" {
		return nil, nil
	}
	out, err := d.channel(ctx)
	if err != nil {
		return nil, err
	}
	what := "channel " + d.Config.Channel
	found := aws.CheckTags(what, out.Tags, d.Config.Tags)
	refuse := func(format string, args ...any) {
		found = append(found, aws.Finding{Refuses: true, Text: what + ": " + fmt.Sprintf(format, args...)})
	}
	if out.ChannelClass == types.ChannelClassSinglePipeline {
		found = append(found, aws.Finding{Text: what + " has a single pipeline: there is nothing to fail over to"})
	}
	if err := well(out); err != nil {
		refuse("%v", err)
	}
	if text := d.sources(out); text != "" {
		found = append(found, aws.Finding{Text: what + ": " + text})
	}
	actions, err := d.schedule(ctx, d.Config.Channel)
	if err != nil {
		return nil, fmt.Errorf("schedule of channel %s: %w", d.Config.Channel, err)
	}
	for _, l := range d.leftovers(d.Config.Channel, out.Tags, actions) {
		if l.Lock && !l.Expires.After(d.Now()) {
			continue // forgotten, and harmless
		}
		found = append(found, aws.Busy(what, l.What))
	}
	if set := state(actions, d.Now()); len(set) > 0 {
		refuse("not healthy (got pipelines %v paused by the schedule; want none)", set)
	}
	return found, nil
}

// sources says when the addresses that the channel writes from are not those
// that the scenario has, "" when they are: they change when a channel restarts.
func (d *Driver) sources(out *medialive.DescribeChannelOutput) string {
	if len(d.Config.Package.Sources) == 0 {
		return ""
	}
	var has, strange []string
	unused := slices.Clone(d.Config.Package.Sources)
	for _, e := range out.EgressEndpoints {
		ip := sdk.ToString(e.SourceIp)
		if ip == "" {
			continue
		}
		has = append(has, ip)
		within := func(source string) bool { return inside(ip, source) }
		if !slices.ContainsFunc(d.Config.Package.Sources, within) {
			strange = append(strange, ip)
		}
		unused = slices.DeleteFunc(unused, within)
	}
	if len(has) == 0 || len(strange) == 0 && len(unused) == 0 {
		return ""
	}
	return fmt.Sprintf("it does not write from the addresses in aws.mediapackage.sources (got %s; want %s): a fault of one pipeline would miss it; addresses change when a channel restarts",
		strings.Join(has, ", "), strings.Join(d.Config.Package.Sources, ", "))
}

// inside reports whether an address is one, or in a CIDR block.
func inside(ip, source string) bool {
	a, err := netip.ParseAddr(ip)
	if p, err2 := netip.ParsePrefix(source); err == nil && err2 == nil {
		return p.Contains(a)
	}
	return ip == source
}

// well reports whether a channel runs with all its pipelines.
func well(out *medialive.DescribeChannelOutput) error {
	want := int32(2)
	if out.ChannelClass == types.ChannelClassSinglePipeline {
		want = 1
	}
	if n := sdk.ToInt32(out.PipelinesRunningCount); out.State != types.ChannelStateRunning || n != want {
		return fmt.Errorf("not healthy (got %s with %d pipelines running; want RUNNING with %d)", out.State, n, want)
	}
	return nil
}

// Well refuses a fault for a channel that is not well by itself: taking away
// one of two pipelines is harmless only while there are two.
func (d *Driver) Well(ctx context.Context) error {
	if d.Config.Channel == "" {
		return nil
	}
	out, err := d.channel(ctx)
	if err != nil {
		return err
	}
	if err := well(out); err != nil {
		return fmt.Errorf("channel %s: %w", d.Config.Channel, err)
	}
	return nil
}

// channel describes the channel in the frame.
func (d *Driver) channel(ctx context.Context) (*medialive.DescribeChannelOutput, error) {
	out, err := d.api.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &d.Config.Channel})
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", d.Config.Channel, err)
	}
	return out, nil
}

// Leftovers implements [aws.Driver]: our actions in the schedule, and our tag.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	if d.Config.Channel == "" {
		return nil, nil
	}
	out, err := d.channel(ctx)
	if err != nil {
		return nil, err
	}
	actions, err := d.schedule(ctx, d.Config.Channel)
	if err != nil {
		return nil, fmt.Errorf("schedule of channel %s: %w", d.Config.Channel, err)
	}
	return d.leftovers(d.Config.Channel, out.Tags, actions), nil
}

// leftovers are the marks of runs, one leftover for each.
func (d *Driver) leftovers(channel string, tags map[string]string, actions []types.ScheduleAction) []aws.Leftover {
	var all []aws.Leftover
	if mark, ok := tags[tagRun]; ok {
		run, _ := aws.Ours(mark, "-")
		c := &stop{d: d, Channel: channel, Mark: mark, Answer: aws.Answer{Made: true}}
		all = append(all, aws.Leftover{Service: d.Service(), Target: d.arn(channel), Run: run, What: "stopped by a run (tag " + tagRun + "=" + mark + ")", Remove: c.Undo})
	}
	all = append(all, d.claims(channel, tags)...)
	for i := range actions {
		name := sdk.ToString(actions[i].ActionName)
		mark, kind, ok := split(name)
		if !ok || kind == kindRelease || d.done(&actions[i], mark, actions) {
			continue
		}
		run, _ := aws.Ours(name, "-")
		what := "schedule actions " + mark + "-…"
		at := slices.IndexFunc(all, func(l aws.Leftover) bool { return l.What == what })
		if at < 0 {
			all = append(all, aws.Leftover{Service: d.Service(), Target: d.arn(channel), Run: run, What: what, Remove: d.remover(channel, mark, actions)})
			at = len(all) - 1
		}
		if t, ok := startOf(&actions[i]); ok && kind == kindDeadman {
			all[at].Expires = t
		}
	}
	return all
}

// done reports whether an action of ours is an input switch that is over: another
// one has switched back since. It may stay, and the most recent one must.
func (d *Driver) done(a *types.ScheduleAction, mark string, actions []types.ScheduleAction) bool {
	if a.ScheduleActionSettings == nil || a.ScheduleActionSettings.InputSwitchSettings == nil {
		return false
	}
	if t, fixed := startOf(a); fixed {
		return !t.After(d.Now())
	}
	return has(actions, mark+"-"+kindRelease) || ended(actions, mark, d.Now())
}

// remover undoes what the actions of a mark did, without a journal.
func (d *Driver) remover(channel, mark string, actions []types.ScheduleAction) func(context.Context) error {
	c := &input{d: d, Channel: channel, Mark: mark}
	switches := false
	for i := range actions {
		m, kind, ok := split(sdk.ToString(actions[i].ActionName))
		s := actions[i].ScheduleActionSettings
		if !ok || m != mark || s == nil || s.InputSwitchSettings == nil {
			continue
		}
		to := sdk.ToString(s.InputSwitchSettings.InputAttachmentNameReference)
		switch kind {
		case kindDeadman, kindRelease:
			c.Before, switches = to, true
		case kindSwitch:
			c.Spare, switches = to, true
		}
	}
	if switches {
		return c.Undo
	}
	p := &pause{d: d, Channel: channel, Mark: mark, Answer: aws.Answer{Made: true}}
	return p.Undo
}
