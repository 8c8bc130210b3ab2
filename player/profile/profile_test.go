package profile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"hlsload/player"
	"hlsload/player/policy"
	"hlsload/player/units"
)

func TestShipped(t *testing.T) {
	names := Names()
	if len(names) < 2 {
		t.Fatalf("profiles: %v", names)
	}
	for _, name := range names {
		p, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.ID != name {
			t.Errorf("file %s.yaml holds profile %s", name, p.ID)
		}
		if p.Confidence.Words() == "" {
			t.Errorf("%s does not say where its values come from", name)
		}
	}
	if _, err := Load("hlsjs"); err == nil || !strings.Contains(err.Error(), "hlsjs-1.7") {
		t.Errorf("unknown profile: %v; want the names of those that ship", err)
	}
}

func TestOverride(t *testing.T) {
	base, err := Load("hlsjs-1.7")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Override(base, []byte("stale: {misses: {misses: 5}}\nlive: {hold_back: 18s}\npenalty: {rendition: {for: never}}"))
	if err != nil {
		t.Fatal(err)
	}
	stale := func(p *player.Profile) (is struct{ Misses struct{ Misses, Then any } }) {
		t.Helper()
		text, err := yaml.Marshal(p.Stale)
		if err == nil {
			err = yaml.Unmarshal(text, &is)
		}
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	if stale(p).Misses.Misses != 5 || p.Live.HoldBack.Fixed != 18*time.Second || p.Penalty.Name() != "rendition" {
		t.Errorf("not overridden: %+v %+v %+v", p.Stale, p.Live, p.Penalty)
	}
	if p.Behind.Name() != base.Behind.Name() || len(p.Errors) != len(base.Errors) || !reflect.DeepEqual(stale(p).Misses.Then, stale(base).Misses.Then) {
		t.Error("values that were not overridden changed")
	}
	if stale(base).Misses.Misses != 0 {
		t.Error("the base changed")
	}
}

func TestMistakes(t *testing.T) {
	base, err := Load("rfc8216bis")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ values, want string }{
		{"stael: {misses: 3}", "stael"},
		{"stale: psychic", "unknown policy"},
		{"stale: {misses: {after: 3s}}", "after"},
		{"stale: {misses: {misses: 3}}", "stale.misses.then"},
		{"stale: {since_change: {after: 1.5 days}}", "1.5 days"},
		{"startup: {estimate: {configured: {rate: fast}}}", "fast"},
		{"startup: {estimate: {browser: {public: 1Mbps}}}", "startup.estimate.browser.private"},
		{"http: {connections_per_host: 0}", "connections_per_host"},
		{"choose: {share: {up: -1}}", "choose.share.up"},
		{"errors: []", "no rule for every cause"},
		{"errors: [{kinds: [media], causes: [any], then: [dance]}]", "dance"},
		{"returns: someday", "unknown policy"},
		{"clock: {steady: {unchanged: 0s}}", "clock.steady.unchanged"},
		{"buffer: {goal: 0s}", "buffer.goal"},
		{"estimate: median", "estimate.median.window"},
		{"startup: {playlists: some}", "unknown policy"},
		{"read: {locations: {key: [bandwith]}}", "read.locations.key"},
		{"read: locations", "read.locations.key"},
		{"startup: {cap: 2}", "startup.cap"},
		{"live: {catch_up: {rate: {slope: 0.1, min: 0.97, max: 9}}}", "live.catch_up.rate.max"},
		{"live: {catch_up: {slope: 0}}", "want live: {catch_up: {rate: {slope: …}}}"},
		{"penalty: everything", "unknown policy"},
		{"penalty: {level_then_pause: {for: 1m}}", "penalty.level_then_pause.pause"},
		{"behind: sliding", "behind.sliding.offset"},
		{"errors: [{kinds: [media], causes: [any], then: [{until_starved: {delays: [1s], forgives: 9999}}]}]", "errors.0.then.0.until_starved.forgives"},
		{"confidence: {fields: {stale.misses.afer: S}}", "stale.misses.afer"},
		{"confidence: {fields: {stale.starved.after: sure}}", "sure"},
		{"errors: [{kinds: [media], causes: [any], then: [until_starved]}]", "until_starved.delays"},
		{"errors: [{kinds: [media], causes: [any], then: [{retry: {delays: [1s]}, fatal: {}}]}]", "not one policy"},
		{"errors: [{kinds: [media], causes: [any], then: [retry]}]", "retry.delays"},
		{"errors: [{kinds: [media], causes: [any], then: [reload]}]", "reload.delays"},
		{"errors: [{kinds: [media], causes: [any], then: [{wait: {delays: [1s]}}]}]", "delays"},
		{"errors: [{kinds: [media], causes: [any], retry: forever, then: [fatal]}]", "without effect"},
		{"errors: [{kinds: [media], causes: [any], retry: limited, then: [fatal]}]", "retry.limited.times"},
		{"errors: [{kinds: [media], causes: [sometimes], then: [fatal]}]", "causes"},
		{"errors: [{kinds: [media], causes: [any]}]", "then"},
		{"choose: {screen: {size: 1280}}", "bad size"},
		{"choose: {screen: {size: 1280x0}}", "bad size"},
		{"abandon: {lower: {margin: 1s}}", "margin"},
		{"startup: {estimate: {browser: {noise: 2}}}", "startup.estimate.browser.noise"},
		{"loader: {polling: {lead_in: 1m}}", "loader.polling.lead_in"},
		{"clock: {steady: {after_error: 1s}}", "after_error"},
		{"timeline: {apart: date}", "line 1: unknown policy (got \"date\"; want one of count, playhead, start, zero)"},
	} {
		if _, err := Override(base, []byte(c.values)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error about %s", c.values, err, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration // with a target duration of 4 s and a last segment of 3 s
	}{{"10s", 10 * time.Second}, {"1.5td", 6 * time.Second}, {"0.5d", 1500 * time.Millisecond}, {"never", units.Never}} {
		var s units.Span
		if err := s.UnmarshalText([]byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if got := s.Of(4*time.Second, 3*time.Second); got != c.want {
			t.Errorf("%s is %v; want %v", c.text, got, c.want)
		}
		if b, _ := s.MarshalText(); string(b) != c.text {
			t.Errorf("%s is written as %s", c.text, b)
		}
	}
	for _, bad := range []string{"", "1", "-1s", "NaNtd", "1e99td", "-1d", "td"} {
		var s units.Span
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		b, err := files.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("errors: [{then: [{retry: {delays: [1s]}}]}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := Parse(b); err == nil && p.ID == "" {
			t.Error("a profile without an id was taken")
		}
	})
}

// TestBase reads a profile that says only in what it differs from another one.
func TestBase(t *testing.T) {
	base, err := Load("vhs-3.17")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load("vhs-3.17-other")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.Penalty, base.Penalty) || len(p.Errors) != len(base.Errors) || p.HTTP != base.HTTP {
		t.Error("values that the file does not give differ from the base")
	}
	if p.Estimate.Name() != "last" || base.Estimate.Name() != "browser" {
		t.Errorf("estimates are %q and %q", p.Estimate.Name(), base.Estimate.Name())
	}
	if p.Confidence.Fields["estimate"] != "S" || p.Confidence.Fields["penalty"] != "M" {
		t.Errorf("confidence: %v", p.Confidence.Fields)
	}
	if _, err := Parse([]byte("base: missing-1\nid: x")); err == nil || !strings.Contains(err.Error(), "missing-1") {
		t.Errorf("unknown base: %v", err)
	}
}

