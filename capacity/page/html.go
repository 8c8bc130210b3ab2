package page

import (
	_ "embed"
	"io"
	"strings"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
)

var (
	//go:embed capacity.js
	capacityJS string
	//go:embed capacity.css
	capacityCSS string
)

// WriteHTML writes report.html: one file that works offline, with tables and bars that
// work without JavaScript and charts that need it.
func WriteHTML(w io.Writer, a *answer.Answer) error {
	m := &document.Markup{}
	state := stateOf(a)
	m.Raw(hatched)
	htmlHead(m, a, state)
	all := sections(a, rowsOfHTML)
	m.Raw(`<nav class="contents" aria-label="Contents">` + "\n<p>")
	for i, s := range all {
		if i > 0 {
			m.Raw(" · ")
		}
		m.Raw(`<a href="#` + s.id + `">`)
		title, _, _ := strings.Cut(s.title, ":")
		m.Text(title)
		m.Raw("</a>")
	}
	m.Raw("</p>\n</nav>\n")
	for _, s := range all {
		s.html(m)
	}
	m.Raw("<footer>\n")
	m.Tag("p", "", "hlsload capacity · event "+a.Event+" · capacity.json has every figure")
	m.Raw("</footer>\n")
	d := &document.Document{Title: state.word + " · " + a.Event + " · hlsload capacity", Body: m, Data: chartDataOf(a), Style: capacityCSS, Script: capacityJS}
	return d.Write(w)
}

// state is how an answer looks at first sight.
type state struct{ sign, word, class string }

func stateOf(a *answer.Answer) state {
	switch {
	case a.Model.Refused != "":
		return state{"!", "REFUSED", "void"}
	case a.Breaks() != nil:
		return state{"✕", "BREAKS", "fail"}
	case len(a.Quotas) == 0:
		return state{"!", "NOT JUDGED", "void"}
	}
	return state{"✓", "HOLDS", "pass"}
}

func htmlHead(m *document.Markup, a *answer.Answer, of state) {
	m.Raw(`<header class="card verdict ` + of.class + `">` + "\n")
	m.Tag("h1", "", of.sign+" "+together(a.Headline))
	if a.Reason != "" {
		m.Tag("p", "reason", together(a.Reason))
	}
	if len(a.Prevents) > 0 {
		m.Tag("p", "", "What would prevent it, one of:")
		htmlList(m, a.Prevents)
	}
	m.Raw(`<dl class="facts">` + "\n")
	for _, f := range facts(a) {
		m.Tag("dt", "", f[0])
		m.Tag("dd", "", together(f[1]))
	}
	m.Raw("</dl>\n</header>\n")
	for _, r := range remarks(a) {
		if len(r.lines) > 0 {
			m.Raw(`<section class="card warnings">` + "\n")
			m.Tag("h2", "", r.what)
			htmlList(m, r.lines)
			m.Raw("</section>\n")
		}
	}
}

// together keeps numbers and % in one line.
func together(s string) string { return strings.ReplaceAll(s, " %", "\u00a0%") }

func htmlList(m *document.Markup, all []string) {
	m.Raw("<ul>\n")
	for _, line := range all {
		m.Tag("li", "", line)
	}
	m.Raw("</ul>\n")
}

func (s *section) html(m *document.Markup) {
	m.Section(s.id, s.title)
	if s.about != "" {
		m.Tag("p", "soft", together(s.about))
	}
	if s.draw != nil {
		s.draw(m)
	}
	if s.table != nil {
		if s.fold != "" {
			m.Raw("<details>")
			m.Tag("summary", "", s.fold)
		}
		m.Table(s.table)
		if s.fold != "" {
			m.Raw("</details>\n")
		}
	}
	for _, line := range s.said {
		m.Tag("p", "soft", line)
	}
	if len(s.more) > 0 {
		htmlList(m, s.more)
	}
	m.Raw("</section>\n")
}
