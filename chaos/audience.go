package chaos

import "time"

// Crowd is what faults of the audience act on.
type Crowd interface {
	// Surge lets more viewers arrive, spread evenly over a time.
	Surge(players int, over time.Duration)
	// Reconnect lets a share of the viewers of a cohort ("" = all) leave and
	// rejoin at once. Ordinal numbers the random draws of this occurrence.
	Reconnect(ordinal uint64, share float64, cohort string)
}

// Gather applies a fault of the audience.
func (f *Fault) Gather(c Crowd) {
	if f.Kind == ViewersSurge {
		c.Surge(f.Players, f.Over)
		return
	}
	c.Reconnect(uint64(f.Rule)<<32|uint64(f.Occurrence), f.Share, f.Cohort)
}

// Faults of the audience.
var audienceKinds = []Spec{
	{
		Kind: ViewersSurge, Vias: viewer,
		Doc:       "more viewers arrive",
		Changes:   "number of viewers",
		Selectors: fields(byCohort),
		Params:    fields(arriving, spread),
		Part:      PartAudience, Instant: true,
	},
	{
		Kind: ViewersReconnect, Vias: viewer,
		Doc:       "viewers leave and rejoin at once",
		Changes:   "sessions",
		Selectors: fields(byCohort, byShare),
		Part:      PartAudience, Instant: true,
	},
}

// maxSurge is how many viewers may arrive at once.
const maxSurge = 10_000_000

var (
	arriving = Field{Name: "players", Type: "count", Required: true, Doc: "how many, 1 to 10000000", Most: maxSurge, Says: "%s players",
		of: func(f *Fault) any { return &f.Players },
		wrong: func(f *Fault) string {
			return unless(f.Players >= 1 && f.Players <= maxSurge, "number of players out of range (got %d; want 1 to %d)", f.Players, maxSurge)
		}}
	spread = Field{Name: "over", Type: "duration", Default: "0s", Doc: "spread evenly over this time", Says: "over %s",
		of: func(f *Fault) any { return &f.Over },
		wrong: func(f *Fault) string {
			return unless(f.Over >= 0 && f.Over <= MaxWindow, "duration out of range (got %v; want 0s to %v)", f.Over, MaxWindow)
		}}
)
