package remedy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/profile"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/reports/remedy"
	"hlsload/rig"
	"hlsload/scenarios"
	"hlsload/sim"
	"hlsload/stage"
)

// cases are faults of all kinds of the embedded channel, in the ways that make a
// difference to players.
var cases = []struct {
	fault string
	first string   // another fault before it
	set   []string // overrides
}{
	{fault: "fault: pipeline.kill, pipeline: 0"},
	{fault: "fault: pipeline.kill"},
	{fault: "fault: pipeline.kill, pipeline: 0, resume: restart"},
	{fault: "fault: pipeline.kill, pipeline: 0", first: "fault: invalidator.off"},
	{fault: "fault: pipeline.pause, pipeline: 0"},
	{fault: "fault: pipeline.pause, pipeline: 0, children: stale"},
	{fault: "fault: pipeline.drift, pipeline: 0, by: 30s"},
	{fault: "fault: input.loss, pipeline: 0"},
	{fault: "fault: input.loss, pipeline: 0, then: pause"},
	{fault: "fault: playlist.freeze, pipeline: 0"},
	{fault: "fault: playlist.freeze"},
	{fault: "fault: playlist.delete, pipeline: 0"},
	{fault: "fault: playlist.delete, pipeline: 0", set: []string{"fleet.session.mean=20s"}},
	{fault: "fault: playlist.delete"},
	{fault: "fault: playlist.delete, kind: multivariant", set: []string{"fleet.session.mean=20s"}},
	{fault: "fault: playlist.rollback, pipeline: 0, by: 3"},
	{fault: "fault: playlist.rollback, by: 3"},
	{fault: "fault: playlist.endlist, pipeline: 0"},
	{fault: "fault: playlist.endlist"},
	{fault: "fault: segment.missing, pipeline: 0"},
	{fault: "fault: segment.missing, pipeline: 1", first: "fault: segment.missing, pipeline: 0"},
	{fault: "fault: segment.missing"},
	{fault: "fault: segment.late, pipeline: 0, by: 8s"},
	{fault: "fault: segment.truncate, pipeline: 0"},
	{fault: "fault: segment.truncate"},
	{fault: "fault: origin.status, code: 503, pipeline: 0"},
	{fault: "fault: origin.status, code: 404, pipeline: 0"},
	{fault: "fault: origin.status, code: 503"},
	{fault: "fault: origin.status, code: 404"},
	{fault: "fault: origin.slow, by: 2s"},
	{fault: "fault: origin.hang, pipeline: 0"},
	{fault: "fault: origin.hang"},
	{fault: "fault: invalidator.off"},
	{fault: "fault: invalidator.slow, by: 20s"},
	{fault: "fault: edge.status, code: 503, pipeline: 0"},
	{fault: "fault: edge.status, code: 503"},
	{fault: "fault: edge.status, code: 404"},
	{fault: "fault: edge.slow, by: 2s"},
	{fault: "fault: edge.hang, pipeline: 0"},
	{fault: "fault: edge.hang"},
	{fault: "fault: edge.error_ttl, ttl: 30s"},
	{fault: "fault: edge.flush"},
	{fault: "fault: http.status, code: 503, pipeline: 0"},
	{fault: "fault: http.status, code: 403"},
	{fault: "fault: http.slow, by: 2s"},
	{fault: "fault: http.hang, pipeline: 0, kind: segment"},
	{fault: "fault: http.hang"},
	{fault: "fault: http.truncate, pipeline: 0"},
	{fault: "fault: http.reset, pipeline: 0"},
	{fault: "fault: http.reset"},
	{fault: "fault: net.bandwidth, down: 300kbps"},
	{fault: "fault: net.latency, by: 1s"},
	{fault: "fault: net.down"},
	{fault: "fault: auth.expire"},
	{fault: "fault: auth.revoke"},
	{fault: "fault: auth.clock, by: 20s", set: []string{"fleet.session.mean=20s"}},
	{fault: "fault: viewers.surge, players: 20, over: 5s"},
	{fault: "fault: viewers.reconnect, share: 50%"},
}

