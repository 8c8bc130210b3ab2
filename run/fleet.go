package run

import (
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/cmcd"
	"hlsload/reports/record"
	"hlsload/run/crew"
	"hlsload/run/fleet"
	"hlsload/run/look"
)

// cmcdWays are the values of fleet.cmcd.
var cmcdWays = map[string]fleet.CMCD{"off": fleet.CMCDOff, "header": fleet.CMCDHeader, "query": fleet.CMCDQuery}

// fleetConfig describes the agent's players.
func (a *agent) fleetConfig(b crew.Begin) fleet.Config {
	g := a.ground
	sc, t := g.sc, &g.target
	fc := fleet.Config{
		Audience: sc.Fleet.Audience, Profiles: map[string]*player.Profile{}, Seed: g.seed(), Epoch: a.epoch, Wall: b.Wall, Slots: a.plan.share().slots(),
		URL: t.url, Classify: t.classify, NoBodies: sc.Fleet.Body == "none",
		CMCD: cmcdWays[sc.Fleet.CMCD], MaxPlaylist: sc.Limits.Playlist,
		Join: func(now time.Duration, who record.SessionInfo) fleet.Session {
			if a.late != nil {
				return a.late.join(a.collector, now, who)
			}
			return a.collector.Join(now, who)
		},
		Redact: g.hide.of, Sources: a.check.Sources, Dial: g.network.Target.Dial, Guard: a.guard, May: b.Lease.Held, Public: t.channel != nil, Held: t.channel != nil,
	}
	if r := a.host; r != nil && r.cfg.Resume != nil {
		fc.Wall = r.measure.Started
		fc.Audience = sc.Fleet.Audience.Resume(r.resumed.gap.To, len(r.results.collector.Gaps()))
	}
	fc.Run, _ = cmcd.ParseRun(a.plan.Run)
	for i, c := range sc.Fleet.Audience.Cohorts {
		fc.Profiles[c.Profile] = sc.Fleet.Profiles[i]
	}
	for i := range g.faults {
		f := &g.faults[i]
		part := f.Kind.Spec().Part
		if f.Via == chaos.ViaViewer {
			fc.Chaos = a.injector
		}
		fc.LinkFaults = fc.LinkFaults || part == chaos.PartLink
		fc.Named = fc.Named || part == chaos.PartTokens && f.Via == chaos.ViaRig
	}
	g.limit(&fc)
	fc.Ceiling = a.plan.share().ceiling(fc.Ceiling)
	if s := t.stream; s != nil {
		fc.Credentials = s.creds
		s.in.configure(&fc)
		if s.cloudFront {
			fc.Headers = append(fc.Headers, look.ServerTiming)
		}
	}
	return fc
}

// limit sets the hosts that may be dialled, the ceilings, and the User-Agent that
// players use once a host is not local.
func (g *ground) limit(fc *fleet.Config) {
	fc.Resolver, fc.Allow = g.network.Target.Resolver, g.onlyChannel()
	fc.Ceiling = ceilingOf(&g.sc.Limits)
	if p := g.permission; p != nil {
		fc.Allow, fc.Led, fc.Ceiling, fc.TLS = p.allow, p.gate.Told, p.ceiling, p.tls
		fc.Caller, fc.Cautious = p.agent, len(p.foreign) > 0
	}
}
