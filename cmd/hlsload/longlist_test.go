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

// TestLongDVR watches twelve hours of segments of 2 s with signed URLs of 500
// bytes, which fit, and a day of them, which the scenario must allow.
func TestLongDVR(t *testing.T) {
	t.Parallel()
	slow(t)
	signature := strings.Repeat("x", 480)
	for _, tt := range []struct {
		hours  int
		limits string
		code   int
		said   string
	}{
		{12, "", 0, "viewers were served"},
		{24, "", 112, "more than 16 MiB"},
		{24, "limits: {playlist: 64MB}\n", 0, "viewers were served"},
	} {
		t.Run(fmt.Sprint(tt.hours, tt.limits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				h := &healthy{began: time.Now(), strange: map[string]http.HandlerFunc{}}
				old := strings.Repeat("#EXTINF:2.000,\nold.ts?"+signature+"\n", tt.hours*1800)
				h.strange["/media.m3u8"] = func(w http.ResponseWriter, _ *http.Request) {
					fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n", old)
					for n := 95; n <= h.last(); n++ {
						fmt.Fprintf(w, "#EXTINF:2.000,\n%d.ts\n", n)
					}
				}
				base, srv := m.Serve(h)
				defer srv.Close()
				sc := parse(t, "duration: 20s\ntarget: {url: "+base+"/index.m3u8}\n"+tt.limits+"fleet: {players: 2, cohorts: [{name: a, share: 100%, profile: hlsjs-1.7}]}\n")
				cmd, out, _ := quiet()
				exit := exitOf(perform(cmd, &run.Config{Scenario: sc}, &output{dir: t.TempDir(), progress: progressNone}, network{web: look.Network{Dial: m.Dial}}))
				if said := exit.msg + out.String(); exit.code != tt.code || !strings.Contains(said, tt.said) {
					t.Errorf("exit code %d; want %d and %q in\n%s", exit.code, tt.code, tt.said, said)
				}
				if tt.hours == 12 {
					return
				}
				args := []string{base + "/index.m3u8"}
				if tt.limits != "" {
					args = append(args, "--playlist-limit", "64MB")
				}
				probe := probeCommand(network{web: look.Network{Dial: m.Dial}})
				probe.SetArgs(args)
				probe.SetContext(t.Context())
				var said strings.Builder
				probe.SetOut(&said)
				probe.SilenceErrors, probe.SilenceUsage = true, true
				err := probe.Execute()
				if tooLong := strings.Contains(said.String()+fmt.Sprint(err), "more than 16 MiB"); tooLong != (tt.limits == "") {
					t.Errorf("probe: %v\n%s", err, said.String())
				}
			})
		})
	}
}
