package page

import (
	"html"
	"strings"
)

// page is HTML under construction. Only raw writes what it is given; everything
// else is escaped.
type page struct{ b strings.Builder }

func (p *page) raw(s string) { p.b.WriteString(s) }

func (p *page) text(s string) { p.b.WriteString(html.EscapeString(Printable(s, false))) }

func (p *page) tag(name, class, text string) {
	p.open(name, class)
	p.text(text)
	p.raw("</" + name + ">\n")
}

func (p *page) open(name, class string) {
	p.raw("<" + name)
	if class != "" {
		p.raw(` class="` + class + `"`)
	}
	p.raw(">")
}

// section begins a section; its end is written with raw.
func (p *page) section(id, title string) {
	p.raw(`<section class="card" id="` + id + `">` + "\n")
	p.tag("h2", "", title)
}

// facts writes names and what they stand for.
func (p *page) facts(all []fact) {
	p.raw(`<dl class="facts">` + "\n")
	for _, f := range all {
		p.tag("dt", "", f.name)
		p.open("dd", map[bool]string{true: "half"}[f.half])
		switch {
		case f.code:
			p.tag("code", "", f.text)
		case len(f.lines) > 1:
			p.raw("<ol>\n")
			for _, line := range f.lines {
				p.tag("li", "", line)
			}
			p.raw("</ol>")
		case len(f.lines) == 1:
			p.text(f.lines[0])
		default:
			p.text(f.text)
		}
		p.raw("</dd>\n")
	}
	p.raw("</dl>\n")
}

// table writes a table that scrolls by itself when it is too wide.
func (p *page) table(t *table) {
	p.raw(`<div class="scroll" tabindex="0" role="region" aria-label="`)
	p.text(t.caption)
	p.raw("\">\n<table>\n")
	p.tag("caption", "", t.caption)
	p.raw("<thead><tr>")
	for i, h := range t.head {
		p.raw(`<th scope="col"` + map[bool]string{true: ` class="w"`}[t.left(i)] + ">")
		p.text(h)
		p.raw("</th>")
	}
	p.raw("</tr></thead>\n<tbody>\n")
	for _, row := range t.rows {
		p.raw("<tr>")
		for i, c := range row {
			switch {
			case i == 0:
				p.raw(`<th scope="row">`)
				p.text(c)
				p.raw("</th>")
				continue
			case c == "NO" && t.head[i] == "agrees":
				p.raw(`<td class="w no">✕ `)
			case c == "yes" && t.head[i] == "agrees":
				p.raw(`<td class="w ok">✓ `)
			case c == "CHANGED":
				p.raw(`<td class="w no">! `)
			case c == "FAILS":
				p.raw(`<td class="w no">✕ `)
			case c == "holds":
				p.raw(`<td class="w ok">✓ `)
			case t.left(i):
				p.raw(`<td class="w">`)
			default:
				p.raw("<td>")
			}
			p.text(c)
			p.raw("</td>")
		}
		p.raw("</tr>\n")
	}
	p.raw("</tbody>\n</table>\n</div>\n")
}
