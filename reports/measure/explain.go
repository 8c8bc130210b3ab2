package measure

import (
	"hlsload/reports"
	"hlsload/reports/record"
)

// explain says why sessions lost the picture, and what helps.
func (v *view) explain(occ int32, f *reports.FaultSummary) {
	v.because(f, occ, func(cohort string) bool {
		r := f.ByCohort[cohort].Residual
		return r != nil && r.Finding == "" && !r.TooFew
	})
}

// because is explain for a row of several occurrences, of which occ is one. asPredicted
// reports whether what became of a cohort was predicted.
func (v *view) because(f *reports.FaultSummary, occ int32, asPredicted func(cohort string) bool) {
	if v.Config.Explain == nil || f.Problem != "" {
		return
	}
	losses := make([]record.Loss, len(v.Config.Cohorts))
	for i, c := range v.Config.Cohorts {
		share := f.ByCohort[c.Name]
		if share == nil || c.Control {
			continue
		}
		losses[i] = record.Loss{Sessions: share.OutageMs.Dark(), Fatal: share.Fatal, AsPredicted: asPredicted(c.Name)}
	}
	if why, helps := v.Config.Explain(v.Phases.Occurrences[occ].Fault, v.Config.Pipelines, losses); why != "" {
		f.Why, f.WhatHelps = why, helps
	}
}
