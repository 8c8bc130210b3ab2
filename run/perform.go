package run

import (
	"context"
	"fmt"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/run/look"
	"hlsload/stage"
	"runtime"
	"slices"
	"time"
)

// perform performs the run and measures it.
func (r *live) perform(ctx context.Context) *reports.Summary {
	sleepUntil(ctx, r.epoch)
	// Players outlive an interrupt until the faults are undone.
	watching, goHome := context.WithCancel(context.WithoutCancel(ctx))
	defer goHome()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer r.guard()
		r.fleet.Run(watching)
	}()
	ticking, stopTicking := context.WithCancel(context.WithoutCancel(ctx))
	ticked := make(chan struct{})
	go func() {
		defer close(ticked)
		defer r.guard()
		r.tick(ticking, ctx.Done())
	}()
	halting := make(chan struct{})
	go func() {
		defer close(halting)
		defer r.guard()
		r.watchHalt(ticking)
	}()
	levering := make(chan struct{})
	go func() {
		defer close(levering)
		defer r.guard()
		r.watchLever(ticking)
	}()
	stopWatching := r.watch(ctx)
	outcomes, aborted := r.chaos.conductor.Run(ctx)
	end := measure.End{At: r.now(), Faults: stage.FaultEnds(outcomes), Interrupted: aborted}
	stopWatching()
	stopTicking()
	<-ticked
	<-halting
	<-levering
	if ctx.Err() != nil {
		end.Interrupted = "interrupted by the user"
	}
	why, at := r.fleet.HaltReason()
	if why != "" { // no player watched after that
		end.At, end.Interrupted = at, why
	}
	end.Warnings = slices.Concat(r.target.warnings(), r.said(), r.warnings, r.leftOnAWS(outcomes))
	if r.sc.Fleet.CMCD == "query" && r.sc.Target.Rig == nil {
		end.Warnings = append(end.Warnings, "fleet.cmcd: query adds an argument of its own to every request: on a CDN whose cache key has query strings each of them is a miss, and the origin's load is not what real viewers cause (want header)")
	}
	stats := r.fleet.Stats()
	end.Warnings = append(end.Warnings, look.WithheldFrom(stats.Withheld)...)
	end.DroppedSamples = stats.LocalErrors
	if stats.LocalErrors > 0 {
		end.Warnings = append(end.Warnings, fmt.Sprintf("%d requests failed on this machine itself: %s", stats.LocalErrors, stats.LocalError))
	}
	r.count()
	end.CPU, end.RSSPeak, end.Goroutines = cpuTime(), rssPeak(), r.results.goroutines
	over := measure.Finish(r.results.collector, end)
	s := over.Summary
	goHome()
	<-gone
	s.Warnings = append(s.Warnings, r.tidyAWS(ctx)...) // may take minutes, which are not part of the run
	r.watched(ctx, over)
	r.permission.oneWay(s, r.fleet.Spread())
	return s
}

// said is what the look at the target and its operator had to say.
func (r *live) said() (w []string) {
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

// hint is what the user should know before loading this target; "" = nothing.
func (r *live) hint() string {
	s := r.target.stream
	if p := r.permission; s != nil && (s.cloudFront || p.cloudFront) && p.crowd() {
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

// tick does once a second what has to be done all the time.
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
	tripped := false
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
		why, err := each.Pass(now)
		if why != "" && !tripped {
			tripped = true
			r.progress.Mark(now, why+"; the faults are put back, then the run ends")
			r.chaos.conductor.Stop(why)
		}
		if err != nil {
			r.chaos.conductor.Abort(err.Error())
		}
	}
}

// count notes how many goroutines there are. It belongs to one goroutine at a
// time.
func (r *live) count() {
	r.results.goroutines = max(r.results.goroutines, int64(runtime.NumGoroutine()))
}
