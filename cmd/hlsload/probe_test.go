package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player/profile"
	"hlsload/probe"
	"hlsload/probe/visit"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// pair is a stream of two pipelines, /a/ and /b/; differ changes what the
// second says.
type pair struct {
	began    time.Time
	index    string // of /index.m3u8
	differ   func(playlist string) string
	both     bool                     // differ is for both
	media    func(path string) []byte // what is no playlist; nil = zeroes
	now, top atomic.Int64             // requests at a time
}

const heads = `#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=%s,CODECS="%s"` + "\n%s\n"

func variants(of ...string) string {
	b := "#EXTM3U\n"
	for _, p := range of {
		codecs := "avc1.64001f"
		if p == "b*" {
			p, codecs = "b", "avc1.4d401f"
		}
		b += fmt.Sprintf(heads, 800_000, "640x360", codecs, p+"/360.m3u8") + fmt.Sprintf(heads, 2_500_000, "1280x720", codecs, p+"/720.m3u8")
	}
	return b
}

func (s *pair) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	for top := s.top.Load(); n > top && !s.top.CompareAndSwap(top, n); top = s.top.Load() {
	}
	time.Sleep(20 * time.Millisecond)
	switch {
	case r.URL.Path == "/index.m3u8":
		fmt.Fprint(w, s.index)
	case r.URL.Path == "/a.m3u8":
		fmt.Fprint(w, variants("a"))
	case r.URL.Path == "/b.m3u8":
		fmt.Fprint(w, variants("b"))
	case strings.HasSuffix(r.URL.Path, ".m3u8"):
		last := 100 + int(time.Since(s.began)/(4*time.Second))
		b := fmt.Sprintf("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-9)
		for n := last - 9; n <= last; n++ {
			b += fmt.Sprintf("#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:4,\n%d.ts\n", s.began.UTC().Add(time.Duration(n)*4*time.Second).Format("2006-01-02T15:04:05.000Z"), n)
		}
		if (strings.HasPrefix(r.URL.Path, "/b/") || s.both) && s.differ != nil {
			b = s.differ(b)
		}
		fmt.Fprint(w, b)
	case s.media != nil:
		w.Write(s.media(r.URL.Path))
	default:
		w.Write(bytes.Repeat([]byte("G"), 50_000))
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		index  string
		differ func(string) string
		paths  []string
		want   []string
		not    string
	}{
		{"redundant", variants("a", "b"), nil, []string{"/index.m3u8"},
			[]string{"Redundancy: 2 variants with a copy.", "Treated as copies of one level by: gstreamer-1.29, hlsjs-1.5, hlsjs-1.7", "Treated as separate levels of the same bandwidth by: avplayer-ios17",
				"The pipelines agree in everything", "PLAYLIST 404", "unchecked: guess", "hlsjs-1.7"}, "Differences"},
		{"other codecs", variants("a", "b*"), nil, []string{"/index.m3u8"},
			[]string{"Treated as a ladder of 4 levels by: gstreamer-1.29, hlsjs-1.5, hlsjs-1.7", "CODECS (640x360, …): avc1.64001f and avc1.4d401f", "see more levels instead of copies of one"}, "Treated as copies"},
		{"other playlists", variants("a", "b"), strings.NewReplacer("TARGETDURATION:4", "TARGETDURATION:5", "SEQUENCE:9", "SEQUENCE:5").Replace, []string{"/index.m3u8"},
			[]string{"The pipelines differ in 2 ways", "EXT-X-TARGETDURATION (640x360, …): 4s and 5s", "EXT-X-MEDIA-SEQUENCE (640x360, …)"}, "agree in everything"},
		{"clocks apart", variants("a", "b"), strings.NewReplacer(".000Z", ".700Z").Replace, []string{"/index.m3u8"},
			[]string{"date-times (640x360, …): 0s and 700ms"}, ""},
		{"one pipeline", variants("a"), nil, []string{"/index.m3u8"},
			[]string{"Redundancy: none. One pipeline with 2 variants"}, "Differences"},
		{"half a twin", variants("a", "b")[:strings.LastIndex(variants("a", "b"), "#EXT")], nil, []string{"/index.m3u8"},
			[]string{"Redundancy: partial. 1 variant with a copy, 1 without one.", "renditions (1280x720): listed and missing"}, ""},
		{"two that do not know each other", "", nil, []string{"/a.m3u8", "/b.m3u8"},
			[]string{"Redundancy: not visible to players. Each multivariant playlist lists its own pipeline only", "list the variants of both pipelines in each playlist"}, "Treated as copies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				h := &pair{began: time.Now(), index: c.index, differ: c.differ}
				base, srv := m.Serve(h)
				defer srv.Close()
				fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: probeTime})
				defer fetch.Close()
				var urls []string
				for _, path := range c.paths {
					urls = append(urls, base+path)
				}
				report, err := visit.Stream(t.Context(), fetch, profile.All(), urls...)
				if err != nil {
					t.Fatal(err)
				}
				said := map[bool]string{}
				for _, asJSON := range []bool{false, true} {
					var out bytes.Buffer
					if err := report.Write(&out, asJSON); err != nil {
						t.Error(err)
					}
					said[asJSON] = out.String()
				}
				flat := strings.Join(strings.Fields(said[false]), " ")
				for _, want := range c.want {
					if !strings.Contains(flat, want) {
						t.Errorf("lacks %q in\n%s", want, said[false])
					}
				}
				if c.not != "" && strings.Contains(flat, c.not) {
					t.Errorf("has %q in\n%s", c.not, said[false])
				}
				for line := range strings.Lines(said[false]) {
					if n := len([]rune(strings.TrimRight(line, "\n"))); n > 120 && !strings.Contains(line, "http") {
						t.Errorf("%d columns: %s", n, line)
					}
				}
				var r probe.Report
				if err := json.Unmarshal([]byte(said[true]), &r); err != nil || len(r.Players) == 0 || len(r.Answer) == 0 {
					t.Fatalf("%v in %s", err, said[true])
				}
				for _, v := range r.Players {
					for f, o := range v.Faults {
						if o == nil || o.End == "" || v.Confidence == "" {
							t.Errorf("%s, %s: %+v", v.Profile, f, o)
						}
					}
				}
				if top := h.top.Load(); top > visit.AtOnce {
					t.Errorf("%d requests at a time; want %d at most", top, visit.AtOnce)
				}
			})
		})
	}
}
