package medialive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos/aws"
)

// maxActions bounds a schedule.
const maxActions = 10_000

// schedule reads the whole schedule of a channel.
func (d *Driver) schedule(ctx context.Context, channel string) ([]types.ScheduleAction, error) {
	var all []types.ScheduleAction
	pages := medialive.NewDescribeSchedulePaginator(d.API, &medialive.DescribeScheduleInput{ChannelId: &channel, MaxResults: sdk.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("schedule of channel %s: %w", channel, err)
		}
		if all = append(all, page.ScheduleActions...); len(all) > maxActions {
			return nil, fmt.Errorf("schedule of channel %s: too long (got more than %d actions)", channel, maxActions)
		}
	}
	return all, nil
}

// near is how soon an action begins that is too near to be deleted, 0 for
// others.
func (d *Driver) near(actions []types.ScheduleAction, name string) time.Duration {
	for i := range actions {
		if at, fixed := startOf(&actions[i]); fixed && sdk.ToString(actions[i].ActionName) == name {
			if left := at.Sub(d.Now()); left > 0 && left <= untouchable {
				return left
			}
		}
	}
	return 0
}

// begin creates an action that begins at once and the one that ends it: in one
// request or, where that is refused, the one that ends it first.
func (d *Driver) begin(ctx context.Context, channel string, onset, deadman types.ScheduleAction) error {
	err := d.update(ctx, channel, []types.ScheduleAction{onset, deadman}, nil)
	if refused(err) {
		if err = d.update(ctx, channel, []types.ScheduleAction{deadman}, nil); err == nil {
			err = d.update(ctx, channel, []types.ScheduleAction{onset}, nil)
		}
	}
	if err != nil {
		if actions, look := d.schedule(ctx, channel); look == nil && has(actions, *onset.ActionName) && has(actions, *deadman.ActionName) {
			return nil // the answer to the first try was lost, and the second found its names taken
		}
	}
	return err
}

