package record

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/expect"
)

// Config says what is being measured. Everything in it is known before the
// first session joins.
type Config struct {
	Scenario reports.Scenario
	Target   string // where the stream is: URLs without secrets, or rig
	Build    string // of the program
	Seed     uint64
	Mode     string       // ModeRun or ModeSimulate
	Started  time.Time    // wall-clock instant at which the run's clock is 0
	RunID    string       // that CMCD session ids begin with; "" = none
	RunKey   *reports.Key // what the run can be compared by; nil = unknown

	Duration       time.Duration // of the run, from the first arrival
	ArrivalsEnd    time.Duration // when the initial arrivals are complete
	Recovery       time.Duration // how long after an undo its recovery phase lasts
	Absence        time.Duration // from the end of a session by an error to the viewer's return or the next viewer; 0 = to the end
	TargetDuration time.Duration // of the channel; > 0
	Segment, Due   time.Duration // of its segments: how often one is due, and when the first is; 0 = not known
	Pipelines      int           // how many there are; ≥ 1

	// Renditions are the media playlists by their index in a sample. Empty when
	// they are not known beforehand; then a fault that selects a rendition is
	// recognised by the answers it marked.
	Renditions []Rendition

	Cohorts []Cohort // in the scenario's order; SessionInfo.Cohort is an index

	// Faults are the planned occurrences, expanded. Rule must be below chaos.MaxEntries.
	Faults []chaos.Fault

	// Predict is asked at the end; nil = nothing is predicted.
	Predict Predict

	// Explain is asked at the end; nil = losses are not explained.
	Explain Explain

	Expect []*expect.Expectation
	Known  []*expect.Expectation // what players are known to do
	Stop   []*expect.Expectation

	LagLimit time.Duration // of tester_lag p99; 0 = 100ms
	Shards   int           // how many locks; 0 = 1 in simulate, 16 in run
	Events   *EventLog     // nil = events are not written

	// Outcomes is how many rows about single viewers are kept, of each kind, for
	// [Collector.Outcomes]; 0 = none.
	Outcomes int

	// Agent is the name of the machine when the run goes over several. Agents is how many
	// there are, where all that they recorded comes together; 0 = elsewhere.
	Agent  string
	Agents int

	// Tap, when set, sees what the collector is told, in order. It must not call the collector.
	Tap func(Told)

	planned []int32       // occurrences by planned start
	media   []chaos.Fault // Faults as anyMedia
	windows windows       // what is recorded window by window
}

// Rendition is a media playlist of the presentation.
type Rendition struct {
	Name     string
	Pipeline int // -1 = unknown
	Rank     int // of its bandwidth among the video renditions, 0 = lowest; -1 = audio
	Index    int // within its pipeline, in listed order
}

// Cohort is a part of the audience, and the player model that it uses.
type Cohort struct {
	Name       string
	Profile    string // as the scenario names it
	Player     string // "hls.js 1.7.4"
	Confidence string // how well founded the profile's values are
	Control    bool   // faults: none; it is never affected, and its load is counted apart
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
	if len(c.Cohorts) == 0 {
		c.Cohorts = []Cohort{{Name: "viewers", Profile: "unknown"}}
	}
	c.planned, c.media = make([]int32, len(c.Faults)), make([]chaos.Fault, len(c.Faults))
	for i := range c.Faults {
		c.planned[i], c.media[i] = int32(i), anyMedia(&c.Faults[i])
	}
	slices.SortStableFunc(c.planned, func(a, b int32) int { return cmp.Compare(c.Faults[a].At, c.Faults[b].At) })
	c.windows = windowsOf(c)
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

// DarkAfter is how long viewers who want to play must go without a picture before
// that counts: three target durations, a minute at most.
func (c *Config) DarkAfter() time.Duration { return min(3*c.TargetDuration, time.Minute) }

// Predict predicts what a fault does to a cohort; nil = such faults are not
// predicted. The fault is as it really was, and recovery how long after
// it outages were counted. remembered reports whether players may still react to
// another fault, so that no prediction holds.
type Predict func(f *chaos.Fault, recovery time.Duration, cohort int, remembered bool) *reports.Predicted

// Explain says why sessions lost the picture in a fault, and what helps. losses are one
// for each cohort; pipelines is how many the stream has.
type Explain func(f *chaos.Fault, pipelines int, losses []Loss) (why string, helps []string)

// Loss is how many sessions of a cohort lost the picture ([reports.Dist.Dark]).
type Loss struct {
	Sessions, Fatal int64
	AsPredicted     bool
}
