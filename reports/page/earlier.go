package page

import (
	"fmt"
	"strings"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// Earlier is what went before a run in its history. It is no part of the summary, which
// depends on the run alone.
type Earlier struct {
	// Said is how the run compares with the nights before, in a sentence, and Worse whether
	// something is worse by more than chance.
	Said   string
	Worse  bool
	Index  string         // link to the page of the history; "" = there is none
	Nights []EarlierNight // the newest first
	More   int            // nights before those
}

// EarlierNight is a run that went before.
type EarlierNight struct {
	Started string // for people
	Verdict string
	What    string // why it did not pass; "" = it did
	Link    string // to its report; "" = that is not there
}

// line is the comparison with a sign.
func (e *Earlier) line() string {
	if e.Worse {
		return "✕ Worse than before: " + e.Said + "."
	}
	return sentence(e.Said)
}

// Line says for a terminal how the run compares, and how many nights there are before it.
func (e *Earlier) Line() string {
	n := len(e.Nights) + e.More
	if n == 0 {
		return "History: the first night of this scenario"
	}
	return "History: " + strings.TrimSuffix(e.line(), ".") + " (" + figure.Plural(n, "night") + " before)"
}

// html writes the card of what went before.
func (e *Earlier) html(p *page) {
	p.Raw(`<section class="card" id="before">` + "\n")
	p.Tag("h2", "", "The nights before")
	p.Tag("p", map[bool]string{true: "no"}[e.Worse], e.line())
	if len(e.Nights) > 0 {
		p.Raw("<details><summary>")
		if e.More > 0 {
			p.Text(fmt.Sprintf("The last %d of %s before this one", len(e.Nights), figure.Plural(len(e.Nights)+e.More, "night")))
		} else {
			p.Text(figure.Plural(len(e.Nights), "night") + " before this one")
		}
		p.Raw("</summary>\n" + `<div class="scroll" tabindex="0" role="region" aria-label="Nights before">` + "\n<table>\n<tbody>\n")
		for _, n := range e.Nights {
			p.Raw(`<tr><th scope="row">`)
			if n.Link != "" {
				p.Raw(`<a href="`)
				p.Text(n.Link)
				p.Raw(`">`)
			}
			p.Text(n.Started)
			if n.Link != "" {
				p.Raw("</a>")
			}
			p.Raw("</th>")
			word := verdictWords[n.Verdict]
			class := map[string]string{reports.Pass: "w ok", reports.Fail: "w no"}[n.Verdict]
			if class == "" {
				class = "w"
			}
			p.Tag("td", class, word)
			p.Tag("td", "w", n.What)
			p.Raw("</tr>\n")
		}
		p.Raw("</tbody>\n</table>\n</div>\n</details>\n")
	}
	if e.Index != "" {
		p.Raw(`<p><a href="`)
		p.Text(e.Index)
		p.Raw("\">All nights, with trends</a></p>\n")
	}
	p.Raw("</section>\n")
}

// markdown writes a line.
func (e *Earlier) markdown(b *strings.Builder) {
	text := document.EscapeMarkdown(e.line())
	if e.Worse {
		text = "**" + text + "**"
	}
	if n := len(e.Nights) + e.More; n > 0 {
		last := e.Nights[0]
		text += fmt.Sprintf(" %s before this one; the last, %s: %s.", figure.Plural(n, "night"), document.EscapeMarkdown(last.Started), last.Verdict)
	}
	b.WriteString(text + "\n\n")
}
