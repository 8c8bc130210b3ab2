package emulate

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Channel is a MediaLive channel.
type Channel struct {
	a *Account

	ID     string
	Class  string // STANDARD or SINGLE_PIPELINE
	Role   string // ARN of the role that it writes with
	Inputs []string
	Egress []string // addresses that the pipelines write from
	Tags   map[string]string
	// Mixed says whether one request may create actions that begin at once and
	// others that begin at a time.
	RefusesMixed bool
	// RestartTime is how long a pipeline takes to restart, and ChangeTime how
	// long the channel takes to stop or start.
	RestartTime, ChangeTime time.Duration

	state   string
	until   time.Time // of a state that passes
	next    string
	active  string // input attachment
	actions []scheduled
	pauses  []paused
	writers []*writer

	feeds        map[string]*Flow // by input
	destinations []any            // beside those of the writers
}

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

// AddChannel adds a running channel that writes to bucket below each of the
// prefixes, one a pipeline. The bucket may be nil: then nobody sees what it
// makes.
func (a *Account) AddChannel(id string, bucket *Bucket, prefixes ...string) *Channel {
	ch := &Channel{
		a: a, ID: id, Class: "STANDARD", Role: "arn:aws:iam::" + a.ID + ":role/MediaLiveAccessRole",
		Inputs: []string{"main", "spare"}, Tags: map[string]string{"hlsload": "allow"},
		RestartTime: 20 * time.Second, ChangeTime: 40 * time.Second,
		state: "RUNNING", active: "main",
	}
	if len(prefixes) == 1 {
		ch.Class = "SINGLE_PIPELINE"
	}
	for i, p := range prefixes {
		ch.writers = append(ch.writers, &writer{ch: ch, pipeline: i, bucket: bucket, prefix: p, fresh: true})
	}
	now := a.Now()
	for _, w := range ch.writers {
		w.begin(now)
	}
	a.channels[id] = ch
	return ch
}

func (a *Account) sorted() []*Channel {
	var all []*Channel
	for _, id := range slices.Sorted(maps.Keys(a.channels)) {
		all = append(all, a.channels[id])
	}
	return all
}

// advance lets pass what happens until now.
func (ch *Channel) advance(now time.Time) {
	for _, w := range ch.writers {
		w.advance(now)
	}
	if !ch.until.IsZero() && !now.Before(ch.until) {
		ch.state, ch.until = ch.next, time.Time{}
	}
	for i := range ch.actions {
		if s := &ch.actions[i]; s.input != "" && !s.done && !now.Before(s.at) {
			ch.active, s.done = s.input, true
		}
	}
	// MediaLive forgets what began over an hour ago.
	ch.actions = slices.DeleteFunc(ch.actions, func(s scheduled) bool { return now.Sub(s.at) > time.Hour })
}

// paused tells whether a pipeline is paused at an instant.
func (ch *Channel) paused(pipeline int, at time.Time) bool {
	var now []int
	var since time.Time
	for _, p := range ch.pauses {
		if !p.at.After(at) && !p.at.Before(since) {
			now, since = p.set, p.at
		}
	}
	return slices.Contains(now, pipeline)
}

// Lose takes a pipeline down, for as long as a restart takes.
func (ch *Channel) Lose(pipeline int) {
	ch.a.mu.Lock()
	defer ch.a.mu.Unlock()
	ch.writers[pipeline].down = ch.a.Now().Add(ch.RestartTime)
}

// running tells whether a pipeline encodes.
func (ch *Channel) running(pipeline int, at time.Time) bool {
	return (ch.state == "RUNNING" || ch.state == "RECOVERING") && !at.Before(ch.writers[pipeline].down)
}

func (ch *Channel) count(at time.Time) int {
	n := 0
	for i := range ch.writers {
		if ch.running(i, at) {
			n++
		}
	}
	return n
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

func (a *Account) serveMediaLive(c *call) {
	if arn, ok := strings.CutPrefix(c.r.URL.Path, "/prod/tags/"); ok {
		a.tagChannel(c, arn)
		return
	}
	if id, ok := strings.CutPrefix(c.r.URL.Path, "/prod/inputs/"); ok {
		a.describeInput(c, id)
		return
	}
	rest, ok := strings.CutPrefix(c.r.URL.Path, "/prod/channels/")
	if !ok {
		return
	}
	id, what, _ := strings.Cut(rest, "/")
	ch := a.channels[id]
	op, mutates := map[string]string{
		"GET ": "DescribeChannel", "GET schedule": "DescribeSchedule", "GET alerts": "ListAlerts", "PUT schedule": "BatchUpdateSchedule",
		"POST start": "StartChannel", "POST stop": "StopChannel", "POST restartChannelPipelines": "RestartChannelPipelines",
	}[c.r.Method+" "+what], c.r.Method != http.MethodGet
	if op == "" || !c.operation(op, mutates) {
		return
	}
	if ch == nil {
		c.fail(http.StatusNotFound, "NotFoundException", "channel "+id+" not found")
		return
	}
	switch op {
	case "DescribeChannel":
		c.json(http.StatusOK, ch.describe(c.now))
	case "DescribeSchedule":
		ch.describeSchedule(c)
	case "ListAlerts":
		ch.listAlerts(c)
	case "BatchUpdateSchedule":
		ch.batchUpdate(c)
	case "StartChannel", "StopChannel":
		ch.startStop(c, op)
	case "RestartChannelPipelines":
		ch.restart(c)
	}
}

func (a *Account) tagChannel(c *call, arn string) {
	op := map[string]string{"POST": "CreateTags", "DELETE": "DeleteTags"}[c.r.Method]
	if op == "" || !c.operation(op, true) {
		return
	}
	_, id, _ := strings.Cut(arn, ":channel:")
	ch := a.channels[id]
	if ch == nil {
		c.fail(http.StatusNotFound, "NotFoundException", "channel "+id+" not found")
		return
	}
	var in struct{ Tags map[string]string }
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &in); err != nil {
			c.fail(http.StatusBadRequest, "BadRequestException", err.Error())
			return
		}
	}
	maps.Copy(ch.Tags, in.Tags)
	for _, key := range c.r.URL.Query()["tagKeys"] {
		delete(ch.Tags, key)
	}
	c.w.WriteHeader(http.StatusNoContent)
}

