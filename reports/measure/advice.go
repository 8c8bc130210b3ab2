package measure

import (
	"fmt"
	"math"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// advise says what to change after a void run, as commands.
func advise(s *reports.Summary, v *view, end *reports.Ending) {
	if s.Verdict != reports.Void {
		return
	}
	command := "hlsload run " + s.Scenario.Name
	add := func(format string, args ...any) { s.WhatHelps = append(s.WhatHelps, fmt.Sprintf(format, args...)) }
	for i := range s.Faults {
		switch f := &s.Faults[i]; {
		case f.Problem == "":
		case !f.AppliedAtS.Known():
			add("fault %s: hlsload plan %s says what it needs and through what it is made", f.Title(s), s.Scenario.Name)
		case !f.ClearedAtS.Known() || !f.UndoVerified:
			add("fault %s: hlsload undo JOURNAL puts it back (journal.ndjson in the directory of the results)", f.Title(s))
		default:
			add("fault %s: hlsload probe URL shows which playlists the players of that stream open; aim the fault at one of them", f.Title(s))
		}
	}
	if s.NonePlayed() && end.LostTime == "" {
		add("hlsload probe URL shows what a player makes of the stream")
		return
	}
	if end.LostTime != "" {
		var lost reports.Value
		for _, r := range s.Resumed {
			lost += r.SettledS - r.LostFromS
		}
		if limit := math.Ceil(100 * float64(lost/max(s.DurationS, 1))); limit < 100 {
			add("a limit that allows for it: %s --set limits.lost=%.0f%%", command, limit)
		}
		add("what ended the machine: a kill for memory, an eviction, the time limit of a CI job")
		return
	}
	if s.ExitCode == reports.ExitLost {
		add("the log of each lost agent says why it ended: look for a kill for memory, an eviction, or a network that was away for more than 3 s")
		share := float64(v.lost.players) / float64(max(v.lost.of, 1))
		if limit := math.Ceil(100 * share); limit < 100 { // the most that limits.lost takes
			add("a limit that allows for it: %s --set limits.lost=%.0f%%; each expectation is then judged by the worst that lost players may have seen", command, limit)
		}
	}
	if s.Mode != reports.ModeRun {
		return
	}
	worst := reports.Value(0)
	for _, l := range end.Lag {
		worst = max(worst, l.P99)
	}
	if limit := end.LagLimit; worst > reports.Value(float64(limit)/1e6) {
		t := v.Timeline()
		if n, why := held(&t, limit, v.Config.ArrivalsEnd); n > 0 {
			add("fewer players: %s --players %d (%s)", command, n, why)
		} else {
			add("fewer players: %s --players N (how many would have held cannot be said: %s)", command, why)
		}
		add("less to carry, if only requests matter: %s --set fleet.body=none", command)
		add("a quieter or a larger machine: other programs took its time, or its cores are too few")
		next := time.Duration(float64(worst)*1.2/50+1) * 50 * time.Millisecond
		add("a higher limit, if times may be off by as much: %s --set limits.lag=%v", command, next)
	}
	if s.Tester.DroppedSamples > 0 {
		add("hlsload needs what the machine ran out of: see the warning on failed requests, then ulimit -n and free ports")
	}
}

const (
	lagWindow   = 5   // seconds in which requests are judged together
	lagRequests = 100 // so many of them at least: of fewer, 1 % says nothing
)

// held is how many players were there before requests began to leave late while players
// arrived: those at the start of the first window in which more than 1 % left more than
// the limit after they were due. 0 = it cannot be said; why is the reason in either case.
func held(t *record.Timeline, limit, arrivals time.Duration) (players int64, why string) {
	now := int64(0)
	before := make([]int64, 0, len(t.Rows))
	for i := range t.Rows {
		before = append(before, now)
		r := &t.Rows[i]
		now += r.Joining + r.Playing + r.Stalled
		if time.Duration(i)*t.Step > arrivals {
			break
		}
		var sent, late int64
		for k := max(0, i-lagWindow+1); k <= i; k++ {
			sent, late = sent+t.Rows[k].Sent, late+t.Rows[k].Late
		}
		if sent < lagRequests || 100*late <= sent {
			continue
		}
		n := before[max(0, i-lagWindow+1)]
		if n == 0 {
			return 0, fmt.Sprintf("requests left late from the start, with %d players", now)
		}
		return n, fmt.Sprintf("with so many, at most 1 %% of the requests left more than %s late while players arrived; with %d, more did", figure.Seconds(float64(limit)/1e6), now)
	}
	return 0, "while players arrived, requests left in time; what made them late came afterwards"
}
