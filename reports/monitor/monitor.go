package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// Monitor records what a provider's own monitoring noticed during a run: the
// instant that the provider gives, and when it could first be seen. Its methods may be called
// from any goroutine.
type Monitor struct {
	started time.Time
	redact  func(string) string

	mu      sync.Mutex
	sum     reports.MonitorSummary // but for its metrics
	metrics []*history
	looked  map[reports.Watched]time.Time // the latest look
}

// history is a metric as it is recorded.
type history struct {
	reports.MetricRecord
	foldedUntil reports.Value // what came before is coarser
}

// Bounds of a record, which comes from outside.
const (
	maxWatched  = 500                 // alarms, and metrics
	maxStates   = 1000                // of an alarm, and alerts
	maxPoints   = 4 * reports.MaxRows // of a metric; when there are more, older ones are folded
	maxProblems = 20
	maxNote     = 400 // bytes of a text
)

// New returns an empty record. redact removes secrets from texts; nil = there are
// none.
func New(source string, started time.Time, redact func(string) string) *Monitor {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return &Monitor{started: started, redact: redact, looked: map[reports.Watched]time.Time{},
		sum: reports.MonitorSummary{Source: source, Alarms: []reports.AlarmRecord{}, Alerts: []reports.AlertRecord{}, Problems: []string{}}}
}

// Started is the instant at which the run's clock is 0.
func (m *Monitor) Started() time.Time { return m.started }

// Start sets the run's clock to 0 at an instant. What was recorded before
// moves with it. Call it before other goroutines use the record.
func (m *Monitor) Start(at time.Time) {
	d := reports.Value(at.Sub(m.started).Seconds())
	m.started = at
	move := func(all ...*reports.Value) {
		for _, v := range all {
			*v = (*v - d).Round(3) // of no data, no data
		}
	}
	for i := range m.sum.Alarms {
		states := m.sum.Alarms[i].States
		for k := range states {
			move(&states[k].T, &states[k].Seen)
		}
	}
	for i := range m.sum.Alerts {
		a := &m.sum.Alerts[i]
		move(&a.Set, &a.Cleared, &a.Seen)
	}
	for _, r := range m.metrics {
		for i := range r.Points {
			move(&r.Points[i].T, &r.Points[i].Seen)
		}
	}
}

// seconds is an instant on the run's clock.
func (m *Monitor) seconds(t time.Time) reports.Value {
	if t.IsZero() {
		return reports.NoData
	}
	return reports.Value(t.Sub(m.started).Seconds()).Round(3)
}

func (m *Monitor) text(s string) string {
	s = m.redact(s)
	if len(s) > maxNote {
		s = strings.ToValidUTF8(s[:maxNote], "") + "…"
	}
	return s
}

// Looked notes that something could be read at an instant.
func (m *Monitor) Looked(what reports.Watched, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.After(m.looked[what]) {
		m.looked[what] = at
	}
}

// Wants notes what has to be looked at before other_alarms is known.
func (m *Monitor) Wants(what reports.Watched) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Wanted = append(m.sum.Wanted, what)
}

// Missing notes that an alarm does not exist.
func (m *Monitor) Missing(name, region string) {
	m.Problem(fmt.Sprintf("alarm %s does not exist in %s (want the name as CloudWatch has it)", name, region))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Missing = append(m.sum.Missing, m.text(name))
}

// Problem notes what could not be looked at. Each is noted once.
func (m *Monitor) Problem(text string) {
	text = m.text(text)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sum.Problems) < maxProblems && !slices.Contains(m.sum.Problems, text) {
		m.sum.Problems = append(m.sum.Problems, text)
	}
}

