package page

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"

	"hlsload/nights"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// looks are the class and the sign of outcomes.
var looks = map[string]struct{ class, word string }{nights.Worse: {"fail", "✕ Worse"}, nights.Same: {"pass", "✓ Not worse"}, nights.Undecided: {"void", "! Undecided"}, nights.Nothing: {"void", "! Nothing to compare"}}

// WriteHTML writes comparison.html: one file that works offline and without JavaScript.
func WriteHTML(c *nights.Comparison, w io.Writer) error {
	m := &document.Markup{}
	look := looks[c.Outcome]
	m.Raw(`<header class="card verdict ` + look.class + `">` + "\n")
	m.Tag("h1", "", look.word)
	m.Tag("p", "reason", sentence(reason(c)))
	if p := proves(c); p != "" {
		m.Tag("p", "", p)
	}
	m.Raw(`<dl class="facts">` + "\n")
	for _, f := range facts(c) {
		m.Tag("dt", "", f.name)
		m.Open("dd", "")
		if f.code {
			m.Tag("code", "", f.text)
		} else {
			m.Text(f.text)
		}
		m.Raw("</dd>\n")
	}
	m.Raw("</dl>\n")
	m.Tag("p", "soft", fmt.Sprintf("exit code %d", c.ExitCode))
	m.Raw("</header>\n")
	if len(c.Notes) > 0 {
		m.Raw(`<section class="card warnings" aria-label="Notes">` + "\n")
		m.Tag("h3", "", "Notes")
		list(m, c.Notes)
		m.Raw("</section>\n")
	}
	if len(c.Differences) > 0 {
		m.Section("differences", "What differs")
		m.Table(shorter(differenceTable(c), 200))
		m.Raw("</section>\n")
	}
	if said := pairs(c); len(said) > 0 {
		m.Section("players", pairsTitle(c))
		list(m, said)
		changed(m, c.Pairs)
		m.Raw("</section>\n")
	}
	if t := table(c, "Measures that decide", deciding); len(t.Rows) > 0 {
		m.Section("measures", "Measures")
		m.Table(t)
		if more := table(c, "Measures that decide nothing", further); len(more.Rows) > 0 {
			m.Raw("<details><summary>")
			m.Text(figure.Plural(len(more.Rows), "further measure") + ", which decide nothing")
			m.Raw("</summary>\n")
			m.Table(more)
			m.Raw("</details>\n")
		}
		m.Raw("</section>\n")
	}
	shifts(m, c)
	nightsTable(m, c)
	m.Raw("<footer>\n")
	m.Tag("p", "soft", "hlsload compare · "+JSONFile+" has every figure")
	m.Raw("</footer>\n")
	return (&document.Document{Title: words[c.Outcome] + " · " + c.New.Run + " · hlsload compare", Body: m}).Write(w)
}

func list(m *document.Markup, lines []string) {
	m.Raw("<ul>\n")
	for _, line := range lines {
		before, cmd := command(line)
		m.Raw("<li>")
		m.Text(before)
		if cmd != "" {
			m.Tag("code", "", cmd)
		}
		m.Raw("</li>\n")
	}
	m.Raw("</ul>\n")
}

// changed lists the sessions that changed outcome.
func changed(m *document.Markup, p *nights.Pairs) {
	if len(p.Changed) == 0 {
		return
	}
	t := &document.Table{Caption: "Sessions that changed outcome, the worst first", Head: []string{"player", "cohort", "profile", "fault", "base", "new", "base without a picture", "new"}, Words: map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true}}
	for i := range p.Changed {
		x := &p.Changed[i]
		player := fmt.Sprint(x.Player)
		if x.Session > 1 {
			player += fmt.Sprintf(" (session %d)", x.Session)
		}
		fault := x.Fault
		if x.Occurrence > 1 {
			fault += fmt.Sprintf(" #%d", x.Occurrence)
		}
		profile := x.Profile
		if x.BaseProfile != "" {
			profile = x.BaseProfile + " → " + profile
		}
		outcome := func(s string) string { return strings.ReplaceAll(s, "_", " ") }
		t.Add(player, x.Cohort, profile, fault, outcome(x.Base), outcome(x.New), level(x.BaseMs, "ms"), level(x.NewMs, "ms"))
	}
	m.Raw("<details><summary>")
	m.Text(figure.Plural(len(p.Changed)+p.More, "session") + " changed outcome")
	m.Raw("</summary>\n")
	m.Table(t)
	if p.More > 0 {
		m.Tag("p", "soft", fmt.Sprintf("and %d more", p.More))
	}
	m.Raw("</details>\n")
}

