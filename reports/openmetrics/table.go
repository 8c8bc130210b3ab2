package openmetrics

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/record"
)

// Metric is one of the metrics of a run.
type Metric struct {
	Name, Help string
	Type       Type
	Labels     []string
	Buckets    []float64 // upper bounds of the classic buckets of a histogram, in seconds
	AtEnd      bool      // only once the run is over

	desc  *prometheus.Desc
	times func(*size) int // how many combinations of label values there are at most
	of    func(*view, *samples)
}

// Type is the type of a metric.
type Type string

// The types.
const (
	Gauge     Type = "gauge"
	Counter   Type = "counter"
	Histogram Type = "histogram"
)

// size is how many values labels have at most.
type size struct {
	cohorts, faults, expectations, pipelines int
	faultCohorts                             int // 1 when faults are not divided by cohort
	agents                                   int
	ownLags                                  int // agents with a histogram of their lag
	several                                  int // 1 when the run goes over several machines, else 0
}

func one(*size) int              { return 1 }
func perCohort(n *size) int      { return n.cohorts }
func perKind(*size) int          { return int(m3u8.Kinds) }
func perPipeline(n *size) int    { return n.pipelines }
func perFault(n *size) int       { return n.faults }
func perEffect(n *size) int      { return n.faults * n.faultCohorts }
func perAgent(n *size) int       { return n.agents }
func perLag(n *size) int         { return n.ownLags }
func perClock(n *size) int       { return n.ownLags * n.several }
func perExpectation(n *size) int { return n.expectations }

// Bounds of the classic buckets, in seconds: twelve at round thresholds.
var (
	ofRequests = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 30}
	ofStartups = []float64{.1, .25, .5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30}
	ofStalls   = []float64{.1, .25, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300}
	ofLatency  = []float64{1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60, 120}
	ofFaults   = []float64{.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600}
	ofLag      = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
)

var (
	outcomesOfSessions = []string{"left", "ended", "fatal", "cut", "unfinished"}
	outcomesOfFaults   = []string{"failed_over", "healed", "left", "never_recovered", "undecided"}
	verdicts           = []string{reports.Pass, reports.Fail, reports.Interrupted, reports.Void}
	byCohort           = []string{"cohort", "profile"}
)

