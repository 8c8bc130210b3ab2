package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// pulled is a stream of two pipelines. The cable of pipeline 0 is pulled for
// a while: its playlists stop advancing, or answer 404.
type pulled struct {
	*healthy
	from, to time.Duration // since the stream began
	gone     bool
}

func (p *pulled) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	off := time.Since(p.began) >= p.from && time.Since(p.began) < p.to
	switch {
	case q.URL.Path == "/index.m3u8":
		fmt.Fprint(w, "#EXTM3U\n")
		for i := range 2 {
			fmt.Fprintf(w, "#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\np%d/media.m3u8\n", i)
		}
	case q.URL.Path == "/p0/media.m3u8" && off && p.gone:
		http.NotFound(w, q)
	case q.URL.Path == "/p0/media.m3u8" && off:
		then := &healthy{began: p.began.Add(time.Since(p.began) - p.from)}
		fmt.Fprint(w, then.media(2, "2.0", "%d.ts"))
	case strings.HasSuffix(q.URL.Path, "media.m3u8"):
		fmt.Fprint(w, p.media(2, "2.0", "%d.ts"))
	default:
		p.healthy.ServeHTTP(w, q)
	}
}

const manualText = `version: 1
name: cable
duration: 80s
recovery: 20s
target: {url: %s/index.m3u8}
fleet: {players: 4, arrive: {over: 1s, shape: linear}, cohorts: [{name: web, share: 100%%, profile: rfc8216bis}]}
chaos:
  - {name: cable, fault: manual, at: 20s, for: 30s, within: 15s, pipeline: 0}
expect:
  - failed_over{fault=cable} == 100%%
`

// TestManual: a person makes a fault and ends it; onset and end are read from the
// playlists, and what players do is measured from there.
func TestManual(t *testing.T) {
	for _, tc := range []struct {
		name           string
		from, to       float64 // seconds of the run
		gone           bool
		code           int
		onset, cleared float64 // at least; at most a target duration and two looks later
		said           []string
	}{
		{"frozen, and ended early", 25, 40, false, 0, 23, 40, []string{"** cable: MAKE THE FAULT NOW on pipeline 0; the playlists must show it within 15s", "unchanged for", "the fault is over since 0:4"}},
		{"gone, and ended when told", 25.5, 53, true, 0, 24.5, 53, []string{"the fault shows since 0:2", "status 404", "** cable: END THE FAULT NOW on pipeline 0"}},
		{"never made", 900, 901, false, reports.ExitFault, 0, 0, []string{"no fault was seen; do not make it any more", "VOID", "no fault was seen within 15s: 1 media playlists on pipeline 0 were read once a second, and all answered and advanced"}},
		{"never ended", 25, 900, true, reports.ExitFault, 24, 0, []string{"END THE FAULT NOW", "the media playlists do not all answer and advance"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "cable.yaml")
			var out bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				p := &pulled{healthy: &healthy{began: time.Now()}, gone: tc.gone}
				p.from, p.to = time.Duration(tc.from*1e9), time.Duration(tc.to*1e9)
				base, srv := m.Serve(p)
				defer srv.Close()
				if err := os.WriteFile(file, fmt.Appendf(nil, manualText, base), 0o600); err != nil {
					t.Fatal(err)
				}
				if code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial}}, []string{"run", file, "--out", filepath.Join(dir, "out"), "--progress", "plain"}, &out, &out); code != tc.code {
					t.Errorf("exit code %d; want %d", code, tc.code)
				}
			})
			text := strings.Join(strings.Fields(out.String()), " ")
			for _, want := range tc.said {
				if !strings.Contains(text, want) {
					t.Errorf("does not say %q", want)
				}
			}
			s := summaryOf(t, filepath.Join(dir, "out"))
			f := s["faults"].([]any)[0].(map[string]any)
			near := func(name string, want float64) {
				if got, known := f[name].(float64); known != (want > 0) || known && (got < want || got > want+4) {
					t.Errorf("%s: %v; want %v to %v", name, f[name], want, want+4)
				}
			}
			near("applied_at_s", tc.onset)
			near("cleared_at_s", tc.cleared)
			if over := f["failed_over"].(float64); (over == 4) != (tc.onset > 0) {
				t.Errorf("%v of 4 players failed over", over)
			}
			if t.Failed() {
				t.Logf("%s", &out)
			}
		})
	}
}

// TestManualNeedsAStream: a person cannot make a fault of the embedded channel.
func TestManualNeedsAStream(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rig.yaml")
	text := "version: 1\nname: rig\nduration: 60s\ntarget: {rig: {ladder: mini}}\nfleet: {players: 2}\nchaos: [{fault: manual, at: 20s, for: 20s}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := execute(t.Context(), []string{"simulate", file}, &out, &out); code != 104 || !strings.Contains(out.String(), "manual cannot be applied to") {
		t.Errorf("exit code %d: %s", code, &out)
	}
}
