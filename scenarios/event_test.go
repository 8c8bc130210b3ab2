package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/capacity/tariff"
)

func loadEvent(t *testing.T, file string) *Event {
	t.Helper()
	e, err := LoadEvent(sourceOf(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestDefaultsOfAnEvent(t *testing.T) {
	e := loadEvent(t, "testdata/event/good/minimal.yaml")
	same(t, "itself", []any{e.Name, e.File, e.Starts, e.Duration, e.Margin, e.Session}, []any{"small", "minimal.yaml", time.Time{}, time.Hour, 1.5, time.Duration(0)})
	same(t, "curve", e.Curve, []EventPoint{{0, 500}})
	same(t, "scenario", e.Scenario.Name, "pipeline-kill")
	same(t, "faults", e.Faults, EventFaults{AtPeak: true, Each: true})
	same(t, "edge", e.Edge, EventEdge{RegionalCaches: 2, Nodes: 2})
	same(t, "origin", e.Origin, EventOrigin{PrefixesBy: "all", Partitions: 1})
	same(t, "quotas", e.Quotas, tariff.ListQuotas())
	same(t, "prices", e.Prices, tariff.ListPrices())
	r := e.Regions[0]
	same(t, "region", []any{len(e.Regions), r.Name, r.Share, r.Pops, len(r.Weights), r.Price}, []any{1, "all", 1.0, 60, 60, ""})
	if ratio := r.Weights[0] / r.Weights[9]; math.Abs(ratio-math.Pow(10, 0.7)) > 1e-9 {
		t.Errorf("the first POP serves %g times what the tenth does", ratio)
	}
}

func TestEverythingOfAnEvent(t *testing.T) {
	e := loadEvent(t, "testdata/event/good/everything.yaml")
	same(t, "starts", e.Starts.UTC(), time.Date(2026, 12, 12, 17, 0, 0, 0, time.UTC))
	same(t, "itself", []any{e.Duration, e.Margin, e.Session}, []any{2 * time.Hour, 2.0, 40 * time.Minute})
	same(t, "curve", e.Curve, []EventPoint{{-30 * time.Minute, 0}, {0, 600_000}, {12 * time.Minute, 1_000_000}, {2 * time.Hour, 1_000_000}, {125 * time.Minute, 50_000}})
	same(t, "peak", e.Peak(), EventPoint{12 * time.Minute, 1_000_000})
	from, to := e.Span()
	same(t, "span", []time.Duration{from, to}, []time.Duration{-30 * time.Minute, 125 * time.Minute})
	eu, in := e.Regions[0], e.Regions[1]
	same(t, "eu", []any{eu.Name, eu.Share, eu.Pops, eu.Price}, []any{"eu", 0.7, 100, "us-eu"})
	same(t, "in", []any{in.Name, math.Round(in.Share * 100), in.Pops, in.Price, in.Weights}, []any{"in", 30.0, 3, "moon", []float64{0.5, 0.25, 0.25}})
	same(t, "scenario", []any{e.Scenario.Name, e.Scenario.File, len(e.Scenario.Target.Rig.Ladder), len(e.Scenario.Fleet.Audience.Cohorts[0].Network.Trace)}, []any{"channel", "files/channel.yaml", 6, 2})
	same(t, "faults", e.Faults, EventFaults{At: 45 * time.Minute})
	same(t, "edge", e.Edge, EventEdge{RegionalCaches: 4, Nodes: 1, PerViewer: true})
	same(t, "origin", e.Origin, EventOrigin{PrefixesBy: "rendition", Partitions: 4})
	for name, want := range map[string]float64{"cloudfront.bps": 400e9, "cloudfront.rps": 1e6, "lambda.concurrency": 5000, "lambda_edge.viewer_timeout": 6, "lambda_edge.viewer_memory": 256e6} {
		q := e.Quotas.Find(name)
		same(t, name, []any{q.Value, q.Granted}, []any{want, true})
	}
	same(t, "what was not granted", e.Quotas.Find("s3.get_rps").Granted, false)
	for region, want := range map[string]float64{"us-eu": 20, "moon": 9000, "india": 109} {
		if cost, _ := e.Prices.Cost(tariff.Out, region, 1e12, 0); math.Abs(cost-want) > 1e-9 {
			t.Errorf("1 TB in %s: %g; want %g", region, cost, want)
		}
	}
}

func TestEventWithMediaPackage(t *testing.T) {
	e := loadEvent(t, "testdata/event/good/mediapackage.yaml")
	same(t, "viewers", e.Peak().Viewers, 250)
	same(t, "edge and origin", []any{e.Edge.RegionalCaches, e.Origin.MediaPackage}, []any{3, true})
	same(t, "shares", []float64{e.Regions[0].Share, e.Regions[1].Share, e.Regions[2].Share}, []float64{0.25, 0.5, 0.25})
	same(t, "scenario", e.Scenario.File, "pipeline-kill.yaml")
}

// TestBadEvents holds every mistake against the exact messages that it must cause.
func TestBadEvents(t *testing.T) {
	for _, file := range files(t, "testdata/event/bad/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			e, err := LoadEvent(sourceOf(t, file))
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("got %+v, %T %v; want problems", e, err, err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("an environment value shows:\n%s", got)
			}
			expected(t, strings.TrimSuffix(file, ".yaml")+".txt", got)
		})
	}
}

// An absurd input gets a clear answer, and a large curve a quick one.
func TestLimitsOfAnEvent(t *testing.T) {
	event := func(curve, regions string) error {
		_, err := LoadEvent(Source{File: "x", Data: []byte("version: 1\nevent: {name: x, duration: 1h}\naudience: {curve: [" + curve + "], regions: [" + regions + "]}\nscenario: pipeline-kill\n")})
		return err
	}
	const region = "{name: eu}"
	var points, regions []string
	for i := range maxEventPoints + 1 {
		points = append(points, fmt.Sprintf("{at: %ds, viewers: 1}", i))
		regions = append(regions, fmt.Sprintf("{name: r%d}", i))
	}
	for _, c := range []struct{ curve, regions, want string }{
		{"{at: 0s, viewers: 100M}", region, ""},
		{"{at: 0s, viewers: 1000000000}", region, `x:3:38: audience.curve.0.viewers: out of range (got "1000000000"; want 0 to 100000000)`},
		{"{at: 0s, viewers: 1000M}", region, `(got "1000M"; want 0 to 100000000)`},
		{"{at: 0s, viewers: -5}", region, "out of range"},
		{strings.Join(points[:maxEventPoints], ","), region, ""},
		{strings.Join(points, ","), region, "bad curve (got 1001 points; want 1 to 1000)"},
		{points[0], strings.Join(regions[:maxEventRegions], ","), ""},
		{points[0], strings.Join(regions[:maxEventRegions+1], ","), "bad regions (got 65; want 1 to 64, or leave the key out)"},
		{points[0], "{name: eu, weights: [" + strings.Repeat("1,", 1001) + "]}", "bad weights (got 1001; want 1 to 1000)"},
	} {
		err := event(c.curve, c.regions)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s, %.80s: %.300v; want %q", c.curve, c.regions, err, c.want)
		}
	}
}

