package record

import (
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/expect"
)

// Cell is what was recorded in one window: parts of a whole, or values.
type Cell struct {
	Num, Den int64
	Values   reports.Histogram
}

// Windowed is what was recorded of one series, by window from the start of the run.
type Windowed struct {
	Cells []Cell

	rested int `bytes:"-"` // windows before it hold no spare memory
}

func (c *Cell) add(o *Cell) {
	c.Num, c.Den = c.Num+o.Num, c.Den+o.Den
	c.Values.Merge(&o.Values)
}

// cell is that of an instant, in windows of a length.
func (w *Windowed) cell(at, each time.Duration) *Cell { return w.numbered(number(at, each)) }

// number is the number of the window of an instant. What comes long after the end is counted in
// the last one.
func number(at, each time.Duration) int { return int(min(max(at, 0)/each, 2*expect.MaxWindows)) }

func (w *Windowed) numbered(i int) *Cell {
	for i >= len(w.Cells) {
		w.Cells = append(w.Cells, Cell{})
	}
	for ; w.rested < i-1; w.rested++ { // a little later than it is over, because sessions are not all at the same instant
		w.Cells[w.rested].Values.Rest()
	}
	return &w.Cells[i]
}

func (w *Windowed) add(o *Windowed) {
	for i := range o.Cells {
		w.numbered(i).add(&o.Cells[i])
	}
}

// windowed is a metric that is recorded window by window.
type windowed uint8

const (
	windowedStartup windowed = iota
	windowedStartupFailed
	windowedFatal
	windowedStalled
	windowedStall
	windowedRebuffer
	windowedLatency
	windowedBitrate
	windowedErrors
	windowedTTFB
	windowedRequests
	windowedLag
	windowedMetrics
)

// windowedNames are the metrics that are recorded window by window; loads are not, because
// they are recorded by the second anyway.
var windowedNames = [windowedMetrics]string{"startup", "startup_failed", "fatal", "stalled", "stall", "rebuffer_ratio", "live_latency", "bitrate", "request_errors", "ttfb", "requests", "tester_lag"}

// series is what an expectation asks for window by window: a metric of some sessions and
// requests.
type series struct {
	metric          windowed
	cohort, profile string    // "" = any
	kind            m3u8.Kind // m3u8.Kinds = any
	each            time.Duration
}

// seriesOf is the series that a term asks for; false = it asks for none.
func seriesOf(t *expect.Term) (s series, ok bool) {
	if t.Each <= 0 || t.Metric == nil {
		return s, false
	}
	i := slices.Index(windowedNames[:], t.Metric.Name)
	if i < 0 {
		return s, false
	}
	s = series{windowed(i), t.Cohort, t.Profile, m3u8.Kinds, t.Each}
	if k, ok := m3u8.ParseKind(t.Kind); ok {
		s.kind = k
	}
	return s, true
}

// windows are all series of a run.
type windows struct {
	series []series
	drift  time.Duration // length of the windows in which drift is looked for; 0 = it is not
	// byCohort are the numbers of the series that the sessions of a cohort are in.
	byCohort []*[windowedMetrics][]int32
}

// windowsOf are the series that a configuration's expectations ask for, each once.
func windowsOf(c *Config) (w windows) {
	for _, e := range slices.Concat(c.Expect, c.Known) {
		for _, t := range []*expect.Term{&e.Left, &e.Right} {
			if s, ok := seriesOf(t); ok && !slices.Contains(w.series, s) {
				w.series = append(w.series, s)
			}
		}
	}
	if every := c.driftEvery(); every > 0 {
		w.drift = every
		for i := range c.Cohorts {
			for _, m := range []windowed{windowedLatency, windowedRebuffer} {
				if s := (series{m, c.Cohorts[i].Name, "", m3u8.Kinds, every}); !slices.Contains(w.series, s) {
					w.series = append(w.series, s)
				}
			}
		}
	}
	if w.series == nil {
		return w
	}
	for i := range c.Cohorts {
		of := new([windowedMetrics][]int32)
		for n, s := range w.series {
			if (s.cohort == "" || s.cohort == c.Cohorts[i].Name) && (s.profile == "" || s.profile == c.Cohorts[i].Profile) {
				of[s.metric] = append(of[s.metric], int32(n))
			}
		}
		w.byCohort = append(w.byCohort, of)
	}
	return w
}

// DriftFrom is the shortest run that is looked through for drift without being asked.
const DriftFrom = time.Hour

// driftEvery is the length of the windows in which drift is looked for; 0 = it is not.
func (c *Config) driftEvery() time.Duration {
	asked := slices.ContainsFunc(slices.Concat(c.Expect, c.Known), func(e *expect.Expectation) bool { return e.Alarm == "" && e.AsksFor(expect.LatencyDrift) })
	if c.Duration < DriftFrom && !asked {
		return 0
	}
	const usual, fewest = 5 * time.Minute, 24
	return max(min(usual, c.Duration/fewest), c.Duration/expect.MaxWindows, time.Second)
}

