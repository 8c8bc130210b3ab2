package reports

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes summary.md, as for a pull request or a chat.
func (s *Summary) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	para := func(text string) { b.WriteString(escapeMarkdown(text) + "\n\n") }
	fmt.Fprintf(&b, "# %s: %s\n\n", strings.ToUpper(s.Verdict), escapeMarkdown(s.Reason()))
	if s.Verdict == Void {
		para("What follows was measured, but proves nothing.")
	}
	para(s.headline())
	para(s.audience())
	for i := range s.Faults {
		f := &s.Faults[i]
		fmt.Fprintf(&b, "## %s\n\n", escapeMarkdown(f.title(s)))
		para(f.what())
		if f.Problem != "" {
			para("Void: " + f.Problem)
		}
		for _, line := range f.story(s.Players.Started) {
			b.WriteString("- " + escapeMarkdown(line) + "\n")
		}
		b.WriteString("\n")
		if f.Affected > 0 {
			s.profileShares("", f).markdown(&b)
			if t := s.predictedTable("", f); len(t.rows) > 0 {
				para("Measured beside predicted:")
				t.markdown(&b)
			}
		}
	}
	b.WriteString("## Cohorts\n\n")
	s.cohortTable().markdown(&b)
	b.WriteString("## Load\n\n")
	s.loadTable().markdown(&b)
	para(s.loadLine())
	if s.Logs != nil {
		b.WriteString("## Access logs\n\n")
		s.logTables()[0].markdown(&b)
		para(s.Logs.logLine())
	}
	if len(s.Expectations) > 0 {
		b.WriteString("## Expectations\n\n")
		s.expectationTable().markdown(&b)
	}
	if len(s.Warnings) > 0 {
		b.WriteString("## Be careful\n\n")
		for _, warning := range s.Warnings {
			b.WriteString("- " + escapeMarkdown(warning) + "\n")
		}
		b.WriteString("\n")
	}
	para(s.testerLine())
	_, err := io.WriteString(w, printable(b.String(), false))
	return err
}