// Table has every metric of a run.
var Table = described([]Metric{
	{Name: "run_info", Type: Gauge, Labels: []string{"run", "scenario", "sha256", "seed", "version"}, times: one,
		Help: "1; the labels say which run of which scenario this is, with which seed and build. Only this metric has them: join it on (instance).",
		of:   func(v *view, out *samples) { out.value(1, v.x.info...) }},
	{Name: "run_elapsed_seconds", Type: Gauge, times: one, Help: "Time since the first arrival, in seconds; at the end the length of the run.",
		of: func(v *view, out *samples) { out.value(v.At.Seconds()) }},
	{Name: "run_verdict", Type: Gauge, Labels: []string{"verdict"}, AtEnd: true, times: func(*size) int { return len(verdicts) },
		Help: "1 for the verdict of the run (pass, fail, interrupted or void), 0 for the others.",
		of: func(v *view, out *samples) {
			for _, name := range verdicts {
				out.flag(v.Over.Verdict == name, name)
			}
		}},

	{Name: "players", Type: Gauge, Labels: []string{"cohort", "profile", "state"}, times: func(n *size) int { return 3 * n.cohorts },
		Help: "Players now, by state: joining (no picture yet), playing or stalled.",
		of: func(v *view, out *samples) {
			v.eachCohort(func(c *record.CohortSums, labels ...string) {
				out.value(float64(c.Joining), with(labels, "joining")...)
				out.value(float64(c.Playing), with(labels, "playing")...)
				out.value(float64(c.Stalled), with(labels, "stalled")...)
			})
		}},
	{Name: "pipeline_players", Type: Gauge, Labels: []string{"pipeline"}, times: perPipeline, Help: "Players now, by the pipeline that their last video came from.",
		of: func(v *view, out *samples) {
			for i, n := range v.Sums.Pipelines {
				out.value(float64(n), number(i))
			}
		}},
	{Name: "sessions_started_total", Type: Counter, Labels: byCohort, times: perCohort, Help: "Sessions that began; a viewer who comes back is a new session.",
		of: cohortCount(func(c *record.CohortSums) float64 { return float64(c.Started) })},
	{Name: "sessions_total", Type: Counter, Labels: []string{"cohort", "profile", "outcome"}, times: func(n *size) int { return len(outcomesOfSessions) * n.cohorts },
		Help: "Sessions that are over, by outcome: left (as the viewer wished), ended (with the presentation), fatal (the player gave up), cut (by the end of the run), unfinished (cut before a first picture).",
		of: func(v *view, out *samples) {
			v.eachCohort(func(c *record.CohortSums, labels ...string) {
				for i, n := range []int64{c.Left, c.Ended, c.Fatal, c.Cut, c.Unfinished} {
					out.value(float64(n), with(labels, outcomesOfSessions[i])...)
				}
			})
		}},
	{Name: "startup_failures_total", Type: Counter, Labels: byCohort, times: perCohort, Help: "Sessions without a picture after 30 s, or whose player gave up before one.",
		of: cohortCount(func(c *record.CohortSums) float64 { return float64(c.StartupFailed) })},
	{Name: "startup_seconds", Type: Histogram, Labels: byCohort, Buckets: ofStartups, times: perCohort, Help: "Time from joining to the first picture, in seconds.",
		of: cohortHistogram(func(c *record.CohortSums) *reports.Histogram { return &c.Startup })},
	{Name: "stalls_total", Type: Counter, Labels: byCohort, times: perCohort, Help: "Stalls that began.",
		of: cohortCount(func(c *record.CohortSums) float64 { return float64(c.Stalls) })},
	{Name: "stall_duration_seconds", Type: Histogram, Labels: byCohort, Buckets: ofStalls, times: perCohort, Help: "Length of the stalls that are over, in seconds.",
		of: cohortHistogram(func(c *record.CohortSums) *reports.Histogram { return &c.Stall })},
	{Name: "playing_seconds_total", Type: Counter, Labels: byCohort, times: perCohort, Help: "Time that players spent playing, in seconds, up to the last event of each.",
		of: cohortCount(func(c *record.CohortSums) float64 { return c.PlayedFor.Seconds() })},
	{Name: "stalled_seconds_total", Type: Counter, Labels: byCohort, times: perCohort, Help: "Time that players spent stalled, in seconds, up to the last event of each.",
		of: cohortCount(func(c *record.CohortSums) float64 { return c.StalledFor.Seconds() })},
	{Name: "live_latency_seconds", Type: Histogram, Labels: byCohort, Buckets: ofLatency, times: perCohort, Help: "Live latency at each video segment appended, in seconds.",
		of: cohortHistogram(func(c *record.CohortSums) *reports.Histogram { return &c.Behind })},

	{Name: "requests_total", Type: Counter, Labels: []string{"kind", "code"}, times: func(*size) int { return int(m3u8.Kinds) * maxCodes },
		Help: "Requests that were answered or failed, by kind and code: 2xx (a good answer), the status of an error (rare ones as 4xx and 5xx), or what went wrong (timeout, reset, HTML, …).",
		of:   requests},
	{Name: "request_duration_seconds", Type: Histogram, Labels: []string{"kind"}, Buckets: ofRequests, times: perKind, Help: "Time from sending a request to the end of its good answer, in seconds.",
		of: kindHistogram(func(r *record.Requests) *reports.Histogram { return &r.Total })},
	{Name: "ttfb_seconds", Type: Histogram, Labels: []string{"kind"}, Buckets: ofRequests, times: perKind, Help: "Time from sending a request to the first byte of its answer, in seconds.",
		of: kindHistogram(func(r *record.Requests) *reports.Histogram { return &r.TTFB })},
	{Name: "received_bytes_total", Type: Counter, Labels: []string{"kind"}, times: perKind, Help: "Bytes of bodies that players received.",
		of: func(v *view, out *samples) {
			for k := range m3u8.Kinds {
				out.value(float64(v.Sums.Requests[k].Bytes), k.String())
			}
		}},

	{Name: "fault_active", Type: Gauge, Labels: []string{"fault", "type", "pipeline"}, times: perFault, Help: "1 while the fault is on, else 0; pipeline is any when the fault selects none.",
		of: func(v *view, out *samples) {
			for i := range v.faults {
				out.flag(v.faults[i].on, v.x.faults.labels[i]...)
			}
		}},
	{Name: "fault_affected_sessions", Type: Gauge, Labels: []string{"fault", "cohort", "profile", "outcome"}, times: func(n *size) int { return len(outcomesOfFaults) * perEffect(n) },
		Help: "Sessions that the fault affected so far, by outcome: failed_over, healed, left, never_recovered, or undecided for now.",
		of: func(v *view, out *samples) {
			v.eachEffect(func(e *record.FaultCohortSums, labels ...string) {
				for i, n := range []int64{e.Outcomes[record.FailedOver], e.Outcomes[record.Healed], e.Outcomes[record.Left], e.Outcomes[record.NeverRecovered], e.Undecided} {
					out.value(float64(n), with(labels, outcomesOfFaults[i])...)
				}
			})
		}},
	{Name: "failover_seconds", Type: Histogram, Labels: []string{"fault", "cohort", "profile"}, Buckets: ofFaults, times: perEffect,
		Help: "Time from the onset of the fault to the failover, in seconds; of sessions that joined later, from their first request that met the fault.",
		of:   effectHistogram(func(e *record.FaultCohortSums) *reports.Histogram { return &e.Failover })},
	{Name: "outage_seconds", Type: Histogram, Labels: []string{"fault", "cohort", "profile"}, Buckets: ofFaults, times: perEffect,
		Help: "Time without a picture because of the fault, in seconds; each session counts when its outcome is final.",
		of:   effectHistogram(func(e *record.FaultCohortSums) *reports.Histogram { return &e.Outage })},

	{Name: "origin_requests_total", Type: Counter, Labels: []string{"source"}, times: func(*size) int { return 2 },
		Help: "Requests to the origin, by source: rig (counted at the embedded origin) and headers (as the headers of the answers show them).",
		of: func(v *view, out *samples) {
			if v.Sums.AtOrigin > 0 {
				out.value(float64(v.Sums.AtOrigin), reports.FromRig)
			}
			if v.Sums.Headers {
				out.value(float64(v.Sums.ByHeaders), reports.FromHeaders)
			}
		}},
	{Name: "cache_answers_total", Type: Counter, Labels: []string{"layer"}, times: func(*size) int { return int(cdn.Layers) - 1 },
		Help: "Answers by the layer that gave them, as their headers show it: edge, regional, shield, cache, joined (it waited for the request of another viewer) or origin.",
		of: func(v *view, out *samples) {
			for l, n := range v.Sums.Layers {
				if name := cdn.Layer(l).String(); name != "" && v.Sums.Headers {
					out.value(float64(n), name)
				}
			}
		}},

	{Name: "tester_lag_seconds", Type: Histogram, Labels: []string{"agent"}, Buckets: ofLag, times: perLag,
		Help: "How much later than due requests were sent, in seconds: the fault of this program's machine, not of the stream. Of many agents those with the highest p99 so far, 32 at most.",
		of: func(v *view, out *samples) {
			for _, a := range v.most(func(a *Agent) float64 { return a.Lag.Quantile(.99, 0) }) {
				if a.Up || a.Lag.Count() > 0 {
					out.histogram(&a.Lag, a.Name)
				}
			}
		}},
	{Name: "agent_up", Type: Gauge, Labels: []string{"agent"}, times: perAgent, Help: "1 while the agent carries players, 0 once it is lost; the agent of a run on one machine is local.",
		of: func(v *view, out *samples) {
			for i := range v.agents {
				out.flag(v.agents[i].Up, v.agents[i].Name)
			}
		}},
	{Name: "agent_clock_offset_seconds", Type: Gauge, Labels: []string{"agent"}, times: perClock,
		Help: "The conductor's clock minus the agent's, in seconds, which is taken into account. Only of a run over several machines; of many agents those with the largest one, 32 at most.",
		of: func(v *view, out *samples) {
			for _, a := range v.most(func(a *Agent) float64 { return math.Abs(a.ClockOffset.Seconds()) }) {
				if a.Compared {
					out.value(a.ClockOffset.Seconds(), a.Name)
				}
			}
		}},

	{Name: "expectation_value", Type: Gauge, Labels: []string{"expectation"}, AtEnd: true, times: perExpectation, Help: "What the expectation measured: seconds, a share from 0 to 1, or the unit that it is written in; +Inf is never.",
		of: func(v *view, out *samples) {
			v.eachExpectation(func(r *reports.ExpectationResult, text string) { out.value(inBaseUnit(r), text) })
		}},
	{Name: "expectation_pass", Type: Gauge, Labels: []string{"expectation"}, AtEnd: true, times: perExpectation, Help: "1 when the expectation holds, 0 when it does not; absent when there was nothing to measure.",
		of: func(v *view, out *samples) {
			v.eachExpectation(func(r *reports.ExpectationResult, text string) { out.flag(r.Pass, text) })
		}},
})

// described gives metrics their full names and descriptions.
func described(table []Metric) []Metric {
	for i := range table {
		m := &table[i]
		m.Name = "hlsload_" + m.Name
		m.desc = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
	}
	return table
}

func cohortCount(of func(*record.CohortSums) float64) func(*view, *samples) {
	return func(v *view, out *samples) {
		v.eachCohort(func(c *record.CohortSums, labels ...string) { out.value(of(c), labels...) })
	}
}

func cohortHistogram(of func(*record.CohortSums) *reports.Histogram) func(*view, *samples) {
	return func(v *view, out *samples) {
		v.eachCohort(func(c *record.CohortSums, labels ...string) { out.histogram(of(c), labels...) })
	}
}

func kindHistogram(of func(*record.Requests) *reports.Histogram) func(*view, *samples) {
	return func(v *view, out *samples) {
		for k := range m3u8.Kinds {
			out.histogram(of(&v.Sums.Requests[k]), k.String())
		}
	}
}

func effectHistogram(of func(*record.FaultCohortSums) *reports.Histogram) func(*view, *samples) {
	return func(v *view, out *samples) {
		v.eachEffect(func(e *record.FaultCohortSums, labels ...string) { out.histogram(of(e), labels...) })
	}
}
