package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/stage"
)

// resumed is what a run that goes on knows of the time before.
type resumed struct {
	outcomes []chaos.Outcome // of the faults, as the journal says
	gap      record.Gap
}

// reopen takes over the journal of the run, and puts back what was left behind.
func (r *live) reopen(ctx context.Context) error {
	undo := &Undoer{AWS: r.cfg.Network.AWS, Secrets: r.cfg.Secrets}
	path := filepath.Join(r.cfg.Dir, reports.JournalFile)
	j, lines, done, err := journal.Reopen(ctx, path, r.sc.Redact, undo.undoers())
	for _, i := range done.Items {
		what := i.Action
		if i.Err != nil {
			what = "not undone: " + i.Err.Error()
		}
		r.progress.Mark(0, fmt.Sprintf("%s, occurrence %d: %s: %s", i.Line.Name, i.Line.Occurrence, i.Line.Fault, what))
	}
	if err != nil {
		kind := Left
		if len(done.Items) == 0 {
			kind = Refused
		}
		return &Error{kind, r.sc.Redact(fmt.Sprintf("resume %s: what the run left behind was not put back: %v", r.cfg.Dir, err)), err}
	}
	if _, err := undo.Heal(ctx); err != nil {
		r.warnings = append(r.warnings, r.sc.Redact("after the machine was lost, everything was undone, but the channel was not seen healthy again: "+err.Error()))
	}
	j.Reference = r.sc.Reference
	r.chaos.journal, r.resumed.outcomes = j, outcomesOf(lines, r.faults)
	return nil
}

// outcomesOf is what became of the faults, as a journal says.
func outcomesOf(lines []journal.Line, faults []chaos.Fault) []chaos.Outcome {
	type name struct {
		name       string
		occurrence int
	}
	all, at := make([]chaos.Outcome, len(faults)), map[name]*chaos.Outcome{}
	for i := range faults {
		all[i].Fault = &faults[i]
		at[name{faults[i].Name, faults[i].Occurrence}] = &all[i]
	}
	for i := range lines {
		l := &lines[i]
		o := at[name{l.Name, l.Occurrence}]
		if o == nil || l.By != "" { // what was undone afterwards is not the run's doing
			continue
		}
		now := time.Duration(l.At * 1e6)
		ok := l.Err == ""
		switch l.Step {
		case conduct.StepApply:
			o.Tried = true
		case conduct.StepApplied:
			o.Tried, o.Applied, o.AppliedAt = true, ok, now
			if ok && o.Fault.Kind.Spec().Instant {
				o.Bitten, o.Undone, o.UndoVerified = true, true, true
			}
		case conduct.StepBites:
			o.Bitten, o.BittenAt = ok, now
		case conduct.StepUndone:
			o.Undone, o.ClearedAt = ok, now
		case conduct.StepHealthy:
			o.UndoVerified, o.HealthyAt = ok, now
		}
		if !ok && o.Err == "" {
			o.Err = l.Err
		}
		if l.Detail != "" {
			o.Detail = l.Detail
		}
	}
	return all
}

// join puts the outcomes of before beside those of this process.
func (r *live) join(outcomes []chaos.Outcome) []chaos.Outcome {
	if r.cfg.Resume == nil {
		return outcomes
	}
	outcomes = slices.Clone(outcomes)
	for i := range outcomes {
		if outcomes[i].Fault.At < r.resumed.gap.Settled {
			outcomes[i] = r.resumed.outcomes[i]
		}
	}
	return outcomes
}

// before adds what the run used before its machine was lost.
func (r *live) before(end *measure.End) {
	p := r.cfg.Resume
	if p == nil {
		return
	}
	end.CPU += p.last.CPU
	end.RSSPeak, end.Goroutines = max(end.RSSPeak, p.last.RSS), max(end.Goroutines, p.last.Goroutines)
	end.DroppedSamples += p.last.LocalErrors
}

// tellResumed makes the collector go on, and says what is lost.
func (r *live) tellResumed() (err error) {
	p := r.cfg.Resume
	to := r.t0.Sub(r.epoch)
	if r.resumed.gap, err = p.goOn(r.results.collector, to, to+p.Scenario.Fleet.Audience.Ramp()); err != nil {
		return &Error{Refused, fmt.Sprintf("resume %s: %v (want the same stream and the same version of hlsload)", r.cfg.Dir, err), err}
	}
	g := &r.resumed.gap
	r.progress.Mark(g.To, fmt.Sprintf("the run goes on; its machine was lost at %s or later, and the viewers are back by %s. What this touches does not count",
		figure.Clock(g.From.Truncate(time.Second)), figure.Clock(g.Settled.Truncate(time.Second))))
	return nil
}

// afterwards finishes the reports of a run whose time has passed while its machine was
// lost, from what was kept.
func (r *live) afterwards() (*reports.Summary, error) {
	p := r.cfg.Resume
	c := measuring(r.sc, r.faults)
	c.RunID, c.Build, c.Started = p.saved.Run, r.cfg.Build, p.saved.Started
	c.TargetDuration, c.Pipelines, c.Renditions = p.saved.Target.TargetDuration, p.saved.Target.Pipelines, p.saved.Target.Renditions
	collector, err := record.New(c)
	if err != nil {
		return nil, &Error{Refused, fmt.Sprintf("resume %s: %v", r.cfg.Dir, err), err}
	}
	if _, err = p.goOn(collector, r.sc.Duration, r.sc.Duration); err != nil {
		return nil, &Error{Refused, fmt.Sprintf("resume %s: %v", r.cfg.Dir, err), err}
	}
	end := measure.End{At: r.sc.Duration, Faults: r.resumed.outcomes, LostLimit: r.sc.Limits.Lost, CPU: p.last.CPU, RSSPeak: p.last.RSS, Goroutines: p.last.Goroutines, DroppedSamples: p.last.LocalErrors, Warnings: r.warnings}
	s := measure.Derive(collector.Finish(end.At), end).Summary
	stage.Hide(s, r.sc.Secrets())
	return s, nil
}