// release creates what ends our actions and deletes them: in one request, or,
// when something in it is refused, such as the deletion of what has begun, one
// after another, the first first.
func (d *Driver) release(ctx context.Context, channel string, create []types.ScheduleAction, rest []string) error {
	err := d.update(ctx, channel, create, rest)
	if !refused(err) {
		return err
	}
	for i := range create {
		if err := d.update(ctx, channel, create[i:i+1], nil); err != nil && !d.has(ctx, channel, sdk.ToString(create[i].ActionName)) {
			return err
		}
	}
	var problems []error
	for _, name := range rest {
		if err := d.update(ctx, channel, nil, []string{name}); err != nil && d.has(ctx, channel, name) {
			problems = append(problems, fmt.Errorf("delete schedule action %s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// has reports whether the schedule has an action, or may have it.
func (d *Driver) has(ctx context.Context, channel, name string) bool {
	actions, err := d.schedule(ctx, channel)
	return err != nil || has(actions, name)
}

// settled reads the schedule until it has the actions that may have been created
// at an instant, or must have them if they are there at all.
func (d *Driver) settled(ctx context.Context, channel string, at time.Time, names ...string) ([]types.ScheduleAction, error) {
	for {
		actions, err := d.schedule(ctx, channel)
		if err != nil {
			return nil, err
		}
		missing := slices.ContainsFunc(names, func(name string) bool { return !has(actions, name) })
		if !missing || at.IsZero() || !d.Now().Before(at.Add(aws.Unsettled)) {
			return actions, nil
		}
		if err := aws.Wait(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// executed is when an action that begins at once is certain to have begun: deleting
// it before would be as if it had never been.
const executed = 15 * time.Second

// passed returns when so much time has passed since an instant; the zero time is
// now.
func (d *Driver) passed(ctx context.Context, since time.Time, length time.Duration) error {
	if since.IsZero() {
		since = d.Now()
	}
	return aws.Wait(ctx, since.Add(length).Sub(d.Now()))
}

// update sends one request.
func (d *Driver) update(ctx context.Context, channel string, create []types.ScheduleAction, remove []string) error {
	in := &medialive.BatchUpdateScheduleInput{ChannelId: &channel}
	if len(create) > 0 {
		in.Creates = &types.BatchScheduleActionCreateRequest{ScheduleActions: create}
	}
	if len(remove) > 0 {
		in.Deletes = &types.BatchScheduleActionDeleteRequest{ActionNames: remove}
	}
	if len(create)+len(remove) == 0 {
		return nil
	}
	_, err := d.API.BatchUpdateSchedule(ctx, in)
	return err
}

// fixedTime is how MediaLive writes a time.
const fixedTime = "2006-01-02T15:04:05.000Z"

// action sets the pipelines that are paused: at a time, or at once when it is
// zero. The set must be there even when it is empty.
func action(name string, pipelines []int, at time.Time) types.ScheduleAction {
	set := make([]types.PipelinePauseStateSettings, 0, len(pipelines))
	for _, i := range pipelines {
		set = append(set, types.PipelinePauseStateSettings{PipelineId: types.PipelineId(id(i))})
	}
	start := &types.ScheduleActionStartSettings{ImmediateModeScheduleActionStartSettings: &types.ImmediateModeScheduleActionStartSettings{}}
	if !at.IsZero() {
		start = &types.ScheduleActionStartSettings{FixedModeScheduleActionStartSettings: &types.FixedModeScheduleActionStartSettings{
			Time: sdk.String(at.UTC().Format(fixedTime))}}
	}
	return types.ScheduleAction{
		ActionName:                  &name,
		ScheduleActionSettings:      &types.ScheduleActionSettings{PauseStateSettings: &types.PauseStateScheduleActionSettings{Pipelines: set}},
		ScheduleActionStartSettings: start,
	}
}

func id(pipeline int) string { return fmt.Sprintf("PIPELINE_%d", pipeline) }

// ids names pipelines for people.
func ids(set []int) string {
	if len(set) == 0 {
		return "no pipeline"
	}
	var names []string
	for _, i := range set {
		names = append(names, id(i))
	}
	return strings.Join(names, " and ")
}

// split takes the name of one of our actions apart.
func split(name string) (mark, kind string, ok bool) {
	if _, ok := aws.Ours(name); !ok {
		return "", "", false
	}
	for _, kind := range []string{kindHold, kindDeadman, kindRelease, kindSwitch} {
		if mark, rest, ok := strings.Cut(name, "-"+kind); ok && (rest == "") == (kind != kindHold) {
			return mark, kind, true
		}
	}
	return "", "", false
}

// ended reports whether the action that ends a hold by itself has begun.
func ended(actions []types.ScheduleAction, mark string, now time.Time) bool {
	for i := range actions {
		if m, kind, ok := split(sdk.ToString(actions[i].ActionName)); ok && m == mark && kind == kindDeadman {
			t, fixed := startOf(&actions[i])
			return fixed && !t.After(now)
		}
	}
	return false
}

func has(actions []types.ScheduleAction, name string) bool {
	return slices.ContainsFunc(actions, func(a types.ScheduleAction) bool { return sdk.ToString(a.ActionName) == name })
}

// startOf is when an action begins; false = at once, or not known.
func startOf(a *types.ScheduleAction) (time.Time, bool) {
	if s := a.ScheduleActionStartSettings; s != nil && s.FixedModeScheduleActionStartSettings != nil {
		t, err := time.Parse(time.RFC3339, sdk.ToString(s.FixedModeScheduleActionStartSettings.Time))
		return t, err == nil
	}
	return time.Time{}, false
}

// last is what the last action that has begun and is wanted by pick paused.
// Actions are in the order in which they begin; those that began at once may
// not say when.
func last(actions []types.ScheduleAction, now time.Time, pick func(name string) bool) (set []int, ok bool) {
	for i := range actions {
		s := actions[i].ScheduleActionSettings
		if s == nil || s.PauseStateSettings == nil || !pick(sdk.ToString(actions[i].ActionName)) {
			continue
		}
		if t, fixed := startOf(&actions[i]); fixed && t.After(now) {
			continue
		}
		set, ok = nil, true
		for _, p := range s.PauseStateSettings.Pipelines {
			for n := range 2 {
				if string(p.PipelineId) == id(n) {
					set = union(set, []int{n})
				}
			}
		}
	}
	return set, ok
}

// state is what the schedule holds paused now.
func state(actions []types.ScheduleAction, now time.Time) []int {
	set, _ := last(actions, now, func(string) bool { return true })
	return set
}

// lastForeign is what others paused last.
func lastForeign(actions []types.ScheduleAction, now time.Time) ([]int, bool) {
	return last(actions, now, func(name string) bool {
		_, ours := aws.Ours(name)
		return !ours
	})
}

// union is sorted and has each once.
func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// refused reports whether MediaLive got the request and rejected it.
func refused(err error) bool {
	var bad *types.BadRequestException
	var unprocessable *types.UnprocessableEntityException
	return errors.As(err, &bad) || errors.As(err, &unprocessable)
}

// later stands for an expiry that is not known yet.
var later = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func orLater(t time.Time) time.Time {
	if t.IsZero() {
		return later
	}
	return t
}

// show is the body of a request for people.
func show(create []types.ScheduleAction, remove []string) string {
	var parts []string
	for i := range create {
		a := &create[i]
		what := ""
		switch s := a.ScheduleActionSettings; {
		case s.PauseStateSettings != nil:
			var list []string
			for _, p := range s.PauseStateSettings.Pipelines {
				list = append(list, fmt.Sprintf(`{"pipelineId":%q}`, p.PipelineId))
			}
			what = `"pauseStateSettings":{"pipelines":[` + strings.Join(list, ",") + "]}"
		case s.InputSwitchSettings != nil:
			what = fmt.Sprintf(`"inputSwitchSettings":{"inputAttachmentNameReference":%q}`, sdk.ToString(s.InputSwitchSettings.InputAttachmentNameReference))
		}
		start := `"immediateModeScheduleActionStartSettings":{}`
		if t, ok := startOf(a); ok {
			at := t.Format(fixedTime)
			if t.Equal(later) {
				at = "EXPIRY"
			}
			start = fmt.Sprintf(`"fixedModeScheduleActionStartSettings":{"time":%q}`, at)
		}
		parts = append(parts, fmt.Sprintf("  {\"actionName\":%q,\n   \"scheduleActionSettings\":{%s},\n   \"scheduleActionStartSettings\":{%s}}", sdk.ToString(a.ActionName), what, start))
	}
	body := ""
	if len(parts) > 0 {
		body = "\"creates\":{\"scheduleActions\":[\n" + strings.Join(parts, ",\n") + "]}"
	}
	if len(remove) > 0 {
		if body != "" {
			body += ",\n"
		}
		body += fmt.Sprintf(`"deletes":{"actionNames":["%s"]}`, strings.Join(remove, `","`))
	}
	return "{" + body + "}"
}
