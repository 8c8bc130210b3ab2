package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// chartData is what the page's script draws.
type chartData struct {
	T         []int           `json:"t"`
	Playing   []int64         `json:"playing"`
	Stalled   []int64         `json:"stalled"`
	Joining   []int64         `json:"joining"`
	Pipelines [][]int64       `json:"pipelines"`
	Edge      []reports.Value `json:"edge"`
	Origin    []reports.Value `json:"origin"`
	Errors    []int64         `json:"errors"`
	// Live is the version of the page of a run that goes on; absent afterwards.
	Live int64 `json:"live,omitempty"`
	// Started is when the run's clock was 0, in seconds since 1970; absent in virtual time.
	Started float64            `json:"started,omitempty"`
	Gone    []int64            `json:"gone"`
	Left    []int64            `json:"left"`
	Startup [2][]reports.Value `json:"startup"` // ms: p50, p95
	TTFB    [2][]reports.Value `json:"ttfb"`
	Share   []reports.Value    `json:"share"` // of failed requests, in percent
	Faults  []chartBand        `json:"faults"`
	Curves  []curves           `json:"curves"`
	// Of access logs; absent without them.
	Ours      []int64 `json:"ours,omitempty"`
	Others    []int64 `json:"others,omitempty"`
	LogErrors []int64 `json:"log_errors,omitempty"`
	// Marks are what monitoring noticed; absent without it.
	Marks []chartMark `json:"marks,omitempty"`
	// Estimated is the origin's load by headers, beside a count.
	Estimated []reports.Value `json:"estimated,omitempty"`
}

// chartBand is a fault's window and recovery, in seconds.
type chartBand struct {
	Name     string  `json:"name"`
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Recovery float64 `json:"recovery"`
}

// chartMark is an instant at which monitoring noticed a fault, and when that
// could be seen.
type chartMark struct {
	Name string  `json:"name"`
	At   float64 `json:"at"`
	Seen float64 `json:"seen"`
}

// maxMarks bounds what is drawn into a chart.
const maxMarks = 12

// marks are what monitoring noticed of the faults, in the order of time.
func marks(s *reports.Summary) []chartMark {
	var all []chartMark
	for i := range s.Faults {
		f := &s.Faults[i]
		for k := range f.Noticed {
			n := &f.Noticed[k]
			if n.Who == "players" || !n.After.Known() {
				continue
			}
			name := n.Name
			if n.Who != "metric" {
				name = n.Who + " " + name
			}
			all = append(all, chartMark{name, float64(f.AppliedAtS + n.After), float64(f.AppliedAtS + n.Seen)})
		}
	}
	slices.SortStableFunc(all, func(a, b chartMark) int { return cmp.Compare(a.At, b.At) })
	return all[:min(len(all), maxMarks)]
}

// curves is the cumulative share of sessions that failed over, by profile.
type curves struct {
	ID    string    `json:"id"`
	X     []float64 `json:"x"` // seconds since onset
	Lines []curve   `json:"lines"`
	title string
}

type curve struct {
	Label string    `json:"label"`
	Y     []float64 `json:"y"` // percent
}

