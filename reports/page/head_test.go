package page

import (
	"io"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/reports"
)

// outages is a distribution of outages.
func outages(all ...time.Duration) reports.Dist {
	var h reports.Histogram
	for _, o := range all {
		h.Duration(o)
	}
	return h.Dist(1000, 0)
}

// frozen is a run on a URL in which three of four viewers lost the picture from 0:31 to
// 0:40.
func frozen() *reports.Summary {
	zero := 0
	s := &reports.Summary{
		Schema: reports.Schema, Mode: reports.ModeRun, Seed: 7, Verdict: reports.Fail, ExitCode: reports.ExitFail, DurationS: 60, TimelineStepS: 1,
		Target: "https://live.example.com/a/index.m3u8?token=***", Build: "v1.2.3, 0123456789ab, full", Started: "2026-11-29T23:59:30Z", Ended: "2026-11-30T00:00:30Z",
		Scenario: reports.Scenario{Name: "freeze", Description: "Pipeline 0 stands still.", File: "my freeze.yaml", Overrides: []reports.Override{{Flag: "players", Path: "fleet.players", Value: "4"}, {Path: "chaos.freeze-0.at", Value: "30s"}}},
		Players:  reports.Players{Started: 4, PlayingAtEnd: 4, Stalled: 3},
		Cohorts:  map[string]*reports.CohortSummary{"all": {Players: 4}, "web": {Players: 3, Profile: "hlsjs"}, "tv": {Players: 1, Profile: "shaka"}},
		Profiles: map[string]reports.ProfileSummary{"hlsjs": {Player: "hls.js 1.7.4"}, "shaka": {Player: "Shaka Player 5"}},
		Expectations: []reports.ExpectationResult{
			{Expr: "failed_over{fault=freeze-0} >= 99%", Value: .25, Reason: "measured 25 %"}, {Expr: "startup.p95 < 2s", Pass: true, Reason: "measured 300 ms"},
		},
		Faults: []reports.FaultSummary{{
			Name: "freeze-0", Occurrence: 1, Fault: string(chaos.PlaylistFreeze), Via: "rig", Pipeline: &zero, AppliedAtS: 30, ClearedAtS: 40, RecoveryEndS: 55, UndoVerified: true,
			WatchingAtOnset: 4, Affected: 4, FailedOver: 1, Healed: 3, Recovered: 4,
			Why: "hls.js never leaves a playlist that stands still.", WhatHelps: []string{"delete stale playlists at the origin. Source: a book. Try: --set target.rig.origin.stale=aws-sample", "page code that watches for it"},
			OutageMs:  outages(0, 9*time.Second, 9*time.Second, 9100*time.Millisecond),
			AtOnset:   &reports.FaultShare{Affected: 4, OutageMs: outages(0, 9*time.Second, 9*time.Second, 9100*time.Millisecond)},
			ByProfile: map[string]*reports.FaultShare{"hlsjs": {Affected: 3, OutageMs: outages(9*time.Second, 9*time.Second, 9100*time.Millisecond)}, "shaka": {Affected: 1, OutageMs: outages(0)}},
		}},
	}
	for i := range 60 {
		r := reports.Row{T: i, Playing: 4}
		if i >= 31 && i < 40 {
			r.Playing, r.Stalled = 1, 3
		}
		s.Timeline = append(s.Timeline, r)
	}
	return s
}

// all writes every file for people, and the terminal summary.
func all(t *testing.T, s *reports.Summary) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, write := range map[string]func(*reports.Summary, io.Writer) error{
		"html": WriteHTML, "markdown": WriteMarkdown, "junit": WriteJUnit,
		"terminal": func(s *reports.Summary, w io.Writer) error {
			return WriteText(s, w, TextOptions{Width: 1000})
		},
	} {
		var b strings.Builder
		if err := write(s, &b); err != nil {
			t.Fatal(err)
		}
		texts[name] = strings.NewReplacer("&#39;", "'", "&gt;", ">", "&lt;", "<").Replace(b.String())
	}
	return texts
}

// want looks for facts in files.
func want(t *testing.T, texts map[string]string, files string, facts ...string) {
	t.Helper()
	for _, name := range strings.Fields(files) {
		for _, fact := range facts {
			if !strings.Contains(texts[name], fact) {
				t.Errorf("%s: no %q in\n%s", name, fact, texts[name])
			}
		}
	}
}

const everywhere = "html markdown junit terminal"

