package player_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/profile"
	"hlsload/player/profile/profiletest"
)

// TestInvariants lets players meet random faults, answers in any order and
// events that make no sense, and checks what must hold whatever happens.
func TestInvariants(t *testing.T) {
	for _, name := range profile.Names() {
		for seed := range uint64(60) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) { torment(t, load(t, name), seed, 120) })
		}
	}
	for seed := range uint64(60) {
		t.Run(fmt.Sprintf("generated/%d", seed), func(t *testing.T) { torment(t, generated(seed), seed, 120) })
	}
}

// FuzzPlayer is the same with seeds from the fuzzer.
func FuzzPlayer(f *testing.F) {
	f.Add(uint64(1), uint8(20))
	f.Add(uint64(77), uint8(90))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) {
		names := profile.Names()
		torment(t, load(t, names[seed%uint64(len(names))]), seed, int(steps))
	})
}

func load(t *testing.T, name string) *player.Profile {
	t.Helper()
	p, err := profile.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// generated is a valid profile that no player has.
func generated(seed uint64) *player.Profile { return profiletest.Profiles().Example(int(seed)) }

func torment(t *testing.T, prof *player.Profile, seed uint64, steps int) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	w := disorder(t, prof, rnd)
	c := &checker{t: t, inFlight: map[player.FetchID]bool{}}
	w.watch = c.check
	w.p = player.New(player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(seed), Cautious: seed%2 == 1}, w.now)
	w.step(player.Event{Type: player.Tick})
	for range steps {
		disturb(w, rnd)
		c.now = w.now
	}
	w.step(player.Event{Type: player.Leave})
	if !c.over {
		t.Error("no Done after Leave")
	}
	if len(c.inFlight) != 0 {
		t.Errorf("%d fetches in flight after Done", len(c.inFlight))
	}
	if got := w.p.Step(w.now, &player.Event{Type: player.Tick}, nil); len(got) != 0 || w.p.Wake() != player.Never {
		t.Error("a player that is done still acts")
	}
}

// disorder is a world of random shape.
func disorder(t *testing.T, prof *player.Profile, rnd *rand.Rand) *world {
	w := newWorld(t)
	w.prof = prof
	w.levels = 1 + rnd.IntN(5)
	w.demuxed = rnd.IntN(2) == 0
	w.init = rnd.IntN(2) == 0
	w.pdt = rnd.IntN(2) == 0
	w.window = 3 + rnd.IntN(20)
	w.segment = time.Duration(1+rnd.IntN(6)) * time.Second
	w.td = w.segment
	return w
}

// disturb lets a fault begin or end, sends an event that makes no sense, or lets time
// pass.
func disturb(w *world, rnd *rand.Rand) {
	kinds := []string{"any", "media", "segment", "init", "multivariant"}
	answers := []string{"404", "503", "403", "hang", "reset", "freeze", "204", "302"}
	switch rnd.IntN(8) {
	case 0:
		n := fmt.Sprint(rnd.IntN(4))
		w.faults[n] = fault{kind: kinds[rnd.IntN(len(kinds))], pipeline: []string{"0", "1", "*"}[rnd.IntN(3)],
			what: answers[rnd.IntN(len(answers))], since: w.now}
	case 1, 2:
		delete(w.faults, fmt.Sprint(rnd.IntN(4)))
	case 3: // the end of a fetch that was not asked for, or that has ended
		w.step(player.Event{Type: player.EventType(rnd.IntN(4)), Fetch: player.FetchID(rnd.IntN(100)), Status: 500,
			Sent: w.now, Failure: player.Reset})
	default:
		w.run(time.Duration(rnd.IntN(8000)) * time.Millisecond)
	}
}

// checker watches a player's actions.
type checker struct {
	t        *testing.T
	now      time.Duration
	inFlight map[player.FetchID]bool
	timedOut player.FetchID // its record comes before it is abandoned
	stalled  bool
	started  bool
	over     bool
	last     time.Duration
}

func (c *checker) check(a *player.Action) {
	if c.over {
		c.t.Fatalf("action after Done: %+v", a)
	}
	switch a.Type {
	case player.Fetch:
		if c.inFlight[a.Fetch] {
			c.t.Fatalf("fetch %d asked for twice", a.Fetch)
		}
		if a.URL == "" {
			c.t.Fatalf("fetch without a URL: %+v", a)
		}
		c.inFlight[a.Fetch] = true
		if len(c.inFlight) > player.MaxFetches {
			c.t.Fatalf("%d fetches in flight", len(c.inFlight))
		}
	case player.Abandon:
		if !c.inFlight[a.Fetch] && c.timedOut != a.Fetch {
			c.t.Fatalf("abandon of fetch %d, which is not in flight", a.Fetch)
		}
		delete(c.inFlight, a.Fetch)
	case player.Done:
		c.over = true
	case player.Note:
		c.sample(&a.Sample)
	}
}

func (c *checker) sample(s *player.Sample) {
	if s.At < c.last-time.Second {
		c.t.Fatalf("%v at %v after a sample at %v", s.Type, s.At, c.last)
	}
	c.last = max(c.last, s.At)
	switch s.Type {
	case player.Answered:
		if !c.inFlight[s.Fetch] {
			c.t.Fatalf("fetch %d is answered twice, or was never sent", s.Fetch)
		}
		delete(c.inFlight, s.Fetch)
		if s.Failure == player.Timeout {
			c.timedOut = s.Fetch
		}
	case player.Started:
		if c.started {
			c.t.Fatal("started twice")
		}
		c.started = true
	case player.StallStart:
		if c.stalled || !c.started {
			c.t.Fatalf("stall begins while stalled=%v started=%v", c.stalled, c.started)
		}
		c.stalled = true
	case player.StallEnd:
		if !c.stalled || s.Duration < 0 {
			c.t.Fatalf("stall ends after %v while stalled=%v", s.Duration, c.stalled)
		}
		c.stalled = false
	case player.Appended:
		if s.MediaDuration <= 0 || s.Skipped < 0 || s.Repeated < 0 {
			c.t.Fatalf("appended %+v", s)
		}
	}
}
