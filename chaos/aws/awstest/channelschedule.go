package awstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// scheduled is an action of a schedule.
type scheduled struct {
	raw   map[string]any
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
		var set []any
		for _, p := range pipelines {
			set = append(set, map[string]any{"pipelineId": fmt.Sprintf("PIPELINE_%d", p)})
		}
		if set == nil {
			set = []any{}
		}
		ch.create([]scheduled{{name: action, at: ch.a.Now(), pause: pipelines, raw: map[string]any{
			"actionName":                  action,
			"scheduleActionSettings":      map[string]any{"pauseStateSettings": map[string]any{"pipelines": set}},
			"scheduleActionStartSettings": map[string]any{"immediateModeScheduleActionStartSettings": map[string]any{}},
		}}})
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
		if s.pause != nil || s.raw != nil && strings.Contains(fmt.Sprint(s.raw), "pauseStateSettings") {
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

func (ch *Channel) describeSchedule(c *call) {
	const page = 5 // small, so that paging is exercised
	from := 0
	_, _ = fmt.Sscan(c.r.URL.Query().Get("nextToken"), &from)
	var shown []scheduled
	for _, s := range ch.actions {
		if !s.shows.After(c.now) {
			shown = append(shown, s)
		}
	}
	to := min(from+page, len(shown))
	out := map[string]any{}
	list := []any{}
	for _, s := range shown[min(from, to):to] {
		list = append(list, s.raw)
	}
	out["scheduleActions"] = list
	if to < len(shown) {
		out["nextToken"] = fmt.Sprint(to)
	}
	c.json(http.StatusOK, out)
}

func (ch *Channel) batchUpdate(c *call) {
	var in struct {
		Creates struct{ ScheduleActions []map[string]any }
		Deletes struct{ ActionNames []string }
	}
	if !c.decode(&in) {
		return
	}
	unprocessable := func(format string, args ...any) {
		c.fail(http.StatusUnprocessableEntity, "UnprocessableEntityException", fmt.Sprintf(format, args...))
	}
	if ch.state != "RUNNING" && ch.state != "RECOVERING" && ch.state != "IDLE" {
		c.fail(http.StatusConflict, "ConflictException", "channel is "+ch.state)
		return
	}
	// Deletions come before creations, and one that is refused refuses all.
	for _, name := range in.Deletes.ActionNames {
		if err := ch.deletable(name, c.now); err != nil {
			unprocessable("%v", err)
			return
		}
	}
	var create []scheduled
	fixed, immediate := 0, 0
	for _, raw := range in.Creates.ScheduleActions {
		s, err := ch.parse(raw, c.now)
		if err == nil && (slices.ContainsFunc(ch.actions, func(o scheduled) bool { return o.name == s.name }) ||
			slices.ContainsFunc(create, func(o scheduled) bool { return o.name == s.name })) && !slices.Contains(in.Deletes.ActionNames, s.name) {
			err = fmt.Errorf("action %q is there already", s.name)
		}
		if err != nil {
			unprocessable("%v", err)
			return
		}
		if s.fixed {
			fixed++
		} else {
			immediate++
		}
		create = append(create, s)
	}
	if ch.RefusesMixed && fixed > 0 && immediate > 0 {
		unprocessable("actions that begin at once cannot be mixed with others")
		return
	}
	ch.remove(in.Deletes.ActionNames, c.now)
	ch.create(create)
	c.json(http.StatusOK, map[string]any{
		"creates": map[string]any{"scheduleActions": in.Creates.ScheduleActions},
		"deletes": map[string]any{"scheduleActions": []any{}},
	})
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

// parse checks one action as MediaLive does.
func (ch *Channel) parse(raw map[string]any, now time.Time) (scheduled, error) {
	sub := func(m map[string]any, key string) map[string]any { v, _ := m[key].(map[string]any); return v }
	s := scheduled{raw: raw}
	if s.name, _ = raw["actionName"].(string); s.name == "" {
		return s, fmt.Errorf("no actionName")
	}
	start := sub(raw, "scheduleActionStartSettings")
	switch {
	case start["immediateModeScheduleActionStartSettings"] != nil:
		s.at = now.Add(ch.a.Delay)
	case start["fixedModeScheduleActionStartSettings"] != nil:
		text, _ := sub(start, "fixedModeScheduleActionStartSettings")["time"].(string)
		t, err := time.Parse("2006-01-02T15:04:05.000Z", text)
		if err != nil || t.Before(now.Add(ahead)) || t.After(now.Add(14*24*time.Hour)) {
			return s, fmt.Errorf("start time %q is not 15 s to 14 days ahead", text)
		}
		s.at, s.fixed = t, true
	default:
		return s, fmt.Errorf("start must be Fixed or Immediate")
	}
	settings := sub(raw, "scheduleActionSettings")
	switch {
	case settings["pauseStateSettings"] != nil:
		list, ok := sub(settings, "pauseStateSettings")["pipelines"].([]any)
		if !ok {
			return s, fmt.Errorf("pipelines is missing")
		}
		s.pause = []int{}
		for _, p := range list {
			m, _ := p.(map[string]any)
			var n int
			if _, err := fmt.Sscanf(fmt.Sprint(m["pipelineId"]), "PIPELINE_%d", &n); err != nil || n < 0 || n >= len(ch.writers) {
				return s, fmt.Errorf("bad pipelineId %v", m["pipelineId"])
			}
			s.pause = append(s.pause, n)
		}
	case settings["inputSwitchSettings"] != nil:
		s.input, _ = sub(settings, "inputSwitchSettings")["inputAttachmentNameReference"].(string)
		if !slices.Contains(ch.Inputs, s.input) {
			return s, fmt.Errorf("no input attachment %q", s.input)
		}
		if !s.fixed && ch.Class == "STANDARD" {
			s.at = s.at.Add(switching)
		}
	default:
		return s, fmt.Errorf("not emulated")
	}
	return s, nil
}
