package reports

import (
	"fmt"

	"hlsload/reports/figure"
)

// Significant is the probability of chance below which something is said to grow.
const Significant = .001

// Trend is what became of something that the tester uses, over a long run.
type Trend struct {
	Agent string `json:"agent,omitempty"` // whose it is, of a run over several machines
	What  string `json:"what"`            // live heap, resident memory, goroutines, open files, threads
	Unit  string `json:"unit"`            // bytes or none
	// Start is the level before the first player, End that after the last one; null = it was not
	// looked at. From and To are the ends of the line through what was seen between.
	Start   Value `json:"start"`
	From    Value `json:"from"`
	To      Value `json:"to"`
	End     Value `json:"end"`
	PerDay  Value `json:"per_day"` // slope of that line
	P       Value `json:"p"`       // that so much growth is chance
	Samples int   `json:"samples"` // medians that were looked at
	// OK: it does not grow, and what has to be back once all players have left is.
	OK     bool   `json:"ok"`
	Reason string `json:"reason"` // in words
	// Doubled: it grew to more than twice the level, so that what was measured at the end was measured
	// by another tester than at the start. The run is void.
	Doubled bool `json:"doubled,omitempty"`
}

// Judge sets the result of a trend: it grows, or is not back at the level of the start.
func (t *Trend) Judge(grows, kept bool) {
	t.OK, t.Doubled = !grows && !kept, grows && t.To > 2*t.From
	switch {
	case grows:
		t.Reason = fmt.Sprintf("grows: from %s to %s, %s a day (%s)", t.Format(t.From), t.Format(t.To), t.Format(t.PerDay), chance(t.P))
	case kept:
		t.Reason = fmt.Sprintf("not given back: %s before the first player, %s after the last one", t.Format(t.Start), t.Format(t.End))
	case !t.From.Known():
		t.Reason = "too few samples"
	default:
		t.Reason = fmt.Sprintf("flat: from %s to %s", t.Format(t.From), t.Format(t.To))
	}
}

// Format writes a level for people.
func (t *Trend) Format(v Value) string {
	switch {
	case !v.Known():
		return "unknown"
	case t.Unit == "bytes" && v < 0:
		return "-" + figure.Size(int64(-v))
	case t.Unit == "bytes":
		return figure.Size(int64(v))
	}
	return figure.Trim(float64(v), 0)
}

// Line is the trend in a line.
func (t *Trend) Line() string {
	of := ""
	if t.Agent != "" {
		of = " of agent " + t.Agent
	}
	return t.What + of + ": " + t.Reason
}

func chance(p Value) string {
	if p < .0001 {
		return "p < 0.0001"
	}
	return "p = " + figure.Trim(float64(p), 4)
}

// Drift is what became of a figure of a cohort over a long run.
type Drift struct {
	What    string `json:"what"` // live_latency or rebuffer_ratio
	Unit    string `json:"unit"` // ms or share
	Cohort  string `json:"cohort"`
	From    Value  `json:"from"` // of live latency: the ends of the line through the medians; of rebuffering: the first and the last third of the run
	To      Value  `json:"to"`
	PerDay  Value  `json:"per_day"` // slope of that line; null = it has none
	P       Value  `json:"p"`       // that so much growth is chance
	Windows int    `json:"windows"` // medians that were looked at
	OK      bool   `json:"ok"`
	Reason  string `json:"reason"` // in words
}

// Drifted are the figures that drift.
func (s *Summary) Drifted() (all []*Drift) {
	for i := range s.Drift {
		if d := &s.Drift[i]; !d.OK {
			all = append(all, d)
		}
	}
	return all
}

// Leaks are the trends of the tester that are not as they should be.
func (s *Summary) Leaks() (all []*Trend) {
	for i := range s.Tester.Trends {
		if t := &s.Tester.Trends[i]; !t.OK {
			all = append(all, t)
		}
	}
	return all
}
