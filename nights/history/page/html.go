package page

import (
	_ "embed"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"

	"hlsload/nights"
	"hlsload/nights/history"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

var (
	//go:embed history.js
	historyJS string
	//go:embed history.css
	historyCSS string
)

// Bounds of the page, which stays below 8 MB however long the history is.
const (
	openRows   = 30   // nights of a series in sight
	mostRows   = 1500 // nights of a series in its table
	mostCells  = 4000 // rows of all tables
	mostDrawn  = 2000 // points of a chart
	mostCharts = 10   // of a series
	mostListed = 100  // of what has no place of its own
)

// At is where a page will be.
type At struct {
	Title string // of the history
	// Base leads from the page to the folder of the history, with slashes; "" = the page is
	// in it.
	Base string
}

// WriteHTML writes the page.
func WriteHTML(w io.Writer, v *history.View, at At) error {
	p := &htmlPage{v: v, at: at, rows: mostCells}
	p.head()
	main, former, rest := p.sections()
	p.contents(main)
	for _, s := range main {
		p.section(s)
	}
	if len(former) > 0 {
		p.Raw(`<section class="former">` + "\n")
		p.Tag("h2", "", "Former keys")
		p.Tag("p", "soft", "These nights were made with something that has changed since, so that they cannot be compared with the newer ones.")
		for _, s := range former {
			p.former(s)
		}
		p.Raw("</section>\n")
	}
	if rest > 0 {
		p.Tag("p", "soft", fmt.Sprintf("Not shown: %d more series. hlsload history --json has all.", rest))
	}
	p.Raw("<footer>\n")
	p.Tag("p", "", "hlsload history · times are UTC · history.ndjson has every figure")
	p.Raw("</footer>\n")
	d := &document.Document{Title: "History · " + at.Title + " · hlsload", Body: &p.Markup, Data: p.data, Style: historyCSS, Script: historyJS}
	return d.Write(w)
}

// htmlPage is the page under construction.
type htmlPage struct {
	document.Markup
	v    *history.View
	at   At
	data chartData
	rows int // that may still be written into tables
}

// sections are the series that are shown: those that go on, the former ones, and how many
// are left out.
func (p *htmlPage) sections() (main, former []*history.Series, rest int) {
	for i := range p.v.Series {
		s := &p.v.Series[i]
		of := &main
		if s.Former {
			of = &former
		}
		if len(*of) == mostSeries {
			rest++
			continue
		}
		*of = append(*of, s)
	}
	return main, former, rest
}

// head says how the last night of each scenario was.
func (p *htmlPage) head() {
	if len(p.v.Series) == 0 {
		p.Raw(`<header class="card verdict void">` + "\n")
		p.Tag("h1", "", "No nights yet")
		p.Raw("</header>\n")
		p.problems()
		return
	}
	main, _, _ := p.sections()
	// The worst of the last nights gives the page its colour.
	bad := main[0]
	for _, s := range main {
		if gravity(s.Newest()) > gravity(bad.Newest()) {
			bad = s
		}
	}
	p.Raw(`<header class="card verdict ` + look(bad.Newest()) + `">` + "\n")
	p.Tag("h1", "", headline(bad))
	p.Tag("p", "reason", line(bad))
	if others := len(main) - 1; others > 0 {
		p.Raw("<ul>\n")
		for _, s := range main {
			if s != bad {
				p.Tag("li", "", headline(s)+": "+line(s))
			}
		}
		p.Raw("</ul>\n")
	}
	p.Raw(`<dl class="facts">` + "\n")
	p.fact("History", p.at.Title)
	p.fact("Nights", fmt.Sprintf("%s, %s to %s", figure.Thousands(int64(p.v.Nights)), day(p.v.From), day(p.v.To)))
	p.fact("Changed", p.changed(main)...)
	p.Raw("</dl>\n</header>\n")
	p.problems()
}

func (p *htmlPage) fact(name string, lines ...string) {
	if len(lines) == 0 {
		return
	}
	p.Tag("dt", "", name)
	p.Raw("<dd>")
	for i, l := range lines {
		if i > 0 {
			p.Raw("<br>")
		}
		p.Text(l)
	}
	p.Raw("</dd>\n")
}

// changed tells the change points of the last nights.
func (p *htmlPage) changed(main []*history.Series) []string {
	var all []string
	more := 0
	for _, s := range main {
		for _, t := range s.Turns() {
			if t.Night < len(s.Nights)-openRows {
				break
			}
			if len(all) == 3 {
				more++
				continue
			}
			text := capital(since(s, t)) + "."
			if len(main) > 1 {
				text = s.Scenario + ": " + text
			}
			all = append(all, text)
		}
	}
	if more > 0 {
		all = append(all, fmt.Sprintf("and %d more, below", more))
	}
	return all
}

func (p *htmlPage) problems() {
	if len(p.v.Problems) == 0 {
		return
	}
	p.Raw(`<section class="card warnings" aria-label="Warnings">` + "\n<ul>\n")
	for _, text := range p.v.Problems {
		p.Tag("li", "", text)
	}
	p.Raw("</ul>\n</section>\n")
}

// gravity orders last nights by how much they need a look.
func gravity(n *history.Night) int {
	switch {
	case n.Verdict == reports.Fail:
		return 4
	case n.Outcome == nights.Worse:
		return 3
	case n.Verdict == reports.Void:
		return 2
	case n.Verdict == reports.Interrupted:
		return 1
	}
	return 0
}

// look is the class of a card.
func look(n *history.Night) string {
	if n.Verdict == reports.Pass && n.Outcome == nights.Worse {
		return reports.Fail
	}
	return n.Verdict
}

// headline is the last night in a few words.
func headline(s *history.Series) string {
	n := s.Newest()
	sign, _ := class(n.Verdict)
	word := map[string]string{reports.Pass: "Pass", reports.Fail: "Fail", reports.Void: "Void", reports.Interrupted: "Interrupted"}[n.Verdict]
	if n.Verdict == reports.Pass && n.Outcome == nights.Worse {
		sign, word = "✕", "Pass, but worse than before"
	}
	return sign + " " + s.Scenario + ": " + word
}

// line says when that was, and what there is to say.
func line(s *history.Series) string {
	n := s.Newest()
	text := "Night of " + date(n.Started)
	if w := what(n); w != "" {
		text += ": " + w
	}
	if n.Why != "" {
		text += ". " + capital(n.Why)
	}
	return text + "."
}

func (p *htmlPage) contents(main []*history.Series) {
	if len(main) < 2 {
		return
	}
	p.Raw(`<nav class="contents" aria-label="Contents">` + "\n<p>")
	for i, s := range main {
		if i > 0 {
			p.Raw(" · ")
		}
		p.Rawf(`<a href="#series-%d">`, p.index(s))
		p.Text(s.Scenario)
		p.Raw("</a>")
	}
	p.Raw("</p>\n</nav>\n")
}

func (p *htmlPage) index(s *history.Series) int {
	for i := range p.v.Series {
		if &p.v.Series[i] == s {
			return i
		}
	}
	return -1
}

// section shows a series that goes on.
func (p *htmlPage) section(s *history.Series) {
	p.Rawf(`<section class="card" id="series-%d">`+"\n", p.index(s))
	p.Tag("h2", "", s.Scenario)
	p.body(s)
	p.Raw("</section>\n")
}

// former shows a series that does not go on, folded.
func (p *htmlPage) former(s *history.Series) {
	p.Rawf(`<details class="card" id="series-%d"><summary><b>`, p.index(s))
	p.Text(s.Scenario)
	p.Raw("</b> ")
	p.Text(fmt.Sprintf("%s to %s: %s", day(s.Nights[0].Started), day(s.Newest().Started), figure.Plural(len(s.Nights), "night")))
	p.Raw("</summary>\n")
	p.Tag("p", "", "What differs:")
	p.Raw("<ul>\n")
	for _, text := range differences(s, 12) {
		p.Tag("li", "", text)
	}
	p.Raw("</ul>\n")
	p.body(s)
	p.Raw("</details>\n")
}

func (p *htmlPage) body(s *history.Series) {
	p.Tag("p", "soft", counted(s)+" · "+made(s))
	p.points(s)
	p.charts(s)
	p.table(s)
}

// points lists the change points of a series.
func (p *htmlPage) points(s *history.Series) {
	turns := s.Turns()
	if len(turns) == 0 {
		text := "No measure has changed for good, as far as these nights show."
		if n := s.InTrend(); n < history.Fewest {
			text = fmt.Sprintf("Change points are looked for from %d nights with figures on; there are %d.", history.Fewest, n)
		}
		p.Tag("p", "soft", text)
		return
	}
	p.Tag("h3", "", "What has changed, and since when")
	p.Raw("<ul class=\"points\">\n")
	for i, t := range turns {
		if i == mostListed {
			p.Tag("li", "soft", fmt.Sprintf("and %d more", len(turns)-i))
			break
		}
		p.Raw("<li>")
		p.Text(capital(since(s, t)) + ".")
		if n := &s.Nights[t.Night]; n.Kept {
			p.Raw(` <a href="` + p.link(n.Run) + `">Report of that night</a>`)
		}
		p.Raw("</li>\n")
	}
	p.Raw("</ul>\n")
	p.Tag("p", "soft", "A change point is a notice, no failure. It says that the nights on both sides differ by more than chance, not why.")
}

// charts makes room for the charts of a series, and keeps what they draw.
func (p *htmlPage) charts(s *history.Series) {
	if s.InTrend() == 0 {
		return
	}
	d := series{}
	at, thinned := spans(len(s.Nights))
	for _, k := range at {
		d.T = append(d.T, startS(s.Nights[k.from]))
	}
	for i := range s.Nights {
		if n := &s.Nights[i]; i >= thinned && (!n.Trend || n.Verdict == reports.Fail) {
			d.Marks = append(d.Marks, mark{startS(*n), map[bool]int{true: len(at) - len(s.Nights) + i, false: -1}[n.Trend]})
		}
	}
	about := ""
	if thinned > 0 {
		about = fmt.Sprintf("The first %s nights are drawn as medians of several.", figure.Thousands(int64(thinned)))
	}
	p.Raw("<noscript><p>The charts need JavaScript; the tables do not.</p></noscript>\n<div class=\"charts\">\n")
	for i := range s.Measures {
		m := &s.Measures[i]
		if m.Primary != s.Measures[0].Primary || len(d.Lines) == mostCharts { // the primary ones come first
			break
		}
		id := fmt.Sprintf("chart-%d-%d", p.index(s), i)
		p.Chart(id, m.Name, about)
		d.Lines = append(d.Lines, lineOf(id, s, m, at))
	}
	p.Raw("</div>\n")
	p.Tag("p", "soft", "A point is a night. A ring is a night that failed. Crosses at the bottom are void or interrupted nights, which are in no trend; triangles at the top mean never. Dashed: the median up to a change point and from there on. Drag to zoom, double-click to go back.")
	p.data.Series = append(p.data.Series, d)
}

// table lists the nights of a series, the newest first.
func (p *htmlPage) table(s *history.Series) {
	p.Tag("h3", "", "Nights")
	n := len(s.Nights)
	shown := min(n, mostRows, p.rows)
	p.rows -= shown
	p.nights(s, n-min(shown, openRows), n)
	if shown > openRows {
		p.Raw("<details><summary>" + figure.Plural(shown-openRows, "older night") + "</summary>\n")
		p.nights(s, n-shown, n-openRows)
		p.Raw("</details>\n")
	}
	if shown < n {
		p.Tag("p", "soft", figure.Plural(n-shown, "older night")+" not listed: history.ndjson has them.")
	}
}

func (p *htmlPage) nights(s *history.Series, from, to int) {
	p.Raw(`<div class="scroll" tabindex="0" role="region" aria-label="`)
	p.Text("Nights of " + s.Scenario)
	p.Raw("\">\n<table>\n<thead><tr>")
	released := slices.ContainsFunc(s.Nights, func(n history.Night) bool { return n.Release != "" })
	for i, h := range []string{"night", "verdict", "why not", "than before", "worst change", "seed", "release", "hlsload"} {
		if h == "release" && !released {
			continue
		}
		p.Raw(`<th scope="col"` + map[bool]string{true: ` class="w"`}[i != 5] + ">" + h + "</th>")
	}
	p.Raw("</tr></thead>\n<tbody>\n")
	before := &history.Night{}
	if from > 0 {
		before = &s.Nights[from-1]
	}
	rows := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		n := &s.Nights[i]
		rows = append(rows, p.row(n, before, released))
		before = n
	}
	for i := len(rows) - 1; i >= 0; i-- {
		p.Raw(rows[i])
	}
	p.Raw("</tbody>\n</table>\n</div>\n")
}

