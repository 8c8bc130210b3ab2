package scenarios

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
)

// scenes are scenarios in which a key can stand, by the start of its path.
var scenes = []struct{ path, text string }{
	{"target.rig.length", "target: {rig: {playlist: event}}"},
	{"target.rig.key_rotation", "target: {rig: {encryption: aes-128}}"},
	{"target.rig.iv", "target: {rig: {encryption: aes-128}}"},
	{"target.rig.gap_pipeline", "target: {rig: {gap_every: 20}}"},
	{"target.rig.start", "target: {rig: {start: {offset: 4s}}}"},
	{"target.rig.ladder.0", "target: {rig: {ladder: [{size: 640x360, rate: 800kbps}]}}"},
	{"target.rig", "target: {rig: {}}"},
	{"target.entry", "target: {rig: {}}"},
	{"target.sessions.file", "target: {url: 'http://127.0.0.1/{token}.m3u8', sessions: {file: tokens.csv}}"},
	{"target.sessions.renew", "target: {url: 'http://127.0.0.1/{token}.m3u8', sessions: {command: [./issue], renew: {every: 1m}}}"},
	{"target.sessions", "target: {url: 'http://127.0.0.1/{token}.m3u8', sessions: {command: [./issue]}}"},
	{"target.headers_for", "target: {url: 'http://127.0.0.1/x.m3u8', headers: {X-Token: t}}"},
	{"target", "target: {url: 'http://127.0.0.1/x.m3u8'}"},
	{"fleet.arrive.stages.0", "fleet: {arrive: {stages: [{to: 5, over: 20s}, {to: 5, over: 20s}]}}"},
	{"fleet.arrive.curve.0", "fleet: {arrive: {curve: [{at: 0s, players: 5}, {at: 20s, players: 5}]}}"},
	{"fleet.regions.0.network.base", "fleet: {regions: [{name: eu, network: {down: 20Mbps}}]}"},
	{"fleet.regions.0.network", "fleet: {regions: [{name: eu, network: {base: home}}]}"},
	{"fleet.regions.0.share", "fleet: {regions: [{name: eu}, {name: in}]}"},
	{"fleet.regions.0", "fleet: {regions: [{name: eu}]}"},
	{"fleet.cohorts.0.network.base", "fleet: {cohorts: [{network: {down: 20Mbps}}]}"},
	{"fleet.cohorts.0.network", "fleet: {cohorts: [{network: {base: home}}]}"},
	{"fleet.cohorts.0.profile", "fleet: {cohorts: [{profile: {base: hlsjs-1.7}}]}"},
	{"fleet.cohorts.0.share", "fleet: {cohorts: [{name: a}, {name: b}]}"},
	{"fleet.cohorts.0", "fleet: {cohorts: [{}]}"},
	{"fleet.players", "limits: {}"},
	{"chaos.0", "chaos: [{name: k, fault: pipeline.kill, at: 10s, for: 10s}]"},
	{"expect", "chaos: [{name: kill-0, fault: pipeline.kill, at: 10s, for: 10s}]"},
	{"known", "chaos: [{name: kill-0, fault: pipeline.kill, at: 10s, for: 10s}]"},
	{"authorized", "authorized: {by: me, until: 2026-12-30}"},
	{"aws.mediapackage", awsScene + "mediapackage: {group: a, channel: b}}"},
	{"aws.mediaconnect", awsScene + "mediaconnect: {flow: 'arn:aws:mediaconnect:eu-west-1:123456789012:flow:1:l', outputs: ['arn:aws:mediaconnect:eu-west-1:123456789012:output:1:l']}}"},
	{"aws.watchdog", awsScene + "watchdog: {role: 'arn:aws:iam::123456789012:role/x'}}"},
	{"aws.hours", awsScene + "hours: {from: '01:00', to: '02:00', zone: UTC}}"},
	{"aws", awsScene + "}"},
	{"", ""},
}

const awsScene = "aws: {account: '123456789012', region: eu-west-1, "

