package protocol

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestModel loses, delays, copies and reorders messages, cuts, pauses and kills agents at
// random. The world itself checks that no state goes back, that nothing is counted twice
// or of a lost agent, and that a silent agent says and begins nothing. Beyond that: an
// agent that is lost is silent a lease later, whatever it hears, and the run ends.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := []string{"alpha", "beta", "gamma"}[:rapid.IntRange(1, 3).Draw(t, "agents")]
		w := newWorld(t, ConductorConfig{Lost: rapid.SampledFrom([]float64{0, .4, 1}).Draw(t, "limit"), JoinWithin: 20 * time.Second, ReadyWithin: 20 * time.Second}, ids...)
		r := rapid.Uint64().Draw(t, "seed")
		random := func(n int) int { // xorshift: drawing each from rapid would be slow
			r ^= r << 13
			r ^= r >> 7
			r ^= r << 17
			return int(r % uint64(n))
		}
		if r == 0 {
			r = 1
		}
		drop, twice, late := rapid.IntRange(0, 60).Draw(t, "drop"), rapid.IntRange(0, 30).Draw(t, "twice"), rapid.IntRange(1, 1500).Draw(t, "late")
		deaf, mute := -2, -2 // an agent that is cut off, one way
		bad := func() {
			w.lose = func(from, to int) bool { return random(100) < drop || to == deaf || from == mute }
			w.delay = func(int, int) time.Duration { return time.Duration(1+random(late)) * time.Millisecond }
			w.twice = func() bool { return random(100) < twice }
		}
		for _, a := range w.crew {
			a.size = []int{0, 10, MaxChunk + 1}[random(3)]
			a.ppm = int64(random(401) - 200)
		}
		check := func() {
			for i, l := range w.lost {
				a := w.crew[slices.IndexFunc(w.crew, func(a *node) bool { return a.id == w.lead.members[i].id })]
				if a.playing() && w.now > w.lostAt[i]+Lease+time.Duration(late)*time.Millisecond {
					t.Fatalf("%v: agent %s plays, lost at %v: %+v", w.now, a.id, w.lostAt[i], l)
				}
			}
			for _, a := range w.crew {
				w.wholeRows(a)
				for n, e := range a.entries {
					if e != fmt.Sprint(n) {
						t.Fatalf("entry %d of agent %s is %q", n, a.id, e)
					}
				}
				if a.begunAt != 0 && a.stoppedAt == 0 && w.started == 0 {
					t.Fatal("an agent begins before all know T0")
				}
			}
		}
		entries := 0
		if rapid.Bool().Draw(t, "bad from the start") {
			bad()
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			a := w.crew[random(len(w.crew))]
			switch rapid.SampledFrom([]string{"wait", "wait", "wait", "bad", "good", "cut", "pause", "entry", "kill", "halt"}).Draw(t, "step") {
			case "bad":
				bad()
			case "good":
				deaf, mute = -2, -2
				w.mend()
			case "cut":
				if random(2) == 0 {
					deaf = a.i
				} else {
					mute = a.i
				}
				bad()
			case "pause":
				if !a.paused {
					a.paused = true
					w.at(w.now+time.Duration(random(6000))*time.Millisecond, a.resume)
				}
			case "entry":
				if !w.finished && rank(w.lead.phase) <= rank(Underway) {
					w.conduct(Entry{fmt.Append(nil, entries)})
					entries++
				}
			case "kill":
				if random(3) == 0 {
					a.dead = true
				}
			case "halt":
				if random(3) == 0 {
					w.conduct(Wanted{Order{Mode: Now, Reason: "the user"}})
				}
			}
			w.run(w.now + time.Duration(random(4000))*time.Millisecond)
			check()
		}
		w.mend()
		w.delay = func(int, int) time.Duration { return time.Millisecond }
		w.twice = func() bool { return false }
		for end := w.now + time.Minute; w.now < end && rank(w.lead.phase) < rank(Underway) && !w.over(); {
			w.run(w.now + time.Second)
		}
		w.run(w.now + 5*time.Second)
		check()
		w.end()
		check()
		res := w.lead.Result()
		for i, a := range res.Agents {
			switch {
			case a.Lost != nil && (w.parts[i] != "" && !a.Complete):
				t.Fatalf("agent %s is lost, and its part counts", a.Info.Name)
			case a.Lost == nil && res.Begun && w.parts[i] == "" && w.crew[slices.IndexFunc(w.crew, func(n *node) bool { return n.id == a.ID })].size > 0:
				t.Fatalf("agent %s is not lost, and its part is not there", a.Info.Name)
			}
			if a.Lost == nil && res.Begun && res.Exit.Cause == None {
				n := w.crew[slices.IndexFunc(w.crew, func(n *node) bool { return n.id == a.ID })]
				if n.exit != nil || len(n.entries) > entries {
					t.Fatalf("agent %s of a complete run left with %v", a.ID, n.exit)
				}
			}
		}
	})
}
