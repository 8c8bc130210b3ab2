package nights

import (
	"math"
	"slices"
	"strings"
)

// mostPrimary is how many measures decide at most: each further one would make it harder
// to be sure of any.
const mostPrimary = 10

// mostFaults is how many faults have a primary measure of their own before all others.
const mostFaults = 5

// primary are the measures that decide, as indices. Of those that exist, it takes the first
// ten in this order:
//
//  1. of each of the first five faults failover.mean; failover.p50 where some session never
//     moves; outage.p95 where most never do
//  2. rebuffer_ratio, startup.p95, stalled, origin_rps.max, edge_rps.max
//  3. of each fault failover.p95
//  4. of each fault outage.p95
//  5. of each fault failed_over
func primary(all []Measure) (chosen []int) {
	var faults []string
	for i := range all {
		if f := all[i].fault(); f != "" && !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	take := func(metric, fault string) bool {
		i := slices.IndexFunc(all, func(m Measure) bool {
			name, _, _ := strings.Cut(m.Name, "{")
			switch {
			case name != metric || m.fault() != fault:
				return false
			case name == "failover.mean": // never, with one session that never moved
				return !slices.ContainsFunc(m.Values, Level.never)
			}
			return m.Unit == "share" || slices.ContainsFunc(m.Values, Level.Number)
		})
		if i >= 0 && !slices.Contains(chosen, i) && len(chosen) < mostPrimary {
			chosen = append(chosen, i)
		}
		return i >= 0
	}
	for _, f := range faults[:min(len(faults), mostFaults)] {
		if !take("failover.mean", f) && !take("failover.p50", f) {
			take("outage.p95", f)
		}
	}
	for _, metric := range []string{"rebuffer_ratio", "startup.p95", "stalled", "origin_rps.max", "edge_rps.max"} {
		take(metric, "")
	}
	for _, metric := range []string{"failover.p95", "outage.p95", "failed_over"} {
		for _, f := range faults {
			take(metric, f)
		}
	}
	return chosen
}

// metric is the first part of the name, without its statistic.
func (m *Measure) metric() string {
	name, _, _ := strings.Cut(m.Name, "{")
	name, _, _ = strings.Cut(name, ".")
	return name
}

// fault is the fault that the measure is about, "" = none.
func (m *Measure) fault() string {
	_, labels, _ := strings.Cut(strings.TrimSuffix(m.Name, "}"), "{")
	for l := range strings.SplitSeq(labels, ",") {
		if f, ok := strings.CutPrefix(l, "fault="); ok {
			return f
		}
	}
	return ""
}

// sign is 1 if more is worse, and -1 if less is.
func (m *Measure) sign() float64 {
	if slices.Contains(lessIsWorse, m.metric()) {
		return -1
	}
	return 1
}

func (l Level) never() bool { return math.IsInf(float64(l), 1) }

// Number reports whether there is a number: it was measured, and did happen.
func (l Level) Number() bool { return l.Measured() && !math.IsInf(float64(l), 0) }