func chartDataOf(s *reports.Summary) *chartData {
	d := &chartData{T: []int{}, Playing: []int64{}, Stalled: []int64{}, Joining: []int64{}, Pipelines: [][]int64{}, Edge: []reports.Value{}, Origin: []reports.Value{}, Errors: []int64{},
		Faults: []chartBand{}, Curves: curvesOf(s)}
	if at := began(s); !at.IsZero() {
		d.Started = float64(at.UnixMilli()) / 1000
	}
	if len(s.Timeline) > 0 {
		d.Pipelines = make([][]int64, min(len(s.Timeline[0].Pipeline), 16))
	}
	for i := range s.Timeline {
		r := &s.Timeline[i]
		d.T = append(d.T, r.T)
		d.Playing, d.Stalled, d.Joining = append(d.Playing, r.Playing), append(d.Stalled, r.Stalled), append(d.Joining, r.Joining)
		d.Gone, d.Left = append(d.Gone, r.Gone), append(d.Left, r.Left)
		for i, of := range [][2]reports.Value{{r.StartupP50Ms, r.TTFBP50Ms}, {r.StartupP95Ms, r.TTFBP95Ms}} {
			d.Startup[i], d.TTFB[i] = append(d.Startup[i], of[0]), append(d.TTFB[i], of[1])
		}
		d.Share = append(d.Share, (100 * r.ErrorShare).Round(3))
		d.Edge, d.Origin, d.Errors = append(d.Edge, r.EdgeRps), append(d.Origin, r.OriginRps), append(d.Errors, r.Errors)
		for p := range d.Pipelines {
			n := int64(0)
			if p < len(r.Pipeline) {
				n = r.Pipeline[p]
			}
			d.Pipelines[p] = append(d.Pipelines[p], n)
		}
	}
	if s.Origin.Source == reports.FromRig && s.Origin.Estimated.Known() {
		for i := range s.Timeline {
			d.Estimated = append(d.Estimated, s.Timeline[i].OriginEstimatedRps)
		}
	}
	d.Marks = marks(s)
	if s.Logs != nil {
		for i := range s.Logs.Timeline {
			r := &s.Logs.Timeline[i]
			d.Ours, d.Others, d.LogErrors = append(d.Ours, r.Ours), append(d.Others, r.Others), append(d.LogErrors, r.Errors)
		}
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		if !f.AppliedAtS.Known() {
			continue
		}
		if f.Pooled > 0 { // without names, as far as they can be told apart
			for k := range f.Each {
				if o := &f.Each[k]; len(d.Faults) < maxBands && o.ClearedAtS.Known() {
					d.Faults = append(d.Faults, chartBand{From: float64(o.AppliedAtS), To: float64(o.ClearedAtS), Recovery: float64(o.ClearedAtS)})
				}
			}
			continue
		}
		b := chartBand{Name: f.Title(s), From: float64(f.AppliedAtS), To: s.DurationS.OrZero()}
		if f.ClearedAtS.Known() {
			b.To = float64(f.ClearedAtS)
		}
		b.Recovery = b.To
		if f.RecoveryEndS.Known() {
			b.Recovery = max(b.To, float64(f.RecoveryEndS))
		}
		d.Faults = append(d.Faults, b)
	}
	for _, r := range s.Resumed {
		d.Faults = append(d.Faults, chartBand{Name: "machine lost", From: float64(r.LostFromS), To: float64(r.LostToS), Recovery: float64(r.SettledS)})
	}
	if d.Curves == nil {
		d.Curves = []curves{}
	}
	return d
}

// maxBands is how many occurrences of faults are drawn without a name.
const maxBands = 1000

// maxCurves bounds the charts of a long soak.
const maxCurves = 12

func curvesOf(s *reports.Summary) []curves {
	var all []curves
	for i := range s.Faults {
		f := &s.Faults[i]
		if len(all) == maxCurves {
			break
		}
		c := curves{ID: fmt.Sprintf("curve-%d", i), title: f.Title(s)}
		hists := map[string]*hdr.PackedHistogram{} // nil = no session moved
		moved := false
		last := 0.0
		for name, p := range f.ByProfile {
			if p.FailoverMs.Count <= 0 {
				continue
			}
			h, err := hdr.DecodePacked([]byte(p.FailoverMs.Hist))
			if err != nil || h.TotalCount() == 0 {
				hists[name] = nil
				continue
			}
			moved, hists[name] = true, h
			last = max(last, float64(h.Max())/1e6)
		}
		if !moved {
			continue
		}
		step := niceStep(last * 1.05 / 240)
		for x := 0.0; len(c.X) <= 250; x += step {
			c.X = append(c.X, figure.Round(x, 4))
			if x > last {
				break
			}
		}
		for _, name := range slices.Sorted(maps.Keys(hists)) {
			c.Lines = append(c.Lines, curve{lineName(s, name), cumulative(hists[name], f.ByProfile[name].FailoverMs.Count, c.X)})
		}
		all = append(all, c)
	}
	return all
}

