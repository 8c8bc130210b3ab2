package measure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/page"
)

// measured is what became of ten sessions.
func measured(failover, outage float64, over int64) *reports.FaultShare {
	return &reports.FaultShare{Affected: 10, FailedOver: over, Healed: 10 - over,
		FailoverMs: reports.Dist{Count: 10, P50: reports.Value(failover)}, OutageMs: reports.Dist{Count: 10, P50: reports.Value(outage)}}
}

func TestResidual(t *testing.T) {
	fast := reports.PredictedDist{Min: 1000, P50: 3000, P95: 4000, Max: 5000}
	none, never := reports.PredictedDist{}, reports.PredictedDist{Min: reports.Never, P50: reports.Never, P95: reports.Never, Max: reports.Never}
	moves := &reports.Predicted{FailoverMs: fast, OutageMs: none, End: reports.EndFailsOver}
	waits := &reports.Predicted{FailoverMs: never, OutageMs: reports.PredictedDist{Min: 20000, P50: 25000, P95: 28000, Max: 30000}, End: reports.EndWaits}
	for _, c := range []struct {
		name     string
		got      *reports.FaultShare
		want     *reports.Predicted
		finding  string
		residual reports.Value
	}{
		{"as predicted", measured(3500, 0, 10), moves, "", 500},
		{"at the end of the printed range", measured(5350, 0, 10), moves, "", 2350},
		{"at its end as printed", measured(5354, 0, 10), moves, "", 2354},
		{"beyond it", measured(5360, 0, 10), moves, "failover took 5.36 s (p50); predicted: 3 s (850 ms to 5.35 s)", 2360},
		{"late", measured(9000, 0, 10), moves, "failover took 9 s (p50); predicted: 3 s (850 ms to 5.35 s)", 6000},
		{"early", measured(200, 0, 10), moves, "failover took 200 ms (p50)", -2800},
		{"dark", measured(3000, 800, 10), moves, "the outage was 800 ms (p50); predicted: 0 s (0 s to 100 ms)", 0},
		{"another end", measured(3000, 0, 2), moves, "predicted: most fail over; measured: most waited until the fault ended", 0},
		{"waits", measured(float64(reports.Never), 26000, 0), waits, "", reports.NoData},
		{"too few", &reports.FaultShare{Affected: 3, FailedOver: 3, FailoverMs: reports.Dist{P50: 90000}}, moves, "", 87000},
		{"unknown", measured(9000, 0, 10), &reports.Predicted{Unknown: "why"}, "", reports.NoData},
	} {
		compare(c.got, c.want, c.got)
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
	compare(share, &reports.Predicted{FailoverMs: reports.PredictedDist{Min: 1000, P50: 3000, P95: 4000, Max: 5000}, End: reports.EndFailsOver}, share)
	s := &reports.Summary{Schema: reports.Schema, Players: reports.Players{Started: 10}, Profiles: map[string]reports.ProfileSummary{"p": {Player: "P", Confidence: "unchecked: guess"}},
		Cohorts: map[string]*reports.CohortSummary{}, Faults: []reports.FaultSummary{{Name: "x", AppliedAtS: 1, ClearedAtS: 2, Affected: 10, FailedOver: 10,
			ByProfile: map[string]*reports.FaultShare{"p": share}, ByCohort: map[string]*reports.FaultShare{}}}}
	said := repeated{add: func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }}
	residuals(s, &said)
	said.say(s)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "p (unchecked: guess): failover took 9 s") {
		t.Errorf("warnings: %q", s.Warnings)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(`"predicted":{"detection_ms":{"min":0,"p50":0,"p95":0,"max":0},"failover_ms":{"min":850,"p50":3000,"p95":4000,"max":5350}`)) ||
		!bytes.Contains(b, []byte(`"residual":{"failover_ms":6000,"outage_ms":0,"finding":"failover took`)) {
		t.Errorf("summary.json: %s", b)
	}
	back := new(reports.Summary)
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*reports.Summary{s, back} {
		var text, md, html bytes.Buffer
		if err := page.WriteText(s, &text, page.TextOptions{Detail: page.Full}); err != nil {
			t.Fatal(err)
		}
		if err := page.WriteMarkdown(s, &md); err != nil {
			t.Fatal(err)
		}
		if err := page.WriteHTML(s, &html); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string]*bytes.Buffer{"text": &text, "markdown": &md, "html": &html} {
			for _, want := range []string{"3 s (850 ms to 5.35 s)", "unchecked: guess", "NO"} {
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
		cfg.Predict = func(*chaos.Fault, time.Duration, int, bool) *reports.Predicted {
			return &reports.Predicted{FailoverMs: reports.PredictedDist{Min: 1000, P50: 3000, P95: 4000, Max: 5000}, End: reports.EndFailsOver}
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

// Nothing is predicted, and so nothing is warned about, for players that another
// fault may still affect: one that was on before or meanwhile, or one that happened
// at once shortly before.
func TestNothingIsPredictedBesideAnotherFault(t *testing.T) {
	at := func(kind chaos.Kind, from, to float64) chaos.Fault {
		f := chaos.NewFault("other", kind)
		f.Rule, f.Occurrence, f.Via, f.At, f.For = 1, 1, chaos.ViaRig, sec(from), sec(to-from)
		return f
	}
	for _, c := range []struct {
		name     string
		other    chaos.Fault
		affected bool
	}{
		{"long before", at(chaos.OriginSlow, 12, 14), true},
		{"meanwhile", at(chaos.OriginSlow, 85, 88), true},
		{"afterwards", at(chaos.OriginSlow, 92, 94), false},
		{"an empty cache long before", at(chaos.EdgeFlush, 12, 12), false},
		{"an empty cache shortly before", at(chaos.EdgeFlush, 75, 75), true},
		{"viewers that come back meanwhile", at(chaos.ViewersReconnect, 85, 85), true},
		{"viewers that come back afterwards", at(chaos.ViewersReconnect, 95, 95), false},
	} {
		cfg := sceneConfig(kill("x", 0, 80, 90), c.other)
		var affected bool
		cfg.Predict = func(f *chaos.Fault, _ time.Duration, _ int, remembered bool) *reports.Predicted {
			if f.Name == "x" {
				affected = remembered
			}
			return nil
		}
		sc := newScene(t, cfg)
		v := sc.watching(0)
		steps := []step{
			{80, func(at float64) { sc.apply(0, 1, at) }},
			{82, func(at float64) { v.answer(at, m3u8.KindMedia, 0, 404, 0) }},
			{90, func(at float64) { sc.clear(0, 1, at) }},
			{c.other.At.Seconds(), func(at float64) { sc.apply(1, 1, at) }},
		}
		if c.other.For > 0 {
			steps = append(steps, step{(c.other.At + c.other.For).Seconds(), func(at float64) { sc.clear(1, 1, at) }})
		}
		play(steps)
		sc.finish(End{At: sec(100)})
		if affected != c.affected {
			t.Errorf("%s: affects these players: %v; want %v", c.name, affected, c.affected)
		}
	}
}
