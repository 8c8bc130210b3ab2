package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// rail is a row of bars between a name and figures. Readers for the blind skip it: the
// tables have the same figures.
type rail struct {
	name, said string
	class      string // "no" = too little; "" = nothing special
	bars       []bar
	at         []float64 // lines across it, in parts of its width
	grid       bool      // the lines are those of a scale
}

// bar is from one part of a rail's width to another one.
type bar struct {
	from, to float64
	lane     int
	fill     string // class
	hatched  bool   // tells it from the others without colour
}

// mostRails bounds what is drawn of a long list.
const mostRails = 40

// height of a lane, in pixels.
const height = 12

// rails draws rows, with a key: names of fills, and what lines across are; no key = it
// stands below the next ones.
func rails(m *document.Markup, title string, rows []rail, key []bar, names []string, line string) {
	if len(rows) == 0 {
		return
	}
	if title != "" {
		m.Tag("h3", "", title)
	}
	m.Raw(`<div class="rails" aria-hidden="true">` + "\n")
	for i := range rows[:min(len(rows), mostRails)] {
		rows[i].write(m)
	}
	if len(key) > 0 {
		keys(m, key, names, line)
	}
	m.Raw("</div>\n")
	if more := len(rows) - mostRails; more > 0 {
		m.Tag("p", "soft", fmt.Sprintf("%d more are in the table.", more))
	}
}

func keys(m *document.Markup, key []bar, names []string, line string) {
	m.Raw("<ul class=\"key\">\n")
	for i, k := range key {
		m.Raw(`<li><svg viewBox="0 0 14 14">`)
		k.rect(m, 0, 14, "14")
		m.Raw("</svg>")
		m.Text(names[i])
		m.Raw("</li>\n")
	}
	if line != "" {
		m.Raw(`<li><svg viewBox="0 0 14 14"><rect class="line" x="6" width="2" height="14"/></svg>`)
		m.Text(line)
		m.Raw("</li>\n")
	}
	m.Raw("</ul>\n")
}

func (r *rail) write(m *document.Markup) {
	m.Open("div", strings.TrimSpace("rail "+r.class))
	m.Tag("span", "name", r.name)
	lanes := 1
	for _, b := range r.bars {
		lanes = max(lanes, b.lane+1)
	}
	m.Rawf(`<svg width="100%%" height="%d"><rect class="track" width="100%%" height="100%%"/>`, lanes*height)
	for _, b := range r.bars {
		b.rect(m, b.lane*height, height, fmt.Sprintf("%.2f%%", 100*max(b.to-b.from, 0)))
	}
	class, width := "line", 3
	if r.grid {
		class, width = "decade", 1
	}
	for _, at := range r.at {
		m.Rawf(`<rect class="%s" x="%.2f%%" width="%d" height="100%%"/>`, class, 100*min(max(at, 0), .997), width)
	}
	m.Raw("</svg>")
	m.Tag("span", "said", r.said)
	m.Raw("</div>\n")
}

// rect writes a bar; hatching lies over it.
func (b *bar) rect(m *document.Markup, y, height int, width string) {
	m.Rawf(`<rect class="%s" x="%.2f%%" y="%d" width="%s" height="%d"/>`, b.fill, 100*b.from, y, width, height)
	if b.hatched {
		m.Rawf(`<rect fill="url(#hatched)" x="%.2f%%" y="%d" width="%s" height="%d"/>`, 100*b.from, y, width, height)
	}
}

// hatched is a pattern that bars of all drawings share.
const hatched = `<svg class="patterns" width="0" height="0" aria-hidden="true"><defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5" stroke="var(--card)" stroke-width="1.6"/></pattern></defs></svg>` + "\n"

// part is x of most, as a part of a rail's width; what is there can be seen.
func part(x, most float64) float64 {
	if !(x > 0) || !(most > 0) {
		return 0
	}
	return min(max(x/most, .003), 1)
}

// drawHeadroom draws how much of each limit is needed. Where the limit is too low, the bar
// goes beyond it.
func drawHeadroom(a *answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) {
		var rows []rail
		for i := range a.Quotas {
			x := &a.Quotas[i]
			need := x.Peak * a.Margin
			most := max(need, x.Limit)
			r := rail{name: quota(a, x.Name), said: fmt.Sprintf("✓ %s left: needs %s of %s", percent(x.Headroom), x.Amount(need), x.Amount(x.Limit))}
			fill := "c1"
			if x.Headroom < 0 {
				r.class, fill = "no", "bad"
				r.said = fmt.Sprintf("✕ needs %s, %s times the limit of %s", x.Amount(need), figure.Short(need/x.Limit), x.Amount(x.Limit))
			}
			r.bars = []bar{{to: part(x.Peak, most), fill: fill}, {from: part(x.Peak, most), to: part(need, most), fill: fill, hatched: true}}
			r.at = []float64{part(x.Limit, most)}
			rows = append(rows, r)
		}
		rails(m, "", rows, []bar{{to: 1, fill: "c1"}, {to: 1, fill: "c1", hatched: true}}, []string{"peak", "margin"}, "limit")
	}
}

