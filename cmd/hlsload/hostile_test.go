package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// healthy is a live stream of 2 s segments; what a test puts into strange
// answers instead.
type healthy struct {
	began   time.Time
	strange map[string]http.HandlerFunc
}

func (h *healthy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := h.strange[r.URL.Path]; f != nil {
		f(w, r)
		return
	}
	if f := h.strange["*"]; f != nil {
		f(w, r)
		return
	}
	switch {
	case r.URL.Path == "/index.m3u8":
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\nmedia.m3u8\n")
	case r.URL.Path == "/media.m3u8":
		fmt.Fprint(w, h.media(2, "2.0", "%d.ts"))
	case strings.HasSuffix(r.URL.Path, ".ts"):
		w.Write(bytes.Repeat([]byte("G"), 20_000)) // the sync byte of a transport stream
	default:
		http.NotFound(w, r)
	}
}

// media is the media playlist of this moment.
func (h *healthy) media(target int, extinf, name string) string {
	var b strings.Builder
	last := h.last()
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", target, last-5)
	for n := last - 5; n <= last; n++ {
		fmt.Fprintf(&b, "#EXTINF:%s,\n", extinf)
		fmt.Fprintln(&b, strings.ReplaceAll(name, "%d", strconv.Itoa(n)))
	}
	return b.String()
}

func (h *healthy) last() int { return int(time.Since(h.began)/(2*time.Second)) + 100 }

// says answers with a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// endless goes on until nobody reads any more.
func endless(head, again string) http.HandlerFunc {
	again = strings.Repeat(again, 1000)
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, head)
		for err == nil {
			_, err = io.WriteString(w, again)
		}
	}
}

func bomb() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed())
	}
}

// packed is what a bomb has. It is made when it is needed: processes that tests start have no
// use for it.
var packed = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, "#EXTM3U\n")
	zeros := bytes.Repeat([]byte("#\n"), 1<<19)
	for range 200 {
		z.Write(zeros)
	}
	z.Close()
	return b.Bytes()
})

// drip sends a byte a second.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000000")
	for {
		if _, err := w.Write([]byte("#")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-time.After(time.Second):
		case <-r.Context().Done():
			return
		}
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// short announces more than it sends.
func short(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "5000")
	io.WriteString(w, "#EXTM3U\n")
}

// puts answers with a media playlist that [healthy.media] makes.
func (h *healthy) puts(target int, extinf, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, h.media(target, extinf, name)) }
}

// backwards counts down.
func (h *healthy) backwards(w http.ResponseWriter, _ *http.Request) {
	sequence := 10000 - h.last()
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", sequence)
	for n := range 6 {
		fmt.Fprintf(w, "#EXTINF:2,\n%d.ts\n", sequence+n)
	}
}

// after answers as usual for a while.
func (h *healthy) after(d time.Duration, f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if time.Since(h.began) < d {
			h.pass(w, r)
			return
		}
		f(w, r)
	}
}

func again(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }

// hostile are targets with something wrong. What is at "*" answers whatever is
// not named; a run and a probe must end in time, with this exit code, and say
// why.
var hostile = []struct {
	name  string
	at    map[string]func(h *healthy) http.HandlerFunc
	run   int
	said  string
	probe int
	found string
}{
	{"nothing", nil, 0, "viewers were served: outside of faults all sessions that wanted to play did; nothing else was expected", 0, "newest segment: 200 in 0s, 20000 bytes"},
	{"html", all(says("<!DOCTYPE html><title>Sign in</title>")), 112, `index.m3u8 is not a playlist: line 1: got HTML or XML`, 112, "got HTML"},
	{"html for media", media(says("<html>")), 112, "no media playlist can be read", 112, "not a media playlist: line 1: got HTML"},
	{"empty", index(says("")), 112, "got an empty body", 112, "got an empty body"},
	{"rubbish", index(says("\x00\x1b[2J\xff")), 112, "want #EXTM3U", 112, "want #EXTM3U"},
	{"endless", index(endless("#EXTM3U\n", "#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n")), 112, "more than 16 MiB", 112, "more than 16 MiB"},
	{"endless line", index(endless("#EXTM3U\n#", "x")), 112, "more than 16 MiB", 112, "more than 16 MiB"},
	{"endless media", media(endless("#EXTM3U\n#EXT-X-TARGETDURATION:2\n", "#EXTINF:2,\nx\n")), 112, "more than 16 MiB", 112, "more than 16 MiB"},
	{"many variants", index(says("#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n", 100_000))), 112, "is not a playlist", 112, "is not a playlist"},
	{"bomb", index(bomb()), 112, "more than 16 MiB", 112, "more than 16 MiB"},
	{"cut off", index(short), 112, "breaks off after 8 bytes", 112, "breaks off after 8 bytes"},
	{"drip", index(drip), 112, "no complete answer within 10s", 112, "no complete answer within 15s"},
	{"silence", index(silence), 112, "no complete answer within 10s", 112, "no complete answer within 15s"},
	{"loop", index(again), 112, "redirect: loop at", 112, "redirect: loop at"},
	{"forbidden", all(status(403)), 112, "index.m3u8: status 403; want 200", 112, "status 403"},
	{"no variants", index(says("#EXTM3U\n")), 112, "no EXT-X-STREAM-INF", 112, "no EXT-X-STREAM-INF"},
	{"itself", media(says("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmedia.m3u8\n")), 112, "got a multivariant playlist; want a media playlist", 112, "got a multivariant playlist"},
	{"negative durations", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.puts(2, "-2.0", "%d.ts") }), 112, `EXTINF: got "-2.0"`, 0, `EXTINF: got "-2.0"; want a number of seconds >= 0: read as 0 (and 5 more such) (refused by hlsjs-1.5, hlsjs-1.7, media3-1.11, media3-1.8)`},
	{"target duration 0", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.puts(0, "2.0", "%d.ts") }), 0, `EXT-X-TARGETDURATION: got "0"; want an integer of seconds >= 1: read as 1`, 0, "read as 1 (no player refuses it)"},
	{"decimals", index(says("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000.5\nmedia.m3u8\n")), 0, `got "400000.5"; want an integer: read as 400000 (no player refuses it)`, 0, `read as 400000 (no player refuses it)`},
	{"refused by some", index(says("#EXTM3U\n#EXT-X-CONTENT-STEERING:PATHWAY-ID=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nmedia.m3u8\n")), 99, "left out (refused by hlsjs-1.7)", 0, "left out (refused by hlsjs-1.5, hlsjs-1.7)"},
	{"refused by the fleet", index(says("# made by hand\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nmedia.m3u8\n")), 112, "every player of the fleet refuses it: rfc8216bis refuses the multivariant playlist: line 1", 0, "want #EXTM3U first: read on (refused by "},
	{"variables", index(says("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"media\"\n#EXT-X-STREAM-INF:BANDWIDTH=400000\n{$a}.m3u8\n")), 0, "all players know variables", 0, "asked for as it is written by ffmpeg-5.1, gstreamer-1.29, without variables"},
	{"imported variables", place{"/index.m3u8": func(*healthy) http.HandlerFunc {
		return says("#EXTM3U\n#EXT-X-DEFINE:NAME=\"dot\",VALUE=\".ts\"\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nold.m3u8\n")
	}, "/old.m3u8": func(*healthy) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/media.m3u8?slash=/", http.StatusFound)
		}
	}, "/media.m3u8": func(h *healthy) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			text := strings.Replace(h.media(2, "2.0", "{$slash}%d{$dot}"), "#EXTM3U\n", "#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"dot\"\n#EXT-X-DEFINE:QUERYPARAM=\"slash\"\n", 1)
			io.WriteString(w, text)
		}
	}}, 0, "all players know variables", 0, "newest segment: 200"},
	{"target duration of years", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.puts(2e9, "2.0", "%d.ts") }), 112, "want one up to 10m", 0, "less than three target durations"},
	{"another scheme", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.puts(2, "2.0", "file:///etc/passwd?%d") }), 112, "segment requests (refused × ", 112, "bad URL"},
	{"no segments", media(says("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:5\n")), 112, "no session ever played", 112, "no segment is listed"},
	{"segments missing", segments(status(404)), 112, "segment requests (404 × ", 112, "status 404"},
	{"segments cut off", segments(short), 112, "segment requests (truncated × ", 112, "breaks off after 8 bytes"},
	{"segments drip", segments(drip), 112, "segment requests (timeout × ", 112, "no complete answer within 15s"},
	{"segments in a loop", segments(again), 112, "segment requests (redirects × ", 112, "redirect: loop at"},
	{"backwards", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.backwards }), 99, "playlists went back to an earlier media sequence number", 0, ""},
	{"turns into a bomb", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.after(15*time.Second, bomb()) }), 99, "playlists are unusable (too large × ", 112, "more than 16 MiB"},
	{"turns into html", of("/media.m3u8", func(h *healthy) http.HandlerFunc { return h.after(15*time.Second, says("<html>")) }), 99, "playlists are unusable (bad playlist × ", 112, "got HTML"},
	{"goes away", of("*", func(h *healthy) http.HandlerFunc { return h.after(15*time.Second, status(404)) }), 99, "viewers were not served: 4 of 4 sessions had no picture from ", 112, "status 404"},
	{"falls silent", of("*", func(h *healthy) http.HandlerFunc { return h.after(15*time.Second, silence) }), 99, "4 died of an error", 112, "no complete answer"},
	{"one playlist", of("/index.m3u8", func(h *healthy) http.HandlerFunc { return h.puts(2, "2.0", "%d.ts") }), 0, "4 playing at the end", 0, "is a media playlist: one rendition"},
	{"has ended", media(says("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-ENDLIST\n")), 0, "the stream is not live", 0, "ended, target duration 2s"},
}