func (ch *Channel) describe(now time.Time) map[string]any {
	details := []any{}
	for i := range ch.writers {
		if ch.running(i, now) {
			details = append(details, map[string]any{"pipelineId": fmt.Sprint(i), "activeInputAttachmentName": ch.active})
		}
	}
	var inputs []any
	for _, name := range ch.Inputs {
		inputs = append(inputs, map[string]any{"inputAttachmentName": name, "inputId": "1" + name})
	}
	egress := []any{}
	for _, ip := range ch.Egress {
		egress = append(egress, map[string]any{"sourceIp": ip})
	}
	return map[string]any{
		"egressEndpoints": egress,
		"arn":             ch.arn(), "id": ch.ID, "name": "channel-" + ch.ID, "channelClass": ch.Class, "state": ch.status(now),
		"pipelinesRunningCount": ch.count(now), "pipelineDetails": details, "roleArn": ch.Role, "tags": ch.Tags, "inputAttachments": inputs, "destinations": ch.written(),
		"encoderSettings": map[string]any{"outputGroups": []any{map[string]any{"name": "HLS", "outputs": []any{}}}},
	}
}

func (ch *Channel) status(now time.Time) string {
	if ch.state == "RUNNING" && ch.count(now) < len(ch.writers) {
		return "RECOVERING"
	}
	return ch.state
}

func (ch *Channel) arn() string {
	return fmt.Sprintf("arn:aws:medialive:%s:%s:channel:%s", ch.a.Region, ch.a.ID, ch.ID)
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
	if err := json.Unmarshal(c.body, &in); err != nil {
		c.fail(http.StatusBadRequest, "BadRequestException", err.Error())
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

func (ch *Channel) startStop(c *call, op string) {
	from, via, to := "IDLE", "STARTING", "RUNNING"
	if op == "StopChannel" {
		from, via, to = "RUNNING", "STOPPING", "IDLE"
	}
	if ch.state != from {
		c.fail(http.StatusConflict, "ConflictException", "channel is "+ch.state)
		return
	}
	ch.state, ch.next, ch.until = via, to, c.now.Add(ch.ChangeTime)
	for _, w := range ch.writers {
		w.restarted(c.now)
	}
	c.json(http.StatusOK, ch.describe(c.now))
}

func (ch *Channel) restart(c *call) {
	var in struct{ PipelineIds []string }
	if err := json.Unmarshal(c.body, &in); err != nil {
		c.fail(http.StatusBadRequest, "BadRequestException", err.Error())
		return
	}
	if ch.state != "RUNNING" {
		c.fail(http.StatusConflict, "ConflictException", "channel is "+ch.state)
		return
	}
	for i, w := range ch.writers {
		if len(in.PipelineIds) == 0 || slices.Contains(in.PipelineIds, fmt.Sprintf("PIPELINE_%d", i)) {
			w.down = c.now.Add(ch.RestartTime)
			w.restarted(c.now)
		}
	}
	c.json(http.StatusOK, ch.describe(c.now))
}

func (a *Account) mediaLiveState(w io.Writer) {
	now := a.Now()
	for _, ch := range a.sorted() {
		fmt.Fprintf(w, "channel %s: %s, %d running, input %s, tags %v\n", ch.ID, ch.status(now), ch.count(now), ch.active, ch.Tags)
		for i := range ch.writers {
			fmt.Fprintf(w, "  pipeline %d: paused %v\n", i, ch.paused(i, now))
		}
		for _, s := range ch.actions {
			// What has done its work is forgotten, and the most recent switch cannot
			// be deleted.
			if over := s.done || strings.HasSuffix(s.name, "-release") && !s.at.After(now); !over {
				fmt.Fprintf(w, "  action %s\n", s.name)
			}
		}
	}
}
