package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
)

// parse decodes a scenario whose text lacks version and name.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "twin.yaml", Data: []byte("version: 1\nname: twin\n" + text)})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// inRealTime runs a scenario with everything that a run consists of, but in the
// time of a bubble and over connections in memory. It returns the directory of
// the results.
func inRealTime(t *testing.T, sc *scenarios.Scenario) string {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(simEpoch) - time.Second) // dates are part of playlists
		m := runtest.NewNetwork()
		cmd, _, _ := quiet()
		if err := perform(cmd, &run.Config{Scenario: sc}, &output{dir: dir, events: true, progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}); err != nil && err.Error() != "" {
			t.Error(err)
		}
	})
	return dir
}

func inVirtualTime(t *testing.T, sc *scenarios.Scenario) string {
	dir := t.TempDir()
	cmd, _, _ := quiet()
	if err := simulate(cmd, sc, &output{dir: dir, events: true, progress: progressNone}); err != nil && err.Error() != "" {
		t.Error(err)
	}
	return dir
}

// done is a line of an event log.
type done map[string]any

func (d done) at() float64 { return d["t_ms"].(float64) }

// slack is how far apart two instants may be that ought to be the same: results
// have microseconds, and both drivers round on the way there.
const slack = 0.0021 // ms

// life is what one player did, in order. What it did at one instant is put into
// a fixed order: which of two answers that arrive together is taken first is
// nobody's decision.
func lives(t *testing.T, dir string) map[string][]done {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][]done{}
	for dec := json.NewDecoder(f); dec.More(); {
		var d done
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		who := fmt.Sprintf("%v", d["player"])
		all[who] = append(all[who], d)
	}
	return all
}

// steady puts what happened at one instant into a fixed order.
func steady(life []done) {
	for from := 0; from < len(life); {
		to := from + 1
		for to < len(life) && life[to].at()-life[to-1].at() <= slack {
			to++
		}
		slices.SortStableFunc(life[from:to], func(a, b done) int { return strings.Compare(a.what(), b.what()) })
		from = to
	}
}

// what is everything about an event but its instants, what quotes a socket, and
// which of those who asked at one instant caused the request to the origin.
func (d done) what() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(d)) {
		switch v := d[k]; {
		case strings.HasSuffix(k, "_ms"), k == "reason":
		case v == "joined":
			fmt.Fprintf(&b, "%s=miss ", k)
		default:
			fmt.Fprintf(&b, "%s=%v ", k, v)
		}
	}
	return b.String()
}

// differ says how two lives differ first, "" if they do not.
func differ(run, sim []done) string {
	steady(run)
	steady(sim)
	for i := range max(len(run), len(sim)) {
		switch {
		case i >= len(run):
			return fmt.Sprintf("event %d: nothing in real time; in virtual time %v", i, sim[i])
		case i >= len(sim):
			return fmt.Sprintf("event %d: nothing in virtual time; in real time %v", i, run[i])
		case run[i].what() != sim[i].what():
			return fmt.Sprintf("event %d:\nin real time    %v\nin virtual time %v", i, run[i], sim[i])
		}
		for k, v := range run[i] {
			if !strings.HasSuffix(k, "_ms") {
				continue
			}
			if w, ok := sim[i][k].(float64); !ok || math.Abs(w-v.(float64)) > slack {
				return fmt.Sprintf("event %d: %s\nin real time    %v\nin virtual time %v", i, k, run[i], sim[i])
			}
		}
	}
	return ""
}