// lineName is a profile's name in a legend; "(unchecked)" when its model was never
// compared with the player.
func lineName(s *reports.Summary, profile string) string {
	if strings.HasPrefix(s.Profiles[profile].Confidence, "unchecked") {
		return profile + " (unchecked)"
	}
	return profile
}

// cumulative is the percentage of total whose value is at most x seconds.
func cumulative(h *hdr.PackedHistogram, total int64, x []float64) []float64 {
	y := make([]float64, len(x))
	if h == nil {
		return y
	}
	n := h.TotalCount()
	rank := int64(0)
	// The values at 500 ranks are a fine enough picture of any number of them.
	stride := max(n/500, 1)
	for i := range x {
		for rank < n {
			next := min(rank+stride, n)
			if float64(h.ValueAtPercentile(100*float64(next)/float64(n)))/1e6 > x[i] {
				break
			}
			rank = next
		}
		y[i] = figure.Round(100*float64(rank)/float64(max(total, n)), 2)
	}
	return y
}

// niceStep is a step of 1, 2 or 5 times a power of ten, at least as large.
func niceStep(s float64) float64 {
	if !(s > 1e-6) || s > 1e9 {
		return 0.01
	}
	p := math.Pow(10, math.Floor(math.Log10(s)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= s {
			return m * p
		}
	}
	return 10 * p
}

// htmlTimeline draws what happened over time, and offers to show wall-clock time where
// there is one.
func htmlTimeline(s *reports.Summary, p *page) {
	if len(s.Timeline) == 0 {
		return
	}
	p.Section("timeline", "Timeline")
	about := "Minutes and seconds since the first arrival, " + figure.Plural(s.TimelineStepS, "second") + " a step. Drag to zoom, double-click to go back; click a name to hide or show its line."
	if len(s.Faults) > 0 {
		about += " Hatched: a fault is on. Grey: its recovery."
	}
	if len(marks(s)) > 0 {
		about += " Dotted: what monitoring noticed; the bar below a name ends when that could be seen."
	}
	p.Tag("p", "soft", about)
	p.Raw("<noscript><p>The charts need JavaScript; the tables do not.</p></noscript>\n")
	if !began(s).IsZero() {
		p.Clocks("the run")
	}
	p.Chart("chart-sessions", "Sessions", "")
	if len(s.Timeline[0].Pipeline) > 1 {
		p.Chart("chart-pipelines", "Sessions by pipeline", "the pipeline of the latest segment of each")
	}
	if slices.ContainsFunc(s.Timeline, func(r reports.Row) bool { return r.StartupP50Ms.Known() }) {
		p.Chart("chart-startup", "Startup time", "from joining to the first picture, of those that started within a step")
	}
	if slices.ContainsFunc(s.Timeline, func(r reports.Row) bool { return r.TTFBP50Ms.Known() }) {
		p.Chart("chart-ttfb", "Time to first byte", "of all answers that began")
	}
	p.Chart("chart-edge", "Requests per second at the edge", "")
	if s.Origin.Source != reports.FromNowhere {
		p.Chart("chart-origin", "Requests per second at the origin", loadLine(s))
	}
	p.Chart("chart-errors", "Failed requests", "per step: error answers, timeouts, broken connections")
	if slices.ContainsFunc(s.Timeline, func(r reports.Row) bool { return r.ErrorShare > 0 }) {
		p.Chart("chart-share", "Share of failed requests", "of those answered, or given up, within a step")
	}
	if s.Logs != nil {
		p.Chart("chart-logs", "Requests in the access logs", "per step; "+logLine(s.Logs))
	}
	p.Raw("</section>\n")
}

// htmlSpeed shows how fast each profile failed over.
func htmlSpeed(s *reports.Summary, p *page) {
	curves := curvesOf(s)
	if len(curves) == 0 {
		return
	}
	p.Section("speed", "How fast they failed over")
	p.Tag("p", "soft", "Share of the affected sessions that had media from something healthy, by the time since onset or, for those that joined later, since their first request that met the fault. A line that ends below 100 % leaves out those that never did.")
	for _, c := range curves {
		p.Chart(c.ID, c.title, "")
	}
	p.Raw("</section>\n")
}
