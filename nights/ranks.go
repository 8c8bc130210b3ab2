package nights

import (
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// more is the probability that numbers of one kind would have now's ranks among all, or
// higher ones: the one-sided test of Mann and Whitney (1947). Never is a number like any
// other, above all of them. The distribution is exact, with ties (Streitberg and Röhmel
// 1986: the number of subsets of each size and sum of ranks); where that would take too
// long, it is the normal one, with the corrections for ties and continuity.
func more(base, now []float64) float64 {
	n, m := len(base), len(now)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	ranks, sum, ties := ranked(base, now)
	if most := 2 * m * (n + m); float64(n+m)*float64(m)*float64(most) <= 3e7 {
		// ways[k][s] is how many subsets of k have twice the ranks' sum s.
		ways := make([][]float64, m+1)
		for k := range ways {
			ways[k] = make([]float64, most+1)
		}
		ways[0][0] = 1
		for i, r := range ranks {
			for k := min(m, i+1); k > 0; k-- {
				for s := most; s >= r; s-- {
					ways[k][s] += ways[k-1][s-r]
				}
			}
		}
		all, above := 0.0, 0.0
		for s, w := range ways[m] {
			if all += w; s >= sum {
				above += w
			}
		}
		return above / all
	}
	u := float64(sum)/2 - float64(m*(m+1))/2
	total := float64(n + m)
	variance := float64(n) * float64(m) / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 {
		return 1
	}
	z := (u - float64(n)*float64(m)/2 - .5) / math.Sqrt(variance)
	return math.Erfc(z/math.Sqrt2) / 2
}

// ranked gives twice the mean rank of each number, twice the sum of those of now, and the
// sum of t³-t over the ties of t numbers.
func ranked(base, now []float64) (ranks []int, sum int, ties float64) {
	type one struct {
		v   float64
		now bool
	}
	var all []one
	for _, v := range base {
		all = append(all, one{v, false})
	}
	for _, v := range now {
		all = append(all, one{v, true})
	}
	slices.SortFunc(all, func(a, b one) int {
		switch {
		case a.v < b.v:
			return -1
		case a.v > b.v:
			return 1
		}
		return 0
	})
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		for k := i; k < j; k++ {
			ranks = append(ranks, i+1+j)
			if all[k].now {
				sum += i + 1 + j
			}
		}
		i = j
	}
	return ranks, sum, ties
}

// superior is the share of pairs in which now's number is the larger one, ties as a half:
// the probability of superiority.
func superior(base, now []float64) float64 {
	if len(base) == 0 || len(now) == 0 {
		return math.NaN()
	}
	n := 0.0
	for _, b := range base {
		for _, v := range now {
			switch {
			case v > b:
				n++
			case v == b:
				n += .5
			}
		}
	}
	return n / float64(len(base)*len(now))
}

// outlier is the probability that one more number of a normal distribution would be as
// large as now: the prediction interval of Student (Hahn and Meeker 1991, section 4.2).
// The spread is at least floor, so that numbers that happen to be equal do not stand for
// certainty. Of heavy tails nothing but the numbers themselves is known: then the spread is
// the one above the median, if that is larger, and half of the degrees of freedom count.
func outlier(base []float64, now, floor float64, heavy bool) float64 {
	n := float64(len(base))
	if n < 2 {
		return 1
	}
	mean, spread := moments(base)
	freedom := n - 1
	if heavy {
		spread, freedom = max(spread, above(base)), freedom/2
	}
	if spread = max(spread, floor); spread == 0 {
		if now > mean {
			return 0
		}
		return 1
	}
	t := (now - mean) / (spread * math.Sqrt(1+1/n))
	return stats.TDist{V: freedom}.CDF(-t)
}

// above is the spread of the numbers above the median, from it.
func above(v []float64) float64 {
	m, sum, n := median(v), 0., 0.
	for _, x := range v {
		if x > m {
			sum, n = sum+(x-m)*(x-m), n+1
		}
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / n)
}

// moments are mean and standard deviation.
func moments(v []float64) (mean, spread float64) {
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	for _, x := range v {
		spread += (x - mean) * (x - mean)
	}
	if n > 1 {
		spread = math.Sqrt(spread / (n - 1))
	}
	return mean, spread
}

// median is the number in the middle, or the mean of the two.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// deviation is the median absolute deviation, scaled to be the standard deviation of a
// normal distribution (1.4826).
func deviation(v []float64) float64 {
	m := median(v)
	var off []float64
	for _, x := range v {
		off = append(off, math.Abs(x-m))
	}
	return 1.4826 * median(off)
}

// holm adjusts probabilities for being of one family (Holm 1979): the k-th smallest of m
// counts m-k+1 times, and no less than the one before.
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted, least := make([]float64, len(p)), 0.0
	for k, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-k)))
		adjusted[i] = least
	}
	return adjusted
}

// hypergeometric is the probability that of a+b hits among na+nb sessions at least a fall
// to na of them (Fisher's exact test); of many sessions, by the normal distribution. The
// counts are rounded so that it becomes larger.
func hypergeometric(a, na, b, nb float64) float64 {
	const most = 1e12
	if !(a >= 0 && b >= 0 && a <= na && b <= nb && na >= 1 && nb >= 1 && na+nb <= most) {
		return 1
	}
	if na+nb > 20_000 {
		share, rest := (a+b)/(na+nb), (na+nb-a-b)/(na+nb)
		deviation := math.Sqrt(share * rest * na * nb / (na + nb - 1))
		if deviation == 0 {
			return 1
		}
		return math.Erfc((a-na*share-.5)/deviation/math.Sqrt2) / 2
	}
	draws := int(math.Ceil(na))
	size := draws + int(nb)
	least, hits := int(math.Floor(a)), min(int(math.Floor(a))+int(math.Ceil(b)), size)
	d := stats.HypergeometicDist{N: size, K: hits, Draws: draws}
	p := 0.0
	for k := least; k <= min(draws, hits); k++ {
		p += d.PMF(float64(k))
	}
	return min(p, 1)
}
