package audience

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player/draw"
	"hlsload/player/link"
)

const sec = time.Second

func cohorts(shares ...float64) (c []Cohort) {
	for i, s := range shares {
		c = append(c, Cohort{Name: fmt.Sprint(i), Share: s})
	}
	return c
}

func all(a *Audience) (out []Arrival) {
	for {
		wake := a.Wake()
		v, ok := a.Next()
		if !ok {
			return out
		}
		if v.At != wake {
			panic(fmt.Sprintf("arrives at %v, was announced for %v", v.At, wake))
		}
		out = append(out, v)
	}
}

func TestCounts(t *testing.T) {
	for _, tc := range []struct {
		n      int
		shares []float64
		want   []int
	}{
		{1000, []float64{0.6, 0.3, 0.1}, []int{600, 300, 100}},
		{10, []float64{1. / 3, 1. / 3, 1. / 3}, []int{4, 3, 3}},
		{7, []float64{0.5, 0.5}, []int{4, 3}},
		{1, []float64{0.1, 0.9}, []int{0, 1}},
		{5, []float64{1}, []int{5}},
		{0, []float64{0.5, 0.5}, []int{0, 0}},
		{3, []float64{0.29, 0.29, 0.29, 0.13}, []int{1, 1, 1, 0}},
		{1_000_000, []float64{0.07, 0.93}, []int{70_000, 930_000}},
	} {
		if got := counts(tc.n, tc.shares); !slices.Equal(got, tc.want) {
			t.Errorf("%d by %v: %v; want %v", tc.n, tc.shares, got, tc.want)
		}
	}
}

func TestEachCohortHasAPlayer(t *testing.T) {
	shares := []float64{0.35, 0.25, 0.2, 0.1, 0.1}
	for n, want := range map[int][]int{
		1:  {1, 0, 0, 0, 0},
		5:  {1, 1, 1, 1, 1},
		6:  {2, 1, 1, 1, 1},
		10: {4, 2, 2, 1, 1},
	} {
		if got := atLeastOne(n, shares); !slices.Equal(got, want) {
			t.Errorf("%d players by %v: %v; want %v", n, shares, got, want)
		}
	}
	if got := atLeastOne(20, []float64{0.98, 0.01, 0.01, 0}); !slices.Equal(got, []int{18, 1, 1, 0}) {
		t.Errorf("20 players: %v; want one for each share above 0", got)
	}
	for n := 5; n < 200; n++ {
		var got [5]int
		a := New(&Config{Players: n, Cohorts: cohorts(shares...)}, 7)
		a.Surge(0, 1, 0) // one more viewer needs no cohort of every kind
		arrivals := all(a)
		for _, v := range arrivals {
			got[v.Cohort]++
		}
		if len(arrivals) != n+1 || slices.Min(got[:]) < 1 {
			t.Errorf("%d viewers and a surge of 1: %v", n, got)
		}
	}
}

func TestCohortsAreExactAndInterleaved(t *testing.T) {
	cfg := &Config{Players: 1000, Cohorts: cohorts(0.6, 0.3, 0.1), Entry: []float64{0.5, 0.5}}
	var byCohort, byEntry [3]int
	cell := map[[2]int]int{}
	for i, v := range all(New(cfg, 7)) {
		byCohort[v.Cohort]++
		byEntry[v.Entry]++
		cell[[2]int{int(v.Cohort), int(v.Entry)}]++
		for c, share := range []float64{0.6, 0.3, 0.1} {
			if d := float64(byCohort[c]) - share*float64(i+1); math.Abs(d) > 1 {
				t.Fatalf("after %d viewers cohort %d is %+.1f off its share", i+1, c, d)
			}
		}
	}
	if byCohort != [3]int{600, 300, 100} || byEntry != [3]int{500, 500} {
		t.Errorf("cohorts %v, entries %v; want 600 300 100 and 500 500", byCohort, byEntry)
	}
	for c, n := range []int{600, 300, 100} {
		if d := cell[[2]int{c, 0}] - n/2; d < -1 || d > 1 {
			t.Errorf("cohort %d: %d of %d open entry 0; want half", c, cell[[2]int{c, 0}], n)
		}
	}
}

