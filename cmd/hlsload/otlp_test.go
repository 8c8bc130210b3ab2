//go:build full

package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A simulation pushes its verdict; a collector that is away changes nothing but a warning.
func TestSimulateOTLP(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		z, err := gzip.NewReader(req.Body)
		if err != nil {
			t.Error(err)
			return
		}
		body, _ := io.ReadAll(z)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(body))
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer collector.Close()
	code, _, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--otlp", collector.URL, "--label", "branch=main", "--quiet", "--out", t.TempDir())
	if code != 0 || strings.Contains(stderr, "warning: push") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(bodies) == 0 {
		t.Fatal("nothing was pushed")
	}
	for _, want := range []string{"hlsload_run_verdict", "hlsload_failover_seconds", "branch", "main", "service.name"} {
		if last := bodies[len(bodies)-1]; !strings.Contains(last, want) {
			t.Errorf("%d bytes were pushed without %s", len(last), want)
		}
	}
}
