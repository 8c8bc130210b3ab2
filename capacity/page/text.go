package page

import (
	"io"
	"strings"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
)

// WriteText writes an answer for a terminal: what breaks first, in the first line; why,
// and what would prevent it; then all tables. Sentences are broken after width columns;
// 0 = 100. Tables are as wide as they are.
func WriteText(w io.Writer, a *answer.Answer, width int) error {
	if width <= 0 {
		width = 100
	}
	var b strings.Builder
	said := func(indent, text string) { b.WriteString(document.Wrap(text, indent, width)) }
	said("", a.Headline)
	if a.Reason != "" {
		said("", a.Reason)
	}
	if len(a.Prevents) > 0 {
		b.WriteString("What would prevent it:\n")
		for i, way := range a.Prevents {
			if i > 0 {
				way = "or " + way
			}
			item(&b, way, width)
		}
	}
	b.WriteString("\n")
	for _, f := range facts(a) {
		said("", f[0]+": "+f[1])
	}
	for _, r := range remarks(a) {
		for _, line := range r.lines {
			said("", strings.ToLower(r.what)+": "+line)
		}
	}
	for _, s := range sections(a, rowsOfText) {
		b.WriteString("\n")
		said("", s.title)
		if s.about != "" {
			said("  ", s.about)
		}
		if s.table != nil {
			s.table.Text(&b, "  ", nil, 0)
		}
		for _, line := range s.said {
			said("  ", line)
		}
	}
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}

// item is an entry of a list, whose further lines stand below its first one.
func item(b *strings.Builder, text string, width int) {
	lines := document.Wrap(text, "    ", width)
	b.WriteString("  - " + strings.TrimPrefix(lines, "    "))
}