// TestSmallCohortsShareEntries is the case where every cohort alone would round
// to the same entry.
func TestSmallCohortsShareEntries(t *testing.T) {
	cfg := &Config{Players: 10, Cohorts: cohorts(.1, .1, .1, .1, .1, .1, .1, .1, .1, .1), Entry: []float64{0.5, 0.5}}
	n := 0
	for _, v := range all(New(cfg, 7)) {
		n += int(v.Entry)
	}
	if n != 5 {
		t.Errorf("%d of 10 viewers open entry 1; want 5", n)
	}
}

func TestShapes(t *testing.T) {
	const n, over = 10_000, 100 * sec
	for _, tc := range []struct {
		arrive        Arrive
		quarter, half float64 // share that has come after a quarter and half of the time
	}{
		{Arrive{Over: over}, 0.25, 0.5},
		{Arrive{Over: over, Shape: Linear}, 0.25, 0.5},
		{Arrive{Over: over, Shape: Poisson}, 0.25, 0.5},
		{Arrive{Over: over, Shape: Burst}, 0.718, 0.924},
		{Arrive{Stages: []Stage{{n / 2, over / 4}, {n / 2, over / 4}, {n, over / 2}}}, 0.5, 0.5},
		{Arrive{Shape: Burst}, 1, 1},
		{Arrive{Shape: Poisson}, 1, 1},
	} {
		cfg := &Config{Players: n, Arrive: tc.arrive, Cohorts: cohorts(1)}
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		got := all(New(cfg, 7))
		quarter, half := 0, 0
		for i, v := range got {
			if i > 0 && v.At < got[i-1].At {
				t.Fatalf("%v: viewer %d arrives before the one before", tc.arrive, i)
			}
			if v.At > over || v.Player != uint64(i) || v.Leave != Never || v.Session != 1 {
				t.Fatalf("%v: arrival %d is %+v", tc.arrive, i, v)
			}
			if v.At < over/4 {
				quarter++
			}
			if v.At < over/2 {
				half++
			}
		}
		if len(got) != n || math.Abs(float64(quarter)/n-tc.quarter) > 0.02 || math.Abs(float64(half)/n-tc.half) > 0.02 {
			t.Errorf("%v: %d viewers, %d in a quarter, %d in half of the time; want shares of %g and %g", tc.arrive, len(got), quarter, half, tc.quarter, tc.half)
		}
	}
}

func TestStages(t *testing.T) {
	cfg := &Config{Cohorts: cohorts(1), Arrive: Arrive{Stages: []Stage{{4, 4 * sec}, {4, 10 * sec}, {2, 2 * sec}, {3, 1 * sec}, {0, 3 * sec}}}}
	if p, n, end := cfg.Peak(), cfg.Arrivals(), cfg.ArrivalsEnd(); p != 4 || n != 5 || end != 17*sec {
		t.Errorf("peak %d, arrivals %d until %v; want 4, 5, 17s", p, n, end)
	}
	var b strings.Builder
	for _, v := range all(New(cfg, 7)) {
		fmt.Fprintf(&b, "%d %v-%v\n", v.Player, v.At, v.Leave)
	}
	const want = "0 0s-15s\n1 1s-16s\n2 2s-18s\n3 3s-19s\n4 16s-20s\n"
	if b.String() != want {
		t.Errorf("viewers\n%swant\n%s", b.String(), want)
	}
}

