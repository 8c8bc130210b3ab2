package nights

import (
	"fmt"
	"strings"
	"testing"

	"hlsload/reports"
)

// keyed is a night of a key, with a measure.
func keyed(day int, k reports.Key, failover float64) Night {
	k.Seal()
	return Night{Schema: Schema, Run: fmt.Sprintf("night-%d", day), RunID: fmt.Sprintf("id-%d", day), Started: fmt.Sprintf("2026-11-%02dT02:00:00Z", day), TargetS: 4, Scenario: "soak", Verdict: reports.Pass, Key: k,
		NeverRecovered: map[string]int64{}, Measures: []Measure{{Name: "failover.p95{fault=kill-0}", Unit: "ms", Primary: true, Values: []Level{Level(failover)}}}}
}

func key(settings map[string]string) reports.Key {
	s := map[string]string{"target.rig.edge.playlist_ttl": "1s", "fleet.cohorts.web.profile": "hlsjs-1.7", "fleet.players": "100"}
	for path, text := range settings {
		s[path] = text
	}
	return reports.Key{Mode: reports.ModeRun, Version: "v1", Players: 100, Profiles: map[string]string{"hlsjs-1.7": "sha256:1"}, Settings: s}
}

func TestDifferences(t *testing.T) {
	base := key(nil)
	changed := func(f func(k *reports.Key)) reports.Key {
		k := *base.Clone()
		f(&k)
		return k
	}
	for _, tc := range []struct {
		name, want, across string
		key                reports.Key
	}{
		{"the same", "", "", base},
		{"TTL", "target.rig.edge.playlist_ttl: 1s against 10s", AcrossTarget, key(map[string]string{"target.rig.edge.playlist_ttl": "10s"})},
		{"AWS", "aws.channel: none against 7", AcrossTarget, key(map[string]string{"aws.channel": "7"})},
		{"another player", "profiles.hlsjs-1.7: sha256:1 against none, profiles.shaka-5.2: none against sha256:2, fleet.cohorts.web.profile: hlsjs-1.7 against shaka-5.2", AcrossProfile, changed(func(k *reports.Key) {
			k.Profiles = map[string]string{"shaka-5.2": "sha256:2"}
			k.Settings["fleet.cohorts.web.profile"] = "shaka-5.2"
		})},
		{"the player was changed", "profiles.hlsjs-1.7: sha256:1 against sha256:9", AcrossProfile, changed(func(k *reports.Key) { k.Profiles["hlsjs-1.7"] = "sha256:9" })},
		{"target and players", "fleet.players: 100 against 50, target.rig.edge.playlist_ttl: 1s against 2s", AcrossScenario, key(map[string]string{"fleet.players": "50", "target.rig.edge.playlist_ttl": "2s"})},
		{"agents", "agents: 0 against 3", AcrossScenario, changed(func(k *reports.Key) { k.Agents = 3 })},
		{"mode", "mode: run against simulate", "", changed(func(k *reports.Key) { k.Mode = reports.ModeSimulate })},
		{"version", "version: v1 against v2", "", changed(func(k *reports.Key) { k.Version = "v2" })},
		{"settings unknown", "players: 100 against 50, settings: not known of the base, whose folder is gone", AcrossScenario, changed(func(k *reports.Key) { k.Players, k.Settings = 50, nil })},
	} {
		b, n := base, tc.key
		b.Seal()
		n.Seal()
		all := Differences(&b, &n)
		var said []string
		for _, d := range all {
			said = append(said, d.Text())
		}
		if got := strings.Join(said, ", "); got != tc.want || Suggested(all) != tc.across {
			t.Errorf("%s: %q, across %q; want %q, %q", tc.name, got, Suggested(all), tc.want, tc.across)
		}
		for _, across := range Changes {
			want := len(all) == 0 || tc.across != "" && (across == tc.across || across == AcrossScenario)
			if Allowed(across, all) != want {
				t.Errorf("%s across %s: allowed is %v", tc.name, across, !want)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	slow := key(map[string]string{"target.rig.edge.playlist_ttl": "10s"})
	var base []Night
	for day := 1; day <= 6; day++ {
		base = append(base, keyed(day, key(nil), 9000+float64(day)))
	}
	other := keyed(7, key(map[string]string{"target.rig.edge.playlist_ttl": "5s"}), 12000)
	now := keyed(8, slow, 19000)

	c := Judge(base, now, "", 0)
	if c.Outcome != Nothing || c.ExitCode != reports.ExitNothing || c.Reason != "no run of the base can be compared with the new one: target.rig.edge.playlist_ttl: 1s against 10s" || !strings.Contains(strings.Join(c.Notes, "\n"), "--across target compares") {
		t.Errorf("other keys: %s, %d, %s, %q", c.Outcome, c.ExitCode, c.Reason, c.Notes)
	}
	c = Judge(base, now, AcrossTarget, 0)
	if c.Outcome != Worse || c.ExitCode != reports.ExitFail || len(c.Base) != 6 || len(c.Differences) != 1 || c.Differences[0] != (Difference{"target.rig.edge.playlist_ttl", "1s", "10s"}) {
		t.Errorf("across target: %+v", c)
	}
	// The last night has another key: the base is its own.
	c = Judge(append(base[:6:6], other), now, AcrossTarget, 0)
	if len(c.Base) != 1 || c.Base[0].Run != "night-7" || len(c.Left) != 6 || c.Left[0].Why != "its key is not that of the last night of the base" || c.Differences[0].Base != "5s" {
		t.Errorf("several keys: %+v", c)
	}
	// Nights after the change are left out.
	c = Judge(append(base[:6:6], keyed(7, slow, 18900)), now, AcrossTarget, 0)
	if c.Outcome != Worse || len(c.Base) != 6 || len(c.Left) != 1 || c.Left[0].Run != "night-7" || c.Left[0].Why != "it has the key of the new one: nothing was changed between them" {
		t.Errorf("a night after the change: %s, %s, %v, %v", c.Outcome, c.Reason, c.Base, c.Left)
	}
	// An equal key is compared whatever the change is said to be.
	c = Judge(base, keyed(8, key(nil), 9000), AcrossProfile, 0)
	if c.Outcome != Same || !strings.Contains(strings.Join(c.Notes, "\n"), "the keys are equal") {
		t.Errorf("nothing was changed: %s, %q", c.Outcome, c.Notes)
	}
	// Old summaries, and other modes.
	old := keyed(8, key(nil), 9000)
	old.Key = reports.Key{}
	if c = Judge(base, old, AcrossScenario, 0); c.Outcome != Nothing || !strings.Contains(c.Reason, "the new night has no key: an older version of hlsload wrote it") {
		t.Errorf("no key: %s, %s", c.Outcome, c.Reason)
	}
	simulated := key(nil)
	simulated.Mode = reports.ModeSimulate
	if c = Judge(base, keyed(8, simulated, 9000), AcrossScenario, 0); c.Outcome != Nothing || !strings.Contains(strings.Join(c.Notes, "\n"), "cannot be compared at all") {
		t.Errorf("another mode: %s, %q", c.Outcome, c.Notes)
	}
	void := keyed(8, key(nil), 9000)
	void.Verdict, void.Reason, void.Measures = reports.Void, "this machine was too slow", nil
	if c = Judge(base, void, "", 0); c.Outcome != Nothing || c.ExitCode != reports.ExitNothing || c.First || !strings.Contains(c.Reason, "this machine was too slow") {
		t.Errorf("void: %+v", c)
	}
}

func TestSince(t *testing.T) {
	nights := func(values ...float64) (all []Night) {
		for i, v := range values {
			all = append(all, keyed(i+1, key(nil), v))
		}
		return all
	}
	now := keyed(20, key(nil), 19000)
	f := &Finding{Measure: "failover.p95{fault=kill-0}", Base: 9000, New: 19000}
	for _, tc := range []struct {
		base []Night
		want string
	}{
		{nights(9000, 9100, 8900), now.Started},
		{nights(9000, 9100, 17000), "2026-11-03T02:00:00Z"},
		{nights(9000, 17000, 9100, 16000, 18000), "2026-11-04T02:00:00Z"},
		{nights(18000, 18000), "2026-11-01T02:00:00Z"},
		{nil, now.Started},
	} {
		if got := Since(f, tc.base, &now); got != tc.want {
			t.Errorf("since %s; want %s", got, tc.want)
		}
	}
	never := &Finding{Measure: "failover.p95{fault=kill-0}", Base: 9000, New: Never}
	if got := Since(never, nights(9000, 1e6), &now); got != now.Started {
		t.Errorf("since %s: a number is not never", got)
	}
}

func TestWhom(t *testing.T) {
	summary := func(web, tv, control float64, failedOver int64) *reports.Summary {
		share := func(v float64) *reports.FaultShare {
			return &reports.FaultShare{Affected: 10, FailedOver: failedOver, FailoverMs: reports.Dist{Count: 10, P95: reports.Value(v)}}
		}
		return &reports.Summary{
			Cohorts: map[string]*reports.CohortSummary{"all": {}, "web": {Profile: "hlsjs-1.7", Players: 10, Stalled: 1}, "tv": {Profile: "shaka-5.2", Players: 10, Stalled: int64(web / 1000)}, "control": {Control: true, Players: 10}},
			Faults:  []reports.FaultSummary{{Name: "kill-0", ByCohort: map[string]*reports.FaultShare{"web": share(web), "tv": share(tv), "control": share(control)}}},
		}
	}
	base := []*reports.Summary{summary(5000, 5000, 5000, 10), summary(5100, 5000, 5000, 10), summary(4900, 5000, 5000, 10)}
	said := func(measure string, now *reports.Summary) string {
		var all []string
		for _, g := range Whom(measure, base, now) {
			all = append(all, fmt.Sprintf("%s %s %g %g", g.Of, g.Profile, float64(g.Base), float64(g.New)))
		}
		return strings.Join(all, ", ")
	}
	for _, tc := range []struct {
		measure, want string
		now           *reports.Summary
	}{
		{"failover.p95{fault=kill-0,joined=before}", "tv shaka-5.2 5000 9000, web hlsjs-1.7 5000 6000", summary(6000, 9000, 99000, 10)},
		{"failover.p95{fault=kill-0}", "", summary(5000, 4000, 99000, 10)},
		{"failed_over{fault=kill-0}", "tv shaka-5.2 1 0.7, web hlsjs-1.7 1 0.7", summary(5000, 5000, 0, 7)},
		{"stalled", "tv shaka-5.2 0.5 0.9", summary(9000, 5000, 0, 10)},
		{"failover.p95{fault=other}", "", summary(9000, 9000, 0, 10)},
		{"edge_rps.max", "", summary(9000, 9000, 0, 10)},
	} {
		if got := said(tc.measure, tc.now); got != tc.want {
			t.Errorf("%s: %q; want %q", tc.measure, got, tc.want)
		}
	}
	if got := Whom("stalled", nil, base[0]); got == nil || len(got) != 0 {
		t.Errorf("without a base: %v", got)
	}
}
