package player_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/profile"
	"hlsload/player/units"
)

// maxTicks is how many ticks in a row a player may want at one instant: what one
// track does may make something due for another that was looked at before.
const maxTicks = 3

// TestWakeMatchesStep proves that Wake and Step agree on when something is due:
// ticks at the instants of Wake do not go on for ever at one instant, a tick before
// such an instant asks for nothing, and Wake changes nothing of what Step does. Nor does
// it change anything that players share a Config.
func TestWakeMatchesStep(t *testing.T) {
	for _, name := range profile.Names() {
		for seed := range uint64(25) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) { wakes(t, load(t, name), seed) })
		}
	}
	for seed := range uint64(50) {
		t.Run(fmt.Sprintf("generated/%d", seed), func(t *testing.T) { wakes(t, generated(seed), seed) })
	}
}

func wakes(t *testing.T, prof *player.Profile, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	w := disorder(t, prof, rnd)
	const tick = time.Millisecond
	w.prof.Buffer.Tick = units.Duration(tick)
	ticks, early := 0, false
	w.watch = func(a *player.Action) {
		if early && a.Type == player.Fetch {
			t.Errorf("at %v, before it is due, the player asks for %s", w.now, a.URL)
		}
	}
	w.idle = func(until time.Duration) {
		if until <= w.now {
			if ticks++; ticks > maxTicks+len(w.queue) {
				t.Fatalf("%d ticks at %v", ticks, w.now)
			}
			return
		}
		ticks = 0
		// A freed buffer is noticed up to buffer.tick late, unless something else is.
		if rnd.IntN(4) == 0 && until-w.now > tick {
			w.now += time.Duration(rnd.Int64N(int64(until - w.now - tick)))
			early = true
			w.step(player.Event{Type: player.Tick})
			early = false
		}
	}
	cfg := player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(seed), Cautious: seed%2 == 1}
	w.p = player.New(cfg, w.now)
	for range 2 {
		p := new(player.Player)
		p.Join(&cfg, cfg.Seed, w.now)
		w.twins = append(w.twins, p)
	}
	w.step(player.Event{Type: player.Tick})
	for range 60 {
		disturb(w, rnd)
	}
}

// compare has the twins take the same step.
func (w *world) compare(ev *player.Event, want []player.Action) {
	for _, p := range w.twins {
		if got := p.Step(w.now, ev, nil); !reflect.DeepEqual(got, want) {
			w.t.Fatalf("at %v, after event %d: a player that was never asked when it wakes wants\n%+v\nand one that was\n%+v", w.now, ev.Type, got, want)
		}
	}
}