func TestHeadOfAFailure(t *testing.T) {
	texts := all(t, frozen())
	want(t, texts, everywhere,
		"3 of the 4 viewers watching when the playlists of pipeline 0 stood still lost the picture for up to 9.1 s; all of them use hls.js 1.7.4; all got it back.",
		"https://live.example.com/a/index.m3u8?token=***", "2026-11-29 23:59:30 to 2026-11-30 00:00:30 UTC (60 s)",
		"hls.js never leaves a playlist that stands still.", "delete stale playlists at the origin", "page code that watches for it")
	want(t, texts, "html markdown junit", "v1.2.3, 0123456789ab, full", "freeze: Pipeline 0 stands still.",
		"4 sessions: 1 tv (Shaka Player 5), 3 web (hls.js 1.7.4)", "3 (75 %) of those watching at onset, up to 9.1 s (hls.js 1.7.4: 3 of 3, up to 9.1 s)",
		"over: all had the picture back by 0:41 (00:00:11 UTC)", "hlsload run 'my freeze.yaml' --players 4 --set chaos.freeze-0.at=30s --seed 7")
	want(t, texts, "html markdown", "0:30 to 0:40 (for 10 s); 00:00:00 to 00:00:10 UTC")
	_, after, _ := strings.Cut(texts["junit"], `<testcase name="expect: failed_over`)
	failure, _, _ := strings.Cut(after, "</failure>")
	if !strings.Contains(failure, "why: hls.js never leaves") || !strings.Contains(failure, "what helps: delete stale playlists") {
		t.Errorf("junit.xml: the expectation that names the fault fails without why and what helps:\n%s", failure)
	}
	head, _, _ := strings.Cut(texts["html"], "</header>")
	want(t, map[string]string{"head": head}, "head", "✕ Fail", "3 of the 4 viewers", "index.m3u8", "00:00:30 UTC", "0123456789ab", "hls.js never leaves", "delete stale playlists", "hlsload run")
	if strings.Contains(head, "a book") || !strings.Contains(head, "delete stale playlists at the origin (try --set target.rig.origin.stale=aws-sample)") {
		t.Errorf("the head has not only what helps:\n%s", head)
	}
	want(t, texts, "html markdown junit", "Source: a book. Try: --set")
	if open, folded := strings.Count(texts["html"], `<section class="card fault hurt"`), strings.Count(texts["html"], `<details class="card fault"`); open != 1 || folded != 0 {
		t.Errorf("%d open cards of faults and %d folded ones; want 1 and 0", open, folded)
	}
}

// An expectation that names no fault carries no remedy.
func TestRemedies(t *testing.T) {
	s := frozen()
	for expr, named := range map[string]bool{
		"failed_over{fault=freeze-0} >= 99%": true, "outage.p95{joined=before,fault=freeze-0} < 1s": true, "stalled{fault=freeze-0} - stalled{cohort=control} <= 1%": true,
		"rebuffer_ratio < 5%": false, "failed_over{fault=freeze} >= 99%": false,
	} {
		if text := Remedies(s, expr); strings.Contains(text, "what helps: ") != named {
			t.Errorf("%s: %q", expr, text)
		}
	}
}

func TestHeadOfAPass(t *testing.T) {
	s := frozen()
	f := &s.Faults[0]
	s.Mode, s.Target, s.Verdict, s.ExitCode, s.Scenario.File, s.Scenario.Overrides = reports.ModeSimulate, reports.Rig, reports.Pass, 0, "pipeline-kill", nil
	f.Fault, f.Why, f.WhatHelps, f.Healed, f.FailedOver, f.OutageMs, f.AtOnset, f.ByProfile = string(chaos.PipelineKill), "", nil, 0, 4, outages(0, 0, 0, 0), nil, nil
	f.FailoverMs = outages(3*time.Second, 4*time.Second, 5*time.Second, 6*time.Second)
	s.Expectations[0].Pass = true
	texts := all(t, s)
	want(t, texts, everywhere, "None of the 4 viewers watching when pipeline 0 crashed lost the picture: all 4 switched to a healthy source within 6 s.", "rig (the embedded channel)")
	want(t, texts, "html markdown junit", "1:00 of virtual time", "over since 0:40", "none of the 4 viewers watching at onset", "hlsload simulate pipeline-kill --seed 7")
	for name, text := range texts {
		if strings.Contains(text, "23:59:30 to") {
			t.Errorf("%s: a simulation has no time of day:\n%s", name, text)
		}
	}
	if !strings.Contains(texts["html"], `<details class="card fault" id="fault-0"><summary>`) || !strings.Contains(texts["html"], "<summary>All 2 hold</summary>") {
		t.Error("the fault that no viewer noticed and the expectations that hold are not folded")
	}
}

func TestHeadOfAVoidRun(t *testing.T) {
	s := &reports.Summary{Mode: reports.ModeRun, Verdict: reports.Void, ExitCode: reports.ExitUnreachable, VoidReason: "target unreachable at start: 404", WhatHelps: []string{"hlsload probe URL"},
		Target: "https://live.example.com/a.m3u8", Build: "v1", Started: "2026-11-30T08:12:30Z", Ended: "2026-11-30T08:12:30Z", Scenario: reports.Scenario{Name: "own", File: "own.yaml"}}
	texts := all(t, s)
	want(t, texts, everywhere, "arget unreachable at start: 404", "https://live.example.com/a.m3u8", "2026-11-30 08:12:30 UTC (it did not begin)", "hlsload probe URL")
	if strings.Contains(texts["html"], "<table>") || strings.Contains(texts["markdown"], "| --") || strings.Contains(texts["html"]+texts["markdown"], "were measured") {
		t.Error("a run that did not begin has figures")
	}
	// A void run with figures says nothing that sounds like a result.
	s = frozen()
	s.Verdict, s.VoidReason = reports.Void, "the tester was the bottleneck"
	for name, text := range all(t, s) {
		if strings.Contains(text, "3 of the 4 viewers watching") {
			t.Errorf("%s: figures of a void run in its head:\n%s", name, text)
		}
	}
}

