package traffic

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// Traffic is the load on the CDN and on the origin over time, and who had it.
// Traffic of different sources adds up exactly.
type Load struct {
	Step     time.Duration // length of a slot
	Slots    []Slot        // from the start of the run
	ByPop    map[string]int64
	ByStatus map[string]int64 // of the origin's answers
	// As headers tell: the requests to the origin by the POP that caused them,
	// and the answers by who had them.
	OriginByPop map[string]int64
	ByLayer     [cdn.Layers]int64
}

// Slot is the load within one step.
type Slot struct {
	EdgeRequests, OriginRequests int64
	EdgeBytes, OriginBytes       int64
}

// The number of slots is bounded by a coarser step for long runs.
const maxSlots = 1 << 17

// newTraffic chooses a step that divides a second, or is a multiple of it, fine
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

// reserve takes the memory of a whole run at once, so that a long run does not
// grow.
func (t *Load) Reserve(duration time.Duration) {
	t.Slots = slices.Grow(t.Slots, min(int(duration/t.Step)+1, maxSlots))
}

// slot is the slot of an instant. What comes after twice the slots that a run
// should have is counted in the last one.
func (t *Load) Slot(at time.Duration) *Slot {
	i := int(min(max(at, 0)/t.Step, 2*maxSlots))
	for i >= len(t.Slots) {
		t.Slots = append(t.Slots, Slot{})
	}
	return &t.Slots[i]
}

// origin counts a request to the origin.
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

// add merges o, which must have the same step.
func (t *Load) Add(o *Load) {
	if len(o.Slots) > len(t.Slots) {
		t.Slots = append(t.Slots, make([]Slot, len(o.Slots)-len(t.Slots))...)
	}
	for i := range o.Slots {
		a, b := &t.Slots[i], &o.Slots[i]
		a.EdgeRequests += b.EdgeRequests
		a.OriginRequests += b.OriginRequests
		a.EdgeBytes += b.EdgeBytes
		a.OriginBytes += b.OriginBytes
	}
	reports.CountAll(&t.ByPop, o.ByPop)
	reports.CountAll(&t.ByStatus, o.ByStatus)
	reports.CountAll(&t.OriginByPop, o.OriginByPop)
	for i, n := range o.ByLayer {
		t.ByLayer[i] += n
	}
}

// hasEdge reports whether any request to the CDN was counted.
func (t *Load) HasEdge() bool {
	return slices.ContainsFunc(t.Slots, func(s Slot) bool { return s.EdgeRequests > 0 })
}

// takeEdge takes the load on the CDN from o, which has the same step.
func (t *Load) TakeEdge(o *Load) {
	edge := Load{Step: o.Step, Slots: slices.Clone(o.Slots), ByPop: o.ByPop}
	for i := range edge.Slots {
		edge.Slots[i].OriginRequests, edge.Slots[i].OriginBytes = 0, 0
	}
	t.Add(&edge)
}

// The series of a traffic.
type Series func(*Slot) int64

func EdgeRequests(s *Slot) int64   { return s.EdgeRequests }
func EdgeBits(s *Slot) int64       { return 8 * s.EdgeBytes }
func OriginRequests(s *Slot) int64 { return s.OriginRequests }
func OriginBits(s *Slot) int64     { return 8 * s.OriginBytes }

// slots are those of an interval: the first may begin before from, the last
// one ends at or before to, unless that leaves none.
func (t *Load) slots(from, to time.Duration) []Slot {
	lo := int(max(from, 0) / t.Step)
	hi := int(min(max(to, 0)/t.Step, 4*maxSlots))
	lo = min(lo, len(t.Slots))
	return t.Slots[lo:min(max(hi, lo), len(t.Slots))]
}

// sum adds up a series over an interval.
func (t *Load) Sum(of Series, from, to time.Duration) int64 {
	var n int64
	slots := t.slots(from, to)
	for i := range slots {
		n += of(&slots[i])
	}
	return n
}

// total adds up a series over the whole run.
func (t *Load) Total(of Series) int64 { return t.Sum(of, 0, math.MaxInt64) }

// peak is the highest rate per second over any window of the given length
// within [from, to), NaN when the interval is empty. An interval shorter than
// the window is one window.
func (t *Load) Peak(of Series, from, to, window time.Duration) float64 {
	if to-from < t.Step {
		return math.NaN()
	}
	w := max(int(min(window, to-from)/t.Step), 1)
	slots := t.slots(from, to)
	var sum, best int64
	for i := range slots {
		sum += of(&slots[i])
		if i >= w {
			sum -= of(&slots[i-w])
		}
		best = max(best, sum)
	}
	return float64(best) / (time.Duration(w) * t.Step).Seconds()
}

// Meter counts the true load, where a rig can see it. Its methods may be called
// from any goroutine. A meter that never counted anything is no truth; then
// the load is estimated from the answers that players got.
type Meter struct {
	mu sync.Mutex
	t  Load
}

// Start empties the meter, for a run of a duration.
func (m *Meter) Start(duration time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t = New(duration)
	m.t.Reserve(duration)
}

// Edge counts a viewer's request to the CDN, answered by pop
// with bytes of body.
func (m *Meter) Edge(at time.Duration, pop string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.t.Slot(at)
	s.EdgeRequests++
	s.EdgeBytes += bytes
	reports.Count(&m.t.ByPop, pop, 1)
}

// Origin counts a request that reached the origin. Status 0 means that it was
// never answered.
func (m *Meter) Origin(at time.Duration, status int, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t.Origin(at, status, bytes)
}

// Add counts what somebody else has counted before, such as a rig in another
// process. Steps are converted; a coarser step loses precision in time only.
func (m *Meter) Add(o *Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	same := Load{Step: m.t.Step, ByPop: o.ByPop, ByStatus: o.ByStatus}
	for i := range o.Slots {
		s, b := same.Slot(time.Duration(i)*o.Step), &o.Slots[i]
		s.EdgeRequests += b.EdgeRequests
		s.OriginRequests += b.OriginRequests
		s.EdgeBytes += b.EdgeBytes
		s.OriginBytes += b.OriginBytes
	}
	m.t.Add(&same)
}

// traffic is a copy of what was counted, nil when nothing was.
func (m *Meter) Load() *Load {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.t.Slots) == 0 {
		return nil
	}
	t := Load{Step: m.t.Step}
	t.Add(&m.t)
	return &t
}

// fills recognises viewers who shared one request to the origin: real CDNs
// report a miss to each of them. Answers from one POP for one URL count once
// when the later one was requested before the first byte of the earlier one
// had come.
type Fills struct {
	mu   sync.Mutex
	last map[FillKey]time.Duration // first byte of the last fill
}

type FillKey struct {
	URL uint64
	Pop string
}

const maxFills = 1 << 16

// first reports whether this answer is the one to count.
func (f *Fills) First(k FillKey, sent, firstByte time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last, ok := f.last[k]; ok && sent < last {
		return false
	}
	if f.last == nil || len(f.last) >= maxFills {
		f.forget(sent)
	}
	f.last[k] = firstByte
	return true
}

// forget drops what nobody can join any more.
func (f *Fills) forget(now time.Duration) {
	keep := map[FillKey]time.Duration{}
	for k, last := range f.last {
		if last >= now-time.Minute && len(keep) < maxFills/2 {
			keep[k] = last
		}
	}
	f.last = keep
}

// total is the sum of a series so far; 0 also when nobody counts it.
func (m *Meter) Total(of Series) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.t.Total(of)
}