// text is a scenario of the default channel with all profiles that ship, each a cohort
// of its own, and with one that notices frozen playlists.
func text(fault, first string) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: remedy\nduration: 90s\nrecovery: 35s\ntarget: {rig: {}, entry: 0}\nfleet:\n  arrive: {over: 10s}\n  cohorts:\n")
	names := append(profile.Names(), "{base: hlsjs-1.7, id: tuned, stale: {misses: {misses: 3}}}")
	for i, name := range names {
		share := 100 / len(names)
		if i == 0 {
			share = 100 - share*(len(names)-1)
		}
		fmt.Fprintf(&b, "    - {name: c%d, share: %d%%, profile: %s, network: home}\n", i, share, name)
	}
	fmt.Fprintf(&b, "  players: %d\nchaos:\n", 2*len(names)+2)
	if first != "" {
		fmt.Fprintf(&b, "  - {name: first, at: 15s, for: %s, %s}\n", map[bool]string{true: "50s", false: "8s"}[strings.Contains(first, "invalidator")], first)
	}
	instant := strings.Contains(fault, "viewers.") || strings.Contains(fault, "flush")
	fmt.Fprintf(&b, "  - {name: x, at: 25s, %s%s}\n", map[bool]string{true: "", false: "for: 30s, "}[instant], fault)
	return b.String()
}

// result is what a simulation came to.
type result struct {
	fault  *chaos.Fault
	stream *remedy.Stream
	losses []remedy.Loss // by cohort
	fates  []fate
}

// fate is what became of a cohort; less is better.
type fate struct {
	dead    int64 // viewers without a session at the end
	refused int64 // sessions that never began
	outage  reports.Value
}

func (f fate) better(than fate) bool {
	switch {
	case f.dead != than.dead:
		return f.dead < than.dead
	case f.refused != than.refused:
		return f.refused < than.refused
	}
	return f.outage < than.outage || !f.outage.Known()
}

