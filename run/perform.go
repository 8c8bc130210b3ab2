package run

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/measure"
	"hlsload/run/client"
	"hlsload/run/crew/protocol"
	"hlsload/run/look"
	"hlsload/run/vital"
	"hlsload/stage"
)

// perform performs the timeline and returns the summary.
func (r *live) perform(ctx context.Context) *reports.Summary {
	r.results.vital = vital.New(r.cfg.Vital)
	sleepUntil(ctx, r.t0)
	ticking, stopTicking := context.WithCancel(context.WithoutCancel(ctx))
	var ticks sync.WaitGroup
	for _, f := range []func(context.Context){func(until context.Context) { r.tick(until, ctx.Done()) }, r.watchHalt, r.watchLever, r.keep} {
		ticks.Go(func() {
			defer r.guard()
			f(ticking)
		})
	}
	stopWatching := r.watch(ctx)
	outcomes, aborted := r.chaos.conductor.Run(ctx)
	outcomes = r.join(outcomes)
	r.manual.close()
	end := measure.End{At: r.now(), Faults: outcomes, Interrupted: aborted, LostLimit: r.sc.Limits.Lost}
	stopWatching()
	stopTicking()
	ticks.Wait()
	if ctx.Err() != nil {
		end.Interrupted = "interrupted by the user"
	}
	early := r.conclude(ctx, &end)
	part := r.gather(&end)
	r.before(&end)
	end.Trends = r.trends(end.At)
	known := r.target.warnings()
	left := r.left(known)
	end.Warnings = slices.Concat(known, r.notes(), r.warnings, r.leftOnAWS(outcomes), left.Warnings, end.Warnings)
	if r.sc.Fleet.CMCD == "query" && r.sc.Target.Rig == nil {
		end.Warnings = append(end.Warnings, "fleet.cmcd: query makes the URL of every request unique: on a CDN with query strings in its cache key each request is a miss, and the origin gets more load than real viewers cause (want header)")
	}
	end.Warnings = append(end.Warnings, look.WithheldFrom(left.Withheld)...)
	end.DroppedSamples += left.LocalErrors
	if left.LocalErrors > 0 {
		end.Warnings = append(end.Warnings, fmt.Sprintf("%d requests failed because of this machine, not because of the target: %s", left.LocalErrors, left.LocalError))
	}
	if r.cfg.Ended != nil {
		r.cfg.Ended(part)
	}
	end.Watching = r.account.watcher != nil
	over := measure.Derive(part, end)
	s := over.Summary
	s.Warnings = append(s.Warnings, r.results.events.Rest()...)
	s.Warnings = append(s.Warnings, r.tidyAWS(ctx)...) // may take minutes, which are not part of the run
	r.watched(ctx, over, early)
	r.permission.oneWay(s, client.Spread{Connections: left.Connections, Addresses: left.Addresses})
	return s
}

// conclude ends the record and sends the players away. It reports whether the run ended early.
func (r *live) conclude(ctx context.Context, end *measure.End) (early bool) {
	c := &r.crew
	c.mu.Lock()
	c.over = true // what comes now does not end the run
	halt := c.halt
	c.mu.Unlock()
	order := protocol.Order{Mode: protocol.Drain, Reason: end.Interrupted}
	switch {
	case halt == nil:
	case halt.lost:
		order, end.Interrupted = protocol.Order{Mode: protocol.Now, Reason: halt.why}, ""
	default: // there were no players after that
		order.Mode, end.At, end.Interrupted = protocol.Now, halt.at, r.sc.Redact(halt.why)
	}
	if c.agent != nil { // the record of this process; the others end theirs when they hear of the halt
		c.agent.end(end.At)
	}
	if order.Mode == protocol.Now {
		c.conductor.Halt(protocol.Now, order.Reason, "")
	} else {
		c.conductor.Drain(end.At, order.Reason)
	}
	return ctx.Err() != nil || halt != nil
}

