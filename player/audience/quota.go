package audience

import (
	"cmp"
	"math"
	"slices"
)

// atLeastOne is counts with at least one for every share above 0, as long as n
// allows. What a small share gets beyond its own is taken from the largest count.
func atLeastOne(n int, shares []float64) []int {
	out := counts(n, shares)
	for i, share := range shares {
		if share == 0 || out[i] > 0 {
			continue
		}
		if most := slices.Index(out, slices.Max(out)); out[most] > 1 {
			out[most]--
			out[i]++
		}
	}
	return out
}

// counts shares n out by largest remainder; equal remainders go to the first.
func counts(n int, shares []float64) []int {
	out := make([]int, len(shares))
	order := make([]int, len(shares))
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	left := n
	exact := func(i int) float64 { return float64(n) * shares[i] / sum }
	for i := range shares {
		// 0.3 × 1000 must not become 299.99…
		out[i] = int(math.Floor(exact(i) + 1e-9))
		left -= out[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		ra, rb := exact(a)-float64(out[a]), exact(b)-float64(out[b])
		if math.Abs(ra-rb) < 1e-9 {
			return 0
		}
		return cmp.Compare(rb, ra)
	})
	for i := 0; left > 0; i++ {
		out[order[i%len(order)]]++
		left--
	}
	return out
}

// quota hands out indices so that each comes up exactly as often as planned,
// evenly interleaved.
type quota struct {
	want, got []int
	n, total  int
}

func newQuota(want []int) quota {
	q := quota{want: want, got: make([]int, len(want))}
	for _, w := range want {
		q.total += w
	}
	return q
}

// next is the index that is furthest behind its share.
func (q *quota) next() int {
	q.n++
	best, most := -1, 0
	for i, w := range q.want {
		if q.got[i] == w {
			continue
		}
		if behind := q.n*w - q.got[i]*q.total; best < 0 || behind > most {
			best, most = i, behind
		}
	}
	if best < 0 {
		return 0
	}
	q.got[best]++
	return best
}

// seats hands out (cohort, entry, region) to the viewers of one group: the base
// audience or a surge. Cohorts have exact counts and, in the base audience, at
// least one viewer each; entries have exact counts in all and are interleaved
// within each cohort, so that cohorts can be compared, and so are regions within
// each cohort and entry.
type seats struct {
	cohort  quota
	entries []quota // by cohort; nil = there is one
	regions []quota // by cohort and entry; nil = there is one
	each    int     // entries of a cohort
}

func newSeats(cohorts []int, entries, regions []float64) seats {
	s := seats{cohort: newQuota(cohorts), each: 1}
	cells := s.cohort.want
	if len(entries) > 1 {
		s.entries, s.each = within(cells, entries), len(entries)
		cells = nil
		for i := range s.entries {
			cells = append(cells, s.entries[i].want...)
		}
	}
	if len(regions) > 1 {
		s.regions = within(cells, regions)
	}
	return s
}

// within shares out each of the cells. The counts are exact in all, and nearly so in
// each cell.
func within(cells []int, shares []float64) []quota {
	total := 0
	for _, n := range cells {
		total += n
	}
	all := newQuota(counts(total, shares))
	out := make([]quota, len(cells))
	for i, n := range cells {
		want := make([]int, len(shares))
		for range n {
			want[all.next()]++
		}
		out[i] = newQuota(want)
	}
	return out
}

func (s *seats) next() (cohort, entry, region int) {
	cohort = s.cohort.next()
	if s.entries != nil {
		entry = s.entries[cohort].next()
	}
	if s.regions != nil {
		region = s.regions[cohort*s.each+entry].next()
	}
	return cohort, entry, region
}
