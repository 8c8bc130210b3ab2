package audience

import (
	"container/heap"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hlsload/player/draw"
)

func TestCurve(t *testing.T) {
	for _, tc := range []struct {
		points []Point
		want   []Stage
	}{
		{nil, nil},
		{[]Point{{0, 0}}, nil},
		{[]Point{{0, 500}}, []Stage{{500, 0}}},
		{[]Point{{0, 0}, {10 * sec, 600}, {60 * sec, 50}}, []Stage{{600, 10 * sec}, {50, 50 * sec}}},
		{[]Point{{0, 5}, {10 * sec, 0}, {20 * sec, 0}}, []Stage{{5, 0}, {0, 10 * sec}, {0, 10 * sec}}},
	} {
		if got := Curve(tc.points); !slices.Equal(got, tc.want) {
			t.Errorf("%v: stages %v; want %v", tc.points, got, tc.want)
		}
	}
}

// on is how many viewers a curve has at an instant.
func on(points []Point, at time.Duration) float64 {
	for i, p := range points[1:] {
		if from := points[i]; at < p.At {
			return float64(from.Players) + float64(p.Players-from.Players)*(float64(at-from.At)/float64(p.At-from.At))
		}
	}
	return float64(points[len(points)-1].Players)
}

// TestTheAudienceFollowsItsCurve: where no player gives up, there are as many viewers at
// any time as the curve has, give or take one, with and without churn, on several machines
// together.
func TestTheAudienceFollowsItsCurve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := []Point{{Players: rapid.IntRange(0, 300).Draw(t, "first")}}
		for range rapid.IntRange(0, 5).Draw(t, "more points") {
			last := points[len(points)-1]
			points = append(points, Point{last.At + time.Duration(rapid.IntRange(1, 40_000).Draw(t, "ms"))*time.Millisecond, rapid.IntRange(0, 300).Draw(t, "players")})
		}
		points[0].Players++
		cfg := &Config{Arrive: Arrive{Stages: Curve(points)}, Cohorts: cohorts(.7, .3)}
		if rapid.Bool().Draw(t, "churn") {
			cfg.Session.Mean = time.Duration(rapid.IntRange(1, 60).Draw(t, "mean")) * sec
		}
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		seed := draw.Seed(rapid.Uint64().Draw(t, "seed"))
		agents := rapid.IntRange(1, 3).Draw(t, "agents")
		until := points[len(points)-1].At + 20*sec
		change := map[time.Duration]int{}
		for i := range agents {
			a := New(cfg, seed)
			a.Keep(Share(agents, i))
			sessions(a, until, change)
		}
		instants := make([]time.Duration, 0, len(change))
		for at := range change {
			instants = append(instants, at)
		}
		slices.Sort(instants)
		n := 0
		for i, at := range instants {
			n += change[at]
			next := until
			if i+1 < len(instants) {
				next = instants[i+1]
			}
			// Rounding of instants to a nanosecond may cost another viewer for so long.
			for _, now := range []time.Duration{at + time.Microsecond, next - time.Microsecond} {
				if want := on(points, now); now < next && now > at && (float64(n) < want-1.01 || float64(n) > want+1.01) {
					t.Fatalf("at %v there are %d viewers; want %.2f", now, n, want)
				}
			}
		}
	})
}

// sessions adds up when the sessions of an audience begin and end.
func sessions(a *Audience, until time.Duration, change map[time.Duration]int) {
	var ends arrivals
	for {
		at := a.Wake()
		if len(ends) > 0 && ends[0].at <= at {
			e := heap.Pop(&ends).(event)
			if e.at > until {
				return
			}
			change[e.at]--
			if w, ok := a.Ended(e.at, e.Arrival, Left); ok {
				change[w.At]++
				heap.Push(&ends, event{w.Leave, w, true})
			}
			continue
		}
		if at > until {
			return
		}
		v, _ := a.Next()
		change[v.At]++
		if v.Leave < Never {
			heap.Push(&ends, event{v.Leave, v, true})
		}
	}
}
