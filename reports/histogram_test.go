package reports

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// naive is what a histogram should say: all values, and +Inf for never.
type naive []float64

func (n naive) quantile(q float64) float64 {
	s := slices.Clone(n)
	slices.Sort(s)
	return s[max(int(math.Ceil(q*float64(len(s))-1e-9)), 1)-1]
}

func TestQuantilesAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		h := Histogram{coarse: round%2 == 0}
		var all naive
		never := int64(rng.IntN(20)) * int64(rng.IntN(2))
		scale := math.Pow(10, 1+7*rng.Float64())
		for range rng.IntN(200) {
			v := int64(scale * rng.ExpFloat64())
			h.Record(v)
			all = append(all, float64(v))
		}
		for range never {
			all = append(all, math.Inf(1))
		}
		if len(all) == 0 {
			if !math.IsNaN(h.Quantile(.5, 0)) {
				t.Fatal("an empty histogram has a median")
			}
			continue
		}
		for _, q := range []float64{0, .01, .5, .9, .95, .99, 1} {
			got, want := h.Quantile(q, never), all.quantile(q)
			tolerance := want * 1.0 / 1000
			if h.coarse {
				tolerance = want / 100
			}
			if math.IsInf(want, 1) != math.IsInf(got, 1) || !math.IsInf(want, 1) && math.Abs(got-want) > tolerance {
				t.Fatalf("round %d: quantile %v of %d values and %d never: got %v, want %v", round, q, h.n, never, got, want)
			}
		}
		if d := h.Dist(1, never); d.Count != int64(len(all)) || d.Censored != never || never > 0 && (d.Max != Never || d.Mean != Never) || h.n == 0 && d.Min != Never {
			t.Fatalf("round %d: %+v", round, d)
		}
	}
}

func TestMergeIsRecording(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		var whole Histogram
		parts := make([]Histogram, 1+rng.IntN(5))
		for range 300 {
			v := int64(math.Exp(20 * rng.Float64()))
			whole.Record(v)
			parts[rng.IntN(len(parts))].Record(v)
		}
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var merged Histogram
		for i := range parts {
			merged.Merge(&parts[i])
		}
		if a, b := merged.Dist(1, 0), whole.Dist(1, 0); a != b {
			t.Fatalf("merged %+v, recorded %+v", a, b)
		}
	}
}

func TestEncodedIsHdr(t *testing.T) {
	var h Histogram
	for v := range int64(1000) {
		h.Record(v * 1000)
	}
	back, err := hdr.Decode([]byte(h.encoded()))
	if err != nil {
		t.Fatal(err)
	}
	if back.TotalCount() != 1000 || back.ValueAtPercentile(50) != int64(h.Quantile(.5, 0)) {
		t.Errorf("decoded %d values, median %d; want 1000, %v", back.TotalCount(), back.ValueAtPercentile(50), h.Quantile(.5, 0))
	}
}

func TestHistogramBounds(t *testing.T) {
	var h Histogram
	for _, v := range []int64{math.MinInt64, -1, 0, math.MaxInt64} {
		h.Record(v)
	}
	if h.n != 4 || h.min != 0 || h.max != largestValue {
		t.Errorf("n %d, min %d, max %d; want 4, 0, %d", h.n, h.min, h.max, int64(largestValue))
	}
}

// A coarse histogram with many values holds some of them beside its counts. It
// says what one says that has them all, whenever it is read.
func TestRecentValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 20 {
		h := CoarseHistogram()
		plain := hdr.NewPacked(1, largestValue, h.digits())
		for i := range 5 * many {
			v := int64(math.Exp(float64(round+10) * rng.Float64()))
			switch rng.IntN(4) {
			case 0:
				v = 0
			case 1:
				v = int64(1000 + rng.IntN(1000))
			}
			h.Record(v)
			plain.RecordValue(v)
			if i%977 != 0 && i != 5*many-1 {
				continue
			}
			var sum Histogram
			sum.Merge(&h)
			all := Histogram{n: h.n, sum: h.sum, min: h.min, max: h.max, coarse: true, counts: plain}
			if got, merged, want := h.Dist(1, 0), sum.Dist(1, 0), all.Dist(1, 0); got != want || merged != want {
				t.Fatalf("round %d, value %d: %+v, merged %+v; want %+v", round, i, got, merged, want)
			}
		}
	}
}
