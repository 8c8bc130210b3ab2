package traffic

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestShared: what machines count too much together is what [Fills] of each of them and of
// all count, at every instant.
func TestShared(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		machines := 1 + r.IntN(6)
		var all Fills
		all.Start(4*time.Minute, false)
		each, said, shared := make([]Fills, machines), make([]int64, machines), NewShared(machines)
		for i := range each {
			each[i].Start(4*time.Minute, true)
		}
		most, next := int64(0), time.Duration(0)
		for _, x := range answers(seed, 800) {
			i := r.IntN(machines)
			all.Add(x.at, x.Fill)
			each[i].Add(x.at, x.Fill)
			if x.at < next {
				continue
			}
			next = x.at + 3*time.Second
			for _, i := range r.Perm(machines) {
				fresh, first := each[i].Since(said[i], 1000)
				if first != said[i] {
					t.Fatalf("seed %d: machine %d says fills from number %d; want %d", seed, i, first, said[i])
				}
				said[i] += int64(len(fresh))
				shared.Take(i, x.at, fresh)
			}
			over, partly := shared.Over()
			for _, of := range []Series{OriginRequests, OriginBits} {
				got := -of(&over)
				for i := range each {
					got += each[i].Total(of)
				}
				if want := all.Total(of); got != want || partly {
					t.Fatalf("seed %d, %d machines, %v: %d, partly %v; want %d", seed, machines, x.at, got, partly, want)
				}
			}
			most = max(most, over.OriginRequests)
		}
		if (most > 0) != (machines > 1) {
			t.Errorf("seed %d: %d machines shared %d requests", seed, machines, most)
		}
	}
}

// TestSharedIsBounded: whatever a machine says, it takes little memory.
func TestSharedIsBounded(t *testing.T) {
	s, r := NewShared(2), rand.New(rand.NewPCG(1, 1))
	for range 300 {
		fills := make([]BriefFill, 1000)
		for i := range fills {
			fills[i] = BriefFill{Key: r.Uint64(), Sent: time.Duration(r.Int64()) - time.Duration(r.Int64N(2))<<62, Took: time.Duration(r.Uint64()), Bytes: r.Int64()}
			if i%2 == 0 {
				fills[i].Sent, fills[i].Took = time.Duration(r.IntN(1000))*ms+10*time.Second, time.Second
			}
		}
		s.Take(0, 20*time.Second, fills)
	}
	if _, partly := s.Over(); s.waiting > maxShared || len(s.byKey) > maxShared || !partly {
		t.Errorf("%d fills of %d keys wait, partly %v; want at most %d, and true", s.waiting, len(s.byKey), partly, maxShared)
	}
}

// TestSince: the newest fills are there, and it shows when others are forgotten.
func TestSince(t *testing.T) {
	var f Fills
	f.Start(time.Minute, true)
	for i := range 3 * maxFresh {
		f.Add(time.Second, Fill{FillKey: FillKey{URL: uint64(i)}, Sent: time.Duration(i), FirstByte: time.Second})
	}
	next, n := int64(0), 0
	for {
		fills, first := f.Since(next, 1000)
		if n == 0 && first == 0 || n > 0 && first != next {
			t.Fatalf("fills from number %d on; asked for %d", first, next)
		}
		if len(fills) == 0 {
			break
		}
		if len(fills) > 1000 || fills[0].Sent != time.Duration(first) {
			t.Fatalf("%d fills; number %d was sent at %d", len(fills), first, fills[0].Sent)
		}
		next, n = first+int64(len(fills)), n+len(fills)
	}
	if next != 3*maxFresh || n < maxFresh {
		t.Errorf("%d fills up to number %d; want at least %d up to %d", n, next, maxFresh, 3*maxFresh)
	}
}

// BenchmarkShared is a second of 200 machines with 8 fills each, when those of the last
// minute wait.
func BenchmarkShared(b *testing.B) {
	s, r, now := NewShared(200), rand.New(rand.NewPCG(1, 1)), time.Duration(0)
	second := func() {
		now += time.Second
		for m := range 200 {
			fills := make([]BriefFill, 8)
			for i := range fills {
				fills[i] = BriefFill{Key: uint64(r.IntN(200)) + 1000*uint64(now/(4*time.Second)), Sent: now - time.Duration(r.IntN(1000))*ms, Took: 50 * ms}
			}
			s.Take(m, now, fills)
		}
		s.Over()
	}
	for range 80 {
		second()
	}
	for b.Loop() {
		second()
	}
}
