package traffic

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A total is the sum over all slots, wherever it was counted, and in the slots
// beyond the run.
func TestMeterTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var m Meter
	for round := range 20 {
		m.Start(time.Minute)
		if got := m.Total(EdgeRequests); got != 0 {
			t.Fatalf("round %d: %d requests after the start", round, got)
		}
		for range 300 {
			at := time.Duration(rng.Int64N(int64(2 * time.Minute)))
			switch rng.IntN(3) {
			case 0:
				m.Edge(at, "FRA", rng.Int64N(1000))
			case 1:
				m.Origin(at, 200, rng.Int64N(1000))
			default:
				o := New(10 * time.Hour)
				*o.Slot(at) = Slot{EdgeRequests: 2, OriginRequests: 3, EdgeBytes: 5, OriginBytes: 7, Failed: 11}
				m.Add(&o)
			}
		}
		l := m.Load()
		for i, of := range []Series{EdgeRequests, EdgeBits, OriginRequests, OriginBits, Failed} {
			if got, want := m.Total(of), l.Total(of); got != want || want == 0 {
				t.Fatalf("round %d: total %d of series %d; want %d", round, got, i, want)
			}
		}
	}
}
