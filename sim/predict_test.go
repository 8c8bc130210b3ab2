package sim_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/player/profile"
	"hlsload/reports"
	"hlsload/rig"
	"hlsload/scenarios"
)

// alike is a scenario of players of one kind and a fault of pipeline 0, on
// links that all carry the same.
const alike = `
seed: %d
duration: %ds
recovery: 30s
target: {rig: {ladder: %s, segment: %ds, audio: %s, origin: {stale: %s}}}
fleet:
  players: %d
  arrive: {over: 20s}
  cohorts:
    - {name: web, share: 100%%, profile: %s, network: {base: home, down: 20Mbps, rtt: 30ms, jitter: 2ms, spread: 0%%}}
chaos:
  - {name: x, at: 70s, for: %ds, pipeline: 0, %s}
`

var ladders = map[int]string{
	1: "[{size: 640x360, rate: 400kbps}]",
	3: "mini",
	5: "[{size: 256x144, rate: 100kbps}, {size: 416x234, rate: 200kbps}, {size: 480x270, rate: 300kbps}, {size: 640x360, rate: 400kbps}, {size: 768x432, rate: 600kbps}]",
}

// every asks for the whole table, which takes a minute.
var every = flag.Bool("every", false, "compare predictions and simulations of every shape, with more players and seeds")