// shifts draws how far the sessions moved, of each measure that has that: those that got
// worse are open.
func shifts(m *document.Markup, c *nights.Comparison) {
	n := 0
	worse := map[string]bool{}
	for i := range c.Findings {
		if f := &c.Findings[i]; f.Worse {
			worse[subject(f.Measure)] = true
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if len(f.Shift) == 0 {
			continue
		}
		if n++; n == 1 {
			m.Section("sessions", "How far the sessions moved")
			m.Tag("p", "about", "Quantiles of all sessions, for people: they have no part in the outcome. The bounds hold the difference with 95 % confidence; sessions of one fault are not independent, so whole occurrences were drawn.")
		}
		m.Raw("<details" + map[bool]string{true: " open"}[worse[subject(f.Measure)]] + "><summary>")
		what, _, _ := strings.Cut(plain(f.Measure), ",") // all of its quantiles
		m.Text(cmp.Or(what, short(f.Measure)))
		m.Raw("</summary>\n")
		shiftChart(m, f)
		m.Table(shiftTable(f))
		m.Raw("</details>\n")
	}
	if n > 0 {
		m.Raw("</section>\n")
	}
}

// shiftChart draws a line for each quantile: from its place in the base, a ring, to its
// place in the new run, a dot. What never happened is at the right end.
func shiftChart(m *document.Markup, f *nights.Finding) {
	const width, left, right, step, top = 900.0, 70.0, 60.0, 24.0, 8.0
	most := 0.0
	for _, q := range f.Shift {
		for _, l := range []nights.Level{q.Base, q.New} {
			if v := float64(l); !math.IsInf(v, 0) && !math.IsNaN(v) {
				most = math.Max(most, v)
			}
		}
	}
	if most <= 0 {
		return
	}
	at := func(l nights.Level) float64 {
		if math.IsInf(float64(l), 1) {
			return width - right/2
		}
		return left + float64(l)/most*(width-left-right)
	}
	height := top*2 + step*float64(len(f.Shift)) + 18
	m.Rawf(`<svg viewBox="0 0 %g %g" width="100%%" role="img" aria-label="`, width, height)
	m.Text("Chart: quantiles of " + short(f.Measure) + ", base and new. The table below has the same figures.")
	m.Raw(`">` + "\n")
	m.Rawf(`<line x1="%g" y1="%g" x2="%g" y2="%g" stroke="var(--line)"/>`+"\n", left, height-18, width-right, height-18)
	label := func(x, y float64, anchor, s string) {
		m.Rawf(`<text x="%.1f" y="%.1f" text-anchor="%s" font-size="13" fill="var(--soft)">`, x, y, anchor)
		m.Text(s)
		m.Raw("</text>\n")
	}
	for i, q := range f.Shift {
		y := top + step*(float64(i)+.5)
		label(left-10, y+4, "end", figure.Percent(q.Q))
		if math.IsNaN(float64(q.Base)) || math.IsNaN(float64(q.New)) {
			continue
		}
		color := map[bool]string{true: "var(--c2)", false: "var(--c3)"}[worseSide(f, q)]
		m.Rawf(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="3"/>`, at(q.Base), y, at(q.New), y, color)
		m.Rawf(`<circle cx="%.1f" cy="%.1f" r="5" fill="var(--card)" stroke="var(--c6)" stroke-width="2"/>`, at(q.Base), y)
		m.Rawf(`<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`+"\n", at(q.New), y, color)
	}
	label(left, height-3, "middle", "0")
	label(width-right, height-3, "middle", level(nights.Level(most), f.Unit))
	m.Raw("</svg>\n")
	m.Tag("p", "about", "○ base, ● new; what never happened is at the right end")
}

// worseSide reports whether a quantile moved to the side that is worse.
func worseSide(f *nights.Finding, q nights.Quantile) bool {
	less := (&nights.Measure{Name: f.Measure}).LessIsWorse()
	return q.New != q.Base && (q.New < q.Base) == less
}

// nightsTable lists the runs that were compared, and those that were left out.
func nightsTable(m *document.Markup, c *nights.Comparison) {
	m.Section("nights", "Nights")
	t := &document.Table{Caption: "What was compared", Head: []string{"run", "started", "verdict", "seed", "build"}, Words: map[int]bool{1: true, 2: true, 4: true}}
	add := func(r *nights.Ref) {
		t.Add(r.Run, date(r.Started), strings.ToUpper(r.Verdict), fmt.Sprint(r.Seed), r.Build)
	}
	add(&c.New)
	for i := len(c.Base) - 1; i >= 0; i-- {
		add(&c.Base[i])
	}
	m.Table(shorter(t, 200))
	m.Raw("</section>\n")
	if lines := leftOut(c); len(lines) > 0 {
		m.Section("left", "Left out")
		list(m, lines)
		m.Raw("</section>\n")
	}
}