// scene is where a key can stand, with overrides.
func scene(t *testing.T, path string, values ...string) (*Scenario, Problems) {
	t.Helper()
	text := "version: 1\nname: x\n"
	for _, s := range scenes {
		if strings.HasPrefix(path, s.path) {
			text += s.text + "\n"
			break
		}
	}
	src := Source{File: "x", Data: []byte(text), Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }}
	src.ReadFile = func(name string) ([]byte, error) {
		switch name {
		case "train.csv":
			return []byte("0,1000000\n"), nil
		case "tokens.csv":
			return []byte("token\nabc\n"), nil
		}
		return os.ReadFile("testdata/good/staging.pem")
	}
	src.Getenv = func(string) (string, bool) { return "value", true }
	for _, v := range values {
		src.Overrides = append(src.Overrides, Override{From: "this", Path: path, Value: v})
	}
	sc, err := Load(src)
	ps, _ := err.(Problems)
	return sc, ps
}

// walk visits every key of a mapping and those below, with its path.
func walk(path string, keys []key, visit func(path string, k *key)) {
	for i := range keys {
		k := &keys[i]
		at := join(path, k.name)
		visit(at, k)
		walk(at, k.keys, visit)
		if k.items != nil {
			walk(at+".0", k.items.keys, visit)
		}
	}
}

// eachKey visits every key but the selectors and parameters of faults.
func eachKey(t *testing.T, visit func(t *testing.T, path string, k *key)) {
	walk("", scenarioKey.keys, func(path string, k *key) {
		if fault := strings.TrimPrefix(path, "chaos.0."); fault != path {
			for _, f := range chaos.Fields() {
				if f.Name == fault {
					return
				}
			}
		}
		t.Run(path, func(t *testing.T) { visit(t, path, k) })
	})
}

func TestTheSceneOfEveryKeyIsValid(t *testing.T) {
	eachKey(t, func(t *testing.T, path string, _ *key) {
		if _, ps := scene(t, path); len(ps) > 0 {
			t.Error(ps)
		}
	})
}

func TestExamplesAreValid(t *testing.T) {
	eachKey(t, func(t *testing.T, path string, k *key) {
		if k.name == "mediaconnect" {
			return // ARNs are too long for an example in a mapping
		}
		if _, ps := scene(t, path, k.example); len(ps) > 0 {
			t.Errorf("%s: %v", k.example, ps)
		}
	})
}

// A key that decoding does not read would take anything.
func TestEveryKeyIsRead(t *testing.T) {
	eachKey(t, func(t *testing.T, path string, k *key) {
		if _, ps := scene(t, path, "{no-such-key: [1]}"); len(ps) == 0 {
			t.Error("nonsense was accepted")
		}
	})
}

func TestWritingTheDefaultChangesNothing(t *testing.T) {
	eachKey(t, func(t *testing.T, path string, k *key) {
		if k.def == "" {
			return
		}
		without, _ := scene(t, path)
		with, ps := scene(t, path, k.def)
		if with != nil {
			with.overrides = nil // how it was written
		}
		switch {
		case len(ps) > 0:
			t.Errorf("%s: %v", k.def, ps)
		case !reflect.DeepEqual(with, without):
			t.Errorf("%s is not the default", k.def)
		}
	})
}

func TestRangesOfKeys(t *testing.T) {
	outOfRange := func(ps Problems) bool {
		return slices.ContainsFunc(ps, func(p Problem) bool { return strings.Contains(p.Text, "out of range") })
	}
	written := func(k *key, n int64) string {
		switch k.form {
		case ofDuration:
			return fmt.Sprintf("%dns", n)
		case ofRate:
			return fmt.Sprintf("%dbps", n)
		case ofBytes:
			return fmt.Sprintf("%dB", n)
		case ofShare:
			return fmt.Sprintf("%d%%", n)
		case ofPerSecond:
			return fmt.Sprintf("%d/s", n)
		case ofInteger, ofCount:
			return fmt.Sprint(n)
		}
		return ""
	}
	eachKey(t, func(t *testing.T, path string, k *key) {
		least, most := k.bounds()
		if written(k, most) == "" || k.name == "version" {
			return
		}
		if _, ps := scene(t, path, written(k, most+1)); len(ps) == 0 {
			t.Errorf("%s was accepted", written(k, most+1))
		}
		if _, ps := scene(t, path, written(k, least-1)); least > 0 && len(ps) == 0 {
			t.Errorf("%s was accepted", written(k, least-1))
		}
		if k.least == 0 && k.most == 0 {
			return
		}
		for _, n := range []int64{least, most} {
			if _, ps := scene(t, path, written(k, n)); outOfRange(ps) {
				t.Errorf("%s: %v", written(k, n), ps)
			}
		}
	})
}

