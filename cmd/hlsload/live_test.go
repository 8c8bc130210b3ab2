package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/look"
	"hlsload/run/runtest"
)

// A run shows its report while it goes on, and the finished one at the end.
func TestRunLive(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	var pages []string
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			transport := &http.Transport{DialContext: m.Dial}
			defer transport.CloseIdleConnections()
			get := func(path string) string {
				res, err := (&http.Client{Transport: transport}).Get("http://127.0.0.1:1000/" + path) // the first that listens
				if err != nil {
					return err.Error()
				}
				defer res.Body.Close()
				body, _ := io.ReadAll(res.Body)
				return string(body)
			}
			time.Sleep(25*time.Second + 500*time.Millisecond)
			page := get("")
			pages = append(pages, page)
			for i := strings.Index(page, `"live":`); i > 0; i = strings.Index(page, `"live":`) {
				version := 0
				fmt.Sscanf(page[i:], `"live":%d`, &version)
				if next := get(fmt.Sprintf("now?after=%d", version)); next != "" {
					page = next
					pages = append(pages, page)
				}
			}
		}()
		code := executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}},
			[]string{"run", "testdata/scenarios/short.yaml", "--live", "8080", "--progress", "none", "--out", t.TempDir()}, &stdout, &stderr)
		if code != 0 {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
		<-seen
	})
	if got := stderr.String(); got != "report while the run goes on: http://127.0.0.1:1000/\n" {
		t.Errorf("said %q", got)
	}
	if len(pages) < 8 || len(pages) > 14 {
		t.Fatalf("%d pages in 35 s; want one in 3 s", len(pages))
	}
	for i, page := range pages {
		if running := strings.Contains(page, "Running, 0:"); running != (i < len(pages)-1) || strings.Contains(page, "✓ Pass") == running {
			t.Errorf("page %d of %d shows a run that goes on: %v", i+1, len(pages), running)
		}
	}
	if code, _, stderr := executed(t, "run", "testdata/scenarios/short.yaml", "--live", "here", "--out", t.TempDir()); code != exitUsage || !strings.Contains(stderr, `live page: address "here"`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, _, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--live", "8080", "--out", t.TempDir()); code != exitUsage || !strings.Contains(stderr, "--live") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
