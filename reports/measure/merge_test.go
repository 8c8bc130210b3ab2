package measure_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/expect"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

// recording is all that the collector of a simulation was told.
type recording struct {
	cfg   record.Config
	told  []record.Told
	meter *traffic.Load
	end   measure.End
	plain []byte // the simulation's own summary

	// Of the last replay, each second: which stop conditions tripped, and what its machines
	// had said.
	tripped []string
	said    []seen

	speakers []*stage.Speaker
	listener *stage.Listener
}

// seen is what those who watch a run see.
type seen struct {
	Live  record.Live
	Stops measure.StopReading
	Sums  *record.Sums
}

// recorded simulates a scenario that ships with a few players.
func recorded(t testing.TB, name string, overrides ...string) *recording {
	t.Helper()
	data, err := scenarios.Show(name)
	if err != nil {
		t.Fatal(err)
	}
	src := scenarios.Source{File: name + ".yaml", Data: data}
	for _, o := range overrides {
		set, err := scenarios.Set(o)
		if err != nil {
			t.Fatal(err)
		}
		src.Overrides = append(src.Overrides, set)
	}
	sc, err := scenarios.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	faults, seed := sc.Faults(), draw.Seed(sc.Seed)
	channel, err := rig.New(*sc.Target.Rig, seed, epoch)
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{cfg: stage.Measure(sc, reports.ModeSimulate, faults, epoch)}
	if err := stage.Channel(&r.cfg, channel, sc); err != nil {
		t.Fatal(err)
	}
	r.cfg.Predict, r.cfg.Stop = once(r.cfg.Predict), nil
	cfg := r.cfg
	cfg.Tap = func(told record.Told) { r.told = append(r.told, told) }
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seed, Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: channel.TargetDuration(), Recovery: sc.Recovery},
		Collector: c, Second: func(time.Duration) string { c.SetUsual(c.Usual()); return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.meter = c.Meter().Load()
	r.end = measure.End{At: res.End, Interrupted: res.Aborted, Faults: res.Outcomes}
	r.plain = text(t, measure.Finish(c, r.end).Summary)
	return r
}

// once keeps predictions, which take longer than all else here.
func once(predict record.Predict) record.Predict {
	known := map[string]*reports.Predicted{}
	return func(f *chaos.Fault, recovery time.Duration, cohort int, remembered bool) *reports.Predicted {
		key := fmt.Sprint(f.Rule, f.At, f.For, recovery, cohort, remembered)
		p, ok := known[key]
		if !ok {
			p = predict(f, recovery, cohort, remembered)
			known[key] = p
		}
		return p
	}
}

