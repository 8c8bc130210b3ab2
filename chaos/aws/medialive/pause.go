package medialive

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Our actions of a schedule are named by the mark of the fault and what they
// are for. A hold's name goes on with the pipelines that it holds.
const (
	kindHold    = "hold"
	kindDeadman = "deadman"
	kindRelease = "release"
	kindSwitch  = "switch"
)

// pause holds pipelines paused.
type pause struct {
	aws.Answer
	d        *Driver
	released time.Time // when the pipelines were released, or that was first seen

	Channel   string    `json:"channel"`
	Mark      string    `json:"mark"`
	Pipelines []int     `json:"pipelines"`
	Until     time.Time `json:"until"`  // when it ends by itself
	Before    []int     `json:"before"` // paused already, by others
	At        time.Time `json:"at"`     // when that was read
}

func (d *Driver) pause(o *aws.Order) *pause {
	p := &pause{d: d, Channel: d.Config.Channel, Mark: o.Mark("-"), Pipelines: []int{0, 1}, Until: o.Expires}
	if o.Fault.Pipeline != chaos.Any {
		p.Pipelines = []int{o.Fault.Pipeline}
	}
	return p
}

// About implements [aws.Change], as do the methods below.
func (p *pause) About() aws.About {
	return aws.About{Op: "pause", Target: p.target(), Owner: p.Mark, End: aws.EndsAt(p.Until)}
}

func (p *pause) target() string { return p.d.arn(p.Channel) }

func (p *pause) Calls() []aws.Call {
	arn := p.target()
	hold, deadman := action(p.name(kindHold), p.Pipelines, time.Time{}), action(p.name(kindDeadman), p.Before, orLater(p.Until))
	release := action(p.name(kindRelease), p.Before, time.Time{})
	return []aws.Call{
		{Action: "medialive:DescribeSchedule", Resource: arn, When: aws.Reads},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Makes,
			Request: show([]types.ScheduleAction{hold, deadman}, nil) + "\nand whatever is paused already, or held by another fault, stays in the sets"},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Undoes,
			Request: show([]types.ScheduleAction{release}, []string{p.name(kindHold), p.name(kindDeadman)})},
		{Action: "medialive:BatchUpdateSchedule", Resource: arn, When: aws.Undoes,
			Request: show(nil, []string{p.name(kindRelease)}) + "\nonce the pipelines are seen to write again"},
	}
}

func (p *pause) name(kind string) string {
	name := p.Mark + "-" + kind
	if kind == kindHold {
		name += "-p"
		for _, i := range p.Pipelines {
			name += fmt.Sprint(i)
		}
	}
	return name
}

func (p *pause) Read(ctx context.Context) error {
	actions, err := p.d.schedule(ctx, p.Channel)
	if err != nil {
		return err
	}
	p.At = p.d.Now().UTC()
	p.Before, _ = lastForeign(actions, p.At)
	return nil
}

func (p *pause) Make(ctx context.Context) error {
	actions, err := p.d.schedule(ctx, p.Channel)
	if err != nil {
		return err
	}
	others := p.others(actions)
	hold := action(p.name(kindHold), union(others, p.Pipelines), time.Time{})
	deadman := action(p.name(kindDeadman), p.Before, p.Until)
	err = p.d.begin(ctx, p.Channel, hold, deadman)
	p.Made = p.Made || err == nil
	return err
}

