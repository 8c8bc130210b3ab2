package rehearsal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/capacity/answer"
	"hlsload/player/audience"
	"hlsload/player/units"
	"hlsload/reports/figure"
	"hlsload/scenarios"
)

// files are those that events of the tests name.
var files = map[string]string{}

func read(name string) ([]byte, error) {
	if text, ok := files[strings.TrimPrefix(name, "/somewhere/")]; ok {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("no file %s", name)
}

func eventOf(t testing.TB, text string) *scenarios.Event {
	t.Helper()
	e, err := scenarios.LoadEvent(scenarios.Source{File: "event.yaml", Data: []byte(text), ReadFile: read})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return e
}

// rehearse plans a rehearsal, and loads the scenario that it writes.
func rehearse(t testing.TB, e *scenarios.Event, share float64) (*Plan, *scenarios.Scenario, string) {
	t.Helper()
	r, err := Of(e, share, answer.DefaultMachine)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Scenario("/somewhere")
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Load(scenarios.Source{File: "rehearsal.yaml", Data: data, ReadFile: read})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return r, sc, string(data)
}

const head = "version: 1\nevent: {name: final, duration: 2h}\n"

// shapes are events as they are.
var shapes = map[string]string{
	"spike":      head + "audience: {curve: [{at: -1m, viewers: 0}, {at: 0s, viewers: 1M}, {at: 5m, viewers: 200k}, {at: 2h, viewers: 0}], session: {mean: 20m}}\nscenario: pipeline-kill\n",
	"ramp":       head + "audience: {curve: [{at: 0s, viewers: 0}, {at: 2h, viewers: 800k}], session: {mean: 1h}}\nscenario: soak\n",
	"no session": head + "audience: {curve: [{at: -30m, viewers: 0}, {at: 0s, viewers: 600k}, {at: 2h, viewers: 600k}]}\nscenario: playlist-freeze\n",
	"one region": head + "audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 300k}], regions: [{name: eu, pops: 20}]}\nscenario: error-caching\n",
	"weights":    head + "audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 300k}], regions: [{name: eu, share: 60%, weights: [5, 3, 1]}, {name: in, share: 40%, pops: 2}]}\nscenario: origin-5xx\n",
	"64 regions": head + "audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 300k}], regions: [" + manyRegions(64) + "]}\nscenario: pipeline-kill\n",
	"present":    head + "audience: {curve: [{at: 0s, viewers: 250k}, {at: 1h, viewers: 500k}, {at: 2h, viewers: 100k}], session: {mean: 40m}}\nscenario: segment-404\n",
	"together":   head + "audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 300k}, {at: 11m, viewers: 1k}]}\nscenario: soak\nfaults: {at: 9m, each: false}\n",
}

func manyRegions(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("{name: r%d, pops: %d}", i, 1+i%5))
	}
	return strings.Join(all, ", ")
}

