package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/scenarios"
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
		w.Write(make([]byte, 20_000))
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
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, head)
		for again = strings.Repeat(again, 1000); err == nil; {
			_, err = io.WriteString(w, again)
		}
	}
}

func bomb() http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, "#EXTM3U\n")
	zeros := bytes.Repeat([]byte("#\n"), 1<<19)
	for range 200 {
		z.Write(zeros)
	}
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

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

type hostile struct {
	name    string
	strange func(h *healthy) map[string]http.HandlerFunc
	run     int    // exit code
	said    string // in what it prints
	probe   int
	found   string
}

func TestHostileX(t *testing.T) {
	for _, tc := range []struct {
		name    string
		strange func(h *healthy) map[string]http.HandlerFunc
	}{
		{"healthy", func(*healthy) map[string]http.HandlerFunc { return nil }},
		{"html", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"*": says("<!DOCTYPE html><title>Sign in</title>")}
		}},
		{"html media", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": says("<!DOCTYPE html><title>Sign in</title>")}
		}},
		{"endless", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": endless("#EXTM3U\n", "#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n")}
		}},
		{"endless media", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": endless("#EXTM3U\n#EXT-X-TARGETDURATION:2\n", "#EXTINF:2,\nx\n")}
		}},
		{"truncated", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": short}
		}},
		{"truncated segments", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": h.pass, "/media.m3u8": h.pass, "*": short}
		}},
		{"negative durations", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, h.media(2, "-2.0", "%d.ts")) }}
		}},
		{"zero target", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, h.media(0, "2.0", "%d.ts")) }}
		}},
		{"huge target", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, h.media(2000000000, "2.0", "%d.ts")) }}
		}},
		{"backwards", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, _ *http.Request) {
				seq := 10000 - h.last()
				fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", seq)
				for n := range 6 {
					fmt.Fprintf(w, "#EXTINF:2,\n%d.ts\n", seq+n)
				}
			}}
		}},
		{"loop", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/index.m3u8", 302) }}
		}},
		{"segment loop", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": h.pass, "/media.m3u8": h.pass, "*": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, 302) }}
		}},
		{"403", func(*healthy) map[string]http.HandlerFunc { return map[string]http.HandlerFunc{"*": status(403)} }},
		{"empty multivariant", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": says("#EXTM3U\n")}
		}},
		{"empty", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": says("")}
		}},
		{"no segments", func(*healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": says("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:5\n")}
		}},
		{"media directly", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, h.media(2, "2.0", "%d.ts")) }}
		}},
		{"segments 404", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": h.pass, "/media.m3u8": h.pass, "*": status(404)}
		}},
		{"bomb", func(*healthy) map[string]http.HandlerFunc { return map[string]http.HandlerFunc{"/index.m3u8": bomb()} }},
		{"drip", func(*healthy) map[string]http.HandlerFunc { return map[string]http.HandlerFunc{"/index.m3u8": drip} }},
		{"drip segments", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/index.m3u8": h.pass, "/media.m3u8": h.pass, "*": drip}
		}},
		{"itself", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": says("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmedia.m3u8\n")}
		}},
		{"file scheme", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, h.media(2, "2.0", "file:///etc/passwd?%d"))
			}}
		}},
		{"turns", func(h *healthy) map[string]http.HandlerFunc {
			b := bomb()
			return map[string]http.HandlerFunc{"/media.m3u8": func(w http.ResponseWriter, r *http.Request) {
				if time.Since(h.began) < 15*time.Second {
					h.pass(w, r)
					return
				}
				b(w, r)
			}}
		}},
		{"ended", func(h *healthy) map[string]http.HandlerFunc {
			return map[string]http.HandlerFunc{"/media.m3u8": says("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-ENDLIST\n")}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				h := &healthy{began: time.Now()}
				h.strange = tc.strange(h)
				base, srv := m.serve(h)
				defer srv.Close()
				sc, err := scenarios.Load(scenarios.Source{File: "hostile.yaml", Data: []byte("version: 1\nname: hostile\nduration: 60s\ntarget: {url: " + base + "/index.m3u8}\nfleet: {players: 4, arrive: {over: 2s}, cohorts: [{name: a, share: 50%, profile: hlsjs-1.7},{name: b, share: 50%, profile: rfc8216bis}]}\n")})
				if err != nil {
					t.Fatal(err)
				}
				cmd, out, _ := quiet()
				dir := t.TempDir()
				r := &realRun{cmd: cmd, sc: sc, out: &output{dir: dir, progress: progressNone, events: true}, network: network{dial: m.dial}}
				e := exitOf(r.do(t.Context()))
				fmt.Printf("=== %s: run %d %s (%v)\n%s\n", tc.name, e.code, e.msg, time.Since(h.began), out)
				if os.Getenv("EV") != "" {
					ev, _ := os.ReadFile(filepath.Join(dir, "events.ndjson"))
					fmt.Println(string(ev[:min(len(ev), 6000)]))
				}
				var said bytes.Buffer
				p := &probe{fetch: newFetcher(m.dial, 15*time.Second, nil), out: &said}
				at := time.Now()
				e = exitOf(p.run(t.Context(), base+"/index.m3u8"))
				p.fetch.close()
				fmt.Printf("--- probe %d %s (%v)\n%s\n", e.code, e.msg, time.Since(at), said.String())
			})
		})
	}
}

func (h *healthy) pass(w http.ResponseWriter, r *http.Request) {
	(&healthy{began: h.began}).ServeHTTP(w, r)
}
