package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"hlsload/reports"
)

// TestShippedRemedies: the report of a scenario that fails on purpose says why, and first
// of what helps the remedy that its opening comment names.
func TestShippedRemedies(t *testing.T) {
	slow(t)
	for _, c := range []struct {
		name, args string
		fault      string
		why, helps string // in the text, and in the first that helps
	}{
		{"playlist-freeze", "", "freeze-0", "120 of the 210 sessions that lost the picture play hlsjs-1.7, which never leaves a playlist that keeps answering 200", "delete the playlists of one that is wrong"},
		{"playlist-freeze", "--set chaos.freeze-0.fault=playlist.delete", "freeze-0", "", ""},
		{"pipeline-kill-no-invalidator", "", "kill-0", "play hls.js 1.7.4 (90) or Shaka Player 5.2.12 (30), each of which never leaves", "--set target.rig.origin.stale=aws-sample"},
		{"single-pipeline", "", "kill-0", "each of which gives up for good when no pipeline is left", "--set target.rig.pipelines=2"},
		{"origin-5xx", "", "errors-0", "the CDN answers the origin's 5xx with the expired one", "--set chaos.errors-0.code=404"},
		{"error-caching", "", "gone", "which gives up when the multivariant playlist is missing", "--set target.rig.edge.error_ttl=1s"},
		{"soak-hard", "--duration 20m", "freeze-0", "media3 ExoPlayer 1.11.0, which ends in front of a playlist that stands still", "delete the playlists of one that is wrong"},
		{"pipeline-kill", "", "kill-0", "", ""},
	} {
		t.Run(c.name+c.args, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var stdout, stderr bytes.Buffer
			execute(t.Context(), append([]string{"simulate", c.name, "--out", dir, "--progress", "none"}, strings.Fields(c.args)...), &stdout, &stderr)
			s, err := reports.Read(dir)
			if err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			i := slices.IndexFunc(s.Faults, func(f reports.FaultSummary) bool { return f.Name == c.fault })
			f := &s.Faults[i]
			switch {
			case c.why == "" && (f.Why != "" || len(f.WhatHelps) > 0):
				t.Errorf("why %q, what helps %q; want both empty: no viewer lost the picture", f.Why, f.WhatHelps)
			case c.why == "":
			case !strings.Contains(f.Why, c.why) || len(f.WhatHelps) == 0 || !strings.Contains(f.WhatHelps[0], c.helps):
				t.Errorf("%q, %q; want %q, and %q first", f.Why, f.WhatHelps, c.why, c.helps)
			}
		})
	}
}
