package nights

// Pairs are two simulations with one seed, player by player. Their counts are of sessions: a
// viewer who comes back has several, by number.
type Pairs struct {
	Players   int `json:"players"`   // in both
	Unmatched int `json:"unmatched"` // in one of them only
	Sessions  int `json:"sessions"`  // in both
	Single    int `json:"single"`    // sessions that are in one of them only
	Moved     int `json:"moved"`     // players in both that are of another cohort than before
	// Part is of what share of the players the sessions were compared, and FaultPart what
	// faults did to them: large simulations keep a sample, the same in both.
	Part      float64    `json:"part"`
	FaultPart float64    `json:"fault_part"`
	Shares    []Share    `json:"shares"`
	Moves     []Move     `json:"moves"`   // from one outcome to another, or the same; the worst first
	Times     []Timing   `json:"times"`   // and the bitrate
	Changed   []Changed  `json:"changed"` // sessions that changed outcome, the worst first; at most 100
	More      int        `json:"more"`    // that are not listed
	Mixes     []CohortOf `json:"mixes"`   // cohorts that do not have the same players
}

// Share is a share of the sessions, in pairs (McNemar): Lost had it in the base only,
// Gained in the new run only. Of a fault, the sessions are those that it affected in at
// least one of the two.
type Share struct {
	Of     string `json:"of"` // "failed_over{fault=kill-0}"
	Both   int    `json:"both"`
	Lost   int    `json:"lost"`
	Gained int    `json:"gained"`
	None   int    `json:"none"`
	P      Level  `json:"p"`     // of no change, two-sided, exact
	Worse  bool   `json:"worse"` // by more than a point, or never_recovered where all recovered before
	Those  Those  `json:"those"` // that are worse off
}

// Move is how many sessions had one outcome in a fault in the base, and one in the new run.
// Beside the outcomes of the summary there are unfinished and [NotAffected].
type Move struct {
	Fault    string `json:"fault"`
	Base     string `json:"base"`
	New      string `json:"new"`
	Sessions int    `json:"sessions"`
	Of       int    `json:"of"` // sessions that had this outcome in the base
	Those    Those  `json:"those"`
}

// NotAffected is the outcome of a session that a fault did not affect.
const NotAffected = "not_affected"

// Those are sessions for which something changed.
type Those struct {
	Player  uint64   `json:"player"`  // of the first one
	Session int      `json:"session"` // its number
	By      []PartOf `json:"by"`      // at most 5 cohorts, the most sessions first
}

// PartOf is how many sessions of a cohort it was, of those that it might have been.
type PartOf struct {
	Cohort   string `json:"cohort"`
	Profile  string `json:"profile"` // in the new run
	Sessions int    `json:"sessions"`
	Of       int    `json:"of"`
}

// Timing is how a time changed, in the pairs in which both sides have it: a startup, what a
// fault that affected both cost. Of the bitrate, less is worse.
type Timing struct {
	Of     string `json:"of"`   // "failover{fault=kill-0}"
	Unit   string `json:"unit"` // ms or bit/s
	Pairs  int    `json:"pairs"`
	Worse  int    `json:"worse"`  // by more than 1 ms, or 1 % of a bitrate
	Better int    `json:"better"` // by as much
	// Stopped had an end before and none now; they are among Worse. Began is the reverse.
	Stopped int `json:"stopped"`
	Began   int `json:"began"`
	// Of the changes with an end on both sides, the median and the largest to the worse.
	Median  Level  `json:"median"`
	Largest Level  `json:"largest"`
	Player  uint64 `json:"player"`  // of the largest one
	Session int    `json:"session"` // its number
	BaseP95 Level  `json:"base_p95"`
	NewP95  Level  `json:"new_p95"`
	Slower  bool   `json:"slower"` // the 95th percentile got worse by more than the least change that counts
}

// Changed is a session that changed outcome. Without a fault, the outcomes are played,
// stalled, startup_failed and fatal, and the times how long it was stalled.
type Changed struct {
	Player      uint64 `json:"player"`
	Session     int    `json:"session"`
	Cohort      string `json:"cohort"`
	Profile     string `json:"profile"`
	BaseProfile string `json:"base_profile,omitempty"` // "" = the same
	Fault       string `json:"fault"`
	Occurrence  int    `json:"occurrence"`
	Base        string `json:"base"` // outcome
	New         string `json:"new"`
	BaseMs      Level  `json:"base_outage_ms"`
	NewMs       Level  `json:"new_outage_ms"`
}

// CohortOf is a cohort with other players than before.
type CohortOf struct {
	Cohort string `json:"cohort"`
	Base   int    `json:"base"` // players, of those that were compared
	New    int    `json:"new"`
}
