package reports

import "fmt"

// Schema names the format of summary.json.
const Schema = "hlsload.summary/v1"

// MaxRows is how many rows the timeline may have (contract section 4).
const MaxRows = 3600

// The modes of a run.
const (
	ModeRun      = "run"
	ModeSimulate = "simulate"
)

// Rig is the target of a run on the embedded channel.
const Rig = "rig"

// The verdicts.
const (
	Pass        = "pass"
	Fail        = "fail"
	Interrupted = "interrupted"
	Void        = "void"
)

// Summary is everything that is known about a finished run. Every report is a
// function of it. See contract section 4 for the fields that scripts may rely
// on.
type Summary struct {
	Schema    string   `json:"schema"`
	Scenario  Scenario `json:"scenario"`
	Seed      uint64   `json:"seed"`
	Mode      string   `json:"mode"`
	Target    string   `json:"target"`            // the URL without secrets, or "rig"; with several URLs, " and " between them
	Build     string   `json:"build"`             // version, commit, tags
	Release   string   `json:"release,omitempty"` // of the stream, as --release has it; "" = not said
	Started   string   `json:"started"`           // RFC 3339
	Ended     string   `json:"ended"`             // RFC 3339
	RunID     string   `json:"run_id"`            // also in the session ids of CMCD; "" in virtual time
	DurationS Value    `json:"duration_s"`
	// TargetDurationS is that of the media playlists; null = not known.
	TargetDurationS Value  `json:"target_duration_s"`
	Key             *Key   `json:"key"` // null = of an older version, which had none
	Verdict         string `json:"verdict"`
	VoidReason      string `json:"void_reason"`
	// WhatHelps says what to change after a void run, as commands.
	WhatHelps   []string `json:"what_helps"`
	Interrupted string   `json:"interrupted"` // why the run ended early; "" = it did not
	Warnings    []string `json:"warnings"`
	ExitCode    int      `json:"exit_code"`
	// Repeats is the void run before it, of which this one is the only repetition; null = none.
	Repeats *Repeated `json:"repeats"`

	Expectations []ExpectationResult        `json:"expectations"`
	Drift        []Drift                    `json:"drift"` // of a run of an hour or longer; null of a shorter one
	Known        []KnownResult              `json:"known"`
	Players      Players                    `json:"players"`
	Cohorts      map[string]*CohortSummary  `json:"cohorts"` // "all" without control cohorts
	Profiles     map[string]ProfileSummary  `json:"profiles"`
	Faults       []FaultSummary             `json:"faults"`
	Requests     map[string]*RequestSummary `json:"requests"` // by kind
	Edge         EdgeSummary                `json:"edge"`
	Origin       OriginSummary              `json:"origin"`
	Logs         *LogSummary                `json:"logs"`       // null = none were joined
	Monitoring   *MonitorSummary            `json:"monitoring"` // null = no provider's was watched

	// Resumed are the times in which the machine was lost and another process then went on
	// with the run; empty = it was not. Nothing is known of them.
	Resumed []Resumed `json:"resumed"`

	TimelineStepS int    `json:"timeline_step_s"`
	Timeline      []Row  `json:"timeline"`
	Tester        Tester `json:"tester"`
	// Agents are the machines of a run that went over several; empty = it had one.
	Agents   []AgentSummary `json:"agents"`
	HistUnit string         `json:"hist_unit"` // of the histograms behind *_ms: "us"
}

// Resumed is a time of which nothing is known, because the machine was lost.
type Resumed struct {
	LostFromS Value  `json:"lost_from_s"` // of the last snapshot
	LostToS   Value  `json:"lost_to_s"`   // when another process went on with the run
	SettledS  Value  `json:"settled_s"`   // when all viewers were back: what counts begins then
	Why       string `json:"why"`
}

// Repeated is a void run that was repeated.
type Repeated struct {
	ExitCode int    `json:"exit_code"`
	Reason   string `json:"reason"`
	Dir      string `json:"dir"` // of its results, in that of the run that repeats it
}