func TestEventsAreToldFromScenarios(t *testing.T) {
	for text, want := range map[string]bool{
		"version: 1\nevent: {}": true, "audience: {}": true, "version: 1\nname: x": false, "": false, "[event]": false, "event": false, "{": false,
	} {
		same(t, text, IsEvent([]byte(text)), want)
	}
	for _, name := range Names() {
		data, err := Show(name)
		if err != nil || IsEvent(data) {
			t.Errorf("%s is an event: %v", name, err)
		}
	}
}

// eventScene is an event with a value in place of that of a key.
func eventScene(t *testing.T, path, value string) (*Event, Problems) {
	t.Helper()
	base := "version: 1\nevent: {name: x, duration: 1h}\naudience: {curve: [{at: 0s, viewers: 5}, {at: 50m, viewers: 6}], regions: [{name: eu}]}\nscenario: pipeline-kill\n"
	if strings.HasPrefix(path, "audience.regions.0.share") {
		base = strings.Replace(base, "[{name: eu}]", "[{name: eu}, {name: in}]", 1)
	}
	src := Source{File: "x", Data: []byte(base), Getenv: environment, ReadFile: func(name string) ([]byte, error) {
		return os.ReadFile("testdata/event/good/files/" + name)
	}}
	if value != "" {
		src.Overrides = []Override{{From: "this", Path: path, Value: value}}
	}
	e, err := LoadEvent(src)
	ps, _ := err.(Problems)
	return e, ps
}

func eachEventKey(t *testing.T, visit func(t *testing.T, path string, k *key)) {
	walk("", eventKey.keys, func(path string, k *key) {
		t.Run(path, func(t *testing.T) { visit(t, path, k) })
	})
}

func TestExamplesOfAnEventAreValid(t *testing.T) {
	eachEventKey(t, func(t *testing.T, path string, k *key) {
		if path == "audience.curve.0.at" {
			return // its example is before the point that the scene has
		}
		if _, ps := eventScene(t, path, k.example); len(ps) > 0 {
			t.Errorf("%s: %v", k.example, ps)
		}
	})
}

