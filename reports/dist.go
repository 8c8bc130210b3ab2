package reports

// Dist is a distribution. Count includes Censored. In the distribution of an event
// (detection_ms, failover_ms) these are the sessions without the event, which rank
// above all others. In outage_ms these are the sessions whose outage the end cut
// off, which count with the part that was seen. Numbers of *_ms are
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

// Dist derives the statistics, each divided by scale (1000: µs to ms). never is
// how many sessions did not have the event.
func (h *Histogram) Dist(scale float64, never int64) Dist {
	at := func(s Stat) Value { return h.Stat(s, scale, never) }
	return Dist{
		Count: h.n + never, Censored: never,
		Min: at(StatMin), Mean: at(StatMean), P50: at(StatP50), P90: at(StatP90), P95: at(StatP95), P99: at(StatP99), Max: at(StatMax),
		Hist: h.encoded(),
	}
}

// Stat is one statistic of a distribution.
type Stat uint8

const (
	NoStat Stat = iota
	StatMin
	StatMean
	StatP50
	StatP90
	StatP95
	StatP99
	StatMax
	StatCount
	stats
)

var StatNames = [stats]string{"", "min", "mean", "p50", "p90", "p95", "p99", "max", "count"}

func (s Stat) String() string { return StatNames[s] }

func (h *Histogram) Stat(s Stat, scale float64, never int64) Value {
	if s == StatCount {
		return Value(h.n + never)
	}
	if h.n+never == 0 {
		return NoData
	}
	var v float64
	switch s {
	case StatMin:
		v = float64(h.min)
		if h.n == 0 {
			return Never
		}
	case StatMean:
		if never > 0 {
			return Never
		}
		v = float64(h.sum) / float64(h.n)
	case StatMax:
		if never > 0 {
			return Never
		}
		v = float64(h.max)
	default:
		v = h.Quantile([stats]float64{StatP50: .5, StatP90: .9, StatP95: .95, StatP99: .99}[s], never)
	}
	return Value(v / scale).Round(6)
}
