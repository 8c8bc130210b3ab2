package reports

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram counts values exactly enough: two or three significant digits
// (HdrHistogram), with the exact sum and extremes beside. Histograms of equal
// digits merge without loss and in any order. The zero value is empty and
// records with three digits. It belongs to one caller at a time, to read it too.
type Histogram struct {
	n, sum   int64
	min, max int64
	coarse   bool
	counts   *hdr.PackedHistogram // but for what is in recent; see whole
	recent   *recent              // of a coarse one with many values
}

// recent counts values that are not in the counts yet: to find a bucket there is
// slow, and most values fall into a few of them. Neighbouring buckets have places
// of their own.
type recent [256]struct{ value, n int64 }

const (
	coarseBits = 8    // leading bits that tell the buckets of a coarse histogram apart
	many       = 1000 // values after which recent is worth its memory
)

// largestValue is the largest value that is recorded as it is: 48 days in
// microseconds, 4 Tbit/s.
const largestValue = 1 << 42

// CoarseHistogram records with two digits, for what is recorded most often.
func CoarseHistogram() Histogram { return Histogram{coarse: true} }

func (h *Histogram) digits() int {
	if h.coarse {
		return 2
	}
	return 3
}

// newCounts is empty, for the histogram's digits.
func (h *Histogram) newCounts() *hdr.PackedHistogram {
	return hdr.NewPacked(1, largestValue, h.digits())
}

// Record adds a value. Negative values count as 0, values beyond 2⁴² as that.
func (h *Histogram) Record(v int64) {
	v = min(max(v, 0), largestValue)
	if h.counts == nil {
		h.counts = h.newCounts()
	}
	if h.n == 0 || v < h.min {
		h.min = v
	}
	if v > h.max {
		h.max = v
	}
	h.n++
	h.sum += v
	if !h.coarse || h.n <= many {
		h.counts.RecordValue(v) // in range by the clamping above
		return
	}
	if h.recent == nil {
		h.recent = new(recent)
	}
	drop := max(bits.Len64(uint64(v))-coarseBits, 0)
	bucket := v >> drop
	r := &h.recent[(uint(bucket)+uint(drop)<<(coarseBits-1))%uint(len(h.recent))]
	if v = bucket << drop; v != r.value {
		h.counts.RecordValues(r.value, r.n)
		r.value, r.n = v, 0
	}
	r.n++
}

// whole is the counts of all values, nil without any.
func (h *Histogram) whole() *hdr.PackedHistogram {
	if h.recent != nil {
		for i := range h.recent {
			if r := &h.recent[i]; r.n > 0 {
				h.counts.RecordValues(r.value, r.n)
				r.n = 0
			}
		}
	}
	return h.counts
}

// Rest gives back the memory for values to come. It can be recorded to as before.
func (h *Histogram) Rest() {
	h.whole()
	h.recent = nil
}

// Duration adds a duration, in microseconds.
func (h *Histogram) Duration(d time.Duration) { h.Record(int64(d / time.Microsecond)) }

// Coarse is the histogram with two digits.
func (h *Histogram) Coarse() Histogram {
	c := CoarseHistogram()
	c.counts = c.newCounts() // else Merge would take the digits of h
	c.Merge(h)
	return c
}

// Merge adds what o counted.
func (h *Histogram) Merge(o *Histogram) {
	if o.n == 0 {
		return
	}
	if h.counts == nil {
		h.coarse = o.coarse
		h.counts = h.newCounts()
	}
	if h.n == 0 || o.min < h.min {
		h.min = o.min
	}
	h.max = max(h.max, o.max)
	h.n += o.n
	h.sum += o.sum
	h.whole().Merge(o.whole())
}

// Count is how many values were recorded.
func (h *Histogram) Count() int64 { return h.n }

// Sum is the exact sum of the values.
func (h *Histogram) Sum() int64 { return h.sum }

// Cells calls yield with the smallest value and the count of each group of values that are
// counted as one, in ascending order. The bounds of the groups are the same in all
// histograms of equal digits.
func (h *Histogram) Cells(yield func(least, count int64) bool) {
	if h.n > 0 {
		h.whole().ForEachBucket(yield)
	}
}