func TestEveryKeyOfAnEventIsRead(t *testing.T) {
	eachEventKey(t, func(t *testing.T, path string, k *key) {
		if _, ps := eventScene(t, path, "{no-such-key: [1]}"); len(ps) == 0 {
			t.Error("nonsense was accepted")
		}
	})
}

func TestDefaultsOfAnEventAreWhatTheKeysSay(t *testing.T) {
	eachEventKey(t, func(t *testing.T, path string, k *key) {
		if k.def == "" {
			return
		}
		without, _ := eventScene(t, path, "")
		with, ps := eventScene(t, path, k.def)
		if len(ps) > 0 {
			t.Fatalf("%s: %v", k.def, ps)
		}
		with.Scenario, without.Scenario = nil, nil
		with.watched, without.watched = Source{}, Source{}
		same(t, k.def, with, without)
	})
}

func TestWordsOfAnEvent(t *testing.T) {
	eachEventKey(t, func(t *testing.T, path string, k *key) {
		for _, word := range k.word {
			_, ps := eventScene(t, path, word)
			if onURL := len(ps) == 1 && strings.Contains(ps[0].Text, "watches a URL"); len(ps) > 0 && !onURL {
				t.Errorf("%s: %v", word, ps)
			}
		}
	})
}

func TestEventTemplate(t *testing.T) {
	data, err := EventTemplate("dir/my-final.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := LoadEvent(Source{File: "my-final.yaml", Data: data})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	same(t, "name", e.Name, "my-final")
	for line := range bytes.Lines(data) {
		if len(line) > widestLine+1 {
			t.Errorf("line too long: %s", line)
		}
	}
	walk("", eventKey.keys, func(path string, k *key) {
		if !strings.HasPrefix(path, "quotas.") && !bytes.Contains(data, []byte(k.name+":")) {
			t.Errorf("it does not have %s", path)
		}
	})
	if err := byTheSchema(t, compiled(t, EventSchema()), data); err != nil {
		t.Errorf("by the schema: %v", err)
	}
	if _, err := EventTemplate("a b.yaml"); err == nil || !strings.Contains(err.Error(), "not a name for an event") {
		t.Errorf("a name with a space: %v", err)
	}
	expected(t, "testdata/event/template.txt", string(data))
}

func TestEventsByTheSchema(t *testing.T) {
	s := compiled(t, EventSchema())
	beyond := strings.Fields("backwards faults-outside late mediapackage no-points nothing prices prices-currency prices-none scenario-itself scenario-url")
	for _, file := range files(t, "testdata/event/*/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		good := strings.Contains(file, "good") || slices.Contains(beyond, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		if err := byTheSchema(t, s, data); (err == nil) != good {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// FuzzLoadEvent: no input panics or takes long, every refusal is a list of problems with a
// position, no value of the environment shows, and what loads makes sense.
func FuzzLoadEvent(f *testing.F) {
	for _, pattern := range []string{"testdata/event/good/*.yaml", "testdata/event/bad/*.yaml"} {
		for _, file := range files(f, pattern) {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("version: 1\nevent: {name: x, duration: 1h}\naudience: {curve: [{at: -1ns, viewers: 99999999}, {at: 9223372036854775807ns, viewers: 1}]}\nscenario: soak\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		e, err := LoadEvent(Source{File: "fuzz.yaml", Data: data, Getenv: environment, ReadFile: func(name string) ([]byte, error) {
			if strings.Contains(name, "prices") {
				return data, nil
			}
			return nil, os.ErrNotExist
		}})
		if d := time.Since(began); d > 10*time.Second && len(data) < 100_000 {
			t.Errorf("%d bytes took %v", len(data), d)
		}
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("error %T %v; want Problems", err, err)
			}
			for _, p := range ps {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Errorf("problem without a position or text: %+v", p)
				}
			}
			if !bytes.Contains(data, []byte("s3cr3t")) && strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("an environment value shows: %v", err)
			}
			return
		}
		shares := 0.0
		for _, r := range e.Regions {
			weights := 0.0
			for _, w := range r.Weights {
				weights += w
			}
			if shares += r.Share; len(r.Weights) != r.Pops || math.Abs(weights-1) > 1e-9 || !validName(r.Name) {
				t.Errorf("bad region %+v", r)
			}
		}
		from, to := e.Span()
		peak := e.Peak()
		if math.Abs(shares-1) > 1e-9 || from >= to || peak.Viewers < 1 || peak.Viewers > MaxViewers || e.Scenario.Target.Rig == nil || !(e.Margin >= 1) || e.Edge.Nodes < 1 || e.Origin.Partitions < 1 {
			t.Errorf("bad event %+v", e)
		}
	})
}