// Found notes the channel's way through the account, and what could not be
// found of it.
func (m *Monitor) Found(lines, problems []string) {
	for _, p := range problems {
		m.Problem(p)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range lines[:min(len(lines), maxWatched)] {
		m.sum.Found = append(m.sum.Found, m.text(text))
	}
}

// Alarm notes that an alarm was seen in a state, which it has had since at.
func (m *Monitor) Alarm(name, region, state string, at, seen time.Time, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.sum.Alarms, func(a reports.AlarmRecord) bool { return a.Name == name && a.Region == region })
	if i < 0 {
		if len(m.sum.Alarms) == maxWatched {
			return
		}
		i = len(m.sum.Alarms)
		m.sum.Alarms = append(m.sum.Alarms, reports.AlarmRecord{Name: name, Region: region, States: []reports.AlarmState{}})
	}
	a := &m.sum.Alarms[i]
	if n := len(a.States); n > 0 && a.States[n-1].State == state || n == maxStates {
		return
	}
	a.States = append(a.States, reports.AlarmState{T: m.seconds(at), State: state, Seen: m.seconds(seen), Reason: m.text(reason)})
}

// Rings reports whether an alarm was in the state ALARM when it was last seen.
func (m *Monitor) Rings(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.sum.Alarms, func(a reports.AlarmRecord) bool {
		return a.Name == name && len(a.States) > 0 && a.States[len(a.States)-1].State == reports.AlarmRings
	})
}

// Alert notes an alert; cleared is zero as long as it is set.
func (m *Monitor) Alert(id, kind, pipeline, message string, set, cleared, seen time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.sum.Alerts, func(a reports.AlertRecord) bool { return a.ID == id && a.Set == m.seconds(set) })
	if i < 0 {
		if len(m.sum.Alerts) == maxStates {
			return
		}
		i = len(m.sum.Alerts)
		m.sum.Alerts = append(m.sum.Alerts, reports.AlertRecord{ID: m.text(id), Type: m.text(kind), Pipeline: m.text(pipeline), Message: m.text(message),
			Set: m.seconds(set), Cleared: reports.NoData, Seen: m.seconds(seen)})
	}
	if !cleared.IsZero() {
		m.sum.Alerts[i].Cleared = m.seconds(cleared)
	}
}

// Series adds a metric, without points, and returns its number.
func (m *Monitor) Series(r reports.MetricRecord) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Points, r.DelayS, r.DelayMaxS = []reports.MetricPoint{}, reports.NoData, reports.NoData
	m.metrics = append(m.metrics, &history{MetricRecord: r, foldedUntil: reports.Value(math.Inf(-1))})
	return len(m.metrics) - 1
}

// Point notes a data point. A value that changes later, because its period was
// not complete, keeps the instant at which it was first seen.
func (m *Monitor) Point(series int, at time.Time, value float64, seen time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, t := m.metrics[series], m.seconds(at)
	i, ok := slices.BinarySearchFunc(r.Points, t, func(p reports.MetricPoint, t reports.Value) int { return cmp.Compare(p.T, t) })
	switch {
	case ok:
		r.Points[i].Value = reports.Value(value)
	case i > 0 && t < r.foldedUntil:
		r.Points[i-1].Value = r.worse(r.Points[i-1].Value, reports.Value(value)) // it came late
	default:
		r.Points = slices.Insert(r.Points, i, reports.MetricPoint{T: t, Value: reports.Value(value), Seen: m.seconds(seen)})
		if len(r.Points) > maxPoints {
			r.fold()
		}
	}
}

// fold makes one of two neighbours in the older three quarters of the points,
// the one that shows more trouble, so that a long run has room for its end. What
// was last seen may still change and stays as it is.
func (r *history) fold() {
	old := len(r.Points) * 3 / 4 / 2 * 2
	r.foldedUntil = r.Points[old].T
	for i := 0; i < old; i += 2 {
		p := r.Points[i]
		p.Value = r.worse(p.Value, r.Points[i+1].Value)
		r.Points[i/2] = p
	}
	r.Points = append(r.Points[:old/2], r.Points[old:]...)
}

