package sim

import "time"

// entry is something that is to happen. Entries of one instant happen in the
// order in which they were added.
type entry struct {
	at   time.Duration
	seq  uint64
	ref  uint32 // what it is about, by kind
	gen  uint32 // of what it is about; another one there means that it is void
	kind kind
}

type kind uint8

const (
	wakeSeat kind = iota // ref: seat
	reach                // ref: flight; its request reaches the edge
	answer               // ref: flight; the edge answers
	leave                // ref: seat; the session ends
	arrive               // the next arrival is due
	comeback             // ref: arrival in sim.coming
	conduct              // the conductor wants a tick
	second               // a second of the run is over
)

// heap is a four-ary heap of entries: half as deep as a binary one, and without
// the boxing of container/heap.
type heap struct {
	e   []entry
	seq uint64
}

func (h *heap) less(a, b *entry) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func (h *heap) push(e entry) {
	h.seq++
	e.seq = h.seq
	h.e = append(h.e, e)
	i := len(h.e) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !h.less(&e, &h.e[up]) {
			break
		}
		h.e[i] = h.e[up]
		i = up
	}
	h.e[i] = e
}

func (h *heap) pop() entry {
	top := h.e[0]
	last := h.e[len(h.e)-1]
	h.e = h.e[:len(h.e)-1]
	n := len(h.e)
	if n == 0 {
		return top
	}
	i := 0
	for {
		first := 4*i + 1
		if first >= n {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, n); c++ {
			if h.less(&h.e[c], &h.e[least]) {
				least = c
			}
		}
		if !h.less(&h.e[least], &last) {
			break
		}
		h.e[i] = h.e[least]
		i = least
	}
	h.e[i] = last
	return top
}
