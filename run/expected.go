package run

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos"
	agreed "hlsload/player/consent"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/reports/figure"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/sim/forecast"
)

// simulationTime bounds the simulation of the expected load.
const simulationTime = 10 * time.Second

// ceilingOf are the ceilings that a scenario sets.
func ceilingOf(l *scenarios.Limits) fleet.Ceiling {
	return fleet.Ceiling{Requests: l.Requests, Bandwidth: l.Bandwidth, Bytes: l.Bytes}
}

// expected is the load that a run is expected to put on a target at a URL.
type expected struct {
	*forecast.Load
	top     int64    // highest rate of the ladder in bit/s, 0 = unknown
	assumed []string // about the stream, because it is unknown
}

// expectLoad simulates a run on an embedded channel of the stream's shape.
func expectLoad(ctx context.Context, sc *scenarios.Scenario, faults []chaos.Fault, shape forecast.Stream, foreign bool) (*expected, error) {
	channel, assumed := shape.Channel()
	end := time.Now().Add(simulationTime)
	l, err := forecast.Expect(&forecast.Run{
		Channel: channel, Seed: draw.Seed(sc.Seed), Duration: sc.Duration, Recovery: sc.Recovery, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles,
		HeadOnly: sc.Fleet.Body == "none", Faults: faults, Cautious: foreign,
		Expired: func() bool { return ctx.Err() != nil || time.Now().After(end) },
	})
	if err != nil {
		return nil, err
	}
	return &expected{Load: l, top: shape.Top(), assumed: assumed}, nil
}

// lines are the expected load in words, with the cost where the target is foreign.
func (e *expected) lines(foreign bool) []string {
	lines := append([]string{"expected load, " + e.How()}, e.Lines()...)
	if foreign {
		lines = append(lines, e.Cost(tariff.ListPrices(), time.Now()))
	}
	if len(e.assumed) > 0 {
		lines = append(lines, "assumed, because it is unknown: "+strings.Join(e.assumed, ", "))
	}
	return append(lines, e.Notes...)
}

// ceilings sets the ceilings that hold on a target that is not local, except those
// that the scenario sets itself. hosts are those found before the run, with the
// kinds of requests that each gets.
func (e *expected) ceilings(c *fleet.Ceiling, asked *scenarios.Limits, hosts map[string]forecast.Kinds) {
	total := e.Ceiling(forecast.All)
	raised := 1.0 // a higher total in the scenario raises the hosts' ceilings in proportion
	if asked.Requests > 0 {
		raised = max(1, float64(asked.Requests)/max(total.Peak, total.Floor))
	} else {
		c.Total = e.bound(forecast.All, total)
	}
	scaled := func(kinds forecast.Kinds) fleet.Bound {
		own := e.Ceiling(kinds)
		return e.bound(kinds, forecast.Ceiling{Peak: raised * own.Peak, Floor: raised * own.Floor})
	}
	c.Hosts = map[string]fleet.Bound{}
	for host, kinds := range hosts {
		c.Hosts[host] = scaled(kinds)
	}
	c.Elsewhere = scaled(forecast.All)
	if asked.Bandwidth == 0 {
		own := e.BitCeiling(e.top)
		peak, _ := e.BusiestBits()
		c.Bits = fleet.Bound{Peak: own.Peak, Floor: own.Floor,
			Why: fmt.Sprintf("the expected peak is %s over 5 s; limits: {bandwidth: N} raises the ceiling", figure.BitsPerSecond(peak))}
	}
}

// bound is a ceiling in the form that the fleet takes.
func (e *expected) bound(kinds forecast.Kinds, c forecast.Ceiling) fleet.Bound {
	peak, _ := e.Busiest(kinds)
	return fleet.Bound{Peak: c.Peak, Floor: c.Floor,
		Why: fmt.Sprintf("the expected peak is %.0f/s over 5 s, and the run ends above both %.0f/s over 5 s and %.0f/s over 10 s; limits: {requests: N/s} raises the ceiling", peak, c.Peak, c.Floor)}
}

