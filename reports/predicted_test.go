package reports

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// measured is what became of ten sessions.
func measured(failover, outage float64, over int64) *FaultShare {
	return &FaultShare{Affected: 10, FailedOver: over, Healed: 10 - over,
		FailoverMs: Dist{Count: 10, P50: Value(failover)}, OutageMs: Dist{Count: 10, P50: Value(outage)}}
}

func TestResidual(t *testing.T) {
	fast := PredictedDist{Min: 1000, P50: 3000, P95: 4000, Max: 5000}
	none, never := PredictedDist{}, PredictedDist{Never, Never, Never, Never}
	moves := &Predicted{FailoverMs: fast, OutageMs: none, End: EndFailsOver}
	waits := &Predicted{FailoverMs: never, OutageMs: PredictedDist{20000, 25000, 28000, 30000}, End: EndWaits}
	for _, c := range []struct {
		name     string
		got      *FaultShare
		want     *Predicted
		finding  string
		residual Value
	}{
		{"as predicted", measured(3500, 0, 10), moves, "", 500},
		{"within a tenth of a second", measured(5080, 0, 10), moves, "", 2080},
		{"late", measured(9000, 0, 10), moves, "failover took 9 s (p50); predicted: 3 s (1 s to 5 s)", 6000},
		{"early", measured(200, 0, 10), moves, "failover took 200 ms (p50)", -2800},
		{"dark", measured(3000, 800, 10), moves, "the outage was 800 ms (p50); predicted: 0 s", 0},
		{"another end", measured(3000, 0, 2), moves, "most stayed until it was over, which were to fail over", 0},
		{"waits", measured(float64(Never), 26000, 0), waits, "", NoData},
		{"too few", &FaultShare{Affected: 3, FailedOver: 3, FailoverMs: Dist{P50: 90000}}, moves, "", 87000},
		{"unknown", measured(9000, 0, 10), &Predicted{Unknown: "why"}, "", NoData},
	} {
		c.got.compare(c.want, c.got)
		if c.want.Unknown != "" {
			if c.got.Residual != nil {
				t.Errorf("%s: a residual of nothing: %+v", c.name, c.got.Residual)
			}
			continue
		}
		r := c.got.Residual
		if !strings.HasPrefix(r.Finding, c.finding) || (c.finding == "") != (r.Finding == "") || r.FailoverMs.Known() != c.residual.Known() || c.residual.Known() && r.FailoverMs != c.residual {
			t.Errorf("%s: residual %v, finding %q; want %v, %q", c.name, r.FailoverMs, r.Finding, c.residual, c.finding)
		}
	}
}

// What is predicted is in every report, with how well founded it is, and
// survives summary.json.
func TestPredictedInReports(t *testing.T) {
	share := measured(9000, 0, 10)
	share.compare(&Predicted{FailoverMs: PredictedDist{1000, 3000, 4000, 5000}, End: EndFailsOver}, share)
	s := &Summary{Schema: Schema, Players: Players{Started: 10}, Profiles: map[string]ProfileSummary{"p": {Player: "P", Confidence: "unchecked: guess"}},
		Cohorts: map[string]*CohortSummary{}, Faults: []FaultSummary{{Name: "x", AppliedAtS: 1, ClearedAtS: 2, Affected: 10, FailedOver: 10,
			ByProfile: map[string]*FaultShare{"p": share}, ByCohort: map[string]*FaultShare{}}}}
	s.Warnings = s.residuals()
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "p (unchecked: guess): failover took 9 s") {
		t.Errorf("warnings: %q", s.Warnings)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(`"predicted":{"detection_ms":{"min":0,"p50":0,"p95":0,"max":0},"failover_ms":{"min":1000,"p50":3000,"p95":4000,"max":5000}`)) ||
		!bytes.Contains(b, []byte(`"residual":{"failover_ms":6000,"outage_ms":0,"finding":"failover took`)) {
		t.Errorf("summary.json: %s", b)
	}
	back := new(Summary)
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Summary{s, back} {
		var text, md, page bytes.Buffer
		if err := s.WriteText(&text, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteMarkdown(&md); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string]*bytes.Buffer{"text": &text, "markdown": &md, "html": &page} {
			for _, want := range []string{"3 s (1 s to 5 s)", "unchecked: guess", "NO"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s lacks %q", name, want)
				}
			}
		}
	}
}

// A prediction is for sessions that had joined before the fault. Those that join
// while it is on, in any number, neither contradict it nor make it true.
func TestPredictionsAreForSessionsThatHadJoined(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, during int
		at             float64 // of the failover of those that had joined before
		finding        bool
		unknown        string
	}{
		{"as predicted, beside many that join late", 6, 30, 33, false, ""},
		{"late, beside many that join as fast as predicted", 6, 30, 44, true, ""},
		{"all joined late", 0, 10, 0, false, "all joined during the fault"},
	} {
		cfg := sceneConfig(kill("x", 0, 30, 60))
		cfg.Predict = func(*chaos.Fault, time.Duration, int) *Predicted {
			return &Predicted{FailoverMs: PredictedDist{1000, 3000, 4000, 5000}, End: EndFailsOver}
		}
		sc := newScene(t, cfg)
		late := 50.0
		if c.finding {
			late = 33
		}
		var before []viewer
		for range c.before {
			before = append(before, sc.watching(0))
		}
		sc.apply(0, 1, 30)
		for range c.during {
			v := sc.join(31, 0)
			v.request(31, m3u8.KindMedia, 0)
			v.answer(31.2, m3u8.KindMedia, 0, 404, 0)
			v.start(late - .1)
			v.append(late, 1)
		}
		for _, v := range before {
			v.answer(31, m3u8.KindMedia, 0, 404, 0)
			v.append(c.at, 1)
		}
		sc.clear(0, 1, 60)
		share := sc.finish(End{At: sec(100)}).Faults[0].ByProfile["hlsjs"]
		if found := share.Residual != nil && share.Residual.Finding != ""; found != c.finding || share.Predicted.Unknown != c.unknown {
			t.Errorf("%s: predicted %+v, residual %+v; want a finding: %v", c.name, share.Predicted, share.Residual, c.finding)
		}
	}
}