func text(t testing.TB, s *reports.Summary) []byte {
	t.Helper()
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asCDN is the recording as a CDN that reports a miss in every answer of one request to the
// origin, and without a rig that counts.
func (r *recording) asCDN() *recording {
	c := &recording{cfg: r.cfg, end: r.end}
	for _, told := range r.told {
		if told.Meta != nil && told.Meta.Cache != cdn.CacheUnknown {
			m, sm := *told.Meta, told.Sample
			m.URL = draw.Hash(fmt.Sprint(sm.Kind, sm.Pipeline, sm.Rendition, sm.Sequence))
			m.Cache = cdn.CacheMiss
			told.Meta = &m
		}
		c.told = append(c.told, told)
	}
	return c
}

// local says what replays get wrong on purpose: what belongs to the whole run is taken by
// each collector for itself.
type local struct{ usual, fills bool }

// stopping are stop conditions of all kinds.
var stopping = []string{"stalled_now > 30% for 3s", "rebuffer_ratio > 20%", "fatal > 5%", "stalled{cohort=web} > 5%", "stall.p95 > 2s", "error_rps.mean > 5", "ttfb.p95{kind=segment} - ttfb.p50{kind=segment} > 1s", "hit_ratio < 20%", "alarm(edge)"}

func stops(t testing.TB) (all []*expect.Expectation) {
	t.Helper()
	for _, text := range stopping {
		e, problems := expect.Parse(text, expect.Known{Stop: true, Cohorts: []string{"web"}, Alarms: []string{"edge"}})
		if problems != nil {
			t.Fatalf("%s: %v", text, problems)
		}
		all = append(all, e)
	}
	return all
}

// replay tells the recording to collectors, each with the players that fall to it, and
// returns their parts.
func (r *recording) replay(t testing.TB, collectors int, random *rand.Rand, wrong local) []*record.Part {
	t.Helper()
	cs := make([]*record.Collector, collectors)
	for i := range cs {
		cfg := r.cfg
		cfg.Shards = 1 + i%3
		if collectors > 1 && !wrong.fills {
			cfg.Agent = fmt.Sprint("agent-", i)
		}
		var err error
		if cs[i], err = record.New(cfg); err != nil {
			t.Fatal(err)
		}
	}
	if r.meter != nil {
		cs[random.IntN(collectors)].Meter().Add(r.meter)
	}
	usual := func(i int) []time.Duration {
		if wrong.usual {
			return cs[i].Usual()
		}
		all := cs[0].Startups()
		for _, c := range cs[1:] {
			all.Add(c.Startups())
		}
		return all.Usual(cs[0].Config().TargetDuration)
	}
	judge := measure.NewStops(cs[0], nil)
	var names []string
	r.speakers, r.said, r.tripped = nil, nil, nil
	for i, c := range cs {
		names = append(names, c.Config().Agent)
		r.speakers = append(r.speakers, stage.NewSpeaker(cs[i]))
	}
	r.listener = stage.NewListener(cs[0].Config(), names)
	mine := map[uint64]int{} // by player
	sessions := map[*record.Session]*record.Session{}
	for _, told := range r.told {
		switch {
		case told.Joined != nil:
			i, ok := mine[told.Joined.Player]
			if !ok {
				i = random.IntN(collectors)
				mine[told.Joined.Player] = i
			}
			sessions[told.Session] = cs[i].Join(told.At, *told.Joined)
		case told.Sample != nil:
			sm := *told.Sample
			sessions[told.Session].Add(&sm, told.Meta)
		case told.Usual != nil:
			for i, c := range cs {
				c.SetUsual(usual(i))
			}
			if r.cfg.Stop != nil {
				r.stop(t, judge, random)
			}
		default:
			now := make([][]time.Duration, len(cs))
			for i := range cs {
				now[i] = usual(i)
			}
			for i, c := range cs {
				err := error(nil)
				if told.Window.Cleared == record.Forever || told.Fault.Kind.Spec().Instant {
					err = c.FaultApplied(told.Fault.Rule, told.Fault.Occurrence, told.Window.Applied, now[i])
				} else {
					err = c.FaultCleared(told.Fault.Rule, told.Fault.Occurrence, told.Window.Cleared)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	parts := make([]*record.Part, len(cs))
	for i, c := range cs {
		parts[i] = c.Finish(r.end.At)
	}
	return parts
}

// stop lets all collectors speak, in any order, and judges the stop conditions by the sum.
func (r *recording) stop(t testing.TB, judge *measure.Stops, random *rand.Rand) {
	t.Helper()
	now := time.Duration(len(r.said)) * time.Second
	for _, i := range random.Perm(len(r.speakers)) {
		said := r.speakers[i].Say(now, true).Encode()
		if err := r.listener.Hear(i, now, said); err != nil {
			t.Fatal(err)
		}
	}
	all := r.listener.Sum()
	r.said = append(r.said, seen{all.Live, all.Stops, r.listener.Sums()})
	r.tripped = append(r.tripped, judge.Judge(now, all.Stops))
	if w := r.listener.Warnings(); w != nil {
		t.Errorf("warnings %q", w)
	}
}

// sent is a part as another collector of the run reads it.
func (r *recording) sent(t testing.TB, p *record.Part) *record.Part {
	t.Helper()
	c, err := record.New(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := p.Encode()
	got, err := c.ReadPart(b)
	if err != nil {
		t.Fatal(err)
	}
	if again := got.Encode(); !bytes.Equal(again, b) {
		t.Fatalf("a part of %d bytes has %d other bytes once it was read", len(b), len(again))
	}
	return got
}

// merged merges parts as they are sent, pair by pair in any order.
func (r *recording) merged(t testing.TB, parts []*record.Part, random *rand.Rand) *record.Part {
	t.Helper()
	for i, p := range parts {
		parts[i] = r.sent(t, p)
	}
	for len(parts) > 1 {
		random.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
		last := len(parts) - 1
		if err := parts[0].Merge(parts[last]); err != nil {
			t.Fatal(err)
		}
		parts = parts[:last]
	}
	return parts[0]
}

func (r *recording) summary(t testing.TB, p *record.Part) []byte {
	t.Helper()
	return text(t, measure.Derive(p, r.end).Summary)
}

// Scenarios that are merged: churn and viewers who come back, waves of arrivals, surges,
// faults of all kinds, the end of the presentation.
var mergedScenarios = []struct {
	name      string
	overrides []string
}{
	{"pipeline-kill", []string{"fleet.players=21"}},
	{"playlist-freeze", []string{"fleet.players=21"}},
	{"origin-5xx", []string{"fleet.players=21"}},
	{"segment-404", []string{"fleet.players=21"}},
	{"event-end", []string{"fleet.players=21"}},
	{"soak", []string{"fleet.players=7", "duration=20m", `known=["live_latency_drift < 100h"]`}},
}

// TestMergeIsExact: the parts of any number of collectors, with any partition of the
// players, sent and merged in any order, give the summary of the one collector that saw all.
func TestMergeIsExact(t *testing.T) {
	for n, tc := range mergedScenarios {
		if testing.Short() && n > 0 {
			break
		}
		t.Run(tc.name, func(t *testing.T) {
			r := recorded(t, tc.name, tc.overrides...)
			random := rand.New(rand.NewPCG(uint64(n), 1))
			if n == 0 {
				r.cfg.Stop = stops(t)
			}
			cdn := r.asCDN()
			for _, r := range []*recording{r, cdn} {
				want := r.summary(t, r.replay(t, 1, random, local{})[0])
				if r != cdn && !bytes.Equal(want, r.plain) {
					t.Fatalf("the recording is not complete: %s", difference(want, r.plain))
				}
				tripped, said := r.tripped, r.said
				if texts := slices.Compact(slices.Sorted(slices.Values(tripped))); n == 0 && len(texts) < 2 {
					t.Errorf("the stop conditions say nothing but %q; want one to trip in time", texts)
				}
				for _, k := range []int{1, 2, 3, 7} {
					got := r.summary(t, r.merged(t, r.replay(t, k, random, local{}), random))
					if !bytes.Equal(got, want) {
						t.Errorf("%d collectors: %s", k, difference(got, want))
					}
					if !slices.Equal(r.tripped, tripped) {
						t.Errorf("%d collectors: the stop conditions say %q; want %q", k, r.tripped, tripped)
					}
					for at := range said {
						if got, want := reports.AppendCounts(nil, &r.said[at]), reports.AppendCounts(nil, &said[at]); !bytes.Equal(got, want) {
							t.Fatalf("%d collectors, second %d: they say %+v; want %+v", k, at, r.said[at].Live, said[at].Live)
						}
					}
				}
			}
		})
	}
}

// TestMergeSeesWhatIsLocal: what belongs to the whole run, taken by each collector for
// itself, changes the summary. So [TestMergeIsExact] would show it.
func TestMergeSeesWhatIsLocal(t *testing.T) {
	r := recorded(t, "pipeline-kill", "fleet.players=30", "fleet.session.mean=15s").asCDN()
	random := rand.New(rand.NewPCG(3, 1))
	want := r.summary(t, r.replay(t, 1, random, local{})[0])
	for _, tc := range []struct {
		name  string
		wrong local
	}{
		{"usual startup times", local{usual: true}},
		{"shared requests to the origin", local{fills: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parts := r.replay(t, 3, random, tc.wrong)
			if tc.wrong.usual {
				if err := parts[0].Merge(parts[1]); err == nil || !strings.Contains(err.Error(), "usual startup times") {
					t.Errorf("merged: %v; want an error about usual startup times", err)
				}
				for _, p := range parts[1:] { // as a merge that did not look would have it
					for i := range p.Windows {
						p.Windows[i].Usual = parts[0].Windows[i].Usual
					}
				}
			}
			if got := r.summary(t, r.merged(t, parts, random)); bytes.Equal(got, want) {
				t.Error("the summary is the same")
			}
		})
	}
	t.Run("peaks", func(t *testing.T) {
		parts := r.replay(t, 3, random, local{})
		var players int64
		var edge, rise reports.Value
		for _, p := range parts {
			s := measure.Derive(p, r.end).Summary
			players += s.Players.Peak
			edge += s.Edge.Rps.Max
			rise += s.Faults[0].Edge.Amplification
		}
		whole := measure.Derive(r.merged(t, parts, random), r.end).Summary
		if edge <= whole.Edge.Rps.Max || rise/3 == whole.Faults[0].Edge.Amplification || players < whole.Players.Peak {
			t.Errorf("added up: %v requests a second, %v times the baseline, %d players; of the whole: %v, %v, %d", edge, rise/3, players,
				whole.Edge.Rps.Max, whole.Faults[0].Edge.Amplification, whole.Players.Peak)
		}
	})
}

func difference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %.200s; want %.200s", i+1, strings.TrimSpace(g[i]), strings.TrimSpace(w[i]))
		}
	}
	return fmt.Sprintf("%d lines; want %d", len(g), len(w))
}
