package estimate

import (
	"math"
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Policy is how throughput is estimated.
type Policy interface {
	// Start begins an estimate with a first value in bit/s. private means that the
	// stream comes from a private address.
	Start(first float64, private bool) Estimate
}

var _ = policy.Register("estimate", policy.Offers[Policy]{
	"fixed":          new(fixed),
	"last":           new(last),
	"mean3":          new(mean3),
	"moving_average": new(movingAverage),
	"dual_ewma":      new(dualEWMA),
	"transfer_ewma":  new(transferEWMA),
	"median":         new(median),
	"browser":        new(browser),
})

// Transfer is one segment that was loaded, or a part of it. Times are from the
// request on.
type Transfer struct {
	Took, FirstByte time.Duration
	Bytes           int64
	Partial         bool // it was given up
}

// rate is the throughput of a transfer of n bytes, in bit/s, and how long it is
// taken to have lasted (hls.js minDelayMs_: at least 50 ms, or a hundredth of a
// microsecond a byte).
func rate(took float64, n int64) (bits, lasted float64) {
	lasted = max(took, min(0.05, float64(n)/1e8))
	return 8 * float64(n) / lasted, lasted
}

// Estimate is the throughput of one player.
type Estimate interface {
	Add(t Transfer)
	Rate() float64         // bit/s to reckon with
	Measured() bool        // whether Rate comes from transfers
	Decides() bool         // whether Rate is good enough to choose levels by
	Latency() float64      // time to first byte that is taken out of transfers, in seconds; 0 = none is
	TimedOut() bool        // takes the timeout of a segment, and reports whether that changed Rate
	Restart(first float64) // forgets all transfers
}

// silent is an estimate that has nothing to say about latency and timeouts.
type silent struct{}

func (silent) Latency() float64 { return 0 }
func (silent) TimedOut() bool   { return false }

// plain is the part that estimates have in common.
type plain struct {
	silent
	first float64
	bytes int64 // that count
}

func (p *plain) Measured() bool { return p.bytes > 0 }
func (p *plain) Decides() bool  { return p.bytes > 0 }

// EWMA is an exponentially weighted moving average with a correction for its
// empty start (hls.js and Shaka utils/ewma).
type EWMA struct{ value, weight float64 }

func (e *EWMA) Add(halfLife, weight, v float64) {
	a := math.Exp2(-weight / halfLife)
	e.value = v*(1-a) + a*e.value
	e.weight += weight
}

func (e *EWMA) Get(halfLife float64) float64 {
	if z := 1 - math.Exp2(-e.weight/halfLife); z > 0 {
		return e.value / z
	}
	return e.value
}

// minWeight is the transfer time, in seconds, from which averages count
// (hls.js EwmaBandWidthEstimator minWeight_).
const minWeight = 0.001

// averages are a fast and a slow one, of the same transfers.
type averages struct {
	fast, slow float64 // values
	weight     float64 // of both
}

func (a *averages) add(fast, slow units.Duration, took float64, n int64) {
	v, s := rate(took, n)
	f, l := EWMA{a.fast, a.weight}, EWMA{a.slow, a.weight}
	f.Add(seconds(fast), s, v)
	l.Add(seconds(slow), s, v)
	a.fast, a.slow, a.weight = f.value, l.value, f.weight
}

func (a *averages) lower(fast, slow units.Duration) float64 {
	f, l := EWMA{a.fast, a.weight}, EWMA{a.slow, a.weight}
	return min(f.Get(seconds(fast)), l.Get(seconds(slow)))
}

func seconds[D units.Duration | time.Duration](d D) float64 { return time.Duration(d).Seconds() }

// halfLives states the range of a fast and a slow half-life.
func halfLives(l *policy.Limits, fast, slow *units.Duration) {
	l.Duration("fast", fast, 10*time.Millisecond, time.Hour)
	l.Duration("slow", slow, 10*time.Millisecond, time.Hour)
}
