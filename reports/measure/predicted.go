package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
)

// predictions puts predictions beside what was measured of the sessions that had
// joined before the fault. Predictions are for those only.
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
	var profiles, cohorts map[string]*reports.FaultShare // of those that had joined before, where they are compared
	before := func(p *reports.Predicted) {
		if p.Unknown == "" && cohorts == nil {
			profiles, cohorts = v.shares(false, occ)
		}
	}
	by := map[string][]*reports.Predicted{}
	for i, c := range v.Config.Cohorts {
		share := f.ByCohort[c.Name]
		if c.Control || share == nil || share.Affected == 0 {
			continue
		}
		p := v.Config.Predict(&actual, recovery, i, remembered)
		if p == nil {
			return // faults of this kind are not predicted
		}
		before(p)
		compare(share, p, cohorts[c.Name])
		by[c.Profile] = append(by[c.Profile], p)
	}
	for name, all := range by {
		if share := f.ByProfile[name]; share != nil {
			p := joined(all)
			before(p)
			compare(share, p, profiles[name])
		}
	}
}

// lately is how long before a fault viewers that came at once, or an empty cache,
// change what players do in it.
const lately = time.Minute

// remembered reports whether another fault may affect the players during this one: it
// was on before or meanwhile, or happened at once within the last minute.
func (v *view) remembered(occ int32) bool {
	o := &v.Phases.Occurrences[occ]
	for i := range v.Phases.Occurrences {
		other := &v.Phases.Occurrences[i]
		if int32(i) == occ || other.Applied >= o.Cleared {
			continue
		}
		if !other.Fault.Kind.Spec().Instant || other.Applied >= o.Applied-lately {
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

// compare notes a prediction, and where it differs from what was measured. before
// is the sessions that it is for; nil = there are none.
func compare(s *reports.FaultShare, p *reports.Predicted, before *reports.FaultShare) {
	switch {
	case p.Unknown != "":
		s.Predicted = p
		return
	case before == nil:
		s.Predicted = &reports.Predicted{Unknown: "all joined during the fault"}
		return
	}
	p = tolerant(p)
	s.Predicted = p
	failover, outage := before.FailoverMs.P50, before.OutageMs.P50
	r := &reports.Residual{FailoverMs: less(failover, p.FailoverMs.P50), OutageMs: less(outage, p.OutageMs.P50),
		Sessions: before.Affected - before.Left, MeasuredFailoverMs: failover, MeasuredOutageMs: outage}
	s.Residual = r
	if r.TooFew = r.Sessions < fewest; r.TooFew {
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

// endWords say how most sessions ended, and how they were predicted to end.
var endWords = map[string][2]string{
	reports.EndFailsOver: {"failed over", "fail over"}, reports.EndWaits: {"waited until the fault ended", "wait until the fault ends"},
	reports.EndDies: {"died", "die"}, reports.EndUntouched: {"were not affected", "notice nothing"},
}

// endOf is how most sessions ended.
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
	return (a - b).Round(3)
}

// tolerant is a prediction whose ranges are wider by 100 ms and 5 %: predictions know
// no load.
func tolerant(p *reports.Predicted) *reports.Predicted {
	wide := *p
	for _, d := range []*reports.PredictedDist{&wide.FailoverMs, &wide.OutageMs} {
		d.Min, d.Max = max(0, .95*d.Min-100).Round(3), (1.05*d.Max + 100).Round(3)
	}
	return &wide
}

// excludes reports whether a value lies outside the range, as both are printed.
func excludes(d *reports.PredictedDist, v reports.Value) bool {
	same := func(bound reports.Value) bool {
		return reports.Milliseconds.Format(v) == reports.Milliseconds.Format(bound)
	}
	return v < d.Min && !same(d.Min) || v > d.Max && !same(d.Max)
}

// residuals says what the findings are.
func residuals(s *reports.Summary, all *repeated) {
	for i := range s.Faults {
		f := &s.Faults[i]
		for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
			if r := f.ByProfile[name].Residual; r != nil && r.Finding != "" {
				all.of(f, name, fmt.Sprintf(", %s (%s): %s; look at the server (caches, what deletes stale playlists), at the network, then at the profile", name, s.Profiles[name].Confidence, r.Finding))
			}
		}
	}
}
