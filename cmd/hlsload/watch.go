package main

import (
	"context"
	"fmt"
	"time"

	"hlsload/reports"
)

// watcher reads back what AWS notices during a run.
type watcher interface {
	Begin(ctx context.Context, must []string) error
	Run(ctx context.Context, guard func())
	Late(ctx context.Context, end time.Time, patience time.Duration)
}

// latePatience is how long a finished run waits for data points that come
// late; CloudFront's take some minutes.
const latePatience = 3 * time.Minute

// stopAlarms are the alarms that may end the run.
func (r *realRun) stopAlarms() (names []string) {
	for _, e := range r.sc.Stop {
		if e.Alarm != "" {
			names = append(names, e.Alarm)
		}
	}
	return names
}

// openWatch begins to watch what the scenario names on AWS. Without an account
// a run goes on, unless an alarm is to stop it.
func (r *realRun) openWatch(ctx context.Context) error {
	must := r.stopAlarms()
	if r.sc.AWS == nil {
		return nil
	}
	m := reports.NewMonitor("aws", time.Now(), r.sc.Redact)
	w, err := openWatcher(ctx, r.sc.AWS, r.network, m)
	if err == nil && w == nil {
		return nil // there is nothing to be watched
	}
	if err == nil {
		err = w.Begin(ctx, must)
	} else if len(must) == 0 {
		r.warnings = append(r.warnings, r.sc.Redact(fmt.Sprintf("AWS could not be watched: %v", err)))
		return nil
	}
	switch {
	case ctx.Err() != nil:
		return &exitError{reports.ExitInterrupted, "interrupted before the run began", err}
	case err != nil:
		return &exitError{reports.ExitInterrupted, r.sc.Redact("stop condition, before anything was changed: " + err.Error()), err}
	}
	r.watcher, r.monitor = w, m
	return nil
}

// watch reads back until the run is over; the function returned ends it.
func (r *realRun) watch(ctx context.Context) (end func()) {
	if r.watcher == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.guard()
		r.watcher.Run(ctx, r.guard)
	}()
	return func() {
		cancel()
		<-done
	}
}

// watched adds what AWS noticed to a finished run. It waits for what comes
// late; an interrupt ends the waiting.
func (r *realRun) watched(ctx context.Context, s *reports.Summary, p progress) {
	if r.watcher == nil {
		return
	}
	end := r.epoch.Add(time.Duration(float64(s.DurationS) * float64(time.Second)))
	patience := latePatience
	if halted, _ := r.fleet.HaltReason(); ctx.Err() != nil || halted != "" { // once more, and no waiting
		ctx, patience = context.WithoutCancel(ctx), 10*time.Second
	} else {
		p.mark(r.now(), fmt.Sprintf("the players are gone; waiting for data points of AWS that come late (at most %v, or until interrupted)", patience))
	}
	r.watcher.Late(ctx, end, patience)
	s.Monitored(r.monitor.Summary())
}
