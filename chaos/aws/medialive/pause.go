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

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

const opPause = "pause"

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
	d        *Driver
	made     bool      // the call was answered
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
	return aws.About{Op: opPause, Target: p.target(), Owner: aws.Owner{Name: p.Mark, Sep: "-"}, End: aws.EndsAt(p.Until)}
}

func (p *pause) target() string { return p.d.arn(p.Channel) }

// Answered notes that the journal has the answer to the call.
func (p *pause) Answered() { p.made = true }

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
	p.Before = foreign(actions, p.At)
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
	err = p.d.update(ctx, p.Channel, []types.ScheduleAction{hold, deadman}, nil)
	if refused(err) {
		// One request for both may not be allowed; then the one that ends it
		// comes first.
		if err = p.d.update(ctx, p.Channel, []types.ScheduleAction{deadman}, nil); err == nil {
			err = p.d.update(ctx, p.Channel, []types.ScheduleAction{hold}, nil)
		}
	}
	if err != nil && p.there(ctx) {
		err = nil // the answer to the first try was lost, and the second found its names taken
	}
	p.made = p.made || err == nil
	return err
}

// there tells whether both actions are in the schedule.
func (p *pause) there(ctx context.Context) bool {
	actions, err := p.d.schedule(ctx, p.Channel)
	return err == nil && has(actions, p.name(kindHold)) && has(actions, p.name(kindDeadman))
}

func (p *pause) Undo(ctx context.Context) error {
	actions, err := p.d.settled(ctx, p.Channel, p.At, p.name(kindHold), p.name(kindDeadman))
	if err != nil {
		return err
	}
	ours := p.ours(actions)
	if len(ours) == 0 && !p.made {
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

// has tells whether the schedule has an action, or may have it.
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

// executed is when an action that begins at once has surely done so: deleting
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
	_, err := d.api.BatchUpdateSchedule(ctx, in)
	return err
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

// others are the pipelines that somebody else wants paused: people, and other
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
	if _, ok := aws.Ours(name, "-"); !ok {
		return "", "", false
	}
	for _, kind := range []string{kindHold, kindDeadman, kindRelease, kindSwitch} {
		if mark, rest, ok := strings.Cut(name, "-"+kind); ok && (rest == "") == (kind != kindHold) {
			return mark, kind, true
		}
	}
	return "", "", false
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

// ended tells whether the action that ends a hold by itself has begun.
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
		_, ours := aws.Ours(name, "-")
		return !ours
	})
}

func foreign(actions []types.ScheduleAction, now time.Time) []int {
	set, _ := lastForeign(actions, now)
	return set
}

// union is sorted and has each once.
func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// refused tells whether MediaLive did not like the request, in contrast to not
// having got it.
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
