package page

import (
	"fmt"
	"io"
	"strings"

	"hlsload/nights"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// WriteMarkdown writes comparison.md, as for a pull request or a chat.
func WriteMarkdown(c *nights.Comparison, w io.Writer) error {
	var b strings.Builder
	para := func(text string) { b.WriteString(document.EscapeMarkdown(text) + "\n\n") }
	fmt.Fprintf(&b, "# %s: %s\n\n", words[c.Outcome], document.EscapeMarkdown(reason(c)))
	if p := proves(c); p != "" {
		para(p)
	}
	for _, f := range facts(c) {
		if f.code {
			b.WriteString("- " + f.name + ": " + code(f.text) + "\n")
			continue
		}
		b.WriteString("- " + f.name + ": " + document.EscapeMarkdown(f.text) + "\n")
	}
	b.WriteString("\n")
	list := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		b.WriteString("## " + title + "\n\n")
		for _, line := range lines {
			before, cmd := command(line)
			b.WriteString("- " + document.EscapeMarkdown(before))
			if cmd != "" {
				b.WriteString(code(cmd))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	if len(c.Differences) > 0 {
		b.WriteString("## What differs\n\n")
		shorter(differenceTable(c), 50).Markdown(&b)
	}
	if t := table(c, "", deciding); len(t.Rows) > 0 {
		b.WriteString("## Measures that decide\n\n")
		t.Markdown(&b)
	}
	if f := shifted(c); f != nil {
		b.WriteString("## How far the sessions moved: " + document.EscapeMarkdown(short(f.Measure)) + "\n\n")
		shiftTable(f).Markdown(&b)
	}
	if said := pairs(c); len(said) > 0 {
		list(document.EscapeMarkdown(pairsTitle(c)), said)
	}
	if t := table(c, "", further); len(t.Rows) > 0 {
		b.WriteString("<details><summary>" + figure.Plural(len(t.Rows), "further measure") + ", which decide nothing</summary>\n\n")
		t.Markdown(&b)
		b.WriteString("</details>\n\n")
	}
	list("Left out", leftOut(c))
	list("Notes", c.Notes)
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}

// code is text as it is to be typed.
func code(s string) string { return "`` " + strings.ReplaceAll(s, "`", "'") + " ``" }

// shorter is a table with at most so many rows, and how many there are beyond.
func shorter(t *document.Table, most int) *document.Table {
	if more := len(t.Rows) - most; more > 0 {
		t.Rows = append(t.Rows[:most:most], append([]string{fmt.Sprintf("and %d more", more)}, make([]string, len(t.Head)-1)...))
	}
	return t
}