// ExpectationResult is what became of an expectation.
type ExpectationResult struct {
	Expr string `json:"expr"`
	// Line is where it stands in the file of the scenario, from 1; 0 = in none, as one
	// that a flag added.
	Line   int    `json:"line,omitempty"`
	Value  Value  `json:"value"` // null = never or no data
	Unit   string `json:"unit"`  // of the value: ms, share, bit/s, 1/s or none
	Pass   bool   `json:"pass"`
	Reason string `json:"reason"` // in words
	// NotMeasured: there was nothing to compare. It neither holds nor fails, and no
	// verdict is PASS without it.
	NotMeasured bool `json:"not_measured,omitempty"`
	// ByLost: what was measured holds, and only the worst that lost players may have seen does not.
	ByLost bool `json:"by_lost,omitempty"`
	// Windows is what was looked at, of an expectation with each=DURATION.
	Windows *Windows `json:"windows,omitempty"`
}

// Windows are those of an expectation that has a value in each of them.
type Windows struct {
	EachS     Value  `json:"each_s"`    // their length
	Statistic string `json:"statistic"` // over them, that was compared: max, p95, … or worst
	Count     int    `json:"count"`     // with a value
	Skipped   int    `json:"skipped"`   // that touch time in which the run was not there
	Empty     int    `json:"empty"`     // in which there was nothing to measure
	// The worst of those with a value; null without any, and WorstValue also for never.
	WorstValue Value `json:"worst_value"`
	WorstFromS Value `json:"worst_from_s"`
	WorstToS   Value `json:"worst_to_s"`
}

// KnownResult is what became of something that players are known to do. It has no part
// in the verdict.
type KnownResult struct {
	Expr   string `json:"expr"`
	Value  Value  `json:"value"` // null = never or no data
	Unit   string `json:"unit"`
	Holds  bool   `json:"holds"`
	Reason string `json:"reason"` // in words
	// NotMeasured: there was nothing to compare.
	NotMeasured bool     `json:"not_measured,omitempty"`
	Windows     *Windows `json:"windows,omitempty"`
}

// Players counts all sessions.
type Players struct {
	Started       int64 `json:"started"`
	Rejoined      int64 `json:"rejoined"` // of those
	Peak          int64 `json:"peak"`     // at the end of a step of the timeline
	StartupFailed int64 `json:"startup_failed"`
	Unfinished    int64 `json:"unfinished"` // cut by the end before a first frame; in no share
	Fatal         int64 `json:"fatal"`
	Left          int64 `json:"left"`
	Ended         int64 `json:"ended,omitempty"` // played to the end of the presentation
	Stalled       int64 `json:"stalled"`         // at least once
	PlayingAtEnd  int64 `json:"playing_at_end"`
	Lost          int64 `json:"lost,omitempty"` // players of agents that were lost; in no other number
}

// CohortSummary is the experience of a cohort.
type CohortSummary struct {
	Players       int64    `json:"players"`
	Profile       string   `json:"profile"`
	Control       bool     `json:"control"`
	StartupFailed int64    `json:"startup_failed"`
	Stalled       int64    `json:"stalled"`
	StartupMs     Dist     `json:"startup_ms"`
	StallMs       Dist     `json:"stall_ms"`
	RebufferRatio Value    `json:"rebuffer_ratio"`
	LiveLatencyMs Dist     `json:"live_latency_ms"`
	BitrateBps    Value    `json:"bitrate_bps"` // mean over the media appended
	Switches      Switches `json:"switches"`
	Fatal         int64    `json:"fatal"`
}

// Switches counts changes of bitrate between neighbouring segments.
type Switches struct {
	Up   int64 `json:"up"`
	Down int64 `json:"down"`
}

// ProfileSummary says how far a player model can be trusted.
type ProfileSummary struct {
	Player     string `json:"player"`
	Confidence string `json:"confidence"`
	// Withheld is how many requests had to wait because of failures before, on a
	// target that is not local.
	Withheld int64 `json:"requests_withheld,omitempty"`
}

