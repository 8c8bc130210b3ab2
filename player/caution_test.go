package player_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/profile"
)

// repeats watches how often URLs that failed are asked for.
type repeats struct {
	urls     map[string]*repeated // by URL without query
	flights  map[player.FetchID]request
	withheld int
}

type repeated struct {
	counted []time.Duration // requests that failed, or were made while the URL was failing
	failing bool
}

type request struct {
	url string
	at  time.Duration
	bad bool // the URL was failing
}

func newRepeats() *repeats {
	return &repeats{urls: map[string]*repeated{}, flights: map[player.FetchID]request{}}
}

func (r *repeats) see(now time.Duration, a *player.Action) {
	switch {
	case a.Type == player.Fetch:
		url, _, _ := strings.Cut(a.URL, "?")
		u := r.urls[url]
		if u == nil {
			u = new(repeated)
			r.urls[url] = u
		}
		if u.failing {
			u.counted = append(u.counted, now)
		}
		r.flights[a.Fetch] = request{url, now, u.failing}
	case a.Type == player.Note && a.Sample.Type == player.Answered:
		f, ok := r.flights[a.Sample.Fetch]
		if !ok {
			return
		}
		delete(r.flights, a.Sample.Fetch)
		u := r.urls[f.url]
		if u.failing = a.Sample.Failure != player.NoFailure; u.failing && !f.bad {
			u.counted = append(u.counted, f.at)
		}
	case a.Type == player.Note && a.Sample.Type == player.Withheld:
		r.withheld++
	}
}

// worst is the URL that was asked for most within a window.
func (r *repeats) worst(window time.Duration) (url string, most int) {
	for name, u := range r.urls {
		slices.Sort(u.counted)
		from := 0
		for i, at := range u.counted {
			for at-u.counted[from] >= window {
				from++
			}
			if n := i - from + 1; n > most {
				url, most = name, n
			}
		}
	}
	return url, most
}

// total is the most such requests within a window, of whatever URLs.
func (r *repeats) total(window time.Duration) (most int) {
	var all []time.Duration
	for _, u := range r.urls {
		all = append(all, u.counted...)
	}
	slices.Sort(all)
	from := 0
	for i, at := range all {
		for at-all[from] >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

var (
	troubleKinds   = []string{"any", "media", "segment", "init", "multivariant", "key"}
	troubleAnswers = []string{"404", "503", "403", "hang", "reset", "204", "html", "empty", "freeze"}
)

// storm lets a player live through random trouble.
func storm(t *testing.T, prof *player.Profile, seed uint64, cautious bool) (*repeats, *world) {
	rnd := rand.New(rand.NewPCG(seed, 4))
	w := newWorld(t)
	w.prof = prof
	w.levels = 1 + rnd.IntN(5)
	w.demuxed = rnd.IntN(2) == 0
	w.init = rnd.IntN(2) == 0
	w.window = 3 + rnd.IntN(20)
	w.segment = time.Duration(1+rnd.IntN(6)) * time.Second
	w.td = w.segment
	w.rtt = time.Duration(1+rnd.IntN(20)) * time.Millisecond
	r := newRepeats()
	w.watch = func(a *player.Action) { r.see(w.now, a) }
	cfg := player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(seed), Cautious: cautious}
	begin := func(c *player.Caution) {
		w.queue = nil
		w.p = player.New(cfg, w.now)
		w.p.Inherit(c)
		w.step(player.Event{Type: player.Tick})
	}
	broken := func() {
		w.faults[fmt.Sprint(rnd.IntN(3))] = fault{kind: troubleKinds[rnd.IntN(len(troubleKinds))], pipeline: []string{"0", "1", "*"}[rnd.IntN(3)],
			what: troubleAnswers[rnd.IntN(len(troubleAnswers))], since: w.now}
	}
	if rnd.IntN(2) == 0 {
		broken() // from the start
	}
	begin(nil)
	for range 10 {
		switch rnd.IntN(3) {
		case 0:
			broken()
		case 1:
			delete(w.faults, fmt.Sprint(rnd.IntN(3)))
		}
		for end := w.now + time.Duration(rnd.IntN(12000))*time.Millisecond; w.now < end; {
			w.run(min(200*time.Millisecond, end-w.now))
			if w.p.Over() { // the viewer comes back at once
				begin(w.p.Caution())
			}
		}
	}
	return r, w
}

// TestCautious: whatever the profile and whatever goes wrong, a cautious player
// asks at most [player.MaxRepeats] times a target duration for a URL that failed.
func TestCautious(t *testing.T) {
	check := func(t *testing.T, prof *player.Profile, seed uint64) int {
		r, w := storm(t, prof, seed, true)
		if url, n := r.worst(w.td); n > player.MaxRepeats {
			t.Errorf("seed %d: %s was asked for %d times in %v; want at most %d", seed, url, n, w.td, player.MaxRepeats)
		}
		// What is in flight when the bound is reached comes on top.
		if n := r.total(w.td); n > player.MaxFailures+8 {
			t.Errorf("seed %d: %d requests failed or repeated one that had in %v; want at most %d", seed, n, w.td, player.MaxFailures+8)
		}
		return r.withheld
	}
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			prof, err := profile.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(12) {
				check(t, prof, seed)
			}
		})
	}
	t.Run("generated profiles", func(t *testing.T) {
		withheld := 0
		for seed := range uint64(100) {
			withheld += check(t, generated(seed), seed)
		}
		if withheld == 0 {
			t.Error("nothing was ever withheld: the profiles are too mild to show anything")
		}
	})
}

