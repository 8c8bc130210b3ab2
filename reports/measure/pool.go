package measure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// A summary stays small however often the faults of a run occur. Beyond these bounds,
// occurrences of a fault are added up: those that began in the same hour, or in the same two,
// four… hours. Everything was judged before, occurrence by occurrence.
const (
	mostRows   = 200     // occurrences, as themselves
	worstRows  = 20      // that stay as themselves in any case
	mostBytes  = 3 << 20 // of the rows in summary.json
	mostEach   = 3000    // pooled occurrences whose figures are given one by one
	firstWidth = time.Hour
)

// pool adds occurrences up when there are too many.
func (f *Finished) pool() {
	s, v := f.Summary, f.view
	all := s.Faults
	if len(all) <= mostRows && (len(all) <= worstRows || size(all) <= mostBytes) {
		return
	}
	keep := worstOf(all, worstRows)
	fewest := 0 // rows that stay however wide the groups are
	for width := firstWidth; ; width *= 2 {
		rows := v.pooled(all, keep, width)
		if n := len(rows); (n <= mostRows || n == fewest) && size(rows) <= mostBytes || width > 2*v.Config.Duration {
			s.Faults = rows
			break
		} else {
			fewest = n
		}
	}
	groups, width := 0, 0
	for i := range s.Faults {
		if p := s.Faults[i].Pooled; p > 0 {
			groups, width = groups+1, width+p
		}
	}
	note := fmt.Sprintf("%s of faults are too many to list each: %s were added up to %s, the worst %d stand for themselves", figure.Plural(len(all), "occurrence"), figure.Thousands(int64(width)), figure.Plural(groups, "row"), min(worstRows, len(all)))
	if size(s.Faults) > mostBytes {
		for i := range s.Faults {
			for _, shares := range []map[string]*reports.FaultShare{s.Faults[i].ByProfile, s.Faults[i].ByCohort} {
				for _, n := range shares {
					n.DetectionMs.Hist, n.FailoverMs.Hist = "", ""
				}
			}
		}
		note += "; histograms of detection and failover by profile and cohort are left out"
	}
	if size(s.Faults) > mostBytes { // of very many cohorts
		for i := range s.Faults {
			s.Faults[i].ByCohort = map[string]*reports.FaultShare{}
		}
		note += "; so are the figures by cohort"
	}
	s.Warnings = append(s.Warnings, note)
}

// size is how many bytes the rows of faults take in summary.json.
func size(rows []reports.FaultSummary) int {
	b, _ := json.Marshal(rows) // rows of numbers and texts
	return len(b)
}

// worstOf are the numbers of the worst n rows: those which make the run void, then those with
// the most sessions that never recovered, then those with the most time without a picture.
func worstOf(all []reports.FaultSummary, n int) map[int]bool {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	flag := func(s string) int { return min(len(s), 1) }
	out := func(f *reports.FaultSummary) float64 { return f.OutageMs.Mean.OrZero() * float64(f.OutageMs.Count) }
	slices.SortStableFunc(order, func(i, k int) int {
		a, b := &all[i], &all[k]
		return cmp.Or(cmp.Compare(flag(b.Problem), flag(a.Problem)), cmp.Compare(b.NeverRecovered, a.NeverRecovered), cmp.Compare(out(b), out(a)),
			cmp.Compare(b.FailoverMs.P95.Order(), a.FailoverMs.P95.Order()))
	})
	keep := map[int]bool{}
	for _, i := range order[:min(n, len(order))] {
		keep[i] = true
	}
	return keep
}

// pooled are the rows when the occurrences of a fault that began within the same width are one.
func (v *view) pooled(all []reports.FaultSummary, keep map[int]bool, width time.Duration) []reports.FaultSummary {
	type group struct {
		fault                 string
		slot                  int
		applied, cleared, ill bool
	}
	var order []group
	members := map[group][]int{}
	for i := range all {
		f := &all[i]
		g := group{fault: f.Name, slot: -1 - i} // of its own
		if !keep[i] {
			g = group{f.Name, 0, f.AppliedAtS.Known(), f.ClearedAtS.Known(), f.Problem != "" || f.Lost != ""}
			if g.applied {
				g.slot = int(float64(f.AppliedAtS) / width.Seconds())
			}
		}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], i)
	}
	each := 0
	for _, in := range members {
		if len(in) > 1 {
			each += len(in)
		}
	}
	rows := make([]reports.FaultSummary, 0, len(order))
	for _, g := range order {
		in := members[g]
		if len(in) == 1 {
			rows = append(rows, all[in[0]])
			continue
		}
		rows = append(rows, v.sum(all, in, each <= mostEach))
	}
	return rows
}

