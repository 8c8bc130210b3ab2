package run

import (
	"context"
	"fmt"
	"time"

	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/measure"
	"hlsload/reports/monitor"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

// latePatience is how long a finished run waits for late data points;
// CloudFront's take some minutes.
const latePatience = 3 * time.Minute

// Bounds of waiting for an alarm under test: the margin beyond what its
// expectation allows, and the longest wait.
const (
	alarmMargin     = 15 * time.Second
	longestPatience = 30 * time.Minute
)

// NeededAlarms are the alarms of CloudWatch that a run cannot do without, with the
// reason.
func NeededAlarms(sc *scenarios.Scenario) map[string]string {
	needed := map[string]string{}
	for _, e := range sc.Expect {
		for _, name := range e.AlarmsUnderTest() {
			needed[name] = "which an expectation uses"
		}
	}
	for _, e := range sc.Stop {
		if e.Alarm != "" {
			needed[e.Alarm] = "which a stop condition uses"
		}
	}
	return needed
}

// awaited is how long after the run's end an alarm under test may still change to
// ALARM: until the longest time after the last onset that an expectation allows.
func awaited(expected []*expect.Expectation, s *reports.Summary) time.Duration {
	var most time.Duration
	for _, e := range expected {
		for i := range s.Faults {
			if at := s.Faults[i].AppliedAtS; at.Known() && e.Within() > 0 {
				most = max(most, time.Duration(float64(at-s.DurationS)*float64(time.Second))+e.Within()+alarmMargin)
			}
		}
	}
	return min(most, longestPatience)
}

// openMonitor opens what the scenario watches on AWS. If it cannot be opened, the
// run goes on without, unless an expectation or a stop condition needs an alarm.
func (r *live) openMonitor(ctx context.Context) error {
	needed := NeededAlarms(r.sc)
	if r.sc.AWS == nil {
		return nil
	}
	m := monitor.New("aws", time.Now(), r.sc.Redact)
	w, err := cloud.Watch(ctx, r.sc.AWS, r.cfg.Network.AWS, m)
	if err == nil && w == nil {
		return nil // there is nothing to be watched
	}
	if err == nil {
		err = w.Begin(ctx, needed)
	} else if len(needed) == 0 {
		r.warnings = append(r.warnings, r.sc.Redact(fmt.Sprintf("AWS could not be watched: %v", err)))
		return nil
	}
	switch {
	case ctx.Err() != nil:
		return &Error{Interrupted, "interrupted before the run began", err}
	case err != nil:
		return &Error{Interrupted, r.sc.Redact("before anything was changed: " + err.Error()), err}
	}
	r.account.watcher, r.account.monitor = w, m
	return nil
}

// watch reads from AWS until the function that it returns is called.
func (r *live) watch(ctx context.Context) (end func()) {
	if r.account.watcher == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.guard()
		r.account.watcher.Run(ctx, r.guard)
	}()
	return func() {
		cancel()
		<-done
	}
}

// watched adds what AWS noticed to a finished run. It waits for late data points;
// an interrupt ends the wait.
func (r *live) watched(ctx context.Context, over *measure.Finished, early bool) {
	if r.account.watcher == nil {
		return
	}
	s := over.Summary
	end := r.epoch.Add(time.Duration(float64(s.DurationS) * float64(time.Second)))
	await := awaited(r.sc.Expect, s)
	patience := max(latePatience, await)
	if early { // one last read, without a long wait
		ctx, patience = context.WithoutCancel(ctx), 10*time.Second
	} else {
		r.progress.Mark(r.now(), fmt.Sprintf("the players have left; waiting for late data points from AWS (at most %v, or until interrupted)", patience))
	}
	r.account.watcher.Late(ctx, end, end.Add(await), patience)
	over.Monitored(r.account.monitor.Summary())
}
