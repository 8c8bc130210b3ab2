package nights_test

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/nights"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// edit replaces a text of a scenario.
type edit struct{ old, new string }

// scenario decodes testdata/night.yaml with edits.
func scenario(t testing.TB, edits ...edit) *scenarios.Scenario {
	t.Helper()
	data, err := os.ReadFile("testdata/night.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, e := range edits {
		if !strings.Contains(text, e.old) {
			t.Fatalf("the scenario has no %q", e.old)
		}
		text = strings.ReplaceAll(text, e.old, e.new)
	}
	sc, err := scenarios.Load(scenarios.Source{File: "night.yaml", Data: []byte(text), ReadFile: os.ReadFile})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// simulate runs a scenario with a seed of its own.
func simulate(sc *scenarios.Scenario, seed uint64) (*reports.Summary, error) {
	copied := *sc
	sc = &copied
	sc.Seed = seed
	faults := sc.Faults()
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, epoch)
	model, err := rig.New(*sc.Target.Rig, draw.Seed(seed), epoch)
	if err != nil {
		return nil, err
	}
	if err := stage.Channel(&cfg, model, sc); err != nil {
		return nil, err
	}
	cfg.Predict, cfg.Explain = nil, nil // no part of what is compared
	c, err := record.New(cfg)
	if err != nil {
		return nil, err
	}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: draw.Seed(seed), Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, HeadOnly: sc.Fleet.Body == "none", Faults: faults,
		Timeline:  chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery, Linger: stage.Linger(sc.Recovery, model.TargetDuration())},
		Collector: c,
	})
	if err != nil {
		return nil, err
	}
	return measure.Finish(c, measure.End{At: res.End, Faults: res.Outcomes}).Summary, nil
}

// key is that of all nights here.
var key = reports.Key{Hash: "night", Mode: reports.ModeRun}

// simulated are so many nights, with seeds from first on.
func simulated(t testing.TB, sc *scenarios.Scenario, first uint64, n int) []nights.Night {
	t.Helper()
	all, errs := make([]nights.Night, n), make([]error, n)
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				s, err := simulate(sc, first+uint64(i))
				if errs[i] = err; err == nil {
					all[i] = nights.Of(s, "")
					all[i].Key = key // as if it had been run
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// timing is the noise of real runs: how far the values of each measure were from their mean
// over the runs, as a factor, or of a share as a difference. A run each.
type timing struct {
	How  string                 `json:"how"`
	Runs []map[string][]float64 `json:"runs"`
}

const timingFile = "testdata/timing.json"

func readTiming(t testing.TB) *timing {
	t.Helper()
	data, err := os.ReadFile(timingFile)
	if err != nil {
		t.Fatal(err)
	}
	n := new(timing)
	if err := json.Unmarshal(data, n); err != nil {
		t.Fatal(err)
	}
	if len(n.Runs) < 10 {
		t.Fatalf("%s has %d runs; want 10", timingFile, len(n.Runs))
	}
	return n
}

// TestMakeTiming writes testdata/timing.json from the folders of real runs of
// testdata/night.yaml with one seed, which TIMING_RUNS names as a pattern.
func TestMakeTiming(t *testing.T) {
	pattern := os.Getenv("TIMING_RUNS")
	if pattern == "" {
		t.Skip("with TIMING_RUNS")
	}
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all []nights.Night
	for _, dir := range dirs {
		s, err := reports.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n := nights.Of(s, dir); n.Proves() {
			all = append(all, n)
		} else {
			t.Errorf("%s: %s: %s", dir, n.Verdict, n.Reason)
		}
	}
	n := timing{How: "ten runs of testdata/night.yaml with seed 7 on 2 cores that other programs loaded, five at a time; TIMING_RUNS='…/*' go test ./nights -run MakeTiming"}
	for range all {
		n.Runs = append(n.Runs, map[string][]float64{})
	}
	more := math.Sqrt(float64(len(all)) / float64(len(all)-1)) // the mean has them all
	for _, m := range all[0].Measures {
		for i := range m.Values {
			var v []float64
			for k := range all {
				for _, o := range all[k].Measures {
					if o.Name == m.Name && i < len(o.Values) {
						v = append(v, float64(o.Values[i]))
					}
				}
			}
			mean := 0.
			for _, x := range v {
				mean += x / float64(len(v))
			}
			if len(v) != len(all) || math.IsInf(mean, 0) || math.IsNaN(mean) || mean == 0 {
				continue
			}
			for k, x := range v {
				off := x - mean
				if m.Unit != "share" {
					off /= mean
				}
				n.Runs[k][m.Name] = append(n.Runs[k][m.Name], math.Round(1e5*more*off)/1e5)
			}
		}
	}
	data, err := json.MarshalIndent(&n, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(timingFile, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// noisy is a night with the timing of a real one: that of two runs mixed, so that there are
// more than ten.
func (n *timing) noisy(rng *rand.Rand, night nights.Night) nights.Night {
	a, b := n.Runs[rng.IntN(len(n.Runs))], n.Runs[rng.IntN(len(n.Runs))]
	turn := rng.Float64() * math.Pi / 2
	night.Measures = slices.Clone(night.Measures)
	for i := range night.Measures {
		m := &night.Measures[i]
		m.Values = slices.Clone(m.Values)
		for k, v := range m.Values {
			if !v.Number() || k >= len(a[m.Name]) || k >= len(b[m.Name]) {
				continue
			}
			off := math.Cos(turn)*a[m.Name][k] + math.Sin(turn)*b[m.Name][k]
			if m.Unit == "share" {
				m.Values[k] = nights.Level(min(max(float64(v)+off, 0), 1))
			} else {
				m.Values[k] = nights.Level(max(float64(v)*(1+off), 0))
			}
		}
	}
	return night
}

// mean is that of a measure over nights.
func mean(all []nights.Night, name string) float64 {
	sum, n := 0., 0.
	for i := range all {
		for _, m := range all[i].Measures {
			for _, v := range m.Values {
				if m.Name == name && v.Number() {
					sum, n = sum+float64(v), n+1
				}
			}
		}
	}
	return sum / cmp.Or(n, math.NaN())
}