// notes are what the report should say about the target and its consent.
func (r *live) notes() (w []string) {
	if hint := r.hint(); hint != "" {
		w = append(w, hint)
	}
	if r.permission != nil {
		w = append(w, r.permission.notes...)
		if r.sc.Target.InsecureSkipVerify {
			w = append(w, "certificates were not checked at local addresses (target.insecure_skip_verify)")
		}
	}
	return w
}

// hint is what users should know before they load this target; "" = nothing.
func (r *live) hint() string {
	s := r.target.stream
	if p := r.permission; s != nil && p.needsConsent() && (p.cloudFront || s.cloudFront && p.anyForeign()) {
		return cloudFrontHint
	}
	return ""
}

// sleepUntil returns at an instant, or when the context ends.
func sleepUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// tick shows progress, checks stop conditions and writes events once a second.
func (r *live) tick(ctx context.Context, interrupted <-chan struct{}) {
	if where := r.target.shown; where != "" {
		r.progress.Mark(0, where)
	}
	if hint := r.hint(); hint != "" {
		r.progress.Mark(0, hint)
	}
	if r.account.monitor != nil {
		for _, line := range r.account.monitor.Summary().Found {
			r.progress.Mark(0, "AWS: "+line)
		}
	}
	each := stage.NewSecond(r.progress, r.results.collector, r.account.monitor, r.results.events.Log, r.faults)
	if r.cfg.Resume != nil {
		each.Resume()
	}
	tripped, next := false, r.now()+checkpointEvery
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-interrupted:
			r.progress.Mark(r.now(), "interrupted: the faults are put back first")
			interrupted = nil
			continue
		case <-ticker.C:
		}
		now := r.now()
		r.count()
		r.results.vital.Look(now)
		r.manual.show(r.progress.Mark)
		if show, ok := r.cfg.Progress.(stage.AgentProgress); ok && !r.crew.alone {
			show.Agents(now, r.agents())
		}
		why := each.Take(now, r.said(now))
		if why != "" && !tripped {
			tripped = true
			r.progress.Mark(now, why+"; the faults are put back, then the run ends")
			r.chaos.conductor.Stop(why)
		}
		if !r.crew.alone {
			continue // the parts of the others come at the end
		}
		if r.cfg.Live != nil && r.cfg.Live.Wanted() {
			r.cfg.Live.Show(r.soFar(now))
		}
		if now >= next && r.cfg.Checkpoint != nil && len(r.faults) <= mostDerived {
			next = now + checkpointEvery
			if err := r.cfg.Checkpoint(r.soFar(now)); err != nil {
				r.progress.Mark(now, fmt.Sprintf("warning: writing a checkpoint: %v", err))
			}
		}
	}
}

// checkpointEvery is how often a long run keeps what it has so far.
const checkpointEvery = 5 * time.Minute

// mostDerived is of how many occurrences of faults a summary is derived while the run goes
// on: of more it takes so long that stop conditions would have to wait. Snapshots are taken of all.
const mostDerived = 2000

// soFar is the summary of a run that goes on.
func (r *live) soFar(now time.Duration) *reports.Summary {
	s := measure.SoFar(r.results.collector, measure.End{At: now, Interrupted: reports.StillGoingOn + figure.Clock(now.Truncate(time.Second)) + "; these are the figures so far",
		CPU: cpuTime(), RSSPeak: rssPeak(), Goroutines: r.results.goroutines, DroppedSamples: r.crew.agent.stats().LocalErrors})
	stage.Hide(s, r.sc.Secrets())
	return s
}

// count keeps the peak number of goroutines. Only one goroutine at a time may call
// it.
func (r *live) count() {
	r.results.goroutines = max(r.results.goroutines, int64(runtime.NumGoroutine()))
}

// trends are what became of what this process and those of the agents used. All players are gone.
func (r *live) trends(end time.Duration) []reports.Trend {
	all := r.results.vital.Trends(end, true)
	c := &r.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.alone {
		for i := range all {
			all[i].Agent = "conductor"
		}
	}
	for i := range c.members {
		m := &c.members[i]
		if m.local || m.part == nil {
			continue
		}
		for _, t := range m.part.Trends {
			t.Agent = m.Info.Name
			all = append(all, t)
		}
	}
	return all
}
