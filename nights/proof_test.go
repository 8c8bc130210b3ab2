package nights_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aclements/go-moremath/mathx"

	"hlsload/nights"
)

var (
	proof     = flag.Bool("proof", false, "compare 400 pairs of nights of each kind and print the tables of docs/nightly.md")
	proofSeed = flag.Uint64("proof-seed", 0, "seed of what -proof draws; 0 = by the clock")
)

const failover = "failover.mean{fault=kill-0,joined=before}"

// change makes failovers about 15 % slower.
type change struct {
	name  string
	edits []edit
}

// changes do that by another parameter each.
func changes(t testing.TB) []change {
	return []change{
		{"invalidator: `stale_after` 3 to 3.68", []edit{{"stale_after: 3", "stale_after: 3.68"}}},
		{"edge: `playlist_ttl` 1 s to 3.35 s", []edit{{"playlist_ttl: 1s", "playlist_ttl: 3350ms"}}},
		{"edge: `latency` 5 ms to 285 ms", []edit{{"latency: 5ms", "latency: 285ms"}}},
		{"origin: `latency` 15 ms to 880 ms", []edit{{"latency: 15ms", "latency: 880ms"}}},
		{"networks: `rtt` to 500 ms", []edit{{"base: home", "base: home, rtt: 500ms"}, {"base: fibre", "base: fibre, rtt: 500ms"}}},
		{"vhs and avplayer: ask for an unchanged playlist after 1.2 target durations in place of 0.5", []edit{
			{"profile: vhs-3.17,", "profile: {base: vhs-3.17, clock: {after_response: {changed: 1d, unchanged: 1.2td, takes: 8ms, audio_after: true}}},"},
			{"profile: avplayer-ios17,", "profile: {base: avplayer-ios17, clock: {after_request: {changed: 1d, unchanged: 1.2td}}},"},
		}},
		{"shaka: retries a playlist after 9 s in place of 1 s", []edit{{"profile: shaka-5.2,", "profile: " + slowShaka(t) + ","}}},
	}
}

