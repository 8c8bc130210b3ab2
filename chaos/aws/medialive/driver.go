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
	API *medialive.Client
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

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "medialive" }

func (d *Driver) Target() string { return aws.Named("channel", d.Config.Channel) }

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	switch o.Fault.Kind {
	case chaos.PipelinePause:
		return []aws.Change{d.pause(o)}
	case chaos.PipelineKill:
		switch {
		case o.Fault.Resume != "restart":
			return nil // S3's business: a pipeline that goes on is one that cannot write
		case o.Fault.Pipeline == chaos.Any:
			return []aws.Change{&stop{d: d, Channel: d.Config.Channel, Marked: aws.Marked{Mark: o.Mark("-")}}}
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

func (d *Driver) Empty() []aws.Change {
	return []aws.Change{&pause{d: d}, &restart{d: d}, &stop{d: d}, &input{d: d}, &lock{d: d}}
}

// Role is the ARN of the role that writes: the one in aws.writer, or that of the
// channel. "" = there is neither.
func (d *Driver) Role(ctx context.Context) (string, error) {
	if d.Config.Writer != "" || d.Config.Channel == "" {
		return d.Config.Writer, nil
	}
	out, err := d.describe(ctx, d.Config.Channel)
	if err != nil {
		return "", fmt.Errorf("role of the writer: %w", err)
	}
	return sdk.ToString(out.RoleArn), nil
}

// arn is that of a channel.
func (d *Driver) arn(channel string) string {
	return d.ARN("medialive", "channel:"+channel)
}

func (d *Driver) Guards() []aws.Call {
	arn := d.arn(d.Config.Channel)
	return []aws.Call{{Action: "medialive:DescribeChannel", Resource: arn}, {Action: "medialive:DescribeSchedule", Resource: arn}}
}

// Guard refuses a channel that is not tagged, or not running with all its
// pipelines.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	out, err := d.describe(ctx, d.Config.Channel)
	if err != nil {
		return nil, err
	}
	what := d.Target()
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
		return nil, err
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
	return fmt.Sprintf("it does not write from the addresses in aws.mediapackage.sources (got %s; want %s): a fault in one pipeline would not reach it; addresses change when a channel restarts",
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

// Well refuses a fault for a channel that is not healthy: taking away one of two
// pipelines is harmless only while there are two.
func (d *Driver) Well(ctx context.Context) error {
	out, err := d.describe(ctx, d.Config.Channel)
	if err != nil {
		return err
	}
	if err := well(out); err != nil {
		return fmt.Errorf("%s: %w", d.Target(), err)
	}
	return nil
}

// describe describes a channel.
func (d *Driver) describe(ctx context.Context, channel string) (*medialive.DescribeChannelOutput, error) {
	out, err := d.API.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &channel})
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", channel, err)
	}
	return out, nil
}

// Tags implements [aws.Tagger], as do the methods below.
func (d *Driver) Tags(ctx context.Context, arn string) (map[string]string, error) {
	_, channel, _ := strings.Cut(arn, ":channel:")
	out, err := d.describe(ctx, channel)
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

func (d *Driver) Tag(ctx context.Context, arn string, tags map[string]string) error {
	_, err := d.API.CreateTags(ctx, &medialive.CreateTagsInput{ResourceArn: &arn, Tags: tags})
	return err
}

func (d *Driver) Untag(ctx context.Context, arn string) error { return d.untag(ctx, arn, aws.TagRun) }

func (d *Driver) untag(ctx context.Context, arn, key string) error {
	_, err := d.API.DeleteTags(ctx, &medialive.DeleteTagsInput{ResourceArn: &arn, TagKeys: []string{key}})
	return err
}

// Leftovers implements [aws.Driver]: our actions in the schedule, and our tag.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	channel := d.Config.Channel
	out, err := d.describe(ctx, channel)
	if err != nil {
		return nil, err
	}
	actions, err := d.schedule(ctx, channel)
	if err != nil {
		return nil, err
	}
	all := aws.LeftBy(d, out.Tags, func(m aws.Marked) (aws.Change, string) {
		return &stop{d: d, Channel: channel, Marked: m}, "stopped by a run (tag " + aws.TagRun + "=" + m.Mark + ")"
	})
	all = append(all, d.claims(channel, out.Tags)...)
	for i := range actions {
		mark, kind, ok := split(sdk.ToString(actions[i].ActionName))
		if !ok || kind == kindRelease || d.done(&actions[i], mark, actions) {
			continue
		}
		what := "schedule actions " + mark + "-…"
		at := slices.IndexFunc(all, func(l aws.Leftover) bool { return l.What == what })
		if at < 0 {
			all = append(all, aws.Left(d, d.remover(channel, mark, actions), what))
			at = len(all) - 1
		}
		if t, ok := startOf(&actions[i]); ok && kind == kindDeadman {
			all[at].Expires = t
		}
	}
	return all, nil
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

// remover is the change that the actions of a mark have made, as far as undoing
// it without a journal needs.
func (d *Driver) remover(channel, mark string, actions []types.ScheduleAction) aws.Change {
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
		return c
	}
	return &pause{d: d, Channel: channel, Mark: mark, Answer: aws.Answer{Made: true}}
}
