package player_test

import (
	"fmt"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/profile"
)

// calm is how often a real player asks for one URL that fails, at most, within a
// target duration of 2 s or 6 s: its playlist, its initialization section, a
// segment. Why says where that is known from.
type calm struct {
	media, init, segment int
	why                  string
}

// reals is what is known of the players that the shipped profiles stand for. The
// channel has three levels in two pipelines at a round trip of 10 ms.
var reals = map[string]calm{
	"hlsjs-1.7": {5, 5, 5, "config.ts: playlistLoadPolicy and fragLoadPolicy retry after 1 s, 2 s, 4 s …"},
	"hlsjs-1.5": {5, 5, 5, "config.ts: playlistLoadPolicy and fragLoadPolicy retry after 1 s, 2 s, 4 s …; set level asks at once"},
	// Two requests in 2.1 s on average, for as long as no stream is left; four in 3.2 s
	// were seen in Chromium.
	"shaka-5.2": {5, 5, 6, "net_engine backoff: 1 s ± 50 % before the second request; streaming_engine waits as long, then retryStreaming 0.1 s"},
	// Each of the pipeline's variants is excluded for the same audio, which is
	// asked for again with the next one (media-groups onError AUDIO); twice with
	// the round that lifts all exclusions.
	"vhs-3.17":       {6, 5, 10, "playlist-controller excludePlaylist, media-groups onError"},
	"vhs-3.17-other": {6, 5, 10, "playlist-controller excludePlaylist, media-groups onError"},
	"media3-1.11":    {4, 4, 4, "DefaultLoadErrorHandlingPolicy getRetryDelayMsFor: 0 s, 1 s, 2 s …, three times once the buffer is empty"},
	"media3-1.8":     {4, 4, 4, "DefaultLoadErrorHandlingPolicy getRetryDelayMsFor: 0 s, 1 s, 2 s …, three times once the buffer is empty"},
	"gstreamer-1.29": {4, 4, 4, "gstadaptivedemux max-retries 3, then the next stream"},
	"avplayer-ios17": {6, 2, 3, "inferred: no more than its reloads"},
	"rfc8216bis":     {4, 3, 2, "6.3.4: once a reload"},
	"ffmpeg-5.1":     {0, 4, 0, "hls.c: see storms"},
}

// storms are the real players that do ask again and again; the profile names the
// source.
var storms = map[string]func(kind string, td time.Duration) int{
	// The playlist: three times at once, then with each packet of the other
	// one (hls_read_packet; measured with 5.1.9). The next segment: with each 32 KiB
	// that are read of the current one, here at 2.4 Mbit/s at most (read_data).
	"ffmpeg-5.1": func(kind string, td time.Duration) int {
		switch kind {
		case "media":
			return 3 + int(td.Seconds()*(25+48)+1)
		case "segment":
			return 2 + int(td.Seconds()*2_400_000/8/32768+1)
		}
		return 0
	},
}

// TestNoStormsOfOurOwn lets every shipped profile meet what can fail, from the
// start or later: none asks for one failed URL more often than the player that it
// stands for.
func TestNoStormsOfOurOwn(t *testing.T) {
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			real, ok := reals[name]
			if !ok || real.why == "" {
				t.Fatal("the player is not in the table; want how often it asks, and from where that is known")
			}
			limit := func(kind string, td time.Duration) int {
				most := map[string]int{"media": real.media, "init": real.init, "segment": real.segment}[kind]
				if f := storms[name]; f != nil {
					most = max(most, f(kind, td))
				}
				return most
			}
			for _, s := range failures() {
				for kind, n := range s.ask(t, name) {
					if most := limit(kind, s.td); kind != "multivariant" && n > most {
						t.Errorf("%+v: one %s was asked for %d times within %v; the real player asks %d times at most (%s)", s, kind, n, s.td, most, real.why)
					}
				}
			}
		})
	}
}

// failure is something that fails on a channel.
type failure struct {
	td                     time.Duration
	demuxed, later         bool
	what, pipeline, answer string
}

func failures() (all []failure) {
	for _, td := range []time.Duration{2 * time.Second, 6 * time.Second} {
		for _, what := range []string{"media", "segment", "init", "any", "audio-media", "video-media", "audio-segment"} {
			for _, answer := range []string{"404", "503", "reset"} {
				if td > 2*time.Second && answer != "404" {
					continue // the span is what differs
				}
				for i := range 8 {
					f := failure{td: td, demuxed: i&1 != 0, later: i&2 != 0, what: what, pipeline: []string{"0", "*"}[i>>2], answer: answer}
					if f.demuxed || what[1] != 'u' && what[1] != 'i' {
						all = append(all, f)
					}
				}
			}
		}
	}
	return all
}

// ask lets a player meet the failure and returns how often it asked for one URL
// in vain, at most, within a target duration, by kind.
func (s failure) ask(t *testing.T, name string) map[string]int {
	w := newWorld(t)
	w.profile(name, "")
	w.segment, w.td, w.demuxed, w.init = s.td, s.td, s.demuxed, true
	asked := map[player.FetchID]*player.Action{}
	type url struct{ kind, url string }
	failed := map[url][]time.Duration{}
	w.watch = func(a *player.Action) {
		switch {
		case a.Type == player.Fetch:
			of := *a
			asked[a.Fetch] = &of
		case a.Type == player.Note && a.Sample.Type == player.Answered && a.Sample.Failure != player.NoFailure:
			of := asked[a.Sample.Fetch]
			u := url{of.Kind.String(), of.URL}
			failed[u] = append(failed[u], w.now)
		}
	}
	fail := func() {
		w.faults["what"] = fault{kind: s.what, pipeline: s.pipeline, what: s.answer, since: w.now}
		if s.what == "any" {
			w.faults["yet"] = fault{kind: "multivariant", pipeline: "*", what: "200"}
		}
	}
	if !s.later {
		fail()
	}
	w.p = player.New(player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(1)}, w.now)
	w.step(player.Event{Type: player.Tick})
	w.run(4*s.td + s.td/3)
	if s.later {
		fail()
	}
	w.run(8 * s.td)
	most := map[string]int{}
	for u, at := range failed {
		from := 0
		for i := range at {
			for at[from] <= at[i]-s.td {
				from++
			}
			most[u.kind] = max(most[u.kind], i-from+1)
		}
	}
	return most
}

func (s failure) String() string {
	when, sound := "from the start", "muxed"
	if s.later {
		when = "later"
	}
	if s.demuxed {
		sound = "demuxed"
	}
	return fmt.Sprintf("%s/%s=%s %s, %s", s.what, s.pipeline, s.answer, when, sound)
}
