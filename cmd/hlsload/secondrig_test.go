package main

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestFivePlayersOnAStreamOfYourOwn: what README says to run on a stream of one's own
// passes on a healthy redundant stream, a second rig.
func TestFivePlayersOnAStreamOfYourOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(simEpoch) - time.Second)
		m := runtest.NewNetwork()
		began := time.Now()
		channel, err := rig.New(*parse(t, "target: {rig: {ladder: hd-720p}}").Target.Rig, 7, began)
		if err != nil {
			t.Fatal(err)
		}
		srv, err := serve.Start(context.Background(), serve.Config{Rig: channel, Listener: m.Listen})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		time.Sleep(time.Minute)
		var stdout, stderr bytes.Buffer
		code := executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}}, []string{"run", "pipeline-kill", "--url", srv.Edge(0) + channel.Entry(0), "--players", "5", "--out", dir, "--progress", "none"}, &stdout, &stderr)
		if code != 0 {
			t.Errorf("exit code %d; want 0:\n%s%s", code, &stdout, &stderr)
		}
	})
}
