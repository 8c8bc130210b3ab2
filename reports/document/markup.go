package document

import (
	"fmt"
	"html"
	"strings"
)

// Markup is HTML under construction. Only Raw and Rawf write what they are given;
// everything else is escaped.
type Markup struct{ b strings.Builder }

// Raw writes HTML as it is.
func (m *Markup) Raw(s string) { m.b.WriteString(s) }

// Rawf writes HTML of numbers and of what is HTML already.
func (m *Markup) Rawf(format string, args ...any) { fmt.Fprintf(&m.b, format, args...) }

// String is what was written so far.
func (m *Markup) String() string { return m.b.String() }

// Text writes text.
func (m *Markup) Text(s string) { m.Raw(html.EscapeString(Printable(s, false))) }

// Tag writes an element with text in it.
func (m *Markup) Tag(name, class, text string) {
	m.Open(name, class)
	m.Text(text)
	m.Raw("</" + name + ">\n")
}

// Open begins an element.
func (m *Markup) Open(name, class string) {
	m.Raw("<" + name)
	if class != "" {
		m.Raw(` class="` + class + `"`)
	}
	m.Raw(">")
}

// Section begins a section; Raw writes its end.
func (m *Markup) Section(id, title string) {
	m.Raw(`<section class="card" id="` + id + `">` + "\n")
	m.Tag("h2", "", title)
}

// Chart makes room for a chart, which the script draws.
func (m *Markup) Chart(id, title, about string) {
	m.Raw(`<div class="chart">`)
	m.Tag("h3", "", title)
	if about != "" {
		m.Tag("p", "about", about)
	}
	m.Raw(`<div id="` + id + `" role="img" aria-label="`)
	m.Text("Chart: " + title + ". The tables hold the same figures.")
	m.Raw("\"></div></div>\n")
}

// Clocks offers the time axis of all charts in UTC, beside the time of something, as of
// a run. The script shows it.
func (m *Markup) Clocks(of string) {
	m.Raw(`<fieldset id="clock" hidden><legend>Time</legend><label><input type="radio" name="clock" value="own" checked>of `)
	m.Text(of)
	m.Raw(`</label><label><input type="radio" name="clock" value="utc">UTC</label></fieldset>` + "\n")
}

// Table writes a table that scrolls by itself when it is too wide.
func (m *Markup) Table(t *Table) {
	m.Raw(`<div class="scroll" tabindex="0" role="region" aria-label="`)
	m.Text(t.Caption)
	m.Raw("\">\n<table>\n")
	m.Tag("caption", "", t.Caption)
	m.Raw("<thead><tr>")
	for i, h := range t.Head {
		m.Raw(`<th scope="col"` + map[bool]string{true: ` class="w"`}[t.left(i)] + ">")
		m.Text(h)
		m.Raw("</th>")
	}
	m.Raw("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		m.Raw("<tr>")
		for i, c := range row {
			if i == 0 {
				m.Raw(`<th scope="row">`)
				m.Text(c)
				m.Raw("</th>")
				continue
			}
			m.cell(t, i, c)
		}
		m.Raw("</tr>\n")
	}
	m.Raw("</tbody>\n</table>\n</div>\n")
}

func (m *Markup) cell(t *Table, column int, text string) {
	class, sign := "", ""
	if t.left(column) {
		class = "w"
	}
	if t.Sign != nil {
		if s, kind := t.Sign(t.Head[column], text); s != "" {
			class, sign = strings.TrimSpace(class+" "+kind), s+" "
		}
	}
	m.Open("td", class)
	m.Text(sign + text)
	m.Raw("</td>")
}