// slowShaka is a file of Shaka with another delay before it believes that a playlist is gone.
func slowShaka(t testing.TB) string {
	data, err := os.ReadFile("../player/profile/shaka-5.2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const rule = "{kinds: [media], causes: [any], per_url: true, retry: {limited: {times: 1, delays: [1s]"
	if strings.Count(string(data), rule) != 1 {
		t.Fatal("shaka has no such rule")
	}
	name := filepath.Join(t.TempDir(), "shaka-5.2-slow.yaml")
	slow := strings.NewReplacer(rule, strings.Replace(rule, "[1s]", "[9s]", 1), "id: shaka-5.2\n", "id: shaka-5.2-slow\n").Replace(string(data))
	if err := os.WriteFile(name, []byte(slow), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// size is how much a proof draws.
type size struct {
	pool  int // nights without a change
	pairs int // of them
	each  int // nights of each change, each compared once
}

// Of the base, and of the bar: how often it may fire without a change, and must with one.
const (
	baseNights = 14
	mostFalse  = .02
	leastTrue  = .95
)

// fired counts comparisons.
type fired struct {
	what     string
	n, worse int
	failover int // of those, by a measure of failovers
	by       map[string]int
	change   float64 // of the mean failover, added up
}

// take compares a night with others.
func (f *fired) take(t testing.TB, base []nights.Night, now nights.Night) {
	c := nights.Compare(base, now, nights.How{Bare: true})
	if c.Outcome == nights.Nothing {
		t.Fatalf("nothing was compared: %s", c.Reason)
	}
	f.n++
	slower := 0
	for i := range c.Findings {
		x := &c.Findings[i]
		if x.Worse {
			f.by[x.Measure]++
			if strings.HasPrefix(x.Measure, "failover.") {
				slower = 1
			}
		}
		if x.Measure == failover {
			f.change += float64(x.Change)
		}
	}
	f.failover += slower
	if c.Outcome == nights.Worse {
		f.worse++
	}
}

func (f *fired) String() string {
	low, high := interval(f.worse, f.n)
	low2, high2 := interval(f.failover, f.n)
	var by []string
	for name, n := range f.by {
		by = append(by, fmt.Sprintf("%s × %d", name, n))
	}
	slices.Sort(by)
	return fmt.Sprintf("| %s | %d | %+.1f %% | %d, %.1f %% (%.1f to %.1f %%) | %d, %.1f %% (%.1f to %.1f %%) | %s |", f.what, f.n, 100*f.change/float64(f.n),
		f.worse, 100*float64(f.worse)/float64(f.n), 100*low, 100*high, f.failover, 100*float64(f.failover)/float64(f.n), 100*low2, 100*high2, strings.Join(by, ", "))
}

// interval is that of Clopper and Pearson (1934) for k of n, with 95 % confidence.
func interval(k, n int) (low, high float64) {
	root := func(a, b, p float64) float64 {
		low, high := 0., 1.
		for range 60 {
			if m := (low + high) / 2; mathx.BetaInc(m, a, b) < p {
				low = m
			} else {
				high = m
			}
		}
		return low
	}
	high = 1
	if k > 0 {
		low = root(float64(k), float64(n-k+1), .025)
	}
	if k < n {
		high = root(float64(k+1), float64(n-k), .975)
	}
	return low, high
}

// kind is a kind of scenario, and of how its nights get their seeds.
type kind struct {
	name    string
	edits   []edit
	oneSeed bool
}

var (
	single = []edit{{"duration: 345s", "duration: 100s"}, {", every: 125333ms", ""}}
	kinds  = []kind{
		{"three occurrences a night, new seeds", nil, false},
		{"one occurrence a night, new seeds", single, false},
		{"three occurrences a night, one seed", nil, true},
		{"one occurrence a night, one seed", single, true},
	}
)

// seeded are n nights of a scenario: each with a seed of its own, or all with one.
func (k *kind) seeded(t testing.TB, edits []edit, first uint64, n int) []nights.Night {
	sc := scenario(t, slices.Concat(k.edits, edits)...)
	if k.oneSeed {
		return slices.Repeat(simulated(t, sc, 7, 1), n)
	}
	return simulated(t, sc, first, n)
}

// prove compares nights of a kind: pairs without a change, and with each of the changes.
func (k *kind) prove(t testing.TB, of []change, s size, first uint64) (same *fired, slower []*fired) {
	noise, rng := readTiming(t), rand.New(rand.NewPCG(first, 1))
	pool := k.seeded(t, nil, first, s.pool)
	base := func(without int) (b []nights.Night) {
		for _, i := range rng.Perm(len(pool)) {
			if len(b) < baseNights && i != without {
				b = append(b, noise.noisy(rng, pool[i]))
			}
		}
		return b
	}
	same = &fired{what: k.name + ": no change", by: map[string]int{}}
	for i := range s.pairs {
		now := i % len(pool)
		same.take(t, base(now), noise.noisy(rng, pool[now]))
	}
	for i, c := range of {
		f := &fired{what: k.name + ": " + c.name, by: map[string]int{}}
		for _, now := range k.seeded(t, c.edits, first+uint64(i+1)*100_000, s.each) {
			f.take(t, base(-1), noise.noisy(rng, now))
		}
		slower = append(slower, f)
	}
	return same, slower
}

// together adds up.
func together(what string, all []*fired) *fired {
	sum := &fired{what: what, by: map[string]int{}}
	for _, f := range all {
		sum.n, sum.worse, sum.failover, sum.change = sum.n+f.n, sum.worse+f.worse, sum.failover+f.failover, sum.change+f.change
		for name, n := range f.by {
			sum.by[name] += n
		}
	}
	return sum
}

// TestChangesAreFound is the short form of TestProof, with seeds that never change.
func TestChangesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("simulations, which are tested with the race detector by themselves")
	}
	if *proof {
		t.Skip("TestProof does more of it")
	}
	all := changes(t)
	for _, i := range []int{0, 2} {
		same, slower := kinds[i].prove(t, []change{all[0], all[2]}, size{pool: 32, pairs: 64, each: 8}, 1)
		if t.Log(same); same.worse > 1 {
			t.Errorf("without a change %d of %d nights are worse: %v", same.worse, same.n, same.by)
		}
		for _, f := range slower {
			if t.Log(f); f.failover < f.n-1 {
				t.Errorf("%s: %d of %d nights are worse", f.what, f.failover, f.n)
			}
		}
	}
}

// TestProof draws nights: each is a simulation with a seed of its own, or all have one, plus
// the timing of a real run.
func TestProof(t *testing.T) {
	if !*proof {
		t.Skip("with -proof")
	}
	seed := *proofSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1e6
	}
	fmt.Printf("seed %d\n", seed)
	for i := range kinds {
		k := &kinds[i]
		same, slower := k.prove(t, changes(t), size{pool: 400, pairs: 400, each: 58}, 1+seed*10_000_000)
		sum := together(k.name+": all changes", slower)
		for _, f := range append([]*fired{same, sum}, slower...) {
			fmt.Println(f)
		}
		if share := float64(same.worse) / float64(same.n); share >= mostFalse {
			t.Errorf("%s: %.1f %% without a change; want less than 2 %%", k.name, 100*share)
		}
		if share := float64(sum.failover) / float64(sum.n); share <= leastTrue && !(len(k.edits) > 0 && !k.oneSeed) {
			t.Errorf("%s: %.1f %% with a change; want more than 95 %%", k.name, 100*share)
		}
	}
}
