package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"hlsload/reports"
	"hlsload/scenarios"
)

// ran is a run as bench-fleet makes it.
func ran() *reports.Summary {
	return &reports.Summary{Schema: reports.Schema, Mode: reports.ModeRun, Target: "http://127.0.0.1:8080/index.m3u8", Build: "1.2.3 (abc)", Verdict: reports.Pass, Ended: "2026-12-01T23:30:00+01:00",
		Players: reports.Players{Peak: 5000}, Requests: map[string]*reports.RequestSummary{"media": {Count: 600_000}, "segment": {Count: 400_000}},
		Tester: reports.Tester{CPUS: 52.34, LagMs: reports.Dist{P99: 18}}}
}

func TestMeasured(t *testing.T) {
	m, err := measured(ran(), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := scenarios.Machine{Cores: 2, Players: 5000, CPU: 52300 * time.Nanosecond, Source: "make bench-fleet with hlsload 1.2.3 (abc), lag p99 18 ms", Seen: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if *m != want {
		t.Errorf("%+v; want %+v", *m, want)
	}
	for _, tc := range []struct {
		set  func(*reports.Summary)
		want string
	}{
		{func(s *reports.Summary) { s.Verdict, s.VoidReason = reports.Void, "this machine was too slow" }, "of a run that is void: this machine was too slow"},
		{func(s *reports.Summary) { s.Verdict, s.Interrupted = reports.Interrupted, "signal" }, "that is interrupted: signal"},
		{func(s *reports.Summary) { s.Mode = reports.ModeSimulate }, "figures of a simulate"},
		{func(s *reports.Summary) { s.Target = reports.Rig }, "of a stream that another one serves"},
		{func(s *reports.Summary) { s.Agents = make([]reports.AgentSummary, 2) }, "with 2 agents"},
		{func(s *reports.Summary) { s.Requests = nil }, "with 0 requests"},
		{func(s *reports.Summary) { s.Players.Peak = 0 }, "of 0 players"},
		{func(s *reports.Summary) { s.Tester.CPUS = 0 }, "0 s of CPU"},
		{func(s *reports.Summary) { s.Ended = "today" }, `ended at "today"`},
	} {
		s := ran()
		tc.set(s)
		if m, err := measured(s, 2); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v, %v; want an error with %s", m, err, tc.want)
		}
	}
}

// TestNetwork: the fastest card with a link counts.
func TestNetwork(t *testing.T) {
	cards := fstest.MapFS{"lo/speed": {Data: []byte("400000\n")}, "down/speed": {Data: []byte("-1\n")}, "odd/speed": {Data: []byte("fast\n")}, "virtual/mtu": {Data: []byte("1500\n")}}
	if n := network(cards); n != 0 {
		t.Errorf("without a link: %d; want 0", n)
	}
	cards["eth0/speed"], cards["eth1/speed"] = &fstest.MapFile{Data: []byte("1000\n")}, &fstest.MapFile{Data: []byte("25000\n")}
	if n := network(cards); n != 25e9 {
		t.Errorf("%d; want 25000000000", n)
	}
}

// TestNoRun: a directory without a run is an error.
func TestNoRun(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err == nil {
		t.Error("figures of nothing")
	}
	if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(dir); err == nil {
		t.Error("figures of an empty summary")
	}
}
