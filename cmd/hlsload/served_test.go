package main

import (
	"fmt"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipelines is a live stream of two pipelines; what a test puts answers in place of
// some of it.
type pipelines struct {
	*healthy
	master string
	at     func(path string, t time.Duration) (answer string, ok bool) // "" = 404
}

func (s *pipelines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if path == "index.m3u8" {
		fmt.Fprint(w, s.master)
		return
	}
	if text, ok := s.at(path, time.Since(s.began)); ok {
		if text == "" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
		return
	}
	if strings.HasSuffix(path, ".m3u8") {
		fmt.Fprint(w, s.media(2, "2.0", "%d.ts"))
		return
	}
	s.healthy.ServeHTTP(w, r)
}

// oneOf is the multivariant playlist of one rendition, once for each directory.
func oneOf(dirs ...string) string {
	out := "#EXTM3U\n"
	for _, d := range dirs {
		out += "#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e,mp4a.40.2\"\n" + d + "/v.m3u8\n"
	}
	return out
}

// demuxed has the audio by itself, once for each directory.
func demuxed(dirs ...string) string {
	out := "#EXTM3U\n"
	for _, d := range dirs {
		out += fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aud%s\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,URI=\"%s/aud.m3u8\"\n", d, d)
	}
	for i, size := range []string{"1280x720", "640x360"} {
		for _, d := range dirs {
			out += fmt.Sprintf("#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=%s,CODECS=\"avc1.42e01e,mp4a.40.2\",AUDIO=\"aud%s\"\n%s/v%d.m3u8\n", 900000/(i+1), size, d, d, i)
		}
	}
	return out
}

// A stream that breaks by itself does not pass with any mix of players: web players
// stand still at a frozen playlist, others die of it.
func TestViewersServed(t *testing.T) {
	const web = "[{name: hlsjs, share: 33%, profile: hlsjs-1.7}, {name: shaka, share: 33%, profile: shaka-5.2}, {name: vhs, share: 34%, profile: vhs-3.17}]"
	const five = "[{name: hlsjs, share: 20%, profile: hlsjs-1.7}, {name: shaka, share: 20%, profile: shaka-5.2}, {name: vhs, share: 20%, profile: vhs-3.17}, {name: media3, share: 20%, profile: media3-1.11}, {name: ffmpeg, share: 20%, profile: ffmpeg-5.1}]"
	const stopsAt = 11 * time.Second
	never := func(string, time.Duration) (string, bool) { return "", false }
	for _, tc := range []struct {
		name   string
		master string
		at     func(path string, t time.Duration) (string, bool)
		code   int
		said   []string
	}{
		{"sound", oneOf("a", "b"), never, 0, []string{"viewers were served: outside of faults all sessions that wanted to play did; nothing else was expected"}},
		{"frozen at 200", oneOf("a"), frozenAt(stopsAt, "a/"), 99, []string{"had no picture from ", "to the end, outside of any fault", "1 of 1 media playlist answered 200 and stopped advancing at 10 s"}},
		{"no segments", oneOf("a"), func(path string, t time.Duration) (string, bool) {
			return "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:106\n", path == "a/v.m3u8" && t > stopsAt
		}, 99, []string{"had no picture from ", "1 of 1 media playlist answered 200 and listed no segment"}},
		{"one of two pipelines freezes", oneOf("a", "b"), frozenAt(stopsAt, "a/"), 99, []string{"had no picture from ", "1 of 2 media playlists answered 200 and stopped advancing at 10 s"}},
		{"frozen shortly before the end", oneOf("a"), frozenAt(31*time.Second, "a/"), 0, []string{"viewers were served", "1 of 1 media playlist answered 200 and stopped advancing at 30 s; players had", "s of buffer left when the run ended"}},
		{"one audio playlist is missing", demuxed("a", "b"), func(path string, _ time.Duration) (string, bool) {
			return "", path == "a/aud.m3u8"
		}, 99, []string{"the media playlist of aud of pipeline 0 was never there (404 × "}},
		{"a page for every segment after a while", oneOf("a"), func(path string, t time.Duration) (string, bool) {
			return "<!DOCTYPE html><title>Sign in</title>", t > stopsAt && strings.HasSuffix(path, ".ts")
		}, 99, []string{"had no picture from ", "segment answers cannot be media (HTML × ", " from http://127.0.0.1:"}},
		{"one pipeline's segments are errors", oneOf("a", "b"), func(path string, t time.Duration) (string, bool) {
			return `{"error": "no such segment"}`, strings.HasPrefix(path, "a/") && strings.HasSuffix(path, ".ts")
		}, 99, []string{"of pipeline 0 was never media (JSON × ", "outside of faults ", "segment answers cannot be media (JSON × "}},
	} {
		for mix, cohorts := range map[string]string{"web": web, "five": five} {
			t.Run(tc.name+", "+mix, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := runtest.NewNetwork()
					s := &pipelines{healthy: &healthy{began: time.Now()}, master: tc.master, at: tc.at}
					base, srv := m.Serve(s)
					defer srv.Close()
					sc := parse(t, "duration: 36s\nrecovery: 5s\nseed: 3\ntarget: {url: "+base+"/index.m3u8}\nfleet: {players: 6, arrive: {over: 2s}, cohorts: "+cohorts+"}\n")
					cmd, out, _ := quiet()
					exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: t.TempDir(), progress: progressNone}, network{web: look.Network{Dial: m.Dial}}))
					said := exit.msg + strings.Join(strings.Fields(out.String()), " ")
					if exit.code != tc.code {
						t.Errorf("exit code %d; want %d in\n%s", exit.code, tc.code, said)
					}
					for _, want := range tc.said {
						if !strings.Contains(said, want) {
							t.Errorf("%q is not said in\n%s", want, said)
						}
					}
				})
			})
		}
	}
}

// frozenAt answers playlists below a directory as they were at an instant.
func frozenAt(at time.Duration, dir string) func(path string, t time.Duration) (string, bool) {
	return func(path string, t time.Duration) (string, bool) {
		if t < at || !strings.HasPrefix(path, dir) || !strings.HasSuffix(path, ".m3u8") {
			return "", false
		}
		return (&healthy{began: time.Now().Add(-at)}).media(2, "2.0", "%d.ts"), true
	}
}
