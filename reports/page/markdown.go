package page

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// mostMarkdown is from how many bytes on no more faults are written: services that show the file take
// 200 KiB and more.
const mostMarkdown = 100 << 10

// WriteMarkdown writes summary.md, as for a pull request or a chat.
func WriteMarkdown(s *reports.Summary, w io.Writer) error { return writeMarkdown(s, nil, w) }

func writeMarkdown(s *reports.Summary, before *Earlier, w io.Writer) error {
	var b strings.Builder
	para := func(text string) { b.WriteString(document.EscapeMarkdown(text) + "\n\n") }
	fmt.Fprintf(&b, "# %s: %s\n\n", strings.ToUpper(s.Verdict), document.EscapeMarkdown(s.Reason()))
	if line := outcome(s); line != "" {
		b.WriteString("**" + document.EscapeMarkdown(line) + "**\n\n")
	}
	if s.Verdict == reports.Void && !unbegun(s) {
		para("The figures below were measured, but prove nothing.")
	}
	markdownFacts(&b, facts(s))
	if before != nil {
		before.markdown(&b)
	}
	if unbegun(s) {
		_, err := io.WriteString(w, document.Printable(b.String(), false))
		return err
	}
	if line := s.KnownLine(); line != "" {
		para(sentence(line))
	}
	para(headline(s))
	para(audience(s))
	more := 0
	for i := range s.Faults {
		f := &s.Faults[i]
		if n := b.Len(); n > mostMarkdown || n > mostMarkdown/2 && !hurt(f) {
			more++
			continue
		}
		title := document.EscapeMarkdown(f.Title(s) + ": " + brief(f))
		folded := !hurt(f)
		if folded {
			b.WriteString("<details><summary>" + title + "</summary>\n\n")
		} else {
			b.WriteString("## " + title + "\n\n")
		}
		para(faultLine(f) + wallClock(s, f))
		if f.Problem != "" {
			para("Void: " + f.Problem)
		}
		if f.Affected > 0 && !folded && s.Verdict != reports.Void && f != mainFault(s) {
			markdownFacts(&b, faultFacts(s, f))
		}
		for _, line := range story(f) {
			b.WriteString("- " + document.EscapeMarkdown(line) + "\n")
		}
		b.WriteString("\n")
		if f.Affected > 0 {
			profileShares(s, "", f).Markdown(&b)
			if t := predictedTable(s, "", f); len(t.Rows) > 0 {
				para("Measured beside predicted:")
				t.Markdown(&b)
			}
		}
		if folded {
			b.WriteString("</details>\n\n")
		}
	}
	if more > 0 {
		para(fmt.Sprintf("Left out: %s; report.html has them.", figure.Plural(more, "fault")))
	}
	b.WriteString("## Cohorts\n\n")
	cohortTable(s).Markdown(&b)
	b.WriteString("## Load\n\n")
	loadTable(s).Markdown(&b)
	para(loadLine(s))
	if s.Logs != nil {
		b.WriteString("## Access logs\n\n")
		logTables(s)[0].Markdown(&b)
		para(logLine(s.Logs))
	}
	if len(s.Expectations) > 0 {
		b.WriteString("## Expectations\n\n")
		expectationTable(s).Markdown(&b)
	}
	if len(s.Known) > 0 {
		b.WriteString("## Known behaviour of players\n\nNot part of the verdict.\n\n")
		knownTable(s).Markdown(&b)
	}
	if len(s.Warnings) > 0 {
		b.WriteString("## Warnings\n\n")
		for i, warning := range s.Warnings {
			if b.Len() > 3*mostMarkdown/2 {
				b.WriteString(fmt.Sprintf("- and %d more\n", len(s.Warnings)-i))
				break
			}
			b.WriteString("- " + document.EscapeMarkdown(warning) + "\n")
		}
		b.WriteString("\n")
	}
	if len(s.Agents) > 0 {
		b.WriteString("## Agents\n\n")
		agentTable(s).Markdown(&b)
	}
	para(testerLine(s))
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}

// markdownFacts writes facts as a list.
func markdownFacts(b *strings.Builder, all []fact) {
	for _, f := range all {
		switch {
		case f.code:
			b.WriteString("- " + f.name + ": `` " + strings.ReplaceAll(f.text, "`", "'") + " ``\n")
		case len(f.lines) > 1:
			b.WriteString("- " + f.name + ":\n")
			for _, line := range f.lines {
				b.WriteString("  - " + document.EscapeMarkdown(line) + "\n")
			}
		default:
			b.WriteString("- " + f.name + ": " + document.EscapeMarkdown(cmp.Or(f.text, strings.Join(f.lines, " "))) + "\n")
		}
	}
	b.WriteString("\n")
}
