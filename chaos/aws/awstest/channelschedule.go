package awstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scheduled is an action of a schedule.
type scheduled struct {
	raw   json.RawMessage
	name  string
	at    time.Time // when it begins
	fixed bool
	pause []int     // nil = no pause action
	input string    // that is switched to; "" = no input switch
	done  bool      // it has switched
	shows time.Time // when it can be read
}

// ahead is how far ahead an action must begin to be created or deleted, and
// switching how much later a switch of a channel with two pipelines begins.
const (
	ahead     = 15 * time.Second
	switching = 10 * time.Second
)

// paused is what is paused from an instant on.
type paused struct {
	at     time.Time
	set    []int
	action string // "" once the action was deleted
}

// Pause pauses pipelines as an operator would, by the schedule.
func (ch *Channel) Pause(action string, pipelines ...int) {
	ch.a.Do(func() {
		var set []string
		for _, p := range pipelines {
			set = append(set, fmt.Sprintf(`{"pipelineId":"PIPELINE_%d"}`, p))
		}
		ch.create([]scheduled{{name: action, at: ch.a.Now(), pause: append([]int{}, pipelines...), raw: fmt.Appendf(nil,
			`{"actionName":%q,"scheduleActionSettings":{"pauseStateSettings":{"pipelines":[%s]}},"scheduleActionStartSettings":{"immediateModeScheduleActionStartSettings":{}}}`,
			action, strings.Join(set, ","))}})
	})
}

// Actions are the names of the schedule's actions.
func (ch *Channel) Actions() (names []string) {
	ch.a.Do(func() {
		for _, s := range ch.actions {
			names = append(names, s.name)
		}
	})
	return names
}

// Forget deletes an action as an operator would.
func (ch *Channel) Forget(action string) { ch.a.Do(func() { ch.remove([]string{action}, ch.a.Now()) }) }

func (ch *Channel) create(actions []scheduled) {
	for _, s := range actions {
		s.shows = ch.a.Now().Add(ch.a.Lag)
		ch.actions = append(ch.actions, s)
		if s.pause != nil {
			ch.pauses = append(ch.pauses, paused{s.at, s.pause, s.name})
		}
	}
	slices.SortStableFunc(ch.actions, func(a, b scheduled) int { return a.at.Compare(b.at) })
}

// remove deletes actions. What has begun keeps its effect.
func (ch *Channel) remove(names []string, now time.Time) {
	for _, name := range names {
		ch.actions = slices.DeleteFunc(ch.actions, func(s scheduled) bool { return s.name == name })
		ch.pauses = slices.DeleteFunc(ch.pauses, func(p paused) bool { return p.action == name && p.at.After(now) })
	}
}

func (ch *Channel) describeSchedule(c *call) (any, error) {
	const page = 5 // small, so that paging is exercised
	from := 0
	_, _ = fmt.Sscan(c.r.URL.Query().Get("nextToken"), &from)
	list := []any{}
	for _, s := range ch.actions {
		if !s.shows.After(c.now) {
			list = append(list, s.raw)
		}
	}
	out := map[string]any{"scheduleActions": list[min(from, len(list)):min(from+page, len(list))]}
	if from+page < len(list) {
		out["nextToken"] = fmt.Sprint(from + page)
	}
	return out, nil
}