// FaultSummary is what one occurrence of a fault did.
type FaultSummary struct {
	Name          string `json:"name"`
	Occurrence    int    `json:"occurrence"`
	Fault         string `json:"fault"`
	Via           string `json:"via"`
	Pipeline      *int   `json:"pipeline"` // null = any
	AppliedAtS    Value  `json:"applied_at_s"`
	ClearedAtS    Value  `json:"cleared_at_s"`
	RecoveryEndS  Value  `json:"recovery_end_s"`
	BaselineFromS Value  `json:"baseline_from_s"` // null = there is none
	// SegmentAgeS is how long before the onset the last segment was due at the origin:
	// what comes of a fault depends on it. Null = not known.
	SegmentAgeS  Value  `json:"segment_age_s"`
	UndoVerified bool   `json:"undo_verified"`
	Problem      string `json:"problem"` // why the fault makes the run void
	// Lost says why this occurrence does not count: the machine was lost meanwhile. Absent =
	// it counts.
	Lost string `json:"lost,omitempty"`
	// Pooled is how many occurrences of the fault the row is of, because the run had too many to
	// list each; absent = one. Counts and distributions are sums of them, exactly. Applied is
	// the first of them, cleared the last. LastOccurrence is the number of that one, and
	// PooledHurt in how many of them a viewer lost the picture.
	Pooled         int `json:"pooled,omitempty"`
	LastOccurrence int `json:"last_occurrence,omitempty"`
	PooledHurt     int `json:"pooled_hurt,omitempty"`
	// Each are the figures of the pooled occurrences, one by one; absent when there are too many.
	Each []PooledOccurrence `json:"each,omitempty"`
	// Why says in a sentence which players lost playback, and by which rule of theirs;
	// "" = no player lost any, or it is not known.
	Why string `json:"why"`
	// WhatHelps lists what prevents the loss or shortens it; empty = nothing is known,
	// or nothing is needed.
	WhatHelps []string `json:"what_helps"`
	// WatchingAtOnset is how many sessions there were at onset, without control cohorts.
	WatchingAtOnset int64 `json:"watching_at_onset"`
	Affected        int64 `json:"affected"`
	JoinedDuring    int64 `json:"joined_during"` // of the affected
	FailedOver      int64 `json:"failed_over"`
	Healed          int64 `json:"healed"`
	Recovered       int64 `json:"recovered"`
	Left            int64 `json:"left"`
	NeverRecovered  int64 `json:"never_recovered"`
	FlappedBack     int64 `json:"flapped_back"`
	Probes          int64 `json:"probes"` // looks at the faulty playlist after the failover
	Steps           int64 `json:"steps"`  // level steps before leaving the pipeline
	Fatal           int64 `json:"fatal"`
	Unfinished      int64 `json:"unfinished"` // not in affected
	// SoFar counts sessions that go on, too; absent once the run is over.
	SoFar *FaultSoFar `json:"so_far,omitempty"`

	// Those that joined during the fault count from their first request that met it.
	DetectionMs       Dist `json:"detection_ms"`
	FailoverMs        Dist `json:"failover_ms"`
	OutageMs          Dist `json:"outage_ms"`
	ContentSkippedMs  Dist `json:"content_skipped_ms"`
	ContentRepeatedMs Dist `json:"content_repeated_ms"`

	// AtOnset are the affected sessions that were watching at onset.
	AtOnset   *FaultShare            `json:"at_onset"`
	ByProfile map[string]*FaultShare `json:"by_profile"`
	ByCohort  map[string]*FaultShare `json:"by_cohort"`
	Origin    FaultOrigin            `json:"origin"`
	Edge      FaultEdge              `json:"edge"`
	// Noticed is what noticed the fault and when, where a provider's monitoring was
	// watched.
	Noticed []Notice `json:"noticed"`
}