// TestIncautious: without the bound, the generated profiles do storm, so that
// [TestCautious] shows something.
func TestIncautious(t *testing.T) {
	most := 0
	for seed := range uint64(40) {
		r, w := storm(t, generated(seed), seed, false)
		_, n := r.worst(w.td)
		most = max(most, n)
		if r.withheld > 0 {
			t.Fatal("a player that is not cautious withheld a request")
		}
	}
	if most < 10*player.MaxRepeats {
		t.Errorf("at most %d requests of a failed URL in a target duration; want profiles that storm", most)
	}
}

// TestCautiousIsTheSame: where nothing fails, there is no difference.
func TestCautiousIsTheSame(t *testing.T) {
	live := func(name string, cautious bool) string {
		w := newWorld(t)
		w.profile(name, "")
		w.requests, w.demuxed, w.init = true, true, true
		w.p = player.New(player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: 1, Cautious: cautious}, w.now)
		w.step(player.Event{Type: player.Tick})
		w.run(time.Minute)
		w.faults["frozen"] = fault{kind: "media", pipeline: "1", what: "freeze", since: w.now}
		w.run(20 * time.Second)
		return w.out.String()
	}
	for _, name := range profile.Names() {
		if got, want := live(name, true), live(name, false); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestCautionOfTokens: a viewer who comes back again and again, each time with
// another token, is one viewer, and the URL is one URL.
func TestCautionOfTokens(t *testing.T) {
	w := newWorld(t)
	w.profile("hlsjs-1.7", "errors: [{kinds: [multivariant, media, init, segment, key], causes: [any], retry: {forever: {delays: [0s]}}}]")
	r := newRepeats()
	w.watch = func(a *player.Action) { r.see(w.now, a) }
	w.faults["dead"] = fault{kind: "multivariant", pipeline: "*", what: "404"}
	var c *player.Caution
	for i := range 50 { // each session has a token of its own
		w.p = player.New(player.Config{Profile: w.prof, URL: fmt.Sprintf("http://h/p0/index.m3u8?token=%d", i), Seed: 1, Cautious: true}, w.now)
		w.p.Inherit(c)
		w.step(player.Event{Type: player.Tick})
		w.run(100 * time.Millisecond)
		w.step(player.Event{Type: player.Leave})
		c, w.queue = w.p.Caution(), nil
	}
	if _, n := r.worst(5 * time.Second); n != player.MaxRepeats {
		t.Errorf("asked for %d times in 5 s; want %d", n, player.MaxRepeats)
	}
}
