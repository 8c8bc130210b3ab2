package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/reports/figure"
)

// The exit codes of a finished run (contract section 1).
const (
	ExitPass        = 0
	ExitFail        = 99
	ExitInterrupted = 105
	ExitFault       = 110 // void: a fault was not applied, did not bite, or was not undone
	ExitTester      = 111 // void: this machine was too slow
	ExitUnreachable = 112 // void: the target was unreachable at start, or no session ever played
	ExitLost        = 113 // void: more players were lost with their agents than limits.lost allows
	ExitNothing     = 114 // nothing to compare: other keys, no base, or too small a one
)

// ViewersServed is the expectation that every run has: outside of faults, viewers
// who want to play do play, and what they fetch exists and is media.
const ViewersServed = "viewers_served"

// Ending is what the verdict depends on beside the summary.
type Ending struct {
	Interrupted string // why the run ended early; "" = it did not
	Unreachable string // why the target could not be watched at all; "" = it could
	Lag         []Lag  // the tester's, where it counts
	LagLimit    time.Duration
	Lost        []LostAgent // agents that were lost
	Gone        string      // why nothing can be said of the whole run; "" = it can
	LostTime    string      // why too much of the run was lost with its machine; "" = it was not
	Blurred     string      // why phases of the machines do not fit together; "" = they do
	LostLimit   float64     // the share of the players that may be lost
	Players     int64       // of all agents
}

// Lag is the tester's lag in a phase.
type Lag struct {
	Phase string
	Agent string // whose it is, the worst of all agents; "" = the run has one machine
	P99   Value  // ms
}

// Decide derives verdict, reason and exit code. Several reasons: 110 before 112
// before 113 before 111 before 105 before 99.
func (s *Summary) Decide(end *Ending) {
	var void []string
	code := ExitPass
	first := func(c int) {
		if code == ExitPass {
			code = c
		}
	}
	for i := range s.Faults {
		if f := &s.Faults[i]; f.Problem != "" {
			void = append(void, fmt.Sprintf("fault %s: %s", f.Title(s), f.Problem))
			first(ExitFault)
		}
	}
	if end.Unreachable != "" {
		void = append(void, "target unreachable: "+end.Unreachable)
		first(ExitUnreachable)
	}
	allLost := s.Players.Started == 0 && end.lost() != "" || end.LostTime != ""
	if s.NonePlayed() && !allLost && (end.Interrupted == "" || s.Players.StartupFailed > 0) {
		void = append(void, "no session ever played, so nothing was measured: "+s.failures())
		first(ExitUnreachable)
	}
	if why := end.lost(); why != "" {
		void = append(void, why)
		first(ExitLost)
	}
	if end.Gone != "" {
		void = append(void, end.Gone)
		first(ExitLost)
	}
	if end.LostTime != "" {
		void = append(void, end.LostTime)
		first(ExitLost)
	}
	if s.Mode == ModeRun {
		if end.Blurred != "" {
			void = append(void, end.Blurred)
			first(ExitTester)
		}
		for _, l := range end.Lag {
			if ms := float64(end.LagLimit) / 1e6; l.P99 > Value(ms) {
				who := "this machine"
				if l.Agent != "" {
					who = "agent " + l.Agent
				}
				void = append(void, fmt.Sprintf("%s was too slow: 1 %% of the requests left more than %s late (%s; limit %s)", who, Milliseconds.Format(l.P99), l.Phase, figure.Seconds(ms)))
				first(ExitTester)
			}
		}
		for _, t := range s.Leaks() {
			if t.Doubled {
				void = append(void, "this machine did not stay the same: "+t.Line())
				first(ExitTester)
			}
		}
		if n := s.Tester.DroppedSamples; n > 0 {
			void = append(void, fmt.Sprintf("this machine was too slow: %d samples were dropped", n))
			first(ExitTester)
		}
	}
	s.Verdict = Pass
	if len(void) > 0 {
		s.Verdict = Void
	}
	if end.Interrupted != "" {
		first(ExitInterrupted)
		if s.Verdict == Pass {
			s.Verdict = Interrupted
		}
	}
	for i := range s.Expectations {
		if !s.Expectations[i].Pass {
			first(ExitFail)
			if s.Verdict == Pass {
				s.Verdict = Fail
			}
		}
	}
	s.VoidReason, s.Interrupted, s.ExitCode = strings.Join(void, "; "), end.Interrupted, code
}

// NonePlayed reports whether no session ever had a first frame.
func (s *Summary) NonePlayed() bool {
	for _, c := range s.Cohorts {
		if c.StartupMs.Count > c.StartupMs.Censored {
			return false
		}
	}
	return true
}

// failures says how sessions that never played ended, and which requests failed.
func (s *Summary) failures() string {
	p := &s.Players
	if p.Started == 0 {
		return "no session began"
	}
	b := fmt.Sprintf("%s (%s)", figure.Plural(int(p.Started), "session"), players(p))
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(s.Requests)) {
		if r := s.Requests[k]; r.Errors > 0 {
			kinds = append(kinds, fmt.Sprintf("%s of %s %s requests (%s)", figure.Thousands(r.Errors), figure.Thousands(r.Count), k, figure.Reasons(r.ErrorsBy)))
		}
	}
	if len(kinds) == 0 {
		return b + "; no request failed"
	}
	return b + "; failed: " + strings.Join(kinds, ", ")
}