// PooledOccurrence are the figures of an occurrence that has no row of its own.
type PooledOccurrence struct {
	Occurrence     int   `json:"occurrence"`
	AppliedAtS     Value `json:"applied_at_s"`
	ClearedAtS     Value `json:"cleared_at_s"`
	Affected       int64 `json:"affected"`
	FailedOver     int64 `json:"failed_over"`
	Healed         int64 `json:"healed"`
	Left           int64 `json:"left"`
	NeverRecovered int64 `json:"never_recovered"`
	FailoverP50Ms  Value `json:"failover_p50_ms"`
	FailoverP95Ms  Value `json:"failover_p95_ms"`
	OutageP50Ms    Value `json:"outage_p50_ms"`
	OutageP95Ms    Value `json:"outage_p95_ms"`
}

// Occurrences is how many occurrences a row is of.
func (f *FaultSummary) Occurrences() int { return max(f.Pooled, 1) }

// FaultSoFar is what a fault did so far in a run that goes on.
type FaultSoFar struct {
	Affected   int64 `json:"affected"`
	FailedOver int64 `json:"failed_over"`
	Healed     int64 `json:"healed"`
}

// FaultShare is a fault's effect on a part of the audience.
type FaultShare struct {
	Affected       int64 `json:"affected"`
	FailedOver     int64 `json:"failed_over"`
	Healed         int64 `json:"healed"`
	Left           int64 `json:"left"`
	NeverRecovered int64 `json:"never_recovered"`
	FlappedBack    int64 `json:"flapped_back"`
	Fatal          int64 `json:"fatal"`
	DetectionMs    Dist  `json:"detection_ms"`
	FailoverMs     Dist  `json:"failover_ms"`
	OutageMs       Dist  `json:"outage_ms"`
	// Residual is how far the prediction is off. Both are absent for faults that
	// are not predicted.
	Predicted *Predicted `json:"predicted,omitempty"`
	Residual  *Residual  `json:"residual,omitempty"`
}

// Stayed is how many of the affected sessions did not leave: what the shares of
// outcomes are of.
func (f *FaultSummary) Stayed() int64 { return f.Affected - f.Left }

// Headline are the affected sessions that the headline figures are about: those that
// were watching at onset, if there are any.
func (f *FaultSummary) Headline() *FaultShare {
	if f.AtOnset != nil && f.AtOnset.Affected > 0 {
		return f.AtOnset
	}
	// All joined during the fault.
	return &FaultShare{Affected: f.Affected, Left: f.Left, DetectionMs: f.DetectionMs, FailoverMs: f.FailoverMs, OutageMs: f.OutageMs}
}

// FaultOrigin is the load on the origin before and during a fault.
type FaultOrigin struct {
	BaselineRps   Value `json:"baseline_rps"` // highest rate over a target duration before
	PeakRps       Value `json:"peak_rps"`     // the same during fault and recovery
	Amplification Value `json:"amplification"`
}

// FaultEdge is the load on the CDN before and during a fault, in the busiest seconds,
// without control cohorts.
type FaultEdge struct {
	BaselineRps   Value `json:"baseline_rps"`
	PeakRps       Value `json:"peak_rps"`     // during fault and recovery
	PeakAfterS    Value `json:"peak_after_s"` // when it was reached, after onset
	FailedRps     Value `json:"failed_rps"`   // most failed requests in a second of fault and recovery
	Amplification Value `json:"amplification"`
}

// RequestSummary is the requests of one kind.
type RequestSummary struct {
	Count  int64 `json:"count"`
	Errors int64 `json:"errors"`
	// ErrorsBy are the errors by status ("404") or failure ("timeout").
	ErrorsBy map[string]int64 `json:"errors_by"`
	// NotMedia are the answers that were complete and cannot be what was asked
	// for, by what they were ("HTML", "empty").
	NotMedia map[string]int64 `json:"not_media,omitempty"`
	Bytes    int64            `json:"bytes"`
	TTFBMs   Dist             `json:"ttfb_ms"`
	TotalMs  Dist             `json:"total_ms"`
}

// Rate is a rate per second: over the run, and the highest within a second.
type Rate struct {
	Mean Value `json:"mean"`
	Max  Value `json:"max"`
}

