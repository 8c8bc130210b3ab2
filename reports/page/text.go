package page

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"hlsload/reports"
	"hlsload/reports/document"
)

// TextOptions say how the terminal summary looks.
type TextOptions struct {
	Color  bool // for terminals; leave it off under NO_COLOR
	Detail Detail
	Width  int // columns; 0 = 100
}

// Detail is how much of a summary is written for a terminal.
type Detail uint8

// Details.
const (
	Short       Detail = iota // what fits in a screen
	Full                      // everything
	VerdictOnly               // the verdict and its reasons
)

// palette colours text for a terminal, unless it is false. Colour never means
// anything that the words do not say.
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

// MostLines is how long the summary of a run that passes is by default.
const MostLines = 40

// block is a part of the terminal summary. Blocks of the highest rank give way first
// when there are too many lines; those of rank 0 always stay.
type block struct {
	name  string // for the line that lists what was left out
	rank  int
	full  string
	short string // instead of full, when it gave way
}

// Ranks of blocks, in the order in which they stay.
const (
	always = iota
	warnings
	logs
	stories
	cohorts
	shares
	load
	expectations
	known
	agents
	predictions
	ranks
)

// text is the terminal summary under construction.
type text struct {
	TextOptions
	palette
	blocks []block
}

func (t *text) add(b block) { t.blocks = append(t.blocks, b) }

func (t *text) wrap(indent, s string) string { return document.Wrap(s, indent, t.Width) }

func (t *text) section(title string) string { return "\n" + t.bold(title) + "\n" }

func (t *text) table(of *document.Table) string {
	var b strings.Builder
	of.Text(&b, "  ", t.dim, t.Width)
	return b.String()
}

// WriteText writes the summary for a terminal: verdict and reason, each fault, the
// cohorts, the load, the expectations, warnings. The short form leaves out what does
// not fit in [MostLines] lines, with the end that [WriteEnd] writes.
func WriteText(s *reports.Summary, w io.Writer, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	t := &text{TextOptions: o, palette: palette(o.Color)}
	t.add(block{full: t.head(s)})
	if o.Detail != VerdictOnly {
		t.addAll(s)
	}
	const end = 5 // lines of WriteEnd, at most
	gone := [ranks]bool{}
	for rank := ranks - 1; o.Detail == Short && rank > always && t.lines(&gone)+end > MostLines; rank-- {
		gone[rank] = true
	}
	// The table of all faults may have made room.
	for _, rank := range []int{cohorts, expectations, load, known} {
		if gone[rank] {
			gone[rank] = false
			gone[rank] = t.lines(&gone)+end > MostLines
		}
	}
	var b strings.Builder
	var left []string
	for i := range t.blocks {
		block := &t.blocks[i]
		b.WriteString(block.shown(&gone))
		if block.shown(&gone) != block.full && !slices.Contains(left, block.name) {
			left = append(left, block.name)
		}
	}
	if left != nil {
		b.WriteString("\n" + t.dim(strings.TrimSuffix(t.wrap("", "Left out: "+strings.Join(left, ", ")+" (-v shows everything)"), "\n")) + "\n")
	}
	_, err := io.WriteString(w, document.Printable(b.String(), o.Color))
	return err
}

// shown is the block, or what stands for it when its rank gave way.
func (b *block) shown(gone *[ranks]bool) string {
	if gone[b.rank] {
		return b.short
	}
	return b.full
}

// lines is how many lines the blocks have.
func (t *text) lines(gone *[ranks]bool) (n int) {
	for i := range t.blocks {
		n += strings.Count(t.blocks[i].shown(gone), "\n")
	}
	return n
}

