//go:build !noaws

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hlsload/chaos/aws/emulate"
)

// emulated is an account on loopback, and the stream that its channel makes.
type emulated struct {
	*emulate.Account
	channel  *emulate.Channel
	bucket   *emulate.Bucket
	endpoint string
	urls     string // a value for --set target.url
	env      []string
}

func newEmulated(t *testing.T) *emulated {
	t.Helper()
	e := &emulated{Account: emulate.New(nil)}
	e.bucket = e.AddBucket("example-live", true)
	e.channel = e.AddChannel("1234567", e.bucket, "live/p0/", "live/p1/")
	api, viewers := httptest.NewServer(e.Account), httptest.NewServer(e.bucket)
	t.Cleanup(api.Close)
	t.Cleanup(viewers.Close)
	e.endpoint = api.URL
	e.urls = fmt.Sprintf(`target.url=["%s/live/p0/index.m3u8", "%s/live/p1/index.m3u8"]`, viewers.URL, viewers.URL)
	e.env = []string{
		"AWS_ENDPOINT_URL=" + api.URL, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=planted-secret-key",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
	}
	return e
}

// program is hlsload in a process of its own.
func (e *emulated) program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "HLSLOAD_TEST_IS_THE_PROGRAM=1"), e.env...)
	return cmd
}

// TestKilled kills runs at random moments and undoes what they left from their
// journals. HLSLOAD_TEST_KILLS says how often.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds of real time")
	}
	kills := 5
	if n, err := strconv.Atoi(os.Getenv("HLSLOAD_TEST_KILLS")); err == nil {
		kills = n
	}
	for i := range kills {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			e := newEmulated(t)
			before := e.State()
			dir := filepath.Join(t.TempDir(), "out")
			cmd := e.program(t.Context(), "run", "testdata/scenarios/aws.yaml", "--yes", "--out", dir, "--progress", "none",
				"--set", e.urls, "--set", "chaos.pause-0.at=1s", "--set", "chaos.pause-0.for=3s", "--duration", "20s")
			var output bytes.Buffer
			cmd.Stdout, cmd.Stderr = &output, &output
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// From the first call that changes something, at a moment of the next
			// seconds.
			random := rand.New(rand.NewPCG(uint64(i), 4))
			deadline := time.Now().Add(20 * time.Second)
			for !e.changed() && time.Now().Before(deadline) {
				time.Sleep(2 * time.Millisecond)
			}
			time.Sleep(time.Duration(random.Int64N(int64(5 * time.Second))))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if !e.changed() {
				t.Fatalf("nothing was changed\n%s", &output)
			}
			undo, err := e.program(t.Context(), "undo", filepath.Join(dir, "journal.ndjson")).CombinedOutput()
			if err != nil {
				t.Errorf("undo: %v\n%s", err, undo)
			}
			if got := e.State(); got != before {
				t.Errorf("left behind:\n%s\nwant\n%s\nundo said %s", got, before, undo)
			}
			again, err := e.program(t.Context(), "undo", filepath.Join(dir, "journal.ndjson")).CombinedOutput()
			if err != nil || !strings.Contains(string(again), "nothing was left behind") {
				t.Errorf("again: %v\n%s", err, again)
			}
		})
	}
}

// changed tells whether a request has changed something.
func (e *emulated) changed() bool {
	for _, r := range e.Requests() {
		if r.Mutates && r.Service != "sts" {
			return true
		}
	}
	return false
}
