package scenarios

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
)

// measured is a scenario without what its settings leave out.
func measured(sc *Scenario) *Scenario {
	if sc == nil {
		return nil
	}
	c := *sc
	c.Name, c.Description, c.File, c.Argument, c.SHA256, c.Seed = "", Text{}, "", "", "", 0
	c.Expect, c.Known, c.Authorized, c.LagLimit = nil, nil, Authorized{}, 0
	c.Limits.Players, c.Limits.StopFile = 0, ""
	c.overrides, c.secrets, c.references, c.own, c.settings = nil, nil, nil, nil, nil
	for _, h := range c.Target.Headers { // masked
		h.Value = Text{}
	}
	c.Chaos = slices.Clone(c.Chaos)
	for i := range c.Chaos {
		c.Chaos[i].Given = nil // how it was written
	}
	c.Target.urlTemplates, c.Target.headerTemplates = nil, nil
	return &c
}

// leftOut reports whether a key is no setting.
func leftOut(path string) bool {
	return slices.ContainsFunc(NotSettings, func(not struct{ Path, Why string }) bool {
		return path == not.Path || strings.HasPrefix(path, not.Path+".")
	})
}

// candidates are values that a key may have.
func candidates(k *key) []string {
	all := append([]string{k.example, k.def}, k.word...)
	for _, n := range []int64{k.least, k.most} {
		switch k.form {
		case ofDuration:
			all = append(all, fmt.Sprintf("%dns", n))
		case ofRate:
			all = append(all, fmt.Sprintf("%dbps", n))
		case ofBytes:
			all = append(all, fmt.Sprintf("%dB", n))
		case ofShare:
			all = append(all, fmt.Sprintf("%d%%", n))
		case ofPerSecond:
			all = append(all, fmt.Sprintf("%d/s", n))
		case ofInteger, ofCount:
			all = append(all, fmt.Sprint(n))
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// TestSettingsAreWhatDecides: whatever the value of a key, two scenarios have equal
// settings if and only if a run of them is the same. No key can be forgotten here: all of
// the tables are walked.
func TestSettingsAreWhatDecides(t *testing.T) {
	changes := map[string]int{} // values that change settings, by path
	eachKey(t, func(t *testing.T, path string, k *key) {
		type variant struct {
			value    string
			is       *Scenario
			settings map[string]string
		}
		var all []variant
		for _, values := range append([][]string{nil}, func() (one [][]string) {
			for _, v := range candidates(k) {
				one = append(one, []string{v})
			}
			return one
		}()...) {
			if sc, ps := scene(t, path, values...); len(ps) == 0 {
				settings := sc.Settings()
				for id, hash := range sc.ProfileHashes() {
					settings["profile "+id] = hash
				}
				all = append(all, variant{strings.Join(values, ""), measured(sc), settings})
			}
		}
		for _, a := range all {
			for _, b := range all {
				same, equal := reflect.DeepEqual(a.is, b.is), maps.Equal(a.settings, b.settings)
				if strings.HasPrefix(path, "target.headers") && equal || path == "target.sessions.command" && same {
					continue // values of headers are masked; a line for the shell is the list of sh -c
				}
				if same != equal {
					t.Errorf("%q and %q: the scenario is the same: %v; the settings: %v\n%v\n%v", a.value, b.value, same, equal, a.settings, b.settings)
				}
				if !equal {
					changes[path]++
				}
			}
		}
	})
	walk("", scenarioKey.keys, func(path string, k *key) {
		fault := strings.TrimPrefix(path, "chaos.0.")
		if fault != path && slices.ContainsFunc(chaos.Fields(), func(f *chaos.Field) bool { return f.Name == fault }) {
			return // the next test
		}
		only := map[string]bool{"chaos.0.name": true, "target.headers": true, "target.sessions.file": true, "target.ca_file": true, "fleet.arrive.curve.0.at": true} // of one value here
		if k.form != "" && changes[path] == 0 != leftOut(path) && !only[path] && len(candidates(k)) > 1 {
			t.Errorf("%s: values that change the settings: %d; it is left out: %v", path, changes[path], leftOut(path))
		}
	})
}

// TestSettingsOfFaults: each selector and parameter of each kind is a setting.
func TestSettingsOfFaults(t *testing.T) {
	for i := range chaos.Kinds {
		kind := &chaos.Kinds[i]
		required := map[string]string{}
		for _, f := range slices.Concat(kind.Selectors, kind.Params) {
			k := ofField(&f)
			if f.Required && len(f.Vias) == 0 {
				required[f.Name] = map[bool]string{true: "503", false: k.example}[f.Type == "status"]
			}
		}
		text := func(changed map[string]string) string {
			var b strings.Builder
			fmt.Fprintf(&b, "version: 1\nname: x\nduration: 200s\nfleet: {players: 10, cohorts: [{name: web}, {name: tv}]}\nchaos:\n  - {name: f, fault: %s, at: 30s", kind.Kind)
			if !kind.Instant {
				b.WriteString(", for: 40s")
			}
			for name, v := range required {
				if _, also := changed[name]; !also {
					fmt.Fprintf(&b, ", %s: %s", name, v)
				}
			}
			for name, v := range changed {
				fmt.Fprintf(&b, ", %s: %s", name, v)
			}
			return b.String() + "}\n"
		}
		load := func(changed map[string]string) map[string]string {
			sc, err := Load(Source{File: "x", Data: []byte(text(changed))})
			if err != nil {
				return nil
			}
			return sc.Settings()
		}
		base := load(nil)
		if base == nil {
			continue // it needs AWS or a URL
		}
		for _, f := range slices.Concat(kind.Selectors, kind.Params) {
			k := ofField(&f)
			values := append([]string{k.example}, k.word...)
			if k.items != nil {
				values = append(values, k.items.word...)
			}
			switch f.Of(new(chaos.Fault)).(type) {
			case *int:
				values = append(values, "1", "2", "404")
			case *time.Duration:
				values = append(values, "3s", "7s")
			case *string:
				values = append(values, "tv", "highest")
			case *float64:
				values = append(values, "50%")
			}
			slices.Sort(values)
			values = slices.Compact(values)
			different := map[string]bool{}
			tried := 0
			for _, v := range values {
				if s := load(map[string]string{f.Name: v}); s != nil {
					tried++
					different[s["chaos.f."+f.Name]] = true
				}
			}
			if tried > 1 && len(different) < 2 {
				t.Errorf("%s: %s: %d values are no settings", kind.Kind, f.Name, tried)
			}
		}
	}
}

// TestSettingsAreWrittenInOneWay: the same scenario, written otherwise, has the same
// settings, wherever its files are.
func TestSettingsAreWrittenInOneWay(t *testing.T) {
	load := func(dir, text string, overrides ...string) (map[string]string, map[string]string) {
		t.Helper()
		src := Source{File: filepath.Join(dir, "mine.yaml"), Data: []byte(text), Getenv: func(name string) (string, bool) { return map[string]string{"TOKEN": dir, "LONG": "40s"}[name], true },
			ReadFile: func(name string) ([]byte, error) {
				if strings.HasSuffix(name, ".csv") {
					return []byte("# " + dir + "\n0,1000000\n9,2000000\n"), nil
				}
				return []byte("# " + dir + "\nid: mine-1\nbase: hlsjs-1.7\nsource: " + dir + "\n"), nil
			}}
		for _, o := range overrides {
			v, err := Set(o)
			if err != nil {
				t.Fatal(err)
			}
			src.Overrides = append(src.Overrides, v)
		}
		sc, err := Load(src)
		if err != nil {
			t.Fatal(err)
		}
		return sc.Settings(), sc.ProfileHashes()
	}
	const text = `
version: 1
name: %s
seed: %s
duration: 2m
target: {rig: {edge: {playlist_ttl: 1000ms, preset: aws-solution}, keep: 21}}
fleet:
  players: 100
  cohorts:
    - {name: web, share: 60%%, profile: ./a/mine.yaml, network: {down: 20000kbps, trace: train.csv}}
    - {name: tv, network: home}
chaos: [{fault: pipeline.kill, at: 30s, for: "%s", pipeline: 0}]
stop: ["stalled_now  >  90%%  for 20s"]
expect: ["failed_over >= %s"]
`
	a, profiles := load("one", fmt.Sprintf(text, "first", "1", "${LONG}", "1%"))
	b, others := load("two", fmt.Sprintf(`
name: %s
stop: ["stalled_now > 90%% for 20s"]
seed: %s
chaos: [{pipeline: 0, for: "%s", at: 30s, name: pipeline-kill, fault: pipeline.kill, via: rig}]
expect: ["failed_over >= %s"]
recovery: 30s
fleet:
  cohorts:
    - {network: {trace: other.csv, down: 20Mbps}, name: web, share: 60%%, profile: /else/theirs.yaml}
    - {name: tv, share: 40%%, network: {base: home}, profile: hlsjs-1.7}
  players: 0.1k
target: {rig: {edge: {error_ttl: 1s}, window: 10}}
version: 1
`, "second", "2", "0m40s", "2%"), "duration=120s")
	if !maps.Equal(a, b) || !maps.Equal(profiles, others) {
		for path := range a {
			if a[path] != b[path] {
				t.Errorf("%s: %q and %q", path, a[path], b[path])
			}
		}
		t.Errorf("%d and %d settings; profiles %v and %v", len(a), len(b), profiles, others)
	}
	for path, want := range map[string]string{
		"target.rig.edge.playlist_ttl": "1s", "target.rig.edge.error_ttl": "1s", "target.rig.keep": "21", "fleet.players": "100", "fleet.cohorts.web.network.down": "20Mbps", "fleet.cohorts.tv.share": "40%",
		"chaos.pipeline-kill.for": "40s", "chaos.pipeline-kill.pipeline": "0", "stop.0": "stalled_now > 90% for 20s", "fleet.cohorts": "web, tv", "chaos": "pipeline-kill", "duration": "2m", "fleet.arrive.over": "15s",
		"fleet.cohorts.web.profile": "mine-1",
	} {
		if a[path] != want {
			t.Errorf("%s: %q; want %q", path, a[path], want)
		}
	}
	if len(profiles) != 2 || profiles["mine-1"] != profiles["hlsjs-1.7"] { // the ids differ, what they do does not
		t.Errorf("profiles of one behaviour: %v", profiles)
	}
	for _, change := range []string{"chaos.pipeline-kill.for=41s", "fleet.players=101", "target.rig.edge.preset=cloudfront-default", "fleet.cohorts.tv.network=mobile-4g", "stop=[]", "fleet.cohorts.web.profile.stale=ignored"} {
		c, changed := load("one", fmt.Sprintf(text, "first", "1", "${LONG}", "1%"), change)
		if strings.HasSuffix(change, "preset=cloudfront-default") && c["target.rig.edge.error_ttl"] != "10s" || maps.Equal(a, c) && maps.Equal(profiles, changed) {
			t.Errorf("%s changes no setting", change)
		}
	}
}

// TestSettingsHoldNoSecrets: values of the environment stand as ${NAME}, and what they are
// changes nothing; other secrets are masked.
func TestSettingsHoldNoSecrets(t *testing.T) {
	load := func(env map[string]string) (string, string) {
		sc, err := Load(Source{File: "x", Getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Data: []byte(`
version: 1
name: x
target:
  url: "https://user:pa55word@${HOST}/live/index.m3u8?token=${TOKEN}&sig=plain-secret"
  headers: {X-Token: "${TOKEN}", Authorization: "Bearer plain-secret"}
fleet: {players: 4, cohorts: [{name: a, profile: {base: hlsjs-1.7, http: {user_agent: "agent ${TOKEN}"}}}]}
chaos: [{name: c, fault: command, at: 10s, for: 10s, start: [./stop, --token, "${TOKEN}", --password, plain-secret], stop: "./start ${TOKEN}"}]
`)})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(sc.Settings()), fmt.Sprint(sc.ProfileHashes())
	}
	settings, profiles := load(map[string]string{"HOST": "one.example.com", "TOKEN": "s3cr3t-0123456789"})
	again, too := load(map[string]string{"HOST": "two.example.org", "TOKEN": "another-9876543210"})
	if settings != again || profiles != too {
		t.Errorf("other values of the environment change the settings or profiles:\n%s\n%s\n%s %s", settings, again, profiles, too)
	}
	for _, secret := range []string{"s3cr3t", "plain-secret", "pa55word", "one.example"} {
		if strings.Contains(settings, secret) {
			t.Errorf("%s is in %s", secret, settings)
		}
	}
	if !strings.Contains(settings, "target.url:https://***@${HOST}/live/index.m3u8?token=${TOKEN}&sig=***") {
		t.Error(settings)
	}
}

// TestSettingsAreBounded: a hostile scenario has a bounded key, and none of its values is
// without effect on it.
func TestSettingsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nname: x\ntarget: {rig: {}}\nstop:\n")
	for i := range 6000 {
		fmt.Fprintf(&b, "  - stalled_now > %d.%d%% for 20s\n", i%100, i)
	}
	load := func(text string) map[string]string {
		sc, err := Load(Source{File: "x", Data: []byte(text), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return sc.Settings()
	}
	a := load(b.String())
	size := 0
	for path, text := range a {
		size += len(path) + len(text)
	}
	if len(a) > maxSettings+1 || size > maxSettingBytes+1000 || !strings.Contains(a["…"], "more settings, sha256:") {
		t.Errorf("%d settings of %d bytes, then %s", len(a), size, a["…"])
	}
	if other := load(strings.Replace(b.String(), "90.5990%", "90.5991%", 1)); maps.Equal(a, other) {
		t.Error("a setting beyond the bound has no effect")
	}
	long := strings.Repeat("x", 5000)
	argument := func(of string) string {
		return "version: 1\nname: x\ntarget: {url: 'http://127.0.0.1/x.m3u8'}\nchaos: [{name: c, fault: command, at: 10s, for: 10s, start: [" + of + "], stop: [b]}]\n"
	}
	one, two := load(argument(long+"a")), load(argument(long+"b"))
	if len(one["chaos.c.start"]) > 300 || one["chaos.c.start"] == two["chaos.c.start"] {
		t.Errorf("%d bytes: %s", len(one["chaos.c.start"]), one["chaos.c.start"])
	}
}

// TestSettingsOfShippedScenarios: all that ship have settings of a usual number.
func TestSettingsOfShippedScenarios(t *testing.T) {
	for _, name := range Names() {
		data, err := shipped.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		sc, err := Load(Source{File: name, Data: data, ReadFile: os.ReadFile, Getenv: func(string) (string, bool) { return "value", true }, Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }})
		if err != nil {
			continue // it wants a URL
		}
		if n := len(sc.Settings()); n < 20 || n > 400 {
			t.Errorf("%s: %d settings", name, n)
		}
	}
}