// row is a night. What was tested and with what is named when it is another one than in the
// night before.
func (p *htmlPage) row(n, before *history.Night, released bool) string {
	m := &document.Markup{}
	m.Raw(`<tr><th scope="row">`)
	if n.Kept {
		m.Raw(`<a href="` + p.link(n.Run) + `">`)
	}
	m.Text(date(n.Started))
	if n.Kept {
		m.Raw("</a>")
	}
	m.Raw("</th>")
	sign, name := class(n.Verdict)
	m.Raw(`<td class="w ` + name + `">`)
	m.Text(sign + " " + n.Verdict)
	m.Raw("</td>")
	m.Tag("td", map[bool]string{true: "w", false: "w why"}[what(n) == ""], cut(what(n), 160))
	if n.Outcome == nights.Worse {
		m.Raw(`<td class="w no" title="` + strings.ReplaceAll(escape(n.Why), `"`, "&#34;") + `">✕ worse</td>`)
	} else {
		m.Tag("td", "w", compared(n))
	}
	m.Raw(`<td class="w change">`)
	m.Text(worst(n))
	m.Raw("</td><td>" + seed(n) + "</td>")
	if released {
		name := ""
		if n.Release != before.Release {
			name = build(orNone(n.Release))
		}
		m.Tag("td", "w", name)
	}
	m.Raw(`<td class="w">`)
	if n.Build != before.Build {
		m.Text(build(n.Build))
	}
	m.Raw("</td></tr>\n")
	return m.String()
}

func escape(s string) string {
	m := &document.Markup{}
	m.Text(s)
	return m.String()
}

// link leads from the page to the report of a run.
func (p *htmlPage) link(run string) string { return escape(Link(p.at.Base, run)) }

// Link is a relative URL of the report of a run, whose folder is a path in the folder that
// base leads to.
func Link(base, run string) string {
	var parts []string
	for part := range strings.SplitSeq(base, "/") {
		if part != "" {
			parts = append(parts, url.PathEscape(part))
		}
	}
	for part := range strings.SplitSeq(run, "/") {
		parts = append(parts, url.PathEscape(part))
	}
	u := strings.Join(append(parts, reports.HTMLFile), "/")
	if !strings.HasPrefix(u, ".") {
		u = "./" + u // a colon in the first part would make it a scheme
	}
	return u
}

func startS(n history.Night) float64 {
	t, _ := parse(n.Started)
	return float64(t.Unix())
}

// finite is a level for a chart; nil = there is none.
func finite(l nights.Level) *float64 {
	f := float64(l)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	f = figure.Round(f, 6)
	return &f
}