func TestChurn(t *testing.T) {
	cfg := &Config{Players: 2000, Cohorts: cohorts(0.5, 0.5), Session: Session{Mean: 60 * sec}}
	a := New(cfg, 7)
	var stay time.Duration
	for _, v := range all(a) {
		stay += v.Leave - v.At
		w, ok := a.Ended(v.Leave, v, Left)
		if !ok || w.At != v.Leave || w.Player != v.Player+Generation || w.Cohort != v.Cohort || w.Session != 1 || w.Leave <= w.At || w.Seed == v.Seed {
			t.Fatalf("after %+v comes %+v, %t", v, w, ok)
		}
		// One who has seen everything makes room at once.
		if w, ok := a.Ended(v.At+1, v, Finished); !ok || w.At != v.At+1 || w.Player != v.Player+Generation || w.Session != 1 {
			t.Fatalf("after %+v has seen everything comes %+v, %t", v, w, ok)
		}
		// The place of a viewer lost early is empty until it would have left.
		if w, ok := a.Ended(v.At, v, Fatal); !ok || w.At != v.Leave || w.Player != v.Player+Generation {
			t.Fatalf("after a fatal error of %+v comes %+v, %t", v, w, ok)
		}
	}
	if mean := stay / 2000; mean < 56*sec || mean > 64*sec {
		t.Errorf("mean session %v; want about 60s", mean)
	}
}

func TestNobodyComesAfterTheEndWithoutChurn(t *testing.T) {
	a := New(&Config{Players: 10, Cohorts: cohorts(1)}, 7)
	for _, v := range all(a) {
		if w, ok := a.Ended(v.At+sec, v, Finished); ok {
			t.Errorf("after %+v comes %+v", v, w)
		}
	}
}

func TestRejoin(t *testing.T) {
	cfg := &Config{Players: 1, Cohorts: cohorts(1), Session: Session{Rejoin: true, RejoinAfter: 5 * sec}}
	a := New(cfg, 7)
	v, _ := a.Next()
	w, ok := a.Ended(10*sec, v, Fatal)
	if !ok || w.At != 15*sec || w.Player != v.Player || w.Session != 2 || w.Seed == v.Seed || w.Pop != v.Pop || w.Leave != v.Leave {
		t.Errorf("comes back as %+v, %t", w, ok)
	}
	if _, ok := a.Ended(10*sec, v, Left); ok {
		t.Error("a viewer who left comes back")
	}
	cfg.Session.Mean = time.Nanosecond
	v, _ = New(cfg, 7).Next()
	if w, ok := a.Ended(10*sec, v, Fatal); ok && w.Player == v.Player {
		t.Error("comes back after it would have left")
	}
}

func TestSurge(t *testing.T) {
	cfg := &Config{Players: 10, Arrive: Arrive{Over: 10 * sec}, Cohorts: cohorts(0.5, 0.5)}
	a := New(cfg, 7)
	for range 3 {
		a.Next()
	}
	a.Surge(2500*time.Millisecond, 20, 2*sec)
	got := all(a)
	var surge, second int
	for i, v := range got {
		if i > 0 && v.At < got[i-1].At {
			t.Fatalf("arrivals out of order: %v after %v", v.At, got[i-1].At)
		}
		if v.Player >= 10 {
			surge++
			second += int(v.Cohort)
			if v.At < 2500*time.Millisecond || v.At > 4500*time.Millisecond {
				t.Errorf("viewer %d of the surge arrives at %v", v.Player, v.At)
			}
		}
	}
	if len(got) != 27 || surge != 20 || second != 10 {
		t.Errorf("%d arrivals, %d of the surge, %d of those in the second cohort; want 27, 20, 10", len(got), surge, second)
	}
	a.Surge(60*sec, 0, 0)
	if _, ok := a.Next(); ok {
		t.Error("a surge of nobody brings somebody")
	}
}

func TestReconnect(t *testing.T) {
	cfg := &Config{Players: 10_000, Cohorts: cohorts(1)}
	a := New(cfg, 7)
	hit, both := 0, 0
	for _, v := range all(a) {
		w, ok := a.Reconnect(50*sec, v, 1, 0.2)
		if !ok {
			continue
		}
		hit++
		if w.At != 50*sec || w.Player != v.Player || w.Session != 2 {
			t.Fatalf("%+v comes back as %+v", v, w)
		}
		if _, ok := a.Reconnect(60*sec, v, 2, 0.2); ok {
			both++
		}
	}
	if hit < 1850 || hit > 2150 || both < 300 || both > 500 {
		t.Errorf("%d of 10000 reconnect, %d twice; want 20 %% and 4 %%", hit, both)
	}
}