// twins are scenarios that both drivers must agree on. What one leaves out comes
// from usual.
var twins = map[string]string{
	// Faults on the rig.
	"pipeline kill":         `chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"pipeline kill restart": `chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0, resume: restart}]`,
	"pipeline pause":        `chaos: [{name: f, fault: pipeline.pause, at: 10s, for: 8s, every: 25s, pipeline: 1}]`,
	"pipeline drift":        `chaos: [{name: f, fault: pipeline.drift, at: 15s, for: 20s, pipeline: 0, by: 5s}]`,
	"input loss":            `chaos: [{name: f, fault: input.loss, at: 15s, for: 20s, pipeline: 0}]`,
	"playlist freeze":       `chaos: [{name: f, fault: playlist.freeze, at: 15s, for: 20s, pipeline: 0}]`,
	"playlist delete once":  `chaos: [{name: f, fault: playlist.delete, at: 15s, for: 20s, pipeline: 0, once: true}]`,
	"playlist rollback":     `chaos: [{name: f, fault: playlist.rollback, at: 15s, for: 20s, pipeline: 0, by: 3}]`,
	"playlist endlist":      `chaos: [{name: f, fault: playlist.endlist, at: 15s, for: 20s, pipeline: 0}]`,
	"segment missing":       `chaos: [{name: f, fault: segment.missing, at: 15s, for: 20s, pipeline: 0, rendition: highest}]`,
	"segment late":          `chaos: [{name: f, fault: segment.late, at: 15s, for: 20s, pipeline: 0, by: 3s}]`,
	"segment truncate":      `chaos: [{name: f, fault: segment.truncate, at: 15s, for: 20s, pipeline: 0}]`,
	"origin status":         `chaos: [{name: f, fault: origin.status, at: 15s, for: 20s, code: 503}]`,
	"origin slow":           `chaos: [{name: f, fault: origin.slow, at: 15s, for: 20s, by: 1500ms}]`,
	"origin hang":           `chaos: [{name: f, fault: origin.hang, at: 15s, for: 20s, pipeline: 0}]`,
	"invalidator slow":      `chaos: [{name: slow, fault: invalidator.slow, at: 5s, for: 25s, by: 12s}, {name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"invalidator off":       `chaos: [{name: off, fault: invalidator.off, at: 12s, for: 25s}, {name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"edge status":           `chaos: [{name: f, fault: edge.status, at: 15s, for: 20s, code: 502, pop: 1}]`,
	"edge slow":             `chaos: [{name: f, fault: edge.slow, at: 15s, for: 20s, by: 3s, kind: media}]`,
	"edge hang":             `chaos: [{name: f, fault: edge.hang, at: 15s, for: 20s, pop: 2}]`,
	"edge flush":            `chaos: [{name: f, fault: edge.flush, at: 15s}]`,

	// Faults at the viewers.
	"http status":         `chaos: [{name: f, fault: http.status, at: 15s, for: 20s, code: 500, pipeline: 0}]`,
	"http slow":           `chaos: [{name: f, fault: http.slow, at: 15s, for: 20s, by: 2s, kind: segment}]`,
	"http hang":           `chaos: [{name: f, fault: http.hang, at: 15s, for: 20s, pipeline: 0, kind: media}]`,
	"http truncate":       `chaos: [{name: f, fault: http.truncate, at: 15s, for: 20s, pipeline: 0}]`,
	"http reset":          `chaos: [{name: f, fault: http.reset, at: 15s, for: 20s, share: 30%}]`,
	"net bandwidth":       `chaos: [{name: f, fault: net.bandwidth, at: 15s, for: 20s, down: 150kbps}]`,
	"net latency":         `chaos: [{name: f, fault: net.latency, at: 15s, for: 20s, by: 400ms, share: 50%}]`,
	"net down":            `chaos: [{name: f, fault: net.down, at: 15s, for: 12s, cohort: web}]`,
	"kill via viewer":     `chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0, via: viewer}]`,
	"freeze via viewer":   `chaos: [{name: f, fault: playlist.freeze, at: 15s, for: 20s, pipeline: 0, via: viewer}]`,
	"late via viewer":     `chaos: [{name: f, fault: segment.late, at: 15s, for: 20s, pipeline: 0, by: 3s, via: viewer}]`,
	"rollback via viewer": `chaos: [{name: f, fault: playlist.rollback, at: 15s, for: 20s, rendition: highest, by: 2, via: viewer}]`,
	"tokens expire":       `chaos: [{name: f, fault: auth.expire, at: 15s, for: 20s, share: 50%}]`,
	"tokens expire, viewers come back": `
fleet: {players: 10, arrive: {over: 4s}, session: {after_fatal: {rejoin: 2s}}, cohorts: [{name: web, profile: hlsjs-1.7, network: home}]}
chaos: [{name: f, fault: auth.expire, at: 15s, for: 20s, code: 401, via: viewer}]`,
	"viewers are revoked": `chaos: [{name: f, fault: auth.revoke, at: 15s, for: 20s, cohort: web}]`,
	"token clock is ahead": `