// TestRoundTrip: what is written is a scenario with the numbers of the event.
func TestRoundTrip(t *testing.T) {
	template, err := scenarios.EventTemplate("final.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shapes["template"] = string(template)
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			e := eventOf(t, text)
			r, sc, text := rehearse(t, e, .02)
			check(t, e, r, sc)
			if !strings.HasPrefix(text, fmt.Sprintf("# A rehearsal of the event %s: %s at the peak, which are 2%% of its viewers", e.Name, figure.Plural(r.Players, "player"))) {
				t.Errorf("it begins with %.200s", text)
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// TestEveryScenario: each scenario that ships can be rehearsed, with its faults one after another or together.
func TestEveryScenario(t *testing.T) {
	n := 0
	for _, name := range scenarios.Names() {
		src, err := scenarios.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if sc, err := scenarios.Load(src); err != nil || sc.Target.Rig == nil {
			continue // it watches a URL, or needs an account
		}
		n++
		for _, each := range []bool{true, false} {
			e := eventOf(t, fmt.Sprintf(head+"audience: {curve: [{at: -5m, viewers: 0}, {at: 0s, viewers: 50k}, {at: 30m, viewers: 0}]}\nscenario: %s\nfaults: {each: %t}\n", name, each))
			r, sc, text := rehearse(t, e, .1)
			if check(t, e, r, sc); t.Failed() {
				t.Fatalf("%s, each %t\n%s", name, each, text)
			}
		}
	}
	if n < 8 {
		t.Errorf("%d scenarios were rehearsed; want more", n)
	}
}

// check compares a rehearsal with its event.
func check(t *testing.T, e *scenarios.Event, r *Plan, sc *scenarios.Scenario) {
	t.Helper()
	a, was := &sc.Fleet.Audience, &e.Scenario.Fleet.Audience
	if want := int(math.Round(float64(e.Peak().Viewers) * r.Share)); a.Peak() != want || r.Players != want {
		t.Errorf("%d players, planned %d; want %d", a.Peak(), r.Players, want)
	}
	if a.Session.Mean != e.Session || a.Session.Rejoin != was.Session.Rejoin || len(a.Cohorts) != len(was.Cohorts) || sc.Seed != e.Scenario.Seed || sc.Duration != r.Duration {
		t.Errorf("sessions %+v, %d cohorts, seed %d, %v", a.Session, len(a.Cohorts), sc.Seed, sc.Duration)
	}
	pops := 0
	for i, of := range a.Regions {
		if want := &e.Regions[i]; of.Name != want.Name || math.Abs(of.Share-want.Share) > 1e-5 || of.Pops < 1 || of.Pops > want.Pops {
			t.Errorf("region %+v; want %s with %g and up to %d POPs", of, want.Name, want.Share, want.Pops)
		}
		pops += of.Pops
	}
	if len(a.Regions) != len(e.Regions) || sc.Target.Rig.Edge.Pops != pops {
		t.Errorf("%d regions with %d POPs, the channel has %d", len(a.Regions), pops, sc.Target.Rig.Edge.Pops)
	}
	channel, of := *sc.Target.Rig, *e.Scenario.Target.Rig
	channel.Edge.Pops, of.Edge.Pops = 0, 0
	if fmt.Sprint(channel) != fmt.Sprint(of) {
		t.Errorf("the channel is %+v; want %+v", channel, of)
	}
	if len(sc.Chaos) != len(e.Scenario.Chaos) {
		t.Fatalf("%d faults; want %d", len(sc.Chaos), len(e.Scenario.Chaos))
	}
	ends := map[time.Duration]time.Duration{}
	for i := range sc.Chaos {
		f, was := &sc.Chaos[i], &e.Scenario.Chaos[i]
		if f.Name != was.Name || f.Kind != was.Kind || f.For != was.For || f.Every != 0 || f.At < r.Worst || f.At+f.For > sc.Duration {
			t.Errorf("fault %+v; want %s after %v", f.Fault, was.Name, r.Worst)
		}
		if !e.Faults.Each && f.At-sc.Chaos[0].At != was.At-e.Scenario.Chaos[0].At {
			t.Errorf("fault %s at %v, the first at %v; want the distance of %v and %v", f.Name, f.At, sc.Chaos[0].At, was.At, e.Scenario.Chaos[0].At)
		}
		ends[f.At] = f.At + f.For
	}
	if at := slices.Sorted(func(yield func(time.Duration) bool) {
		for at := range ends {
			if !yield(at) {
				return
			}
		}
	}); e.Faults.Each && len(at) > 0 {
		if at[0] != r.Worst || len(at) != len(sc.Chaos) {
			t.Errorf("the faults are at %v; want the first at %v, and each at a time of its own", at, r.Worst)
		}
		for i := range at[1:] {
			if room := at[i+1] - ends[at[i]]; room < breathing {
				t.Errorf("%v from the end of a fault to the next", room)
			}
		}
	}
	// In the worst minute and until the faults are over, all but a few are there.
	least := float64(min(present(a, r.Worst), present(a, r.Worst+time.Minute)))
	for i := range sc.Chaos {
		if n := present(a, sc.Chaos[i].At); n < calm*least-1 {
			t.Errorf("fault %s meets %.0f players; want %.0f", sc.Chaos[i].Name, n, least)
		}
	}
	if fmt.Sprint(a.Cohorts) != fmt.Sprint(was.Cohorts) {
		t.Errorf("cohorts %+v; want %+v", a.Cohorts, was.Cohorts)
	}
	for i := range sc.Expect {
		if sc.Expect[i].Grows() {
			t.Errorf("expectation %s depends on the size of the audience", sc.Expect[i].Text)
		}
	}
}

// present is how many players the curve has at an instant.
func present(a *audience.Config, at time.Duration) float64 {
	from, n := time.Duration(0), 0
	for _, s := range a.Arrive.Stages {
		if at < from+s.Over {
			return float64(n) + float64(s.To-n)*(at-from).Seconds()/s.Over.Seconds()
		}
		from, n = from+s.Over, s.To
	}
	return float64(n)
}

// TestSlopes: what is steep stays as steep, what is slow gets no steeper than a fifth of the peak in 5
// minutes, and no faster than it must.
func TestSlopes(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		var points []string
		at, peak := -time.Duration(rng.IntN(60))*time.Minute, 0
		list := []scenarios.EventPoint{}
		for range 2 + rng.IntN(12) {
			n := rng.IntN(1_000_000)
			points = append(points, fmt.Sprintf("{at: %s, viewers: %d}", units.FormatDuration(at), n))
			list, peak = append(list, scenarios.EventPoint{At: at, Viewers: n}), max(peak, n)
			at += time.Duration(1+rng.IntN(1+rng.IntN(5400))) * time.Second
		}
		text := fmt.Sprintf("version: 1\nevent: {name: e, duration: %s}\naudience: {curve: [%s]}\nscenario: kickoff\n", units.FormatDuration(max(at, time.Minute)+time.Minute), strings.Join(points, ", "))
		text = strings.ReplaceAll(text, "at: -0s", "at: 0s")
		e := eventOf(t, text)
		share := []float64{1, .1, .01}[rng.IntN(3)]
		r, err := Of(e, share, answer.DefaultMachine)
		if err != nil {
			t.Fatal(err)
		}
		most := steepest / each.Seconds()
		for i := range list[1:] {
			most = max(most, math.Abs(float64(list[i+1].Viewers-list[i].Viewers))/float64(peak)/(list[i+1].At-list[i].At).Seconds())
		}
		for i := range r.Curve[1:] {
			a, b := r.Curve[i], r.Curve[i+1]
			// A second, and a player, are lost by rounding.
			if change, lasts := math.Abs(float64(b.Players-a.Players))-2, (b.At-a.At).Seconds()+1; change/float64(r.Players)/lasts > most*1.001 {
				t.Errorf("from %+v to %+v of %d players: steeper than %g\n%s", a, b, r.Players, most, text)
			}
		}
		if r.Slope == 0 && math.Abs((r.Curve[len(r.Curve)-1].At-r.Held-r.Whole).Seconds()) > 1 {
			t.Errorf("%v, of which %v wait; want %v\n%s", r.Curve[len(r.Curve)-1].At, r.Held, r.Whole, text)
		}
		if end := r.Curve[len(r.Curve)-1].At; r.Slope > 0 && r.Slope < steepest && end > longest+time.Second || end > r.Whole+r.Held+time.Second {
			t.Errorf("%v of %v, by a slope of %g\n%s", end, r.Whole, r.Slope, text)
		}
	}
}

// TestBounds: shares that make no rehearsal get a clear answer.
func TestBounds(t *testing.T) {
	small := head + "audience: {curve: [{at: 0s, viewers: 500}]}\nscenario: pipeline-kill\n"
	large := head + "audience: {curve: [{at: 0s, viewers: 100M}]}\nscenario: pipeline-kill\n"
	tiny := head + "audience: {curve: [{at: 0s, viewers: 3}]}\nscenario: pipeline-kill\n"
	for _, tc := range []struct {
		text, want string
		share      float64
	}{
		{small, "a rehearsal with 0% of the viewers (want 0.001% to 100%)", 0},
		{small, "a rehearsal with 100.1% of the viewers", 1.001},
		{small, "NaN", math.NaN()},
		{small, "a rehearsal with 0.1% of 500 viewers has 1 player (want at least 5, one for each cohort of the scenario: --rehearse 1%)", .001},
		{small, "has 0 players", .0001},
		{tiny, "which is more than the event has", 1},
		{large, "has 100,000,000 players (want at most 10,000,000: --rehearse 10%)", 1},
	} {
		if _, err := Of(eventOf(t, tc.text), tc.share, answer.DefaultMachine); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%g: %v; want %s", tc.share, err, tc.want)
		}
	}
	for _, share := range []float64{LeastShare, .1} {
		rehearse(t, eventOf(t, large), share)
	}
	if _, sc, _ := rehearse(t, eventOf(t, small), 1); sc.Fleet.Audience.Peak() != 500 {
		t.Errorf("%d players of 500 viewers", sc.Fleet.Audience.Peak())
	}
	if _, err := Of(eventOf(t, small), .1, answer.Machine{}); err == nil || !strings.Contains(err.Error(), "machine of a rehearsal: 0 cores") {
		t.Errorf("%v; want an error about the machine", err)
	}
}

// TestOwnScenario: what a scenario of the user's has stays, files are found from anywhere, and what
// depends on the size of the audience is left out.
func TestOwnScenario(t *testing.T) {
	files["mine/own.yaml"] = `# How to run this one.
version: 1
name: own
target:
  rig: {ladder: mini, edge: {pops: 8, shield: false, playlist_ttl: 2s}}
fleet:
  players: 300
  arrive: {over: 20s}
  session: {mean: 5m, after_fatal: {rejoin: 5s}}
  cohorts:
    # our own player
    - {name: a, share: 50%, profile: ours.yaml, network: &net {trace: train.csv, rtt: 30ms}}
    - {name: b, share: 50%, profile: {base: ours.yaml, id: theirs, stale: {misses: {misses: 3}}}, network: *net}
  regions:
    - {name: eu, share: 50%, pops: 4, network: mobile-4g}
    - {name: us, share: 50%, pops: 4}
chaos:
  - {name: surge, fault: viewers.surge, at: 30s, over: 10s, players: 1000}
  - {name: pop, fault: edge.slow, at: 10s, for: 10s, every: 1m, pop: 7, by: 100ms}
stop: [edge_rps.max > 500/s]
expect:
  - origin_rps.max < 200/s
  - edge_rps.max{fault=pop} / edge_rps.mean < 3
  - never_recovered{fault=pop} == 0%
  - hit_ratio >= 99%
  - affected{fault=pop} > 0
`
	files["mine/ours.yaml"] = "id: ours-1\nbase: hlsjs-1.7\nsource: our lab\n"
	files["mine/train.csv"] = "0,4000000\n10,1000000\n"
	e := eventOf(t, head+"audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 10k}], regions: [{name: eu, share: 70%, pops: 60}, {name: in, share: 30%, pops: 20}]}\nscenario: mine/own.yaml\n")
	r, err := Of(e, .05, answer.DefaultMachine)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.Scenario("/somewhere/" + path.Dir(e.Scenario.File))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	sc, err := scenarios.Load(scenarios.Source{File: "elsewhere.yaml", Data: data, ReadFile: read})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	check(t, e, r, sc)
	a := &sc.Fleet.Audience
	if n := a.Regions[0].Network; n == nil || n.Name != "mobile-4g" || a.Regions[1].Network != nil {
		t.Errorf("networks of the regions: %v and %v", a.Regions[0].Network, a.Regions[1].Network)
	}
	if sc.Fleet.Profiles[0].ID != "ours-1" || sc.Fleet.Profiles[1].ID != "theirs" || len(a.Cohorts[1].Network.Trace) != 2 {
		t.Errorf("profiles %s and %s, trace %v", sc.Fleet.Profiles[0].ID, sc.Fleet.Profiles[1].ID, a.Cohorts[1].Network.Trace)
	}
	if sc.Chaos[0].Players != 50 || sc.Chaos[1].At != r.Worst || a.Regions[0].Pops+a.Regions[1].Pops != 20 {
		t.Errorf("%d players surge, POP %d fails at %v, %d and %d POPs", sc.Chaos[0].Players, sc.Chaos[1].Pop, sc.Chaos[1].At, a.Regions[0].Pops, a.Regions[1].Pops)
	}
	if len(sc.Expect) != 3 || len(sc.Stop) != 0 {
		t.Errorf("%d expectations, %d stop conditions; want 3 and none", len(sc.Expect), len(sc.Stop))
	}
	for _, want := range []string{"our own player", "profile: /somewhere/mine/ours.yaml", "base: /somewhere/mine/ours.yaml", "trace: /somewhere/mine/train.csv", "Left out, because the limit depends on the size of the audience: edge_rps.max > 500/s; origin_rps.max < 200/s; hit_ratio >= 99%.",
		"POPs: 20 of the event's 80", "Fault pop comes once, and not every 1m.", "playlist_ttl: 2s"} {
		if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(text, "#", "")), " "), want) {
			t.Errorf("does not have %q", want)
		}
	}
	for _, not := range []string{"How to run", "&net", "Origin Shield"} {
		if strings.Contains(text, not) {
			t.Errorf("has %q", not)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	// A limit of the user's is not broken silently.
	files["mine/own.yaml"] += "limits: {players: 1300}\n"
	e = eventOf(t, head+"audience: {curve: [{at: 0s, viewers: 0}, {at: 10m, viewers: 30k}]}\nscenario: mine/own.yaml\nfaults: {at: 1m}\n")
	if r, err = Of(e, .05, answer.DefaultMachine); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Scenario("/somewhere/mine"); err == nil || !strings.Contains(err.Error(), "a rehearsal with 1,500 players does not fit scenario own") || !strings.Contains(err.Error(), "limits.players") {
		t.Errorf("%v; want an error about limits.players", err)
	}
}