type place = map[string]func(h *healthy) http.HandlerFunc

func of(path string, f func(h *healthy) http.HandlerFunc) place { return place{path: f} }

func fixed(f http.HandlerFunc) func(*healthy) http.HandlerFunc {
	return func(*healthy) http.HandlerFunc { return f }
}

func all(f http.HandlerFunc) place   { return of("*", fixed(f)) }
func index(f http.HandlerFunc) place { return of("/index.m3u8", fixed(f)) }
func media(f http.HandlerFunc) place { return of("/media.m3u8", fixed(f)) }

// segments leaves the playlists as they are.
func segments(f http.HandlerFunc) place {
	as := func(h *healthy) http.HandlerFunc { return h.pass }
	return place{"/index.m3u8": as, "/media.m3u8": as, "*": fixed(f)}
}

// silence never answers.
func silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestHostileTargets(t *testing.T) {
	for _, tc := range hostile {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				h := &healthy{began: time.Now(), strange: map[string]http.HandlerFunc{}}
				for path, f := range tc.at {
					h.strange[path] = f(h)
				}
				base, srv := m.Serve(h)
				defer srv.Close()
				code, said := watch(t, m, base+"/index.m3u8")
				if code != tc.run || !strings.Contains(said, tc.said) {
					t.Errorf("run: exit code %d; want %d and %q in\n%s", code, tc.run, tc.said, said)
				}
				if d := time.Since(h.began); d > 61*time.Second {
					t.Errorf("the run took %v", d)
				}
				began := time.Now()
				code, said = probed(t, m, base+"/index.m3u8")
				if code != tc.probe || !strings.Contains(said, tc.found) {
					t.Errorf("probe: exit code %d; want %d and %q in\n%s", code, tc.probe, tc.found, said)
				}
				if d := time.Since(began); d > time.Minute {
					t.Errorf("the probe took %v", d)
				}
			})
		})
	}
}

// watch runs a scenario without faults and expectations for a minute. What it
// said has no line breaks of the terminal.
func watch(t *testing.T, m *runtest.Network, u string) (code int, said string) {
	sc := parse(t, "duration: 60s\ntarget: {url: "+u+`}
fleet:
  players: 4
  arrive: {over: 2s}
  cohorts: [{name: a, share: 50%, profile: hlsjs-1.7}, {name: b, share: 50%, profile: rfc8216bis}]
`)
	cmd, out, _ := quiet()
	exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: t.TempDir(), progress: progressNone, events: true}, network{web: look.Network{Dial: m.Dial}}))
	return exit.code, exit.msg + strings.Join(strings.Fields(out.String()), " ")
}

// probed is what probe says of a stream.
func probed(t *testing.T, m *runtest.Network, u string) (code int, said string) {
	var out bytes.Buffer
	fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: probeTime})
	defer fetch.Close()
	exit := exitOf(probeStream(t.Context(), fetch, &out, false, u))
	return exit.code, exit.msg + "\n" + out.String()
}

func (h *healthy) pass(w http.ResponseWriter, r *http.Request) {
	(&healthy{began: h.began}).ServeHTTP(w, r)
}
