package traffic

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

// answered is a fill, and when its answer was complete.
type answered struct {
	at time.Duration
	Fill
}

// answers are of a few URLs and POPs, in the order in which they were complete.
func answers(seed uint64, n int) (all []answered) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		x := Fill{FillKey: FillKey{URL: uint64(r.IntN(4)), Pop: fmt.Sprint("pop-", r.IntN(3))}, Sent: time.Duration(r.IntN(150_000)) * ms, Status: 200, Bytes: int64(r.IntN(9000)), Fetched: 5 * ms}
		x.FirstByte = x.Sent + time.Duration(r.IntN(900))*ms
		took := time.Duration(r.IntN(2000)) * ms
		if r.IntN(50) == 0 {
			took += 70 * time.Second
		}
		all = append(all, answered{x.FirstByte + took, x})
	}
	slices.SortStableFunc(all, func(a, b answered) int { return int(a.at - b.at) })
	return all
}

// counted is the load as one meter and several see it, each with the answers that fall to it.
func counted(all []answered, of int, pick func() int) *Load {
	meters := make([]Fills, of)
	for i := range meters {
		meters[i].Start(4*time.Minute, of > 1)
	}
	for _, x := range all {
		meters[pick()].Add(x.at, x.Fill)
	}
	sum := New(4 * time.Minute)
	var fills []Fill
	for i := range meters {
		sum.Add(meters[i].Counted())
		waiting, _ := meters[i].Waiting()
		fills = MergeFills(waiting, fills)
	}
	sum.Count(fills)
	return &sum
}

// TestFillsInAnyOrder: the same requests to the origin are counted alike in every
// split and order of the answers.
func TestFillsInAnyOrder(t *testing.T) {
	for seed := range uint64(20) {
		all := answers(seed, 600)
		r := rand.New(rand.NewPCG(seed, 2))
		want := counted(all, 1, func() int { return 0 })
		for k := 1; k < 5; k++ {
			mixed := slices.Clone(all)
			for i := range mixed { // out of order by seconds, as goroutines may be
				o := min(max(i+r.IntN(9)-4, 0), len(mixed)-1)
				if d := mixed[i].at - mixed[o].at; d < late/2 && d > -late/2 {
					mixed[i], mixed[o] = mixed[o], mixed[i]
				}
			}
			if got := counted(mixed, k, func() int { return r.IntN(k) }); !reflect.DeepEqual(got.Slots, want.Slots) || !reflect.DeepEqual(got.OriginByPop, want.OriginByPop) {
				t.Fatalf("seed %d, %d meters: %d requests; want %d", seed, k, got.Total(OriginRequests), want.Total(OriginRequests))
			}
		}
		if n := want.Total(OriginRequests); n == 600 || n < 300 {
			t.Errorf("seed %d: %d of 600 answers count; want some to have shared requests", seed, n)
		}
	}
}

func TestFills(t *testing.T) {
	a, b := FillKey{1, "a"}, FillKey{1, "b"}
	fill := func(k FillKey, sent, first int) Fill {
		return Fill{FillKey: k, Sent: time.Duration(sent) * ms, FirstByte: time.Duration(first) * ms, Status: 200, Bytes: 10}
	}
	for _, tc := range []struct {
		name  string
		fills []Fill
		want  int64
	}{
		{"alone", []Fill{fill(a, 0, 100)}, 1},
		{"shared", []Fill{fill(a, 0, 100), fill(a, 50, 101), fill(a, 99, 180)}, 1},
		{"after the first byte", []Fill{fill(a, 0, 100), fill(a, 100, 180)}, 2},
		{"after the first byte of one that counts", []Fill{fill(a, 0, 100), fill(a, 50, 900), fill(a, 120, 200)}, 2},
		{"elsewhere", []Fill{fill(a, 0, 100), fill(b, 50, 110)}, 2},
		{"complete in another order", []Fill{fill(a, 110, 200), fill(a, 50, 101), fill(a, 0, 100)}, 2},
	} {
		var f Fills
		f.Start(time.Minute, false)
		for _, x := range tc.fills {
			f.Add(time.Second, x)
		}
		if got := f.Total(OriginRequests); got != tc.want || f.Counted().Total(OriginRequests) != tc.want {
			t.Errorf("%s: %d requests to the origin; want %d", tc.name, got, tc.want)
		}
	}
}

// TestFillsAreBounded: too many answers are counted at once, and it is said so.
func TestFillsAreBounded(t *testing.T) {
	for _, keep := range []bool{false, true} {
		var f Fills
		f.Start(time.Minute, keep)
		most := maxFills
		if keep {
			most = maxKept
		}
		n := most + 100
		for i := range n {
			f.Add(time.Duration(i)*time.Microsecond+ms, Fill{FillKey: FillKey{URL: uint64(i)}, Sent: time.Duration(i) * time.Microsecond})
		}
		waiting, partly := f.Waiting()
		if f.waiting > most || len(waiting) > most || !partly || f.Total(OriginRequests) != int64(n) {
			t.Errorf("keep %v: %d wait, partly %v, %d counted; want at most %d, true, %d", keep, f.waiting, partly, f.Total(OriginRequests), most, n)
		}
	}
}
