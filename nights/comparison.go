package nights

// ComparisonSchema names the format of comparison.json.
const ComparisonSchema = "hlsload.comparison/v1"

// The outcomes of a comparison.
const (
	Same      = "same"      // nothing got worse by more than chance
	Worse     = "worse"     // something did
	Undecided = "undecided" // too few nights to tell a change from chance, and nothing that is worse without that
	Nothing   = "nothing"   // there is nothing to compare
)

// Comparison is what became of a night, compared with others.
type Comparison struct {
	Schema   string `json:"schema"`
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"` // in a sentence
	ExitCode int    `json:"exit_code"`
	// First: nothing was compared only because there is no base yet, as in the first night
	// or after a change of the scenario.
	First bool  `json:"first"`
	Base  []Ref `json:"base"` // that were used
	Left  []Ref `json:"left"` // that were not, and why
	New   Ref   `json:"new"`
	// Across is what was changed on purpose: target, profile or scenario; "" = nothing.
	// Differences are the keys that differ then, or because of which nothing was compared.
	Across      string       `json:"across"`
	Differences []Difference `json:"differences"`
	Findings    []Finding    `json:"findings"` // of all measures; the worst first
	Pairs       *Pairs       `json:"pairs"`    // null = not two simulations with one seed
	Notes       []string     `json:"notes"`
	Replay      string       `json:"replay"` // the command that does the new run again
}

// Ref is a night that was looked at.
type Ref struct {
	Run     string `json:"run"`
	Started string `json:"started"`
	Seed    uint64 `json:"seed"`
	Build   string `json:"build"`
	Verdict string `json:"verdict"`
	Why     string `json:"why,omitempty"` // it was not used
}

// Difference is a setting that differs: "target.rig.edge.playlist_ttl", "1s", "10s"; a
// value that is not there is "".
type Difference struct {
	Path string `json:"path"`
	Base string `json:"base"`
	New  string `json:"new"`
}

// Finding is what became of one measure.
type Finding struct {
	Measure string `json:"measure"`
	Unit    string `json:"unit"`
	Primary bool   `json:"primary"`
	Worse   bool   `json:"worse"` // it makes the comparison worse
	// Base and New are means of the values, or medians where some are never; what depends on
	// the phase of onsets is the base at the phases of the new night. Change is relative to Base.
	Base   Level `json:"base"`
	New    Level `json:"new"`
	Change Level `json:"change"`
	// Counts of values on both sides.
	BaseCount int `json:"base_count"`
	NewCount  int `json:"new_count"`
	// Test is rank (over occurrences), night (against the spread of the nights), rank and
	// night, share (as night, and by counts), exact (one seed), always; "" = none was made.
	Test     string `json:"test"`
	P        Level  `json:"p"`        // of no change, one-sided
	Adjusted Level  `json:"adjusted"` // by Holm's method over the primary measures
	Effect   Level  `json:"effect"`   // share of pairs in which the new value is the worse one; 0.5 = no change
	Why      string `json:"why"`      // in a sentence, for people
	// Worst is the occurrence that was worst, and Replay the command that runs it again.
	Worst  int     `json:"worst"`
	Replay string  `json:"replay"`
	Whom   []Group `json:"whom"` // the cohorts in which it got worse, for people
	// Since is the start of the first of the nights, without a gap, that are nearer to the
	// new one than to the base; "" = it did not get worse.
	Since string     `json:"since"`
	Shift []Quantile `json:"shift"` // of sessions, for people; no part in the outcome
}

// Quantile is how far a quantile of the sessions has moved.
type Quantile struct {
	Q    float64 `json:"q"`
	Base Level   `json:"base"`
	New  Level   `json:"new"`
	// Low and High bound the difference with 95 % confidence.
	Low  Level `json:"low"`
	High Level `json:"high"`
}
