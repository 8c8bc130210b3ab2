package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
)

// Every summary says what was tested, with which program and when, and the report what
// does the same again; a run that did not begin does so as well.
func TestIdentity(t *testing.T) {
	t.Setenv("HLSLOAD_PLAYERS", "6")
	t.Setenv("HLSLOAD_DURATION", "70s")
	for _, c := range []struct {
		args      []string
		code      int
		target    string
		overrides []reports.Override
		again     string
	}{
		{[]string{"simulate", "testdata/scenarios/short.yaml", "--seed", "5", "--set", "fleet.players=9"}, 0, "rig",
			[]reports.Override{{Flag: "duration", Path: "duration", Value: "70s"}, {Path: "fleet.players", Value: "9"}},
			"hlsload simulate testdata/scenarios/short.yaml --duration 70s --set fleet.players=9 --seed 5"},
		{[]string{"run", "pipeline-kill", "--players", "5", "--url", "http://joe:hunter22@127.0.0.1:1/a.m3u8?token=abcdef99"}, reports.ExitUnreachable, "http://***@127.0.0.1:1/a.m3u8?token=***",
			[]reports.Override{{Flag: "duration", Path: "duration", Value: "70s"}, {Flag: "players", Path: "fleet.players", Value: "5"}, {Flag: "url", Path: "target.url", Value: "http://***@127.0.0.1:1/a.m3u8?token=***"}},
			"hlsload run pipeline-kill --duration 70s --players 5 --url 'http://***@127.0.0.1:1/a.m3u8?token=***' --seed 7"},
	} {
		dir := t.TempDir()
		if code, _, stderr := executed(t, append(c.args, "--out", dir)...); code != c.code {
			t.Fatalf("%q: exit code %d; want %d: %s", c.args, code, c.code, stderr)
		}
		s, err := reports.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if s.Target != c.target || s.Build != build() || !reflect.DeepEqual(s.Scenario.Overrides, c.overrides) || c.code != 0 && s.Scenario.Description == "" {
			t.Errorf("%q: target %q, build %q, scenario %+v", c.args, s.Target, s.Build, s.Scenario)
		}
		from, err := time.Parse(time.RFC3339, s.Started)
		if err != nil {
			t.Error(err)
		}
		if to, err := time.Parse(time.RFC3339, s.Ended); err != nil || to.Before(from.Truncate(time.Second)) {
			t.Errorf("%q: from %s to %s: %v", c.args, s.Started, s.Ended, err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, reports.MarkdownFile)); err != nil || !strings.Contains(string(text), c.again) {
			t.Errorf("no %q in\n%s", c.again, text)
		}
	}
}
