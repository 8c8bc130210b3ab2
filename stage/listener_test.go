package stage

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
)

// simulated is the collector of a simulation at its last second, with 20 cohorts and 30
// faults.
func simulated(t testing.TB, players int) *record.Collector {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nname: many\nduration: 620s\nrecovery: 5s\ntarget: {rig: {ladder: mini, segment: 2s}}\nfleet:\n  players: %d\n  arrive: {over: 10s}\n  session: {mean: 2m, after_fatal: {rejoin: 5s}}\n  cohorts:\n", players)
	for i := range 20 {
		fmt.Fprintf(&b, "    - {name: cohort-%d, share: 5%%, profile: hlsjs-1.7, network: home}\n", i)
	}
	b.WriteString("chaos:\n")
	for i := range 30 {
		fmt.Fprintf(&b, "  - {name: kill-%d, fault: pipeline.kill, at: %ds, for: 10s, pipeline: %d}\n", i, 15+20*i, i%2)
	}
	sc, err := scenarios.Load(scenarios.Source{File: "many.yaml", Data: []byte(b.String())})
	if err != nil {
		t.Fatal(err)
	}
	faults, epoch := sc.Faults(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := Measure(sc, reports.ModeSimulate, faults, epoch)
	cfg.Shards, cfg.Agent = 16, "a"
	channel, err := rig.New(*sc.Target.Rig, draw.Seed(sc.Seed), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := Channel(&cfg, channel, sc); err != nil {
		t.Fatal(err)
	}
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(sc.Seed), Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: channel.TargetDuration(), Recovery: sc.Recovery, Linger: Linger(sc.Recovery, channel.TargetDuration())},
		Collector: c, Second: func(time.Duration) string { c.SetUsual(c.Usual()); return "" },
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

// BenchmarkSay is what a machine with 2,000 players, 20 cohorts and 30 faults says.
func BenchmarkSay(b *testing.B) {
	c := simulated(b, 2000)
	for _, sums := range []bool{false, true} {
		b.Run(fmt.Sprintf("sums=%v", sums), func(b *testing.B) {
			b.ReportAllocs()
			size, left := 0, false
			for b.Loop() {
				said := NewSpeaker(c).Say(time.Minute, sums)
				said.SumsLeftOut = false
				size = len(said.Encode())
				left = size > 0 && sums && len(said.deflated()) > maxSent
			}
			b.ReportMetric(float64(size), "bytes")
			b.Logf("%d bytes, left out %v", size, left)
		})
	}
}

// BenchmarkListen is a second of a conductor with 200 such machines.
func BenchmarkListen(b *testing.B) {
	c := simulated(b, 2000)
	for _, sums := range []bool{false, true} {
		said := NewSpeaker(c).Say(time.Minute, sums).Encode()
		b.Run(fmt.Sprintf("sums=%v", sums), func(b *testing.B) {
			b.ReportAllocs()
			l := NewListener(c.Config(), make([]string, 200))
			for b.Loop() {
				for i := range 200 {
					if err := l.Hear(i, time.Minute, said); err != nil {
						b.Fatal(err)
					}
				}
				l.Sum()
				if sums && l.Sums() == nil {
					b.Fatal("the sums were left out")
				}
			}
			b.ReportMetric(float64(len(said)), "bytes")
		})
	}
}

// TestListener: what was said last counts, sums stay when others are said without them, and
// it is said once what is missing.
func TestListener(t *testing.T) {
	a, b := talking(t, time.Second, 3), talking(t, 2*time.Second, 4)
	l := NewListener(a.Config(), []string{"the conductor", "agent b"})
	hear := func(machine int, said *Said) {
		t.Helper()
		if err := l.Hear(machine, time.Second, said.Encode()); err != nil {
			t.Fatal(err)
		}
	}
	if l.Sum() != nil || l.Sums() != nil {
		t.Error("there are sums of nothing")
	}
	hear(0, NewSpeaker(a).Say(0, true))
	hear(0, NewSpeaker(a).Say(0, false))
	if l.Sum().Live.Started != 3 || l.Sums().Cohorts[0].Started != 3 {
		t.Errorf("%d sessions, of sums %d; want 3", l.Sum().Live.Started, l.Sums().Cohorts[0].Started)
	}
	hear(1, NewSpeaker(b).Say(0, true))
	if s := l.Sums(); l.Sum().Live.Started != 7 || s.Cohorts[0].Joining+s.Cohorts[0].Playing != 7 || s.Cohorts[0].Startup.Count() != 7 {
		t.Errorf("%d sessions, sums %+v; want 7", l.Sum().Live.Started, s.Cohorts[0])
	}
	if w := l.Warnings(); w != nil {
		t.Errorf("warnings %q", w)
	}
	for range 2 { // too large: noise cannot be deflated
		said, random := NewSpeaker(b).Say(0, true), rand.New(rand.NewPCG(1, 1))
		for range 900 {
			name := ""
			for range 30 {
				name += fmt.Sprint(random.Uint64())
			}
			reports.Count(&said.Sums.Requests[0].Why, name, 1)
		}
		if n := len(said.Encode()); n > maxSent {
			t.Fatalf("%d bytes", n)
		}
		said.Live.Started = 5
		hear(1, said)
	}
	if w := l.Warnings(); l.Sum().Live.Started != 8 || l.Sums().Cohorts[0].Startup.Count() != 7 || len(w) != 1 || !strings.Contains(w[0], "what agent b has") {
		t.Errorf("%d sessions, %d startups, warnings %q; want 8, 7 and one of agent b", l.Sum().Live.Started, l.Sums().Cohorts[0].Startup.Count(), w)
	}
	l.Lose(1) // what it counted stays, its sessions are gone
	now := l.Sum().Live
	if c := l.Sums().Cohorts[0]; now.Started != 8 || now.Joining+now.Playing+now.Stalled != 3 || c.Started != 7 || c.Joining+c.Playing+c.Stalled != 3 {
		t.Errorf("%+v, sums %+v; want only the 3 sessions of the machine that is there", now, c)
	}
}

// TestListenerTakesFillsOnce: fills that are said twice count once, and it shows when some
// are missing.
func TestListenerTakesFillsOnce(t *testing.T) {
	c := talking(t, time.Second, 1)
	fill := traffic.BriefFill{Key: 1, Sent: time.Second, Took: time.Second}
	l := NewListener(c.Config(), []string{"a", "b"})
	say := func(machine int, requests, first int64, n int) {
		s := Say(c, 0)
		s.Live.OriginRequests = requests
		for range n {
			s.Fills.Fresh = append(s.Fills.Fresh, fill)
			fill.Key += 2
		}
		s.Fills.First = first
		l.Take(machine, 2*time.Second, s)
	}
	say(0, 3, 0, 3)
	fill.Key = 1
	say(1, 2, 0, 2)
	if n := l.Sum().Live.OriginRequests; n != 3 {
		t.Errorf("%d requests; want 3", n)
	}
	fill.Key = 3
	say(1, 3, 1, 2) // one of them again
	if n := l.Sum().Live.OriginRequests; n != 3 || l.Warnings() != nil {
		t.Errorf("%d requests; want 3", n)
	}
	say(1, 9, 8, 1)
	if n, w := l.Sum().Live.OriginRequests, l.Warnings(); n != 9 || len(w) != 1 {
		t.Errorf("%d requests, warnings %q; want 9 and one", n, w)
	}
	l.Sum()
	if w := l.Warnings(); w != nil {
		t.Errorf("a warning again: %q", w)
	}
}
