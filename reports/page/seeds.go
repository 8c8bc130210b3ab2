package page

import (
	"fmt"
	"io"
	"strings"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
	"hlsload/reports/spread"
)

// mostRows is how many rows the short form of a table of figures has.
const mostRows = 24

// WriteSeeds writes the summary of several seeds for a terminal: the verdict, the seeds that
// do not pass, the expectations and the spread of the figures. dir is where the files are;
// "" = there are none.
func WriteSeeds(s *spread.Summary, w io.Writer, dir string, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	t := &text{TextOptions: o, palette: palette(o.Color)}
	var b strings.Builder
	b.WriteString(t.verdict(s.Verdict) + "  " + strings.TrimPrefix(t.wrap("      ", s.Reason), "      "))
	if o.Detail != VerdictOnly {
		b.WriteString(t.wrap("      ", fmt.Sprintf("%s · %s · %s · %s", s.Scenario.Name, s.Mode, figure.Plural(len(s.Seeds), "seed"), stream(&reports.Summary{Target: s.Target}))))
		b.WriteString(t.seeds(s))
		if e := seedExpectations(s); len(e.Rows) > 0 {
			b.WriteString(t.section(e.Caption) + t.table(e))
		}
		figures, more := figureTable(s, o.Detail == Full)
		b.WriteString(t.section(figures.Caption) + t.table(figures))
		if more {
			b.WriteString("\n" + t.dim("Left out: other figures (-v shows everything)") + "\n")
		}
		if dir != "" {
			b.WriteString("\n" + t.dim(strings.TrimSuffix(t.wrap("", "Files: "+dir+"/ (summary.json, and seed-N of each seed)"), "\n")) + "\n")
		}
		fmt.Fprintf(&b, "%s  exit code %d\n", t.verdict(s.Verdict), s.ExitCode)
	}
	_, err := io.WriteString(w, document.Printable(b.String(), o.Color))
	return err
}

// seeds lists the seeds that do not pass, or all of them, with the command that repeats one.
func (t *text) seeds(s *spread.Summary) string {
	var b strings.Builder
	for i := range s.Seeds {
		one := &s.Seeds[i]
		if t.Detail != Full && one.Verdict == reports.Pass {
			continue
		}
		b.WriteString(t.wrap("  ", fmt.Sprintf("seed %d: %s: %s", one.Seed, strings.ToUpper(one.Verdict), one.Reason)))
		if one.Verdict != reports.Pass {
			b.WriteString(t.wrap("    ", "again: "+(&reports.Summary{Mode: s.Mode, Scenario: s.Scenario, Seed: one.Seed}).Command()))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return t.section("Seeds") + b.String()
}

func seedExpectations(s *spread.Summary) *document.Table {
	t := &document.Table{Caption: "Expectations", Head: []string{"expectation", "holds", "min", "median", "max"}}
	for i := range s.Expectations {
		e := &s.Expectations[i]
		t.Add(e.Expr, fmt.Sprintf("%d of %d", e.Holds, len(s.Seeds)), e.Text(e.Min), e.Text(e.Median), e.Text(e.Max))
	}
	return t
}

// figureTable is the figures that are not 0 with every seed; or the first that people look
// at, and whether there are more.
func figureTable(s *spread.Summary, all bool) (t *document.Table, more bool) {
	t = &document.Table{Caption: "Figures over " + figure.Plural(len(s.Seeds), "seed") + " that are not always 0", Head: []string{"of", "figure", "min", "median", "max"}, Words: map[int]bool{1: true}}
	last := ""
	for i := range s.Figures {
		f := &s.Figures[i]
		switch {
		case f.Zero():
			continue
		case !all && (!f.Main || len(t.Rows) == mostRows):
			more = true
			continue
		}
		of := f.Of
		if of == last {
			of = ""
		}
		last = f.Of
		t.Add(of, f.Name, f.Text(f.Min), f.Text(f.Median), f.Text(f.Max))
	}
	return t, more
}