// head is the verdict, its reasons and the run in a few lines.
func (t *text) head(s *reports.Summary) string {
	var b strings.Builder
	b.WriteString(t.verdict(s.Verdict) + "  ")
	b.WriteString(strings.TrimPrefix(t.wrap("      ", s.Reason()), "      "))
	if line := outcome(s); line != "" && t.Detail != VerdictOnly {
		for said := range strings.Lines(t.wrap("      ", line)) {
			b.WriteString(t.bold(strings.TrimSuffix(said, "\n")) + "\n")
		}
	}
	if s.Verdict == reports.Void && t.Detail != VerdictOnly { // what to do, before figures that prove nothing
		for _, line := range s.WhatHelps {
			b.WriteString(t.wrap("      ", "→ "+line))
		}
		b.WriteString("      the figures below were measured, but prove nothing\n")
	}
	if failed := s.Failed(); len(failed) > 1 || len(failed) == 1 && (s.Verdict != reports.Fail || len(s.Unmeasured()) > 0) {
		for _, e := range failed {
			b.WriteString(t.wrap("      ", t.worse("✕")+" "+e.Expr+": "+e.Reason))
		}
	}
	if unmeasured := s.Unmeasured(); len(unmeasured) > 1 || len(unmeasured) == 1 && (len(s.Failed()) > 0 || s.Verdict != reports.Fail) {
		for _, e := range unmeasured {
			b.WriteString(t.wrap("      ", t.warn("?")+" "+e.Expr+": "+e.Reason))
		}
	}
	if t.Detail == VerdictOnly {
		return b.String()
	}
	if line := s.KnownLine(); line != "" {
		b.WriteString(t.wrap("      ", line))
	}
	if f := mainFault(s); f != nil && s.Verdict != reports.Void {
		b.WriteString(t.remedy("      ", f))
	}
	line := headline(s)
	if began(s).IsZero() {
		line += " · " + stream(s)
	} else {
		b.WriteString(t.wrap("      ", "stream: "+stream(s)+", "+when(s)))
	}
	return b.String() + t.wrap("      ", line) + t.wrap("      ", audience(s))
}

// remedy says why a fault hurt and what helps.
func (t *text) remedy(indent string, f *reports.FaultSummary) (all string) {
	if f.Why != "" {
		all = t.wrap(indent, "why: "+f.Why)
	}
	for _, line := range f.WhatHelps {
		if t.Detail == Short {
			line = advice(line)
		}
		all += t.wrap(indent, "→ "+line)
	}
	return all
}

func (t *text) addAll(s *reports.Summary) {
	for i := range s.Faults {
		t.addFault(s, &s.Faults[i], i == 0)
	}
	t.add(block{"cohorts", cohorts, t.section("Cohorts") + t.table(oneWord(cohortTable(s)).WithoutZeros()), ""})
	if len(s.Drifted()) > 0 {
		t.add(block{"drift", agents, t.section("Over the run") + t.table(driftTable(s)), ""})
	}
	t.add(block{"load", load, t.section("Load") + t.table(loadTable(s)) + t.wrap("  ", loadLine(s)), ""})
	if len(s.Agents) > 0 {
		t.add(block{"agents", agents, t.section("Agents") + t.table(agentTable(s)), ""})
	}
	if s.Logs != nil {
		t.add(block{"access logs", logs, t.section("Access logs") + t.table(logTables(s)[0]) + t.wrap("  ", logLine(s.Logs)), ""})
	}
	if len(s.Expectations) > 0 {
		full := t.section("Expectations")
		for i := range s.Expectations {
			full += t.expectation(&s.Expectations[i])
		}
		t.add(block{"expectations", expectations, full, ""})
	}
	if len(s.Known) > 0 {
		title := t.section("Known behaviour of players (not part of the verdict)")
		var all, changed string
		for i := range s.Known {
			k := &s.Known[i]
			mark := "as known"
			switch {
			case k.NotMeasured:
				mark = notMeasured
			case !k.Holds:
				mark = t.warn("CHANGED ")
			}
			line := t.condition(mark, "as known", k.Expr, k.Reason)
			if all += line; !k.Holds && !k.NotMeasured {
				changed += line
			}
		}
		short := ""
		if changed != "" {
			short = title + changed
		}
		t.add(block{"known behaviour", known, title + all, short})
	}
	if len(s.Warnings) > 0 {
		const most = 3
		full := t.section("Warnings")
		short := full
		for i, warning := range s.Warnings {
			full += t.wrap("  ", warning)
			if i < most {
				short += t.wrap("  ", warning)
			}
		}
		if more := len(s.Warnings) - most; more > 0 {
			short += fmt.Sprintf("  and %d more\n", more)
		} else {
			short = full
		}
		t.add(block{"warnings", warnings, full, short})
	}
	tester := "\n" + t.dim(strings.TrimSuffix(t.wrap("", testerLine(s)), "\n")) + "\n"
	t.add(block{full: tester})
	if len(s.Tester.Trends) > 0 {
		t.add(block{"what the tester used", agents, t.table(trendTable(s)), ""})
	}
}

