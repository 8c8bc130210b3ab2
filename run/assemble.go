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
	"slices"
	"time"
)

// assemble connects target, collector, fleet and conductor.
func (r *live) assemble(check *fleet.Check) error {
	cfg := stage.Measure(r.sc, reports.ModeRun, r.faults, r.epoch)
	cfg.RunID, cfg.Build, cfg.Events = r.id, r.cfg.Build, r.results.events.Log
	if err := r.target.describe(&cfg, r.sc); err != nil {
		return err
	}
	var err error
	if r.results.collector, err = record.New(cfg); err != nil {
		return err
	}
	if r.cfg.Began != nil {
		r.cfg.Began(Alone{r.results.collector})
	}
	if slices.ContainsFunc(r.faults, func(f chaos.Fault) bool { return f.Via == chaos.ViaManual }) {
		r.results.late = &later{lag: 2*cfg.TargetDuration + manualSpare}
	}
	r.chaos.injector = inject.New(r.chaos.board, r.now, r.target.rewriting)
	if err := r.openFleet(check); err != nil {
		return err
	}
	appliers := map[chaos.Via]chaos.Applier{
		chaos.ViaViewer:  &viewers{r.chaos.injector, r},
		chaos.ViaCommand: &command.Applier{Bites: r.target.bites, Healthy: r.target.healthy},
	}
	if e := r.target.embedded; e != nil {
		e.count(r.results.collector.Meter())
		appliers[chaos.ViaRig] = &serve.Applier{Server: e.server, Board: r.chaos.board}
	}
	if r.account.applier != nil {
		appliers[chaos.ViaAWS] = r.account.applier
	}
	longest := time.Duration(0) // that a person may take
	for i := range r.faults {
		longest = max(longest, r.faults[i].Within)
	}
	if s := r.target.stream; s != nil && longest > 0 {
		r.manual = newManual(s, r.now, r.results.late, r.results.collector)
		appliers[chaos.ViaManual] = r.manual
		longest += manualSpare + 2*cfg.TargetDuration
	}
	parts := map[chaos.Part]chaos.Applier{chaos.PartAudience: &audienceFaults{r}}
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
			Patience: map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Patience, chaos.ViaManual: longest}},
		Limits:   map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Limit, chaos.ViaManual: longest},
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
			if late := r.results.late; late != nil {
				return late.join(r.results.collector, now, who)
			}
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
		s.in.configure(&fc)
		if s.cloudFront {
			fc.Headers = append(fc.Headers, look.ServerTiming)
		}
	}
	var err error
	if r.fleet, err = fleet.New(fc); err != nil {
		return err
	}
	if s != nil {
		s.in.onEnd(r.fleet.Halt)
	}
	return nil
}

// limit sets the hosts that may be dialled, the ceilings, and the User-Agent that
// players use once a host is not local.
func (r *live) limit(fc *fleet.Config) {
	fc.Resolver, fc.Allow = r.cfg.Network.Target.Resolver, onlyLocal
	fc.Ceiling = ceilingOf(&r.sc.Limits)
	if p := r.permission; p != nil {
		fc.Allow, fc.Led, fc.Ceiling, fc.TLS = p.allow, p.gate.Told, p.ceiling, p.tls
		fc.Caller, fc.Cautious = p.agent, len(p.foreign) > 0
	}
}

// record writes a step to the journal and reports faults to the collector when
// they are applied and undone.
func (r *live) record(s conduct.Step) error {
	if err := r.chaos.journal.Record(s); err != nil {
		return err
	}
	applied := s.Type == conduct.StepApplied && s.Err == ""
	if s.Fault.Kind.Spec().Part == chaos.PartAudience {
		applied = s.Type == conduct.StepApply // those who leave at the onset were watching then
	}
	switch {
	case s.Fault.Via == chaos.ViaManual: // the playlists say when
	case applied:
		return r.results.collector.FaultApplied(s.Fault.Rule, s.Fault.Occurrence, s.At, r.results.collector.Usual())
	case s.Type == conduct.StepUndone && s.Err == "":
		// A fault that could not be applied is undone as well; the collector refuses it.
		_ = r.results.collector.FaultCleared(s.Fault.Rule, s.Fault.Occurrence, s.At)
	}
	return nil
}
