package traffic

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// Load is the load on the CDN and on the origin over time. Loads of different
// sources add up exactly.
type Load struct {
	Step     time.Duration // length of a slot
	Slots    []Slot        // from the start of the run
	ByPop    map[string]int64
	ByStatus map[string]int64 // of the origin's answers
	// By headers: the requests to the origin by the POP that caused them, and the
	// answers by the layer that gave them.
	OriginByPop     map[string]int64
	ByLayer         [cdn.Layers]int64
	OriginFirstByte reports.Histogram // the origin's times to first byte
}

// Slot is the load within one step.
type Slot struct {
	EdgeRequests, OriginRequests int64
	EdgeBytes, OriginBytes       int64
	Failed                       int64 // requests that players took as failed
}

// add is reports.Add, but fast: a long run has many slots.
func (s *Slot) add(o *Slot) {
	s.EdgeRequests += o.EdgeRequests
	s.OriginRequests += o.OriginRequests
	s.EdgeBytes += o.EdgeBytes
	s.OriginBytes += o.OriginBytes
	s.Failed += o.Failed
}

// maxSlots bounds the number of slots; long runs have a coarser step.
const maxSlots = 1 << 17

// New chooses a step that divides a second, or is a multiple of it, fine
// enough to see a window of one target duration.
func New(duration time.Duration) Load {
	t := Load{Step: 100 * time.Millisecond}
	for _, coarser := range []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		if duration/t.Step > maxSlots {
			t.Step = coarser
		}
	}
	for duration/t.Step > maxSlots {
		t.Step *= 2
	}
	return t
}

// Reserve takes the memory of a whole run at once, and uses it, so that a long run does not
// grow.
func (t *Load) Reserve(duration time.Duration) {
	t.Slots = slices.Grow(t.Slots, min(int(duration/t.Step)+1, maxSlots))
	clear(t.Slots[len(t.Slots):cap(t.Slots)]) // the system gives memory only where something is written
}

// Slot is the slot of an instant. What comes after twice the slots that a run
// should have is counted in the last one.
func (t *Load) Slot(at time.Duration) *Slot {
	i := int(min(max(at, 0)/t.Step, 2*maxSlots))
	for i >= len(t.Slots) {
		t.Slots = append(t.Slots, Slot{})
	}
	return &t.Slots[i]
}

// Origin counts a request to the origin.
func (t *Load) Origin(at time.Duration, status int, bytes int64) {
	s := t.Slot(at)
	s.OriginRequests++
	s.OriginBytes += bytes
	name := "none"
	if status > 0 {
		name = strconv.Itoa(status)
	}
	reports.Count(&t.ByStatus, name, 1)
}

// Fetch counts a request to the origin, as headers have it.
func (t *Load) Fetch(x *Fill) {
	t.Origin(x.Sent, x.Status, x.Bytes)
	if x.Pop != "" {
		reports.Count(&t.OriginByPop, x.Pop, 1)
	}
	if x.Fetched > 0 {
		t.OriginFirstByte.Duration(x.Fetched)
	}
}

// Add adds o, which must have the same step.
func (t *Load) Add(o *Load) {
	if len(o.Slots) > len(t.Slots) {
		t.Slots = append(t.Slots, make([]Slot, len(o.Slots)-len(t.Slots))...)
	}
	for i := range o.Slots {
		t.Slots[i].add(&o.Slots[i])
	}
	reports.CountAll(&t.ByPop, o.ByPop)
	reports.CountAll(&t.ByStatus, o.ByStatus)
	reports.CountAll(&t.OriginByPop, o.OriginByPop)
	for i, n := range o.ByLayer {
		t.ByLayer[i] += n
	}
	t.OriginFirstByte.Merge(&o.OriginFirstByte)
}

// Check reports whether a load that comes from elsewhere can be of a run of a duration.
func (t *Load) Check(duration time.Duration) error {
	if step := New(duration).Step; t.Step != step || len(t.Slots) > 2*maxSlots+1 {
		return fmt.Errorf("load: %d slots of %v (want at most %d of %v)", len(t.Slots), t.Step, 2*maxSlots+1, step)
	}
	return nil
}

// Copy returns a load that can be changed by itself.
func (t *Load) Copy() *Load {
	c := &Load{Step: t.Step}
	c.Add(t)
	return c
}

// HasEdge reports whether any request to the CDN was counted.
func (t *Load) HasEdge() bool {
	return slices.ContainsFunc(t.Slots, func(s Slot) bool { return s.EdgeRequests > 0 })
}

