package run

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	agreed "hlsload/player/consent"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/sim/forecast"
)

// simulationTime bounds how long it may take to find out what to expect.
const simulationTime = 10 * time.Second

// ceilingOf are the ceilings that a scenario asks for.
func ceilingOf(l *scenarios.Limits) fleet.Ceiling {
	return fleet.Ceiling{Requests: l.Requests, Bandwidth: l.Bandwidth, Bytes: l.Bytes}
}

// expected is what a run will ask of a target at a URL.
type expected struct {
	*forecast.Load
	top     int64    // highest rate of the ladder, 0 = not known
	assumed []string // of the stream
}

// expectLoad simulates a run on a channel of a stream's shape.
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

// lines are for people. A foreign target is not local: it costs something.
func (e *expected) lines(foreign bool) []string {
	lines := append([]string{"expected load, " + e.How()}, e.Lines()...)
	if foreign {
		lines = append(lines, e.Cost(forecast.ListPrices(), time.Now()))
	}
	if len(e.assumed) > 0 {
		lines = append(lines, "assumed, because it is not known: "+strings.Join(e.assumed, ", "))
	}
	return append(lines, e.Notes...)
}

// ceilings adds those that hold on a target that is not local, but for those that
// the scenario names itself. hosts are those that the look at the stream met, with
// what players ask them for.
func (e *expected) ceilings(c *fleet.Ceiling, asked *scenarios.Limits, hosts map[string]forecast.Kinds) {
	total := e.Ceiling(forecast.All)
	raised := 1.0 // what the scenario allows in all, it allows to hosts in proportion
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
			Why: fmt.Sprintf("expected were at most %s over 5 s; limits: {bandwidth: N} raises it", forecast.Rate(peak))}
	}
}

// bound is a ceiling as the fleet has it.
func (e *expected) bound(kinds forecast.Kinds, c forecast.Ceiling) fleet.Bound {
	peak, _ := e.Busiest(kinds)
	return fleet.Bound{Peak: c.Peak, Floor: c.Floor,
		Why: fmt.Sprintf("expected were at most %.0f/s over 5 s, and more than %.0f/s over 5 s together with more than %.0f/s over 10 s ends the run; limits: {requests: N/s} raises it", peak, c.Peak, c.Floor)}
}

// ceilingLines say which ceilings hold; where says on which condition.
func (e *expected) ceilingLines(asked *scenarios.Limits, where string) (lines []string) {
	busiest, _ := e.Busiest(forecast.All)
	busiestBits, _ := e.BusiestBits()
	if c := e.Ceiling(forecast.All); asked.Requests > 0 {
		lines = append(lines, fmt.Sprintf("ceiling of requests: %d/s (limits.requests)%s", asked.Requests, tooLow(float64(asked.Requests), busiest)))
	} else {
		lines = append(lines, fmt.Sprintf("ceiling of requests%s: the run ends above %s/s over 5 s (%g times the busiest) and above %s/s over 10 s (%g/s a player); a host's is its part of that; limits: {requests: N/s} replaces it",
			where, forecast.Number(c.Peak), forecast.Times, forecast.Number(c.Floor), forecast.PerPlayer))
	}
	switch c := e.BitCeiling(e.top); {
	case asked.Bandwidth > 0:
		lines = append(lines, fmt.Sprintf("ceiling of bodies: %s (limits.bandwidth)%s", forecast.Rate(float64(asked.Bandwidth)), tooLow(float64(asked.Bandwidth), busiestBits)))
	case c != forecast.Ceiling{}:
		lines = append(lines, fmt.Sprintf("ceiling of bodies%s: the run ends above %s over 5 s (%g times the busiest) and above %s over 10 s (%g times the highest rendition for every player); limits: {bandwidth: N} replaces it",
			where, forecast.Rate(c.Peak), forecast.Times, forecast.Rate(c.Floor), forecast.Bufferings))
	}
	if asked.Bytes > 0 {
		lines = append(lines, fmt.Sprintf("ceiling of bytes: the run ends at %s of bodies (limits.bytes)%s", forecast.Size(float64(asked.Bytes)), tooLow(float64(asked.Bytes), e.Bytes())))
	}
	return lines
}

