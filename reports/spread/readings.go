package spread

import (
	"maps"
	"slices"

	"hlsload/reports"
)

// bytes is the unit of a number of bytes, which no metric has.
const bytes = "B"

// reading is one number of a summary.
type reading struct {
	of, name, unit string
	value          reports.Value
	main           bool
}

// reader collects readings.
type reader struct {
	of   string
	main bool // of what follows
	all  []reading
}

func (r *reader) add(name, unit string, v reports.Value) {
	r.all = append(r.all, reading{r.of, name, unit, v, r.main})
}

func (r *reader) count(name string, n int64) { r.add(name, "", reports.Value(n)) }

// times are the usual percentiles of a distribution.
func (r *reader) times(name string, d *reports.Dist, longest bool) {
	r.add(name+" p50", "ms", d.P50)
	r.add(name+" p95", "ms", d.P95)
	if longest {
		r.add(name+" max", "ms", d.Max)
	}
}

// readings are the numbers of a summary that people read, but for those of the machine.
func readings(s *reports.Summary) []reading {
	r := &reader{}
	r.players(&s.Players)
	for i := range s.Faults {
		r.fault(s, &s.Faults[i])
	}
	r.edge(&s.Edge)
	r.origin(&s.Origin)
	for _, name := range slices.Sorted(maps.Keys(s.Cohorts)) {
		r.cohort(name, s.Cohorts[name])
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Requests)) {
		r.requests(kind, s.Requests[kind])
	}
	return r.all
}

func (r *reader) players(p *reports.Players) {
	r.of, r.main = "players", true
	r.count("started", p.Started)
	r.count("peak", p.Peak)
	r.count("not started", p.StartupFailed)
	r.count("stalled", p.Stalled)
	r.count("died", p.Fatal)
	r.main = false
	r.count("rejoined", p.Rejoined)
	r.count("left", p.Left)
	r.count("ended", p.Ended)
	r.count("unfinished", p.Unfinished)
	r.count("playing at the end", p.PlayingAtEnd)
}

func (r *reader) fault(s *reports.Summary, f *reports.FaultSummary) {
	title := "fault " + f.Title(s)
	r.of, r.main = title, true
	r.count("affected", f.Affected)
	r.count("failed over", f.FailedOver)
	r.count("healed", f.Healed)
	r.count("never recovered", f.NeverRecovered)
	r.count("died", f.Fatal)
	r.count("without a picture", f.OutageMs.Dark())
	r.times("failover", &f.FailoverMs, false)
	r.times("outage", &f.OutageMs, false)
	r.add("edge peak", "1/s", f.Edge.PeakRps)
	r.add("origin peak", "1/s", f.Origin.PeakRps)
	r.main = false
	r.count("watching at onset", f.WatchingAtOnset)
	r.count("joined during", f.JoinedDuring)
	r.count("left", f.Left)
	r.count("flapped back", f.FlappedBack)
	r.times("detection", &f.DetectionMs, true)
	r.add("failover max", "ms", f.FailoverMs.Max)
	r.add("outage max", "ms", f.OutageMs.Max)
	r.times("content skipped", &f.ContentSkippedMs, true)
	r.times("content repeated", &f.ContentRepeatedMs, true)
	r.add("edge amplification", "", f.Edge.Amplification)
	r.add("failed requests", "1/s", f.Edge.FailedRps)
	r.add("origin amplification", "", f.Origin.Amplification)
	r.shares(title+", profile ", f.ByProfile)
	r.shares(title+", cohort ", f.ByCohort)
}

func (r *reader) shares(of string, parts map[string]*reports.FaultShare) {
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		p := parts[name]
		r.of = of + name
		r.count("affected", p.Affected)
		r.count("failed over", p.FailedOver)
		r.count("healed", p.Healed)
		r.count("left", p.Left)
		r.count("never recovered", p.NeverRecovered)
		r.count("died", p.Fatal)
		r.times("failover", &p.FailoverMs, true)
		r.times("outage", &p.OutageMs, true)
	}
}

func (r *reader) cohort(name string, c *reports.CohortSummary) {
	r.of = "cohort " + name
	r.count("players", c.Players)
	r.times("startup", &c.StartupMs, false)
	r.count("not started", c.StartupFailed)
	r.count("stalled", c.Stalled)
	r.times("stall", &c.StallMs, true)
	r.add("rebuffer", "share", c.RebufferRatio)
	r.times("latency", &c.LiveLatencyMs, false)
	r.add("bitrate", "bit/s", c.BitrateBps)
	r.count("died", c.Fatal)
}

func (r *reader) edge(e *reports.EdgeSummary) {
	r.of, r.main = "edge", true
	r.count("requests", e.Requests)
	r.add("peak rate", "1/s", e.Rps.Max)
	r.add("peak bit rate", "bit/s", e.Bps.Max)
	r.main = false
	r.add("mean rate", "1/s", e.Rps.Mean)
	r.add("mean bit rate", "bit/s", e.Bps.Mean)
	r.add("bytes", bytes, reports.Value(e.Bytes))
}

func (r *reader) origin(o *reports.OriginSummary) {
	r.of, r.main = "origin", true
	r.count("requests", o.Requests)
	r.add("peak rate", "1/s", o.Rps.Max)
	r.add("hit ratio", "share", o.HitRatio)
	r.main = false
	r.add("mean rate", "1/s", o.Rps.Mean)
	r.add("mean bit rate", "bit/s", o.Bps.Mean)
	r.add("peak bit rate", "bit/s", o.Bps.Max)
	r.add("bytes", bytes, reports.Value(o.Bytes))
}

func (r *reader) requests(kind string, q *reports.RequestSummary) {
	r.of = kind + " requests"
	r.count("requests", q.Count)
	r.count("errors", q.Errors)
	r.times("first byte", &q.TTFBMs, false)
	r.times("complete", &q.TotalMs, false)
}
