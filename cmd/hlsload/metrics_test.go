package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

// A run serves its metrics, stays until its final values have been scraped twice, and
// leaves them in a file.
func TestRunMetrics(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	var bodies []string
	dir := t.TempDir()
	file := filepath.Join(dir, "run.prom")
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			transport := &http.Transport{DialContext: m.Dial}
			defer transport.CloseIdleConnections()
			time.Sleep(2 * time.Second)
			for {
				time.Sleep(10 * time.Second)
				res, err := (&http.Client{Transport: transport}).Get("http://127.0.0.1:1000/metrics") // the first that listens
				if err != nil {
					return
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				bodies = append(bodies, string(body))
			}
		}()
		began := time.Now()
		code := executeOn(t.Context(), network{listen: m.Listen, web: look.Network{Dial: m.Dial}},
			[]string{"run", "testdata/scenarios/short.yaml", "--metrics", "9464", "--linger", "--prom", file, "--quiet", "--out", filepath.Join(dir, "out")}, &stdout, &stderr)
		if took := time.Since(began); code != 0 || took < 72*time.Second || took > 76*time.Second {
			t.Errorf("exit code %d after %v; want 0 after two scrapes: %s", code, took, &stderr)
		}
		<-seen
	})
	if got := stderr.String(); got != "metrics for Prometheus: http://127.0.0.1:1000/metrics\nthe metrics stay at http://127.0.0.1:1000/metrics until they have been scraped twice (5 minutes at most, or until interrupted)\n" {
		t.Errorf("said %q", got)
	}
	if len(bodies) != 7 {
		t.Fatalf("%d scrapes; want 5 and 2", len(bodies))
	}
	for i, body := range bodies {
		fault, over := strings.Contains(body, `hlsload_fault_active{fault="kill-0",pipeline="0",type="pipeline.kill"} 1`), strings.Contains(body, `hlsload_run_verdict{verdict="pass"} 1`)
		if fault != (i == 1) || over != (i >= 5) { // 22 s; the fault lasts from 15 s to 30 s
			t.Errorf("scrape %d: fault on %v, run over %v", i+1, fault, over)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	served := ""
	for line := range strings.Lines(bodies[6]) {
		if strings.Contains(line, "hlsload_") {
			served += line
		}
	}
	if string(data) != served {
		t.Errorf("the file is not what was served last")
	}
	s, err := reports.Read(filepath.Join(dir, "out"))
	if err != nil || !strings.Contains(string(data), fmt.Sprintf(`hlsload_run_info{run="%s",scenario="short",seed="3",`, s.RunID)) {
		t.Errorf("%v: the metrics do not name the run %s", err, s.RunID)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); left != nil {
		t.Errorf("left %v", left)
	}
}

// An interrupt ends the wait for the last scrapes, too.
func TestLingerInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		began := time.Now()
		var stdout, stderr bytes.Buffer
		code := executeOn(ctx, network{listen: m.Listen, web: look.Network{Dial: m.Dial}},
			[]string{"run", "testdata/scenarios/short.yaml", "--metrics", "9464", "--linger", "--quiet", "--out", t.TempDir()}, &stdout, &stderr)
		if took := time.Since(began); code != 0 || took < 100*time.Second || took > 103*time.Second {
			t.Errorf("exit code %d after %v; want 0 after 100s: %s", code, took, &stderr)
		}
	})
}

// The file of a simulation is the same for the same seed.
func TestSimulateProm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var texts []string
	for i := range 2 {
		file := filepath.Join(dir, "sim.prom")
		if code, _, stderr := executed(t, "simulate", "testdata/scenarios/short.yaml", "--prom", file, "--label", "branch=main", "--quiet", "--out", filepath.Join(dir, fmt.Sprint(i))); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], `hlsload_expectation_pass{branch="main",expectation="rebuffer_ratio < 50%"} 1`) || strings.Contains(texts[0], "go_") || strings.Contains(texts[0], "process_") {
		t.Errorf("the same: %v; %.3000s", texts[0] == texts[1], texts[0])
	}
}

// What cannot be served or written is refused before the run.
func TestMetricsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		says string
		args []string
	}{
		{`metrics: address "here" (want`, []string{"run", "--metrics", "here"}},
		{"--linger: no metrics are served (want --metrics ADDR, too)", []string{"run", "--linger"}},
		{"unknown flag: --metrics", []string{"simulate", "--metrics", "9464"}},
		{"file for the metrics: " + dir + " is not a regular file", []string{"run", "--prom", dir}},
		{"file for the metrics: " + os.DevNull + " is not a regular file", []string{"simulate", "--prom", os.DevNull}},
		{"--label: no metrics go anywhere", []string{"run", "--label", "branch=main"}},
		{`--label kind=x: name "kind" (want one that hlsload_requests_total does not have)`, []string{"run", "--metrics", "9464", "--label", "kind=x"}},
		{"--label branch (want NAME=VALUE, each name once)", []string{"simulate", "--prom", filepath.Join(dir, "x.prom"), "--label", "branch"}},
		{`--label 1st=x: name "1st" (want letters`, []string{"simulate", "--prom", filepath.Join(dir, "x.prom"), "--label", "1st=x"}},
		{`address of an OTLP collector "collector:4318" (want http://`, []string{"simulate", "--otlp", "collector:4318"}},
		{"no such file or directory", []string{"simulate", "--prom", filepath.Join(dir, "none", "x.prom")}},
	} {
		out := filepath.Join(dir, "out")
		code, _, stderr := executed(t, append(c.args, "testdata/scenarios/short.yaml", "--out", out)...)
		if _, err := os.Stat(out); code != exitUsage || !strings.Contains(stderr, c.says) || err == nil {
			t.Errorf("%v: exit code %d, results %v: %s", c.args, code, err == nil, stderr)
		}
	}
}

// A scenario with very many faults has few series all the same, and says so.
func TestManySeries(t *testing.T) {
	text := "version: 1\nname: many\nduration: 10m\ntarget: {rig: {ladder: mini}}\nfleet:\n  players: 10\n  cohorts:\n"
	for i := range 10 {
		text += fmt.Sprintf("    - {name: c%d, share: 10%%, profile: hlsjs-1.7}\n", i)
	}
	text += "chaos:\n"
	for i := range 20 {
		text += fmt.Sprintf("  - {name: slow-%d, fault: edge.slow, at: %ds, for: 5s, by: 1s}\n", i, 60+20*i)
	}
	file := filepath.Join(t.TempDir(), "many.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := executed(t, "validate", file)
	if code != 0 || !strings.Contains(stdout, "valid\n  metrics: at most ") || !strings.Contains(stderr, "warning: metrics: this scenario would have 8,") || !strings.Contains(stderr, "what faults do is not divided by cohort") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, _ := executed(t, "validate", "--json", file); code != 0 || !strings.Contains(stdout, `"series": 1`) || !strings.Contains(stdout, `"warning": "metrics: this`) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}
