package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// naive is a queue that looks at everything it holds.
type naive []entry

func (n *naive) pop() entry {
	first := 0
	for i := range *n {
		if (*n)[i].before(&(*n)[first]) {
			first = i
		}
	}
	e := (*n)[first]
	*n = slices.Delete(*n, first, first+1)
	return e
}

// The queue gives what a search through everything gives, whether entries are
// due at once, within its slots, or far ahead.
func TestQueue(t *testing.T) {
	spans := []time.Duration{0, 1, slotLen / 2, slotLen, 20 * slotLen, slots * slotLen / 2, slots * slotLen, 3 * slots * slotLen, time.Hour}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		q := newQueue()
		var all naive
		var now time.Duration
		popped := 0
		for range 2000 {
			// Fill and drain by turns, down to nothing.
			if len(all) > 0 && (r.IntN(100) < 45 || popped%300 > 150) {
				var got entry
				if !q.pop(&got) {
					t.Fatalf("seed %d: the queue is empty, %d entries are left", seed, len(all))
				}
				if want := all.pop(); got != want {
					t.Fatalf("seed %d: got the entry at %v, number %d; want that at %v, number %d", seed, got.at, got.seq, want.at, want.seq)
				}
				if got.at < now {
					t.Fatalf("seed %d: an entry at %v after one at %v", seed, got.at, now)
				}
				now = got.at
				popped++
				continue
			}
			popped++
			at := now + time.Duration(r.Float64()*float64(spans[r.IntN(len(spans))]))
			k, ref := kind(r.IntN(int(arrive)+1)), r.Uint32()
			q.push(at, k, ref, 7)
			all = append(all, entry{at: at, seq: q.seq<<kindBits | uint64(k), ref: ref, gen: 7})
		}
		for len(all) > 0 {
			var got entry
			if want := all.pop(); !q.pop(&got) || got != want {
				t.Fatalf("seed %d: at the end got %+v; want %+v", seed, got, want)
			}
		}
		if q.pop(new(entry)) {
			t.Fatalf("seed %d: an entry too many", seed)
		}
	}
}

// What is popped is used again: a long run needs no more room than its most
// crowded moment.
func TestQueueRoom(t *testing.T) {
	q := newQueue()
	for i := range 1000 {
		q.push(time.Duration(i)*10*time.Millisecond, arrive, 0, 0)
	}
	step := func() {
		for range 1000 {
			var e entry
			q.pop(&e)
			q.push(e.at+10*time.Second, arrive, 0, 0)
		}
	}
	for range 20 {
		step()
	}
	if n := testing.AllocsPerRun(20, step); n > 1 {
		t.Errorf("%v allocations in a thousand steps; want none", n)
	}
}

func TestStore(t *testing.T) {
	var s store[int]
	const n = 3*blockLen + 1
	for i := range n {
		if got := s.take(); got != uint32(i) {
			t.Fatalf("got number %d; want %d", got, i)
		}
		*s.at(uint32(i)) = i
	}
	p := s.at(5)
	s.give(5)
	s.give(600)
	if a, b, c := s.take(), s.take(), s.take(); a != 600 || b != 5 || c != n {
		t.Errorf("got numbers %d, %d, %d; want 600, 5, %d: those given back first", a, b, c, n)
	}
	if s.at(5) != p || *p != 5 {
		t.Error("a value has moved")
	}
}
