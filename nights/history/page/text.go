package page

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hlsload/nights/history"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// Options is how the table is printed.
type Options struct {
	Width int // columns
	Rows  int // nights of a series, the newest; 0 = all
}

// Bounds of what is told.
const (
	mostPoints = 12 // change points of a series
	mostSeries = 12
	mostFormer = 5 // series of former keys, in a terminal
)

// WriteText writes the nights for a terminal: a table of the last nights of each series
// that goes on, and since when a measure is another one.
func WriteText(w io.Writer, v *history.View, o Options) error {
	var b strings.Builder
	if v.Nights == 0 {
		b.WriteString("No nights yet.\n")
	}
	shown, former := 0, 0
	for i := range v.Series {
		s := &v.Series[i]
		if s.Former {
			former++
			continue
		}
		if shown++; shown > mostSeries {
			continue
		}
		if shown > 1 {
			b.WriteString("\n")
		}
		b.WriteString(document.Wrap(s.Scenario+" · "+counted(s)+" · "+made(s), "", o.Width))
		table(s, o.Rows).Text(&b, "  ", nil, o.Width)
		if rest := len(s.Nights) - o.Rows; o.Rows > 0 && rest > 0 {
			b.WriteString(document.Wrap(figure.Plural(rest, "older night")+" on the page", "  ", o.Width))
		}
		turns := s.Turns()
		for k, t := range turns {
			if k == mostPoints {
				b.WriteString(document.Wrap(figure.Plural(len(turns)-k, "older change")+" on the page", "  ", o.Width))
				break
			}
			b.WriteString(document.Wrap("changed "+since(s, t), "  ", o.Width))
		}
		if n := s.InTrend(); n < history.Fewest {
			b.WriteString(document.Wrap("change points are looked for from "+figure.Plural(history.Fewest, "night")+" with figures on; there are "+figure.Thousands(int64(n)), "  ", o.Width))
		}
	}
	if shown > mostSeries {
		b.WriteString("\n" + document.Wrap(figure.Plural(shown-mostSeries, "more scenario")+" in --json", "", o.Width))
	}
	if former > 0 {
		b.WriteString("\nNights that cannot be compared with these, because their key is another one:\n")
	}
	told := 0
	for i := range v.Series {
		s := &v.Series[i]
		if !s.Former {
			continue
		}
		if told++; told > mostFormer {
			b.WriteString(document.Wrap(fmt.Sprintf("and %d more, on the page", former-mostFormer), "  ", o.Width))
			break
		}
		b.WriteString(document.Wrap(fmt.Sprintf("%s, %s to %s: %s; %s", s.Scenario, day(s.Nights[0].Started), day(s.Newest().Started), figure.Plural(len(s.Nights), "night"), strings.Join(differences(s, 3), "; ")), "  ", o.Width))
	}
	for _, p := range v.Problems {
		b.WriteString(document.Wrap("warning: "+p, "", o.Width))
	}
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}

// table has the last nights of a series, the newest first.
func table(s *history.Series, rows int) *document.Table {
	t := &document.Table{Head: []string{"night (UTC)", "verdict", "than before", "why not, or worst change", "seed", "folder"}, Words: map[int]bool{1: true, 2: true, 3: true, 5: true}, Spare: []int{4, 5, 2}}
	for i := len(s.Nights) - 1; i >= 0 && (rows == 0 || len(t.Rows) < rows); i-- {
		n := &s.Nights[i]
		said := what(n)
		if said == "" {
			said = briefly(n)
		}
		t.Add(date(n.Started), strings.ToUpper(n.Verdict), compared(n), cut(said, 60), seed(n), n.Run)
	}
	if !slices.ContainsFunc(s.Nights, func(n history.Night) bool { return n.Outcome != "" }) {
		t.Head[3] = "why not"
	}
	return t.WithoutZeros()
}

// briefly is what changed most of a night, in few words.
func briefly(n *history.Night) string {
	if n.Worst == nil || n.Worst.Base == n.Worst.New {
		return worst(n)
	}
	by := change(n.Worst.Change, n.Worst.Unit)
	if by == "" {
		by = history.Words(n.Worst.Base, n.Worst.Unit) + " → " + history.Words(n.Worst.New, n.Worst.Unit)
	}
	return name(n.Worst.Measure) + " " + by
}

func seed(n *history.Night) string { return figure.Trim(float64(n.Seed), 0) }

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}

// class is how a verdict looks.
func class(verdict string) (sign, name string) {
	switch verdict {
	case reports.Pass:
		return "✓", "ok"
	case reports.Fail:
		return "✕", "no"
	}
	return "!", "void"
}
