package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// predictions puts what was predicted beside what was measured of the sessions
// that had joined before the fault: those are the ones that predictions are for.
func (v *view) predictions(occ int32, f *reports.FaultSummary) {
	o := &v.Phases.Occurrences[occ]
	if v.Config.Predict == nil || o.Applied == record.Forever || f.Affected == 0 {
		return
	}
	actual := *o.Fault
	actual.At, actual.For = o.Applied, o.Cleared-o.Applied
	recovery := o.RecoveryEnd - o.Cleared
	if o.Cleared == record.Forever { // cut by the end of the run
		actual.For, recovery = o.RecoveryEnd-o.Applied, 0
	}
	remembered := v.remembered(occ)
	profiles, cohorts := v.joinedBefore(occ)
	by := map[string][]*reports.Predicted{}
	for i, c := range v.Config.Cohorts {
		share := f.ByCohort[c.Name]
		if c.Control || share == nil || share.Affected == 0 {
			continue
		}
		p := v.Config.Predict(&actual, recovery, i, remembered)
		if p == nil {
			return // nothing is predicted about faults of this kind
		}
		compare(share, p, cohorts[c.Name])
		by[c.Profile] = append(by[c.Profile], p)
	}
	for name, all := range by {
		if share := f.ByProfile[name]; share != nil {
			compare(share, joined(all), profiles[name])
		}
	}
}

// joinedBefore is what the fault did to the sessions that had joined before it.
func (v *view) joinedBefore(occ int32) (byProfile, byCohort map[string]*reports.FaultShare) {
	profiles, cohorts := map[string]*record.FaultTotals{}, map[string]*record.FaultTotals{}
	for k, n := range v.Faults() {
		if k.Occurrence == occ && !k.During {
			part(profiles, v.Config.Profiles[k.Profile].Name).Add(n)
			part(cohorts, v.Config.Cohorts[k.Cohort].Name).Add(n)
		}
	}
	return shares(profiles), shares(cohorts)
}

// remembered reports whether another fault was on before or during this one.
func (v *view) remembered(occ int32) bool {
	o := &v.Phases.Occurrences[occ]
	for i := range v.Phases.Occurrences {
		other := &v.Phases.Occurrences[i]
		if int32(i) != occ && other.Applied < o.Cleared && !other.Fault.Kind.Spec().Instant {
			return true
		}
	}
	return false
}

// joined is the prediction for cohorts of one profile.
func joined(all []*reports.Predicted) *reports.Predicted {
	sum := *all[0]
	for _, p := range all[1:] {
		switch {
		case p.Unknown != "":
			sum.Unknown = p.Unknown
		case p.End != sum.End:
			sum.Unknown = "its cohorts end differently"
		}
		for _, d := range []struct{ a, b *reports.PredictedDist }{{&sum.DetectionMs, &p.DetectionMs}, {&sum.FailoverMs, &p.FailoverMs}, {&sum.OutageMs, &p.OutageMs}} {
			d.a.Min, d.a.Max, d.a.P95 = min(d.a.Min, d.b.Min), max(d.a.Max, d.b.Max), max(d.a.P95, d.b.P95)
			d.a.P50 = (d.a.P50 + d.b.P50) / 2
		}
	}
	if sum.Unknown != "" {
		return &reports.Predicted{Unknown: sum.Unknown}
	}
	return &sum
}

// fewest is how many sessions a median needs to contradict a prediction.
const fewest = 5

// compare notes a prediction, and what of it did not come true for the sessions
// it is about; nil = there are none.
func compare(s *reports.FaultShare, p *reports.Predicted, before *reports.FaultShare) {
	s.Predicted = p
	if p.Unknown == "" && before == nil {
		s.Predicted = &reports.Predicted{Unknown: "all joined during the fault"}
	}
	if s.Predicted.Unknown != "" {
		return
	}
	failover, outage := before.FailoverMs.P50, before.OutageMs.P50
	r := &reports.Residual{FailoverMs: less(failover, p.FailoverMs.P50), OutageMs: less(outage, p.OutageMs.P50),
		Sessions: before.Affected - before.Left, MeasuredFailoverMs: failover, MeasuredOutageMs: outage}
	s.Residual = r
	if r.Sessions < fewest {
		return
	}
	var odd []string
	if end := endOf(before); end != p.End {
		odd = append(odd, fmt.Sprintf("predicted: most %s; measured: most %s", endWords[p.End][1], endWords[end][0]))
	} else {
		if p.End == reports.EndFailsOver && excludes(&p.FailoverMs, failover) {
			odd = append(odd, fmt.Sprintf("failover took %s (p50); predicted: %s", reports.Milliseconds.Format(failover), p.FailoverMs.Words()))
		}
		if excludes(&p.OutageMs, outage) {
			odd = append(odd, fmt.Sprintf("the outage was %s (p50); predicted: %s", reports.Milliseconds.Format(outage), p.OutageMs.Words()))
		}
	}
	r.Finding = strings.Join(odd, "; ")
}

// endWords are what became of sessions, and what was to.
var endWords = map[string][2]string{
	reports.EndFailsOver: {"failed over", "fail over"}, reports.EndWaits: {"waited until the fault ended", "wait until the fault ends"},
	reports.EndDies: {"died", "die"}, reports.EndUntouched: {"were not affected", "notice nothing"},
}

// end is what became of most.
func endOf(s *reports.FaultShare) string {
	n := s.Affected - s.Left
	switch {
	case 2*s.FailedOver > n:
		return reports.EndFailsOver
	case 2*s.Fatal > n:
		return reports.EndDies
	}
	return reports.EndWaits
}

func less(a, b reports.Value) reports.Value {
	if !a.Known() || !b.Known() {
		return reports.NoData
	}
	return reports.Value(figure.Round(float64(a-b), 3))
}

// excludes reports whether a value lies outside, by more than 100 ms and 5 %:
// predictions know no load.
func excludes(d *reports.PredictedDist, v reports.Value) bool {
	return float64(v) < .95*float64(d.Min)-100 || float64(v) > 1.05*float64(d.Max)+100
}

// residuals are the findings, as warnings.
func residuals(s *reports.Summary) (all []string) {
	for i := range s.Faults {
		f := &s.Faults[i]
		for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
			if r := f.ByProfile[name].Residual; r != nil && r.Finding != "" {
				all = append(all, fmt.Sprintf("fault %s, %s (%s): %s; look at the server (caches, who deletes stale playlists), at the network, then at the profile", f.Title(s), name, s.Profiles[name].Confidence, r.Finding))
			}
		}
	}
	return all
}
