package fleet

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"hlsload/player"
	"hlsload/player/m3u8"
)

const mediaText = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n"

func TestParsesAreShared(t *testing.T) {
	c := newParses(nil, 0)
	var mu sync.Mutex
	seen := map[*m3u8.Media]int{}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			m, err := c.media(encoded{base: "http://a/v.m3u8", body: []byte(mediaText)}, nil, mustLoad("hlsjs-1.7"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[m]++
		})
	}
	all.Wait()
	if len(seen) != 1 || c.parsedCount() != 1 {
		t.Errorf("%d playlists out of %d parses; want one", len(seen), c.parsedCount())
	}
	other, _ := c.media(encoded{base: "http://b/v.m3u8", body: []byte(mediaText)}, nil, mustLoad("hlsjs-1.7"))
	if seen[other] != 0 || other.Segments[0].URL != "http://b/a.ts" {
		t.Error("one body at two URLs must be two playlists")
	}
	if _, err := c.media(encoded{base: "http://a/v.m3u8", body: []byte("<html>")}, nil, mustLoad("hlsjs-1.7")); err == nil {
		t.Error("html is a playlist")
	}
	if _, err := c.media(encoded{base: "http://a/\x7f", body: []byte(mediaText)}, nil, mustLoad("hlsjs-1.7")); err == nil {
		t.Error("a URL that is none is a base")
	}
}

func TestLaddersAreSharedByProfile(t *testing.T) {
	c := newParses(nil, 0)
	body := []byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n")
	hls, rfc := mustLoad("hlsjs-1.7"), mustLoad("rfc8216bis")
	a, master, _ := c.ladder(encoded{base: "http://a/", body: body}, hls)
	b, _, _ := c.ladder(encoded{base: "http://a/", body: body}, hls)
	d, _, _ := c.ladder(encoded{base: "http://a/", body: body}, rfc)
	if a == nil || a != b || a == d || c.parsedCount() != 1 || master != nil {
		t.Errorf("ladders %p %p of one profile, %p of another, %d parses", a, b, d, c.parsedCount())
	}
	if l, _, err := c.ladder(encoded{base: "http://a/", body: []byte("#EXTM3U\n")}, hls); l != nil || err == nil {
		t.Error("a multivariant playlist without variants is playable")
	}
}

func TestImports(t *testing.T) {
	c := newParses(nil, 0)
	media := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-DEFINE:IMPORT=\"t\"\n#EXTINF:2,\na.ts?{$t}\n")
	for _, token := range []string{"one", "two"} {
		_, master, err := c.ladder(encoded{base: "http://a/", body: fmt.Appendf(nil, "#EXTM3U\n#EXT-X-DEFINE:NAME=\"t\",VALUE=\"%s\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", token)}, mustLoad("rfc8216bis"))
		if err != nil || master == nil {
			t.Fatalf("%v %v", master, err)
		}
		m, err := c.media(encoded{base: "http://a/a.m3u8", body: media}, master, mustLoad("hlsjs-1.7"))
		if err != nil || m.Segments[0].URL != "http://a/a.ts?"+token {
			t.Errorf("%+v %v", m, err)
		}
	}
}

// TestNoVariables reads one body as a player does that knows variables, and as one
// that does not.
func TestNoVariables(t *testing.T) {
	c := newParses(nil, 0)
	body := encoded{base: "http://a/a.m3u8?t=1", body: []byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-DEFINE:QUERYPARAM=\"t\"\n#EXTINF:2,\na.ts?{$t}\n")}
	for name, want := range map[string]string{"hlsjs-1.7": "http://a/a.ts?1", "shaka-5.2": "http://a/a.ts?1", "ffmpeg-5.1": "http://a/a.ts?%7B$t%7D"} {
		m, err := c.media(body, nil, mustLoad(name))
		if err != nil || m.Segments[0].URL != want {
			t.Errorf("%s: got %+v %v; want %s", name, m, err, want)
		}
	}
	if n := c.parsedCount(); n != 2 {
		t.Errorf("%d parses; want 2", n)
	}
}

func TestParsesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // they are also forgotten with time
		c, p := newParses(nil, 0), mustLoad("hlsjs-1.7")
		kept, _ := c.media(encoded{base: "http://a/kept", body: []byte(mediaText)}, nil, p)
		for i := range 3 * maxParsed {
			c.media(encoded{base: fmt.Sprintf("http://a/%d", i), body: []byte(mediaText)}, nil, p)
			if i%1000 == 0 { // what is in use stays
				if m, _ := c.media(encoded{base: "http://a/kept", body: []byte(mediaText)}, nil, p); m != kept {
					t.Fatalf("forgotten after %d others", i)
				}
			}
		}
		if n := len(c.now) + len(c.last); n > 2*maxParsed {
			t.Errorf("%d playlists kept; want at most %d", n, 2*maxParsed)
		}
	})
}

func TestGzipPlaylists(t *testing.T) {
	w := inBubble(t, func(cfg *Config, c *channel) {
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, ".m3u8") {
				if r.Header.Get("Accept-Encoding") != "" {
					t.Error("gzip is welcome for a segment")
				}
				return false
			}
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Error("gzip is not welcome for a playlist")
			}
			rec := httptest.NewRecorder()
			(&channel{epoch: c.epoch, asked: map[string]int{}, told: map[string]bool{}}).ServeHTTP(rec, r)
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(rec.Body.Bytes())
			z.Close()
			return true
		}
		cfg.Audience.Players = 1
	}, nil)
	if n := w.record.count(player.Appended); n < 13 {
		t.Errorf("%d segments appended; want at least 13", n)
	}
}