// addFault adds what a fault did. In place of all of them, there is a table with one
// line each.
func (t *text) addFault(s *reports.Summary, f *reports.FaultSummary, first bool) {
	full, short := t.section(f.Title(s))+t.wrap("  ", faultLine(f)), ""
	if f.Problem != "" {
		full += t.wrap("  ", t.warn("void: ")+f.Problem)
	}
	for _, line := range story(f) {
		full += t.wrap("  ", line)
	}
	if f != mainFault(s) { // whose remedy is in the head
		full += t.remedy("  ", f)
	}
	if first {
		all := faultTable(s).WithoutZeros()
		const most = 12
		short = t.section("Faults")
		if more := len(all.Rows) - most; more > 0 {
			all.Rows = all.Rows[:most]
			short += t.table(all) + fmt.Sprintf("  and %d more\n", more)
		} else {
			short += t.table(all)
		}
	}
	t.add(block{"what each fault did", stories, full, short})
	if f.Affected == 0 {
		return
	}
	t.add(block{"faults by player", shares, t.table(oneWord(profileShares(s, "", f)).WithoutZeros()), ""})
	if p := predictedTable(s, "", f); len(p.Rows) > 0 {
		t.add(block{"predictions", predictions, t.wrap("  ", "Measured beside predicted:") + t.table(oneWord(p).WithoutZeros()), ""})
	}
}

// expectation is the line of an expectation.
func (t *text) expectation(e *reports.ExpectationResult) string {
	mark := t.good("holds")
	if e.NotMeasured {
		return t.condition(t.warn(notMeasured), notMeasured, e.Expr, e.Reason)
	}
	if !e.Pass {
		mark = t.worse("FAILS")
	}
	return t.condition(mark, "holds", e.Expr, e.Reason)
}

// condition is a line, or two where one is too narrow, for a mark as wide as the word
// beside it.
func (t *text) condition(mark, wide, expr, reason string) string {
	const column = 52
	used := max(column, utf8.RuneCountInString(expr))
	before := len(wide) + 4
	if before+used+2+utf8.RuneCountInString(reason) > t.Width {
		return fmt.Sprintf("  %s  %s\n", mark, expr) + t.wrap(strings.Repeat(" ", before), reason)
	}
	return fmt.Sprintf("  %s  %s%s  %s\n", mark, expr, strings.Repeat(" ", used-utf8.RuneCountInString(expr)), reason)
}

// WriteEnd writes the end of the terminal summary: where the files are, and the
// verdict again in a line. No dir = no files.
func WriteEnd(s *reports.Summary, w io.Writer, dir string, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	p := palette(o.Color)
	var b strings.Builder
	if dir != "" {
		b.WriteString(p.dim(strings.TrimSuffix(document.Wrap("Files: "+dir+"/ (report.html to look at, summary.json for scripts)", "", o.Width), "\n")) + "\n")
	}
	exit := fmt.Sprintf(" (exit code %d)", s.ExitCode)
	line := []rune(strings.Join(strings.Fields(s.Reason()), " "))
	if room := o.Width - len("INTERRUPTED  ") - len(exit); len(line) > room {
		line = append(line[:max(room-1, 0)], '…')
	}
	b.WriteString(p.verdict(s.Verdict) + "  " + string(line) + exit + "\n")
	_, err := io.WriteString(w, document.Printable(b.String(), o.Color))
	return err
}