func TestWordsOfKeys(t *testing.T) {
	eachKey(t, func(t *testing.T, path string, k *key) {
		if slices.Contains([]string{"fault", "via", "playlist"}, k.name) {
			return // which fits depends on other keys
		}
		for _, word := range k.word {
			if _, ps := scene(t, path, word); len(ps) > 0 {
				t.Errorf("%s: %v", word, ps)
			}
		}
	})
}

func TestUnknownVariables(t *testing.T) {
	if err := CheckEnv([]string{"HOME=/", "HLSLOAD_PLAYERS=5", "HLSLOAD_PROGRESS=plain", "HLSLOAD_TEST_KILLS=3", "HLSLOAD_CORPUS_MORE=1"}); err != nil {
		t.Error(err)
	}
	err := CheckEnv([]string{"HLSLOAD_PLAYRES=s3cr3t", "HLSLOAD_=", "HLSLOADX=1"})
	if err == nil || !strings.Contains(err.Error(), "got HLSLOAD_PLAYRES; want one of") || !strings.Contains(err.Error(), "did you mean HLSLOAD_PLAYERS?") ||
		!strings.Contains(err.Error(), "got HLSLOAD_;") || strings.Contains(err.Error(), "HLSLOADX") || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}

func TestCountsInThousands(t *testing.T) {
	for value, want := range map[string]int{"500": 500, "2k": 2000, "0.5M": 500_000} {
		if sc, ps := scene(t, "fleet.players", value); len(ps) > 0 || sc.Fleet.Audience.Players != want {
			t.Errorf("%s: %v; want %d players", value, ps, want)
		}
	}
	for _, value := range []string{"1e6", "1.5", "2K", `"500"`, "20 k", "many"} {
		if _, ps := scene(t, "fleet.players", value); len(ps) != 1 || !strings.Contains(ps[0].Text, "such as 500, 20k or 2M") {
			t.Errorf("%s: %v", value, ps)
		}
	}
	for path, of := range map[string]func(*Scenario) int{
		"fleet.arrive.stages.0.to":      func(sc *Scenario) int { return sc.Fleet.Audience.Arrive.Stages[0].To },
		"fleet.arrive.curve.0.players":  func(sc *Scenario) int { return sc.Fleet.Audience.Arrive.Stages[0].To },
		"limits.players":                func(sc *Scenario) int { return sc.Limits.Players },
		"target.rig.origin.read_limit":  func(sc *Scenario) int { return sc.Target.Rig.Origin.ReadLimit },
		"target.rig.origin.write_limit": func(sc *Scenario) int { return sc.Target.Rig.Origin.WriteLimit },
	} {
		for value, want := range map[string]int{"1.5k": 1500, "600k": 600_000, "1M": 1_000_000} {
			if sc, ps := scene(t, path, value); len(ps) > 0 || of(sc) != want {
				t.Errorf("%s %s: %v; want %d", path, value, ps, want)
			}
		}
		if _, ps := scene(t, path, "1.5"); len(ps) == 0 {
			t.Errorf("%s: 1.5 was accepted", path)
		}
	}
	flag, _ := Flag("players", "1.5k")
	set, _ := Set("fleet.players=1.5k")
	for _, o := range append(FromEnv(func(name string) (string, bool) { return "1.5k", name == "HLSLOAD_PLAYERS" }), flag, set) {
		if sc, err := Load(Source{File: "x", Data: []byte("version: 1\nname: x\n"), Overrides: []Override{o}}); err != nil || sc.Fleet.Audience.Players != 1500 {
			t.Errorf("%s: %v", o.From, err)
		}
	}
	if sc, ps := scene(t, "chaos", "[{fault: viewers.surge, at: 10s, players: 1.5k}]"); len(ps) > 0 || sc.Chaos[0].Players != 1500 {
		t.Errorf("surge of 1.5k: %v", ps)
	}
	if _, ps := scene(t, "fleet.players", "11M"); len(ps) != 1 || ps[0].Text != `fleet.players: out of range (got "11M"; want 1 to 10000000)` {
		t.Errorf("11M: %v", ps)
	}
	if sc, ps := scene(t, "limits.requests", "20k/s"); len(ps) > 0 || sc.Limits.Requests != 20_000 {
		t.Errorf("20k/s: %v", ps)
	}
}