// worse is the value that shows more trouble.
func (r *history) worse(a, b reports.Value) reports.Value {
	if r.Turns == reports.TurnsDown {
		return min(a, b)
	}
	return max(a, b)
}

// Summary is what was recorded so far.
func (m *Monitor) Summary() *reports.MonitorSummary {
	m.mu.Lock()
	defer m.mu.Unlock()
	var latest time.Time
	for _, at := range m.looked {
		if at.After(latest) {
			latest = at
		}
	}
	s := m.sum
	s.UntilS, s.AlarmsUntilS, s.AlertsUntilS = m.seconds(latest), m.seconds(m.looked[reports.WatchedAlarms]), m.seconds(m.looked[reports.WatchedAlerts])
	s.Problems, s.Found, s.Wanted, s.Missing = slices.Clone(s.Problems), slices.Clone(s.Found), slices.Clone(s.Wanted), slices.Clone(s.Missing)
	s.Alarms, s.Alerts, s.Metrics = slices.Clone(s.Alarms), slices.Clone(s.Alerts), []reports.MetricRecord{}
	for i := range s.Alarms {
		s.Alarms[i].States = slices.Clone(s.Alarms[i].States)
	}
	slices.SortStableFunc(s.Alerts, func(a, b reports.AlertRecord) int { return cmp.Compare(a.Set, b.Set) })
	for _, r := range m.metrics {
		c := r.MetricRecord
		c.Points, c.Dimensions = slices.Clone(r.Points), maps.Clone(r.Dimensions)
		delays(&c)
		s.Metrics = append(s.Metrics, c)
	}
	return &s
}

// delays derives how late data points were. Data points older than the first
// look do not count.
func delays(r *reports.MetricRecord) {
	r.DelayS, r.DelayMaxS = reports.NoData, reports.NoData
	var late []reports.Value
	for i := range r.Points {
		p := &r.Points[i]
		if p.Seen > r.Points[0].Seen {
			late = append(late, max(0, p.Seen-p.T-reports.Value(r.PeriodS)))
		}
	}
	if len(late) == 0 {
		return
	}
	slices.Sort(late)
	r.DelayS, r.DelayMaxS = late[(len(late)-1)/2].Round(3), late[len(late)-1].Round(3)
}

// origin takes the CDN's own numbers when there is no better source: requests
// times the share that no cache had. They are of all viewers.
func origin(m *reports.MonitorSummary, s *reports.Summary) {
	named := func(metric string) *reports.MetricRecord {
		for i := range m.Metrics {
			if r := &m.Metrics[i]; r.Namespace == "AWS/CloudFront" && r.Metric == metric {
				return r
			}
		}
		return nil
	}
	requests, hits := named("Requests"), named("CacheHitRate")
	if requests == nil || hits == nil {
		return
	}
	share := map[reports.Value]float64{}
	for _, p := range hits.Points {
		share[p.T] = float64(p.Value) / 100
	}
	sum, all, n := 0.0, 0.0, 0
	for _, p := range requests.Points {
		if hit, ok := share[p.T]; ok && p.T+reports.Value(requests.PeriodS) > 0 && p.T < s.DurationS {
			sum += float64(p.Value) * (1 - hit)
			all += float64(p.Value)
			n++
		}
	}
	if n == 0 {
		return
	}
	s.Origin.SetNumber(reports.OriginNumber{Source: reports.FromCloudWatch, Requests: reports.Value(math.Round(sum)), Bytes: reports.NoData,
		Of: fmt.Sprintf("all viewers of the distribution: requests not served from a cache, in %s of %d s that the run touches", figure.Plural(n, "period"), requests.PeriodS)})
	if s.Origin.Source == reports.FromNowhere && all > 0 {
		s.Origin.Source, s.Origin.Requests, s.Origin.HitRatio = reports.FromCloudWatch, int64(math.Round(sum)), reports.Value(1-sum/all)
	}
}
