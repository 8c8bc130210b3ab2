package chaos

import "time"

// Outcome is what became of one fault.
type Outcome struct {
	Fault     *Fault
	AppliedAt time.Duration // acknowledged; onset
	BittenAt  time.Duration // first seen at the target
	ClearedAt time.Duration // undo acknowledged
	HealthyAt time.Duration // target seen healthy again

	Tried        bool // an attempt was made to apply it; false when the run ended before
	Applied      bool // acknowledged
	Bitten       bool // seen at the target
	Undone       bool // undo acknowledged
	UndoVerified bool // target seen healthy again
	Cut          bool // the window was ended early, by an abort

	Err    string // of the first step that failed
	Detail string // what the last look saw
}

// Void says why the outcome makes the run void, "" when it does not: the fault
// was not applied, did not show at the target though it was given its window,
// or was not undone for sure.
func (o *Outcome) Void() string {
	with := func(what, why string) string {
		if why == "" {
			return what
		}
		return what + ": " + why
	}
	switch {
	case !o.Tried:
		return ""
	case !o.Applied:
		return with("could not be applied", o.Err)
	case !o.Undone:
		return with("could not be undone", o.Err)
	case !o.UndoVerified:
		return with("undone, but the target was not seen healthy again", o.Detail)
	case !o.Bitten && !o.Cut:
		return with("did not show at the target", o.Detail)
	}
	return ""
}
