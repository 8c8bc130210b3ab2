package audience

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hlsload/player/draw"
)

func TestShare(t *testing.T) {
	for _, agents := range []int{1, 2, 3, 5, 7, 50, 500, 1000, 1023, 1024} {
		var all Slots
		least, most, of := SlotCount, 0, make([]int, SlotCount)
		for i := range agents {
			s := Share(agents, i)
			n := 0
			for slot := range SlotCount {
				if !s.Has(slot) {
					continue
				}
				if n++; all.Has(slot) {
					t.Fatalf("%d agents: slot %d belongs to two", agents, slot)
				}
				all.add(slot)
				of[slot] = i
			}
			least, most = min(least, n), max(most, n)
		}
		if most-least > 1 || most != (SlotCount+agents-1)/agents {
			t.Errorf("%d agents: shares of %d to %d slots", agents, least, most)
		}
		for slot := range SlotCount {
			if !all.Has(slot) {
				t.Errorf("%d agents: slot %d belongs to no agent", agents, slot)
			}
		}
		// Viewers with neighbouring numbers, the first 100 for example.
		for from := 0; from+100 <= SlotCount; from += 31 {
			n := make([]int, agents)
			for slot := from; slot < from+100; slot++ {
				n[of[slot]]++
			}
			if slices.Max(n)-slices.Min(n) > 4 {
				t.Errorf("%d agents: of 100 viewers from number %d on, %d to %d for each", agents, from, slices.Min(n), slices.Max(n))
			}
		}
	}
	for _, odd := range [][2]int{{0, 0}, {-1, 0}, {1025, 0}, {3, 3}, {3, -1}} {
		if s := Share(odd[0], odd[1]); s != (Slots{}) || PartOf(100, odd[0], odd[1]) != 0 {
			t.Errorf("agent %d of %d has slots", odd[1], odd[0])
		}
	}
}

// TestSharesMixCohorts: what repeats among viewers does not fall to one agent.
func TestSharesMixCohorts(t *testing.T) {
	for _, agents := range []int{2, 3, 4, 8} {
		for i := range agents {
			s, n := Share(agents, i), 0
			for slot := i; slot < SlotCount; slot += agents {
				if s.Has(slot) {
					n++
				}
			}
			if share := float64(n) * float64(agents) / SlotCount; share > .75 {
				t.Errorf("agent %d of %d has %.0f%% of every %[2]dth viewer", i, agents, 100*share)
			}
		}
	}
}

func TestPartOf(t *testing.T) {
	for _, total := range []int{0, 1, 5, 100, 20_000, 1 << 40} {
		for _, agents := range []int{1, 2, 3, 7, 50, 1024} {
			sum, least, most := 0, total, 0
			for i := range agents {
				n := PartOf(total, agents, i)
				sum, least, most = sum+n, min(least, n), max(most, n)
			}
			if fair := total/agents + total/SlotCount + 1; sum != total || most-least > fair || most > fair+total/agents {
				t.Errorf("%d for %d agents: %d to %d, %d in all", total, agents, least, most, sum)
			}
		}
	}
	if a, b := PartOf(1000, 3, 0), PartOf(1000, 3, 2); a != 334 || b != 333 {
		t.Errorf("agents 0 and 2 of 3 have %d and %d of 1000; want 334 and 333", a, b)
	}
}

// course is what happens to an audience: surges, and shares that come back at once.
type course struct {
	surges     []group // n, start, over
	reconnects []time.Duration
	until      time.Duration
}

// lived is every session of an audience, as a fleet has them.
func lived(a *Audience, c *course) (all []Arrival) {
	var coming arrivals
	live := map[uint64]Arrival{}
	surges, reconnects := c.surges, c.reconnects
	next := func() time.Duration {
		at := a.Wake()
		if len(coming) > 0 {
			at = min(at, coming[0].at)
		}
		return at
	}
	for {
		now := next()
		if len(surges) > 0 {
			now = min(now, surges[0].start)
		}
		if len(reconnects) > 0 {
			now = min(now, reconnects[0])
		}
		switch {
		case now > c.until:
			slices.SortFunc(all, func(a, b Arrival) int {
				return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Player, b.Player), cmp.Compare(a.Session, b.Session))
			})
			return all
		case len(surges) > 0 && surges[0].start == now:
			a.Surge(now, surges[0].n, surges[0].over)
			surges = surges[1:]
		case len(reconnects) > 0 && reconnects[0] == now:
			for _, v := range live {
				if w, ok := a.Reconnect(now, v, uint64(len(reconnects)), .3); ok {
					delete(live, v.Player)
					heap.Push(&coming, event{now, w, false})
				}
			}
			reconnects = reconnects[1:]
		case len(coming) > 0 && coming[0].at == now:
			e := heap.Pop(&coming).(event)
			if !e.ends {
				all = append(all, begin(&coming, live, e.Arrival))
				continue
			}
			if v, ok := live[e.Player]; !ok || v.Session != e.Session {
				continue
			}
			delete(live, e.Player)
			if w, ok := a.Ended(now, e.Arrival, how(&e.Arrival)); ok {
				heap.Push(&coming, event{w.At, w, false})
			}
		default:
			v, _ := a.Next()
			all = append(all, begin(&coming, live, v))
		}
	}
}

