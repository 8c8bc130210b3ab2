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
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestWhatARunCanShow: in the plan, before it starts and in the report, a run says what it cannot
// show on this stream; a fault that could show nothing is refused.
func TestWhatARunCanShow(t *testing.T) {
	t.Parallel()
	const two = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\nmedia.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\n/b/media.m3u8\n"
	const ended = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n#EXTINF:2,\n3.ts\n#EXT-X-ENDLIST\n"
	for name, tc := range map[string]struct {
		chaos, index, media string
		refused             string
		said, not           []string
	}{
		"one pipeline, a kill":         {"pipeline.kill, pipeline: 0", "", "", "", []string{"the stream has one pipeline with 1 variant, so no player can fail over", "f via viewer: only the answers", "404 after 3 s (1.5 target durations"}, nil},
		"one pipeline, a freeze":       {"playlist.freeze", "", "", "", []string{"one pipeline", "via viewer"}, []string{"it is assumed"}},
		"one pipeline, a slow network": {"net.latency, by: 100ms", "", "", "", []string{"one pipeline"}, []string{"via viewer: only"}},
		"two pipelines":                {"pipeline.kill, pipeline: 0", two, "", "", []string{"via viewer: only the answers"}, []string{"no player can fail over"}},
		"no such pipeline":             {"pipeline.kill, pipeline: 1", "", "", "fault f would change nothing: it selects pipeline 1, and this stream has 1 pipeline", nil, nil},
		"VOD, a kill":                  {"pipeline.kill", "", ended, "fault f (pipeline.kill) would change nothing: the stream is not live", nil, nil},
		"VOD, missing segments":        {"segment.missing", "", ended, "", []string{"one pipeline"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				h := &healthy{began: time.Now(), strange: map[string]http.HandlerFunc{}}
				if tc.index != "" {
					h.strange["/index.m3u8"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tc.index) }
					h.strange["/b/media.m3u8"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, h.media(2, "2.0", "%d.ts")) }
				}
				if tc.media != "" {
					h.strange["/media.m3u8"] = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tc.media) }
				}
				base, srv := m.Serve(h)
				defer srv.Close()
				var stdout, stderr bytes.Buffer
				args := []string{"testdata/scenarios/url.yaml", "--url", base + "/index.m3u8", "--set", "chaos=[{name: f, fault: " + tc.chaos + ", at: 8s, for: 5s}]", "--set", "recovery=2s"}
				on := network{web: look.Network{Dial: m.Dial}}
				var plan, refusal bytes.Buffer
				planned := executeOn(t.Context(), on, append([]string{"plan", "--look"}, args...), &plan, &refusal)
				code := executeOn(t.Context(), on, append([]string{"run", "--out", dir, "--progress", "plain"}, args...), &stdout, &stderr)
				if tc.refused != "" && (planned != exitUsage || !strings.Contains(refusal.String(), tc.refused)) {
					t.Errorf("plan: exit code %d; want %d and %q:\n%s", planned, exitUsage, tc.refused, &refusal)
				}
				if tc.refused != "" {
					if code != exitUsage || !strings.Contains(stderr.String(), tc.refused) {
						t.Errorf("exit code %d; want %d and %q:\n%s", code, exitUsage, tc.refused, &stderr)
					}
					return
				}
				s, err := reports.Read(dir)
				if err != nil {
					t.Fatalf("%v:\n%s", err, &stderr)
				}
				for where, text := range map[string]string{"before the start": stderr.String(), "in the report": strings.Join(s.Warnings, "\n"), "in the plan": plan.String()} {
					for _, want := range tc.said {
						if !strings.Contains(text, want) {
							t.Errorf("%s: no %q:\n%s", where, want, text)
						}
					}
					for _, bad := range tc.not {
						if strings.Contains(text, bad) {
							t.Errorf("%s: %q:\n%s", where, bad, text)
						}
					}
				}
			})
		})
	}
}
