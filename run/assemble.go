package run

import (
	"time"

	"hlsload/chaos"
	"hlsload/chaos/command"
	"hlsload/chaos/conduct"
	"hlsload/reports/record"
	"hlsload/rig/serve"
	"hlsload/run/cloud"
	"hlsload/stage"
)

// assemble makes what depends on T0: the clock, the collector and what applies the faults.
func (r *live) assemble(t0 time.Time) error {
	r.epoch, r.t0, r.measure.Started = t0, t0, t0
	if p := r.cfg.Resume; p != nil { // its clock is that of before
		r.epoch, r.measure.Started = t0.Add(-p.elapsed(t0)), p.saved.Started
	}
	if e := r.target.embedded; e != nil {
		e.begin(r.measure.Started)
	}
	if r.account.monitor != nil {
		r.account.monitor.Start(r.measure.Started)
	}
	r.measure.Events = r.results.events.Log
	if !r.crew.alone {
		r.measure.Agents = len(r.crew.members)
	}
	var err error
	if r.results.collector, err = record.New(r.measure); err != nil {
		return err
	}
	if r.cfg.Resume != nil {
		if err := r.tellResumed(); err != nil {
			return err
		}
	}
	if c := &r.crew; !c.alone {
		c.speaker = stage.NewSpeaker(r.results.collector)
		names := []string{"the conductor"}
		for i := range c.members {
			names = append(names, "agent "+c.members[i].Info.Name)
		}
		c.listener = stage.NewListener(r.results.collector.Config(), names)
	}
	if r.cfg.Began != nil {
		if r.crew.alone {
			r.cfg.Began(Alone{r.results.collector})
		} else {
			r.cfg.Began(merged{r})
		}
	}
	appliers := map[chaos.Via]chaos.Applier{
		chaos.ViaViewer:  r.viewers(),
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
		r.manual = newManual(r, s)
		appliers[chaos.ViaManual] = r.manual
		longest += manualSpare + 2*r.measure.TargetDuration
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
		Timeline: chaos.Timeline{Duration: r.sc.Duration, From: r.resumed.gap.Settled, Target: r.measure.TargetDuration, Recovery: r.sc.Recovery, Linger: stage.Linger(r.sc.Recovery, r.measure.TargetDuration),
			Patience: map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Patience, chaos.ViaManual: longest}},
		Limits:   map[chaos.Via]time.Duration{chaos.ViaAWS: cloud.Limit, chaos.ViaManual: longest},
		Appliers: appliers,
		Parts:    parts,
		Now:      r.now,
		Record:   r.record,
	})
	return err
}

// record writes a step to the journal and reports faults to the collector when
// they are applied and undone.
func (r *live) record(s conduct.Step) error {
	if err := r.chaos.journal.Record(s); err != nil {
		return err
	}
	on := s.Type == conduct.StepApplied && s.Err == ""
	if s.Fault.Kind.Spec().Part == chaos.PartAudience {
		on = s.Type == conduct.StepApply // those who leave at the onset were watching then
	}
	switch {
	case s.Fault.Via == chaos.ViaManual: // the playlists say when
	case on:
		return r.faultApplied(s.Fault, s.At)
	case s.Type == conduct.StepUndone && s.Err == "":
		// A fault that could not be applied is undone as well; the collector refuses it.
		_ = r.faultCleared(s.Fault, s.At)
	}
	return nil
}

// faultApplied says to all collectors of the run that a fault is on since at.
func (r *live) faultApplied(f *chaos.Fault, at time.Duration) error {
	e := of(applied, f, at)
	_, err := r.tell(e, func() error {
		e.Usual = r.usual()
		return r.results.collector.FaultApplied(f.Rule, f.Occurrence, at, e.Usual)
	})
	return err
}

// faultCleared says to all collectors of the run that a fault is undone since at.
func (r *live) faultCleared(f *chaos.Fault, at time.Duration) error {
	_, err := r.tell(of(cleared, f, at), func() error {
		return r.results.collector.FaultCleared(f.Rule, f.Occurrence, at)
	})
	return err
}