// how a session ends follows from its seed.
func how(v *Arrival) Why { return Why(uint64(v.Seed) % 3) }

func begin(coming *arrivals, live map[uint64]Arrival, v Arrival) Arrival {
	live[v.Player] = v
	end := v.Leave
	if how(&v) != Left {
		end = min(end, v.At+time.Duration(uint64(v.Seed)%40)*time.Second)
	}
	if end < Never {
		heap.Push(coming, event{end, v, true})
	}
	return v
}

// event is a session that begins or ends.
type event struct {
	at time.Duration
	Arrival
	ends bool
}

type arrivals []event

func (a arrivals) Len() int { return len(a) }
func (a arrivals) Less(i, k int) bool {
	return cmp.Or(cmp.Compare(a[i].at, a[k].at), cmp.Compare(a[i].Player, a[k].Player)) < 0
}
func (a arrivals) Swap(i, k int) { a[i], a[k] = a[k], a[i] }
func (a *arrivals) Push(x any)   { *a = append(*a, x.(event)) }
func (a *arrivals) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// TestSlotsAreTheWhole: the sessions of all agents together are those of one machine, for
// all shapes of arrivals, churn, viewers who come back, surges and shares that break off.
func TestSlotsAreTheWhole(t *testing.T) {
	seconds := func(from, to int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(from*10, to*10), func(n int) time.Duration { return time.Duration(n) * time.Second / 10 })
	}
	rapid.Check(t, func(t *rapid.T) {
		cfg := &Config{Players: rapid.IntRange(1, 1500).Draw(t, "players"), Cohorts: cohorts(.6, .3, .1)}
		cfg.Arrive = Arrive{Over: seconds(0, 30).Draw(t, "over"), Shape: rapid.SampledFrom([]Shape{Linear, Burst, Poisson}).Draw(t, "shape")}
		if rapid.Bool().Draw(t, "stages") {
			for range rapid.IntRange(1, 4).Draw(t, "how many stages") {
				cfg.Arrive.Stages = append(cfg.Arrive.Stages, Stage{To: rapid.IntRange(0, 1200).Draw(t, "to"), Over: seconds(0, 20).Draw(t, "stage")})
			}
			cfg.Arrive.Stages[0].To++
		}
		if rapid.Bool().Draw(t, "churn") {
			cfg.Session.Mean = seconds(5, 60).Draw(t, "mean")
		}
		if cfg.Session.Rejoin = rapid.Bool().Draw(t, "rejoin"); cfg.Session.Rejoin {
			cfg.Session.RejoinAfter = seconds(1, 10).Draw(t, "after")
		}
		if rapid.Bool().Draw(t, "two entries") {
			cfg.Entry = []float64{.5, .5}
		}
		if rapid.Bool().Draw(t, "regions") {
			cfg.Regions = regions()
		}
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		c := &course{until: 90 * time.Second}
		for range rapid.IntRange(0, 3).Draw(t, "surges") {
			c.surges = append(c.surges, group{n: rapid.IntRange(0, 300).Draw(t, "surge"), start: seconds(1, 80).Draw(t, "surge at"), over: seconds(0, 10).Draw(t, "surge over")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "reconnects") {
			c.reconnects = append(c.reconnects, seconds(1, 80).Draw(t, "reconnect at"))
		}
		slices.SortFunc(c.surges, func(a, b group) int { return cmp.Compare(a.start, b.start) })
		slices.Sort(c.reconnects)
		seed := draw.Seed(rapid.Uint64().Draw(t, "seed"))
		want := lived(New(cfg, seed), c)

		agents := rapid.SampledFrom([]int{1, 2, 3, 7, 40}).Draw(t, "agents")
		var got []Arrival
		for i := range agents {
			a := New(cfg, seed)
			slots := Share(agents, i)
			a.Keep(slots)
			mine := lived(a, c)
			for _, v := range mine {
				if !slots.Has(SlotOf(v.Player)) {
					t.Fatalf("agent %d of %d has viewer %d", i, agents, v.Player)
				}
			}
			got = append(got, mine...)
		}
		slices.SortFunc(got, func(a, b Arrival) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Player, b.Player), cmp.Compare(a.Session, b.Session))
		})
		if !slices.Equal(got, want) {
			t.Fatalf("%d agents: %d sessions; want %d%s", agents, len(got), len(want), firstOdd(got, want))
		}
	})
}

func firstOdd(got, want []Arrival) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf(": %+v; want %+v", got[i], want[i])
		}
	}
	return ""
}
