package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/profile"
)

// watched is what the players of one profile did in one content.
type watched struct {
	prof   *player.Profile
	events map[uint64][]event // by player
}

// count is how many events of that kind a player has for which ok holds.
func count(life []event, name string, ok func(e *event) bool) int {
	n := 0
	for i := range life {
		if e := &life[i]; e.Event == name && (ok == nil || ok(e)) {
			n++
		}
	}
	return n
}

func isKind(kind string) func(*event) bool { return func(e *event) bool { return e.Kind == kind } }

// TestContent has every profile that ships watch everything that the channel can
// carry. All of them start, play without stalling, ask for what they should and
// end where the presentation ends.
func TestContent(t *testing.T) {
	const (
		live    = ``
		vod     = `, playlist: vod, length: 40s` // 20 segments
		growing = `, playlist: event, length: 50s, window: 10`
	)
	for _, c := range []struct {
		name, rig string
		ends      bool // the presentation ends within the run
		segments  int  // of each track that a player plays, where all play the same; 0 = not checked
		keys      int  // that these are under
		inits     int  // initialization sections that these need
		ranges    bool // every segment and section is a part of something
		gaps      int  // of these are gaps
		start     bool // EXT-X-START is given
	}{
		{name: "live TS", rig: live},
		{name: "VOD", rig: vod, ends: true, segments: 20},
		{name: "VOD, fMP4, audio by itself", rig: vod + `, container: fmp4, audio: demuxed`, ends: true, segments: 20, inits: 1},
		{name: "event that ends", rig: growing, ends: true},
		{name: "event that ends, audio by itself", rig: growing + `, audio: demuxed`, ends: true},
		{name: "event without an end", rig: `, playlist: event`},
		{name: "byte ranges of TS", rig: `, byte_ranges: true`, ranges: true},
		{name: "byte ranges of fMP4, audio by itself", rig: `, byte_ranges: true, container: fmp4, audio: demuxed`, ranges: true},
		{name: "VOD in one resource", rig: vod + `, byte_ranges: true, container: fmp4`, ends: true, segments: 20, inits: 1, ranges: true},
		{name: "encrypted", rig: `, encryption: aes-128, key_rotation: 5`},
		{name: "encrypted VOD under one key", rig: vod + `, encryption: aes-128`, ends: true, segments: 20, keys: 1},
		{name: "encrypted VOD", rig: vod + `, encryption: aes-128, key_rotation: 5, iv: explicit`, ends: true, segments: 20, keys: 4},
		{name: "encrypted VOD, audio by itself", rig: vod + `, encryption: aes-128, key_rotation: 5, container: fmp4, audio: demuxed`, ends: true, segments: 20, keys: 4, inits: 1},
		{name: "encrypted byte ranges", rig: vod + `, encryption: aes-128, key_rotation: 5, byte_ranges: true`, ends: true, segments: 20, keys: 4, ranges: true},
		{name: "discontinuities", rig: `, discontinuity_every: 3, container: fmp4`},
		{name: "discontinuities without date-times", rig: `, discontinuity_every: 3, program_date_time: false, audio: demuxed`},
		{name: "VOD with discontinuities", rig: vod + `, discontinuity_every: 7`, ends: true, segments: 20},
		{name: "gaps", rig: `, gap_every: 9`, gaps: -1},
		{name: "gaps of one pipeline", rig: `, gap_every: 9, gap_pipeline: 0`, gaps: -1},
		{name: "VOD with gaps", rig: vod + `, gap_every: 8`, ends: true, segments: 20, gaps: 2},
		{name: "VOD with a gap at the end, byte ranges", rig: vod + `, gap_every: 20, byte_ranges: true`, ends: true, segments: 20, gaps: 1},
		{name: "start from the end", rig: `, start: {offset: -14s, precise: true}`, start: true},
		{name: "VOD from the middle", rig: vod + `, start: {offset: 20s}`, ends: true, start: true},
		{name: "start in a gap", rig: vod + `, gap_every: 10, start: {offset: -21s}`, ends: true, start: true, gaps: -1},
		{name: "everything", rig: growing + `, container: fmp4, audio: demuxed, byte_ranges: true, encryption: aes-128, key_rotation: 4, discontinuity_every: 5, start: {offset: -12s}`,
			ends: true, start: true, ranges: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for name, w := range watch(t, c.rig) {
				tracks := 1
				if strings.Contains(c.rig, "demuxed") || w.prof.Startup.Playlists.Name() == "survey" {
					tracks = 2 // the first listed variant is not the best one
				}
				for player, life := range w.events {
					fail := func(format string, args ...any) {
						t.Helper()
						t.Errorf("%s, player %d: %s", name, player, fmt.Sprintf(format, args...))
					}
					if loads := w.prof.Gap.Name() == "load" && c.gaps != 0; loads {
						// What it asks for is not there, and it does not know why.
						if count(life, "answer", func(e *event) bool { return e.Failure != "" }) == 0 && !c.start {
							fail("no request fails, though it does not know EXT-X-GAP")
						}
						continue
					}
					if count(life, "startup", nil) != 1 {
						fail("never starts")
						continue
					}
					if n := count(life, "stall_start", nil); n > 0 && c.gaps == 0 {
						fail("stalls %d times", n)
					}
					if n := count(life, "fatal", nil); n > 0 {
						fail("dies")
					}
					if n := count(life, "end", nil); (n == 1) != c.ends {
						fail("%d times at the end; want %v", n, c.ends)
					}
					if n := count(life, "answer", func(e *event) bool { return e.Failure != "" }); n > 0 {
						fail("%d requests fail", n)
					}
					if c.ranges {
						whole := count(life, "answer", func(e *event) bool { return (e.Kind == "segment" || e.Kind == "init") && e.Status == 200 })
						if whole > 0 {
							fail("%d requests for a whole resource", whole)
						}
					}
					keys := c.keys
					if w.prof.HTTP.KeyPerTrack {
						if keys *= tracks; tracks == 1 && w.prof.Startup.Playlists.Name() == "survey" {
							keys *= 2 // sound of another variant than the picture
						}
					}
					if w.prof.HTTP.KeyPerSegment && c.keys > 0 {
						keys = tracks * c.segments
					}
					if n := count(life, "request", isKind("key")); c.segments > 0 && n != keys {
						fail("%d key requests; want %d", n, keys)
					} else if n == 0 && strings.Contains(c.rig, "aes-128") {
						fail("no key request")
					}
					// Players that look at all renditions first, and those that change
					// them, ask for more.
					if n, want := count(life, "append", nil), tracks*(c.segments-max(c.gaps, 0)); c.segments > 0 && n < want {
						fail("%d segments appended; want %d", n, want)
					}
					if n := count(life, "request", isKind("init")); n < tracks*c.inits || c.inits == 0 && !strings.Contains(c.rig, "fmp4") && n > 0 {
						fail("%d requests for initialization sections; want %d at least", n, tracks*c.inits)
					}
					if c.start && !c.ends {
						if s := latency(life); (s > 13 && s < 18) == w.prof.Startup.IgnoreStart {
							fail("plays %.1f s behind live", s)
						}
					}
				}
			}
		})
	}
}

