package forecast

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
	"hlsload/rig"
)

// TestChannel builds channels of the shape that playlists show; each of them can
// be used.
func TestChannel(t *testing.T) {
	const top = "#EXTM3U\n"
	variants := top + "#EXT-X-STREAM-INF:BANDWIDTH=6000000,AVERAGE-BANDWIDTH=5000000,RESOLUTION=1920x1080\na/1.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=6000000,AVERAGE-BANDWIDTH=5000000,RESOLUTION=1920x1080\nb/1.m3u8\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360\na/2.m3u8\n"
	media := func(head string, n int, seconds float64, before string) string {
		s := top + "#EXT-X-TARGETDURATION:" + fmt.Sprint(int(math.Ceil(seconds))) + "\n" + head
		for i := range n {
			s += fmt.Sprintf("%s#EXTINF:%g,\n%d.ts\n", before, seconds, i)
		}
		return s
	}
	for _, tc := range []struct {
		name    string
		mv      string
		media   string
		check   func(c *rig.Config) bool
		assumed string
	}{
		{"the ladder, each rendition once", variants, media("", 6, 6, ""), func(c *rig.Config) bool {
			return slices.Equal(c.Ladder, []rig.Rung{{Width: 1920, Height: 1080, Rate: 5_000_000}, {Width: 640, Height: 360, Rate: 900_000}}) &&
				c.Segment == 6*time.Second && c.Window == 6 && c.Container == "ts" && c.Audio == "muxed" && c.Pipelines == 2 && c.Playlist == rig.Live
		}, ""},
		{"odd durations", variants, media("", 5, 6.006, ""), func(c *rig.Config) bool { return c.Segment == 6*time.Second }, ""},
		{"tiny segments", variants, media("", 5, 0.05, ""), func(c *rig.Config) bool { return c.Segment == 500*time.Millisecond }, ""},
		{"endless segments", variants, media("", 3, 500, ""), func(c *rig.Config) bool { return c.Segment == rig.MaxSegment }, ""},
		{"a long window", variants, media("", 5000, 2, ""), func(c *rig.Config) bool { return c.Window == rig.MaxWindow }, ""},
		{"fMP4, keys, audio", variants + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"a/a.m3u8\"\n", media("#EXT-X-MAP:URI=\"i.mp4\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n", 4, 4, ""),
			func(c *rig.Config) bool {
				return c.Container == "fmp4" && c.Encryption == "aes-128" && c.Audio == "demuxed"
			}, ""},
		{"a VOD", variants, media("#EXT-X-PLAYLIST-TYPE:VOD\n", 20, 4, "") + "#EXT-X-ENDLIST\n", func(c *rig.Config) bool { return c.Playlist == rig.VOD && c.Length == 80*time.Second }, ""},
		{"an event", variants, media("#EXT-X-PLAYLIST-TYPE:EVENT\n", 20, 4, ""), func(c *rig.Config) bool { return c.Playlist == rig.Event && c.Window == 20 }, ""},
		{"byte ranges", variants, media("", 4, 4, "#EXT-X-BYTERANGE:1000@0\n"), func(c *rig.Config) bool { return c.ByteRanges }, ""},
		{"no sizes", top + "#EXT-X-STREAM-INF:BANDWIDTH=2000000\na.m3u8\n", media("", 4, 4, ""), func(c *rig.Config) bool { return c.Ladder[0] == rig.Rung{Width: 640, Height: 360, Rate: 2_000_000} }, ""},
		{"absurd rates", top + "#EXT-X-STREAM-INF:BANDWIDTH=9000000000000,RESOLUTION=99999x1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x1\nb.m3u8\n", media("", 4, 30, ""),
			func(c *rig.Config) bool { return len(c.Ladder) == 2 }, ""},
		{"more renditions than a channel may have", top + many(80), media("", 4, 4, ""), func(c *rig.Config) bool { return len(c.Ladder) == rig.MaxRungs && c.Ladder[0].Rate == 8_000_000 }, ""},
		{"no media playlist", variants, "", func(c *rig.Config) bool { return c.Segment == 4*time.Second && len(c.Ladder) == 2 }, "segments of 4 s"},
		{"an empty media playlist", variants, media("", 0, 8, ""), func(c *rig.Config) bool { return c.Segment == 8*time.Second }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mv, err := m3u8.ParseMultivariant([]byte(tc.mv), m3u8.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var m *m3u8.Media
			if tc.media != "" {
				if m, err = m3u8.ParseMedia([]byte(tc.media), m3u8.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			c, assumed := StreamOf(mv, m, 2).Channel()
			if bad := c.Check(); bad != nil {
				t.Errorf("not usable: %v", bad[0])
			}
			if said := strings.Join(assumed, "; "); !tc.check(&c) || said != tc.assumed {
				t.Errorf("channel %+v; assumed %q, want %q", c, said, tc.assumed)
			}
		})
	}
	c, assumed := Stream{}.Channel()
	if c.Check() != nil || len(assumed) != 2 {
		t.Errorf("nothing is known: %v, assumed %q", c.Check(), assumed)
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=640x360\n%d.m3u8\n", (i+1)*100_000, i)
	}
	return b.String()
}

// runOf is a run of n players for two minutes, with faults from 40 s on.
func runOf(n int, faults ...chaos.Fault) *Run {
	p, err := profile.Load("hlsjs-1.7")
	if err != nil {
		panic(err)
	}
	c := rig.Default()
	c.Ladder = rig.Ladders["mini"]
	for i := range faults {
		f := &faults[i]
		f.Name, f.Rule, f.Occurrence, f.At, f.Share = string(f.Kind), i, 1, 40*time.Second, 1
		if spec := chaos.Lookup(f.Kind); !spec.Instant {
			f.For = 30 * time.Second
		}
	}
	return &Run{Channel: c, Seed: 7, Duration: 2 * time.Minute, Recovery: 20 * time.Second, Profiles: []*player.Profile{p}, Faults: faults,
		Audience: audience.Config{Players: n, Arrive: audience.Arrive{Over: 15 * time.Second},
			Cohorts: []audience.Cohort{{Name: "all", Share: 1, Profile: "hlsjs-1.7", Network: link.Config{Down: 10_000_000, RTT: 30 * time.Millisecond}}}}}
}

func kill(via chaos.Via) chaos.Fault {
	return chaos.Fault{Kind: chaos.PipelineKill, Via: via, Pipeline: 0, Pop: chaos.Any}
}

func expect(t *testing.T, r *Run) *Load {
	t.Helper()
	l, err := Expect(r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func near(a, b, share float64) bool { return math.Abs(a-b) <= share*max(math.Abs(a), math.Abs(b)) }

// TestExpect holds what is expected against arithmetic, and against itself on
// another scale.
func TestExpect(t *testing.T) {
	calm := expect(t, runOf(200))
	// A player asks for a playlist and for a segment in 4 s, after it has filled its buffer.
	if perViewer := calm.Requests(All) / 200 / 112; perViewer < 0.45 || perViewer > 0.65 {
		t.Errorf("%.2f requests a second and viewer; want about 0.5", perViewer)
	}
	if n := calm.Requests(Of(m3u8.KindMultivariant)); n != 200 {
		t.Errorf("%v multivariant playlists; want one a viewer", n)
	}
	if bits := 8 * calm.Bytes() / 200 / 112; bits < 300e3 || bits > 700e3 {
		t.Errorf("%.0f bit/s a viewer; want about that of the ladder's highest, 400 kbit/s and sound", bits)
	}
	broken := expect(t, runOf(200, kill(chaos.ViaRig)))
	before, _ := calm.Busiest(All)
	peak, at := broken.Busiest(All)
	if peak < 2*before && peak < 200 || at < 40*time.Second || at > 70*time.Second || len(broken.Notes) > 0 {
		t.Errorf("busiest with the fault: %.0f/s at %v (%.0f/s without); want the failover: %v", peak, at, before, broken.Notes)
	}
	for _, via := range []chaos.Via{chaos.ViaViewer, chaos.ViaAWS, chaos.ViaCommand} {
		l := expect(t, runOf(200, kill(via)))
		if got, _ := l.Busiest(All); got < peak/3 {
			t.Errorf("via %s: %.0f/s; want the failover as via rig, %.0f/s", via, got, peak)
		}
	}
	large := expect(t, runOf(20_000, kill(chaos.ViaRig)))
	if large.Simulated != mostPlayers || large.Players != 20_000 {
		t.Errorf("%d of %d players are simulated", large.Simulated, large.Players)
	}
	got, _ := large.Busiest(All)
	if !near(got, 100*peak, .1) || !near(large.Requests(All), 100*broken.Requests(All), .02) || !near(large.Bytes(), 100*broken.Bytes(), .05) {
		t.Errorf("100 times as many players: %.0f/s, %.0f requests, %.0f bytes; want 100 times %.0f/s, %.0f and %.0f", got, large.Requests(All), large.Bytes(), peak, broken.Requests(All), broken.Bytes())
	}
	again := expect(t, runOf(200, kill(chaos.ViaRig)))
	if x, _ := again.Busiest(All); x != peak || again.Bytes() != broken.Bytes() {
		t.Error("two simulations of one run differ")
	}
}

// TestExpectLong: a run that would take too long to simulate is simulated in
// part.
func TestExpectLong(t *testing.T) {
	r := runOf(1000)
	r.Duration = 7 * 24 * time.Hour
	looks := 0
	r.Expired = func() bool { looks++; return looks > 600 } // simulated seconds
	l := expect(t, r)
	if l.Simulated != leastPlayers || l.Span > 11*time.Minute {
		t.Errorf("%d players for %v; want %d for 10m", l.Simulated, l.Span, leastPlayers)
	}
	if rate := l.Requests(All) / l.Duration.Seconds() / 1000; rate < 0.45 || rate > 0.6 {
		t.Errorf("%.2f requests a second and viewer; want about 0.5", rate)
	}
	if how := l.How(); !strings.Contains(how, "20 of 1,000 players") || !strings.Contains(how, "the first 10m1s") {
		t.Errorf("it does not say so: %s", how)
	}
}

// TestExpectWithout says which faults are not in the figures.
func TestExpectWithout(t *testing.T) {
	for _, tc := range []struct {
		fault chaos.Fault
		note  string
	}{
		{chaos.Fault{Kind: chaos.Command, Via: chaos.ViaCommand, Pipeline: chaos.Any, Pop: chaos.Any}, "fault command is not simulated: its effect cannot be simulated"},
		{chaos.Fault{Kind: chaos.PipelineKill, Via: chaos.ViaAWS, Pipeline: 1, Pop: chaos.Any}, "fault pipeline.kill is not simulated: the stream has no pipeline 1"},
		{chaos.Fault{Kind: chaos.PlaylistFreeze, Via: chaos.ViaViewer, Pipeline: chaos.Any, Rendition: "a-name-of-the-stream", Pop: chaos.Any}, ""},
		{chaos.Fault{Kind: chaos.ViewersReconnect, Via: chaos.ViaViewer, Pipeline: chaos.Any, Pop: chaos.Any}, ""},
	} {
		r := runOf(50, tc.fault)
		r.Channel.Pipelines = 1
		if got := strings.Join(expect(t, r).Notes, "; "); got != tc.note {
			t.Errorf("%s via %s: %q; want %q", tc.fault.Kind, tc.fault.Via, got, tc.note)
		}
	}
	surge := runOf(5000, chaos.Fault{Kind: chaos.ViewersSurge, Via: chaos.ViaViewer, Pipeline: chaos.Any, Pop: chaos.Any, Players: 5000})
	l := expect(t, surge)
	if l.Players != 10_000 || !near(l.Requests(Of(m3u8.KindMultivariant)), 10_000, .01) {
		t.Errorf("a surge: %d players, %.0f multivariant playlists", l.Players, l.Requests(Of(m3u8.KindMultivariant)))
	}
}

// TestExpectKinds: there is a figure for every kind of fault via every applier.
func TestExpectKinds(t *testing.T) {
	for i := range chaos.Kinds {
		spec := &chaos.Kinds[i]
		for _, via := range spec.Possible(true) {
			f := chaos.Fault{Kind: spec.Kind, Via: via, Pipeline: chaos.Any, Pop: chaos.Any, Code: 503, By: 2 * time.Second, Segments: 2, TTL: time.Second,
				Down: 500_000, Players: 10, Over: time.Second, Resume: "continue", Children: "delete", Then: "emit"}
			l := expect(t, runOf(20, f))
			if n := l.Requests(All); n < 200 && spec.Kind != chaos.NetDown {
				t.Errorf("%s via %s: %.0f requests", spec.Kind, via, n)
			}
			for _, note := range l.Notes {
				if strings.Contains(note, "did nothing in the simulation") && (spec.Kind == chaos.InputLoss || spec.Kind == chaos.AuthClock) {
					continue // filler is media; tokens are older than the clock is wrong
				}
				if !strings.Contains(note, "cannot be simulated") || via != chaos.ViaCommand && via != chaos.ViaAWS && via != chaos.ViaManual {
					t.Errorf("%s via %s: %s", spec.Kind, via, note)
				}
			}
		}
	}
}

// TestCeiling: three times the busiest 5 s, and never less than 4/s a player.
func TestCeiling(t *testing.T) {
	l := &Load{Players: 10, Duration: time.Minute, Span: time.Minute, step: time.Second, factor: 2, slots: make([]slot, 60)}
	for i := range l.slots {
		l.slots[i].requests[m3u8.KindSegment] = 3
		l.slots[i].bytes = 1000
	}
	for i := range 5 {
		l.slots[20+i].requests[m3u8.KindMedia] = 12
		l.slots[1+i].requests[m3u8.KindMultivariant] = 1
	}
	for _, tc := range []struct {
		kinds Kinds
		want  Ceiling
		at    time.Duration
	}{
		{All, Ceiling{Peak: 90, Floor: 40}, 25 * time.Second},
		{Of(m3u8.KindSegment), Ceiling{Peak: 18, Floor: 10}, 5 * time.Second},
		{Of(m3u8.KindMedia), Ceiling{Peak: 72, Floor: 32}, 25 * time.Second},
		{Of(m3u8.KindMultivariant), Ceiling{Peak: 6, Floor: 10}, 6 * time.Second},
		{Of(m3u8.KindKey), Ceiling{Peak: 0, Floor: 10}, 0},
	} {
		if got := l.Ceiling(tc.kinds); got != tc.want {
			t.Errorf("%b: %+v; want %+v", tc.kinds, got, tc.want)
		}
		if _, at := l.Busiest(tc.kinds); at != tc.at {
			t.Errorf("%b: busiest before %v; want %v", tc.kinds, at, tc.at)
		}
	}
	if got, want := l.BitCeiling(1_000_000), (Ceiling{Peak: 48_000, Floor: 30_000_000}); got != want {
		t.Errorf("bits: %+v; want %+v", got, want)
	}
	if got := l.BitCeiling(0); got != (Ceiling{}) {
		t.Errorf("bits of an unknown ladder: %+v; want none", got)
	}
	if got := l.Requests(All); got != 2*(60*3+60+5) {
		t.Errorf("%v requests", got)
	}
	if got, want := Unknown(10, time.Minute).Ceiling(All), (Ceiling{Peak: 0, Floor: 40}); got != want {
		t.Errorf("of an unknown load: %+v; want %+v", got, want)
	}
	l.Duration = 2 * time.Minute // the second half of what was simulated goes on
	if got := l.Requests(Of(m3u8.KindSegment)); got != 2*120*3 {
		t.Errorf("%v requests of twice the time", got)
	}
}

func TestOldPricesAreSaidToBeOld(t *testing.T) {
	p := tariff.ListPrices()
	l := &Load{Players: 10, Duration: time.Minute, Span: time.Minute, step: time.Second, factor: 1}
	for days, want := range map[int]bool{179: false, 181: true} {
		if text := l.Cost(p, p.Seen().AddDate(0, 0, days)); strings.Contains(text, "older than 180 days") != want {
			t.Errorf("after %d days: %s", days, text)
		}
	}
}