// TakeEdge takes the load on the CDN from o, which has the same step.
func (t *Load) TakeEdge(o *Load) {
	edge := Load{Step: o.Step, Slots: slices.Clone(o.Slots), ByPop: o.ByPop}
	for i := range edge.Slots {
		edge.Slots[i].OriginRequests, edge.Slots[i].OriginBytes, edge.Slots[i].Failed = 0, 0, 0
	}
	t.Add(&edge)
}

// TakeFailed takes the failed requests from o, which has the same step.
func (t *Load) TakeFailed(o *Load) {
	failed := Load{Step: o.Step, Slots: make([]Slot, len(o.Slots))}
	for i := range o.Slots {
		failed.Slots[i].Failed = o.Slots[i].Failed
	}
	t.Add(&failed)
}

// Series is one of the numbers of a slot.
type Series func(*Slot) int64

func EdgeRequests(s *Slot) int64   { return s.EdgeRequests }
func EdgeBits(s *Slot) int64       { return 8 * s.EdgeBytes }
func OriginRequests(s *Slot) int64 { return s.OriginRequests }
func OriginBits(s *Slot) int64     { return 8 * s.OriginBytes }
func Failed(s *Slot) int64         { return s.Failed }

// slots are those of an interval: the first may begin before from, the last
// one ends at or before to, unless that leaves none.
func (t *Load) slots(from, to time.Duration) []Slot {
	lo := int(max(from, 0) / t.Step)
	hi := int(min(max(to, 0)/t.Step, 4*maxSlots))
	lo = min(lo, len(t.Slots))
	return t.Slots[lo:min(max(hi, lo), len(t.Slots))]
}

// Sum adds up a series over an interval.
func (t *Load) Sum(of Series, from, to time.Duration) int64 {
	var n int64
	slots := t.slots(from, to)
	for i := range slots {
		n += of(&slots[i])
	}
	return n
}

// Total adds up a series over the whole run.
func (t *Load) Total(of Series) int64 { return t.Sum(of, 0, math.MaxInt64) }

// Peak is the highest rate per second over any window of the given length
// within [from, to), NaN when the interval is empty, and the step that completes the
// first such window. An interval shorter than the window is one window.
func (t *Load) Peak(of Series, from, to, window time.Duration) (rate float64, at time.Duration) {
	if to-from < t.Step {
		return math.NaN(), 0
	}
	w := max(int(min(window, to-from)/t.Step), 1)
	slots := t.slots(from, to)
	var sum, best int64
	at = from
	for i := range slots {
		sum += of(&slots[i])
		if i >= w {
			sum -= of(&slots[i-w])
		}
		if sum > best {
			best, at = sum, from+time.Duration(i)*t.Step
		}
	}
	return float64(best) / (time.Duration(w) * t.Step).Seconds(), at
}

// Meter counts the true load, where a rig can see it. Its methods may be called
// from any goroutine. When a meter has counted
// nothing, the load is estimated from the answers that players got.
type Meter struct {
	mu  sync.Mutex
	t   Load
	sum Slot // of all slots
}

// Start empties the meter, for a run of a duration.
func (m *Meter) Start(duration time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t, m.sum = New(duration), Slot{}
	m.t.Reserve(duration)
}

// Edge counts a viewer's request to the CDN, answered by pop
// with bytes of body.
func (m *Meter) Edge(at time.Duration, pop string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := Slot{EdgeRequests: 1, EdgeBytes: bytes}
	m.t.Slot(at).add(&one)
	m.sum.add(&one)
	reports.Count(&m.t.ByPop, pop, 1)
}

// Origin counts a request that reached the origin. Status 0 means that it was
// never answered.
func (m *Meter) Origin(at time.Duration, status int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t.Origin(at, status, bytes)
	m.sum.add(&Slot{OriginRequests: 1, OriginBytes: bytes})
}

// Add adds a load that was counted elsewhere, such as by a rig in another process. Steps are converted; a coarser step loses precision in time only.
func (m *Meter) Add(o *Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	same := Load{Step: m.t.Step, ByPop: o.ByPop, ByStatus: o.ByStatus}
	for i := range o.Slots {
		same.Slot(time.Duration(i) * o.Step).add(&o.Slots[i])
		m.sum.add(&o.Slots[i])
	}
	m.t.Add(&same)
}

// Load returns a copy of what was counted, nil when nothing was.
func (m *Meter) Load() *Load {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.t.Slots) == 0 {
		return nil
	}
	return m.t.Copy()
}

// Total is the sum of a series so far; 0 also when it is not counted.
func (m *Meter) Total(of Series) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return of(&m.sum)
}
