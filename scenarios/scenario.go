package scenarios

import (
	"time"

	"hlsload/chaos"
	"hlsload/reports/expect"
	"hlsload/scenarios/redact"
)

// Scenario is a decoded and checked scenario.
type Scenario struct {
	Name        string
	Description Text
	File        string // as it was given
	Argument    string // that names it on the command line; "" = File
	SHA256      string // of the file's bytes, in hex; overrides are not part of it
	Seed        uint64
	Duration    time.Duration // from the first arrival
	Recovery    time.Duration // length of a recovery phase

	Target Target
	Fleet  Fleet
	Chaos  []chaos.Entry // [Scenario.Faults] expands them
	AWS    *chaos.AWS    // what faults via aws may touch; nil = nothing

	Stop   []*expect.Expectation // end the run early when they hold
	Expect []*expect.Expectation // what the service owes its viewers; the verdict follows from it
	Known  []*expect.Expectation // what players are known to do; no verdict follows from it

	// LagLimit is the p99 of tester_lag from which on a run is void.
	LagLimit time.Duration

	Authorized Authorized
	Limits     Limits

	overrides  []Override
	secrets    *redact.Secrets // what Redact hides
	references *redact.Secrets // values of the environment, as ${NAME}
	own        *redact.Secrets // secrets that the scenario itself holds
	settings   map[string]setting
	profiled   bool // profiles hold values of the environment
}
