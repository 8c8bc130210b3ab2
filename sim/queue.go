package sim

import (
	"math"
	"time"
)

// entry is something that is to happen. Entries of one instant happen in the
// order in which they were added.
type entry struct {
	at  time.Duration
	seq uint64 // in order of adding; the kind is in its lowest bits
	ref uint32 // what it is about, by kind
	gen uint32 // of what it is about; another one there means that it is void
}

type kind uint8

const (
	wakeSeat kind = iota // ref: seat
	reach                // ref: flight; its request reaches the edge
	reveal               // ref: flight; a fault via viewer has held it back until now
	leave                // ref: seat; the session ends
	arrive               // the next arrival is due
	comeback             // ref: arrival in sim.coming
	conduct              // the conductor wants a tick
	second               // a second of the run is over
)

const kindBits = 4

func (e *entry) kind() kind { return kind(e.seq & (1<<kindBits - 1)) }

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// queue holds what is to happen, in order of time. Most of it is due within
// seconds, so it is first put into short slots, and sorted only when its slot
// comes up: a few hundred entries at a time, which stay in the processor's
// nearest cache however many players there are.
type queue struct {
	seq     uint64
	near    heap  // the slot that is due, and what was added for it since
	slot    int64 // its number
	ring    [slots]*chunk
	waiting int    // entries in the ring
	horizon int64  // the first slot beyond the ring
	far     *chunk // beyond the horizon, in no order
	soonest int64  // slot of those
	idle    *chunk
}

const (
	slots   = 4096
	slotLen = time.Millisecond
)

// chunk is a part of a slot.
type chunk struct {
	next *chunk
	n    int
	e    [20]entry // it fills half a kilobyte
}

func newQueue() *queue { return &queue{horizon: slots, soonest: math.MaxInt64} }

// push adds an entry. at must not be before that of the last entry taken.
func (q *queue) push(at time.Duration, k kind, ref, gen uint32) {
	q.seq++
	q.put(&entry{at: at, seq: q.seq<<kindBits | uint64(k), ref: ref, gen: gen})
}

func (q *queue) put(e *entry) {
	switch slot := int64(e.at / slotLen); {
	case slot <= q.slot:
		q.near.push(e)
	case slot < q.horizon:
		q.add(&q.ring[slot%slots], e)
		q.waiting++
	default:
		q.add(&q.far, e)
		q.soonest = min(q.soonest, slot)
	}
}

func (q *queue) add(list **chunk, e *entry) {
	c := *list
	if c == nil || c.n == len(c.e) {
		if c = q.idle; c == nil {
			c = new(chunk)
		}
		q.idle = c.next
		c.next, c.n = *list, 0
		*list = c
	}
	c.e[c.n] = *e
	c.n++
}

// drop takes the first chunk off a list.
func (q *queue) drop(list **chunk) {
	c := *list
	*list = c.next
	c.next, q.idle = q.idle, c
}

// pop takes the earliest entry; false when there is none.
func (q *queue) pop(e *entry) bool {
	if len(q.near) == 0 && !q.turn() {
		return false
	}
	q.near.pop(e)
	return true
}

// turn goes on to the next slot that has entries; false when there is none.
func (q *queue) turn() bool {
	if q.waiting == 0 {
		if q.far == nil {
			return false
		}
		q.slot = q.soonest
		q.look()
		return true
	}
	for q.slot++; q.ring[q.slot%slots] == nil; q.slot++ {
	}
	list := &q.ring[q.slot%slots]
	for c := *list; c != nil; c = *list {
		for i := range c.n {
			q.near.push(&c.e[i])
		}
		q.waiting -= c.n
		q.drop(list)
	}
	if q.slot+slots/2 >= q.horizon {
		q.look()
	}
	return true
}

// look moves the horizon on.
func (q *queue) look() {
	q.horizon = q.slot + slots
	far := q.far
	q.far, q.soonest = nil, math.MaxInt64
	for far != nil {
		for i := range far.n {
			q.put(&far.e[i])
		}
		q.drop(&far)
	}
}

// heap is a four-ary heap: half as deep as a binary one, and without the boxing
// of container/heap.
type heap []entry

func (h *heap) push(e *entry) {
	*h = append(*h, entry{})
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(&s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = *e
}

// pop takes the earliest entry; there must be one.
func (h *heap) pop(e *entry) {
	s := *h
	*e = s[0]
	last := s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= len(s) {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, len(s)); c++ {
			if s[c].before(&s[least]) {
				least = c
			}
		}
		if !s[least].before(&last) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = last
}
