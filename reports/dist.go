package reports

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
