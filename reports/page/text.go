package page

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"hlsload/reports"
)

// TextOptions say how the terminal summary looks.
type TextOptions struct {
	Color bool   // for terminals; leave it off under NO_COLOR
	Width int    // columns; 0 = 100
	Dir   string // where the files are; "" = they were not written
}

// palette colours text for a terminal, or does not. Colour never carries a
// meaning that the words do not.
type palette bool

func (p palette) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p palette) bold(s string) string  { return p.paint("1", s) }
func (p palette) dim(s string) string   { return p.paint("2", s) }
func (p palette) good(s string) string  { return p.paint("1;32", s) }
func (p palette) worse(s string) string { return p.paint("1;31", s) }
func (p palette) warn(s string) string  { return p.paint("1;33", s) }

func (p palette) verdict(v string) string {
	switch v {
	case reports.Pass:
		return p.good("PASS")
	case reports.Fail:
		return p.worse("FAIL")
	case reports.Void:
		return p.warn("VOID")
	}
	return p.warn("INTERRUPTED")
}

// WriteText writes the summary for a terminal: verdict and reason, each fault,
// the cohorts, the load, the expectations, what to be careful about.
func WriteText(s *reports.Summary, w io.Writer, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	var b strings.Builder
	p := palette(o.Color)
	wrap := func(indent, text string) { b.WriteString(wrapped(text, indent, o.Width)) }
	section := func(title string) { b.WriteString("\n" + p.bold(title) + "\n") }

	b.WriteString(p.verdict(s.Verdict) + "  ")
	b.WriteString(strings.TrimPrefix(wrapped(s.Reason(), "      ", o.Width), "      "))
	if failed := s.Failed(); len(failed) > 1 || len(failed) == 1 && s.Verdict != reports.Fail {
		for _, e := range failed {
			wrap("      ", p.worse("✕")+" "+e.Expr+": "+e.Reason)
		}
	}
	if s.Verdict == reports.Void {
		b.WriteString("      the figures below were measured, but prove nothing\n")
	}
	wrap("      ", headline(s))
	wrap("      ", audience(s))

	for i := range s.Faults {
		f := &s.Faults[i]
		section(f.Title(s))
		wrap("  ", faultLine(f))
		if f.Problem != "" {
			wrap("  ", p.warn("void: ")+f.Problem)
		}
		for _, line := range story(f, s.Players.Started) {
			wrap("  ", line)
		}
		if f.Affected > 0 {
			profileShares(s, "", f).withoutZeros().text(&b, "  ", p)
			if t := predictedTable(s, "", f); len(t.rows) > 0 {
				wrap("  ", "Measured beside predicted:")
				t.text(&b, "  ", p)
			}
		}
	}
	section("Cohorts")
	cohortTable(s).withoutZeros().text(&b, "  ", p)
	section("Load")
	loadTable(s).text(&b, "  ", p)
	wrap("  ", loadLine(s))
	if s.Logs != nil {
		section("Access logs")
		logTables(s)[0].text(&b, "  ", p)
		wrap("  ", logLine(s.Logs))
	}
	if len(s.Expectations) > 0 {
		section("Expectations")
		for i := range s.Expectations {
			e := &s.Expectations[i]
			mark := p.good("holds")
			if !e.Pass {
				mark = p.worse("FAILS")
			}
			pad := strings.Repeat(" ", max(0, 52-utf8.RuneCountInString(e.Expr)))
			fmt.Fprintf(&b, "  %s  %s%s  %s\n", mark, e.Expr, pad, e.Reason)
		}
	}
	if len(s.Warnings) > 0 {
		section("Warnings")
		for _, warning := range s.Warnings {
			wrap("  ", warning)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", p.dim(testerLine(s)))
	fmt.Fprintf(&b, "%s\n", p.dim(fmt.Sprintf("Exit code: %d", s.ExitCode)))
	if o.Dir != "" {
		fmt.Fprintf(&b, "%s\n", p.dim("Files: "+o.Dir+"/ (report.html to look at, summary.json for scripts)"))
	}
	_, err := io.WriteString(w, printable(b.String(), o.Color))
	return err
}

// wrapped breaks text into lines of at most width columns.
func wrapped(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		switch {
		case line == indent:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			b.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}

// printable drops control characters that names from outside may carry.
func printable(s string, escapes bool) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && !(escapes && r == '\x1b') || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
