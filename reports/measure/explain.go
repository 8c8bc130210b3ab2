package measure

import (
	"hlsload/reports"
	"hlsload/reports/record"
)

// explain says why sessions lost the picture, and what helps.
func (v *view) explain(occ int32, f *reports.FaultSummary) {
	if v.Config.Explain == nil || f.Problem != "" {
		return
	}
	losses := make([]record.Loss, len(v.Config.Cohorts))
	for i, c := range v.Config.Cohorts {
		share := f.ByCohort[c.Name]
		if share == nil || c.Control {
			continue
		}
		r := share.Residual
		losses[i] = record.Loss{Sessions: share.OutageMs.Dark(), Fatal: share.Fatal, AsPredicted: r != nil && r.Finding == "" && !r.TooFew}
	}
	if why, helps := v.Config.Explain(v.Phases.Occurrences[occ].Fault, v.Config.Pipelines, losses); why != "" {
		f.Why, f.WhatHelps = why, helps
	}
}
