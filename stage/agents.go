package stage

import (
	"time"

	"hlsload/reports"
)

// AgentNow is a machine of a run that goes over several, as it was last heard.
type AgentNow struct {
	Name        string
	Players     int64             // of its share of the audience
	Up          bool              // it is not lost
	Lag         time.Duration     // p99 of its requests so far, from due to sent
	Lags        reports.Histogram // all of them, in µs; empty when they were not asked for
	ClockOffset time.Duration     // the conductor's clock minus its own
}

// AgentProgress is a [Progress] that shows the agents of a run as well.
type AgentProgress interface {
	// Agents is called about once a second of a run over several machines, before Show.
	Agents(now time.Duration, all []AgentNow)
}
