package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// logged runs a scenario on the rig with an edge log, and returns the directory
// of its results and the log.
func logged(t *testing.T, text string) (dir, log string) {
	t.Helper()
	dir = t.TempDir()
	log = filepath.Join(dir, "edge.log")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(simEpoch) - time.Second)
		m := runtest.NewNetwork()
		cmd, _, _ := quiet()
		sc := parse(t, text)
		if err := perform(cmd, &run.Config{Scenario: sc, EdgeLog: log}, &output{dir: dir, progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}); err != nil && err.Error() != "" {
			t.Error(err)
		}
	})
	return dir, log
}

const loggedFleet = "duration: 50s\nrecovery: 10s\ntarget: {rig: {ladder: mini, segment: 2s}}\nchaos: [{name: f, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]\n"

// TestLogs joins the edges' own log to a run: every request is found and known
// to be ours, and the log has as many requests to the origin as the rig counted.
func TestLogs(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"header", "query"} {
		dir, log := logged(t, loggedFleet+"fleet: {players: 40, arrive: {over: 5s}, cmcd: "+way+"}\n")
		var out strings.Builder
		if code := execute(t.Context(), []string{"report", dir, "--logs", log}, &out, io.Discard); code != 0 {
			t.Fatalf("exit %d: %s", code, out.String())
		}
		s, err := reports.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		g := s.Logs
		if g.Ours < s.Edge.Requests-2 || g.Ours > s.Edge.Requests+2 || g.OursBySID != g.Ours || g.Others != 0 || g.Malformed != 0 || g.Viewers != 40 || g.ClockSkewS != 0 {
			t.Errorf("%s: %+v of %d requests", way, g, s.Edge.Requests)
		}
		if d := g.Origin - s.Origin.Requests; d < -1 || d > 1 {
			t.Errorf("%s: %d requests to the origin in the log; %d counted", way, g.Origin, s.Origin.Requests)
		}
		if s.Origin.Source != "rig" || len(s.Origin.Numbers) != 3 {
			t.Errorf("%s: origin by %s, %+v", way, s.Origin.Source, s.Origin.Numbers)
		}
		for i, row := range g.Timeline {
			if d := math.Abs(float64(row.Ours) - float64(s.Timeline[i].EdgeRps)); d > 2+0.05*float64(row.Ours) { // on their way at the turn of a second
				t.Errorf("%s: second %d: %d requests logged; %v sent", way, row.T, row.Ours, s.Timeline[i].EdgeRps)
			}
		}
		for _, want := range []string{"Access logs", "known by the session id of CMCD (40 viewers); 0 of others; the clocks agree"} {
			if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
				t.Errorf("%s: the report lacks %q:\n%s", way, want, out.String())
			}
		}
	}
}

// TestLogsOfOthers joins what a CDN would deliver: packed, half of it, with a
// clock of its own, and with requests of others in between.
func TestLogsOfOthers(t *testing.T) {
	t.Parallel()
	dir, log := logged(t, loggedFleet+"fleet: {players: 40, arrive: {over: 5s}, cmcd: header}\n")
	lines, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "E2EXAMPLE.2026-01-01-00.ab12.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(file)
	for i, line := range strings.SplitAfter(string(lines), "\n") {
		ms, rest, ok := strings.Cut(line, "\t")
		var at int64
		fmt.Sscan(ms, &at)
		switch {
		case !ok:
			io.WriteString(z, line)
		case i%2 == 0:
			fmt.Fprintf(z, "%d\t%s", at+7000, rest)
		case i%5 == 0: // another run, and somebody else's player
			fmt.Fprintf(z, "%d\t%s", at+7000, strings.ReplaceAll(rest, "sid=%22", "sid=%2200000000"))
			fmt.Fprintf(z, "%d\t%s", at-3600_000, rest)
		}
	}
	z.Close()
	file.Close()
	var out strings.Builder
	if code := execute(t.Context(), []string{"report", dir, "--logs", file.Name()}, &out, io.Discard); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	s, err := reports.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := s.Logs
	if g.ClockSkewS != 7 || g.Coverage < 0.49 || g.Coverage > 0.51 || g.Others == 0 || g.Outside != g.Others {
		t.Errorf("%+v", g)
	}
	all := strings.Join(s.Warnings, "\n")
	for _, want := range []string{"of the requests that the players sent: sampled, late or incomplete", "are 7 s apart"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning has %q: %s", want, all)
		}
	}
	var raw map[string]any
	b, _ := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err := json.Unmarshal(b, &raw); err != nil || raw["logs"] == nil {
		t.Error(err, raw["logs"])
	}
}

func TestLogsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, _, _ := quiet()
	if err := simulate(cmd, parse(t, loggedFleet+"fleet: {players: 2}\n"), &output{dir: dir, progress: progressNone}); err != nil && err.Error() != "" {
		t.Fatal(err)
	}
	for _, tc := range []struct{ args, want string }{
		{"report " + dir + " --logs nothing.log", "simulated runs have no CDN logs (got mode \"simulate\""},
		{"run pipeline-kill --url http://127.0.0.1:1/x --edge-log " + dir + "/x", "only the embedded channel writes an edge log"},
	} {
		var errs strings.Builder
		if code := execute(t.Context(), strings.Fields(tc.args), io.Discard, &errs); code == 0 || !strings.Contains(errs.String(), tc.want) {
			t.Errorf("%s: exit %d, %s; want %q", tc.args, code, errs.String(), tc.want)
		}
	}
}
