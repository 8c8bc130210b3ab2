package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/ticket"
	"hlsload/rig"
	"hlsload/scenarios/redact"
)

func load(t *testing.T, file string) *Scenario {
	t.Helper()
	sc, err := Load(sourceOf(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// same compares what a test got with what it wants, by name.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v; want %+v", what, got, want)
	}
}

func TestGoodFilesLoad(t *testing.T) {
	for _, file := range files(t, "testdata/good/*.yaml") {
		load(t, file)
	}
}

func TestDefaults(t *testing.T) {
	sc := load(t, "testdata/good/minimal.yaml")
	a := &sc.Fleet.Audience
	same(t, "rig", *sc.Target.Rig, rig.Default())
	same(t, "times", []time.Duration{sc.Duration, sc.Recovery, sc.LagLimit}, []time.Duration{100 * time.Second, 30 * time.Second, 100 * time.Millisecond})
	same(t, "entry", a.Entry, []float64{1})
	same(t, "players", a.Players, 1000)
	same(t, "arrivals", a.Arrive, audience.Arrive{Over: 15 * time.Second, Shape: audience.Linear})
	same(t, "session", a.Session, audience.Session{})
	same(t, "body", []string{sc.Fleet.Body, sc.Fleet.CMCD}, []string{"full", "off"})
	same(t, "cohort", []any{a.Cohorts[0].Name, a.Cohorts[0].Share, a.Cohorts[0].Profile, a.Cohorts[0].Network.Name}, []any{"viewers", 1.0, "hlsjs-1.7", "home"})
	same(t, "profile", sc.Fleet.Profiles[0].ID, "hlsjs-1.7")
	f := sc.Faults()[0]
	same(t, "fault", []any{f.Name, f.Via, f.At, f.For, f.Pipeline, f.Resume, f.Share, f.Rule, f.Occurrence},
		[]any{"pipeline-kill", chaos.ViaRig, 30 * time.Second, 40 * time.Second, 0, "continue", 1.0, 0, 1})

	bare := load(t, "testdata/good/bare.yaml")
	same(t, "target of a scenario without one", *bare.Target.Rig, rig.Default())
}

func TestTheDefaultDurationHoldsTheTimeline(t *testing.T) {
	sc, err := Load(Source{File: "x", Data: []byte("version: 1\nname: x\nchaos: [{fault: net.down, at: 2m, for: 1m}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "duration", sc.Duration, 3*time.Minute+30*time.Second)
}

func TestEverything(t *testing.T) {
	sc := load(t, "testdata/good/everything.yaml")
	want := rig.Default()
	want.Ladder = []rig.Rung{{Width: 640, Height: 360, Rate: 800e3}, {Width: 1280, Height: 720, Rate: 2500e3}}
	want.Container, want.Audio, want.Segment, want.Window, want.Keep = "fmp4", "demuxed", 6*time.Second, 5, 11
	want.ProgramDateTime, want.Pipelines, want.Layout = false, 1, "blocked"
	want.Origin = rig.Origin{Stale: "conditional", StaleAfter: 2, Missing: 403, Latency: 20 * time.Millisecond, WriteLimit: 100}
	want.Edge = rig.Edge{Pops: 2, PlaylistTTL: 2 * time.Second, SegmentTTL: time.Hour, ErrorTTL: 10 * time.Second}
	same(t, "rig", *sc.Target.Rig, want)
	a := &sc.Fleet.Audience
	same(t, "stages", a.Arrive.Stages, []audience.Stage{{To: 100, Over: time.Minute}, {To: 400, Over: 2 * time.Minute}, {To: 50, Over: 30 * time.Second}})
	same(t, "players", a.Players, 400)
	same(t, "session", a.Session.Mean, 2*time.Minute)
	same(t, "description", sc.Description.Value, "All keys of a rig, at other values than the defaults.\n")
	f := sc.Faults()
	same(t, "pause", f[0].Children, "stale")
	same(t, "rollback", []any{f[1].Segments, f[1].Rendition}, []any{3, "highest"})
	same(t, "status", []any{f[2].Code, f[2].Pop, f[2].Kinds}, []any{502, 1, []m3u8.Kind{m3u8.KindSegment}})
}

func TestCurveAndRegions(t *testing.T) {
	sc := load(t, "testdata/good/curve.yaml")
	a := &sc.Fleet.Audience
	same(t, "stages", a.Arrive.Stages, []audience.Stage{{To: 600_000, Over: 10 * time.Minute}, {To: 600_000, Over: 50 * time.Minute}, {To: 50_000, Over: 30 * time.Minute}})
	same(t, "players", []int{a.Players, a.Peak(), sc.MostPlayers()}, []int{600_000, 600_000, 600_000})
	same(t, "POPs of the rig", sc.Target.Rig.Edge.Pops, 6)
	r := a.Regions
	same(t, "regions", []any{r[0].Name, r[1].Pops, r[2].Pops, r[2].Network}, []any{"eu", 1, 2, (*link.Config)(nil)})
	same(t, "shares", []bool{r[0].Share == 0.7, math.Abs(r[2].Share-0.1) < 1e-9}, []bool{true, true})
	same(t, "networks", []any{r[0].Network.Name, r[1].Network.Name, r[1].Network.Down}, []any{"home", "mobile-4g", int64(2e6)})
	o := sc.Outline()
	same(t, "outline", o.Regions[1], OutlineRegion{"in", 0.2, 1, "mobile-4g"})
	for _, want := range []string{"\nregions eu: 70%, POPs 0 to 2, on home (", "\n        in: 20%, POP 3, on mobile-4g (2Mbps, ", "\n        us: 10%, POPs 4 to 5\n", "600000 players at the peak: to 600000 in 10m, to 600000 in 50m, to 50000 in 30m"} {
		if !strings.Contains(sc.Plan(), want) {
			t.Errorf("the plan does not say %q:\n%s", want, sc.Plan())
		}
	}
	url := load(t, "testdata/good/override-curve.yaml").Fleet.Audience.Regions
	same(t, "regions of a URL", []any{url[0].Pops, url[0].Network.Name, url[1].Network}, []any{0, "home", (*link.Config)(nil)})
	same(t, "regions of other scenarios", load(t, "testdata/good/minimal.yaml").Fleet.Audience.Regions, []audience.Region(nil))
}

func TestContent(t *testing.T) {
	sc := load(t, "testdata/good/content.yaml")
	want := rig.Default()
	want.Ladder, want.Segment, want.Container = rig.Ladders["mini"], 2*time.Second, "fmp4"
	want.Playlist, want.Length, want.ByteRanges = rig.Event, 2*time.Minute, true
	want.Encryption, want.KeyRotation, want.IV = "aes-128", 10, "explicit"
	want.DiscontinuityEvery, want.GapEvery, want.GapPipeline = 15, 20, 0
	want.Start = &rig.Start{Offset: -12 * time.Second, Precise: true}
	same(t, "rig", *sc.Target.Rig, want)

	vod := load(t, "testdata/good/vod.yaml").Target.Rig
	same(t, "vod", []any{vod.Playlist, vod.Length, *vod.Start, vod.GapPipeline}, []any{rig.VOD, 10 * time.Minute, rig.Start{Offset: time.Minute}, chaos.Any})
}

func TestURL(t *testing.T) {
	sc := load(t, "testdata/good/url.yaml")
	same(t, "rig", sc.Target.Rig, (*rig.Config)(nil))
	same(t, "URL", sc.Target.URLs[0], Text{"https://${HOST}/a/index.m3u8?key=${TOKEN}", "https://edge.example.com/a/index.m3u8?key=s3cr3t-value"})
	same(t, "headers", sc.Target.Headers, []Header{
		{"X-Token", Text{"${TOKEN}", "s3cr3t-value"}}, {"X-Literal", Text{"$${TOKEN}", "${TOKEN}"}}, {"X-Number", Text{"5", "5"}}})
	same(t, "hosts of the headers", sc.Target.HeadersFor, []string{"segments.example.com", "*.cdn.example.com"})
	same(t, "certificates", []any{CheckCertificates(sc.Target.CA), sc.Target.InsecureSkipVerify}, []any{nil, false})
	same(t, "globs", sc.Target.Pipelines[1].Value, "*/b/*")
	same(t, "entry", sc.Target.Entry, []float64{0.333, 0.667})
	same(t, "players", sc.Fleet.Audience.Players, 250)
	same(t, "session", sc.Fleet.Audience.Session, audience.Session{Mean: 5 * time.Minute, Rejoin: true})
	c := sc.Fleet.Audience.Cohorts
	same(t, "overridden profile", []any{c[0].Profile, sc.Fleet.Profiles[0].ID, misses(t, sc.Fleet.Profiles[0])}, []any{"tuned", "tuned", 4})
	same(t, "link of its own", []any{c[0].Network.Name, c[0].Network.Down, c[0].Network.RTT}, []any{"unlimited", int64(3e6), 50 * time.Millisecond})
	same(t, "trace", len(c[1].Network.Trace), 3)
	byName := map[string][]chaos.Fault{}
	for _, f := range sc.Faults() {
		byName[f.Name] = append(byName[f.Name], f)
	}
	f := byName["freeze"][0]
	same(t, "freeze", []any{f.Via, f.Pipeline, f.Rendition, f.Cohort, f.Share}, []any{chaos.ViaViewer, 1, "1280x720", "b", 0.5})
	same(t, "command", byName["stop"][0].StopCommand, []string{"/bin/sh", "-c", "curl -H 'X: s3cr3t-value' http://h/"})
	same(t, "occurrences", len(byName["hang"]), 5)
	same(t, "unnamed faults", []int{len(byName["viewers-surge"]), len(byName["viewers-surge-2"])}, []int{1, 1})
	same(t, "lag", sc.LagLimit, 50*time.Millisecond)
}

func TestAliasesAndJSON(t *testing.T) {
	sc := load(t, "testdata/good/aliases.yaml")
	same(t, "aliased network", sc.Fleet.Audience.Cohorts[1].Network, sc.Fleet.Audience.Cohorts[0].Network)
	same(t, "its rate", sc.Fleet.Audience.Cohorts[1].Network.Down, int64(5e6))
	same(t, "a scenario in JSON", load(t, "testdata/good/json.yaml").Fleet.Audience.Players, 10)
}

func TestOverrides(t *testing.T) {
	sc := load(t, "testdata/good/overrides.yaml")
	a := &sc.Fleet.Audience
	same(t, "players", a.Players, 30)
	same(t, "duration", sc.Duration, 3*time.Minute)
	same(t, "at", sc.Chaos[0].At, 20*time.Second)
	same(t, "shares", []float64{a.Cohorts[0].Share, a.Cohorts[1].Share}, []float64{0.5, 0.5})
	same(t, "network", []any{a.Cohorts[1].Network.Name, a.Cohorts[1].Network.Down}, []any{"mobile-4g", int64(2e6)})
	same(t, "profiles", []int{misses(t, sc.Fleet.Profiles[0]), misses(t, sc.Fleet.Profiles[1])}, []int{0, 3})
	same(t, "ids", []string{a.Cohorts[0].Profile, a.Cohorts[1].Profile, sc.Fleet.Profiles[1].ID}, []string{"hlsjs-1.7", "hlsjs-1.7+tv", "hlsjs-1.7+tv"})
	same(t, "error TTL", sc.Target.Rig.Edge.ErrorTTL, 10*time.Second)
	same(t, "ladder", sc.Target.Rig.Ladder, []rig.Rung{{Width: 640, Height: 360, Rate: 800e3}})
	same(t, "expectation", sc.Expect[0].Text, "startup.p95 < 5s")
	same(t, "description", sc.Description.Value, "a: b # c")

	sc = load(t, "testdata/good/override-stages.yaml")
	same(t, "stages", sc.Fleet.Audience.Arrive.Stages, []audience.Stage{{To: 50, Over: 20 * time.Second}, {To: 25, Over: 10 * time.Second}})

	sc = load(t, "testdata/good/override-curve.yaml")
	same(t, "curve", sc.Fleet.Audience.Arrive.Stages, []audience.Stage{{To: 500}, {To: 1000, Over: 20 * time.Second}, {To: 0, Over: 20 * time.Second}})

	sc = load(t, "testdata/good/override-url.yaml")
	same(t, "target", []any{sc.Target.Rig == nil, sc.Target.URLs[0].Value, sc.Target.Entry}, []any{true, "http://127.0.0.1:8080/live/index.m3u8", []float64{1}})
	same(t, "faults on a URL", []chaos.Via{sc.Chaos[0].Via, sc.Chaos[1].Via}, []chaos.Via{chaos.ViaViewer, chaos.ViaViewer})
}

// TestPrecedence: defaults < file < environment < flags.
func TestPrecedence(t *testing.T) {
	flag := func(name, val string) []Override {
		o, err := Flag(name, val)
		if err != nil {
			t.Fatal(err)
		}
		return []Override{o}
	}
	set := func(arg string) []Override {
		o, err := Set(arg)
		if err != nil {
			t.Fatal(err)
		}
		return []Override{o}
	}
	env := FromEnv(func(name string) (string, bool) {
		v, ok := map[string]string{"HLSLOAD_PLAYERS": "3", "HLSLOAD_SEED": "30", "HLSLOAD_DURATION": "40s", "HLSLOAD_URL": ""}[name]
		return v, ok
	})
	if len(env) != 3 {
		t.Fatalf("%d overrides from the environment; want 3: an empty one is not set", len(env))
	}
	const file = "version: 1\nname: x\nseed: 20\nduration: 50s\nfleet: {players: 2}\n"
	for _, c := range []struct {
		what      string
		text      string
		overrides []Override
		players   int
		seed      uint64
		duration  time.Duration
	}{
		{"defaults", "version: 1\nname: x\n", nil, 1000, 1, 100 * time.Second},
		{"file", file, nil, 2, 20, 50 * time.Second},
		{"environment", file, env, 3, 30, 40 * time.Second},
		{"flag", file, slices.Concat(env, flag("players", "4")), 4, 30, 40 * time.Second},
		{"set", file, slices.Concat(env, set("fleet.players=5")), 5, 30, 40 * time.Second},
		{"the later flag", file, slices.Concat(env, set("seed=6"), flag("seed", "7")), 3, 7, 40 * time.Second},
		{"null", file, slices.Concat(env, set("fleet.players=")), 1000, 30, 40 * time.Second},
	} {
		sc, err := Load(Source{File: "x", Data: []byte(c.text), Overrides: c.overrides})
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		same(t, c.what, []any{sc.Fleet.Audience.Players, sc.Seed, sc.Duration}, []any{c.players, c.seed, c.duration})
	}
}

// TestSetByDefaultName: --set finds an entry by the name that it gets when it has none, and
// problems of a list do not repeat it.
func TestSetByDefaultName(t *testing.T) {
	file := []byte("version: 1\nname: a\nduration: 60s\nchaos: [{fault: playlist.freeze, at: 20s, for: 5s}]\n")
	set := func(arg string) (*Scenario, error) {
		o, err := Set(arg)
		if err != nil {
			t.Fatal(err)
		}
		return Load(Source{File: "a.yaml", Data: file, Overrides: []Override{o}})
	}
	sc, err := set("chaos.playlist-freeze.rendition=720p")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rendition", sc.Chaos[0].Rendition, "720p")
	_, err = set("expect=[a < 1, b < 2]")
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "--set expect: expect.") {
			t.Errorf("got %q", line)
		}
	}
}

func TestSetRefusesNonsense(t *testing.T) {
	for _, arg := range []string{"", "x", "=5", ".=5", "a..b=5", "a.=5", ".a=5"} {
		if _, err := Set(arg); err == nil || !strings.Contains(err.Error(), "--set") {
			t.Errorf("Set(%q): %v; want an error that names --set", arg, err)
		}
	}
	if _, err := Flag("player", "5"); err == nil {
		t.Error("a flag that does not exist was taken")
	}
}

func TestRedact(t *testing.T) {
	sc := load(t, "testdata/good/url.yaml")
	same(t, "redacted", sc.Redact("GET https://edge.example.com/a?key=s3cr3t-value: refused"), "GET https://${HOST}/a?key=${TOKEN}: refused")
	sc = &Scenario{secrets: &redact.Secrets{}, references: &redact.Secrets{}}
	for name, value := range map[string]string{"A": "one two/three&four", "B": "one two/three&five", "S": "ab"} {
		sc.references.AddReference(value, "${"+name+"}")
	}
	sc.learn()
	for in, want := range map[string]string{
		"x one two/three&four x one two/three&five":     "x ${A} x ${B}",
		"?a=one+two%2Fthree%26four&b=one%20two%2Fthree": "?a=${A}&b=${B}",
		`got "one two/thr"...`:                          `got "${B}"...`,
		"one two, ab":                                   "one two, ${S}",
	} {
		same(t, in, sc.Redact(in), want)
	}
	sc = load(t, "testdata/good/url.yaml")
	for _, s := range []string{fmt.Sprint(sc.Target.URLs[0]), fmt.Sprintf("%#v %v", sc.Target.Headers, sc.Target.URLs)} {
		if strings.Contains(s, "s3cr3t") {
			t.Errorf("an environment value shows in %s", s)
		}
	}
}

func TestDecodeFault(t *testing.T) {
	c := rig.Default()
	target := Target{Rig: &c}
	for _, ok := range []struct {
		json string
		want []any // name, for, pipeline, code
	}{
		{`{"fault": "pipeline.kill", "pipeline": 1}`, []any{"pipeline-kill", time.Duration(0), 1, 0}},
		{`{"name": "x", "fault": "origin.status", "code": 503, "for": "20s"}`, []any{"x", 20 * time.Second, chaos.Any, 503}},
		{`{"name": "x", "fault": "edge.flush"}`, []any{"x", time.Duration(0), chaos.Any, 0}},
	} {
		f, err := DecodeFault([]byte(ok.json), target)
		if err != nil {
			t.Errorf("%s: %v", ok.json, err)
			continue
		}
		same(t, ok.json, []any{f.Name, f.For, f.Pipeline, f.Code}, ok.want)
		same(t, ok.json+" via", f.Via, chaos.ViaRig)
	}
	for _, bad := range []struct{ json, want string }{
		{`{`, "not valid JSON"},
		{`name: x`, "not valid JSON"},
		{`[]`, "wrong type (got a list"},
		{`{"fault": "pipeline.kil"}`, `fault:1:11: chaos: fault: unknown fault (got "pipeline.kil"; want pipeline.kill)`},
		{`{"fault": "pipeline.kill", "at": "3s"}`, "starts at once"},
		{`{"fault": "pipeline.kill", "pipeline": 2}`, "no such pipeline (got 2; want 0 to 1)"},
		{`{"fault": "http.reset"}`, "cannot be applied by the rig itself"},
		{`{"fault": "pipeline.kill", "via": "command", "start": ["rm", "-rf", "/"], "stop": ["true"]}`, "cannot be applied by the rig itself"},
		{`{"fault": "pipeline.kill", "for": 5}`, "not a duration"},
		{`{"fault": "pipeline.kill", "name": "${HOME}"}`, "cannot hold a value of the environment"},
		{`{"fault": "origin.status"}`, "origin.status needs code"},
		{`{}`, "fault is missing"},
	} {
		if f, err := DecodeFault([]byte(bad.json), target); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(bad.want, "fault:1:11: chaos: ")) {
			t.Errorf("%s: %+v, %v; want an error with %q", bad.json, f, err, bad.want)
		}
	}
}

// TestSample: the values that the documents show for the rig are its defaults.
func TestSample(t *testing.T) {
	sc := load(t, "testdata/good/sample.yaml")
	same(t, "rig", *sc.Target.Rig, rig.Default())
	same(t, "cohorts without faults", sc.Fleet.Audience.Cohorts[2].FaultsNone, true)
	same(t, "conditions", []int{len(sc.Stop), len(sc.Expect)}, []int{1, 4})
}

// TestTokens: each session has its URL and headers, from a file or a program.
func TestTokens(t *testing.T) {
	sc := load(t, "testdata/good/tokens.yaml")
	c := sc.Target.Sessions
	same(t, "renewal", c.Renew, Renewal{Before: 30 * time.Second, Every: 10 * time.Minute})
	same(t, "lines", c.File.Len(), 2)
	same(t, "personal", sc.Target.Personal(), true)
	g := sc.Target.Gate(1, "0123456789abcdef")
	for i, want := range []string{
		"https://edge.example.com/second-token-of-the-file/live/a.m3u8?p=17&r=RANDOM&x=s3cr3t-value",
		"https://edge.example.com/second-token-of-the-file/live/b.m3u8"} {
		tk, err := c.File.At(3, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		p, err := g.Pass(ticket.Ask{Player: 17, Session: 1}, tk, i)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Wire(p.URL)
		if from := strings.Index(got, "r="); from > 0 {
			got = got[:from+2] + "RANDOM" + got[from+2+32:]
		}
		same(t, "URL", got, want)
		same(t, "headers", p.Headers, []ticket.Header{{Name: "Authorization", Value: "Bearer eyJhbGciOi.c.d"}, {Name: "X-Json", Value: `{"a":{"b":1}}`},
			{Name: "X-Brace", Value: "{brace}"}, {Name: "X-Literal", Value: "${TOKEN}"}})
	}
	f := sc.Faults()
	same(t, "expire", []any{f[0].Via, f[0].Code, f[0].Share}, []any{chaos.ViaViewer, 401, 0.5})
	same(t, "revoke", f[1].Code, 403)
	plan := sc.Plan()
	for _, secret := range []string{"s3cr3t", "first-token", "eyJ"} {
		if strings.Contains(plan, secret) {
			t.Errorf("the plan shows %s", secret)
		}
	}
	expected(t, "testdata/plan/tokens.txt", plan)

	sc = load(t, "testdata/good/tokens-program.yaml")
	c = sc.Target.Sessions
	same(t, "program", []any{c.Command, c.Limit, c.Renew}, []any{[]string{"./issue", "--kid", "s3cr3t-value"}, 2 * time.Second, Renewal{Before: time.Minute, Rejoin: true}})
	expected(t, "testdata/plan/tokens-program.txt", sc.Plan())
	if load(t, "testdata/good/url.yaml").Target.Personal() {
		t.Error("a target without fields has tokens")
	}
}

// A sticky fault needs no allow_sticky where AWS undoes it.
func TestAWSSafety(t *testing.T) {
	a := load(t, "testdata/good/aws.yaml").AWS
	same(t, "watchdog", a.Watchdog, "arn:aws:iam::123456789012:role/ops/hlsload-watchdog")
	same(t, "require_lever", a.RequireLever, true)
	same(t, "allow_sticky", a.AllowSticky, false)
	same(t, "hours", a.Hours.String(), "22:00 to 04:30 Europe/Berlin, Mon, Fri")
}

// misses is how many unchanged reloads a profile takes for stale.
func misses(t *testing.T, p *player.Profile) int {
	t.Helper()
	var is struct{ Misses struct{ Misses int } }
	text, err := yaml.Marshal(p.Stale)
	if err == nil {
		err = yaml.Unmarshal(text, &is)
	}
	if err != nil {
		t.Fatal(err)
	}
	return is.Misses.Misses
}