func simulate(t *testing.T, text string, overrides []string) *result {
	t.Helper()
	src := scenarios.Source{File: "remedy.yaml", Data: []byte(text)}
	for _, o := range overrides {
		set, err := scenarios.Set(o)
		if err != nil {
			t.Fatal(err)
		}
		src.Overrides = append(src.Overrides, set)
	}
	sc, err := scenarios.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	faults, seed, epoch := sc.Faults(), draw.Seed(sc.Seed), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	model, err := rig.New(*sc.Target.Rig, seed, epoch)
	if err != nil {
		t.Fatal(err)
	}
	cfg := stage.Measure(sc, reports.ModeSimulate, faults, epoch)
	if err := stage.Channel(&cfg, model, sc); err != nil {
		t.Fatal(err)
	}
	r := &result{}
	cfg.Predict = nil
	cfg.Explain = func(f *chaos.Fault, pipelines int, losses []record.Loss) (string, []string) {
		if f.Name == "x" {
			r.fault, r.stream = f, stage.Stream(sc, f, pipelines, faults)
			for i, l := range losses {
				r.losses = append(r.losses, remedy.Loss{Player: sc.Fleet.Profiles[i], Cohort: sc.Fleet.Audience.Cohorts[i].Name, Sessions: l.Sessions, Fatal: l.Fatal})
			}
		}
		return "", nil
	}
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	res, err := sim.Run(&sim.Config{
		Rig: *sc.Target.Rig, Seed: seed, Epoch: epoch, Duration: sc.Duration, Audience: sc.Fleet.Audience, Profiles: sc.Fleet.Profiles, Faults: faults, Collector: c,
		Timeline: chaos.Timeline{Duration: sc.Duration, Target: model.TargetDuration(), Recovery: sc.Recovery},
		Second:   func(time.Duration) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := measure.Finish(c, measure.End{At: res.End, Faults: res.Outcomes}).Summary
	if r.fault == nil {
		t.Fatalf("%s: the fault was not applied: %s", text, s.VoidReason)
	}
	for i := range s.Faults {
		if f := &s.Faults[i]; f.Name == "x" {
			for _, l := range r.losses {
				all := s.Cohorts[l.Cohort]
				one := fate{refused: all.StartupFailed, outage: reports.NoData}
				if sc.Fleet.Audience.Session.Mean == 0 { // else others take their places
					one.dead, one.refused = 2-(all.Players-all.Fatal), 0
				}
				if share := f.ByCohort[l.Cohort]; share != nil {
					one.outage = share.OutageMs.P95
				}
				r.fates = append(r.fates, one)
			}
		}
	}
	return r
}

// Every fault and player that lose viewers have a remedy, or a reason why none is known.
// Every row applies to a player that loses viewers. Every remedy that the embedded channel
// can show improves the outcome there.
func TestRemedies(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("SKIPPED with -short and under the race detector: a hundred simulations")
	}
	results := make([]*result, len(cases))
	t.Run("losses", func(t *testing.T) {
		for i, c := range cases {
			t.Run(c.fault, func(t *testing.T) {
				t.Parallel()
				results[i] = simulate(t, text(c.fault, c.first), c.set)
			})
		}
	})
	if t.Failed() {
		return
	}
	used, kinds := map[*remedy.Row]bool{}, map[chaos.Kind]bool{}
	for n, r := range results {
		kinds[r.fault.Kind] = true
		for i := range r.losses {
			l := &r.losses[i]
			if l.Sessions == 0 {
				continue
			}
			reason, none := false, false
			for _, row := range remedy.Applying(r.fault, r.stream, l) {
				reason, none, used[row] = reason || row.Why != "", none || row.None != "", true
			}
			if !reason || remedy.Helping(r.fault, r.stream, l) == nil && !none {
				t.Errorf("%s: %s: %d lost the picture, %d of them died; want a row that says why, and what helps or why nothing is known", cases[n].fault, l.Player.ID, l.Sessions, l.Fatal)
			}
		}
	}
	for _, k := range chaos.Kinds {
		if made := slices.Contains(k.Vias, chaos.ViaRig) || slices.Contains(k.Vias, chaos.ViaViewer); made && !kinds[k.Kind] {
			t.Errorf("%s: no case", k.Kind)
		}
	}
	proven := map[*remedy.Help]bool{}
	for i := range remedy.Rows {
		row := &remedy.Rows[i]
		if !used[row] {
			t.Errorf("row %d (%v, %s: %q): applies to no player that lost the picture", i, row.Faults, row.Rule.Text, row.Why)
		}
		if row.Why != "" && row.Source == "" {
			t.Errorf("row %d (%q): no source", i, row.Why)
		}
		for _, h := range row.Helps {
			if h.Source == "" || (h.Proof == nil) != (h.Not != "") {
				t.Errorf("%s: want a source, and a proof or why there is none", h.Text)
			}
			if h.Proof != nil && !proven[h] {
				proven[h] = true
				t.Run(h.Text, func(t *testing.T) {
					t.Parallel()
					prove(t, h, results)
				})
			}
		}
	}
}

// prove shows that something helps every player that it is said to help, each in the first
// case in which it does.
func prove(t *testing.T, h *remedy.Help, results []*result) {
	shown := map[string]bool{}
	for n, c := range cases {
		churn := len(c.set) > 0
		needs := slices.ContainsFunc(h.Case, func(o string) bool { return strings.HasPrefix(o, "fleet.session") })
		if !slices.Contains(helpsOf(results[n].fault.Kind), h) || churn != needs || c.first != "" {
			continue
		}
		text, set, without := text(c.fault, c.first), slices.Clone(c.set), results[n]
		if h.Case != nil {
			set = append(set, remedy.Named(h.Case, "x", "")...)
			without = simulate(t, text, set)
		}
		var whom []int
		for i := range without.losses {
			if l := &without.losses[i]; l.Sessions > 0 && !shown[l.Player.ID] && slices.Contains(remedy.Helping(without.fault, without.stream, l), h) {
				whom, shown[l.Player.ID] = append(whom, i), true
				for _, o := range remedy.Named(h.Proof, "x", l.Cohort) {
					if !slices.Contains(set, o) {
						set = append(set, o)
					}
				}
			}
		}
		if whom == nil {
			continue
		}
		with := simulate(t, text, set)
		var before, after int64
		for _, i := range whom {
			a, b := without.fates[i], with.fates[i]
			before, after = before+a.refused, after+b.refused
			if !churn && !b.better(a) {
				t.Errorf("%s, %s: %+v without, %+v with %q; want it to help", c.fault, without.losses[i].Player.ID, a, b, set)
			}
		}
		if churn && after >= before { // who joins when is chance: all players together
			t.Errorf("%s: %d never began without, %d with %q; want it to help", c.fault, before, after, set)
		}
	}
	if len(shown) == 0 {
		t.Error("helps no player in any case")
	}
}

// helpsOf is everything that may help in a kind of fault.
func helpsOf(k chaos.Kind) (found []*remedy.Help) {
	for _, row := range remedy.Rows {
		for _, h := range row.Helps {
			if slices.Contains(row.Faults, k) && !slices.Contains(found, h) {
				found = append(found, h)
			}
		}
	}
	return found
}
