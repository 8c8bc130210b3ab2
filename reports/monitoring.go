package reports

// LogSummary is what a CDN's access logs have of a run: the requests of its
// players, as far as they can be identified, and the requests of others.
type LogSummary struct {
	Files     []LogFile `json:"files"`
	Entries   int64     `json:"entries"`
	Malformed int64     `json:"malformed"`
	Outside   int64     `json:"outside"` // of the run's time; in nothing below
	// FromS and ToS are the first and last entry of the run's time.
	FromS Value `json:"from_s"`
	ToS   Value `json:"to_s"`
	// ClockSkewS is by how much the log's clock is ahead of the run's; null when
	// the two do not resemble each other. Instants below are corrected by it.
	ClockSkewS Value `json:"clock_skew_s"`

	Ours            int64 `json:"ours"`
	OursBySID       int64 `json:"ours_by_sid"`        // known by the session id of CMCD
	OursByUserAgent int64 `json:"ours_by_user_agent"` // else by the User-Agent
	Viewers         int64 `json:"viewers"`            // different session ids
	Coverage        Value `json:"coverage"`           // ours, of the requests that the players sent

	// Of ours.
	Bytes         int64            `json:"bytes"`
	ByResult      map[string]int64 `json:"by_result"` // x-edge-result-type
	ByDetail      map[string]int64 `json:"by_detail"` // x-edge-detailed-result-type
	ByStatus      map[string]int64 `json:"by_status"`
	ByPop         map[string]int64 `json:"by_pop"`
	Origin        int64            `json:"origin_requests"`
	FirstByteMs   Dist             `json:"first_byte_ms"`        // at the edge
	OriginFirstMs Dist             `json:"origin_first_byte_ms"` // at the origin

	// What was not ours.
	Others       int64            `json:"others"`
	OthersBytes  int64            `json:"others_bytes"`
	OthersOrigin int64            `json:"others_origin_requests"`
	OthersBy     map[string]int64 `json:"others_by_result"`

	Timeline []LogRow `json:"timeline"` // the steps of the run's timeline
}

// LogFile is one file of a log.
type LogFile struct {
	Name      string `json:"name"`
	Format    string `json:"format"` // w3c | json | plain | realtime
	Entries   int64  `json:"entries"`
	Malformed int64  `json:"malformed"`
	Problem   string `json:"problem"` // of the first malformed line; "" = none
}

// LogRow is one step of the run as the log has it: counts, not rates.
type LogRow struct {
	T           int   `json:"t_s"`
	Ours        int64 `json:"ours"`
	Others      int64 `json:"others"`
	Hits        int64 `json:"hits"`   // of ours
	Origin      int64 `json:"origin"` // of ours that asked the origin
	Errors      int64 `json:"errors"` // of ours: status 400 and more, or none
	Bytes       int64 `json:"bytes"`  // of ours
	FirstByteMs Value `json:"first_byte_ms"`
}

// MonitorSummary is everything that a [Monitor] recorded. Instants are seconds
// of the run and may lie before it.
type MonitorSummary struct {
	Source string `json:"source"` // aws
	UntilS Value  `json:"until_s"`
	// AlarmsUntilS and AlertsUntilS are when these could last be read; null =
	// never.
	AlarmsUntilS Value          `json:"alarms_until_s"`
	AlertsUntilS Value          `json:"alerts_until_s"`
	Alarms       []AlarmRecord  `json:"alarms"`
	Alerts       []AlertRecord  `json:"alerts"`
	Metrics      []MetricRecord `json:"metrics"`
	Problems     []string       `json:"problems"` // what could not be looked at, and why
	// Found is the channel's way through the account, where it was followed.
	Found []string `json:"found,omitempty"`

	Wanted  []Watched `json:"-"` // what other_alarms cannot go without
	Missing []string  `json:"-"` // alarms that do not exist
}

// AlarmRecord is an alarm and the states that it went through.
type AlarmRecord struct {
	Name   string       `json:"name"`
	Region string       `json:"region"`
	States []AlarmState `json:"states"` // the first is that of the first look
}

// The states of an alarm.
const (
	AlarmRings  = "ALARM"
	AlarmOK     = "OK"
	AlarmUnsure = "INSUFFICIENT_DATA"
)

// AlarmState is a state of an alarm since an instant.
type AlarmState struct {
	T      Value  `json:"t_s"` // as the provider says
	State  string `json:"state"`
	Seen   Value  `json:"seen_s"`
	Reason string `json:"reason"`
}

// AlertRecord is an alert of a channel.
type AlertRecord struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Pipeline string `json:"pipeline"`
	Message  string `json:"message"`
	Set      Value  `json:"set_s"`
	Cleared  Value  `json:"cleared_s"` // null = not yet
	Seen     Value  `json:"seen_s"`
}

// MetricRecord is a metric over the run.
type MetricRecord struct {
	Name       string            `json:"name"` // for people
	Namespace  string            `json:"namespace"`
	Metric     string            `json:"metric"`
	Stat       string            `json:"stat"`
	Dimensions map[string]string `json:"dimensions"`
	Region     string            `json:"region"`
	PeriodS    int               `json:"period_s"`
	// Turns says which way the metric moves in trouble: up, down, or "" for a
	// metric of quantity, which does not show trouble.
	Turns  string        `json:"turns"`
	Points []MetricPoint `json:"points"`
	// Delay is how long after the end of their period data points could first
	// be seen: the median and the longest.
	DelayS    Value `json:"delay_s"`
	DelayMaxS Value `json:"delay_max_s"`
}

// MetricPoint is the value of a period that begins at an instant.
type MetricPoint struct {
	T     Value `json:"t_s"`
	Value Value `json:"value"`
	Seen  Value `json:"seen_s"` // for the first time
}

// The ways a metric turns in trouble.
const (
	TurnsUp   = "up"
	TurnsDown = "down"
)

// Watched is what is looked at.
type Watched string

const (
	WatchedAlarms  Watched = "alarms"
	WatchedAlerts  Watched = "alerts"
	WatchedMetrics Watched = "metrics"
)
