package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// inspect looks at what happened outside of faults: whether viewers were
// served, and what failed. It also names cohorts that never played.
func inspect(s *reports.Summary, v *view) {
	var failed []string
	for k := range m3u8.Kinds {
		if sum := v.undisturbed(k); sum.Errors > 0 {
			failed = append(failed, fmt.Sprintf("%s of %s %s requests (%s)", figure.Thousands(sum.Errors), figure.Thousands(sum.Answers), k, figure.Reasons(sum.Why)))
		}
	}
	if len(failed) > 0 {
		s.Warnings = append(s.Warnings, "outside of faults failed "+strings.Join(failed, ", "))
	}
	served, warnings := v.viewersServed(s.Origin.Source != reports.FromRig)
	s.Expectations = append(s.Expectations, served)
	s.Warnings = append(s.Warnings, warnings...)
	for _, name := range slices.Sorted(maps.Keys(s.Cohorts)) {
		c := s.Cohorts[name]
		if name != "all" && c.StartupFailed > 0 && c.StartupMs.Count == c.StartupMs.Censored && !s.NonePlayed() {
			s.Warnings = append(s.Warnings, fmt.Sprintf("cohort %s: no session ever had a picture (%d of %d failed to start)", name, c.StartupFailed, c.Players))
		}
	}
}

// undisturbed sums up the requests of a kind while no fault was on or in
// recovery.
func (v *view) undisturbed(k m3u8.Kind) *record.Requests {
	sum := &record.Requests{}
	for _, g := range v.Groups() {
		for i, c := range g.Totals {
			if c != nil && !v.Phases.Sets[i].In(-1, record.Either) {
				reports.Add(sum, c.Kinds[k])
			}
		}
	}
	return sum
}
