package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/command"
	"hlsload/player"
	"hlsload/player/audience"
	streams "hlsload/player/stream"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/scenarios"
	"hlsload/stage"
)

// target is what the players watch: the embedded channel, or a stream at a URL.
type target struct {
	embedded *embedded // nil at a URL
	stream   *stream   // nil on the embedded channel

	urls      []string                       // that viewers may open
	url       func(*audience.Arrival) string // the multivariant playlist that a viewer opens
	classify  player.Classify
	rewriting chaos.RewriterConfig // of answers, for faults via viewer
	// bites and healthy check the target for the effect of faults via command and
	// aws; nil = they cannot.
	bites, healthy command.Observe
	shown          string // a line that says where to watch the embedded channel; "" = none
}

// openTarget starts the embedded channel, or reads the stream at the URL.
func (r *live) openTarget(ctx context.Context, log *EdgeLog) (err error) {
	t := &r.target
	if r.sc.Target.Rig != nil {
		r.epoch = nextSecond(time.Now())
		if t.embedded, err = r.openEmbedded(ctx, log); err != nil {
			return err
		}
		e := t.embedded
		t.urls, t.url, t.classify = e.urls(), e.url, e.classify
		t.rewriting = r.sc.Target.Rig.Rewriting(r.faults)
		t.rewriting.Place = streams.Path
		t.shown = "the channel can be watched at " + strings.Join(e.server.URLs(), " and ")
		return nil
	}
	if r.permission, err = newPermission(ctx, r.cfg); err != nil {
		return err
	}
	if t.stream, err = openStream(ctx, r.sc, r.permission); err != nil {
		return err
	}
	s := t.stream
	t.urls, t.url, t.classify = s.urls, s.url, s.read.Pipeline
	t.rewriting = chaos.RewriterConfig{Faults: r.faults}
	t.bites, t.healthy = s.bites, s.healthy
	return nil
}

// describe adds the target to the collector's configuration.
func (t *target) describe(c *record.Config, sc *scenarios.Scenario) error {
	if t.stream != nil {
		t.stream.describe(c)
		return nil
	}
	return stage.Channel(c, t.embedded.rig, sc)
}

// warnings are the findings about the target.
func (t *target) warnings() []string {
	if t.stream == nil {
		return nil
	}
	return t.stream.warnings()
}

func (t *target) close() error {
	if t.stream != nil {
		t.stream.close()
	}
	if t.embedded != nil {
		t.embedded.server.Close()
	}
	return nil
}

// nextSecond is the next whole second of the wall clock. The embedded channel
// begins there: the origin shows whole seconds in Last-Modified, which decide
// when the invalidator deletes a playlist, and with them the results of a seed.
func nextSecond(t time.Time) time.Time {
	return t.Add(time.Second - time.Duration(t.Nanosecond()))
}

// embedded is the embedded channel as a target.
type embedded struct {
	server  *serve.Server
	rig     stage.Rig // the one that server serves
	cohorts []audience.Cohort
}

func (r *live) openEmbedded(ctx context.Context, log *EdgeLog) (*embedded, error) {
	cfg := r.sc.Target.Rig
	main, err := rig.New(*cfg, r.seed(), r.epoch)
	if err != nil {
		return nil, &Error{Invalid, err.Error(), err}
	}
	e := &embedded{rig: main, cohorts: r.sc.Fleet.Audience.Cohorts}
	var twin *rig.Rig
	if slices.ContainsFunc(e.cohorts, func(c audience.Cohort) bool { return c.FaultsNone }) {
		if twin, err = rig.New(*cfg, r.seed(), r.epoch); err != nil {
			return nil, err
		}
	}
	e.server, err = serve.Start(context.WithoutCancel(ctx), serve.Config{Rig: main, Twin: twin, Now: r.now, Board: r.chaos.board, Listener: r.cfg.Network.Listen, Log: log.Writer()})
	if err != nil {
		return nil, fmt.Errorf("starting the embedded channel: %w", err)
	}
	return e, nil
}

func (e *embedded) url(a *audience.Arrival) string {
	edge := e.server.Edge
	if e.cohorts[a.Cohort].FaultsNone {
		edge = e.server.TwinEdge
	}
	return edge(a.PopOf(e.server.Pops())) + e.rig.Entry(a.Entry)
}

func (e *embedded) urls() []string {
	var all []string
	for pop := range e.server.Pops() {
		all = append(all, e.server.Edge(pop))
		if u := e.server.TwinEdge(pop); u != "" {
			all = append(all, u)
		}
	}
	return all
}

// classify is the pipeline of a media playlist; -1 = unknown.
func (e *embedded) classify(u string) int {
	if id, ok := e.rig.Parse(streams.Path(u)); ok {
		return id.Pipeline
	}
	return -1
}

// count makes the meter count the requests that reach the origin.
func (e *embedded) count(m *traffic.Meter) {
	e.server.Do(func(r *rig.Rig, _ time.Duration) { r.Stats().OnOrigin = m.Origin })
}
