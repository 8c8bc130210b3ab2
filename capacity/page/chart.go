package page

import (
	"cmp"
	"slices"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// chartData is what the page's script draws. Arrays have a value for each of t.
type chartData struct {
	T       []float64  `json:"t"` // seconds of the event
	Viewers []float64  `json:"viewers"`
	Edge    []float64  `json:"edge"`
	Bits    []float64  `json:"bits"`
	Origin  []float64  `json:"origin"`
	Hits    []float64  `json:"hits"` // percent
	Regions []line     `json:"regions"`
	Started float64    `json:"started,omitempty"` // the start of the event, in seconds since 1970; absent = not said
	Marks   []mark     `json:"marks"`
	Faults  []struct{} `json:"faults"` // those last for seconds, which minutes do not show
}

type line struct {
	Label  string    `json:"label"`
	Values []float64 `json:"values"`
}

// mark is an instant to be shown.
type mark struct {
	Name string  `json:"name"`
	At   float64 `json:"at"`
	Seen float64 `json:"seen"`
}

const (
	mostPoints  = 2880 // of a chart: every minute of two days
	mostRegions = 6    // with a line of their own
)

func chartDataOf(a *answer.Answer) *chartData {
	d := &chartData{T: []float64{}, Viewers: []float64{}, Edge: []float64{}, Bits: []float64{}, Origin: []float64{}, Hits: []float64{}, Marks: marks(a), Faults: []struct{}{}}
	if at := starts(a); !at.IsZero() {
		d.Started = float64(at.Unix())
	}
	of, _ := sampled(a.Minutes, busiest(a), mostPoints)
	for _, m := range of {
		d.T, d.Viewers, d.Edge = append(d.T, m.T), append(d.Viewers, m.Viewers), append(d.Edge, m.EdgeRPS)
		d.Bits, d.Origin, d.Hits = append(d.Bits, m.EdgeBPS), append(d.Origin, m.OriginRPS), append(d.Hits, figure.Round(100*m.HitRatio, 7))
	}
	d.Regions = regionLines(of)
	return d
}

// regionLines are the data rates of the largest regions, and of all others together.
func regionLines(of []*answer.Minute) []line {
	lines := []line{}
	if len(of) == 0 || len(of[0].ByRegion) < 2 {
		return lines
	}
	top := make([]float64, len(of[0].ByRegion))
	rank := make([]int, len(top))
	for k := range top {
		rank[k] = k
		for _, m := range of {
			top[k] = max(top[k], m.ByRegion[k].EdgeBPS)
		}
	}
	slices.SortStableFunc(rank, func(a, b int) int { return cmp.Compare(top[b], top[a]) })
	own := len(rank)
	if own > mostRegions+1 {
		own = mostRegions
	}
	for _, k := range rank[:own] {
		l := line{Label: of[0].ByRegion[k].Name}
		for _, m := range of {
			l.Values = append(l.Values, m.ByRegion[k].EdgeBPS)
		}
		lines = append(lines, l)
	}
	if rest := rank[own:]; len(rest) > 0 {
		l := line{Label: "the " + figure.Plural(len(rest), "other region")}
		for _, m := range of {
			sum := 0.0
			for _, k := range rest {
				sum += m.ByRegion[k].EdgeBPS
			}
			l.Values = append(l.Values, sum)
		}
		lines = append(lines, l)
	}
	return lines
}

// marks are when limits are exceeded at first, and the busiest minute.
func marks(a *answer.Answer) []mark {
	all := []mark{}
	for i := range a.Quotas {
		if x := &a.Quotas[i]; x.ExceededAt != nil {
			all = append(all, mark{x.Name + " is exceeded", *x.ExceededAt, *x.ExceededAt})
		}
	}
	if top := busiest(a); top != nil {
		all = append(all, mark{"busiest minute", top.T, top.T})
	}
	slices.SortStableFunc(all, func(a, b mark) int { return cmp.Compare(a.At, b.At) })
	return all
}

func drawCurve(a *answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) {
		m.Raw("<noscript><p>The charts need JavaScript; the tables do not.</p></noscript>\n")
		if !starts(a).IsZero() {
			m.Clocks("the event")
		}
		m.Chart("chart-viewers", "Viewers", "Dotted: when a limit is exceeded at first, and the busiest minute.")
		m.Chart("chart-edge", "Requests per second at the edge", "")
		m.Chart("chart-bits", "Bits per second at the edge", "")
		m.Chart("chart-origin", "Requests per second at the origin", "")
		m.Chart("chart-hits", "Hit ratio", "by requests: what the caches come to with this audience, not an input")
		m.Tag("p", "soft", "Drag to zoom, double-click to go back; click a name to hide or show its line.")
	}
}

func drawRegions(*answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) { m.Chart("chart-regions", "Bits per second at the edge by region", "") }
}
