package predict

import (
	"math"
	"slices"
	"time"
)

// Never is the instant that does not come.
const Never = time.Duration(math.MaxInt64)

// Spread is a distribution of instants or lengths. Those that never come are
// longer than all others.
type Spread struct{ Min, P50, P95, Max time.Duration }

func spreadOf(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{Never, Never, Never, Never}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[int(q*float64(len(all)-1)+.5)] }
	return Spread{all[0], at(.5), at(.95), all[len(all)-1]}
}

// dims is how many independent phases there are.
const dims = 5

// point is one of them.
type point [dims]float64

// ratio is the generalised golden ratio of that many dimensions: the root of
// x^(dims+1) = x + 1. Its powers give a sequence that fills a cube evenly
// (Kronecker; Roberts 2018, "The Unreasonable Effectiveness of Quasirandom
// Sequences").
var ratio = func() float64 {
	x := 1.5
	for range 60 {
		x = math.Pow(1+x, 1./(dims+1))
	}
	return x
}()

func pointAt(n int) (u point) {
	for i := range u {
		_, u[i] = math.Modf(.5 + float64(n)/math.Pow(ratio, float64(i+1)))
	}
	return u
}