// players says how sessions without a first frame ended.
func players(p *Players) string {
	var parts []string
	for _, x := range []struct {
		n    int64
		what string
	}{{p.StartupFailed, "failed to start"}, {p.Unfinished, "still waiting at the end"}, {p.Left, "left"}} {
		if x.n > 0 {
			parts = append(parts, figure.Thousands(x.n)+" "+x.what)
		}
	}
	return strings.Join(parts, ", ")
}

// Failed returns the expectations that do not hold.
func (s *Summary) Failed() []*ExpectationResult { return s.without(false) }

// Unmeasured returns the expectations for which there was nothing to compare.
func (s *Summary) Unmeasured() []*ExpectationResult { return s.without(true) }

func (s *Summary) without(measure bool) (all []*ExpectationResult) {
	for i := range s.Expectations {
		if e := &s.Expectations[i]; !e.Pass && e.NotMeasured == measure {
			all = append(all, e)
		}
	}
	return all
}

// KnownLine says in a line whether players did what they are known to do; "" = the
// scenario lists nothing.
func (s *Summary) KnownLine() string {
	var changed []*KnownResult
	unmeasured := 0
	for i := range s.Known {
		if !s.Known[i].Holds && !s.Known[i].NotMeasured {
			changed = append(changed, &s.Known[i])
		} else if s.Known[i].NotMeasured {
			unmeasured++
		}
	}
	of := "of " + figure.Plural(len(s.Known), "known behaviour")
	switch {
	case len(s.Known) == 0:
		return ""
	case len(changed) == 0 && unmeasured > 0:
		return fmt.Sprintf("players did what they are known to do (%d of %d; %d not measured)", len(s.Known)-unmeasured, len(s.Known), unmeasured)
	case len(changed) == 0:
		return fmt.Sprintf("players did what they are known to do (%d of %[1]d)", len(s.Known))
	case len(changed) == 1:
		return fmt.Sprintf("finding: 1 %s no longer holds: %s, %s", of, changed[0].Expr, changed[0].Reason)
	}
	return fmt.Sprintf("finding: %d %s no longer hold", len(changed), of)
}

// Reason is the verdict's reason in a sentence.
func (s *Summary) Reason() string {
	failed, unmeasured, total := s.Failed(), s.Unmeasured(), len(s.Expectations)
	switch {
	case s.Verdict == Void:
		return s.VoidReason
	case s.Verdict == Interrupted:
		return s.Interrupted
	case len(failed) == 0 && len(unmeasured) == 1:
		return fmt.Sprintf("1 of %s was not measured: %s, %s", figure.Plural(total, "expectation"), unmeasured[0].Expr, unmeasured[0].Reason)
	case len(failed) == 0 && len(unmeasured) > 1:
		return fmt.Sprintf("%d of %d expectations were not measured", len(unmeasured), total)
	case len(unmeasured) > 0:
		return fmt.Sprintf("%d of %d expectations do not hold, %d not measured", len(failed), total, len(unmeasured))
	case len(failed) > 0 && !slices.ContainsFunc(failed, func(e *ExpectationResult) bool { return !e.ByLost }):
		return fmt.Sprintf("%d of %d expectations hold as measured, but not with the worst that the %s may have seen", len(failed), total, figure.Plural(int(s.Players.Lost), "lost player"))
	case len(failed) == 1 && total == 1 && failed[0].Expr == ViewersServed:
		return "viewers were not served: " + failed[0].Reason
	case len(failed) == 1:
		return fmt.Sprintf("1 of %s does not hold: %s, %s", figure.Plural(total, "expectation"), failed[0].Expr, failed[0].Reason)
	case len(failed) > 1:
		return fmt.Sprintf("%d of %d expectations do not hold", len(failed), total)
	case total == 0:
		return "nothing was expected"
	case total == 1 && s.Expectations[0].Expr == ViewersServed && !s.Expectations[0].Value.Known():
		return s.Expectations[0].Reason + "; nothing else was expected"
	case total == 1 && s.Expectations[0].Expr == ViewersServed:
		return "viewers were served: " + s.Expectations[0].Reason + "; nothing else was expected"
	case total == 1:
		return "the expectation holds"
	}
	return fmt.Sprintf("all %d expectations hold", total)
}

// Title names an occurrence; the number only when there are several.
func (f *FaultSummary) Title(s *Summary) string {
	if f.Pooled > 0 {
		return fmt.Sprintf("%s #%d to #%d", f.Name, f.Occurrence, f.LastOccurrence)
	}
	for i := range s.Faults {
		if g := &s.Faults[i]; g != f && g.Name == f.Name {
			return fmt.Sprintf("%s #%d", f.Name, f.Occurrence)
		}
	}
	return f.Name
}