// latency is that of the last segment appended, in seconds.
func latency(life []event) float64 {
	for i := len(life) - 1; i >= 0; i-- {
		if life[i].Latency > 0 {
			return life[i].Latency / 1000
		}
	}
	return 0
}

// watch has two players of every profile watch a channel for 90 s.
func watch(t *testing.T, rig string) map[string]*watched {
	names := profile.Names()
	var cohorts []string
	left := 10000
	for i, name := range names {
		share := 10000 / len(names)
		if i == len(names)-1 {
			share = left
		}
		left -= share
		cohorts = append(cohorts, fmt.Sprintf("    - {name: %q, share: %d.%02d%%, profile: %s, network: {base: home, down: 20Mbps}}", name, share/100, share%100, name))
	}
	o := recorded(t, scenario(t, fmt.Sprintf(`
seed: 5
duration: 90s
target: {rig: {ladder: mini, segment: 2s%s}}
fleet:
  players: %d
  arrive: {over: 8s}
  cohorts:
%s
`, rig, 2*len(names), strings.Join(cohorts, "\n"))))
	all := map[string]*watched{}
	for _, e := range o.events {
		w := all[e.Profile]
		if w == nil {
			prof, err := profile.Load(e.Profile)
			if err != nil {
				t.Fatal(err)
			}
			w = &watched{prof: prof, events: map[uint64][]event{}}
			all[e.Profile] = w
		}
		w.events[e.Player] = append(w.events[e.Player], e)
	}
	for _, name := range names {
		if all[name] == nil {
			t.Errorf("no player with profile %s", name)
		}
	}
	return all
}

// A player that has played everything has finished: it does not stall, is not out,
// and nothing is left of it at the end. One whose playlist was ended by a fault
// misses what comes.
func TestTheEndIsNoOutage(t *testing.T) {
	const text = `
seed: 5
duration: 90s
recovery: 20s
target: {rig: {ladder: mini, segment: 2s, playlist: event, length: 60s}}
fleet:
  players: 20
  arrive: {over: 2s}
  cohorts: [{name: web, share: 100%%, profile: rfc8216bis, network: unlimited}]
chaos:
  - {name: f, fault: %s, at: %s, for: %s, pipeline: 0}
`
	for _, c := range []struct {
		fault, at, lasts string
		outcome          func(a, failedOver, left, never int64) bool
		outage           time.Duration // of the worst
	}{
		{"pipeline.kill", "15s", "10s", func(a, failedOver, left, never int64) bool { return a == 20 && failedOver == 20 }, 0},
		{"pipeline.kill", "36s", "10s", func(a, failedOver, left, never int64) bool { return a == failedOver+left && never == 0 }, 0},
		{"playlist.delete", "41s", "20s", func(a, failedOver, left, never int64) bool { return never == 0 }, 0},
		{"playlist.endlist", "15s", "10s", func(a, failedOver, left, never int64) bool { return a == 20 && never == 20 }, 10 * time.Second},
	} {
		t.Run(c.fault+" at "+c.at, func(t *testing.T) {
			o := simulated(t, scenario(t, fmt.Sprintf(text, c.fault, c.at, c.lasts)))
			if p := o.sum.Players; p.Ended != 20 || p.PlayingAtEnd != 0 || p.Fatal != 0 || p.Stalled != 0 || p.Left != 0 {
				t.Errorf("%+v; want 20 that played to the end, and nothing else", p)
			}
			f := o.sum.Faults[0]
			if !f.UndoVerified || !c.outcome(f.Affected, f.FailedOver, f.Left, f.NeverRecovered) {
				t.Errorf("undone %v, affected %d: failed over %d, healed %d, left %d, never recovered %d", f.UndoVerified, f.Affected, f.FailedOver, f.Healed, f.Left, f.NeverRecovered)
			}
			if worst := f.OutageMs.Max; worst.Known() && worst > 0 && c.outage == 0 || c.outage > 0 && !(float64(worst) >= c.outage.Seconds()*1000) {
				t.Errorf("outage of %v ms; want %v", worst, c.outage)
			}
			if last := o.sum.Timeline[len(o.sum.Timeline)-1]; last.Playing+last.Stalled+last.Joining != 0 {
				t.Errorf("%+v at the end; want no player", last)
			}
		})
	}
}
