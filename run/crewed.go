package run

import (
	"time"

	"hlsload/reports/record"
	"hlsload/run/bus"
	"hlsload/run/vital"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// Crew says which machines carry the players of a run.
type Crew struct {
	Run    string  // its name on the bus
	Bus    bus.Bus // the conductor's end
	Agents int     // that join from elsewhere
	// Local is the end of an agent in this process, LocalID its ID on the bus ("" = one is
	// drawn); nil = this process carries no players.
	Local   bus.Bus
	LocalID string
	Source  scenarios.Source // of the scenario, which agents load as well
	// RigListen is the address of this machine, without a port, at which the embedded channel
	// listens and agents reach it; "" = loopback.
	RigListen string
	Wait      time.Duration // for all agents; 0 = 5 min
	// Ended says how the process of an agent ended, by the agent's name; "" = that is not known.
	// nil = nothing is known of any.
	Ended func(agent string) string
	// Died gets the agents whose processes ended; nil = of none that is known at once.
	Died <-chan Death
}

// carriers is how many agents carry the players; 0 = this process alone.
func (c *Crew) carriers() int {
	switch {
	case c == nil:
		return 0
	case c.Local != nil:
		return c.Agents + 1
	}
	return c.Agents
}

// Death is the end of an agent's process.
type Death struct{ Agent, How string }

// Watched is a run that goes on, as all of its machines see it.
type Watched interface {
	Config() *record.Config
	// Sums is what was recorded so far; nil = nothing yet, or nothing any more, or the run goes
	// over several machines without [Config.Sums].
	Sums() *record.Sums
	// Agents are the machines of a run that goes over several; nil = it does not.
	Agents() []stage.AgentNow
}

// AgentConfig says which run an agent takes part in, and what it may do.
type AgentConfig struct {
	Run      string // name of the run
	ID       string // on the bus; "" = one is drawn
	Name     string // for people; "" = the host's
	Region   string // for people; "" = unknown
	Bus      bus.Bus
	Dir      string          // where its part is kept for [Merge]; "" = it is not kept
	Commands bool            // the scenario may run a program here (target.sessions.command)
	StopFile string          // when it appears, all players of the run leave; "" = none
	Halt     <-chan struct{} // closed: the agent leaves at once

	Version, Build string
	Network        Network
	Secrets        *redact.Secrets // the scenario's are added; nil = none
	Progress       stage.Progress  // nil = it is not shown
	// Began gets what records the agent's share, before its first player arrives, and Ended what was recorded.
	Began func(Watched)
	Ended func(*record.Part)
	// Kept gets the file that has the part, once it is written; nil = that is not asked.
	Kept func(file string)
	// Vital is what this process uses of its machine; nil = it is read from the system.
	Vital func() vital.Level
}

// Alone is a run that one collector records.
type Alone struct{ *record.Collector }

// Agents implements [Watched].
func (Alone) Agents() []stage.AgentNow { return nil }
