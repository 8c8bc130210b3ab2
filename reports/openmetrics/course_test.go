package openmetrics_test

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/openmetrics"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

// restless has viewers who come and go, players that give up, and faults that meet each
// other and strike again.
const restless = `version: 1
name: restless
duration: 100s
recovery: 10s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 60
  arrive: {over: 10s}
  session: {mean: 30s, after_fatal: {rejoin: 5s}}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7, network: mobile-4g}
    - {name: tv, share: 30%, profile: rfc8216bis, network: home}
    - {name: app, share: 20%, profile: avplayer-ios17, network: home}
chaos:
  - {name: kill-0, fault: pipeline.kill, at: 20s, for: 20s, pipeline: 0}
  - {name: kill-1, fault: pipeline.kill, at: 35s, for: 10s, pipeline: 1}
  - {name: slow, fault: edge.slow, at: 60s, for: 5s, by: 3s}
  - {name: gone, fault: pipeline.kill, at: 80s, for: 10s, pipeline: 1}
expect:
  - failed_over{fault=kill-0} >= 1%
`

// run simulates a scenario; began gets the collector, each is called every second.
func run(t testing.TB, text string, shards int, began func(*record.Collector), each func(now time.Duration, c *record.Collector)) (*record.Collector, *sim.Result) {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "restless.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	faults, epoch := sc.Faults(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, epoch)
	cfg.Shards = shards
	model, err := rig.New(*sc.Target.Rig, draw.Seed(sc.Seed), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Channel(&cfg, model, sc); err != nil {
		t.Fatal(err)
	}
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	began(c)
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(sc.Seed), Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c,
		Second: func(now time.Duration) string {
			each(now, c)
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, res
}

// TestCourse follows runs second by second: no counter ever falls, and at the end the
// metrics say what the summary says.
func TestCourse(t *testing.T) {
	for seed := 1; seed <= 3; seed++ {
		var look func(*openmetrics.Run) map[string]*dto.MetricFamily
		c, res := run(t, strings.Replace(restless, "version: 1\n", fmt.Sprintf("version: 1\nseed: %d\n", seed), 1), 4,
			func(c *record.Collector) { look = course(t, c) },
			func(now time.Duration, c *record.Collector) {
				m, l, faults := look(openmetrics.Alone("", now, c.Sums(), nil)), c.Live(), c.Config().Faults
				for state, want := range map[string]int64{"joining": l.Joining, "playing": l.Playing, "stalled": l.Stalled} {
					if got := sum(m["hlsload_players"], "state", state); got != float64(want) {
						t.Errorf("%v: %v players are %s, want %d", now, got, state, want)
					}
				}
				for i := range faults {
					if got := sum(m["hlsload_fault_active"], "fault", faults[i].Name); (got == 1) != (l.Faults[i].Applied && !l.Faults[i].Cleared) {
						t.Errorf("%v: %s: applied %v, cleared %v, and fault_active is %v", now, faults[i].Name, l.Faults[i].Applied, l.Faults[i].Cleared, got)
					}
					if got := sum(m["hlsload_fault_affected_sessions"], "fault", faults[i].Name); got > float64(l.Faults[i].Affected) || got < float64(l.Faults[i].Moved) {
						t.Errorf("%v: %s affected %v sessions; want %d to %d", now, faults[i].Name, got, l.Faults[i].Moved, l.Faults[i].Affected)
					}
				}
			})
		p := c.Finish(res.End)
		if c.Sums() != nil {
			t.Error("a collector whose counts were handed over has sums")
		}
		s := measure.Derive(p, measure.End{At: res.End, Faults: res.Outcomes}).Summary
		compare(t, s, look(openmetrics.Final(p, s)))
	}
}

// BenchmarkScrape is one look at 5,000 sessions in as many parts as a run has, and the text
// made of it.
func BenchmarkScrape(b *testing.B) {
	c, _ := run(b, strings.Replace(restless, "players: 60", "players: 2000", 1), 16, func(*record.Collector) {}, func(time.Duration, *record.Collector) {})
	x := openmetrics.New(c.Config(), nil)
	b.Run("look", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Sums()
		}
	})
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		r := openmetrics.Alone("", time.Minute, c.Sums(), nil)
		for b.Loop() {
			if err := x.WriteText(io.Discard, r, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// course returns a function that gathers the metrics of one instant after the other.
func course(t *testing.T, c *record.Collector) func(*openmetrics.Run) map[string]*dto.MetricFamily {
	x, now := openmetrics.New(c.Config(), nil), (*openmetrics.Run)(nil)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(x.Collector(func() *openmetrics.Run { return now }))
	before := map[string]float64{}
	return func(r *openmetrics.Run) map[string]*dto.MetricFamily {
		now = r
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		m, after := map[string]*dto.MetricFamily{}, map[string]float64{}
		for _, f := range families {
			m[f.GetName()] = f
			for _, x := range f.GetMetric() {
				counters(f.GetName()+fmt.Sprint(x.GetLabel()), f, x, after)
			}
		}
		for name, was := range before {
			if is, there := after[name]; !there || is < was {
				t.Errorf("%v: %s fell from %v to %v (%v)", r.At, name, was, is, there)
			}
		}
		before = after
		return m
	}
}

// counters collects all that must not fall.
func counters(name string, f *dto.MetricFamily, m *dto.Metric, to map[string]float64) {
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		to[name] = m.GetCounter().GetValue()
	case dto.MetricType_HISTOGRAM:
		h := m.GetHistogram()
		to[name+" sum"], to[name+" count"], to[name+" zero"] = h.GetSampleSum(), float64(h.GetSampleCount()), float64(h.GetZeroCount())
		for _, b := range h.GetBucket() {
			to[fmt.Sprint(name, " up to ", b.GetUpperBound())] = float64(b.GetCumulativeCount())
		}
	}
}

// sum adds up the values, or the counts of histograms, of what has a label with a value.
func sum(f *dto.MetricFamily, label, value string) (n float64) {
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label && l.GetValue() == value {
				n += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return n
}

// compare checks the metrics at the end.
func compare(t *testing.T, s *reports.Summary, m map[string]*dto.MetricFamily) {
	t.Helper()
	is := func(name, label, value string, want float64) {
		t.Helper()
		if got := sum(m["hlsload_"+name], label, value); math.Abs(got-want) > 1e-6 {
			t.Errorf("seed %d: %s{%s=%q} is %v, want %v", s.Seed, name, label, value, got, want)
		}
	}
	began := 0.
	for name, c := range s.Cohorts {
		if name == "all" {
			continue
		}
		began += float64(c.Players)
		is("sessions_started_total", "cohort", name, float64(c.Players))
		is("sessions_total", "cohort", name, float64(c.Players))
		is("startup_failures_total", "cohort", name, float64(c.StartupFailed))
		is("startup_seconds", "cohort", name, float64(c.StartupMs.Count))
		is("stall_duration_seconds", "cohort", name, float64(c.StallMs.Count))
		is("stalls_total", "cohort", name, float64(c.StallMs.Count))
		is("live_latency_seconds", "cohort", name, float64(c.LiveLatencyMs.Count))
		stalled, played := sum(m["hlsload_stalled_seconds_total"], "cohort", name), sum(m["hlsload_playing_seconds_total"], "cohort", name)
		if got := stalled / (stalled + played); math.Abs(got-float64(c.RebufferRatio)) > 1e-6 {
			t.Errorf("seed %d: rebuffer ratio of %s is %v, want %v", s.Seed, name, got, c.RebufferRatio)
		}
	}
	if began != float64(s.Players.Started) || began < 100 {
		t.Errorf("seed %d: %v sessions began; want %d, and at least 100", s.Seed, began, s.Players.Started)
	}
	for outcome, n := range map[string]int64{"fatal": s.Players.Fatal, "left": s.Players.Left, "ended": s.Players.Ended, "unfinished": s.Players.Unfinished,
		"cut": s.Players.Started - s.Players.Fatal - s.Players.Left - s.Players.Ended - s.Players.Unfinished} {
		is("sessions_total", "outcome", outcome, float64(n))
	}
	for kind, r := range s.Requests {
		is("received_bytes_total", "kind", kind, float64(r.Bytes))
		is("ttfb_seconds", "kind", kind, float64(r.TTFBMs.Count))
		is("request_duration_seconds", "kind", kind, float64(r.TotalMs.Count))
		all := sum(m["hlsload_requests_total"], "kind", kind)
		if r.ErrorsBy["mismatch"] == 0 && float64(r.Count)-all > 60 || all > float64(r.Count) { // some had no answer yet
			t.Errorf("seed %d: %v requests of kind %s were answered, of %d", s.Seed, all, kind, r.Count)
		}
	}
	byName := map[string]*reports.FaultSummary{}
	for i := range s.Faults {
		f := &s.Faults[i]
		byName[f.Name] = f
		is("fault_affected_sessions", "fault", f.Name, float64(f.Affected))
		is("outage_seconds", "fault", f.Name, float64(f.OutageMs.Count))
		is("failover_seconds", "fault", f.Name, float64(f.FailoverMs.Count-f.FailoverMs.Censored))
	}
	if f := byName["kill-0"]; f == nil || f.FailedOver == 0 || f.Left == 0 {
		t.Errorf("seed %d: the run does not show what it should: %+v", s.Seed, f)
	}
	is("origin_requests_total", "source", "headers", float64(s.Origin.Estimated))
	for layer, n := range s.Origin.AnsweredBy {
		is("cache_answers_total", "layer", layer, float64(n))
	}
	is("tester_lag_seconds", "agent", openmetrics.Local, float64(s.Tester.LagMs.Count))
	is("run_verdict", "verdict", s.Verdict, 1)
	for _, e := range s.Expectations {
		if !e.NotMeasured {
			is("expectation_value", "expectation", e.Expr, float64(e.Value))
		}
	}
	is("players", "state", "playing", 0)
}
