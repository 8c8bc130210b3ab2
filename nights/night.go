package nights

import (
	"math"

	"hlsload/reports"
)

// Schema names the format of a line of history.ndjson.
const Schema = "hlsload.night/v1"

// Night is what is kept of a finished run to compare others with: a line of
// history.ndjson. A night without figures, such as a void one, has none of Measures.
type Night struct {
	Schema    string        `json:"schema"`
	Run       string        `json:"run"`     // folder of the results; in a history, relative to it
	RunID     string        `json:"run_id"`  // "" = a simulation
	Started   string        `json:"started"` // RFC 3339
	DurationS reports.Value `json:"duration_s"`
	TargetS   reports.Value `json:"target_duration_s"` // of the stream; null = not known
	Scenario  string        `json:"scenario"`          // name
	Seed      uint64        `json:"seed"`
	Build     string        `json:"build"`
	Release   string        `json:"release,omitempty"` // of the stream, as --release has it; "" = not said
	Key       reports.Key   `json:"key"`               // without settings
	Verdict   string        `json:"verdict"`
	Reason    string        `json:"reason"` // why it is void or was interrupted; "" = neither
	ExitCode  int           `json:"exit_code"`
	Failed    []string      `json:"failed"` // expectations that do not hold
	// NeverRecovered is how many sessions a fault cost for good, by the fault's name.
	NeverRecovered map[string]int64 `json:"never_recovered"`
	Measures       []Measure        `json:"measures"`
}

// Measure is one figure of a night, as often as it was taken.
type Measure struct {
	Name    string `json:"name"` // in the language of expectations: "failover.p95{fault=kill-0}"
	Unit    string `json:"unit"` // as in the summary: ms, share, bit/s, 1/s or ""
	Primary bool   `json:"primary"`
	// Values are those of the occurrences of the fault, in their order; of a figure without
	// a fault, there is one. Sessions of one onset share its phase and the caches, so that
	// the occurrence is what is independent, not the session.
	Values []Level `json:"values"`
	Counts []int64 `json:"counts,omitempty"` // of the sessions behind each value
	// Occurrences are the numbers of the occurrences, where they are not 1, 2, 3 and so on.
	Occurrences []int `json:"occurrences,omitempty"`
	// Phases are how long before each onset the stream's last segment was due, in seconds.
	// What depends on the phase is compared at equal phases.
	Phases []Level `json:"phases,omitempty"`
	Hist   string  `json:"hist,omitempty"`  // of all sessions, in µs: HdrHistogram V2, base64
	Never  int64   `json:"never,omitempty"` // further sessions, to which it never happened
}

// Level is a value of a measure. What never happened is more than any number: "never" in
// JSON; what was not measured is null.
type Level float64

// MarshalJSON writes what never happened as "never", and what was not measured as null.
func (l Level) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(l), 1) {
		return []byte(`"never"`), nil
	}
	return reports.Value(l).MarshalJSON()
}

// UnmarshalJSON reads what [Level.MarshalJSON] writes.
func (l *Level) UnmarshalJSON(b []byte) error {
	if string(b) == `"never"` {
		*l = Level(math.Inf(1))
		return nil
	}
	return (*reports.Value)(l).UnmarshalJSON(b)
}