// drawFaults draws what each fault adds.
func drawFaults(a *answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) {
		for k, of := range []struct {
			title      string
			before, in func(*answer.Worst) float64
			words      func(float64) string
		}{
			{"Requests at the edge", func(w *answer.Worst) float64 { return w.Before.EdgeRPS }, func(w *answer.Worst) float64 { return w.EdgeRPS }, figure.PerSecond},
			{"Data rate at the edge", func(w *answer.Worst) float64 { return w.Before.EdgeBPS }, func(w *answer.Worst) float64 { return w.EdgeBPS }, figure.BitRate},
			{"Requests at the origin", func(w *answer.Worst) float64 { return w.Before.OriginRPS }, func(w *answer.Worst) float64 { return w.OriginRPS }, figure.PerSecond},
		} {
			most := 0.0
			for i := range a.Worst {
				most = max(most, of.before(&a.Worst[i]), of.in(&a.Worst[i]))
			}
			var rows []rail
			for i := range a.Worst {
				w := &a.Worst[i]
				rows = append(rows, rail{name: w.Fault, said: fmt.Sprintf("%s, before %s; lasts %.0f s", of.words(of.in(w)), of.words(of.before(w)), w.Lasts),
					bars: []bar{{to: part(of.before(w), most), fill: "c6"}, {to: part(of.in(w), most), lane: 1, fill: "c2", hatched: true}}})
			}
			var key []bar
			if k == 2 {
				key = []bar{{to: 1, fill: "c6"}, {to: 1, fill: "c2", hatched: true}}
			}
			rails(m, of.title, rows, key, []string{"before", "in the fault, at most"}, "")
		}
	}
}

// drawMistakes draws what reaches the origin on a scale by powers of ten.
func drawMistakes(a *answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) {
		type plan struct {
			name string
			*answer.Case
			has bool
		}
		plans := []plan{{"the plan as it is", &a.Mistakes.AsIs, false}}
		if slices.ContainsFunc(a.Mistakes.Each, func(x answer.Mistake) bool { return x.Has }) {
			plans = append(plans, plan{"without mistakes", &a.Mistakes.Right, false})
		}
		for i := range a.Mistakes.Each {
			x := &a.Mistakes.Each[i]
			plans = append(plans, plan{x.Name, &x.Case, x.Has})
		}
		least, most, faults := math.Inf(1), 0.0, false
		for _, p := range plans {
			for _, x := range []float64{p.OriginRPS, p.FaultRPS} {
				if x > 0 {
					least, most = min(least, x), max(most, x)
				}
			}
			faults = faults || p.Fault != ""
		}
		if most == 0 {
			return
		}
		low := math.Floor(math.Log10(least / 2)) // the shortest bar has a length
		high := max(math.Floor(math.Log10(most))+1, low+1)
		at := func(x float64) float64 {
			if !(x > 0) {
				return 0
			}
			return part(math.Log10(x)-low, high-low)
		}
		var lines []float64
		for p := low + 1; p < high; p++ {
			lines = append(lines, at(math.Pow(10, p)))
		}
		key, names := []bar{{to: 1, fill: "c1"}}, []string{"busiest minute"}
		if faults {
			key, names = append(key, bar{to: 1, fill: "c2", hatched: true}), append(names, "worst fault")
		}
		var rows []rail
		for _, p := range plans {
			r := rail{name: p.name, said: figure.PerSecond(p.OriginRPS), bars: []bar{{to: at(p.OriginRPS), fill: "c1"}}, at: lines, grid: true}
			if p.has {
				r.class, r.name = "no", "✕ "+p.name+" (the plan has it)"
			}
			if faults {
				r.bars = append(r.bars, bar{to: at(p.FaultRPS), lane: 1, fill: "c2", hatched: true})
				r.said += ", in a fault " + figure.PerSecond(p.FaultRPS)
			}
			rows = append(rows, r)
		}
		rails(m, "Requests at the origin, "+figure.PerSecond(math.Pow(10, low))+" to "+figure.PerSecond(math.Pow(10, high))+" by powers of ten", rows, key, names, "")
	}
}

// drawSensitivity draws what more and less of each input changes, the largest effect first.
func drawSensitivity(a *answer.Answer) func(*document.Markup) {
	return func(m *document.Markup) {
		for _, of := range []struct {
			title  string
			change func(*answer.Sensitivity) float64
		}{
			{"Change of the tightest head-room", func(s *answer.Sensitivity) float64 { return s.HeadroomChange }},
			{"Change of the origin's peak", func(s *answer.Sensitivity) float64 { return s.OriginChange }},
		} {
			most := 0.0
			for i := range a.Sensitivity {
				most = max(most, math.Abs(of.change(&a.Sensitivity[i])))
			}
			if most < .0005 {
				m.Tag("p", "soft", of.title+": none of the inputs changes it.")
				continue
			}
			var rows []rail
			for i := range a.Sensitivity {
				s := &a.Sensitivity[i]
				at := slices.IndexFunc(rows, func(r rail) bool { return r.name == s.Input })
				if at < 0 {
					at = len(rows)
					rows = append(rows, rail{name: s.Input, at: []float64{.5}})
				}
				r, by := &rows[at], of.change(s)
				b := bar{from: .5, to: .5 + part(by, most)/2, fill: "c1"}
				if by < 0 {
					b.from, b.to = .5-part(-by, most)/2, .5
				}
				if s.Change < 0 {
					b.lane, b.fill, b.hatched = 1, "c2", true
				}
				r.bars = append(r.bars, b)
				if r.said != "" {
					r.said += "; "
				}
				r.said += fmt.Sprintf("%s with %s", signed(&by), signed(&s.Change))
			}
			rails(m, of.title, rows, []bar{{to: 1, fill: "c1"}, {to: 1, fill: "c2", hatched: true}}, []string{"more of the input", "less of it"}, "no change")
		}
	}
}
