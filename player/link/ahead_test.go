package link

import (
	"math/rand/v2"
	"testing"
	"time"

	"hlsload/player/draw"
)

// An answer that is announced ahead arrives as one that is told when it leaves,
// whatever happens to the link meanwhile.
func TestAnswerAt(t *testing.T) {
	cfg := &Config{Down: 8e6, Up: 1e6, RTT: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.01}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		told := New(cfg, Transport{}, draw.Seed(seed))
		ahead := New(cfg, Transport{}, draw.Seed(seed))
		var a, b []Event
		left := map[uint32]time.Duration{} // answers on their way out
		sizes := map[uint32]int64{}
		id := uint32(0)
		for now := time.Duration(0); now < 4*time.Second; now += time.Duration(1+r.IntN(30)) * time.Millisecond {
			for i := range id + 1 {
				if at, ok := left[i]; ok && at <= now {
					told.Answer(at, i, sizes[i], false)
					delete(left, i)
				}
			}
			a, b = told.Step(now, a), ahead.Step(now, b)
			switch r.IntN(6) {
			case 0, 1:
				if len(left) == 0 { // one after the other, so that none has to wait for a connection
					id++
					told.Start(now, id, 0)
					if ahead.Start(now, id, 0) == Never { // a server answers what has reached it
						told.Abandon(now, id)
						ahead.Abandon(now, id)
						break
					}
					sizes[id] = int64(r.IntN(200_000))
					left[id] = now + time.Duration(r.IntN(100))*time.Millisecond
					ahead.AnswerAt(now, left[id], id, sizes[id], false)
					if left[id] == now {
						told.Answer(now, id, sizes[id], false)
						delete(left, id)
					}
				}
			case 2:
				extra, cut := time.Duration(r.IntN(3))*50*time.Millisecond, r.IntN(4) == 0
				told.SetFault(now, 4e6, extra, cut)
				ahead.SetFault(now, 4e6, extra, cut)
			case 3:
				if id > 0 && r.IntN(4) == 0 {
					told.Abandon(now, id)
					ahead.Abandon(now, id)
					delete(left, id)
				}
			}
		}
		if len(a) != len(b) {
			t.Fatalf("seed %d: %d events when told in time, %d when told ahead", seed, len(a), len(b))
		}
		for i := range a {
			if a[i].ID != b[i].ID || a[i].Type != b[i].Type || (a[i].At-b[i].At).Abs() > time.Microsecond {
				t.Fatalf("seed %d: event %d is %+v when told in time, %+v when told ahead", seed, i, a[i], b[i])
			}
		}
	}
}
