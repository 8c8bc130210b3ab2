package record

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestDelaysAreNear compares quantiles with those of the sorted values.
func TestDelaysAreNear(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	var d sharedDelays
	d.reserve(time.Second, 10*time.Second)
	var all []time.Duration
	for i := range 20_000 {
		v := time.Duration(math.Exp(random.NormFloat64()*1.5)*80) * time.Millisecond
		all = append(all, v)
		d.started(time.Duration(i%10_000)*time.Millisecond, v)
	}
	slices.Sort(all)
	sum := d.Between(0, 10*time.Second)
	of := []float64{0, .01, .5, .9, .95, .99, 1}
	for i, got := range sum.Startup.Quantiles(of...) {
		rank := max(int(math.Ceil(of[i]*float64(len(all)))), 1)
		want := float64(all[rank-1]) / 1e6
		if math.Abs(float64(got)-want) > max(.126*want, .064) {
			t.Errorf("quantile %v is %v ms; want %v ms, an eighth off at most", of[i], got, want)
		}
	}
}

// TestDelaysAddUp asks for parts and for the whole.
func TestDelaysAddUp(t *testing.T) {
	var d sharedDelays
	d.reserve(time.Second, 4*time.Second)
	for i := range 40 {
		d.answered(time.Duration(i)*100*time.Millisecond, time.Duration(i)*time.Millisecond)
	}
	d.answered(3500*time.Millisecond, -1)
	d.answered(9*time.Second, time.Hour) // after the end, and longer than any
	var sum int64
	for i := range 10 {
		row := d.Between(time.Duration(i)*time.Second, time.Duration(i+1)*time.Second)
		sum += row.Answers()
	}
	whole, empty := d.Between(0, time.Minute), d.Between(5*time.Second, 6*time.Second)
	if sum != 42 || whole.Answers() != 42 || whole.Silent != 1 || empty.Answers() != 0 {
		t.Errorf("%d answers in the parts, %d in the whole, %d of them silent, %d in a quiet part; want 42, 42, 1 and 0", sum, whole.Answers(), whole.Silent, empty.Answers())
	}
	if q := empty.FirstByte.Quantiles(.5); q[0].Known() {
		t.Errorf("the median of nothing is %v; want none", q[0])
	}
	if q := whole.FirstByte.Quantiles(1); float64(q[0]) < 60_000 {
		t.Errorf("the largest is %v ms; want the last bucket", q[0])
	}
}

func TestDelayBuckets(t *testing.T) {
	for i := range delayBuckets {
		from, to := delayFrom(i), delayFrom(i+1)
		if delayBucket(from) != i || delayBucket(to-1) != i || to <= from || i >= 8 && to-from > from/8 {
			t.Errorf("bucket %d is from %v to %v: its bounds are in buckets %d and %d", i, from, to, delayBucket(from), delayBucket(to-1))
		}
	}
}
