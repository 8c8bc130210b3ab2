//go:build full

package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
)

// addDelivery adds what is in front of the channel and behind it.
func addDelivery(a *awstest.Account) {
	a.AddDistribution("E1EXAMPLE")
	a.AddFlow("feed", "feed-0", "feed-1")
	const channel, policy = "channelGroup/live/channel/news", `{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Allow","Principal":"*","Action":"mediapackagev2:ACTION","Resource":"arn:aws:mediapackagev2:eu-west-1:123456789012:PATH"}]}`
	for path, action := range map[string]string{channel: "PutObject", channel + "/originEndpoint/hls": "GetObject"} {
		a.AddPackager(path).SetPolicy(strings.NewReplacer("ACTION", action, "PATH", path).Replace(policy))
	}
}

// TestDeliveryOnAWS is runs whose faults are made on CloudFront, MediaConnect
// and MediaPackage, by the program as it is.
func TestDeliveryOnAWS(t *testing.T) {
	setCredentials(t)
	const file = "testdata/scenarios/aws-delivery.yaml"
	for _, c := range []struct {
		name      string
		args      []string
		delay     time.Duration // until a change has an effect
		interrupt time.Duration
		code      int
		said      string
	}{
		{"as it is", nil, 3 * time.Second, 0, reports.ExitPass, "PASS"},
		{"interrupted while it is deployed", nil, 3 * time.Second, 13 * time.Second, reports.ExitInterrupted, "interrupted by the user"},
		{"interrupted while the feed is cut", nil, time.Second, 45 * time.Second, reports.ExitInterrupted, "interrupted by the user"},
		{"never deployed", []string{"--duration", "12m"}, time.Hour, 0, reports.ExitFault, "InProgress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble()
				defer b.srv.Close()
				addDelivery(b.Account)
				b.Delay = c.delay
				before := b.State()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.interrupt > 0 {
					time.AfterFunc(c.interrupt, cancel)
				}
				args := append([]string{"run", file, "--yes", "--progress", "none", "--out", filepath.Join(t.TempDir(), "out"), "--set", b.urls}, c.args...)
				code, said := b.run(ctx, args...)
				if code != c.code || !strings.Contains(strings.Join(strings.Fields(said), " "), c.said) {
					t.Errorf("exit code %d; want %d and %q in\n%s", code, c.code, c.said, said)
				}
				time.Sleep(c.delay)
				if got := b.State(); got != before {
					t.Errorf("got\n%s\nwant\n%s", got, before)
				}
			})
		})
	}
}
