package measure

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
)

// drifting is a run of three hours in which the viewers on the web fall behind by so much a day, all
// cohorts jump about by half a second, and the viewers of the television stall more and more.
func drifting(t *testing.T, perDay time.Duration, stalling bool, texts ...string) *reports.Summary {
	cfg := sceneConfig()
	cfg.Duration = 3 * time.Hour
	sc := expecting(t, cfg, texts...)
	random := rand.New(rand.NewPCG(3, 3))
	viewers := []viewer{sc.watching(0), sc.watching(0), sc.watching(2), sc.watching(2)}
	for at := 10 * time.Second; at < cfg.Duration; at += 20 * time.Second {
		for i, v := range viewers {
			behind := 12*time.Second + time.Duration(500*random.NormFloat64())*time.Millisecond
			if i < 2 {
				behind += time.Duration(float64(perDay) * at.Hours() / 24)
			}
			sm := player.Sample{Type: player.Appended, Kind: m3u8.KindSegment, MediaDuration: 4 * time.Second, Bitrate: 1e6, At: at, Latency: behind}
			v.s.Add(&sm, nil)
			if s := at.Seconds(); i == 2 && stalling && at > 2*time.Hour && int(s)%100 == 10 {
				v.stall(s + 1)
				v.resume(s + 6)
			}
		}
	}
	return sc.finish(End{At: cfg.Duration})
}

// TestDrift: a stream that falls behind by more than a segment a day is found, and by what is asked for;
// one that does not is not.
func TestDrift(t *testing.T) {
	const asked, tv = "live_latency_drift < 4s", "live_latency_drift{cohort=tv} < 1ms"
	s := drifting(t, 24*time.Second, true, asked, "live_latency_drift{cohort=tv} == 0s", "live_latency_drift{profile=hlsjs} > 20s")
	if e := s.Expectations[0]; e.Pass || math.Abs(float64(e.Value)-24_000) > 2000 {
		t.Errorf("%s: %s; want about 24 s", e.Expr, e.Reason)
	}
	for _, e := range s.Expectations[1:3] {
		if !e.Pass {
			t.Errorf("%s: %s", e.Expr, e.Reason)
		}
	}
	var found []string
	for _, d := range s.Drifted() {
		found = append(found, d.What+" "+d.Cohort)
	}
	if got := strings.Join(found, ", "); got != "live_latency web, rebuffer_ratio tv" {
		t.Errorf("%q drift; want live latency on the web and rebuffering on the television: %+v", got, s.Drift)
	}
	warned := strings.Join(s.Warnings, "\n")
	for _, want := range []string{"live_latency of cohort web drifts: from 12", "a day: more than a segment", "rebuffer_ratio of cohort tv drifts: 0 s stalled an hour in the first third of the run, 90 s stalled an hour in the last"} {
		if !strings.Contains(warned, want) {
			t.Errorf("the warnings lack %q:\n%s", want, warned)
		}
	}
	quiet := drifting(t, time.Second, false, asked, tv)
	if d := quiet.Drifted(); d != nil {
		t.Errorf("%+v", d[0])
	}
	if !quiet.Expectations[0].Pass || !quiet.Expectations[1].Pass || len(quiet.Drift) != 4 {
		t.Errorf("%+v\n%+v", quiet.Expectations, quiet.Drift)
	}
}

// TestDriftOfShortRuns: it is looked for only when it is asked for.
func TestDriftOfShortRuns(t *testing.T) {
	cfg := sceneConfig()
	if sc := newScene(t, cfg); len(sc.c.Part(sec(1)).ByWindow) != 0 {
		t.Error("windows are recorded for nothing")
	}
	sc := expecting(t, cfg, "live_latency_drift < 4s")
	sc.watching(0)
	s := sc.finish(End{})
	if e := s.Expectations[0]; !e.NotMeasured || s.Drift != nil {
		t.Errorf("%+v, %+v", e, s.Drift)
	}
}