// TestUnchecked wants profiles of players that were not run to say so.
func TestUnchecked(t *testing.T) {
	for name, want := range map[string]bool{"media3-1.11": true, "media3-1.8": true, "avplayer-ios17": true, "gstreamer-1.29": true, "hlsjs-1.7": false, "shaka-5.2": false, "vhs-3.17": false} {
		p, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.HasPrefix(p.Confidence.Words(), "unchecked"); got != want {
			t.Errorf("%s: %q; want unchecked=%v", name, p.Confidence.Words(), want)
		}
	}
}

// TestOldKeys wants the position of an old key, and how it is written now.
func TestOldKeys(t *testing.T) {
	for text, want := range map[string]string{
		"base: hlsjs-1.7\nabr:\n  up: 0.7\n":                       "3:3: unknown key (got abr.up; want choose: {share: {up: …}})",
		"base: hlsjs-1.7\nerrors: [{kinds: [media], retries: 2}]":  "2:27: unknown key (got errors.retries; want retry: {limited: {times: …}} or {forever: {}})",
		"base: hlsjs-1.7\npenalty: {level: 60s, return: reselect}": "2:23: unknown key (got penalty.return; want returns: on_error, reselect or at_expiry)",
		"base: hlsjs-1.7\npenalty: {level: 60s}":                   "2:18: not the parameters of level (want {for: …})",
		"base: hlsjs-1.7\ngap: {load: true}":                       "2:13: not the parameters of load (want none)",
		"base: hlsjs-1.7\nerrors: [{then: [{retry: [1s, 2s]}]}]":   "2:26: not the parameters of retry (want {delays: …})",
		"base: hlsjs-1.7\nstartup: {raise_to: 5Mbps}":              "2:11: unknown key (got startup.raise_to; want startup: {level: {raised: {to: …}}})",
	} {
		_, err := Parse([]byte(text))
		var wrong *yaml.LoadErrors
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v; want %s", text, err, want)
			continue
		}
		e := wrong.Errors[0]
		if got := fmt.Sprintf("%d:%d: %s", e.Mark.Line, e.Mark.Column, e.Message); got != want {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
	for path := range renamed {
		if policy.Has(reflect.TypeFor[player.Profile](), path) {
			t.Errorf("%s is renamed and exists", path)
		}
	}
}
