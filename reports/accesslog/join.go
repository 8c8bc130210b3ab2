package accesslog

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/player/cmcd"
	"hlsload/reports"
	"hlsload/reports/figure"
)

// Logs joins access logs to a finished run. It belongs to one goroutine.
type Logs struct {
	run     uint32
	known   bool // run is
	started time.Time
	step    time.Duration
	asked   []float64 // requests of the players by step
	sent    int64     // all of them

	sum     reports.LogSummary
	first   reports.Histogram
	origin  reports.Histogram
	viewers map[uint64]struct{}
	rows    []logRow // from margin before the start to margin after the end
	margin  int      // rows
}

type logRow struct {
	reports.LogRow
	firstByte time.Duration
	timed     int64
}

// Bounds of a join.
const (
	// maxSkew is how far apart clocks may be that are still recognised.
	maxSkew = 2 * time.Minute
	// maxViewers bounds the session ids that are remembered.
	maxViewers = 4 << 20
)

// userAgent is part of the User-Agent of all players.
const userAgent = "hlsload"

// NewLogs prepares the join with a run.
func NewLogs(s *reports.Summary) (*Logs, error) {
	started, err := time.Parse(time.RFC3339, s.Started)
	if err != nil {
		return nil, fmt.Errorf("join logs: the run's start is %.40q; want an instant of RFC 3339", s.Started)
	}
	if s.Mode != reports.ModeRun || len(s.Timeline) == 0 {
		return nil, fmt.Errorf("join logs: simulated runs have no CDN logs (got mode %q with %d timeline rows; want a run in real time)", s.Mode, len(s.Timeline))
	}
	l := &Logs{started: started, step: time.Duration(s.TimelineStepS) * time.Second, viewers: map[uint64]struct{}{},
		first: reports.CoarseHistogram(), origin: reports.CoarseHistogram()}
	for _, r := range s.Requests { // those of control cohorts, too: they send session ids, too
		l.sent += r.Count
	}
	l.run, l.known = cmcd.ParseRun(s.RunID)
	l.margin = int((maxSkew + l.step - 1) / l.step)
	l.rows = make([]logRow, len(s.Timeline)+2*l.margin)
	for i := range s.Timeline {
		l.asked = append(l.asked, s.Timeline[i].EdgeRps.OrZero()*l.step.Seconds())
	}
	for _, m := range []*map[string]int64{&l.sum.ByResult, &l.sum.ByDetail, &l.sum.ByStatus, &l.sum.ByPop, &l.sum.OthersBy} {
		*m = map[string]int64{}
	}
	l.sum.Files, l.sum.FromS, l.sum.ToS = []reports.LogFile{}, reports.NoData, reports.NoData
	return l, nil
}

