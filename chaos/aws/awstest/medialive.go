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

// advance does what happens by itself until now.
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

func (a *Account) mediaLive() []operation {
	return []operation{
		{"POST /prod/tags/{arn}", "CreateTags", on(a.findChannel, (*Channel).retag)},
		{"DELETE /prod/tags/{arn}", "DeleteTags", on(a.findChannel, (*Channel).retag)},
		{"GET /prod/inputs/{id}", "DescribeInput", a.describeInput},
		{"GET /prod/channels/{id}", "DescribeChannel", on(a.findChannel, (*Channel).describe)},
		{"GET /prod/channels/{id}/schedule", "DescribeSchedule", on(a.findChannel, (*Channel).describeSchedule)},
		{"PUT /prod/channels/{id}/schedule", "BatchUpdateSchedule", on(a.findChannel, (*Channel).batchUpdate)},
		{"GET /prod/channels/{id}/alerts", "ListAlerts", on(a.findChannel, (*Channel).listAlerts)},
		{"POST /prod/channels/{id}/start", "StartChannel", on(a.findChannel, (*Channel).start)},
		{"POST /prod/channels/{id}/stop", "StopChannel", on(a.findChannel, (*Channel).stop)},
		{"POST /prod/channels/{id}/restartChannelPipelines", "RestartChannelPipelines", on(a.findChannel, (*Channel).restart)},
	}
}

func (a *Account) findChannel(c *call) (*Channel, error) {
	_, id, ok := strings.Cut(c.at["arn"], ":channel:")
	if !ok {
		id = c.at["id"]
	}
	if ch := a.channels[id]; ch != nil {
		return ch, nil
	}
	return nil, refuse(http.StatusNotFound, "NotFoundException", "channel %s not found", id)
}

func (ch *Channel) describe(c *call) (any, error) {
	now := c.now
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
	}, nil
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

func (ch *Channel) start(c *call) (any, error) { return ch.become(c, "IDLE", "STARTING", "RUNNING") }

func (ch *Channel) stop(c *call) (any, error) { return ch.become(c, "RUNNING", "STOPPING", "IDLE") }

// become takes the channel from one state to another, which takes a while.
func (ch *Channel) become(c *call, from, via, to string) (any, error) {
	if ch.state != from {
		return nil, refuse(http.StatusConflict, "ConflictException", "channel is %s", ch.state)
	}
	ch.state, ch.next, ch.until = via, to, c.now.Add(ch.ChangeTime)
	for _, w := range ch.writers {
		w.restarted()
	}
	return ch.describe(c)
}

func (ch *Channel) restart(c *call) (any, error) {
	var in struct{ PipelineIds []string }
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if ch.state != "RUNNING" {
		return nil, refuse(http.StatusConflict, "ConflictException", "channel is %s", ch.state)
	}
	for i, w := range ch.writers {
		if len(in.PipelineIds) == 0 || slices.Contains(in.PipelineIds, fmt.Sprintf("PIPELINE_%d", i)) {
			w.down = c.now.Add(ch.RestartTime)
			w.restarted()
		}
	}
	return ch.describe(c)
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