// sum is the row of several occurrences of a fault, by their numbers among all.
func (v *view) sum(all []reports.FaultSummary, in []int, each bool) reports.FaultSummary {
	f := all[in[0]]
	f.Pooled, f.WhatHelps, f.Why = len(in), []string{}, ""
	f.RecoveryEndS, f.BaselineFromS = reports.NoData, reports.NoData
	f.UndoVerified, f.Each, f.SoFar = true, nil, nil
	most := &all[in[0]]
	var occs []int32
	asPredicted := map[string]bool{} // cohorts, by whether what became of them was predicted each time
	for _, i := range in {
		o := &all[i]
		occs = append(occs, v.numberOf(o))
		f.LastOccurrence = max(f.LastOccurrence, o.Occurrence)
		f.Occurrence = min(f.Occurrence, o.Occurrence)
		f.ClearedAtS = max(f.ClearedAtS, o.ClearedAtS)
		f.UndoVerified = f.UndoVerified && o.UndoVerified
		f.Problem, f.Lost = cmp.Or(f.Problem, o.Problem), cmp.Or(f.Lost, o.Lost)
		if o.OutageMs.Dark() > 0 {
			f.PooledHurt++
		}
		if o.SoFar != nil {
			if f.SoFar == nil {
				f.SoFar = &reports.FaultSoFar{}
			}
			f.SoFar.Affected += o.SoFar.Affected
			f.SoFar.FailedOver += o.SoFar.FailedOver
			f.SoFar.Healed += o.SoFar.Healed
		}
		if cmp.Compare(o.Edge.PeakRps.Order(), most.Edge.PeakRps.Order()) > 0 && o.Edge.PeakRps.Known() || !most.Edge.PeakRps.Known() {
			most = o
		}
		for name, share := range o.ByCohort {
			if share.OutageMs.Dark() > 0 {
				r := share.Residual
				as, seen := asPredicted[name]
				asPredicted[name] = (as || !seen) && r != nil && r.Finding == "" && !r.TooFew
			}
		}
		if each {
			f.Each = append(f.Each, reports.PooledOccurrence{Occurrence: o.Occurrence, AppliedAtS: o.AppliedAtS, ClearedAtS: o.ClearedAtS,
				Affected: o.Affected, FailedOver: o.FailedOver, Healed: o.Healed, Left: o.Left, NeverRecovered: o.NeverRecovered,
				FailoverP50Ms: o.FailoverMs.P50, FailoverP95Ms: o.FailoverMs.P95, OutageP50Ms: o.OutageMs.P50, OutageP95Ms: o.OutageMs.P95})
		}
	}
	f.Origin, f.Edge, f.Noticed = most.Origin, most.Edge, most.Noticed
	v.effects(&f, occs...)
	v.because(&f, occs[0], func(cohort string) bool { return asPredicted[cohort] })
	return f
}

// repeated collects what is said of many occurrences, to say it once.
type repeated struct {
	add  func(format string, args ...any)
	said []remark
}

// remark is something to say of an occurrence. Remarks of one sort are alike.
type remark struct {
	f          *reports.FaultSummary
	sort, text string
}

func (r *repeated) of(f *reports.FaultSummary, sort, text string) {
	r.said = append(r.said, remark{f, sort, text})
}

// say says of each occurrence what is to be said, or of the first one, and how many more
// there are.
func (r *repeated) say(s *reports.Summary) {
	const few = 3
	type alike struct{ fault, sort string }
	count, told := map[alike]int{}, map[alike]bool{}
	for _, m := range r.said {
		count[alike{m.f.Name, m.sort}]++
	}
	for _, m := range r.said {
		switch k := (alike{m.f.Name, m.sort}); {
		case count[k] <= few:
			r.add("fault %s%s", m.f.Title(s), m.text)
		case !told[k]:
			told[k] = true
			r.add("fault %s%s; the same, or much the same, of %d more of its occurrences", m.f.Title(s), m.text, count[k]-1)
		}
	}
}
