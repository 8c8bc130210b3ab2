package page

import (
	"fmt"
	"io"
	"strings"

	"hlsload/nights"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// TextOptions say how a comparison looks on a terminal.
type TextOptions struct {
	Width int  // columns; 0 = 100
	Color bool // leave it off under NO_COLOR
	All   bool // all measures, not only those that decide
	Brief bool // the outcome alone
}

// Colours of outcomes. They mean nothing that the words do not say.
var colors = map[string]string{nights.Worse: "1;31", nights.Same: "1;32", nights.Undecided: "1;33", nights.Nothing: "1;33"}

// text is a comparison for a terminal, under construction.
type text struct {
	TextOptions
	strings.Builder
}

func (t *text) paint(code, s string) string {
	if !t.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *text) wrap(indent, s string) { t.WriteString(document.Wrap(s, indent, t.Width)) }

func (t *text) section(title string) { t.WriteString("\n" + t.paint("1", title) + "\n") }

func (t *text) table(of *document.Table) {
	of.Text(t, "  ", func(s string) string { return t.paint("2", s) }, t.Width)
}

// outcome writes the word and a text beside it.
func (t *text) outcome(c *nights.Comparison, s string) {
	word := words[c.Outcome]
	const indent = "      "
	lines := document.Wrap(word+"  "+s, "", t.Width)
	for i, line := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
		if i == 0 {
			rest := strings.TrimPrefix(strings.TrimPrefix(line, word), " ")
			t.WriteString(strings.TrimRight(t.paint(colors[c.Outcome], word)+"  "+strings.TrimLeft(rest, " "), " ") + "\n")
			continue
		}
		t.WriteString(indent + line + "\n")
	}
}

// WriteText writes a comparison for a terminal: the outcome, what got worse, how sure that
// is, for whom, the command that does it again, and the measures.
func WriteText(w io.Writer, c *nights.Comparison, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	t := &text{TextOptions: o}
	if o.Width > 20 {
		t.Width -= 6 // for the indentation of the outcome
		t.outcome(c, reason(c))
		t.Width += 6
	} else {
		t.outcome(c, reason(c))
	}
	if p := proves(c); p != "" {
		t.wrap("      ", p)
	}
	if !o.Brief {
		t.rest(c)
	}
	_, err := io.WriteString(w, document.Printable(t.String(), o.Color))
	return err
}

func (t *text) rest(c *nights.Comparison) {
	for _, f := range facts(c) {
		name := strings.ToLower(f.name) + ": "
		if f.code { // in one piece: it is to be copied
			t.WriteString("      " + t.paint("1", name+f.text) + "\n")
			continue
		}
		t.wrap("      ", name+f.text)
	}
	if len(c.Base) == 0 && len(c.Differences) > 0 {
		t.section("What differs")
		t.differences(c)
	} else if t.All && len(c.Differences) > 0 {
		t.section("Changed on purpose")
		t.differences(c)
	}
	if all := table(c, "", deciding); len(all.Rows) > 0 {
		t.section("Measures that decide")
		t.table(all)
	}
	if all := table(c, "", further); len(all.Rows) > 0 {
		if t.All {
			t.section("Further measures, which decide nothing")
			t.table(all)
		} else {
			t.wrap("  ", figure.Plural(len(all.Rows), "further measure")+", which decide nothing, with -v")
		}
	}
	if f := shifted(c); f != nil {
		t.section("How far the sessions moved: " + short(f.Measure))
		t.table(shiftTable(f))
	}
	if said := pairs(c); len(said) > 0 {
		t.section(pairsTitle(c))
		for _, s := range said {
			if _, cmd := command(s); cmd != "" { // in one piece
				t.WriteString("  " + s + "\n")
				continue
			}
			t.wrap("  ", s)
		}
	}
	if lines := leftOut(c); len(lines) > 0 {
		t.section("Left out")
		const most = 8
		for i, line := range lines {
			if i == most && !t.All {
				t.wrap("  ", fmt.Sprintf("and for %d more reasons (-v shows them)", len(lines)-most))
				break
			}
			t.wrap("  ", line)
		}
	}
	if len(c.Notes) > 0 {
		t.section("Notes")
		for _, n := range c.Notes {
			t.wrap("  ", n)
		}
	}
	t.WriteString("\n" + t.paint(colors[c.Outcome], words[c.Outcome]) + fmt.Sprintf(" (exit code %d)\n", c.ExitCode))
}

func (t *text) differences(c *nights.Comparison) {
	const most = 12
	all := differenceTable(c)
	if more := len(all.Rows) - most; more > 0 && !t.All {
		all.Rows = all.Rows[:most]
		t.table(all)
		fmt.Fprintf(t, "  and %d more (-v shows them)\n", more)
		return
	}
	t.table(all)
}
