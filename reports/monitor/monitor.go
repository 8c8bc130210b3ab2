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

// Monitor records what a provider's own monitoring noticed during a run: when
// it says that it did, and when we could see that. Its methods may be called
// from any goroutine.
type Monitor struct {
	source  string
	started time.Time
	redact  func(string) string

	mu       sync.Mutex
	alarms   []*reports.AlarmRecord
	alerts   []*reports.AlertRecord
	metrics  []*history
	problems []string
	found    []string
	looked   map[reports.Watched]time.Time // the latest look
	wanted   []reports.Watched             // what other_alarms cannot go without
	missing  []string                      // alarms that do not exist
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

// NewMonitor returns an empty record. redact takes secrets out of texts; nil =
// there are none.
func New(source string, started time.Time, redact func(string) string) *Monitor {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return &Monitor{source: source, started: started, redact: redact, looked: map[reports.Watched]time.Time{}}
}

// Started is when the run's clock stood at 0.
func (m *Monitor) Started() time.Time { return m.started }

// Start sets the run's clock to 0 at an instant. What was recorded before
// moves with it. It must be called before others use the record.
func (m *Monitor) Start(at time.Time) {
	d := reports.Value(at.Sub(m.started).Seconds())
	m.started = at
	move := func(all ...*reports.Value) {
		for _, v := range all {
			*v = reports.Value(figure.Round(float64(*v-d), 3)) // of no data, no data
		}
	}
	for _, a := range m.alarms {
		for i := range a.States {
			move(&a.States[i].T, &a.States[i].Seen)
		}
	}
	for _, a := range m.alerts {
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
	return reports.Value(figure.Round(t.Sub(m.started).Seconds(), 3))
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

// Wants notes what is to be looked at: without it nothing is known of other
// alarms.
func (m *Monitor) Wants(what reports.Watched) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted = append(m.wanted, what)
}

// Missing notes that an alarm does not exist.
func (m *Monitor) Missing(name, region string) {
	m.Problem(fmt.Sprintf("alarm %s does not exist in %s (want the name as CloudWatch has it)", name, region))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missing = append(m.missing, m.text(name))
}

// Problem notes what could not be looked at. Each is noted once.
func (m *Monitor) Problem(text string) {
	text = m.text(text)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.problems) < maxProblems && !slices.Contains(m.problems, text) {
		m.problems = append(m.problems, text)
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
		m.found = append(m.found, m.text(text))
	}
}

// Alarm notes that an alarm was seen in a state, which it has had since at.
func (m *Monitor) Alarm(name, region, state string, at, seen time.Time, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.alarms, func(a *reports.AlarmRecord) bool { return a.Name == name && a.Region == region })
	if i < 0 {
		if len(m.alarms) == maxWatched {
			return
		}
		i = len(m.alarms)
		m.alarms = append(m.alarms, &reports.AlarmRecord{Name: name, Region: region, States: []reports.AlarmState{}})
	}
	a := m.alarms[i]
	if n := len(a.States); n > 0 && a.States[n-1].State == state || n == maxStates {
		return
	}
	a.States = append(a.States, reports.AlarmState{T: m.seconds(at), State: state, Seen: m.seconds(seen), Reason: m.text(reason)})
}

// Rings reports whether an alarm was in the state ALARM when it was last seen.
func (m *Monitor) Rings(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.alarms, func(a *reports.AlarmRecord) bool {
		return a.Name == name && len(a.States) > 0 && a.States[len(a.States)-1].State == reports.AlarmRings
	})
}

// Alert notes an alert; cleared is zero as long as it is set.
func (m *Monitor) Alert(id, kind, pipeline, message string, set, cleared, seen time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.alerts, func(a *reports.AlertRecord) bool { return a.ID == id && a.Set == m.seconds(set) })
	if i < 0 {
		if len(m.alerts) == maxStates {
			return
		}
		i = len(m.alerts)
		m.alerts = append(m.alerts, &reports.AlertRecord{ID: m.text(id), Type: m.text(kind), Pipeline: m.text(pipeline), Message: m.text(message),
			Set: m.seconds(set), Cleared: reports.NoData, Seen: m.seconds(seen)})
	}
	if !cleared.IsZero() {
		m.alerts[i].Cleared = m.seconds(cleared)
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
	s := &reports.MonitorSummary{Source: m.source, UntilS: m.seconds(latest), AlarmsUntilS: m.seconds(m.looked[reports.WatchedAlarms]), AlertsUntilS: m.seconds(m.looked[reports.WatchedAlerts]), Alarms: []reports.AlarmRecord{}, Alerts: []reports.AlertRecord{}, Metrics: []reports.MetricRecord{}, Problems: slices.Clone(m.problems), Found: slices.Clone(m.found),
		Wanted: slices.Clone(m.wanted), Missing: slices.Clone(m.missing)}
	if s.Problems == nil {
		s.Problems = []string{}
	}
	for _, a := range m.alarms {
		c := *a
		c.States = slices.Clone(a.States)
		s.Alarms = append(s.Alarms, c)
	}
	for _, a := range m.alerts {
		s.Alerts = append(s.Alerts, *a)
	}
	slices.SortStableFunc(s.Alerts, func(a, b reports.AlertRecord) int { return cmp.Compare(a.Set, b.Set) })
	for _, r := range m.metrics {
		c := r.MetricRecord
		c.Points, c.Dimensions = slices.Clone(r.Points), maps.Clone(r.Dimensions)
		delays(&c)
		s.Metrics = append(s.Metrics, c)
	}
	return s
}

// delays derives how late data points were. Those that were there before the
// first look tell nothing.
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
	r.DelayS, r.DelayMaxS = reports.Value(figure.Round(float64(late[(len(late)-1)/2]), 3)), reports.Value(figure.Round(float64(late[len(late)-1]), 3))
}

// origin takes the CDN's own numbers over where nothing better tells: requests
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
