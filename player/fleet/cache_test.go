package fleet

import (
	"fmt"
	"sync"
	"testing"

	"hlsload/player/m3u8"
)

const mediaText = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n"

func TestParsesAreShared(t *testing.T) {
	c := newParses(nil)
	var mu sync.Mutex
	seen := map[*m3u8.Media]int{}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			m, problem := c.media("http://a/v.m3u8", []byte(mediaText), nil)
			if problem != "" {
				t.Error(problem)
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
	other, _ := c.media("http://b/v.m3u8", []byte(mediaText), nil)
	if seen[other] != 0 || other.Segments[0].URL != "http://b/a.ts" {
		t.Error("one body at two URLs must be two playlists")
	}
	if _, problem := c.media("http://a/v.m3u8", []byte("<html>"), nil); problem == "" {
		t.Error("html is a playlist")
	}
	if _, problem := c.media("http://a/\x7f", []byte(mediaText), nil); problem == "" {
		t.Error("a URL that is none is a base")
	}
}

func TestLaddersAreSharedByProfile(t *testing.T) {
	c := newParses(nil)
	body := []byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n")
	hls, rfc := mustLoad("hlsjs-1.7"), mustLoad("rfc8216bis")
	a, master, _ := c.ladder("http://a/", body, hls)
	b, _, _ := c.ladder("http://a/", body, hls)
	d, _, _ := c.ladder("http://a/", body, rfc)
	if a == nil || a != b || a == d || c.parsedCount() != 1 || master != nil {
		t.Errorf("ladders %p %p of one profile, %p of another, %d parses", a, b, d, c.parsedCount())
	}
	if l, _, problem := c.ladder("http://a/", []byte("#EXTM3U\n"), hls); l != nil || problem == "" {
		t.Error("a multivariant playlist without variants is playable")
	}
}

func TestImports(t *testing.T) {
	c := newParses(nil)
	media := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-DEFINE:IMPORT=\"t\"\n#EXTINF:2,\na.ts?{$t}\n")
	for _, token := range []string{"one", "two"} {
		_, master, problem := c.ladder("http://a/", fmt.Appendf(nil, "#EXTM3U\n#EXT-X-DEFINE:NAME=\"t\",VALUE=\"%s\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", token), mustLoad("rfc8216bis"))
		if problem != "" || master == nil {
			t.Fatalf("%v %s", master, problem)
		}
		m, problem := c.media("http://a/a.m3u8", media, master)
		if problem != "" || m.Segments[0].URL != "http://a/a.ts?"+token {
			t.Errorf("%+v %s", m, problem)
		}
	}
}

func TestParsesAreForgotten(t *testing.T) {
	c := newParses(nil)
	kept, _ := c.media("http://a/kept", []byte(mediaText), nil)
	for i := range 3 * maxParsed {
		c.media(fmt.Sprintf("http://a/%d", i), []byte(mediaText), nil)
		if i%1000 == 0 { // what is in use stays
			if m, _ := c.media("http://a/kept", []byte(mediaText), nil); m != kept {
				t.Fatalf("forgotten after %d others", i)
			}
		}
	}
	if n := len(c.now) + len(c.last); n > 2*maxParsed {
		t.Errorf("%d playlists kept; want at most %d", n, 2*maxParsed)
	}
}