fleet: {players: 10, arrive: {over: 30s}, cohorts: [{name: web, profile: hlsjs-1.7, network: home}]}
chaos: [{name: f, fault: auth.clock, at: 15s, for: 20s, by: 6s}]`,
	"surge":     `chaos: [{name: f, fault: viewers.surge, at: 15s, players: 30, over: 5s}]`,
	"reconnect": `chaos: [{name: f, fault: viewers.reconnect, at: 15s, share: 50%}]`,

	// Channels.
	"demuxed": `
target: {rig: {ladder: mini, segment: 2s, audio: demuxed}}
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"demuxed fmp4": `
target: {rig: {ladder: mini, segment: 2s, audio: demuxed, container: fmp4, layout: blocked}, entry: {0: 50%, 1: 50%}}
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 1}]`,
	"fmp4": `
target: {rig: {ladder: hd-720p, segment: 4s, container: fmp4, program_date_time: false}}
chaos: [{name: f, fault: segment.missing, at: 15s, for: 20s, pipeline: 0}]`,
	"single": `
target: {rig: {ladder: mini, segment: 2s, pipelines: 1, origin: {stale: conditional, missing: 403}, edge: {preset: cloudfront-default}}}
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"bare edge": `
target: {rig: {ladder: mini, segment: 1500ms, window: 6, edge: {pops: 2, shield: false, collapse: false, latency: 0s}, origin: {latency: 0s}}}
chaos: [{name: f, fault: playlist.freeze, at: 15s, for: 20s, pipeline: 0}]`,

	// Audiences.
	"churn": `
fleet:
  players: 10
  arrive: {over: 4s}
  session: {mean: 15s, after_fatal: {rejoin: 3s}}
  cohorts: [{name: web, profile: hlsjs-1.7, network: home}]
chaos: [{name: f, fault: origin.status, at: 15s, for: 20s, code: 403}]`,
	"stages": `
fleet:
  arrive: {stages: [{to: 12, over: 5s}, {to: 4, over: 10s}, {to: 10, over: 5s}]}
  cohorts: [{name: web, profile: hlsjs-1.7, network: home}]`,
	"control": `
fleet:
  players: 10
  arrive: {shape: poisson, over: 6s}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7, network: {base: home, down: 3Mbps, rtt: 60ms, jitter: 20ms, loss: 1%, spread: 40%}}
    - {name: control, share: 50%, profile: rfc8216bis, faults: none, network: home}
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"no bodies": `
fleet:
  players: 10
  arrive: {shape: burst}
  body: none
  cohorts: [{name: web, profile: hlsjs-1.7, network: mobile-4g}]
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	"unlimited": `
fleet:
  players: 10
  arrive: {over: 3s}
  cohorts: [{name: web, profile: hlsjs-1.7, network: unlimited}]
chaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]`,
	// What the channel carries.
	"watching a VOD": `
target: {rig: {ladder: mini, segment: 2s, playlist: vod, length: 30s, container: fmp4, audio: demuxed}}`,
	"watching an event": `
target: {rig: {ladder: mini, segment: 2s, playlist: event, length: 50s, encryption: aes-128, key_rotation: 4}}
chaos: [{name: f, fault: pipeline.kill, at: 10s, for: 10s, pipeline: 0}]`,
	"watching byte ranges": `
target: {rig: {ladder: mini, segment: 2s, byte_ranges: true, container: fmp4, discontinuity_every: 4}}
chaos: [{name: f, fault: segment.missing, at: 15s, for: 20s, pipeline: 0}]`,
	"watching byte ranges that are late": `
target: {rig: {ladder: mini, segment: 2s, byte_ranges: true}}
chaos: [{name: f, fault: segment.late, at: 15s, for: 20s, pipeline: 0, by: 3s}]`,
	"watching byte ranges without bodies": `
target: {rig: {ladder: mini, segment: 2s, byte_ranges: true, encryption: aes-128}}
fleet: {players: 10, arrive: {over: 4s}, body: none, cohorts: [{name: web, share: 50%, profile: hlsjs-1.7, network: home}, {name: tv, share: 50%, profile: media3-1.11, network: home}]}`,
	"watching gaps": `
target: {rig: {ladder: mini, segment: 2s, gap_every: 6, gap_pipeline: 0, start: {offset: -9s}}}
fleet:
  players: 12
  arrive: {over: 4s}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7, network: home}
    - {name: old, share: 25%, profile: vhs-3.17, network: home}
    - {name: tv,  share: 25%, profile: ffmpeg-5.1, network: home}`,

	// The seed of a twin is its place in the order of names: new ones come last.
	"watching on a curve": `
