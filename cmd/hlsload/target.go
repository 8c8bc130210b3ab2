package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/audience"
	"hlsload/player/m3u8"
	streams "hlsload/player/stream"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/stage"
)

// target is what a fleet watches.
type target interface {
	// url is the multivariant playlist that a viewer opens, and urls are all
	// that may be opened.
	url(*audience.Arrival) string
	urls() []string
	classify(url string) int
	// describe tells the collector about the stream, and count where its true
	// load can be counted.
	describe(*record.Config)
	count(*traffic.Meter)
	// rewriting configures what viewers are shown instead of it.
	rewriting([]chaos.Fault) chaos.RewriterConfig
	// applier applies faults via rig; nil = there is no rig.
	applier() chaos.Applier
	// bites and healthy look at the stream for faults that somebody else
	// applies.
	bites(context.Context, *chaos.Fault) (bool, string)
	healthy(context.Context, *chaos.Fault) (bool, string)
	// shown says where people can look at the stream; "" = they know.
	shown() string
	// warnings is what was found odd before the run.
	warnings() []string
	// lost returns the faults that held back a request's answer for good; nil =
	// nobody knows.
	lost() func(request uint64) chaos.Marks
	close()
}

// openTarget starts the embedded channel, or looks whether the stream is there.
// The run's clock starts here.
func (r *realRun) openTarget(ctx context.Context, log *accessFile) (target, error) {
	if r.sc.Target.Rig == nil {
		t, err := openStream(ctx, r.sc, r.permission)
		// The first viewers arrive when everything has been put together.
		r.epoch = time.Now()
		return t, err
	}
	r.epoch = nextSecond(time.Now())
	return r.openRig(ctx, log)
}

// nextSecond is the next whole second of the wall clock. The embedded channel
// begins there: the origin shows whole seconds in Last-Modified, which decide
// when the invalidator deletes a playlist, and with them the results of a seed.
func nextSecond(t time.Time) time.Time {
	return t.Add(time.Second - time.Duration(t.Nanosecond()))
}

// channel is the embedded channel as a target.
type channel struct {
	r      *realRun
	server *serve.Server
	target time.Duration
	cfg    *rig.Config
	paths  *rig.Rig // for names only; it is not served
}

func (r *realRun) openRig(ctx context.Context, log *accessFile) (target, error) {
	cfg := r.sc.Target.Rig
	main, err := rig.New(*cfg, seedOf(r.sc), r.epoch)
	if err != nil {
		return nil, &exitError{exitInvalid, err.Error(), err}
	}
	var twin *rig.Rig
	for _, c := range r.sc.Fleet.Audience.Cohorts {
		if c.FaultsNone && twin == nil {
			if twin, err = rig.New(*cfg, seedOf(r.sc), r.epoch); err != nil {
				return nil, internal(err)
			}
		}
	}
	paths, err := rig.New(*cfg, seedOf(r.sc), r.epoch)
	if err != nil {
		return nil, internal(err)
	}
	c := &channel{r: r, cfg: cfg, target: main.TargetDuration(), paths: paths}
	c.server, err = serve.Start(context.WithoutCancel(ctx), serve.Config{Rig: main, Twin: twin, Now: r.now, Board: r.board, Listener: r.network.listen, Log: log.writer()})
	if err != nil {
		return nil, internal(fmt.Errorf("starting the embedded channel: %w", err))
	}
	return c, nil
}

func (c *channel) url(a *audience.Arrival) string {
	pop := a.PopOf(c.server.Pops())
	if c.r.sc.Fleet.Audience.Cohorts[a.Cohort].FaultsNone {
		return c.server.TwinEdge(pop) + c.paths.Entry(a.Entry)
	}
	return c.server.Edge(pop) + c.paths.Entry(a.Entry)
}

func (c *channel) urls() []string {
	var all []string
	for pop := range c.server.Pops() {
		all = append(all, c.server.Edge(pop))
		if u := c.server.TwinEdge(pop); u != "" {
			all = append(all, u)
		}
	}
	return all
}

func (c *channel) classify(u string) int {
	if id, ok := c.paths.Parse(streams.Path(u)); ok {
		return id.Pipeline
	}
	return -1
}

func (c *channel) describe(cfg *record.Config) {
	// The rig's own playlist parses; if not, renditions stay unnamed.
	_ = stage.Channel(cfg, c.paths, c.r.sc)
}

func (c *channel) count(m *traffic.Meter) {
	c.server.Do(func(r *rig.Rig, _ time.Duration) {
		r.Stats().OnOrigin = func(now time.Duration, _ m3u8.Kind, _, status int, bytes int64) { m.Origin(now, status, bytes) }
	})
}

func (c *channel) rewriting(faults []chaos.Fault) chaos.RewriterConfig {
	cfg := chaos.RewriterConfig{Faults: faults, StaleAfter: c.cfg.Origin.StaleAfter, Missing: c.cfg.Origin.Missing, Place: streams.Path}
	if c.cfg.Origin.Stale == "none" {
		cfg.StaleAfter = chaos.NeverStale
	}
	return cfg
}

func (c *channel) applier() chaos.Applier {
	return &serve.Applier{Server: c.server, Board: c.r.board}
}

// bites and healthy are for faults via command, which the rig does not know.
func (c *channel) bites(context.Context, *chaos.Fault) (bool, string) {
	return true, "the program ended with status 0"
}

func (c *channel) healthy(context.Context, *chaos.Fault) (bool, string) {
	return true, "the program ended with status 0"
}

func (c *channel) shown() string {
	return "the channel can be watched at " + strings.Join(c.server.URLs(), " and ")
}

func (c *channel) warnings() []string { return nil }

func (c *channel) lost() func(uint64) chaos.Marks { return c.server.Marks }

func (c *channel) close() { c.server.Close() }
