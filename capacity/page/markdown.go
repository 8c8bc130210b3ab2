package page

import (
	"io"
	"strings"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
)

// WriteMarkdown writes capacity.md, as for a pull request or a wiki.
func WriteMarkdown(w io.Writer, a *answer.Answer) error {
	var b strings.Builder
	para := func(text string) { b.WriteString(document.EscapeMarkdown(text) + "\n\n") }
	list := func(all []string) {
		for _, line := range all {
			b.WriteString("- " + document.EscapeMarkdown(line) + "\n")
		}
		if len(all) > 0 {
			b.WriteString("\n")
		}
	}
	b.WriteString("# " + document.EscapeMarkdown(a.Headline) + "\n\n")
	if a.Reason != "" {
		para(a.Reason)
	}
	if len(a.Prevents) > 0 {
		para("What would prevent it, one of:")
		list(a.Prevents)
	}
	var head []string
	for _, f := range facts(a) {
		head = append(head, f[0]+": "+f[1])
	}
	list(head)
	for _, r := range remarks(a) {
		if len(r.lines) > 0 {
			para(r.what + ":")
			list(r.lines)
		}
	}
	for _, s := range sections(a, rowsOfMarkdown) {
		b.WriteString("## " + document.EscapeMarkdown(s.title) + "\n\n")
		if s.about != "" {
			para(s.about)
		}
		if s.table != nil {
			s.table.Markdown(&b)
		}
		list(append(s.said, s.more...))
	}
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}