fleet:
  arrive: {curve: [{at: 0s, players: 4}, {at: 5s, players: 14}, {at: 25s, players: 3}, {at: 40s, players: 8}]}
  session: {mean: 25s}
  cohorts: [{name: web, profile: hlsjs-1.7, network: home}]`,
	"watching with regions": `
fleet:
  players: 16
  arrive: {over: 4s}
  cohorts: [{name: web, share: 50%, profile: hlsjs-1.7, network: home}, {name: tv, share: 50%, profile: media3-1.11, network: fibre}]
  regions:
    - {name: eu, share: 60%, pops: 3}
    - {name: in, share: 40%, pops: 2, network: mobile-4g}
chaos:
  - {name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}
  - {name: g, fault: edge.hang, at: 45s, for: 5s, pop: 3}`,

	"stopped": `
stop: ["stalled_now > 50%"]
chaos: [{name: f, fault: origin.hang, at: 15s, for: 40s}]`,
}

// usual is what scenarios have in common.
var usual = []struct{ key, text string }{
	{"duration", "duration: 60s\nrecovery: 10s\n"},
	{"target", "target: {rig: {ladder: mini, segment: 2s}}\n"},
	{"fleet", `fleet:
  players: 10
  arrive: {over: 4s}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7, network: home}
    - {name: tv,  share: 50%, profile: rfc8216bis, network: mobile-4g}
`},
}

func TestTwins(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(twins)) {
		text := fmt.Sprintf("seed: %d\n%s", i, twins[name])
		for _, u := range usual {
			if !strings.Contains("\n"+text, "\n"+u.key+":") {
				text = u.text + text
			}
		}
		if underRace && i%4 != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, parse(t, text))
		})
	}
}

// compare runs a scenario through both drivers.
func compare(t *testing.T, sc *scenarios.Scenario) {
	runDir, simDir := inRealTime(t, sc), inVirtualTime(t, sc)
	run, sim := lives(t, runDir), lives(t, simDir)
	if len(run) == 0 || len(run) != len(sim) {
		t.Errorf("%d players in real time, %d in virtual time", len(run), len(sim))
	}
	differing := 0
	for _, who := range slices.Sorted(maps.Keys(run)) {
		if d := differ(run[who], sim[who]); d != "" {
			if differing++; differing <= 2 {
				t.Errorf("player %s: %s", who, d)
			}
		}
	}
	if differing > 0 {
		t.Errorf("%d of %d players differ", differing, len(run))
	}
	var diffs []string
	unlike("", summaryOf(t, runDir), summaryOf(t, simDir), &diffs)
	if len(diffs) > 0 {
		t.Errorf("summaries differ in %d values:\n%s", len(diffs), strings.Join(diffs[:min(len(diffs), 12)], "\n"))
	}
}

func summaryOf(t *testing.T, dir string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"mode", "key", "started", "ended", "run_id", "tester"} {
		delete(s, own)
	}
	return s
}

// unlike collects the values that differ by more than the rounding of instants
// to microseconds can explain.
func unlike(path string, run, sim any, diffs *[]string) {
	switch r := run.(type) {
	case map[string]any:
		s, _ := sim.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(r)) {
			if k != "hist" { // counts microseconds
				unlike(path+"."+k, r[k], s[k], diffs)
			}
		}
		if len(r) != len(s) {
			*diffs = append(*diffs, fmt.Sprintf("%s: %d keys; %d in virtual time", path, len(r), len(s)))
		}
	case []any:
		s, _ := sim.([]any)
		for i := range min(len(r), len(s)) {
			unlike(fmt.Sprintf("%s[%d]", path, i), r[i], s[i], diffs)
		}
		if len(r) != len(s) {
			*diffs = append(*diffs, fmt.Sprintf("%s: %d entries; %d in virtual time", path, len(r), len(s)))
		}
	case float64:
		if s, ok := sim.(float64); !ok || math.Abs(r-s) > max(2*slack, 1e-3*math.Abs(r)) {
			*diffs = append(*diffs, fmt.Sprintf("%s: %v; %v in virtual time", path, run, sim))
		}
	default:
		if run != sim {
			*diffs = append(*diffs, fmt.Sprintf("%s: %v; %v in virtual time", path, run, sim))
		}
	}
}