// ceilingLines are the ceilings in words; where is the condition on which they hold.
func (e *expected) ceilingLines(asked *scenarios.Limits, where string) (lines []string) {
	busiest, _ := e.Busiest(forecast.All)
	busiestBits, _ := e.BusiestBits()
	if c := e.Ceiling(forecast.All); asked.Requests > 0 {
		lines = append(lines, fmt.Sprintf("ceiling of requests: %d/s (limits.requests)%s", asked.Requests, tooLow(float64(asked.Requests), busiest)))
	} else {
		lines = append(lines, fmt.Sprintf("ceiling of requests%s: the run ends when they exceed both %s/s over 5 s (%g times the expected peak) and %s/s over 10 s (%g/s a player); each host's ceiling is its part of that; limits: {requests: N/s} replaces it",
			where, forecast.Number(c.Peak), forecast.Times, forecast.Number(c.Floor), forecast.PerPlayer))
	}
	switch c := e.BitCeiling(e.top); {
	case asked.Bandwidth > 0:
		lines = append(lines, fmt.Sprintf("ceiling of bandwidth: %s (limits.bandwidth)%s", figure.BitsPerSecond(float64(asked.Bandwidth)), tooLow(float64(asked.Bandwidth), busiestBits)))
	case c != forecast.Ceiling{}:
		lines = append(lines, fmt.Sprintf("ceiling of bandwidth%s: the run ends when bodies exceed both %s over 5 s (%g times the expected peak) and %s over 10 s (%g times the highest rendition for every player); limits: {bandwidth: N} replaces it",
			where, figure.BitsPerSecond(c.Peak), forecast.Times, figure.BitsPerSecond(c.Floor), forecast.Bufferings))
	}
	if asked.Bytes > 0 {
		lines = append(lines, fmt.Sprintf("ceiling of bytes: the run ends when %s of bodies have been received (limits.bytes)%s", figure.Size(asked.Bytes), tooLow(float64(asked.Bytes), e.Bytes())))
	}
	return lines
}

// tooLow warns of a limit below the expected load; "" = it is not.
func tooLow(limit, expected float64) string {
	if limit >= expected {
		return ""
	}
	return ": below the expected load, so the run will end early"
}

// expect shows the load that the run will put on its target, and sets the ceilings
// that follow from it. They hold once a host is not local.
func (r *ground) expect(ctx context.Context, s *stream) {
	foreign := len(r.permission.foreign) > 0
	e, err := expectLoad(ctx, r.sc, r.faults, s.stream(), foreign)
	if err != nil { // the ceiling then follows from the number of players
		e = &expected{Load: forecast.Unknown(r.sc.MostPlayers(), r.sc.Duration)}
		r.progress.Mark(0, "the expected load of this run cannot be simulated: "+err.Error())
	} else {
		for _, line := range e.lines(foreign) {
			r.progress.Mark(0, line)
		}
	}
	e.ceilings(&r.permission.ceiling, &r.sc.Limits, s.asked())
	if !foreign {
		return
	}
	for _, line := range e.ceilingLines(&r.sc.Limits, "") {
		r.progress.Mark(0, line)
	}
}

// stream is the shape of the stream as it was read before the run.
func (s *stream) stream() forecast.Stream {
	return forecast.StreamOf(s.read.Lists[0], s.sample, s.read.Pipelines)
}

