package predict_test

import (
	"fmt"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/player/profile"
)

// three levels of two pipelines, as MediaLive lists them.
func three() *m3u8.Multivariant {
	mv := &m3u8.Multivariant{}
	for i, h := range []int{360, 540, 720} {
		for _, p := range []string{"a", "b"} {
			v := m3u8.Variant{URL: fmt.Sprintf("http://h/%s/%d.m3u8", p, h), Bandwidth: int64(i+1) * 500_000, Width: 2 * h, Height: h, Codecs: "avc1"}
			mv.Variants = append(mv.Variants, v)
		}
	}
	return mv
}

func pipeline(u string) int {
	if u[len("http://h/")] == 'b' {
		return 1
	}
	return 0
}

func load(t *testing.T, id string) *player.Profile {
	t.Helper()
	p, err := profile.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// world is the lab's stream: target duration 2 s, six segments listed.
func world(trip time.Duration, down int64) *predict.World {
	return predict.NewWorld(three(), pipeline, &predict.Shape{Target: 2 * time.Second, Segment: 2 * time.Second, Window: 12 * time.Second,
		Network: &link.Config{RTT: trip, Down: down}})
}

// The measurements of player-policies on one failing server: target duration
// 2 s, six segments listed, three levels, from the first failing request on.
func TestMeasured(t *testing.T) {
	w := world(20*time.Millisecond, 100e6)
	for _, c := range []struct {
		profile string
		kind    predict.Kind
		end     predict.End
		// Of the failover, or from when on nothing plays.
		least, most time.Duration
		asked       float64
	}{
		{"hlsjs-1.7", predict.Kill, predict.FailsOver, 0, 2200 * time.Millisecond, 3},
		{"shaka-5.2", predict.Kill, predict.FailsOver, 500 * time.Millisecond, 5200 * time.Millisecond, 2},
		{"vhs-3.17", predict.Kill, predict.FailsOver, 0, 4200 * time.Millisecond, 1},
		{"hlsjs-1.7", predict.Freeze, predict.Waits, 4 * time.Second, 8500 * time.Millisecond, 0},
		{"shaka-5.2", predict.Freeze, predict.Waits, 4 * time.Second, 8500 * time.Millisecond, 0},
		{"vhs-3.17", predict.Freeze, predict.FailsOver, 4 * time.Second, 9500 * time.Millisecond, 0},
		{"media3-1.11", predict.Freeze, predict.Dies, 4 * time.Second, 10 * time.Second, 0},
		{"hlsjs-1.7", predict.Missing, predict.FailsOver, 0, 2500 * time.Millisecond, 3},
		{"hlsjs-1.7", predict.Hang, predict.Waits, 3 * time.Second, 8500 * time.Millisecond, 1},
		{"vhs-3.17", predict.Hang, predict.Waits, 2 * time.Second, 8500 * time.Millisecond, 1},
	} {
		p := load(t, c.profile)
		got := w.Predict(p, &predict.Fault{Kind: c.kind})
		spread := got.Failover
		if c.end != predict.FailsOver {
			spread = got.Stands
		}
		if got.Unknown != "" || got.End != c.end || spread.Min < c.least || spread.Max > c.most || got.Requests != c.asked {
			t.Errorf("%s, fault %d: %s%s, %v to %v, %g requests; want %s, within %v to %v, %g requests",
				c.profile, c.kind, got.End, got.Unknown, spread.Min, spread.Max, got.Requests, c.end, c.least, c.most, c.asked)
		}
	}
}

// A profile of one's own has predictions, too.
func TestOwnProfile(t *testing.T) {
	p, err := profile.Override(load(t, "hlsjs-1.7"), []byte("id: mine\nstale: {misses: {misses: 3}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := world(20*time.Millisecond, 0).Predict(p, &predict.Fault{Kind: predict.Freeze})
	// Measured: levels given up at 2.4, 4.4 and 8.4 s; see docs of the profile.
	if got.End != predict.FailsOver || got.Failover.Min < 8*time.Second || got.Failover.Max > 15*time.Second || got.Detection.P50 > 6*time.Second {
		t.Errorf("%s, detected after %v, failed over after %v to %v", got.End, got.Detection.P50, got.Failover.Min, got.Failover.Max)
	}
}

// Whatever a stream looks like, there is an answer, or a reason why not.
func FuzzPredict(f *testing.F) {
	f.Add(int64(2e9), int64(2e9), int64(12e9), int64(0), int64(2e7), int64(0), uint8(0), uint8(0), int64(0))
	f.Add(int64(1), int64(1), int64(1), int64(1), int64(1), int64(1), uint8(3), uint8(3), int64(1e9))
	f.Add(int64(6e11), int64(1e8), int64(1<<62), int64(1<<62), int64(1e6), int64(1), uint8(9), uint8(1), int64(1<<61))
	f.Fuzz(func(t *testing.T, target, segment, window, hold, trip, down int64, which, kind uint8, length int64) {
		names := profile.Names()
		p := load(t, names[int(which)%len(names)])
		s := predict.Shape{Target: time.Duration(target), Segment: time.Duration(segment), Window: time.Duration(window),
			HoldBack: time.Duration(hold), TTL: time.Second, Network: &link.Config{RTT: time.Duration(trip), Down: max(down, 0)}}
		got := predict.NewWorld(three(), pipeline, &s).Predict(p, &predict.Fault{Kind: predict.Kind(kind % 4), For: time.Duration(max(length, 0))})
		if got.Unknown == "" && (got.End == "" || got.Failover.Min > got.Failover.Max || got.Outage.Min > got.Outage.Max || got.Outage.Min < 0) {
			t.Errorf("%+v", got)
		}
	})
}

// BenchmarkTable is what a probe predicts: four faults that do not end, for every
// profile that ships, and when they look again.
func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		w := world(20*time.Millisecond, 100e6)
		for _, name := range profile.Names() {
			p, err := profile.Load(name)
			if err != nil {
				b.Fatal(err)
			}
			w.Back(p)
			for kind := range predict.Hang + 1 {
				w.Predict(p, &predict.Fault{Kind: kind})
			}
		}
	}
}
