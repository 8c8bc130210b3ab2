package awstest

import (
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
	tagged
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

// AddChannel adds a running channel that writes to bucket below each of the
// prefixes, one a pipeline. The bucket may be nil: then what it makes is
// lost.
func (a *Account) AddChannel(id string, bucket *Bucket, prefixes ...string) *Channel {
	ch := &Channel{
		a: a, ID: id, Class: "STANDARD", Role: "arn:aws:iam::" + a.ID + ":role/MediaLiveAccessRole",
		Inputs: []string{"main", "spare"}, tagged: allowed(),
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

// paused reports whether a pipeline is paused at an instant.
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

// running reports whether a pipeline encodes.
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
	c.changeTags(&ch.tagged)
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
		"pipelinesRunningCount": ch.count(now), "pipelineDetails": details, "roleArn": ch.Role, "tags": ch.shown(now), "inputAttachments": inputs, "destinations": ch.written(),
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
	if !c.decode(&in) {
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
