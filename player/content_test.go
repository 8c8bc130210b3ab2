package player_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/content"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// theatre serves playlists written down as text to one player. Everything is
// answered after 10 ms.
type theatre struct {
	t        *testing.T
	lists    map[string]func(now time.Duration) string // by path; media playlists
	now      time.Duration
	requests []string // "kind path", with "@offset+length" for ranges
	endings  []string // end, fatal: reason
	stalled  time.Duration
	skipped  time.Duration
	bytes    int64                          // of a body; 0 = 1,000
	is       func(path string) content.Kind // of what is no playlist; nil = not looked at
	started  time.Duration                  // media time of the first segment appended
}

// watch lets a player of a profile watch a multivariant playlist for d.
func (h *theatre) watch(name, multivariant string, d time.Duration) {
	h.t.Helper()
	prof, err := profile.Load(name)
	if err != nil {
		h.t.Fatal(err)
	}
	if prof.Loader.Name() == "polling" { // without what is loaded beside what is played
		if prof, err = profile.Override(prof, []byte("loader: {polling: {lead_in: 0s}}")); err != nil {
			h.t.Fatal(err)
		}
	}
	if prof.Startup.Playlists.Name() == "probe" {
		prof.Startup.Playlists.Choose("chosen")
	}
	h.started = -1
	p := player.New(player.Config{Profile: prof, URL: "http://h/index.m3u8", Seed: draw.Seed(3)}, 0)
	type answer struct {
		at time.Duration
		ev player.Event
	}
	var queue []answer
	step := func(ev player.Event) {
		for _, a := range p.Step(h.now, &ev, nil) {
			switch a.Type {
			case player.Abandon:
				queue = slices.DeleteFunc(queue, func(q answer) bool { return q.ev.Fetch == a.Fetch })
			case player.Note:
				h.note(&a.Sample)
			case player.Fetch:
				path := strings.TrimPrefix(a.URL, "http://h/")
				r := a.Kind.String() + " " + path
				if a.Range != nil {
					r += fmt.Sprintf("@%d+%d", a.Range.Offset, a.Range.Length)
				}
				h.requests = append(h.requests, r)
				ev := player.Event{Type: player.End, Fetch: a.Fetch, Status: 200, Bytes: 1000, Size: 1000, Sent: h.now, FirstByte: h.now + 5*time.Millisecond}
				base, err := url.Parse(a.URL)
				if err != nil {
					h.t.Fatal(err)
				}
				opt := m3u8.Options{Base: base}
				switch a.Kind {
				case m3u8.KindMultivariant:
					mv, err := m3u8.ParseMultivariant([]byte(multivariant), opt)
					if err == nil {
						ev.Ladder, err = player.NewLadder(mv, prof, nil)
					}
					if err != nil {
						h.t.Fatal(err)
					}
				case m3u8.KindMedia:
					list := h.lists[path]
					if list == nil {
						h.t.Fatalf("%s asks for %s", name, path)
					}
					if ev.Media, err = m3u8.ParseMedia([]byte(list(h.now)), opt); err != nil {
						h.t.Fatal(err)
					}
				}
				if h.bytes > 0 {
					ev.Bytes, ev.Size = h.bytes, h.bytes
				}
				if h.is != nil && a.Kind >= m3u8.KindInit {
					ev.Content = h.is(path)
				}
				queue = append(queue, answer{h.now + 10*time.Millisecond, ev})
			}
		}
	}
	step(player.Event{Type: player.Tick})
	for range 100_000 {
		at, i := p.Wake(), -1
		for j := range queue {
			if queue[j].at <= at && (i < 0 || queue[j].at < queue[i].at) {
				i = j
			}
		}
		ev := player.Event{Type: player.Tick}
		if i >= 0 {
			at, ev = queue[i].at, queue[i].ev
			queue = slices.Delete(queue, i, i+1)
		}
		if at > d {
			return
		}
		h.now = max(h.now, at)
		step(ev)
	}
	h.t.Fatalf("%s does not come to rest", name)
}

func (h *theatre) note(s *player.Sample) {
	switch s.Type {
	case player.Appended:
		if s.Track == player.MainTrack && h.started < 0 {
			h.started = s.MediaStart
		}
		h.skipped += s.Skipped
	case player.StallEnd:
		h.stalled += s.Duration
	case player.Ended:
		h.endings = append(h.endings, fmt.Sprintf("end at %v", s.At.Round(100*time.Millisecond)))
	case player.Fatal:
		h.endings = append(h.endings, "fatal: "+s.Reason)
	}
}

func (h *theatre) asked(kind string) []string {
	var got []string
	for _, r := range h.requests {
		if path, ok := strings.CutPrefix(r, kind+" "); ok {
			got = append(got, path)
		}
	}
	return got
}

func always(text string) func(time.Duration) string {
	return func(time.Duration) string { return text }
}

const oneVariant = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=800000
v.m3u8
`

// TestContent plays what players meet beside plain live segments. Every profile
// must come to the end; what is asked for is checked where it is the same for
// all of them.
func TestContent(t *testing.T) {
	demuxed := `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=800000,AUDIO="a"
