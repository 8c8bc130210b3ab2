package main

import (
	"bytes"
	"fmt"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProbeUnreadable: what one pipeline lists and cannot be read while the other's
// can is a difference, and the report says what players make of it.
func TestProbeUnreadable(t *testing.T) {
	t.Parallel()
	slow(t)
	master := "#EXTM3U\n"
	for _, x := range "ab" {
		master += fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%c\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"%c/aud.m3u8\"\n", x, x) +
			fmt.Sprintf("#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s%c\",NAME=\"Deutsch\",LANGUAGE=\"de\",URI=\"%c/sub.m3u8\"\n", x, x)
	}
	for k, v := range []string{"BANDWIDTH=900000,RESOLUTION=1280x720", "BANDWIDTH=400000,RESOLUTION=640x360"} {
		for _, x := range "ab" {
			master += fmt.Sprintf("#EXT-X-STREAM-INF:%s,CODECS=\"avc1.42e01e,mp4a.40.2\",AUDIO=\"%c\",SUBTITLES=\"s%c\"\n%c/v%d.m3u8\n", v, x, x, x, k)
		}
	}
	for _, tc := range []struct {
		dead string // path, or the end of one
		want []string
		not  string
	}{
		{"", []string{"The pipelines agree in everything"}, "cannot be read"},
		{"/a/aud.m3u8", []string{"Audio playlist of the first pipeline cannot be read.", "The pipelines differ in 1 way.",
			"audio playlist (English): listed, but cannot be read (status 404) and readable", "take audio from the other pipeline (ffmpeg-5.1", "hlsjs-1.7",
			"Not valid while the audio playlist of the first pipeline cannot be read"}, "agree in everything"},
		{"/b/aud.m3u8", []string{"audio playlist (English): readable and listed, but cannot be read (status 404)", "Players that fail over to it:"}, "agree in everything"},
		{"/a/v0.m3u8", []string{"variant playlist (1280x720): listed, but cannot be read (status 404) and readable", "fail over ("}, "agree in everything"},
		{"/a/sub.m3u8", []string{"subtitles playlist (Deutsch): listed, but cannot be read", "play on ("}, "agree in everything"},
		{"/a/aud/105.m4s", []string{"audio segments (English): listed, but cannot be read (status 404) and readable"}, "agree in everything"},
		{"/a/v0/init.mp4", []string{"variant initialization section (1280x720): listed, but cannot be read (status 404) and readable"}, "agree in everything"},
		{"/a/v0/key", []string{"variant key (1280x720): listed, but cannot be read (status 404) and readable"}, "agree in everything"},
		{"aud.m3u8", []string{"The pipelines agree in everything"}, "differ in"}, // of both
	} {
		t.Run(tc.dead, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				base, srv := m.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					dir := strings.TrimSuffix(r.URL.Path, ".m3u8")
					switch {
					case tc.dead != "" && strings.HasSuffix(r.URL.Path, tc.dead):
						http.NotFound(w, r)
					case r.URL.Path == "/index.m3u8":
						fmt.Fprint(w, master)
					case dir != r.URL.Path:
						fmt.Fprintf(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-KEY:METHOD=AES-128,URI=\"%s/key\"\n#EXT-X-MAP:URI=\"%s/init.mp4\"\n", dir, dir)
						for i := 100; i < 106; i++ {
							fmt.Fprintf(w, "#EXTINF:2,\n%s/%d.m4s\n", dir, i)
						}
					default:
						w.Write(bytes.Repeat([]byte("G"), 20_000))
					}
				}))
				defer srv.Close()
				var out bytes.Buffer
				fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: probeTime})
				defer fetch.Close()
				if err := probeStream(t.Context(), fetch, &out, false, base+"/index.m3u8"); (err != nil) != (tc.dead != "") {
					t.Errorf("%v", err)
				}
				flat := strings.Join(strings.Fields(out.String()), " ")
				for _, want := range tc.want {
					if !strings.Contains(flat, want) {
						t.Errorf("lacks %q in\n%s", want, out.String())
					}
				}
				if strings.Contains(flat, tc.not) {
					t.Errorf("has %q in\n%s", tc.not, out.String())
				}
				time.Sleep(time.Second)
			})
		})
	}
}

// TestProbeLowLatency names a low-latency stream.
func TestProbeLowLatency(t *testing.T) {
	t.Parallel()
	slow(t)
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		base, srv := m.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/index.m3u8":
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\nv.m3u8\n")
			case strings.HasSuffix(r.URL.Path, ".m3u8"):
				fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1\n#EXT-X-PART-INF:PART-TARGET=0.33\n"+
					"#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-PART:DURATION=0.33,URI=\"4.0.ts\"\n")
			default:
				w.Write(bytes.Repeat([]byte("G"), 20_000))
			}
		}))
		defer srv.Close()
		var out bytes.Buffer
		fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: probeTime})
		defer fetch.Close()
		if err := probeStream(t.Context(), fetch, &out, false, base+"/index.m3u8"); err != nil || strings.Count(out.String(), "This is a low-latency stream (EXT-X-PART of 330ms, CAN-BLOCK-RELOAD)") != 1 {
			t.Errorf("%v\n%s", err, out.String())
		}
		time.Sleep(time.Second)
	})
}
