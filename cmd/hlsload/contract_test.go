package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// summaryFields are the fields of summary.json that scripts may rely on, with their shapes:
// text, number, value (a number, or null = never or not measured), flag, dist, texts,
// numbers, or counts (an object of numbers). A field of every item is at "list.*.field".
const summaryFields = `
schema text
scenario.name text
scenario.description text
scenario.file text
scenario.sha256 text
seed number
mode text
target text
build text
started text
ended text
duration_s number
verdict text
void_reason text
warnings texts
exit_code number
expectations.*.expr text
expectations.*.value value
expectations.*.pass flag
expectations.*.reason text
known.*.expr text
known.*.value value
known.*.holds flag
known.*.reason text
players.started number
players.peak number
players.startup_failed number
players.unfinished number
players.fatal number
players.stalled number
players.playing_at_end number
cohorts.all.players number
cohorts.web.players number
cohorts.*.players number
cohorts.*.startup_ms dist
cohorts.*.stall_ms dist
cohorts.*.rebuffer_ratio value
cohorts.*.live_latency_ms dist
cohorts.*.bitrate_bps value
cohorts.*.switches.up number
cohorts.*.switches.down number
cohorts.*.fatal number
faults.*.name text
faults.*.occurrence number
faults.*.fault text
faults.*.via text
faults.*.pipeline value
faults.*.applied_at_s value
faults.*.cleared_at_s value
faults.*.undo_verified flag
faults.*.affected number
faults.*.joined_during number
faults.*.failed_over number
faults.*.healed number
faults.*.recovered number
faults.*.left number
faults.*.never_recovered number
faults.*.flapped_back number
faults.*.probes number
faults.*.fatal number
faults.*.detection_ms dist
faults.*.failover_ms dist
faults.*.outage_ms dist
faults.*.by_profile.*.affected number
faults.*.by_profile.*.failed_over number
faults.*.by_profile.*.healed number
faults.*.by_profile.*.never_recovered number
faults.*.by_profile.*.fatal number
faults.*.by_profile.*.failover_ms dist
faults.*.by_profile.*.outage_ms dist
faults.*.watching_at_onset number
faults.*.why text
faults.*.what_helps texts
faults.*.origin.baseline_rps value
faults.*.origin.peak_rps value
faults.*.origin.amplification value
faults.*.edge.baseline_rps value
faults.*.edge.peak_rps value
faults.*.edge.failed_rps value
faults.*.edge.amplification value
requests.multivariant.count number
requests.media.count number
requests.init.count number
requests.segment.count number
requests.*.count number
requests.*.errors number
requests.*.bytes number
requests.*.ttfb_ms dist
requests.*.total_ms dist
edge.requests number
edge.bytes number
edge.rps.mean value
edge.rps.max value
edge.bps.mean value
edge.bps.max value
edge.by_pop counts
origin.source text
origin.requests number
origin.bytes number
origin.rps.mean value
origin.rps.max value
origin.hit_ratio value
origin.by_status counts
timeline_step_s number
timeline.*.t_s number
timeline.*.joining number
timeline.*.playing number
timeline.*.stalled number
timeline.*.pipeline numbers
timeline.*.edge_rps value
timeline.*.edge_bps value
timeline.*.origin_rps value
timeline.*.origin_bps value
timeline.*.errors number
tester.lag_ms dist
tester.cpu_s number
tester.rss_peak_bytes number
tester.dropped_samples number
tester.goroutines_peak number
`

// TestFieldsOfTheSummary: a summary has the fields that scripts rely on, in their shapes.
func TestFieldsOfTheSummary(t *testing.T) {
	dir, reached := t.TempDir(), map[string]bool{}
	for _, args := range [][]string{
		{"simulate", "playlist-freeze", "--players", "40"},
		{"simulate", "pipeline-kill", "--players", "40"},
	} {
		_, stdout, stderr := executed(t, append(args, "--json", "--progress", "none", "--out", dir+"/"+args[1])...)
		var summary any
		if err := json.Unmarshal([]byte(stdout), &summary); err != nil {
			t.Fatalf("%v: %v: %s", args, err, stderr)
		}
		for line := range strings.Lines(strings.TrimSpace(summaryFields)) {
			path, shape, _ := strings.Cut(strings.TrimSpace(line), " ")
			problem, some := wrong(summary, strings.Split(path, "."), shape)
			if problem != "" {
				t.Errorf("%v: %s: %s", args, path, problem)
			}
			reached[path] = reached[path] || some
		}
	}
	for path, some := range reached {
		if !some {
			t.Errorf("%s: no summary has any", path)
		}
	}
}

// wrong says what is wrong with the values at a path, "" = nothing, and whether there are
// some.
func wrong(v any, path []string, shape string) (problem string, some bool) {
	if len(path) > 0 && path[0] == "*" {
		var items []any
		switch v := v.(type) {
		case []any:
			items = v
		case map[string]any:
			for _, item := range v {
				items = append(items, item)
			}
		default:
			return fmt.Sprintf("got %T; want a list or an object", v), false
		}
		for i, item := range items {
			problem, below := wrong(item, path[1:], shape)
			if problem != "" {
				return "item " + strconv.Itoa(i) + ": " + problem, true
			}
			some = some || below
		}
		return "", some
	}
	if len(path) > 0 {
		object, ok := v.(map[string]any)
		below, there := object[path[0]]
		if !ok || !there {
			return "no field " + path[0], true
		}
		return wrong(below, path[1:], shape)
	}
	number := func(v any) bool { _, ok := v.(float64); return ok }
	text := func(v any) bool { _, ok := v.(string); return ok }
	list, isList := v.([]any)
	object, isObject := v.(map[string]any)
	ok := false
	switch shape {
	case "text":
		ok = text(v)
	case "number":
		ok = number(v)
	case "value":
		ok = v == nil || number(v)
	case "flag":
		_, ok = v.(bool)
	case "texts":
		ok = isList && !slices.ContainsFunc(list, func(v any) bool { return !text(v) })
	case "numbers":
		ok = isList && !slices.ContainsFunc(list, func(v any) bool { return !number(v) })
	case "counts":
		ok = isObject
		for _, n := range object {
			ok = ok && number(n)
		}
	case "dist":
		ok = number(object["count"]) && number(object["censored"]) && text(object["hist"])
		for _, name := range []string{"min", "mean", "p50", "p90", "p95", "p99", "max"} {
			n, there := object[name]
			ok = ok && there && (n == nil || number(n))
		}
	}
	if !ok {
		return fmt.Sprintf("got %.60v; want a %s", v, shape), true
	}
	return "", true
}