func (ch *Channel) batchUpdate(c *call) (any, error) {
	var in struct {
		Creates struct{ ScheduleActions []json.RawMessage }
		Deletes struct{ ActionNames []string }
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	unprocessable := func(err error) error {
		return refuse(http.StatusUnprocessableEntity, "UnprocessableEntityException", "%v", err)
	}
	if ch.state != "RUNNING" && ch.state != "RECOVERING" && ch.state != "IDLE" {
		return nil, refuse(http.StatusConflict, "ConflictException", "channel is %s", ch.state)
	}
	// Deletions come before creations, and one that is refused refuses all.
	for _, name := range in.Deletes.ActionNames {
		if err := ch.deletable(name, c.now); err != nil {
			return nil, unprocessable(err)
		}
	}
	var create []scheduled
	fixed, immediate := 0, 0
	for _, raw := range in.Creates.ScheduleActions {
		s, err := ch.parse(raw, c.now)
		if err == nil && slices.ContainsFunc(slices.Concat(ch.actions, create), func(o scheduled) bool { return o.name == s.name }) && !slices.Contains(in.Deletes.ActionNames, s.name) {
			err = fmt.Errorf("action %q is there already", s.name)
		}
		if err != nil {
			return nil, unprocessable(err)
		}
		if s.fixed {
			fixed++
		} else {
			immediate++
		}
		create = append(create, s)
	}
	if ch.RefusesMixed && fixed > 0 && immediate > 0 {
		return nil, unprocessable(errors.New("actions that begin at once cannot be mixed with others"))
	}
	ch.remove(in.Deletes.ActionNames, c.now)
	ch.create(create)
	return map[string]any{
		"creates": map[string]any{"scheduleActions": in.Creates.ScheduleActions},
		"deletes": map[string]any{"scheduleActions": []any{}},
	}, nil
}

// deletable reports whether MediaLive lets an action be deleted: neither one that
// begins in a moment, nor the switch that the channel's input comes from.
func (ch *Channel) deletable(name string, now time.Time) error {
	i := slices.IndexFunc(ch.actions, func(s scheduled) bool { return s.name == name })
	switch {
	case i < 0:
		return fmt.Errorf("no action %q", name)
	case ch.state == "IDLE":
		return nil
	case ch.actions[i].at.After(now) && ch.actions[i].at.Before(now.Add(ahead)):
		return fmt.Errorf("action %q begins in less than %v", name, ahead)
	case i == ch.switched():
		return fmt.Errorf("action %q is the most recent input switch", name)
	}
	return nil
}

// switched is the action that the channel's input comes from, -1 when there is
// none.
func (ch *Channel) switched() int {
	last := -1
	for i := range ch.actions { // in the order in which they begin
		if ch.actions[i].done {
			last = i
		}
	}
	return last
}

// action is one of a schedule, as the API spells it.
type action struct {
	ActionName                  string
	ScheduleActionStartSettings struct {
		FixedModeScheduleActionStartSettings     *struct{ Time string }
		ImmediateModeScheduleActionStartSettings *struct{}
	}
	ScheduleActionSettings struct {
		PauseStateSettings *struct {
			Pipelines []struct{ PipelineID string }
		}
		InputSwitchSettings *struct{ InputAttachmentNameReference string }
	}
}

// parse checks one action as MediaLive does.
func (ch *Channel) parse(raw json.RawMessage, now time.Time) (scheduled, error) {
	var a action
	if err := json.Unmarshal(raw, &a); err != nil || a.ActionName == "" {
		return scheduled{}, fmt.Errorf("no actionName (%v)", err)
	}
	s := scheduled{raw: raw, name: a.ActionName, at: now.Add(ch.a.Delay)}
	start, what := &a.ScheduleActionStartSettings, &a.ScheduleActionSettings
	if f := start.FixedModeScheduleActionStartSettings; f != nil {
		t, err := time.Parse("2006-01-02T15:04:05.000Z", f.Time)
		if err != nil || t.Before(now.Add(ahead)) || t.After(now.Add(14*24*time.Hour)) {
			return s, fmt.Errorf("start time %q is not 15 s to 14 days ahead", f.Time)
		}
		s.at, s.fixed = t, true
	} else if start.ImmediateModeScheduleActionStartSettings == nil {
		return s, errors.New("start must be Fixed or Immediate")
	}
	switch {
	case what.PauseStateSettings != nil && what.PauseStateSettings.Pipelines == nil:
		return s, errors.New("pipelines is missing")
	case what.PauseStateSettings != nil:
		s.pause = []int{}
		for _, p := range what.PauseStateSettings.Pipelines {
			n, err := strconv.Atoi(strings.TrimPrefix(p.PipelineID, "PIPELINE_"))
			if err != nil || n < 0 || n >= len(ch.writers) {
				return s, fmt.Errorf("bad pipelineId %v", p.PipelineID)
			}
			s.pause = append(s.pause, n)
		}
	case what.InputSwitchSettings != nil:
		s.input = what.InputSwitchSettings.InputAttachmentNameReference
		if !slices.Contains(ch.Inputs, s.input) {
			return s, fmt.Errorf("no input attachment %q", s.input)
		}
		if !s.fixed && ch.Class == "STANDARD" {
			s.at = s.at.Add(switching)
		}
	default:
		return s, errors.New("not emulated")
	}
	return s, nil
}