// Read takes one file. An error leaves what came before it counted.
func (l *Logs) Read(name string, r io.Reader, o Options) error {
	reader, err := NewReader(r, o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var e Entry
	for err == nil {
		if err = reader.Next(&e); err == nil {
			l.add(&e)
		}
	}
	st := &reader.stats
	l.sum.Malformed += st.Malformed
	l.sum.Files = append(l.sum.Files, reports.LogFile{Name: name, Format: string(st.Format), Entries: st.Entries, Malformed: st.Malformed, Problem: st.Problem})
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// add takes one entry. It stands where the request came to the edge, which is
// when players count it.
func (l *Logs) add(e *Entry) {
	s := &l.sum
	s.Entries++
	at := e.Time.Sub(l.started) - max(e.Took, 0)
	i := int(math.Floor(float64(at)/float64(l.step))) + l.margin
	if i < 0 || i >= len(l.rows) {
		s.Outside++
		return
	}
	t := reports.Value(at.Seconds()).Round(3)
	if !s.FromS.Known() {
		s.FromS, s.ToS = t, t
	}
	s.FromS, s.ToS = min(s.FromS, t), max(s.ToS, t)
	row := &l.rows[i]
	asked := e.AskedOrigin()
	if !l.ours(e) {
		s.Others++
		s.OthersBytes += e.Bytes
		reports.Count(&s.OthersBy, orUnknown(e.Result), 1)
		if asked {
			s.OthersOrigin++
		}
		row.Others++
		return
	}
	s.Ours++
	s.Bytes += e.Bytes
	reports.Count(&s.ByResult, orUnknown(e.Result), 1)
	if e.Detailed != "" && e.Detailed != e.Result {
		reports.Count(&s.ByDetail, orUnknown(e.Detailed), 1)
	}
	reports.Count(&s.ByStatus, fmt.Sprintf("%03d", e.Status), 1)
	reports.Count(&s.ByPop, orUnknown(e.Pop), 1)
	row.Ours++
	row.Bytes += e.Bytes
	if asked {
		s.Origin++
		row.Origin++
	} else if e.Result == "Hit" {
		row.Hits++
	}
	if e.Status >= 400 || e.Status == 0 {
		row.Errors++
	}
	if e.FirstByte >= 0 {
		l.first.Duration(e.FirstByte)
		row.firstByte += e.FirstByte
		row.timed++
	}
	if e.Origin >= 0 {
		l.origin.Duration(e.Origin)
	}
}

// orUnknown is the name under which a value is counted: clients can choose text
// that gets into a log.
func orUnknown(s string) string {
	switch {
	case s == "":
		return "unknown"
	case len(s) > 64:
		return "odd"
	}
	return s
}

// ours reports whether a player of this run sent the request.
func (l *Logs) ours(e *Entry) bool {
	if run, viewer, _, ok := cmcd.ParseSID(e.CMCD.Session); ok {
		if !l.known || run != l.run {
			return false // of another run
		}
		l.sum.OursBySID++
		if len(l.viewers) < maxViewers {
			l.viewers[viewer] = struct{}{}
		}
		return true
	}
	if strings.Contains(strings.ToLower(e.UserAgent), userAgent) {
		l.sum.OursByUserAgent++
		return true
	}
	return false
}

// Join puts what was read into the summary.
func (l *Logs) Join(s *reports.Summary) {
	shift, found := l.skew()
	n := len(l.asked)
	sum := l.sum
	sum.ClockSkewS = reports.NoData
	if found {
		sum.ClockSkewS = reports.Value(time.Duration(shift) * l.step / time.Second)
		for _, v := range []*reports.Value{&sum.FromS, &sum.ToS} {
			*v -= sum.ClockSkewS
		}
	}
	sum.Viewers = int64(len(l.viewers))
	sum.Coverage = reports.NoData
	if l.sent > 0 {
		sum.Coverage = reports.Value(float64(sum.Ours) / float64(l.sent))
	}
	sum.FirstByteMs, sum.OriginFirstMs = l.first.Dist(1000, 0), l.origin.Dist(1000, 0)
	sum.Timeline = make([]reports.LogRow, 0, n)
	for i := range n {
		var row logRow
		if k := i + l.margin + shift; k >= 0 && k < len(l.rows) {
			row = l.rows[k]
		}
		row.T, row.FirstByteMs = s.Timeline[i].T, reports.NoData
		if row.timed > 0 {
			row.FirstByteMs = reports.Value(row.firstByte.Seconds() * 1000 / float64(row.timed)).Round(3)
		}
		sum.Timeline = append(sum.Timeline, row.LogRow)
	}
	s.Logs = &sum
	logsOrigin(s, &sum)
	warnLogs(s)
}

// minLikeness is the correlation from which two series are held to be the same.
const minLikeness = 0.6

// logsOrigin takes the origin's load from the logs when there is no better source.
func logsOrigin(s *reports.Summary, g *reports.LogSummary) {
	s.Origin.SetNumber(reports.OriginNumber{Source: reports.FromLogs, Requests: reports.Value(g.Origin), Bytes: reports.NoData, Of: "this run's requests, as access logs have them"})
	if s.Origin.Source != reports.FromNowhere && s.Origin.Source != reports.FromLogs || g.Ours == 0 {
		return
	}
	s.Origin.Source, s.Origin.Requests = reports.FromLogs, g.Origin
	s.Origin.HitRatio = reports.Value(1 - float64(g.Origin)/float64(g.Ours))
	step := float64(s.TimelineStepS)
	s.Origin.Rps = reports.Rate{Mean: 0, Max: 0}
	for i := range s.Timeline {
		rps := reports.Value(float64(g.Timeline[i].Origin) / step).Round(3)
		s.Timeline[i].OriginRps = rps
		s.Origin.Rps.Max = max(s.Origin.Rps.Max, rps)
	}
	if s.DurationS > 0 {
		s.Origin.Rps.Mean = reports.Value(float64(g.Origin) / float64(s.DurationS)).Round(3)
	}
}

// skew finds the shift, in steps, under which the log resembles what the
// players sent. It must be clearly the best: a load without any pattern fits
// everywhere.
func (l *Logs) skew() (shift int, ok bool) {
	if len(l.asked) < 10 {
		return 0, false
	}
	likeness := make([]float64, 2*l.margin+1)
	best := 0
	for k := range likeness {
		likeness[k] = l.likeness(k - l.margin)
		if likeness[k] > likeness[best] {
			best = k
		}
	}
	if !(likeness[best] >= minLikeness) {
		return 0, false
	}
	for k, v := range likeness {
		if away := k - best; (away < -2 || away > 2) && v > likeness[best]-0.05 {
			return 0, false
		}
	}
	return best - l.margin, true
}

// likeness is the correlation of the requests sent with those logged.
func (l *Logs) likeness(shift int) float64 {
	var sx, sy, sxx, syy, sxy float64
	n := float64(len(l.asked))
	for i, x := range l.asked {
		y := float64(l.rows[i+l.margin+shift].Ours)
		sx, sy = sx+x, sy+y
		sxx, syy, sxy = sxx+x*x, syy+y*y, sxy+x*y
	}
	d := math.Sqrt(n*sxx-sx*sx) * math.Sqrt(n*syy-sy*sy)
	if !(d > 0) {
		return math.Inf(-1)
	}
	return (n*sxy - sx*sy) / d
}

// warnLogs warns of what makes the join doubtful.
func warnLogs(s *reports.Summary) {
	const mark = "access logs: "
	s.Warnings = slices.DeleteFunc(s.Warnings, func(w string) bool { return strings.HasPrefix(w, mark) })
	add := func(format string, args ...any) { s.Warnings = append(s.Warnings, mark+fmt.Sprintf(format, args...)) }
	g := s.Logs
	switch {
	case g.Entries == 0:
		add("they have no entry")
		return
	case g.Entries == g.Outside:
		add("none of their %s requests is from the time of the run", figure.Thousands(g.Entries))
		return
	case g.Ours == 0:
		add("none of their requests can be identified as belonging to this run (want players with fleet.cmcd: header, and logs with the CMCD fields, cs-headers or the User-Agent)")
		return
	}
	if g.Coverage.Known() && g.Coverage < 0.95 {
		add("they hold only %s of the requests that the players sent: sampled, late or incomplete", figure.Percent(float64(g.Coverage)))
	}
	if g.Coverage > 1.05 {
		add("they hold more requests than the players sent (%s): a file read twice, or another run under this User-Agent", figure.Percent(float64(g.Coverage)))
	}
	if g.Malformed > 0 {
		add("%s could not be read", figure.Plural(int(g.Malformed), "line"))
	}
	if g.ClockSkewS.Known() && math.Abs(float64(g.ClockSkewS)) >= 2 {
		add("the clock of the log and that of this machine are %s apart", figure.Seconds(1000*math.Abs(float64(g.ClockSkewS))))
	}
	if !g.ClockSkewS.Known() {
		add("the clocks could not be compared: what was logged does not resemble what was sent")
	}
}
