// Package players is what became of each viewer of a simulation: players.csv, which
// people read in a spreadsheet and which pairs two simulations player by player.
//
// A row is a session, or what an occurrence of a fault did to a session that it affected.
// The meaning of every value is that of the summary: of a table with all sessions, the
// counts are those of summary.json. Start with [Table].
//
// It is not the record of a run: events.ndjson says how a session came to its outcome.
package players

import (
	"cmp"
	"math"
	"time"

	"hlsload/player/draw"
)

// Span is a length of time in units of 100 µs, of up to 119 hours.
type Span uint32

const (
	unit = 100 * time.Microsecond

	Never   Span = math.MaxUint32     // it did not happen
	Unknown Span = math.MaxUint32 - 1 // it was not measured
	longest Span = math.MaxUint32 - 2
)

// SpanOf is the span of a duration. Negative ones count as 0, longer ones as the longest.
func SpanOf(d time.Duration) Span { return Span(min(max(d, 0)/unit, time.Duration(longest))) }

// Add is the sum of two spans that were measured.
func (s Span) Add(o Span) Span {
	return Span(min(uint64(s)+uint64(o), uint64(longest)))
}

// Known reports whether the span is a length of time.
func (s Span) Known() bool { return s <= longest }

// Ms is the span in milliseconds: NaN = not measured, +Inf = never.
func (s Span) Ms() float64 {
	switch s {
	case Never:
		return math.Inf(1)
	case Unknown:
		return math.NaN()
	}
	return float64(s) / float64(time.Millisecond/unit)
}

// How says how a session ended, or what it did when the run did.
type How uint8

// The ways.
const (
	Playing How = iota // at the end of the run
	Stalled            // at the end of the run
	Waiting            // for a first picture, at the end of the run
	Left               // the viewer went away
	Ended              // the presentation was over
	Fatal              // the player gave up
	hows
)

var howNames = [hows]string{"playing", "stalled", "waiting", "left", "ended", "fatal"}

func (h How) String() string { return howNames[h] }

// Result is what became of a session that a fault affected.
type Result uint8

// The results. Unfinished is none of them: the run ended too early.
const (
	FailedOver Result = iota
	Healed
	Gone // the viewer left
	NeverRecovered
	Unfinished
	results
)

var resultNames = [results]string{"failed_over", "healed", "left", "never_recovered", "unfinished"}

func (r Result) String() string { return resultNames[r] }

// Session is a session, apart from what faults did to it. It fills 40 bytes.
type Session struct {
	Player  uint64
	Number  uint32 // of this viewer's sessions, from 1
	Joined  Span   // since the start of the run
	Startup Span   // Never = it did not start; Unknown = the run ended, or the viewer left, before it had to
	Stalled Span   // all stalls together
	Media   Span   // video appended
	Bitrate uint32 // of that, mean of the variants' BANDWIDTH in bit/s; 0 = there was none
	Stalls  uint16
	Cohort  int16 // index in Table.Cohorts
	How     How
	// StartupFailed: it waited for a first picture for more than 30 s, or gave up before.
	StartupFailed bool
}

// Unfinished reports whether the run ended before the session started or failed to.
func (s *Session) Unfinished() bool { return s.How == Waiting && !s.StartupFailed }

// Flags are further properties of an [Effect].
type Flags uint8

// The flags.
const (
	During     Flags = 1 << iota // the session joined while the fault was on
	Longer                       // its outage lasted longer than was seen
	Flapped                      // it went back to the faulty thing
	GaveUp                       // its player gave up
	knownFlags = During | Longer | Flapped | GaveUp
)

// Effect is what an occurrence of a fault did to a session. It fills 32 bytes.
type Effect struct {
	Player     uint64
	Number     uint32 // of the session
	Occurrence int32  // index in Table.Occurrences
	Detection  Span
	Failover   Span
	Outage     Span
	Cohort     int16 // index in Table.Cohorts
	Result     Result
	Flags      Flags
}

// Cohort is a part of the audience.
type Cohort struct{ Name, Profile string }

// Occurrence is one of a fault.
type Occurrence struct {
	Fault  string
	Number int // from 1
}

// Shares is of how many parts of the players a share is counted: per mille.
const Shares = 1000

// Table is players.csv. Where there are too many rows, it has all rows of some players:
// those of whom [Bucket] is below a share.
type Table struct {
	Cohorts     []Cohort
	Occurrences []Occurrence

	Sessions     []Session // by player and number
	SessionShare int       // of the players whose sessions are there, of Shares
	Effects      []Effect  // by player, number and occurrence
	EffectShare  int       // of the players of whom the effects are there, of Shares
}

// Bucket is which part of all players one belongs to, from 0 to Shares-1. It depends on
// nothing but the player's number, so that samples of two simulations have the same
// players.
func Bucket(player uint64) int { return int(draw.Mix(player^0x706c6179657273) % Shares) }

// Compare orders sessions.
func (s *Session) Compare(o *Session) int {
	return cmp.Or(cmp.Compare(s.Player, o.Player), cmp.Compare(s.Number, o.Number))
}

// Compare orders effects.
func (e *Effect) Compare(o *Effect) int {
	return cmp.Or(cmp.Compare(e.Player, o.Player), cmp.Compare(e.Number, o.Number), cmp.Compare(e.Occurrence, o.Occurrence))
}
