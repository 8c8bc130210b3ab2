package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	content "hlsload/rig/media"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestLineup: what is said of pipelines whose media is the rig's, at timestamps
// of its own each.
func TestLineup(t *testing.T) {
	t.Parallel()
	slow(t)
	ts := content.Format{Container: content.TS, Video: true, Audio: true, Width: 256, Height: 144}
	fmp4 := content.Format{Container: content.FMP4, Video: true, Width: 256, Height: 144}
	sound := content.Format{Container: content.TS, Audio: true}
	rated := strings.ReplaceAll(variants("a", "b"), "BANDWIDTH", "FRAME-RATE=24,BANDWIDTH")
	number := func(path string) (n int) {
		fmt.Sscanf(path[strings.LastIndexByte(path, '/')+1:], "%d", &n)
		return n
	}
	// shifted is a pipeline's media, the second one's later by so many grid steps.
	shifted := func(a, b content.Format, by time.Duration) func(string) []byte {
		return func(path string) []byte {
			f, at := a, time.Hour
			if strings.HasPrefix(path, "/b/") {
				f, at = b, time.Hour+by
			}
			if strings.HasSuffix(path, "init.mp4") {
				return content.Init(f)
			}
			return content.AppendSegment(nil, f, at+time.Duration(number(path))*4*time.Second, 4*time.Second)
		}
	}
	for _, c := range []struct {
		name   string
		index  string
		media  func(string) []byte
		differ func(string) string
		want   []string
		not    string
	}{
		{"to the frame", rated, shifted(ts, ts, 0), nil,
			[]string{"Redundancy: 2 variants with a copy. Media (640x360, …): aligned to the frame. Segments with the same number", "The pipelines agree in everything"}, "Differences"},
		{"without a frame rate", variants("a", "b"), shifted(ts, ts, 0), nil, []string{"aligned to the millisecond."}, ""},
		{"off", rated, shifted(ts, ts, 500*time.Millisecond), nil,
			[]string{"Media (640x360, …): off by 500ms (12 frames). Segments with the same number begin that much later in the second pipeline", "Their playlists agree in everything"}, "The pipelines agree"},
		{"off, earlier", variants("a", "b"), shifted(ts, ts, -500*time.Millisecond), nil, []string{"off by 500ms. Segments with the same number begin that much earlier", "FRAME-RATE is absent"}, ""},
		{"numbers apart", rated, func(path string) []byte { return shifted(ts, ts, -4000*time.Second)(path) }, strings.NewReplacer("SEQUENCE:9", "SEQUENCE:109", "\n9", "\n109", "\n10", "\n110").Replace,
			[]string{"aligned to the frame, but equal segments have media sequence numbers that are 1000 apart (1h6m40s of media). Not affected, because they align by timestamps: avplayer-ios17, hlsjs-1.5, hlsjs-1.7",
				"vhs-3.17, vhs-3.17-other: plays higher numbers, stalls at lower ones", "media3-1.11: a higher number ends the session"}, ""},
		{"a segment apart", rated, shifted(ts, ts, 4*time.Second), nil, []string{"aligned to the frame, but equal segments have media sequence numbers that are 1 apart (4s of media)"}, ""},
		{"unrelated", rated, shifted(ts, ts, 10*time.Hour), nil, []string{"not aligned. Timestamps of segments with the same number are 10h0m0s apart", "so a failover skips, stalls or never resumes: avplayer-ios17, hlsjs-1.5, hlsjs-1.7, rfc8216bis."}, ""},
		{"clocks apart", rated, shifted(ts, ts, 0), strings.NewReplacer("DATE-TIME:20", "DATE-TIME:21").Replace,
			[]string{"aligned to the frame", "gstreamer-1.29, media3-1.8, shaka-5.2 align by date-time and find no media in the window", "hlsjs-1.5, hlsjs-1.7, media3-1.11, vhs-3.17, vhs-3.17-other do not use date-times"}, ""},
		{"other kinds", rated, shifted(ts, sound, 0), nil, []string{"alignment unknown: segments of one pipeline begin with video, those of the other one with audio only"}, ""},
		{"no media", rated, nil, nil, []string{"alignment unknown: the first 16 KiB of a segment have no timestamp", "The pipelines agree"}, ""},
		{"fmp4", rated, shifted(fmp4, fmp4, 500*time.Millisecond), mapped, []string{"off by 500ms (12 frames)"}, ""},
		{"encrypted", rated, shifted(ts, ts, 0), func(b string) string {
			return strings.Replace(b, "#EXT-X-MEDIA", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MEDIA", 1)
		}, []string{"alignment unknown: segments are encrypted (AES-128)"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				h := &pair{began: time.Now(), index: c.index, differ: c.differ, media: c.media, both: c.name == "fmp4"}
				base, srv := m.Serve(h)
				defer srv.Close()
				var out bytes.Buffer
				fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: probeTime})
				if err := probeStream(t.Context(), fetch, &out, false, base+"/index.m3u8"); err != nil {
					t.Error(err)
				}
				fetch.Close()
				flat := strings.Join(strings.Fields(out.String()), " ")
				for _, want := range c.want {
					if !strings.Contains(flat, want) {
						t.Errorf("lacks %q in\n%s", want, out.String())
					}
				}
				if c.not != "" && strings.Contains(flat, c.not) {
					t.Errorf("has %q in\n%s", c.not, out.String())
				}
			})
		})
	}
}

func mapped(b string) string {
	return strings.Replace(b, "#EXT-X-MEDIA-", "#EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-MEDIA-", 1)
}