v.m3u8
`
	const head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n"
	for _, c := range []struct {
		name         string
		multivariant string
		lists        map[string]string
		kind         string   // whose requests are checked, in any order of tracks
		want         []string // sorted
		segments     int      // requested in all; 0 = any number
		end          string
		// Profiles that do not know the tag play everything there is.
		ignores func(*player.Profile) bool
		all     []string
		allEnd  string
	}{
		{
			name: "VOD of fMP4 in byte ranges with audio by itself", multivariant: demuxed,
			lists: map[string]string{
				"v.m3u8": head + `#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="v.mp4",BYTERANGE="700@0"
#EXTINF:4,
#EXT-X-BYTERANGE:1000@700
v.mp4
#EXTINF:4,
#EXT-X-BYTERANGE:900
v.mp4
#EXT-X-ENDLIST
`,
				"a.m3u8": head + `#EXT-X-MAP:URI="a.init"
#EXTINF:4,
a0
#EXTINF:4,
a1
#EXT-X-ENDLIST
`,
			},
			kind: "init", want: []string{"a.init", "v.mp4@0+700"}, segments: 4, end: "end at 8",
		},
		{
			name: "keys that change, and clear segments", multivariant: oneVariant,
			lists: map[string]string{"v.m3u8": head + `#EXT-X-KEY:METHOD=AES-128,URI="k0"
#EXTINF:4,
s0
#EXTINF:4,
s1
#EXT-X-KEY:METHOD=AES-128,URI="k1"
#EXTINF:4,
s2
#EXT-X-KEY:METHOD=NONE
#EXTINF:4,
s3
#EXT-X-ENDLIST
`},
			kind: "key", want: []string{"k0", "k1"}, segments: 4, end: "end at 16",
		},
		{
			name: "a discontinuity with another initialization section", multivariant: oneVariant,
			lists: map[string]string{"v.m3u8": head + `#EXT-X-MAP:URI="i.mp4",BYTERANGE="100@0"
#EXTINF:4,
s0
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="i.mp4",BYTERANGE="120@100"
#EXTINF:4,
s1
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="ad.mp4"
#EXTINF:4,
s2
#EXTINF:4,
s3
#EXT-X-ENDLIST
`},
			kind: "init", want: []string{"ad.mp4", "i.mp4@0+100", "i.mp4@100+120"}, segments: 4, end: "end at 16",
		},
		{
			name: "a gap", multivariant: oneVariant,
			lists: map[string]string{"v.m3u8": head + `#EXTINF:4,
s0
#EXT-X-GAP
#EXTINF:4,
s1
#EXTINF:4,
s2
#EXTINF:4,
s3
#EXT-X-ENDLIST
`},
			kind: "segment", want: []string{"s0", "s2", "s3"}, segments: 3, end: "end at 1", // 2 or 3: how long a player looks at a hole differs
			ignores: func(p *player.Profile) bool { return p.Gap.Name() == "load" }, all: []string{"s0", "s1", "s2", "s3"}, allEnd: "end at 16",
		},
		{
			name: "EXT-X-START", multivariant: oneVariant,
			lists: map[string]string{"v.m3u8": head + `#EXT-X-START:TIME-OFFSET=8
#EXTINF:4,
s0
#EXTINF:4,
s1
#EXTINF:4,
s2
#EXTINF:4,
s3
#EXT-X-ENDLIST
`},
			kind: "segment", want: []string{"s2", "s3"}, segments: 2, end: "end at 8",
			ignores: func(p *player.Profile) bool { return p.Startup.IgnoreStart }, all: []string{"s0", "s1", "s2", "s3"}, allEnd: "end at 16",
		},
		{
			name: "EXT-X-START from the end, in the multivariant playlist", multivariant: oneVariant + "#EXT-X-START:TIME-OFFSET=-4\n",
			lists: map[string]string{"v.m3u8": head + `#EXTINF:4,