// Drift is what the sessions of a cohort did in each of the windows in which drift is looked for: their
// live latency, and how long they were stalled. every is their length, 0 = it is not looked for.
func (p *Part) Drift(cohort int) (latency, rebuffer []Cell, every time.Duration) {
	w := &p.cfg.windows
	if w.drift == 0 {
		return nil, nil, 0
	}
	of := func(m windowed) []Cell {
		i := slices.Index(w.series, series{m, p.cfg.Cohorts[cohort].Name, "", m3u8.Kinds, w.drift})
		return p.ByWindow[i].Cells
	}
	return of(windowedLatency), of(windowedRebuffer), w.drift
}

// Window is what a term measured in a window, by its number; nil = it is not recorded.
func (p *Part) Window(t *expect.Term, number int) *Cell {
	s, ok := seriesOf(t)
	if i := slices.Index(p.cfg.windows.series, s); ok && i >= 0 {
		if number < len(p.ByWindow[i].Cells) {
			return &p.ByWindow[i].Cells[number]
		}
		return &Cell{}
	}
	return nil
}

// asked calls do with each series of a metric that the session is in.
func (s *Session) asked(m windowed, kind m3u8.Kind, do func(w *Windowed, each time.Duration)) {
	c := &s.shard.c.cfg.windows
	if c.series == nil {
		return
	}
	for _, n := range c.byCohort[s.Group.Key.Cohort][m] {
		if of := &c.series[n]; of.kind == m3u8.Kinds || of.kind == kind {
			do(&s.shard.Counts.ByWindow[n], of.each)
		}
	}
}

// inWindow adds to the parts of a whole.
func (s *Session) inWindow(m windowed, kind m3u8.Kind, at time.Duration, num, den int64) {
	s.asked(m, kind, func(w *Windowed, each time.Duration) {
		c := w.cell(at, each)
		c.Num, c.Den = c.Num+num, c.Den+den
	})
}

// valueInWindow adds a value to a distribution. Only those of startups and stalls are few.
func (s *Session) valueInWindow(m windowed, kind m3u8.Kind, at time.Duration, v int64) {
	s.asked(m, kind, func(w *Windowed, each time.Duration) {
		c := w.cell(at, each)
		if c.Values.Count() == 0 && m != windowedStartup && m != windowedStall {
			c.Values = reports.CoarseHistogram()
		}
		c.Values.Record(v)
	})
}

func (s *Session) delayInWindow(m windowed, kind m3u8.Kind, at, d time.Duration) {
	s.valueInWindow(m, kind, at, int64(d/time.Microsecond))
}

// spendWindows accounts for the time from s.at to now, in which nothing changed, window by
// window: how long the session played or was stalled, that it was there, and that it was
// stalled at least once.
func (s *Session) spendWindows(now time.Duration) {
	if s.shard.c.cfg.windows.series == nil {
		return
	}
	if s.state == playing || s.state == stalled {
		s.asked(windowedRebuffer, m3u8.Kinds, func(w *Windowed, each time.Duration) {
			for from := s.at; from < now; {
				i := number(from, each)
				to := min(now, time.Duration(i+1)*each)
				if i == 2*expect.MaxWindows {
					to = now
				}
				c := w.numbered(i)
				c.Den += int64(to - from)
				if s.state == stalled {
					c.Num += int64(to - from)
				}
				from = to
			}
		})
	}
	there := func(w *Windowed, each time.Duration) {
		s.entered(each, now, func(i int) { w.numbered(i).Den++ })
	}
	s.asked(windowedFatal, m3u8.Kinds, there)
	s.asked(windowedStalled, m3u8.Kinds, there)
	if s.state == stalled {
		s.stalledUntil(now)
	}
}

// entered calls do with the windows in which the session is between s.at and now, and was
// not before.
func (s *Session) entered(each, now time.Duration, do func(i int)) {
	first := number(s.at, each)
	if s.at > s.joined && s.at != time.Duration(first)*each {
		first++ // it was in that one before
	}
	for i := first; time.Duration(i)*each < now && i <= 2*expect.MaxWindows; i++ {
		do(i)
	}
}

// stalledUntil notes that the session, which is stalled, is so until now: in each window once.
func (s *Session) stalledUntil(now time.Duration) {
	s.asked(windowedStalled, m3u8.Kinds, func(w *Windowed, each time.Duration) {
		for i := number(s.at, each); time.Duration(i)*each < max(now, s.at+1) && i <= 2*expect.MaxWindows; i++ {
			if s.stalledTo <= time.Duration(i)*each {
				w.numbered(i).Num++
			}
		}
	})
	s.stalledTo = max(s.stalledTo, now, s.at+1)
}

// endInWindow counts how the session ended, at the last instant at which it was there.
func (s *Session) endInWindow(at time.Duration, how player.SampleType) {
	last := max(at-1, s.joined)
	if at == s.joined { // it was there for no time at all
		s.inWindow(windowedFatal, m3u8.Kinds, last, 0, 1)
		s.inWindow(windowedStalled, m3u8.Kinds, last, 0, 1)
	}
	if how == player.Fatal {
		s.inWindow(windowedFatal, m3u8.Kinds, last, 1, 0)
	}
	if s.state == joining && !s.failed && (how == player.Left || how == player.Ended) {
		s.inWindow(windowedStartupFailed, m3u8.Kinds, last, 0, 1)
	}
}
