package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestCacheHeadersOfOthers: what nginx writes by convention counts, and of headers
// that are not understood the report says so.
func TestCacheHeadersOfOthers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ header, value, source, line string }{
		{"X-Cache-Status", "HIT", "headers", "origin load estimated from response headers"},
		{"X-Cache-Status", "EXPIRED", "headers", "origin load estimated from response headers"},
		{"X-Foo-Cache", "HIT", "none", "origin load unknown: cache headers that are not understood: X-Foo-Cache (1 value seen, among them HIT)"},
		{"X-Foo-Cache", "s3cr3t", "none", "origin load unknown: cache headers that are not understood: X-Foo-Cache (1 value seen)"},
		{"X-Foo", "HIT", "none", "origin load unknown: the answers carry no cache headers"},
	} {
		s, text := watchClip(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(tc.header, tc.value) })
		if flat := strings.Join(strings.Fields(text), " "); s.Origin.Source != tc.source || !strings.Contains(flat, tc.line) || strings.Contains(text, "s3cr3t") {
			t.Errorf("%s: %s: origin by %s; want %s and %q in\n%s", tc.header, tc.value, s.Origin.Source, tc.source, tc.line, text)
		}
		if asked := tc.value == "EXPIRED"; tc.source == "headers" && (s.Origin.Requests > 0) != asked {
			t.Errorf("%s: %s: %d requests to the origin", tc.header, tc.value, s.Origin.Requests)
		}
	}
}

// watchClip lets two players watch six seconds of a stream that has ended, from a
// server whose answers get their headers from head, and returns what the run said.
func watchClip(t *testing.T, head http.HandlerFunc) (s *reports.Summary, text string) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		l, _ := m.Listen(t.Context(), "")
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			head(w, r)
			switch {
			case strings.HasSuffix(r.URL.Path, "index.m3u8"):
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nv.m3u8\n")
			case strings.HasSuffix(r.URL.Path, ".m3u8"):
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-ENDLIST\n")
			default:
				w.Write(bytes.Repeat([]byte("G"), 20_000))
			}
		})}
		go srv.Serve(l)
		cmd, out, _ := quiet()
		sc := parse(t, fmt.Sprintf("duration: 10s\nrecovery: 1s\ntarget: {url: \"http://%s/index.m3u8\"}\nfleet: {players: 2, arrive: {over: 1s}}\n", l.Addr()))
		if err := perform(cmd, &run.Config{Scenario: sc}, &output{dir: dir, progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}); err != nil && err.Error() != "" {
			t.Error(err)
		}
		text = out.String()
		srv.Close()
		l.Close()
		time.Sleep(time.Second)
	})
	s, err := reports.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, text
}
