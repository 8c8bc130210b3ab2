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
	Faults    []chartBand     `json:"faults"`
	Curves    []curves        `json:"curves"`
	// Of access logs; absent without them.
	Ours      []int64 `json:"ours,omitempty"`
	Others    []int64 `json:"others,omitempty"`
	LogErrors []int64 `json:"log_errors,omitempty"`
	// Marks are what monitoring noticed; absent without it.
	Marks []chartMark `json:"marks,omitempty"`
	// Estimated is the origin's load as headers tell, beside a count.
	Estimated []reports.Value `json:"estimated,omitempty"`
}

// chartBand is a fault's window and recovery, in seconds.
type chartBand struct {
	Name     string  `json:"name"`
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Recovery float64 `json:"recovery"`
}

// chartMark is an instant at which somebody's monitoring noticed something,
// and when that could be seen.
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
	if len(s.Timeline) > 0 {
		d.Pipelines = make([][]int64, min(len(s.Timeline[0].Pipeline), 16))
	}
	for i := range s.Timeline {
		r := &s.Timeline[i]
		d.T = append(d.T, r.T)
		d.Playing, d.Stalled, d.Joining = append(d.Playing, r.Playing), append(d.Stalled, r.Stalled), append(d.Joining, r.Joining)
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
	if d.Curves == nil {
		d.Curves = []curves{}
	}
	return d
}

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
		hists := map[string]*hdr.PackedHistogram{} // nil = nobody moved
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

// lineName is a profile's name in a legend, with a word of caution where its
// model was never compared with the player.
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