// tooLow says that a limit is below what is expected, if it is.
func tooLow(limit, expected float64) string {
	if limit >= expected {
		return ""
	}
	return ": less than what is expected, so the run will end early"
}

// expect finds out what the run will ask of its target. Ceilings follow from it;
// they hold as soon as a host is not local.
func (r *live) expect(ctx context.Context, s *stream) {
	foreign := len(r.permission.foreign) > 0
	e, err := expectLoad(ctx, r.sc, r.faults, s.stream(), foreign)
	if err != nil { // there is a ceiling all the same
		e = &expected{Load: forecast.Unknown(r.sc.MostPlayers(), r.sc.Duration)}
		r.progress.Mark(0, "what to expect of this run cannot be simulated: "+err.Error())
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

// stream is the shape of the stream, as the look at it has it.
func (s *stream) stream() forecast.Stream {
	return forecast.StreamOf(s.read.Lists[0], s.sample, s.read.Pipelines)
}

// asked is what each host that the look met is asked for. Which pipeline a host
// serves does not matter: after a failover it is all of them.
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
	beside := false // segments are where their playlists are
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
	for _, h := range s.fetch.Hosts() { // redirects led there: for what, it is not known
		if _, known := hosts[look.Hostname(h)]; !known {
			add(h, forecast.All)
		}
	}
	return hosts
}

// ExpectedLoad says what a run on a URL will ask of its target: of a stream as
// the look at it finds it, or, without a look, of one as it is assumed to be.
func ExpectedLoad(ctx context.Context, cfg *Config, looking bool) (string, error) {
	sc := cfg.Scenario
	shape := forecast.Stream{Pipelines: max(2, len(sc.Target.URLs))}
	if len(sc.Target.Pipelines) == 1 {
		shape.Pipelines = 1
	}
	foreign, where := !allLocal(sc), " where the target is not local"
	if looking {
		var err error
		if shape, foreign, err = lookAt(ctx, cfg); err != nil {
			return "", err
		}
		where = ""
	}
	e, err := expectLoad(ctx, sc, sc.Faults(), shape, foreign)
	if err != nil {
		return "", internal(err)
	}
	if !looking {
		e.assumed = append(e.assumed, fmt.Sprintf("%d pipelines (hlsload plan --look looks at the stream)", shape.Pipelines))
	}
	lines := e.lines(foreign)
	if foreign {
		lines = append(lines, e.ceilingLines(&sc.Limits, where)...)
	}
	return sc.Redact(lines[0] + "\n          " + strings.Join(lines[1:], "\n          ")), nil
}

// lookAt looks at a stream as one player would, and reports whether a host of it
// is not local.
func lookAt(ctx context.Context, cfg *Config) (shape forecast.Stream, foreign bool, err error) {
	p, err := newPermission(ctx, cfg)
	if err != nil {
		return shape, false, err
	}
	s, err := openStream(ctx, cfg.Scenario, p)
	if err != nil {
		return shape, false, err
	}
	defer s.close()
	for _, h := range s.hosts() {
		out, err := p.look(ctx, look.Hostname(h))
		if err != nil {
			return shape, false, refuse(err)
		}
		foreign = foreign || out
	}
	return s.stream(), foreign, nil
}

// allLocal reports whether the URLs of a target alone show that it is local.
func allLocal(sc *scenarios.Scenario) bool {
	return !slices.ContainsFunc(sc.Target.URLs, func(u scenarios.Text) bool {
		name := look.Hostname(look.HostOf(u.Value))
		addr, err := netip.ParseAddr(name)
		return name != "localhost" && (err != nil || !agreed.Local(addr))
	})
}
