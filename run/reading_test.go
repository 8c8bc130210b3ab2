package run

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player/profile"
	"hlsload/probe/visit"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
)

// TestProbeAndRunReadOneStream: the pipelines that a probe prints are those that
// a run acts on, whatever the first cohort plays with.
func TestProbeAndRunReadOneStream(t *testing.T) {
	const variant = "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=%s,CODECS=\"avc1.64001f,mp4a.40.2\"%s\n%s\n"
	// ladder is a pipeline's two variants; more are further attributes.
	ladder := func(at string, rate int, more string) string {
		return fmt.Sprintf(variant, 800_000+rate, "640x360", more, at+"360.m3u8") + fmt.Sprintf(variant, 2_500_000+rate, "1280x720", more, at+"720.m3u8")
	}
	media := func(kind, group, u string) string {
		return fmt.Sprintf("#EXT-X-MEDIA:TYPE=%s,GROUP-ID=\"%s\",NAME=\"x\",DEFAULT=YES,URI=\"%s\"\n", kind, group, u)
	}
	sound := media("AUDIO", "a", "a/sound.m3u8") + media("AUDIO", "b", "b/sound.m3u8")
	words := media("SUBTITLES", "s", "a/words.m3u8") + media("SUBTITLES", "t", "b/words.m3u8")
	for _, tt := range []struct {
		name  string
		lists []string // of the URLs that are given
	}{
		{"copies", []string{ladder("a/", 0, "") + ladder("b/", 0, "")}},
		{"other bandwidths", []string{ladder("a/", 0, "") + ladder("b/", 17, "")}},
		{"other hosts", []string{ladder("", 0, "") + ladder("B/", 17, "")}},
		{"pathways in one directory", []string{ladder("a_", 0, ",PATHWAY-ID=\"x\"") + ladder("b_", 17, ",PATHWAY-ID=\"y\"")}},
		{"sound", []string{sound + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 0, ",AUDIO=\"b\"")}},
		{"sound at other bandwidths", []string{sound + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 17, ",AUDIO=\"b\"")}},
		{"subtitles", []string{words + ladder("a/", 0, ",SUBTITLES=\"s\"") + ladder("b/", 0, ",SUBTITLES=\"t\"")}},
		{"two lists of all", []string{ladder("a/", 0, "") + ladder("b/", 17, ""), ladder("b/", 17, "") + ladder("a/", 0, "")}},
		{"two lists of their own", []string{ladder("a/", 0, ""), ladder("b/", 17, "")}},
		{"sound of one name in two lists", []string{media("AUDIO", "x", "a/sound.m3u8") + ladder("a/", 0, ",AUDIO=\"x\""), media("AUDIO", "x", "b/sound.m3u8") + ladder("b/", 0, ",AUDIO=\"x\"")}},
	} {
		for i, player := range []string{"hlsjs-1.7", "shaka-5.2"} {
			if testing.Short() && i != len(tt.name)%2 {
				continue
			}
			t.Run(tt.name+", "+player, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := runtest.NewNetwork()
					const base, other = "http://127.0.0.1:1000", "http://127.0.0.1:1001"
					defer m.ServeAt(other[7:], http.HandlerFunc(media4)).Close()
					defer m.ServeAt(base[7:], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						var n int
						if _, err := fmt.Sscanf(r.URL.Path, "/%d.m3u8", &n); err == nil && n < len(tt.lists) {
							fmt.Fprint(w, "#EXTM3U\n", strings.ReplaceAll(tt.lists[n], "B/", other+"/"))
							return
						}
						media4(w, r)
					})).Close()
					var urls []string
					for i := range tt.lists {
						urls = append(urls, fmt.Sprintf("%s/%d.m3u8", base, i))
					}
					on := look.Network{Dial: m.Dial}
					fetch := look.New(look.Config{On: on, Timeout: time.Minute})
					defer fetch.Close()
					r, err := visit.Stream(t.Context(), fetch, profile.All(), urls...)
					if err != nil {
						t.Fatal(err)
					}
					cfg := &Config{Network: Network{Target: on}, Scenario: parse(t, "duration: 20s\ntarget: {url: ["+strings.Join(urls, ", ")+"]}\nfleet: {players: 2, cohorts: [{name: a, share: 100%, profile: "+player+"}]}\n")}
					may, err := newPermission(t.Context(), cfg.Scenario, cfg.Network.Target, "")
					if err != nil {
						t.Fatal(err)
					}
					s, err := openStream(t.Context(), cfg.Scenario, may)
					if err != nil {
						t.Fatal(err)
					}
					defer s.close()
					for _, seen := range r.Playlists[len(tt.lists):] {
						want := 0
						if u := strings.TrimPrefix(seen.URL, base+"/"); strings.HasPrefix(u, other) || u[0] == 'b' {
							want = 1
						}
						if got := s.read.Pipeline(seen.URL); got != want || seen.Pipeline != want {
							t.Errorf("%s: pipeline %d to a run, %d to a probe; want %d", seen.URL, got, seen.Pipeline, want)
						}
					}
				})
			})
		}
	}
}

// media4 answers with a media playlist of ten segments of 4 s, or a segment.
func media4(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, ".m3u8") {
		w.Write(make([]byte, 4096))
		return
	}
	const last = 110
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-9)
	for n := last - 9; n <= last; n++ {
		fmt.Fprintf(w, "#EXTINF:4,\n%d.ts\n", n)
	}
}

// parse reads a scenario.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "test.yaml", Data: []byte("version: 1\nname: test\n" + text)})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}