s0
#EXTINF:4,
s1
#EXTINF:4,
s2
#EXT-X-ENDLIST
`},
			kind: "segment", want: []string{"s2"}, segments: 1, end: "end at 4",
			ignores: func(p *player.Profile) bool { return p.Startup.IgnoreStart }, all: []string{"s0", "s1", "s2"}, allEnd: "end at 12",
		},
	} {
		for _, name := range profile.Names() {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				c := c
				h := &theatre{t: t, lists: map[string]func(time.Duration) string{}}
				p, err := profile.Load(name)
				if err != nil {
					t.Fatal(err)
				}
				if c.ignores != nil && c.ignores(p) {
					c.want, c.segments, c.end = c.all, len(c.all), c.allEnd
				}
				for path, text := range c.lists {
					h.lists[path] = always(text)
				}
				h.watch(name, c.multivariant, time.Minute)
				if len(h.endings) != 1 || !strings.HasPrefix(h.endings[0], c.end) {
					t.Errorf("%v; want %s s and a bit\n%s", h.endings, c.end, strings.Join(h.requests, "\n"))
				}
				got := h.asked(c.kind)
				if slices.Sort(got); c.kind == "key" && p.HTTP.KeyPerSegment {
					got = slices.Compact(got)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s requests %q; want %q", c.kind, got, c.want)
				}
				if n := len(h.asked("segment")); n != c.segments {
					t.Errorf("%d segment requests; want %d", n, c.segments)
				}
				if n := len(h.asked("media")); n != len(c.lists) {
					t.Errorf("%d playlist requests; want %d: what has ended is not loaded again", n, len(c.lists))
				}
			})
		}
	}
}

// TestEvent follows an event playlist that grows and ends.
func TestEvent(t *testing.T) {
	list := func(now time.Duration) string {
		var b strings.Builder
		b.WriteString("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:EVENT\n")
		n := 5 + int(now/(2*time.Second))
		for i := range min(n, 12) {
			fmt.Fprintf(&b, "#EXTINF:2,\ns%d\n", i)
		}
		if n >= 12 {
			b.WriteString("#EXT-X-ENDLIST\n")
		}
		return b.String()
	}
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			h := &theatre{t: t, lists: map[string]func(time.Duration) string{"v.m3u8": list}}
			h.watch(name, oneVariant, time.Minute)
			// It joins 6 s before the end of 10 s and plays to the end of 24 s.
			if len(h.endings) != 1 || !strings.HasPrefix(h.endings[0], "end at 20") {
				t.Errorf("%v; want an end after 20 s", h.endings)
			}
			if h.started != 4*time.Second || h.stalled > 0 || h.skipped > 0 {
				t.Errorf("begins at %v, stalls for %v, skips %v; want 4s, 0, 0", h.started, h.stalled, h.skipped)
			}
			segments := h.asked("segment")
			slices.Sort(segments)
			if want := len(slices.Compact(segments)); want != 10 {
				t.Errorf("%d different segments; want 10", want)
			}
		})
	}
}

// What cannot be media is no media, and each player does about it what the real
// one does: another level, the next segment, or the end.
func TestNotMedia(t *testing.T) {
	const head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
	list := func(key, dir string) string {
		b := head + key
		for i := range 8 {
			b += fmt.Sprintf("#EXTINF:4,\n%s/s%d\n", dir, i)
		}
		return b + "#EXT-X-ENDLIST\n"
	}
	const two = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=1280x720\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360\nw.m3u8\n"
	const key = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n"
	type want struct {
		plays bool // to the end, without a loss
		skips bool // to the end, without the segment
	}
	ends := map[string]want{"hlsjs-1.7": {plays: true}, "hlsjs-1.5": {plays: true}, "shaka-5.2": {plays: true}, "vhs-3.17": {plays: true}, "vhs-3.17-other": {plays: true},
		"avplayer-ios17": {plays: true}, "rfc8216bis": {plays: true}, "ffmpeg-5.1": {skips: true}, "gstreamer-1.29": {skips: true}, "media3-1.11": {}, "media3-1.8": {}}
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			w, ok := ends[name]
			if !ok {
				t.Fatal("it is not said what becomes of it")
			}
			first := ""
			h := &theatre{t: t, lists: map[string]func(time.Duration) string{"v.m3u8": always(list("", "v")), "w.m3u8": always(list("", "w"))}}
			h.is = func(path string) content.Kind {
				if !strings.HasSuffix(path, "/s4") {
					return content.Media
				}
				if first == "" {
					first = path
				}
				if path == first {
					return content.HTML
				}
				return content.Media
			}
			h.watch(name, two, 2*time.Minute)
			end := strings.Join(h.endings, ", ")
			switch {
			case w.plays && (!strings.HasPrefix(end, "end at") || h.skipped > 0):
				t.Errorf("%s, %v skipped; want the end without a loss\n%s", end, h.skipped, strings.Join(h.requests, "\n"))
			case w.skips && !strings.HasPrefix(end, "end at"):
				t.Errorf("%s; want the end\n%s", end, strings.Join(h.requests, "\n"))
			case !w.plays && !w.skips && end != "fatal: segment: no media":
				t.Errorf("%s; want the session to die of it", end)
			}
			if n := strings.Count(strings.Join(h.asked("segment"), " ")+" ", first+" "); n > 2 {
				t.Errorf("%s was asked for %d times; want 2 at most", first, n)
			}
		})
	}
	// What is encrypted shows nothing: 1,000 bytes are no full blocks, 1,600 would be.
	h := &theatre{t: t, lists: map[string]func(time.Duration) string{"v.m3u8": always(list(key, "v"))}, is: func(path string) content.Kind {
		if path == "k" {
			return content.Media
		}
		return content.Binary
	}}
	h.watch("media3-1.11", oneVariant, time.Minute)
	if got := strings.Join(h.endings, ", "); got != "fatal: segment: no media" {
		t.Errorf("encrypted, with half a block at the end: %s", got)
	}
	h = &theatre{t: t, bytes: 1600, lists: h.lists, is: h.is}
	h.watch("media3-1.11", oneVariant, time.Minute)
	if got := strings.Join(h.endings, ", "); !strings.HasPrefix(got, "end at 32") {
		t.Errorf("encrypted: %s; want the end", got)
	}
}
