package expect

import (
	"fmt"
	"strings"
	"time"

	"hlsload/reports"
)

// Expectation is a condition on what a run measured: something the scenario
// expects of the whole run, or one that stops it.
//
//	EXPR OP VALUE [for DURATION]
//	EXPR = TERM | TERM - TERM | TERM / TERM
//	TERM = METRIC[.STAT][{label=value,…}] | METRIC[.STAT]{label=value,…,each=DURATION}[.STAT]
//	OP   = < <= > >= ==
//
// With each=DURATION, EXPR has a value in each window of that length, and the statistic
// after the labels is one over these values; without it, the worst of them counts.
//
// A stop condition may also be an alarm of the provider:
//
//	alarm(NAME) [for DURATION]
type Expectation struct {
	Text  string
	Line  int    // of the scenario's file, from 1; 0 = it does not stand there
	Alarm string // "" = a comparison

	Left, Right Term // Right only with an operator
	Operator    byte // 0, '-' or '/'
	compare     string
	value       float64 // in the unit of the summary: ms, share, bit/s, 1/s
	unit        reports.Unit
	Hold        time.Duration // stop conditions: for how long
}

// Term is one measured number.
type Term struct {
	Metric                                                    *Metric
	Stat                                                      reports.Stat
	Fault, Cohort, Profile, Kind, Phase, Joined, Alarm, Alert string
	Each                                                      time.Duration // length of a window; 0 = the whole run is one
	Over                                                      reports.Stat  // over windows; NoStat = the worst
}

func (t *Term) String() string {
	s := t.Metric.Name
	if t.Stat != reports.NoStat {
		s += "." + t.Stat.String()
	}
	var labels []string
	for i, v := range []string{t.Fault, t.Cohort, t.Profile, t.Kind, t.Phase, t.Joined, t.Alarm, t.Alert} {
		if v != "" {
			labels = append(labels, labelNames[i]+"="+v)
		}
	}
	if t.Each > 0 {
		labels = append(labels, EachLabel+"="+short(t.Each))
	}
	if labels != nil {
		s += "{" + strings.Join(labels, ",") + "}"
	}
	if t.Over != reports.NoStat {
		s += "." + t.Over.String()
	}
	return s
}

// Known are the names that a scenario defines.
type Known struct {
	Faults, Cohorts, Profiles []string
	Alarms                    []string // that are watched
	Alerts                    bool     // of a channel are watched
	// Duration is how long the run takes; 0 = unknown.
	Duration time.Duration
	// Stop: the expectation is a stop condition, which may hold for a duration
	// and asks only for what is known while the run goes on.
	Stop bool
}

// Problem is one thing that is wrong with an expectation.
type Problem struct {
	Column int    // of the first byte concerned, from 1
	What   string // in words
	Got    string
	Want   string // "" = obvious
}

func (p Problem) String() string {
	switch {
	case p.Got == "" && p.Want == "":
		return p.What
	case p.Want == "":
		return fmt.Sprintf("%s (got %s)", p.What, p.Got)
	case p.Got == "":
		return fmt.Sprintf("%s (want %s)", p.What, p.Want)
	}
	return fmt.Sprintf("%s (got %s; want %s)", p.What, p.Got, p.Want)
}
