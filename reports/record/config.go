package record

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/expect"
)

// Config says what is being measured. Everything in it is known before the
// first session joins.
type Config struct {
	Scenario reports.Scenario
	Seed     uint64
	Mode     string    // ModeRun or ModeSimulate
	Started  time.Time // wall-clock instant at which the run's clock is 0
	RunID    string    // that CMCD session ids begin with; "" = none

	Duration       time.Duration // of the run, from the first arrival
	ArrivalsEnd    time.Duration // when the initial arrivals are complete
	Recovery       time.Duration // how long after an undo its recovery phase lasts
	Absence        time.Duration // from a player's giving up to the viewer's return or the next one in its place; 0 = to the end
	TargetDuration time.Duration // of the channel; > 0
	Pipelines      int           // how many there are; ≥ 1

	// Renditions are the media playlists by their index in a sample. Empty when
	// they are not known beforehand; then a fault that selects a rendition is
	// recognised by the answers it marked.
	Renditions []Rendition

	Cohorts  []Cohort // in the scenario's order; SessionInfo.Cohort is an index
	Profiles []Profile

	// Faults are the planned occurrences, expanded. Rule must be below chaos.MaxEntries.
	Faults []chaos.Fault

	// Predict is asked at the end; nil = nothing is predicted.
	Predict Predict

	Expect []*expect.Expectation
	Stop   []*expect.Expectation

	LagLimit time.Duration // of tester_lag p99; 0 = 100ms
	Shards   int           // how many locks; 0 = 1 in simulate, 16 in run
	Events   *EventLog     // nil = events are not written
}

// Rendition is a media playlist of the presentation.
type Rendition struct {
	Name     string
	Pipeline int // -1 = unknown
	Rank     int // of its bandwidth among the video renditions, 0 = lowest; -1 = audio
	Index    int // within its pipeline, in listed order
}

// Cohort is a part of the audience.
type Cohort struct {
	Name    string
	Profile string // as the scenario names it
	Control bool   // faults: none; it is never affected, and its load is counted apart
}

// Profile is a player model that takes part.
type Profile struct {
	Name       string
	Player     string // "hls.js 1.7.4"
	Confidence string // how well founded its values are
}

const defaultLagLimit = 100 * time.Millisecond

func (c *Config) fill() error {
	if c.TargetDuration <= 0 {
		return fmt.Errorf("reports: target duration %v; want more than 0", c.TargetDuration)
	}
	for i := range c.Faults {
		if r := c.Faults[i].Rule; r < 0 || r >= chaos.MaxEntries {
			return fmt.Errorf("reports: fault %q has rule %d; want 0 to %d", c.Faults[i].Name, r, chaos.MaxEntries-1)
		}
	}
	if c.Pipelines < 1 {
		c.Pipelines = 1
	}
	if c.LagLimit <= 0 {
		c.LagLimit = defaultLagLimit
	}
	if c.Mode == "" {
		c.Mode = reports.ModeRun
	}
	if c.Shards <= 0 {
		c.Shards = 16
		if c.Mode == reports.ModeSimulate {
			c.Shards = 1
		}
	}
	return nil
}

// darkAfter is for how long those who want to play must not before it counts:
// three target durations, but no more than a minute, whatever the playlists say.
func (c *Config) DarkAfter() time.Duration { return min(3*c.TargetDuration, time.Minute) }

// Predict says beforehand what a fault does to a cohort; nil = nothing is said
// about such faults. The fault is as it really was, and recovery how long after
// it outages were counted. remembered reports whether players may still act on
// another fault, so that no prediction holds.
type Predict func(f *chaos.Fault, recovery time.Duration, cohort int, remembered bool) *reports.Predicted
