package measure

import (
	"fmt"
	"math"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/reports/trend"
)

// What of a drift is none: within the time that is looked at, a quarter of a segment; and of
// rebuffering, half a point, and twice as much.
const (
	driftWithin   = .25
	rebufferMore  = .005
	rebufferTimes = 2
)

// latencyGrowth is how the live latency of a cohort grew, in milliseconds: by the medians of the windows
// after warming up that touch no lost time. ok is false when it is not recorded.
func (v *view) latencyGrowth(cohort int) (g trend.Growth, ok bool) {
	if v.Part == nil {
		return g, false
	}
	cells, _, every := v.Drift(cohort)
	if every == 0 {
		return g, false
	}
	var medians []trend.Point
	for i := range cells {
		from := time.Duration(i) * every
		if to := from + every; cells[i].Values.Count() == 0 || from < trend.WarmUp(v.At) || v.Phases.Touches(from, to) {
			continue
		}
		medians = append(medians, trend.Point{At: from + every/2, Value: cells[i].Values.Quantile(.5, 0) / reports.Milliseconds.Scale()})
	}
	return trend.Judge(medians, trend.Bound{Least: float64(v.Config.TargetDuration) / float64(time.Millisecond), Within: driftWithin}), true
}

// latencyDrift is the metric: the worst of the cohorts, in milliseconds a day.
func latencyDrift(v *view, f *filter) reports.Value {
	worst := reports.NoData
	for i := range v.Config.Cohorts {
		if !f.selectsCohort(v, int16(i)) {
			continue
		}
		g, ok := v.latencyGrowth(i)
		if !ok || !g.Enough {
			continue
		}
		drift := reports.Value(0)
		if g.P < trend.Significant {
			drift = reports.Value(g.PerDay).Round(3)
		}
		if !(drift <= worst) {
			worst = drift
		}
	}
	return worst
}

// drifts says what drifted in a long run, by cohort.
func (v *view) drifts() (all []reports.Drift) {
	if v.Config.Duration < record.DriftFrom || v.At < record.DriftFrom || v.Part == nil {
		return nil
	}
	for i, c := range v.Config.Cohorts {
		if g, ok := v.latencyGrowth(i); ok && g.Enough {
			d := reports.Drift{What: "live_latency", Unit: reports.UnitSymbols[reports.Milliseconds], Cohort: c.Name, From: reports.Value(g.From).Round(1), To: reports.Value(g.To).Round(1),
				PerDay: reports.Value(g.PerDay).Round(1), P: reports.Value(g.P).Round(6), Windows: g.Samples, OK: !g.Grows}
			d.Reason = fmt.Sprintf("from %s to %s", reports.Milliseconds.Format(d.From), reports.Milliseconds.Format(d.To))
			if g.Grows {
				d.Reason += fmt.Sprintf(", %s a day: more than a segment", reports.Milliseconds.Format(d.PerDay))
			}
			all = append(all, d)
		}
		first, last := v.rebufferIn(i, 0, v.At/3), v.rebufferIn(i, v.At-v.At/3, v.At)
		if first.Known() && last.Known() {
			d := reports.Drift{What: "rebuffer_ratio", Unit: reports.UnitSymbols[reports.Fraction], Cohort: c.Name, From: first, To: last, PerDay: reports.NoData, P: reports.NoData,
				OK: last <= first+rebufferMore || last <= rebufferTimes*first}
			d.Reason = fmt.Sprintf("%s in the first third of the run, %s in the last", perHour(first), perHour(last))
			all = append(all, d)
		}
	}
	return all
}

// rebufferIn is the share of the time stalled of the windows that begin and end within a stretch.
func (v *view) rebufferIn(cohort int, from, to time.Duration) reports.Value {
	_, cells, every := v.Drift(cohort)
	var num, den int64
	for i := range cells {
		if at := time.Duration(i) * every; at >= from && at+every <= to && !v.Phases.Touches(at, at+every) {
			num, den = num+cells[i].Num, den+cells[i].Den
		}
	}
	if den == 0 {
		return reports.NoData
	}
	return reports.Value(float64(num) / float64(den)).Round(9)
}

// perHour is a share of the time as stalling in an hour of watching.
func perHour(share reports.Value) string {
	return reports.Milliseconds.Format(reports.Value(math.Round(float64(share)*float64(time.Hour/time.Millisecond)))) + " stalled an hour"
}
