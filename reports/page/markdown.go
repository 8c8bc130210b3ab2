package page

import (
	"fmt"
	"io"
	"strings"

	"hlsload/reports"
)

// WriteMarkdown writes summary.md, as for a pull request or a chat.
func WriteMarkdown(s *reports.Summary, w io.Writer) error {
	var b strings.Builder
	para := func(text string) { b.WriteString(escapeMarkdown(text) + "\n\n") }
	fmt.Fprintf(&b, "# %s: %s\n\n", strings.ToUpper(s.Verdict), escapeMarkdown(s.Reason()))
	if s.Verdict == reports.Void {
		para("The figures below were measured, but prove nothing.")
	}
	para(headline(s))
	para(audience(s))
	for i := range s.Faults {
		f := &s.Faults[i]
		fmt.Fprintf(&b, "## %s\n\n", escapeMarkdown(f.Title(s)))
		para(faultLine(f))
		if f.Problem != "" {
			para("Void: " + f.Problem)
		}
		for _, line := range story(f, s.Players.Started) {
			b.WriteString("- " + escapeMarkdown(line) + "\n")
		}
		b.WriteString("\n")
		if f.Affected > 0 {
			profileShares(s, "", f).markdown(&b)
			if t := predictedTable(s, "", f); len(t.rows) > 0 {
				para("Measured beside predicted:")
				t.markdown(&b)
			}
		}
	}
	b.WriteString("## Cohorts\n\n")
	cohortTable(s).markdown(&b)
	b.WriteString("## Load\n\n")
	loadTable(s).markdown(&b)
	para(loadLine(s))
	if s.Logs != nil {
		b.WriteString("## Access logs\n\n")
		logTables(s)[0].markdown(&b)
		para(logLine(s.Logs))
	}
	if len(s.Expectations) > 0 {
		b.WriteString("## Expectations\n\n")
		expectationTable(s).markdown(&b)
	}
	if len(s.Warnings) > 0 {
		b.WriteString("## Warnings\n\n")
		for _, warning := range s.Warnings {
			b.WriteString("- " + escapeMarkdown(warning) + "\n")
		}
		b.WriteString("\n")
	}
	para(testerLine(s))
	_, err := io.WriteString(w, printable(b.String(), false))
	return err
}