func TestHeadOfAnInterruptedRun(t *testing.T) {
	s := frozen()
	f := &s.Faults[0]
	s.Verdict, s.Interrupted, s.DurationS, s.Timeline = reports.Interrupted, "interrupted by the user", 36, s.Timeline[:36]
	f.ClearedAtS, f.RecoveryEndS, f.Healed, f.Recovered, f.NeverRecovered, f.Fatal = reports.NoData, reports.NoData, 0, 1, 3, 1
	f.OutageMs.Censored = 3
	s.Scenario.Overrides = append(s.Scenario.Overrides, reports.Override{Flag: "url", Path: "target.url", Value: "https://h/a?b=***"})
	want(t, all(t, s), everywhere, "nterrupted by the user", "lost the picture for up to 9.1 s and longer; all of them use hls.js 1.7.4; 1 player gave up, 2 had not recovered at the end.")
	want(t, all(t, s), "html markdown junit", "--url 'https://h/a?b=***' --seed 7 # with the secrets in place of ***")
	want(t, all(t, s), "html markdown junit", "still going on: the fault was never undone; 1 player gave up, 2 had not recovered at the end")
}

func TestHeadOfManyFaults(t *testing.T) {
	s := frozen()
	quiet := s.Faults[0]
	quiet.Name, quiet.AppliedAtS, quiet.ClearedAtS, quiet.OutageMs, quiet.AtOnset, quiet.ByProfile, quiet.Why, quiet.WhatHelps = "quiet", 5, 10, outages(0, 0), nil, nil, "", nil
	s.Faults = append([]reports.FaultSummary{quiet}, s.Faults...)
	texts := all(t, s)
	want(t, texts, everywhere, "Viewers lost the picture in 1 of 2 faults. The worst was freeze-0: 3 of the 4 viewers")
	want(t, texts, "html", `<a href="#fault-1">freeze-0</a> 3 viewers lost the picture for up to 9.1 s`, "1 fault that no viewer noticed")
	s.Faults = []reports.FaultSummary{quiet, quiet}
	want(t, all(t, s), everywhere, "In 2 faults no viewer lost the picture.")
	s.Expectations = append(s.Expectations, reports.ExpectationResult{Expr: reports.ViewersServed, Reason: "3 of 4 stalled from 0:01 to 0:09"})
	want(t, all(t, s), everywhere, "Viewers were not served outside of faults: 3 of 4 stalled from 0:01 to 0:09. In 2 faults no viewer lost the picture.")
	s.Faults, s.Expectations = nil, nil
	want(t, all(t, s), everywhere, "No fault was made, but of 4 viewers 3 stalled.")
}

// No instant is told when others stalled before the fault, or the next one came first.
func TestBack(t *testing.T) {
	s := frozen()
	if at, ok := back(s, &s.Faults[0]); !ok || at != 41*time.Second {
		t.Errorf("%v, %v; want 41s", at, ok)
	}
	s.Timeline[29].Stalled = 1
	if at, ok := back(s, &s.Faults[0]); ok {
		t.Errorf("%v, though a session stalled before the fault", at)
	}
	s = frozen()
	s.Faults = append(s.Faults, reports.FaultSummary{AppliedAtS: 35})
	if at, ok := back(s, &s.Faults[0]); ok {
		t.Errorf("%v, though the next fault was on by then", at)
	}
}

// Each kind of fault has plain words, with and without a pipeline.
func TestHappened(t *testing.T) {
	for i := range chaos.Kinds {
		kind := chaos.Kinds[i].Kind
		if _, ok := events[kind]; !ok && kind != chaos.Command && kind != chaos.Manual {
			t.Errorf("%s: no words", kind)
		}
		one := 1
		for _, pipeline := range []*int{nil, &one} {
			words := happened(&reports.FaultSummary{Name: "x", Fault: string(kind), Pipeline: pipeline})
			if strings.ContainsAny(words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || strings.Contains(words, "  ") {
				t.Errorf("%s: %q", kind, words)
			}
		}
	}
}

func TestQuoted(t *testing.T) {
	for arg, want := range map[string]string{"pipeline-kill": "pipeline-kill", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "x=${TOKEN}": "'x=${TOKEN}'", "https://h/a?b=***": "'https://h/a?b=***'"} {
		if got := reports.Quoted(arg); got != want {
			t.Errorf("%q: %s; want %s", arg, got, want)
		}
	}
}
