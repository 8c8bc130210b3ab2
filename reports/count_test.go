package reports

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"
)

type tally struct {
	N     int64
	For   time.Duration
	Hist  Histogram
	Names map[string]int64
	Parts [2]*tally
	Rows  []struct{ A, B int64 }
}

func TestAddAddsEveryField(t *testing.T) {
	one := func() *tally {
		x := &tally{N: 1, For: time.Second, Names: map[string]int64{"404": 2}, Hist: CoarseHistogram()}
		x.Hist.Record(5)
		return x
	}
	sum := &tally{Rows: make([]struct{ A, B int64 }, 2)}
	for range 3 {
		x := one()
		x.Rows, x.Parts[1] = []struct{ A, B int64 }{{1, 2}}, one()
		Add(sum, x)
	}
	Add(sum, nil)
	part := sum.Parts[1]
	got := fmt.Sprint(sum.N, sum.For, sum.Names, sum.Rows, sum.Hist.Count(), sum.Hist.coarse, sum.Parts[0] == nil, part.N, part.Hist.Count())
	if want := "3 3s map[404:6] [{3 6} {0 0}] 3 true true 3 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestNamesInAnyOrder: which of too many names keep counts of their own does not depend
// on which came first, nor on who saw them.
func TestNamesInAnyOrder(t *testing.T) {
	names := []string{"other"}
	for i := range maxNames + 50 {
		names = append(names, fmt.Sprint("pop-", i*7919%100_003))
	}
	var want map[string]int64
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
		parts := make([]map[string]int64, 1+seed%4)
		for _, n := range append(names, names[:]...) {
			Count(&parts[r.IntN(len(parts))], n, int64(len(n)))
		}
		var got map[string]int64
		for _, p := range parts {
			CountAll(&got, p)
		}
		if want == nil {
			want = got
		}
		if !maps.Equal(got, want) || len(got) != maxNames+1 {
			t.Fatalf("seed %d: %d names; want %d, the same in any order", seed, len(got), maxNames+1)
		}
	}
	var few map[string]int64
	for i := range maxNames {
		Count(&few, fmt.Sprint(i), 1)
	}
	if few[others] != 0 || len(few) != maxNames {
		t.Errorf("%d names, %d others; want %d and none", len(few), few[others], maxNames)
	}
}
