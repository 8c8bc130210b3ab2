package reports

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// Value is a number of the summary that may be missing: NaN means no data,
// +Inf means never. Both are null in JSON.
type Value float64

// NoData is the value of what was not measured.
var NoData = Value(math.NaN())

// Never is the value of what did not happen.
var Never = Value(math.Inf(1))

// Known tells whether there is a number.
func (v Value) Known() bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// MarshalJSON writes at most six decimals.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.Known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, round(float64(v), 6), 'f', -1, 64), nil
}

// UnmarshalJSON reads null as NoData.
func (v *Value) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*v = NoData
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("number %.40q: %w", b, err)
	}
	*v = Value(f)
	return nil
}

func round(f float64, decimals int) float64 {
	p := math.Pow(10, float64(decimals))
	if r := math.Round(f*p) / p; !math.IsInf(r, 0) && r != 0 {
		return r
	}
	if math.Abs(f) > 1 {
		return f
	}
	return 0 // and no negative zero
}

// Dist is a distribution. Count includes Censored: in an event's distribution
// (detection_ms, failover_ms) those are the sessions in which it never
// happened, which are larger than everything; in outage_ms those whose outage
// was cut off by the end, which count with what was seen. Numbers of *_ms are
// milliseconds; Hist counts microseconds.
type Dist struct {
	Count    int64  `json:"count"`
	Censored int64  `json:"censored"`
	Min      Value  `json:"min"`
	Mean     Value  `json:"mean"`
	P50      Value  `json:"p50"`
	P90      Value  `json:"p90"`
	P95      Value  `json:"p95"`
	P99      Value  `json:"p99"`
	Max      Value  `json:"max"`
	Hist     string `json:"hist"`
}

// dist derives the statistics, each divided by scale (1000: µs to ms), with
// never sessions to whom it did not happen.
func (h *Histogram) dist(scale float64, never int64) Dist {
	at := func(s stat) Value { return h.stat(s, scale, never) }
	return Dist{
		Count: h.n + never, Censored: never,
		Min: at(statMin), Mean: at(statMean), P50: at(statP50), P90: at(statP90), P95: at(statP95), P99: at(statP99), Max: at(statMax),
		Hist: h.encoded(),
	}
}

// stat is one statistic of a distribution.
type stat uint8

const (
	noStat stat = iota
	statMin
	statMean
	statP50
	statP90
	statP95
	statP99
	statMax
	statCount
	stats
)

var statNames = [stats]string{"", "min", "mean", "p50", "p90", "p95", "p99", "max", "count"}

func (s stat) String() string { return statNames[s] }

func (h *Histogram) stat(s stat, scale float64, never int64) Value {
	if s == statCount {
		return Value(h.n + never)
	}
	if h.n+never == 0 {
		return NoData
	}
	var v float64
	switch s {
	case statMin:
		v = float64(h.min)
		if h.n == 0 {
			return Never
		}
	case statMean:
		if never > 0 {
			return Never
		}
		v = float64(h.sum) / float64(h.n)
	case statMax:
		if never > 0 {
			return Never
		}
		v = float64(h.max)
	default:
		v = h.quantile([stats]float64{statP50: .5, statP90: .9, statP95: .95, statP99: .99}[s], never)
	}
	return Value(round(v/scale, 6))
}
