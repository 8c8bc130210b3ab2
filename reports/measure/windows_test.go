package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/expect"
	"hlsload/reports/record"
)

// expecting is a scene with these expectations.
func expecting(t *testing.T, cfg record.Config, texts ...string) *scene {
	t.Helper()
	k := expect.Known{Cohorts: []string{"web", "control", "tv"}, Profiles: []string{"hlsjs", "exo"}, Duration: cfg.Duration}
	for _, text := range texts {
		e, problems := expect.Parse(text, k)
		if problems != nil {
			t.Fatalf("%s: %v", text, problems)
		}
		cfg.Expect = append(cfg.Expect, e)
	}
	return newScene(t, cfg)
}

// TestWindows has three sessions do a little in each of ten windows.
func TestWindows(t *testing.T) {
	sc := expecting(t, sceneConfig(),
		"rebuffer_ratio{each=10s} < 50%", "rebuffer_ratio{each=10s,cohort=web}.p50 < 50%", "rebuffer_ratio{each=10s,profile=exo} < 5%",
		"stalled{each=10s} < 1%", "fatal{each=10s}.max < 1%", "startup_failed{each=20s} < 1%", "startup.max{each=10s} < 5s", "startup.count{each=10s}.max < 5",
		"stall.max{each=10s} < 5s", "requests{each=30s,kind=media} >= 1", "request_errors{each=50s} < 1%", "ttfb.max{each=10s,kind=segment} < 1s", "edge_rps.max{each=10s} < 1",
		"rebuffer_ratio{each=10s,cohort=web} - rebuffer_ratio{each=10s,cohort=tv} < 1%", "stalled{each=40s} / stalled < 110%", "hit_ratio{each=10s} > 1%", "tester_lag.p99{each=10s} < 5ms",
	)
	web, tv := sc.watching(0), sc.watching(2)
	web.answer(5, m3u8.KindSegment, 0, 200, -1)
	web.stall(18)
	web.resume(23)
	tv.stall(41)
	tv.resume(42)
	tv.answer(45, m3u8.KindSegment, 0, 503, -1)
	tv.die(50)
	late := sc.join(55, 0)
	late.start(56.5)
	values(t, sc.finish(End{}),
		"15 % in the worst of 10 windows of 10s: 0:20 to 0:30",
		"0 %, the p50 of 10 windows of 10s (worst: 0:20 to 0:30, 30 %)",
		"10 % in the worst of 5 windows of 10s: 0:40 to 0:50; nothing to measure in 5 windows",
		"50 % in the worst of 10 windows of 10s: 0:10 to 0:20",
		"50 %, the max of 10 windows of 10s (worst: 0:40 to 0:50, 50 %)",
		"0 % in each of 2 windows of 20s; nothing to measure in 3 windows",
		"1 s in each of 2 windows of 10s; nothing to measure in 8 windows",
		"2, the max of 10 windows of 10s (worst: 0:00 to 0:10, 2)",
		"5 s in the worst of 2 windows of 10s: 0:20 to 0:30; nothing to measure in 8 windows",
		"0 in the worst of 3 windows of 30s: 0:30 to 1:00",
		"50 % in the worst of 1 window of 50s: 0:00 to 0:50; nothing to measure in 1 window",
		"50 ms in each of 2 windows of 10s; nothing to measure in 8 windows",
		"2/s in the worst of 10 windows of 10s: 0:00 to 0:10",
		"30 % in the worst of 5 windows of 10s: 0:20 to 0:30; nothing to measure in 5 windows",
		"0.75 in the worst of 3 windows of 40s: 0:00 to 0:40",
		"no window was measured: no data: hit_ratio{each=10s} could not be measured",
		"0 s in each of 2 windows of 10s; nothing to measure in 8 windows",
	)
}

// TestEachWindowedMetricIsMeasured: what takes the label each has a value in a window.
func TestEachWindowedMetricIsMeasured(t *testing.T) {
	values := map[string]string{"share": "1%", "duration": "1s", "bit/s": "1Mbps", "1/s": "1/s", "number": "1"}
	var texts []string
	for _, m := range expect.Metrics {
		if !slices.Contains(m.LabelNames(), expect.EachLabel) {
			continue
		}
		name := m.Name
		if st := m.StatNames(); st != nil {
			name += "." + st[0]
		}
		texts = append(texts, name+"{each=100s} < "+values[m.Unit()])
	}
	sc := expecting(t, sceneConfig(), texts...)
	v := sc.watching(0)
	v.answer(5, m3u8.KindSegment, 0, 200, -1)
	v.stall(10)
	v.resume(11)
	sm := player.Sample{Type: player.Appended, Kind: m3u8.KindSegment, MediaDuration: sec(4), Bitrate: 1e6, At: sec(12), Latency: sec(9)}
	v.s.Add(&sm, nil)
	sc.c.Meter().Origin(sec(5), 200, 1000)
	for _, e := range sc.finish(End{}).Expectations {
		if e.NotMeasured {
			t.Errorf("%s: %s", e.Expr, e.Reason)
		}
	}
}

