package sim

import (
	"time"

	"hlsload/player"
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
	arrive               // ref: arrival in lane.coming
)

const kindBits = 3

func (e *entry) kind() kind { return kind(e.seq & (1<<kindBits - 1)) }

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// queue holds what is to happen, in order of time. Most of it is due within
// seconds, so it is first put into short slots, and sorted only when its slot
// comes up: a few hundred entries at a time, which stay in the processor's
// nearest cache however many players there are.
type queue struct {
	seq     uint64
	near    heap   // the slot that is due, and what was added for it since
	slot    uint64 // its number
	ring    [slots]*chunk
	waiting int            // entries in the ring
	horizon uint64         // the first slot beyond the ring; it goes on by whole blocks
	far     [blocks]*chunk // from there on, by block; what is further ahead shares them
	beyond  int            // entries there
	idle    *chunk
}

const (
	slotLen = time.Duration(1 << 20) // about a millisecond
	slots   = 4096
	block   = slots / 2 // slots
	blocks  = 1024      // more than half an hour
)

// chunk is a part of a slot.
type chunk struct {
	next *chunk
	n    int
	e    [20]entry // it fills half a kilobyte
}

func newQueue() *queue { return &queue{horizon: slots} }

// push adds an entry. at must not be before that of the last entry taken.
func (q *queue) push(at time.Duration, k kind, ref, gen uint32) {
	q.seq++
	q.put(&entry{at: at, seq: q.seq<<kindBits | uint64(k), ref: ref, gen: gen})
}

func (q *queue) put(e *entry) {
	switch slot := uint64(e.at) / uint64(slotLen); {
	case slot <= q.slot:
		q.near.push(e)
	case slot < q.horizon:
		q.add(&q.ring[slot%slots], e)
		q.waiting++
	default:
		q.add(&q.far[slot/block%blocks], e)
		q.beyond++
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

// next is the instant of the earliest entry; Never when there is none.
func (q *queue) next() time.Duration {
	if len(q.near) == 0 && !q.turn() {
		return player.Never
	}
	return q.near[0].at
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
	for q.waiting == 0 {
		if q.beyond == 0 {
			return false
		}
		q.slot = q.horizon - 1
		q.look()
	}
	slot := q.slot + 1
	for q.ring[slot%slots] == nil {
		slot++
	}
	q.slot = slot
	list := &q.ring[slot%slots]
	for c := *list; c != nil; c = *list {
		for i := range c.n {
			q.near.push(&c.e[i])
		}
		q.waiting -= c.n
		q.drop(list)
	}
	if slot+block >= q.horizon {
		q.look()
	}
	return true
}

// look moves the horizon on by a block.
func (q *queue) look() {
	list := &q.far[q.horizon/block%blocks]
	far := *list
	*list = nil
	q.horizon += block
	for far != nil {
		q.beyond -= far.n
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
	*h = append(*h, *e)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 4
		if !e.before(&s[up]) {
			return
		}
		s[i], s[up] = s[up], *e
		i = up
	}
}

// pop takes the earliest entry; there must be one.
func (h *heap) pop(e *entry) {
	s := *h
	*e = s[0]
	last := &s[len(s)-1] // it stays there until its new place is found
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
		if !s[least].before(last) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = *last
}