func (p *pause) Undo(ctx context.Context) error {
	actions, err := p.d.settled(ctx, p.Channel, p.At, p.name(kindHold), p.name(kindDeadman))
	if err != nil {
		return err
	}
	ours := p.ours(actions)
	if len(ours) == 0 && !p.Made {
		return nil // it was never made, or undone before
	}
	release, deadman := p.name(kindRelease), p.name(kindDeadman)
	begins := p.d.near(actions, deadman)
	rest := slices.DeleteFunc(ours, func(name string) bool { return name == release || name == deadman && begins > 0 })
	others := p.others(actions)
	var create []types.ScheduleAction
	switch {
	case !has(actions, release):
		create = []types.ScheduleAction{action(release, others, time.Time{})}
	case ended(actions, p.Mark, p.d.Now()) && !slices.Equal(others, union(p.Before, nil)):
		// It has ended by itself after it was released, and with it what others
		// hold by now.
		create, rest = []types.ScheduleAction{action(release, others, time.Time{})}, append(rest, release)
	}
	if len(create)+len(rest) > 0 {
		err = p.d.release(ctx, p.Channel, create, rest)
		p.released = p.d.Now()
	} else if p.released.IsZero() {
		p.released = p.d.Now()
	}
	if err == nil && begins > 0 {
		err = fmt.Errorf("schedule action %s begins in %v and cannot be deleted before (the pipelines are released already)", deadman, begins.Round(time.Second))
	}
	return err
}

// Tidy deletes the action that released the pipelines, once it has done so.
func (p *pause) Tidy(ctx context.Context) error {
	name := p.name(kindRelease)
	if !p.d.has(ctx, p.Channel, name) {
		return nil
	}
	if err := p.d.passed(ctx, p.released, executed); err != nil {
		return err
	}
	return p.d.update(ctx, p.Channel, nil, []string{name})
}

func (p *pause) Bites(ctx context.Context) (bool, string) {
	actions, err := p.d.schedule(ctx, p.Channel)
	if err != nil {
		return false, err.Error()
	}
	set := state(actions, p.d.Now())
	for _, i := range p.Pipelines {
		if !slices.Contains(set, i) {
			return false, fmt.Sprintf("the schedule of channel %s holds %s paused, not pipeline %d", p.Channel, ids(set), i)
		}
	}
	return true, fmt.Sprintf("the schedule of channel %s holds %s paused", p.Channel, ids(set))
}

func (p *pause) Healthy(ctx context.Context) (bool, string) {
	actions, err := p.d.schedule(ctx, p.Channel)
	if err != nil {
		return false, err.Error()
	}
	for _, name := range p.ours(actions) {
		if name != p.name(kindRelease) {
			return false, fmt.Sprintf("the schedule of channel %s still has action %s", p.Channel, name)
		}
	}
	held := p.others(actions)
	for _, i := range state(actions, p.d.Now()) {
		if slices.Contains(p.Pipelines, i) && !slices.Contains(held, i) {
			return false, fmt.Sprintf("the schedule of channel %s still holds pipeline %d paused", p.Channel, i)
		}
	}
	return true, fmt.Sprintf("the schedule of channel %s holds nothing for this fault", p.Channel)
}

// ours are the names of this fault's actions in a schedule.
func (p *pause) ours(actions []types.ScheduleAction) []string {
	var names []string
	for i := range actions {
		name := sdk.ToString(actions[i].ActionName)
		if mark, _, ok := split(name); ok && mark == p.Mark {
			names = append(names, name)
		}
	}
	return names
}

// others are the pipelines that are to stay paused for others: operators, and other
// faults whose holds have not ended.
func (p *pause) others(actions []types.ScheduleAction) []int {
	set := p.Before
	if known, ok := lastForeign(actions, p.d.Now()); ok {
		set = known
	}
	for i := range actions {
		mark, kind, ok := split(sdk.ToString(actions[i].ActionName))
		if !ok || kind != kindHold || mark == p.Mark || ended(actions, mark, p.d.Now()) {
			continue
		}
		set = union(set, held(sdk.ToString(actions[i].ActionName)))
	}
	return set
}

// held are the pipelines in the name of a hold.
func held(name string) []int {
	_, digits, _ := strings.Cut(name, "-"+kindHold+"-p")
	var set []int
	for _, r := range digits {
		set = union(set, []int{int(r - '0')})
	}
	return set
}