// predicted is what package predict says about a scenario's only fault.
func predicted(t *testing.T, sc *scenarios.Scenario) *predict.Prediction {
	t.Helper()
	channel, err := rig.New(*sc.Target.Rig, 0, epoch)
	if err != nil {
		t.Fatal(err)
	}
	f := rig.Flight{Path: channel.Entry(0), Pop: rig.AtOrigin}
	channel.Advance(0, &f)
	mv, err := m3u8.ParseMultivariant(f.Answer.Object.Text(), m3u8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pipeline := func(u string) int {
		if strings.HasPrefix(u, "../p1") {
			return 1
		}
		return 0
	}
	shape := scenarios.ShapeOf(sc.Target.Rig, &sc.Fleet.Audience.Cohorts[0].Network)
	fault, ok := scenarios.PredictionOf(&sc.Faults()[0], &sc.Target.Rig.Origin, sc.Recovery)
	if !ok {
		t.Fatalf("nothing is predicted about %s", sc.Faults()[0].Kind)
	}
	fault.Played = 60 * time.Second
	return predict.NewWorld(mv, pipeline, &shape).Predict(sc.Fleet.Profiles[0], &fault)
}

// What is predicted for every profile that ships is what happens when players
// of that profile are simulated with caches, links that differ and each other.
func TestPredictions(t *testing.T) {
	faults := []struct{ name, text string }{
		{"kill", "fault: pipeline.kill"},
		{"kill without invalidator", "fault: pipeline.kill"},
		{"delete", "fault: playlist.delete, kind: media"},
		{"freeze", "fault: playlist.freeze"},
		{"missing", "fault: segment.missing"},
		{"hang", "fault: edge.hang, kind: segment"},
	}
	if *every {
		faults = append(faults, struct{ name, text string }{"long hang", "fault: edge.hang, kind: segment"})
	}
	type shape struct {
		segment, levels int
		audio           string
	}
	shapes := []shape{{2, 3, "muxed"}, {6, 1, "muxed"}, {4, 5, "demuxed"}}
	if *every {
		shapes = append(shapes, shape{4, 5, "muxed"}, shape{6, 3, "muxed"}, shape{4, 1, "muxed"}, shape{2, 1, "demuxed"}, shape{4, 3, "demuxed"})
	}
	for _, id := range profile.Names() {
		for _, fault := range faults {
			for _, sh := range shapes {
				t.Run(fmt.Sprintf("%s/%s/%ds-%d-%s", id, fault.name, sh.segment, sh.levels, sh.audio), func(t *testing.T) {
					t.Parallel()
					viewers := 24
					if *every {
						viewers = 80
					}
					lasts := 60
					if strings.HasPrefix(fault.name, "long") {
						lasts = 150
					}
					stale := "aws-sample"
					if strings.HasSuffix(fault.name, "invalidator") {
						stale = "none"
					}
					agree(t, func(seed int) *scenarios.Scenario {
						return scenario(t, fmt.Sprintf(alike, seed, 110+lasts, ladders[sh.levels], sh.segment, sh.audio, stale, viewers, id, lasts, fault.text))
					}, time.Duration(sh.segment)*time.Second, near)
				})
			}
		}
	}
}

// agree compares a prediction with the simulation of some seeds; compare judges
// each distribution.
func agree(t *testing.T, of func(seed int) *scenarios.Scenario, tick time.Duration, compare func(t *testing.T, what string, got *pooled, want predict.Spread, tick time.Duration)) {
	t.Helper()
	sc := of(1)
	want := predicted(t, sc)
	if want.Unknown != "" {
		t.Fatalf("not predicted: %s", want.Unknown)
	}
	var failover, outage, detection pooled
	var over, healed, died, affected int64
	seeds := 2
	if *every {
		seeds = 5
	}
	for seed := range seeds {
		o := simulated(t, of(seed+1))
		f := &o.sum.Faults[0]
		if f.Problem != "" {
			t.Fatal(f.Problem)
		}
		failover.add(f.FailoverMs)
		outage.add(f.OutageMs)
		detection.add(f.DetectionMs)
		over, healed, died, affected = over+f.FailedOver, healed+f.Healed, died+f.Fatal, affected+f.Affected
	}
	end := predict.Untouched
	switch {
	case affected == 0:
	case 2*over > affected:
		end = predict.FailsOver
	case 2*died > affected:
		end = predict.Dies
	default:
		end = predict.Waits
	}
	if end != want.End {
		t.Errorf("%s: of %d, %d failed over, %d healed, %d died; predicted %s", end, affected, over, healed, died, want.End)
		return
	}
	if end == predict.FailsOver {
		compare(t, "detection", &detection, want.Detection, tick)
		compare(t, "failover", &failover, want.Failover, tick)
	}
	if end == predict.Waits {
		// What skips segments stands for whole ones, and all viewers of a run meet
		// the fault at one instant between two of them.
		want.Outage.Min, want.Outage.Max = want.Outage.Min-tick, min(want.Outage.Max, predict.Never-tick)+tick
	}
	compare(t, "outage", &outage, want.Outage, tick)
}

// pooled are the distributions of some runs. In each, the fault begins at one
// instant between two segments; over several this evens out.
type pooled struct {
	medians  []time.Duration
	min, max time.Duration
}

func (p *pooled) add(d reports.Dist) {
	if d.Count == 0 {
		return
	}
	of := func(v reports.Value) time.Duration {
		if v.Known() {
			return ms(v)
		}
		return predict.Never
	}
	if len(p.medians) == 0 {
		p.min = of(d.Min)
	}
	p.medians = append(p.medians, of(d.P50))
	p.min, p.max = min(p.min, of(d.Min)), max(p.max, of(d.Max))
}

// median is the mean of the medians.
func (p *pooled) median() (m time.Duration) {
	for _, d := range p.medians {
		if d == predict.Never {
			return d
		}
		m += d / time.Duration(len(p.medians))
	}
	return m
}

// near compares the median with what was predicted: within 15 % or a reload, and
// within the range.
func near(t *testing.T, what string, got *pooled, want predict.Spread, tick time.Duration) {
	t.Helper()
	off := time.Duration(0)
	if m := got.median(); m != want.P50 {
		off = (m - want.P50).Abs()
	}
	if off > max(want.P50*15/100, tick) {
		t.Error(said(what, got, want))
		return
	}
	within(t, what, got, want, tick)
}

// within compares the median with the predicted range, as reports do. Where some
// players go one way and some another, the median is on either side by chance.
func within(t *testing.T, what string, got *pooled, want predict.Spread, _ time.Duration) {
	t.Helper()
	const grid = 150 * time.Millisecond // of what is not modelled
	m := got.median()
	switch {
	case m < want.Min-grid, want.Max < predict.Never-grid && m > want.Max+grid:
		t.Error(said(what, got, want))
	case testing.Verbose():
		t.Log(said(what, got, want))
	}
}

func said(what string, got *pooled, want predict.Spread) string {
	return fmt.Sprintf("%s: simulated %v (%v to %v); predicted %v (%v to %v)", what, short(got.median()), short(got.min), short(got.max), short(want.P50), short(want.Min), short(want.Max))
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
