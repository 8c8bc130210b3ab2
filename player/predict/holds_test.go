package predict_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hlsload/player/link"
	"hlsload/player/predict"
	"hlsload/player/profile"
	"hlsload/player/profile/profiletest"
)

func init() { flag.Set("rapid.checks", "40") } // a check is some thousand player-minutes

// What holds for every player, every stream and every fault, whatever the engine
// does.
func TestInequalities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := profiletest.Profiles().Draw(t, "profile")
		segment := time.Duration(rapid.IntRange(1, 8).Draw(t, "segment")) * time.Second
		w := predict.NewWorld(three(), pipeline, &predict.Shape{Target: segment, Segment: segment, Network: &link.Config{RTT: 20 * time.Millisecond, Down: 20e6},
			Window: segment * time.Duration(rapid.IntRange(3, 30).Draw(t, "listed")), Init: rapid.Bool().Draw(t, "init")})
		f := predict.Fault{For: time.Duration(rapid.IntRange(1, 90).Draw(t, "for")) * time.Second, Recovery: 20 * time.Second,
			Stale: rapid.SampledFrom([]float64{-1, 0, 1.5, 5}).Draw(t, "stale"), Pipeline: rapid.IntRange(0, 1).Draw(t, "pipeline")}
		for f.Kind = range predict.Hang + 1 {
			got := w.Predict(p, &f)
			switch {
			case strings.HasSuffix(got.Unknown, "act more often than can be followed"):
				t.Skip(got.Unknown)
			case got.Unknown != "":
				t.Fatalf("not predicted: %s", got.Unknown)
			}
			total := 0.0
			for _, share := range got.Ends {
				total += share
			}
			for _, s := range []predict.Spread{got.Detection, got.Failover, got.Outage, got.Stands} {
				if s.Min < 0 || s.Min > s.P50 || s.P50 > s.P95 || s.P95 > s.Max {
					t.Errorf("not a distribution: %+v", s)
				}
			}
			switch {
			case total < .999 || total > 1.001:
				t.Errorf("the ends add up to %g", total)
			case got.Outage.Max > f.For+f.Recovery:
				t.Errorf("an outage of %v within %v", got.Outage.Max, f.For+f.Recovery)
			case got.Stands.Min == predict.Never && got.Outage.Max > 0:
				t.Errorf("no player stands, and the outage is %v", got.Outage.Max)
			case got.Stands.Min < predict.Never && got.Outage.Max > f.For+f.Recovery-got.Stands.Min:
				t.Errorf("an outage of %v that begins at %v", got.Outage.Max, got.Stands.Min)
			}
		}
		// A pipeline whose playlists are deleted later looks like one that froze
		// until then, or until it is back: what a player does because they are missing
		// comes after it.
		frozen, killed := f, f
		frozen.Kind, killed.Kind = predict.Freeze, predict.Kill
		gone := time.Duration(max(killed.Stale, 0)*float64(segment)) - segment
		if a, b := w.Predict(p, &frozen).Failover.Min, w.Predict(p, &killed).Failover.Min; killed.Stale > 0 && b < min(a, gone, f.For) {
			t.Errorf("killed, it is left after %v; frozen after %v, and it is there until %v", b, a, gone)
		}
	})
}

// A prediction ends whatever a profile does, and however long the fault lasts.
func TestPredictionEnds(t *testing.T) {
	w := world(20*time.Millisecond, 100e6)
	for _, last := range []time.Duration{0, 3 * time.Hour, 1000 * time.Hour} {
		for _, p := range profile.All() {
			got := w.Predict(p, &predict.Fault{Kind: predict.Hang, For: last})
			if (got.Unknown != "") != (last > 4*time.Hour) {
				t.Errorf("%s, %v: unknown %q", p.ID, last, got.Unknown)
			}
		}
	}
}

// The same prediction is made once.
func TestPredictionIsKept(t *testing.T) {
	w, p := world(20*time.Millisecond, 100e6), load(t, "vhs-3.17")
	if first := w.Predict(p, &predict.Fault{}); first != w.Predict(p, &predict.Fault{}) {
		t.Error("predicted twice")
	}
	if w.Predict(p, &predict.Fault{}) == w.Predict(p, &predict.Fault{For: time.Minute}) {
		t.Error("another fault has the same prediction")
	}
}

// Steps that only some players have are no end of the session: Shaka tries its
// variants in turn, ffmpeg leaves out what is missing.
func TestEveryStepIsPredicted(t *testing.T) {
	w := world(20*time.Millisecond, 100e6)
	for _, c := range []struct {
		profile string
		end     predict.End
	}{{"shaka-5.2", predict.FailsOver}, {"ffmpeg-5.1", predict.Waits}} {
		p := *load(t, c.profile)
		p.ID = "mine"
		if got := w.Predict(&p, &predict.Fault{Kind: predict.Missing, For: time.Minute, Recovery: time.Minute}); got.End != c.end || got.Ends[predict.Dies] > 0 {
			t.Errorf("a copy of %s: %s, %v; want %s", c.profile, got.End, got.Ends, c.end)
		}
	}
}
