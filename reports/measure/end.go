package measure

import (
	"time"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// End is how a run ended and what only its driver knows.
type End struct {
	At time.Duration // the last instant of the run

	// Interrupted is why the run ended early: "interrupted by the user", or the
	// text of the stop condition that tripped. "" = it did not.
	Interrupted string
	// Unreachable is why the target could not be watched at all; "" = it could.
	Unreachable string

	Faults []FaultEnd
	// Traffic is the true load, when it was counted elsewhere. It replaces what
	// the [Meter] has.
	Traffic *traffic.Load

	CPU            time.Duration // user and system time of the tool
	RSSPeak        int64         // bytes
	Goroutines     int64         // peak
	DroppedSamples int64
	Warnings       []string
}

// FaultEnd is how an occurrence of a fault ended.
type FaultEnd struct {
	Rule, Occurrence int
	UndoVerified     bool
	// Problem is why the fault makes the run void: it could not be applied, did
	// not show at the target, or could not be undone. "" = it does not.
	Problem string
}

// FaultEndOf is the end of a fault as its conductor tells it.
func FaultEndOf(o *chaos.Outcome) FaultEnd {
	return FaultEnd{Rule: o.Fault.Rule, Occurrence: o.Fault.Occurrence, UndoVerified: o.UndoVerified, Problem: o.Void()}
}

// testerLag is the lag that the bound is about: in baseline and fault; of the
// whole run when it has no fault.
func (v *view) testerLag() []reports.Lag {
	of := func(f filter, name string) reports.Lag {
		h, _ := evaluators["tester_lag"].dist(v, &f)
		return reports.Lag{Phase: name, P99: h.Stat(reports.StatP99, reports.Milliseconds.Scale(), 0)}
	}
	all := filter{rule: -1, cohort: -1, kind: -1}
	if len(v.Config.Faults) == 0 {
		return []reports.Lag{of(all, "whole run")}
	}
	before, on := all, all
	before.timed, before.phase = true, record.Baseline
	on.timed, on.phase = true, record.During
	return []reports.Lag{of(before, "baseline"), of(on, "fault")}
}
