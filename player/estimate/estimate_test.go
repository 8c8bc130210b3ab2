package estimate

import (
	"math"
	"testing"
	"time"

	"hlsload/player/units"
)

func load(e Estimate, kbits ...int64) {
	for _, k := range kbits {
		e.Add(Transfer{Took: time.Second, FirstByte: 100 * time.Millisecond, Bytes: k * 1000 / 8})
	}
}

// TestRates loads segments for a second each and compares what is estimated then.
func TestRates(t *testing.T) {
	for _, c := range []struct {
		name   string
		policy Policy
		kbits  []int64
		want   float64 // kbit/s
	}{
		{"fixed never changes", &fixed{}, []int64{9000}, 500},
		{"last is the last one", &last{}, []int64{9000, 3000}, 3000},
		{"mean3 is the last one if that is lower", &mean3{}, []int64{9000, 6000, 3000}, 3000},
		{"mean3 is the mean of the last three otherwise", &mean3{}, []int64{1, 3000, 6000, 9000}, 6000},
		{"moving_average takes its share of each", &movingAverage{Decay: 0.5}, []int64{1500, 3000}, 2000},
		{"median of equal weights", &median{Window: 1e6}, []int64{1000, 9000, 2000}, 9000},
		{"median before its bytes", &median{Window: 1e6, MinTotal: 1e6}, []int64{1000, 9000, 2000}, 9000},
		{"median with too few bytes", &median{Window: 1e6, MinTotal: 1e7}, []int64{1000, 9000, 2000}, 500},
		{"median with too few bytes after its time", &median{Window: 1e6, MinTotal: 1e7, MinTime: units.Duration(3 * time.Second)}, []int64{1000, 9000, 2000}, 9000},
		{"median of a window for one", &median{Window: 10}, []int64{1000, 9000, 2000}, 2000},
		{"both averages of one value are that", &dualEWMA{Fast: units.Duration(time.Second), Slow: units.Duration(time.Minute)}, []int64{4000}, 4000},
		{"the fast average is lower after a fall", &dualEWMA{Fast: units.Duration(time.Second), Slow: units.Duration(time.Hour)}, []int64{6000, 3000}, 4000},
		{"small segments are ignored", &dualEWMA{Fast: units.Duration(time.Second), Slow: units.Duration(time.Second), MinBytes: 1e6}, []int64{4000}, 500},
		{"the first byte is no transfer", &transferEWMA{Fast: units.Duration(time.Second), Slow: units.Duration(time.Second), LatencyHalfLife: units.Duration(time.Second)}, []int64{900}, 1000},
		{"parsing is", &transferEWMA{Fast: units.Duration(time.Second), Slow: units.Duration(time.Second), LatencyHalfLife: units.Duration(time.Second), Parse: units.Duration(100 * time.Millisecond)}, []int64{900}, 900},
		{"the browser's ceiling", &browser{Window: 1e6, Ceiling: 5e6}, []int64{9000, 1000}, 5000},
		{"is none while transfers are faster", &browser{Window: 1e6, Ceiling: 5e6}, []int64{1000, 9000}, 9000},
	} {
		e := c.policy.Start(500e3, false)
		if e.Measured() || e.Rate() != 500e3 {
			t.Errorf("%s: measured %v, %.0f bit/s at first", c.name, e.Measured(), e.Rate())
		}
		load(e, c.kbits...)
		if got := e.Rate() / 1000; math.Abs(got-c.want) > 1 {
			t.Errorf("%s: %.0f kbit/s; want %.0f", c.name, got, c.want)
		}
		if e.Measured() != (c.want != 500) {
			t.Errorf("%s: measured is %v", c.name, e.Measured())
		}
	}
}

// TestBrowserKeepsToItself proves that private addresses do not change the browser's
// estimate, which is good enough to choose by, and that a player cannot reset it.
func TestBrowserKeepsToItself(t *testing.T) {
	e := (&browser{Window: 1e6, Ceiling: 5e6}).Start(1e6, true)
	load(e, 3000)
	if e.Restart(9); e.Rate() != 1e6 || e.Measured() || !e.Decides() {
		t.Errorf("%.0f bit/s, measured %v, decides %v", e.Rate(), e.Measured(), e.Decides())
	}
}

func TestRestart(t *testing.T) {
	for _, p := range []Policy{&last{}, &movingAverage{Decay: 0.5}, &mean3{}, &median{Window: 1e6}, &dualEWMA{Fast: 1e9, Slow: 1e9}, &transferEWMA{Fast: 1e9, Slow: 1e9, LatencyHalfLife: 1e9}} {
		e := p.Start(1, false)
		load(e, 3000)
		if e.Restart(7); e.Measured() || e.Rate() != 7 {
			t.Errorf("%T: %.0f bit/s, measured %v", p, e.Rate(), e.Measured())
		}
	}
}

func TestTimeoutOfLast(t *testing.T) {
	e := (&last{ZeroOnTimeout: true}).Start(1e6, false)
	if !e.TimedOut() || e.Rate() != 1 || !e.Decides() {
		t.Errorf("%.0f bit/s after a timeout", e.Rate())
	}
	load(e, 2000)
	if e.Rate() != 2e6 {
		t.Errorf("%.0f bit/s after the next segment", e.Rate())
	}
	e = (&movingAverage{Decay: 0.5}).Start(1e6, false)
	if !e.TimedOut() || e.Rate() != 500000.5 {
		t.Errorf("moving average: %.1f bit/s after a timeout", e.Rate())
	}
	if (&last{}).Start(1e6, false).TimedOut() {
		t.Error("a timeout changed an estimate that it should not")
	}
}

// TestLatencyOfPartial proves that a segment given up before its first byte counts
// as latency alone.
func TestLatencyOfPartial(t *testing.T) {
	e := (&transferEWMA{Fast: 1e9, Slow: 1e9, LatencyHalfLife: 1e9, Latency: 1e8}).Start(1e6, false)
	if e.Latency() != 0.1 {
		t.Errorf("%v s at first; want 0.1", e.Latency())
	}
	e.Add(Transfer{Took: 2 * time.Second, Partial: true})
	if math.Abs(e.Latency()-2) > 1e-9 || e.Measured() {
		t.Errorf("%v s, measured %v; want 2", e.Latency(), e.Measured())
	}
}