// asked is the kinds of requests that each known host gets. Which pipeline a host
// serves does not matter: after a failover all players may ask it.
func (s *stream) asked() map[string]forecast.Kinds {
	media := forecast.Of(m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
	hosts := map[string]forecast.Kinds{}
	add := func(host string, kinds forecast.Kinds) {
		if name := look.Hostname(host); name != "" {
			hosts[name] |= kinds
		}
	}
	for _, u := range s.urls {
		add(look.HostOf(u), forecast.Of(m3u8.KindMultivariant))
	}
	beside := false // segments are on the hosts of their playlists
	for _, h := range s.segments {
		add(h, media)
		beside = beside || slices.ContainsFunc(s.media, func(u string) bool { return look.Hostname(look.HostOf(u)) == look.Hostname(h) })
	}
	for _, u := range s.media {
		add(look.HostOf(u), forecast.Of(m3u8.KindMedia))
		if beside {
			add(look.HostOf(u), media)
		}
	}
	for _, h := range s.fetch.Hosts() { // reached by a redirect: the kinds are unknown
		if _, known := hosts[look.Hostname(h)]; !known {
			add(h, forecast.All)
		}
	}
	return hosts
}

// Foresight is what is known of a run on a URL before it begins.
type Foresight struct {
	Load  []string // the expected load on the target and the ceilings, in words
	Notes []string // what the run cannot show

	Players, Requests, Bytes int64
	RequestsPerSecond        float64 // mean
	BusiestRequests          float64 // per second, over 5 s
	BusiestBits              float64 // per second, over 5 s
}

// Foresee says what a run on a URL will ask of its target, and what it cannot show. If
// looking is set, the stream is read first; otherwise its shape is assumed.
func Foresee(ctx context.Context, cfg *Config, looking bool) (*Foresight, error) {
	sc := cfg.Scenario
	shape := forecast.Stream{Pipelines: max(2, len(sc.Target.URLs))}
	if len(sc.Target.Pipelines) == 1 {
		shape.Pipelines = 1
	}
	foreign, where := !allLocal(sc), " where the target is not local"
	var notes []string
	if w := atViewers(entries(sc.Faults()), 0); w != "" {
		notes = []string{w}
	}
	if looking {
		s, out, err := lookAt(ctx, cfg)
		if err != nil {
			return nil, err
		}
		defer s.close()
		if notes, err = s.meaning(sc.Faults()); err != nil {
			return nil, err
		}
		shape, foreign, where = s.stream(), out, ""
	}
	e, err := expectLoad(ctx, sc, sc.Faults(), shape, foreign)
	if err != nil {
		return nil, internal(err)
	}
	if !looking {
		e.assumed = append(e.assumed, fmt.Sprintf("%d pipelines (hlsload plan --look reads the stream)", shape.Pipelines))
	}
	lines := e.lines(foreign)
	if foreign {
		lines = append(lines, e.ceilingLines(&sc.Limits, where)...)
	}
	f := &Foresight{Load: lines, Notes: notes, Players: int64(e.Players), Requests: int64(e.Requests(forecast.All)), Bytes: int64(e.Bytes())}
	f.RequestsPerSecond = e.Requests(forecast.All) / max(e.Duration.Seconds(), 1)
	f.BusiestRequests, _ = e.Busiest(forecast.All)
	f.BusiestBits, _ = e.BusiestBits()
	for _, text := range [][]string{f.Load, f.Notes} {
		for i := range text {
			text[i] = sc.Redact(text[i])
		}
	}
	return f, nil
}

// lookAt reads a stream as one player would, and reports whether one of its hosts
// is not local. The caller closes the stream.
func lookAt(ctx context.Context, cfg *Config) (s *stream, foreign bool, err error) {
	p, err := newPermission(ctx, cfg.Scenario, cfg.Network.Target, cfg.Version)
	if err != nil {
		return nil, false, err
	}
	if s, err = openStream(ctx, cfg.Scenario, p); err != nil {
		return nil, false, err
	}
	for _, h := range s.hosts() {
		out, err := p.look(ctx, look.Hostname(h))
		if err != nil {
			s.close()
			return nil, false, refuse(err)
		}
		foreign = foreign || out
	}
	return s, foreign, nil
}

// allLocal reports whether the URLs of a target show, without a look-up, that it
// is local.
func allLocal(sc *scenarios.Scenario) bool {
	return !slices.ContainsFunc(sc.Target.URLs, func(u scenarios.Text) bool {
		name := look.Hostname(look.HostOf(u.Value))
		addr, err := netip.ParseAddr(name)
		return name != "localhost" && (err != nil || !agreed.Local(addr))
	})
}
