package record

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"time"

	"hlsload/reports"
)

// Delays are the startup times and times to first byte by step of the timeline. A step
// costs 1.2 kB however much happens in it, and neighbouring steps add up exactly.
type Delays struct {
	Step time.Duration
	Rows []DelayRow
}

// sharedDelays are those of all shards of a run: kept by shard, they would cost 16 times
// as much.
type sharedDelays struct {
	mu sync.Mutex
	Delays
}

// DelayRow is a step, or several.
type DelayRow struct {
	Startup, FirstByte delayCounts
	Silent             uint32 // answers that never began, such as timeouts
}

// delayCounts counts durations by their size in units of 64 µs: below 8 units one bucket a
// unit, from there on 8 buckets for each doubling. So a bucket is at most an eighth wide.
type delayCounts [delayBuckets]uint32

const (
	delayUnit    = 64 * time.Microsecond
	delayBuckets = 8 * 18 // up to 67 s
)

func delayBucket(d time.Duration) int {
	u := uint(max(d, 0) / delayUnit)
	e := max(bits.Len(u)-4, 0)
	return min(8*e+int(u>>e), delayBuckets-1)
}

// delayFrom is the lower bound of a bucket.
func delayFrom(bucket int) time.Duration {
	if bucket < 16 {
		return time.Duration(bucket) * delayUnit
	}
	e := bucket/8 - 1
	return time.Duration(bucket-8*e) << e * delayUnit
}

// reserve takes the memory of a whole run at once, and uses it, so that a long run does not grow.
func (d *Delays) reserve(step, duration time.Duration) {
	d.Step, d.Rows = step, make([]DelayRow, 0, min(duration/step+1, 16*reports.MaxRows))
	clear(d.Rows[:cap(d.Rows)])
}

// row is the step of an instant.
func (d *Delays) row(at time.Duration) *DelayRow {
	i := int(min(max(at, 0)/d.Step, 16*reports.MaxRows))
	for i >= len(d.Rows) {
		d.Rows = append(d.Rows, DelayRow{})
	}
	return &d.Rows[i]
}

// add adds delays with the same step.
func (d *Delays) add(o *Delays) {
	if n := len(o.Rows) - len(d.Rows); n > 0 {
		d.Rows = append(d.Rows, make([]DelayRow, n)...)
	}
	for i := range o.Rows {
		d.Rows[i].add(&o.Rows[i])
	}
}

func (r *DelayRow) add(o *DelayRow) {
	r.Startup.add(&o.Startup)
	r.FirstByte.add(&o.FirstByte)
	r.Silent += o.Silent
}

func (d *sharedDelays) started(at, after time.Duration) {
	d.mu.Lock()
	d.row(at).Startup[delayBucket(after)]++
	d.mu.Unlock()
}

// answered counts an answer whose first byte came after a time; negative = never.
func (d *sharedDelays) answered(at, after time.Duration) {
	d.mu.Lock()
	if row := d.row(at); after < 0 {
		row.Silent++
	} else {
		row.FirstByte[delayBucket(after)]++
	}
	d.mu.Unlock()
}

// Between adds up the steps of an interval.
func (d *Delays) Between(from, to time.Duration) (sum DelayRow) {
	lo := min(int(from/d.Step), len(d.Rows))
	hi := min(int((to+d.Step-1)/d.Step), len(d.Rows))
	for i := range d.Rows[lo:max(lo, hi)] {
		sum.add(&d.Rows[lo+i])
	}
	return sum
}

// Answers is how many answers came, those that never began included.
func (r *DelayRow) Answers() int64 { return r.FirstByte.count() + int64(r.Silent) }

func (c *delayCounts) add(o *delayCounts) {
	for i, n := range o {
		c[i] += n
	}
}

func (c *delayCounts) count() (n int64) {
	for _, m := range c {
		n += int64(m)
	}
	return n
}

// Quantiles are quantiles in milliseconds, between the bounds of their buckets by rank; no
// data of nothing. The quantiles asked for must ascend.
func (c *delayCounts) Quantiles(of ...float64) []reports.Value {
	values := slices.Repeat([]reports.Value{reports.NoData}, len(of))
	total, below, next := c.count(), int64(0), 0
	for i, n := range c {
		for ; n > 0 && next < len(of); next++ {
			rank := max(math.Ceil(of[next]*float64(total)-1e-9), 1)
			if rank > float64(below+int64(n)) {
				break
			}
			from, to := delayFrom(i), delayFrom(i+1)
			at := from.Seconds() + (to-from).Seconds()*(rank-.5-float64(below))/float64(n)
			values[next] = reports.Value(1000 * at).Round(2)
		}
		below += int64(n)
	}
	return values
}
