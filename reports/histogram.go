package reports

import (
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram counts values exactly enough: two or three significant digits
// (HdrHistogram), with the exact sum and extremes beside. Histograms of equal
// digits merge without loss and in any order. The zero value is empty and
// records with three digits.
type Histogram struct {
	n, sum   int64
	min, max int64
	coarse   bool
	counts   *hdr.PackedHistogram
}

// The largest value that is told apart: 48 days in microseconds, 4 Tbit/s.
const largestValue = 1 << 42

// coarseHistogram records with two digits, for what is recorded most often.
func CoarseHistogram() Histogram { return Histogram{coarse: true} }

func (h *Histogram) digits() int {
	if h.coarse {
		return 2
	}
	return 3
}

// Record adds a value. Negative values count as 0, values beyond 2⁴² as that.
func (h *Histogram) Record(v int64) {
	v = min(max(v, 0), largestValue)
	if h.counts == nil {
		h.counts = hdr.NewPacked(1, largestValue, h.digits())
	}
	if h.n == 0 || v < h.min {
		h.min = v
	}
	if v > h.max {
		h.max = v
	}
	h.n++
	h.sum += v
	h.counts.RecordValue(v) // in range by the clamping above
}

// Duration adds a duration, in microseconds.
func (h *Histogram) Duration(d time.Duration) { h.Record(int64(d / time.Microsecond)) }

// Merge adds what o counted.
func (h *Histogram) Merge(o *Histogram) {
	if o.n == 0 {
		return
	}
	if h.counts == nil {
		h.coarse = o.coarse
		h.counts = hdr.NewPacked(1, largestValue, h.digits())
	}
	if h.n == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	h.n += o.n
	h.sum += o.sum
	h.counts.Merge(o.counts)
}

// Count is how many values were recorded.
func (h *Histogram) Count() int64 { return h.n }

// quantile is the value of nearest rank among the recorded values and never
// further ones that are larger than all: +Inf when the rank falls on one of
// those, NaN without any.
func (h *Histogram) Quantile(q float64, never int64) float64 {
	total := h.n + never
	if total == 0 {
		return math.NaN()
	}
	rank := min(max(int64(math.Ceil(q*float64(total)-1e-9)), 1), total)
	if rank > h.n {
		return math.Inf(1)
	}
	v := h.counts.ValueAtPercentile(100 * float64(rank) / float64(h.n))
	return float64(min(max(v, h.min), h.max))
}

// encoded is the HdrHistogram V2 form in base64, "" when empty.
func (h *Histogram) encoded() string {
	if h.counts == nil {
		return ""
	}
	b, err := h.counts.Encode()
	if err != nil {
		return "" // only of a histogram too large to encode, which largestValue excludes
	}
	return string(b)
}

// snapshot is what a histogram held at one instant.
type Snapshot struct {
	counts []int64 // one for each bucket
	sum    int64
	coarse bool
}

func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{sum: h.sum, coarse: h.coarse}
	if h.n > 0 {
		d := hdr.New(1, largestValue, h.digits())
		h.counts.MergeInto(d)
		s.counts = d.Export().Counts
	}
	return s
}

// since is what was recorded after an earlier snapshot.
func (s *Snapshot) Since(first *Snapshot) Histogram {
	h := Histogram{coarse: s.coarse}
	if s.counts == nil {
		return h
	}
	later := &hdr.Snapshot{LowestTrackableValue: 1, HighestTrackableValue: largestValue, SignificantFigures: int64(h.digits()), Counts: make([]int64, len(s.counts))}
	for i, n := range s.counts {
		if i < len(first.counts) {
			n -= first.counts[i]
		}
		later.Counts[i] = n
	}
	d := hdr.Import(later)
	if d.TotalCount() == 0 {
		return h
	}
	h.counts = hdr.NewPacked(1, largestValue, h.digits())
	h.counts.MergeFrom(d)
	h.n, h.sum = d.TotalCount(), s.sum-first.sum
	h.min, h.max = d.Min(), d.Max()
	return h
}
