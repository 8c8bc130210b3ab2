//go:build full

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestShippedOnAWS runs the scenario for a real channel on an emulated one:
// with its faults it passes, without them it does not.
func TestShippedOnAWS(t *testing.T) {
	slow(t)
	setCredentials(t)
	for _, c := range []struct {
		name     string
		applying func(chaos.Applier) chaos.Applier
		code     int
	}{
		{"as it is", nil, reports.ExitPass},
		{"nothing is injected", func(a chaos.Applier) chaos.Applier { return nothing{a, false} }, reports.ExitFault},
		{"nothing is injected, and nobody notices", func(a chaos.Applier) chaos.Applier { return nothing{a, true} }, reports.ExitFail},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(simEpoch) - time.Second)
				account := awstest.New(nil)
				bucket := account.AddBucket("example-live", true)
				bucket.Reader = "arn:aws:cloudfront::123456789012:distribution/E1EXAMPLE"
				account.AddChannel("1234567", bucket, "live/index_a", "live/index_b")
				account.AddFunction("stale-playlists").Watches = bucket
				account.AddDistribution("E1EXAMPLE")
				before := account.State()
				m := runtest.NewNetwork()
				base, srv := m.Serve(bucket)
				defer srv.Close()
				sc, err := load("../../scenarios/aws/pipeline-failover.yaml", &overrides{cmd: &cobra.Command{}, players: "20", set: []string{
					fmt.Sprintf(`target.url=["%s/live/index_a.m3u8", "%s/live/index_b.m3u8"]`, base, base)}})
				if err != nil {
					t.Fatal(err)
				}
				cmd, stdout, stderr := quiet()
				if exit := exitOf(perform(cmd, &run.Config{Scenario: sc, Applying: c.applying}, &output{dir: filepath.Join(t.TempDir(), "out"), progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}, aws: account})); exit.code != c.code {
					t.Errorf("exit code %d; want %d: %s\n%s%s", exit.code, c.code, exit.msg, stdout, stderr)
				}
				if got := account.State(); got != before {
					t.Errorf("left behind:\n%s\nwant\n%s", got, before)
				}
				if c.applying == nil && !strings.Contains(stdout.String(), "pause-0") {
					t.Errorf("said\n%s", stdout)
				}
				t.Logf("%s", stdout)
			})
		})
	}
}

func TestPlanAsJSONOnAWS(t *testing.T) { planAgrees(t, "aws/pipeline-failover") }