// EdgeSummary is the load on the CDN, without control cohorts.
type EdgeSummary struct {
	Requests int64            `json:"requests"`
	Bytes    int64            `json:"bytes"`
	Rps      Rate             `json:"rps"`
	Bps      Rate             `json:"bps"`
	ByPop    map[string]int64 `json:"by_pop"` // requests
	// Redirects is how many of the requests were answered by one.
	Redirects int64 `json:"redirects,omitempty"`
}

// OriginSummary is the load on the origin, without control cohorts.
type OriginSummary struct {
	Source   string           `json:"source"` // rig | headers | logs | cloudwatch | none: the best that there is
	Requests int64            `json:"requests"`
	Bytes    int64            `json:"bytes"`
	Rps      Rate             `json:"rps"`
	Bps      Rate             `json:"bps"`
	HitRatio Value            `json:"hit_ratio"` // 1 - origin requests / edge requests
	ByStatus map[string]int64 `json:"by_status"`
	// Estimated is the number of requests that the headers of the answers show;
	// null when they show none. From headers are also: requests by the POP that
	// caused them, answers by the layer that had them (edge, regional, shield,
	// cache, joined, origin), and the origin's time to its first byte.
	Estimated   Value            `json:"estimated_requests"`
	ByPop       map[string]int64 `json:"by_pop"`
	AnsweredBy  map[string]int64 `json:"answered_by"`
	FirstByteMs Dist             `json:"first_byte_ms"`
	// Numbers are the requests by every source that has a number.
	Numbers []OriginNumber `json:"numbers"`
	// NotUnderstood are headers of caches that are not understood.
	NotUnderstood []NotUnderstood `json:"not_understood"`
}

// The sources of the origin's load.
const (
	FromRig     = "rig"
	FromHeaders = "headers"
	// Joined afterwards.
	FromLogs       = "logs"
	FromCloudWatch = "cloudwatch"
	FromNowhere    = "none"
)

// OriginNumber is the number of requests to the origin from one source.
type OriginNumber struct {
	Source   string `json:"source"`
	Requests Value  `json:"requests"`
	Bytes    Value  `json:"bytes"`
	Of       string `json:"of"` // what is counted, in words
}

// SetNumber adds a number, or replaces that of the same source.
func (o *OriginSummary) SetNumber(n OriginNumber) {
	for i := range o.Numbers {
		if o.Numbers[i].Source == n.Source {
			o.Numbers[i] = n
			return
		}
	}
	o.Numbers = append(o.Numbers, n)
}

// Row is a step of the timeline: sessions at its end, rates over it.
type Row struct {
	T         int     `json:"t_s"`
	Joining   int64   `json:"joining"`
	Playing   int64   `json:"playing"`
	Stalled   int64   `json:"stalled"`
	Pipeline  []int64 `json:"pipeline"`
	EdgeRps   Value   `json:"edge_rps"`
	EdgeBps   Value   `json:"edge_bps"`
	OriginRps Value   `json:"origin_rps"`
	OriginBps Value   `json:"origin_bps"`
	// OriginEstimatedRps is the estimate beside a count; null without one.
	OriginEstimatedRps Value `json:"origin_estimated_rps"`
	Errors             int64 `json:"errors"`
	// Viewers who are not there any more: Gone, because an error ended their session and
	// they are not back, and Left, as they wished or because the presentation ended.
	Gone int64 `json:"gone"`
	Left int64 `json:"left"`
	// Of the startups and answers within the step, at most 12 % off; null without any. An
	// answer that never began is in ErrorShare only.
	StartupP50Ms Value `json:"startup_p50_ms"`
	StartupP95Ms Value `json:"startup_p95_ms"`
	TTFBP50Ms    Value `json:"ttfb_p50_ms"`
	TTFBP95Ms    Value `json:"ttfb_p95_ms"`
	ErrorShare   Value `json:"error_share"` // failed requests of those answered
	// Lost: the machine was lost in the step, or a part of it; see Summary.Resumed.
	Lost bool `json:"lost,omitempty"`
}

