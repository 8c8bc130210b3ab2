package run

import (
	"hlsload/chaos"
	"hlsload/chaos/command"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/player"
	"hlsload/player/cmcd"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig/serve"
	"hlsload/run/cloud"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/stage"
	"time"
)

// assemble connects everything that takes part.
func (r *live) assemble(check *fleet.Check) error {
	cfg := stage.Measure(r.sc, reports.ModeRun, r.faults, r.epoch)
	cfg.RunID, cfg.Events = r.id, r.results.events.Log
	if err := r.target.describe(&cfg, r.sc); err != nil {
		return err
	}
	var err error
	if r.results.collector, err = record.New(cfg); err != nil {
		return err
	}
	r.chaos.injector = inject.New(r.chaos.board, r.now, r.target.rewriting)
	if err := r.openFleet(check); err != nil {
		return err
	}
	appliers := map[chaos.Via]chaos.Applier{
		chaos.ViaViewer:  &viewers{r.chaos.injector, r},
		chaos.ViaCommand: command.New(command.Config{Bites: r.target.bites, Healthy: r.target.healthy}),
	}
	if e := r.target.embedded; e != nil {
		e.count(r.results.collector.Meter())
		appliers[chaos.ViaRig] = &serve.Applier{Server: e.server, Board: r.chaos.board}
	}
	if r.account.applier != nil {
		appliers[chaos.ViaAWS] = r.account.applier
	}
	parts := map[chaos.Part]chaos.Applier{chaos.PartAudience: &crowd{r}}
	if through := r.cfg.Applying; through != nil {
		for via, a := range appliers {
			appliers[via] = through(a)
		}
		for part, a := range parts {
			parts[part] = through(a)
		}
	}
	r.chaos.conductor, err = conduct.New(conduct.Config{
		Faults: r.faults,
		Timeline: chaos.Timeline{Duration: r.sc.Duration, Target: cfg.TargetDuration, Recovery: r.sc.Recovery, Linger: stage.Linger(r.sc.Recovery, cfg.TargetDuration),
			Patience: map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Patience}},
		Limits:   map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Limit},
		Appliers: appliers,
		Parts:    parts,
		Now:      r.now,
		Record:   r.record,
	})
	return err
}

// cmcdWays are the values of fleet.cmcd.
var cmcdWays = map[string]fleet.CMCD{"off": fleet.CMCDOff, "header": fleet.CMCDHeader, "query": fleet.CMCDQuery}

// openFleet makes the players.
func (r *live) openFleet(check *fleet.Check) error {
	fc := fleet.Config{
		Audience: r.sc.Fleet.Audience, Profiles: map[string]*player.Profile{}, Seed: r.seed(), Epoch: r.epoch,
		URL: r.target.url, Classify: r.target.classify, NoBodies: r.sc.Fleet.Body == "none",
		CMCD: cmcdWays[r.sc.Fleet.CMCD], MaxPlaylist: r.sc.Limits.Playlist,
		Join: func(now time.Duration, who record.SessionInfo) fleet.Session {
			return r.results.collector.Join(now, who)
		},
		Redact: r.hide.of, Sources: check.Sources, Dial: r.cfg.Network.Target.Dial, Guard: r.guard, Public: r.target.embedded != nil,
	}
	fc.Run, _ = cmcd.ParseRun(r.id)
	for i, c := range r.sc.Fleet.Audience.Cohorts {
		fc.Profiles[c.Profile] = r.sc.Fleet.Profiles[i]
	}
	for i := range r.faults {
		f := &r.faults[i]
		part := f.Kind.Spec().Part
		if f.Via == chaos.ViaViewer {
			fc.Chaos = r.chaos.injector
		}
		fc.LinkFaults = fc.LinkFaults || part == chaos.PartLink
		fc.Named = fc.Named || part == chaos.PartTokens && f.Via == chaos.ViaRig
	}
	if e := r.target.embedded; e != nil {
		fc.Lost = e.server.Marks
	}
	r.limit(&fc)
	s := r.target.stream
	if s != nil {
		fc.Credentials = s.creds
		s.in.join(&fc)
		if s.cloudFront {
			fc.Headers = append(fc.Headers, look.ServerTiming)
		}
	}
	var err error
	if r.fleet, err = fleet.New(fc); err != nil {
		return err
	}
	if s != nil {
		s.in.halts(r.fleet.Halt)
	}
	return nil
}

// limit sets the hosts that may be dialled, the ceilings, and what players call
// themselves as soon as a host is not local.
func (r *live) limit(fc *fleet.Config) {
	fc.Resolver, fc.Allow = r.cfg.Network.Target.Resolver, onlyLocal
	fc.Ceiling = ceilingOf(&r.sc.Limits)
	if p := r.permission; p != nil {
		fc.Allow, fc.Led, fc.Ceiling, fc.TLS = p.allow, p.gate.Told, p.ceiling, p.tls
		fc.Caller, fc.Cautious = p.agent, len(p.foreign) > 0
	}
}

// record writes a step to the journal and tells the collector when faults came
// and went.
func (r *live) record(s conduct.Step) error {
	if err := r.chaos.journal.Record(s); err != nil {
		return err
	}
	switch {
	case s.Type == conduct.StepApplied && s.Err == "":
		return r.results.collector.FaultApplied(s.Fault.Rule, s.Fault.Occurrence, s.At)
	case s.Type == conduct.StepUndone && s.Err == "":
		// A fault whose apply failed is undone all the same, and was never on.
		_ = r.results.collector.FaultCleared(s.Fault.Rule, s.Fault.Occurrence, s.At)
	}
	return nil
}