// Quantile is the value of nearest rank. never is how many further values are
// larger than all recorded ones: +Inf when the rank falls on one of them, NaN
// without any value.
func (h *Histogram) Quantile(q float64, never int64) float64 {
	total := h.n + never
	if total == 0 {
		return math.NaN()
	}
	rank := min(max(int64(math.Ceil(q*float64(total)-1e-9)), 1), total)
	if rank > h.n {
		return math.Inf(1)
	}
	v := h.whole().ValueAtPercentile(100 * float64(rank) / float64(h.n))
	return float64(min(max(v, h.min), h.max))
}

// MergeEncoded adds what the histogram of a [Dist] counted; "" is empty. The sum is then
// only as exact as the buckets are.
func (h *Histogram) MergeEncoded(text string) error {
	if text == "" {
		return nil
	}
	refused := func(why any) error {
		return fmt.Errorf("histogram %.20q: %v (want HdrHistogram V2 in base64)", text, why)
	}
	const longest, mostCounted = 1 << 20, 1 << 40
	if len(text) > longest {
		return refused(fmt.Sprintf("%d bytes", len(text)))
	}
	counts, err := hdr.DecodePacked([]byte(text))
	if err != nil {
		return refused(err)
	}
	o := Histogram{counts: counts, n: counts.TotalCount(), min: counts.Min(), max: counts.Max(), coarse: counts.SignificantFigures() == 2}
	if counts.LowestTrackableValue() != 1 || counts.HighestTrackableValue() != largestValue || counts.SignificantFigures() != int64(o.digits()) {
		return refused("other buckets than those of this program")
	}
	if o.n < 0 || o.n > mostCounted || o.min < 0 || o.max > 2*largestValue {
		return refused(fmt.Sprintf("%d values from %d to %d", o.n, o.min, o.max))
	}
	mean := 0.0
	for least, n := range counts.ForEachBucket {
		if n < 0 || n > o.n {
			return refused(fmt.Sprintf("%d values at %d", n, least))
		}
		mean += float64(least) * float64(n) / float64(o.n)
	}
	o.sum = int64(min(mean*float64(o.n), math.MaxInt64/2))
	h.Merge(&o)
	return nil
}

// Encoded is the HdrHistogram V2 form in base64, "" when empty.
func (h *Histogram) Encoded() string { return h.encoded() }

// encoded is the HdrHistogram V2 form in base64, "" when empty.
func (h *Histogram) encoded() string {
	counts := h.whole()
	if counts == nil {
		return ""
	}
	b, err := counts.Encode()
	if err != nil {
		return "" // only of a histogram too large to encode, which largestValue excludes
	}
	return string(b)
}

// Snapshot is what a histogram held at one instant.
type Snapshot struct {
	counts []int64 // one for each bucket
	sum    int64
	coarse bool
}

func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{sum: h.sum, coarse: h.coarse}
	if h.n > 0 {
		d := hdr.New(1, largestValue, h.digits())
		h.whole().MergeInto(d)
		s.counts = d.Export().Counts
	}
	return s
}

// Since is what was recorded after an earlier snapshot.
func (s *Snapshot) Since(first *Snapshot) Histogram {
	h := Histogram{coarse: s.coarse}
	if s.counts == nil {
		return h
	}
	later := &hdr.Snapshot{LowestTrackableValue: 1, HighestTrackableValue: largestValue, SignificantFigures: int64(h.digits()), Counts: make([]int64, len(s.counts))}
	for i, n := range s.counts {
		if i < len(first.counts) {
			n = max(n-first.counts[i], 0)
		}
		later.Counts[i] = n
	}
	d := hdr.Import(later)
	if d.TotalCount() == 0 {
		return h
	}
	h.counts = h.newCounts()
	h.counts.MergeFrom(d)
	h.n, h.sum = d.TotalCount(), s.sum-first.sum
	h.min, h.max = d.Min(), d.Max()
	return h
}
