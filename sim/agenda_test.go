package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hlsload/player"
)

// TestAgenda adds questions in no order and gives some of them up, in windows of any
// length and with long pauses: each one comes in its window, in order.
func TestAgenda(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d) + 1)) }
		a := newAgenda(time.Millisecond + upTo(20*time.Millisecond))
		kept := map[*question]question{} // what is to come
		now, n := time.Duration(0), player.FetchID(0)
		for range 300 {
			if len(kept) == 0 && rng.IntN(2) == 0 {
				now += upTo(time.Hour)
			}
			a.skip(now)
			for range rng.IntN(80) * rng.IntN(2) {
				n++
				q := question{at: now + upTo(upTo(2*time.Second)), viewer: rng.Uint64N(5), fetch: n}
				if rng.IntN(3) == 0 {
					q.at = q.at.Round(100 * time.Millisecond) // several at an instant
				}
				q.at = max(q.at, now)
				p := a.add(q)
				if rng.IntN(8) == 0 {
					p.void = true
				} else {
					kept[p] = q
				}
			}
			if next := a.next(); len(kept) > 0 && next > now+3*time.Second || len(kept) == 0 && a.n == 0 && next != player.Never {
				t.Fatalf("seed %d: the next of %d questions is due at %v; it is %v", seed, len(kept), next, now)
			}
			until := now + a.length
			if rng.IntN(3) == 0 {
				until = now + upTo(a.length)
			}
			var want []question
			for p, q := range kept {
				if q.at < until {
					want = append(want, q)
					delete(kept, p)
				}
			}
			slices.SortFunc(want, func(a, b question) int { return a.order(&b) })
			got := a.take(until, nil)
			if len(got) != len(want) {
				t.Fatalf("seed %d: %d questions before %v; want %d", seed, len(got), until, len(want))
			}
			for i := range got {
				if got[i].question != want[i] {
					t.Fatalf("seed %d: question %d before %v is %+v; want %+v", seed, i, until, got[i].question, want[i])
				}
			}
			now = until
		}
		if n < 1000 {
			t.Fatalf("seed %d: %d questions; want thousands", seed, n)
		}
	}
}