// TestOrderDoesNotMatter ends sessions in two orders and compares who comes.
func TestOrderDoesNotMatter(t *testing.T) {
	cfg := &Config{Players: 100, Arrive: Arrive{Over: 10 * sec, Shape: Poisson}, Cohorts: cohorts(0.3, 0.7), Session: Session{Mean: 20 * sec}}
	viewers := func(reverse bool) map[uint64]Arrival {
		a := New(cfg, draw.Seed(3))
		seen := map[uint64]Arrival{}
		live := all(a)
		for range 3 {
			if reverse {
				slices.Reverse(live)
			}
			for i, v := range live {
				seen[v.Player] = v
				live[i], _ = a.Ended(v.Leave, v, Left)
			}
		}
		return seen
	}
	x, y := viewers(false), viewers(true)
	if len(x) != 300 || len(y) != 300 {
		t.Fatalf("%d and %d viewers; want 300", len(x), len(y))
	}
	for n, v := range x {
		if y[n] != v {
			t.Errorf("viewer %d is %+v, and in another order %+v", n, v, y[n])
		}
	}
}

func TestPops(t *testing.T) {
	cfg := &Config{Players: 8000, Cohorts: cohorts(1)}
	var n [4]int
	for _, v := range all(New(cfg, 7)) {
		n[v.PopOf(4)]++
	}
	for p, k := range n {
		if k < 1850 || k > 2150 {
			t.Errorf("%d of 8000 viewers at point of presence %d; want a quarter", k, p)
		}
	}
	last := Arrival{Pop: math.Nextafter(1, 0)}
	if last.PopOf(3) != 2 {
		t.Error("the largest draw is not the last point of presence")
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Players: 1, Cohorts: cohorts(1)}, nil},
		{Config{Cohorts: cohorts(0.5, 0.4), Entry: []float64{2}}, []string{"players:", "cohorts: shares do not add up (got 90%", "entry: share out of range"}},
		{Config{Players: 1, Arrive: Arrive{Shape: "wave", Over: -1}}, []string{"arrive.shape", "arrive.over", "cohorts: none"}},
		{Config{Cohorts: cohorts(1), Arrive: Arrive{Stages: []Stage{{-1, 0}, {5, -1}}}}, []string{"stages[0].to", "stages[1].over"}},
		{Config{Cohorts: cohorts(1), Arrive: Arrive{Stages: []Stage{{0, 1}}}}, []string{"arriving"}},
		{Config{Players: 1, Session: Session{Mean: -1, RejoinAfter: -1}, Cohorts: cohorts(1)}, []string{"session.mean", "rejoin"}},
		{Config{Players: 1, Cohorts: []Cohort{{Share: 1, Name: "x", Network: link.Config{Loss: 2}}}}, []string{`cohort "x": network: loss`}},
		{Config{Players: 1, Cohorts: cohorts(math.NaN())}, []string{"cohorts"}},
		{Config{Players: 1, Cohorts: make([]Cohort, 1<<15), Entry: make([]float64, 1<<15)}, []string{"cohorts: too many (got 32768", "entry: too many (got 32768"}},
	} {
		err := tc.cfg.Validate()
		if tc.want == nil && err != nil {
			t.Errorf("%+v: %v", tc.cfg, err)
		}
		for _, w := range tc.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: error %v; want one about %q", tc.cfg, err, w)
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	cfg := &Config{Players: MaxPlayers, Arrive: Arrive{Over: time.Hour, Shape: Poisson}, Cohorts: cohorts(0.6, 0.3, 0.1), Entry: []float64{0.5, 0.5}, Session: Session{Mean: time.Hour}}
	a := New(cfg, 7)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := a.Next(); !ok {
			b.StopTimer()
			a = New(cfg, 7)
			b.StartTimer()
		}
	}
}