// TestWindowsAreExact has sessions do anything, and counts again instant by instant.
func TestWindowsAreExact(t *testing.T) {
	const tick = 500 * time.Millisecond
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		each := []time.Duration{5 * time.Second, 7 * time.Second, 3500 * time.Millisecond, 100 * time.Second}[random.IntN(4)]
		asked := make([]string, 4)
		for i, name := range []string{"rebuffer_ratio", "stalled", "fatal", "startup_failed"} {
			asked[i] = fmt.Sprintf("%s{each=%v} < 1%%", name, each)
		}
		sc := expecting(t, sceneConfig(kill("kill-0", 0, 30, 50)), asked...)
		type counts struct{ played, stalled, there, met, died, decided, failed float64 }
		windows := make([]counts, 100*time.Second/each+1)
		at := func(d time.Duration) *counts { return &windows[d/each] }
		var play []func(now time.Duration) // what each session does at an instant
		for range 8 {
			joins, starts := time.Duration(random.IntN(120))*tick, time.Duration(random.IntN(40))*tick
			dies := joins + time.Duration(random.IntN(160))*tick
			if random.IntN(4) == 0 {
				starts = time.Hour // never
			}
			leaves := random.IntN(3) == 0
			var v viewer
			is, in, met, decided := "away", -1, -1, false
			play = append(play, func(now time.Duration) {
				s := now.Seconds()
				switch {
				case now == joins:
					v, is = sc.join(s, random.IntN(3)), "joining"
				case is == "away" || is == "over":
				case now == dies:
					last := at(now - 1)
					if leaves {
						v.leave(s)
					} else {
						v.die(s)
						last.died++
					}
					if is == "joining" && !decided {
						last.decided++
						if !leaves {
							last.failed++
						}
					}
					is = "over"
				case is == "joining" && now == joins+starts:
					if v.start(s); !decided {
						at(now).decided++
					}
					is = "playing"
				case is == "playing" && random.IntN(8) == 0:
					v.stall(s)
					is = "stalled"
				case is == "stalled" && random.IntN(4) == 0:
					v.resume(s)
					is = "playing"
				}
				if is == "away" || is == "over" {
					return
				}
				c, i := at(now), int(now/each)
				if i != in {
					in = i
					c.there++
				}
				switch is {
				case "playing":
					c.played++
				case "stalled":
					c.stalled++
					if i != met {
						met = i
						c.met++
					}
				case "joining":
					if now == joins+30*time.Second {
						decided = true
						c.decided++
						c.failed++
					}
				}
			})
		}
		for now := time.Duration(0); now < sec(100); now += tick {
			switch now {
			case sec(30):
				sc.apply(0, 1, 30)
			case sec(50):
				sc.clear(0, 1, 50)
			}
			for _, do := range play {
				do(now)
			}
		}
		s := sc.finish(End{})
		for i, share := range []func(c *counts) (num, den float64){
			func(c *counts) (num, den float64) { return c.stalled, c.stalled + c.played },
			func(c *counts) (num, den float64) { return c.met, c.there },
			func(c *counts) (num, den float64) { return c.died, c.there },
			func(c *counts) (num, den float64) { return c.failed, c.decided },
		} {
			want, n := math.NaN(), 0
			for w := range windows {
				length := min(sec(100)-time.Duration(w)*each, each)
				if num, den := share(&windows[w]); den > 0 && 2*length >= each {
					n++
					if v := num / den; !(v <= want) {
						want = v
					}
				}
			}
			got := &s.Expectations[i]
			if n != got.Windows.Count || n > 0 && math.Abs(float64(got.Value)-want) > 1e-9 {
				t.Errorf("seed %d: %s: %s of %d windows; want %v of %d", seed, got.Expr, got.Reason, got.Windows.Count, want, n)
			}
		}
	}
}

// TestLostWindows: windows that touch the gap of a run that was gone on with do not count, and are
// said.
func TestLostWindows(t *testing.T) {
	const text = "rebuffer_ratio{each=10s} < 10%"
	first, sc := expecting(t, sceneConfig(), text), expecting(t, sceneConfig(), text)
	first.watching(0)
	if err := sc.c.Continue(first.c.Snapshot(sec(12)), record.Gap{From: sec(12), To: sec(20), Settled: sec(20.5), Why: "lost"}); err != nil {
		t.Fatal(err)
	}
	v := sc.join(20, 0)
	v.start(20.2)
	v.stall(20.5)
	v.resume(28)
	v.stall(41)
	v.resume(42)
	s := sc.finish(End{})
	values(t, s, "10 % in the worst of 8 windows of 10s: 0:40 to 0:50; 2 windows skipped, because a part of the run was lost")
	if w := s.Expectations[0].Windows; w.Count != 8 || w.Skipped != 2 || w.WorstFromS != 40 || w.WorstToS != 50 || w.WorstValue != .1 {
		t.Errorf("%+v", w)
	}
}

// TestWindowsWithLostPlayers judges each window by the worst that lost players may have seen.
func TestWindowsWithLostPlayers(t *testing.T) {
	sc := expecting(t, sceneConfig(), "rebuffer_ratio{each=50s} < 20%", "startup.p95{each=50s}.min < 2s")
	sc.watching(0)
	s := sc.finish(End{Agents: []Agent{{Name: "a", Players: 3}, {Name: "b", Players: 1, Lost: "silent"}}, LostLimit: 1})
	for i, want := range []string{"measured 0 % in each of 2 windows of 50s; with the worst that lost players may have seen 25 %", "with the worst that lost players may have seen never"} {
		if e := &s.Expectations[i]; e.Pass || !e.ByLost || !strings.Contains(e.Reason, want) {
			t.Errorf("%s: %+v; want %q", e.Expr, e, want)
		}
	}
}