// Tester is the tool's own lag and what it used of the machine.
type Tester struct {
	LagMs          Dist  `json:"lag_ms"`
	CPUS           Value `json:"cpu_s"`
	RSSPeakBytes   int64 `json:"rss_peak_bytes"`
	DroppedSamples int64 `json:"dropped_samples"`
	DroppedEvents  int64 `json:"dropped_events"`
	GoroutinesPeak int64 `json:"goroutines_peak"`
	// Trends of what the tester used, of each machine; none of a run that was too short to tell, and of
	// a simulation.
	Trends []Trend `json:"trends,omitempty"`
}

// Predicted is the prediction for a fault and a player.
type Predicted struct {
	DetectionMs PredictedDist `json:"detection_ms"`
	FailoverMs  PredictedDist `json:"failover_ms"`
	OutageMs    PredictedDist `json:"outage_ms"`
	End         string        `json:"end"`     // of most sessions; "" = nothing is predicted
	Unknown     string        `json:"unknown"` // why nothing is predicted
}

// PredictedDist is a predicted distribution; null = never. Min and Max of what is
// compared with medians include the tolerance, 5 % and 100 ms.
type PredictedDist struct {
	Min Value `json:"min"`
	P50 Value `json:"p50"`
	P95 Value `json:"p95"`
	Max Value `json:"max"`
}

// The ends of a prediction, as outcomes of sessions.
const (
	EndFailsOver = "fails over"
	EndWaits     = "waits"
	EndDies      = "dies"
	EndUntouched = "untouched"
)

// Residual is the measured median less the predicted one, of the sessions that
// had joined before the fault.
type Residual struct {
	FailoverMs Value `json:"failover_ms"` // null = one of them is never
	OutageMs   Value `json:"outage_ms"`
	// Finding says what was measured and does not agree with what was predicted;
	// "" = it agrees.
	Finding string `json:"finding"`
	// Sessions are those that are compared, and Measured… their medians. TooFew: too few
	// to say whether their median agrees.
	Sessions           int64 `json:"sessions"`
	TooFew             bool  `json:"too_few,omitempty"`
	MeasuredFailoverMs Value `json:"measured_failover_ms"`
	MeasuredOutageMs   Value `json:"measured_outage_ms"`
}

// Notice is when players or monitoring noticed a fault, after its onset.
type Notice struct {
	Who   string `json:"who"` // players | metric | alert | alarm
	Name  string `json:"name"`
	After Value  `json:"after_s"`      // null = never
	Seen  Value  `json:"seen_after_s"` // when that could first be seen from outside; null = never
	Note  string `json:"note"`
}

// MaxOddValues is how many different values of a header are counted.
const MaxOddValues = 64

// NotUnderstood is a header of a cache with values that are not understood.
type NotUnderstood struct {
	Header  string   `json:"header"`
	Answers int64    `json:"answers"` // without another header that is understood
	Values  int      `json:"values"`  // that were seen; 64 stands for 64 or more
	Words   []string `json:"words"`   // those of them that are words of other caches
}

// Words is a distribution as in "5.7 s (2.1 s to 9 s)".
func (d *PredictedDist) Words() string {
	p50 := Milliseconds.Format(d.P50)
	low, high := Milliseconds.Format(d.Min), Milliseconds.Format(d.Max)
	if low == high {
		return p50
	}
	return fmt.Sprintf("%s (%s to %s)", p50, low, high)
}

// Scenario identifies what was run.
type Scenario struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	File        string `json:"file"` // as the command line names it: a file, or a scenario that ships
	SHA256      string `json:"sha256"`
	// Overrides are what flags and the environment changed, except the seed.
	Overrides []Override `json:"overrides"`
}

// Override is a value that took the place of one in a scenario.
type Override struct {
	Flag  string `json:"flag"` // the flag that sets it, without --; "" = --set
	Path  string `json:"path"`
	Value string `json:"value"` // without secrets
}
