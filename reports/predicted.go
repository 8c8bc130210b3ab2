package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// Predict says beforehand what a fault does to a cohort; nil = nothing is said
// about such faults. The fault is as it really was, and recovery how long after
// it outages were counted.
type Predict func(f *chaos.Fault, recovery time.Duration, cohort int) *Predicted

// predictions puts what was predicted beside what was measured of the sessions
// that had joined before the fault: those are the ones that predictions are for.
func (v *view) predictions(occ int32, f *FaultSummary) {
	o := &v.course.occs[occ]
	if v.Config.Predict == nil || o.applied == forever || f.Affected == 0 {
		return
	}
	actual := *o.fault
	actual.At, actual.For = o.applied, o.cleared-o.applied
	recovery := o.recEnd - o.cleared
	if o.cleared == forever { // cut by the end of the run
		actual.For, recovery = o.recEnd-o.applied, 0
	}
	remembered := v.remembered(occ)
	profiles, cohorts := v.joinedBefore(occ)
	by := map[string][]*Predicted{}
	for i, c := range v.Config.Cohorts {
		share := f.ByCohort[c.Name]
		if c.Control || share == nil || share.Affected == 0 {
			continue
		}
		p := &Predicted{Unknown: "players remember another fault"}
		if !remembered {
			p = v.Config.Predict(&actual, recovery, i)
		}
		if p == nil {
			return
		}
		share.compare(p, cohorts[c.Name])
		by[c.Profile] = append(by[c.Profile], p)
	}
	for name, all := range by {
		if share := f.ByProfile[name]; share != nil {
			share.compare(joined(all), profiles[name])
		}
	}
}

// joinedBefore is what the fault did to the sessions that had joined before it.
func (v *view) joinedBefore(occ int32) (byProfile, byCohort map[string]*FaultShare) {
	profiles, cohorts := map[string]*impact{}, map[string]*impact{}
	for k, n := range v.impacts() {
		if k.occ == occ && !k.during {
			part(profiles, v.Config.Profiles[k.profile].Name).add(n)
			part(cohorts, v.Config.Cohorts[k.cohort].Name).add(n)
		}
	}
	return shares(profiles), shares(cohorts)
}

// remembered reports whether another fault was on before or during this one.
func (v *view) remembered(occ int32) bool {
	o := &v.course.occs[occ]
	for i := range v.course.occs {
		other := &v.course.occs[i]
		if int32(i) != occ && other.applied < o.cleared && !other.fault.Kind.Spec().Instant {
			return true
		}
	}
	return false
}

// joined is the prediction for cohorts of one profile.
func joined(all []*Predicted) *Predicted {
	sum := *all[0]
	for _, p := range all[1:] {
		switch {
		case p.Unknown != "":
			sum.Unknown = p.Unknown
		case p.End != sum.End:
			sum.Unknown = "its cohorts end differently"
		}
		for _, d := range []struct{ a, b *PredictedDist }{{&sum.DetectionMs, &p.DetectionMs}, {&sum.FailoverMs, &p.FailoverMs}, {&sum.OutageMs, &p.OutageMs}} {
			d.a.Min, d.a.Max, d.a.P95 = min(d.a.Min, d.b.Min), max(d.a.Max, d.b.Max), max(d.a.P95, d.b.P95)
			d.a.P50 = (d.a.P50 + d.b.P50) / 2
		}
	}
	if sum.Unknown != "" {
		return &Predicted{Unknown: sum.Unknown}
	}
	return &sum
}

// fewest is how many sessions a median needs to contradict a prediction.
const fewest = 5

// compare notes a prediction, and what of it did not come true for the sessions
// it is about; nil = there are none.
func (s *FaultShare) compare(p *Predicted, before *FaultShare) {
	s.Predicted = p
	if p.Unknown == "" && before == nil {
		s.Predicted = &Predicted{Unknown: "all joined during the fault"}
	}
	if s.Predicted.Unknown != "" {
		return
	}
	failover, outage := before.FailoverMs.P50, before.OutageMs.P50
	r := &Residual{FailoverMs: less(failover, p.FailoverMs.P50), OutageMs: less(outage, p.OutageMs.P50),
		Sessions: before.Affected - before.Left, MeasuredFailoverMs: failover, MeasuredOutageMs: outage}
	s.Residual = r
	if r.Sessions < fewest {
		return
	}
	var odd []string
	if end := before.end(); end != p.End {
		odd = append(odd, fmt.Sprintf("most %s, which were to %s", endWords[end][0], endWords[p.End][1]))
	} else {
		if p.End == EndFailsOver && p.FailoverMs.excludes(failover) {
			odd = append(odd, fmt.Sprintf("failover took %s (p50); predicted: %s", duration.format(failover), p.FailoverMs.words()))
		}
		if p.OutageMs.excludes(outage) {
			odd = append(odd, fmt.Sprintf("the outage was %s (p50); predicted: %s", duration.format(outage), p.OutageMs.words()))
		}
	}
	r.Finding = strings.Join(odd, "; ")
}

// endWords are what became of sessions, and what was to.
var endWords = map[string][2]string{
	EndFailsOver: {"failed over", "fail over"}, EndWaits: {"stayed until it was over", "stay until it is over"},
	EndDies: {"died", "die"}, EndUntouched: {"were not touched", "notice nothing"},
}

// end is what became of most.
func (s *FaultShare) end() string {
	n := s.Affected - s.Left
	switch {
	case 2*s.FailedOver > n:
		return EndFailsOver
	case 2*s.Fatal > n:
		return EndDies
	}
	return EndWaits
}

func less(a, b Value) Value {
	if !a.Known() || !b.Known() {
		return NoData
	}
	return Value(round(float64(a-b), 3))
}

// excludes reports whether a value lies outside, by more than 100 ms and 5 %:
// predictions know no load.
func (d *PredictedDist) excludes(v Value) bool {
	return float64(v) < .95*float64(d.Min)-100 || float64(v) > 1.05*float64(d.Max)+100
}

// residuals are the findings, as warnings.
func (s *Summary) residuals() (all []string) {
	for i := range s.Faults {
		f := &s.Faults[i]
		for _, name := range slices.Sorted(maps.Keys(f.ByProfile)) {
			if r := f.ByProfile[name].Residual; r != nil && r.Finding != "" {
				all = append(all, fmt.Sprintf("fault %s, %s (%s): %s; look at the server (caches, who deletes stale playlists), at the network, then at the profile", f.title(s), name, s.Profiles[name].Confidence, r.Finding))
			}
		}
	}
	return all
}
