package page

import (
	"io"
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

// most is how many change points of a series are told, and how many series are shown.
const (
	mostPoints = 12
	mostSeries = 12
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
		points := s.Points()
		for k, p := range points {
			if k == mostPoints {
				b.WriteString(document.Wrap(figure.Plural(len(points)-k, "older change point")+" on the page", "  ", o.Width))
				break
			}
			b.WriteString(document.Wrap("changed: "+since(p), "  ", o.Width))
		}
		if n := s.InTrend(); n < history.Fewest {
			b.WriteString(document.Wrap("change points are looked for from "+figure.Plural(history.Fewest, "night")+" with figures on; there are "+figure.Thousands(int64(n)), "  ", o.Width))
		}
	}
	if shown > mostSeries {
		b.WriteString("\n" + document.Wrap(figure.Plural(shown-mostSeries, "more scenario")+" in --json", "", o.Width))
	}
	if former > 0 {
		b.WriteString("\n" + document.Wrap("Nights of "+figure.Plural(former, "former key")+", which cannot be compared with these, are on the page.", "", o.Width))
	}
	for _, p := range v.Problems {
		b.WriteString(document.Wrap("warning: "+p, "", o.Width))
	}
	_, err := io.WriteString(w, document.Printable(b.String(), false))
	return err
}

// table has the last nights of a series, the newest first.
func table(s *history.Series, rows int) *document.Table {
	t := &document.Table{Head: []string{"night (UTC)", "verdict", "before", "worst change", "what", "seed", "folder"}, Words: map[int]bool{1: true, 2: true, 3: true, 4: true, 6: true}, Spare: []int{5, 6, 4}}
	for i := len(s.Nights) - 1; i >= 0 && (rows == 0 || len(t.Rows) < rows); i-- {
		n := &s.Nights[i]
		t.Add(date(n.Started), strings.ToUpper(n.Verdict), compared(n), briefly(n), cut(what(n), 60), seed(n), n.Run)
	}
	t = t.WithoutZeros()
	if t.Head[2] == "before" {
		t.Head[2] = "than before"
	}
	return t
}

// briefly is what changed most of a night, in few words.
func briefly(n *history.Night) string {
	if n.Worst == nil {
		return ""
	}
	by := change(n.Worst.Change)
	if by == "" {
		by = history.Words(n.Worst.Base, n.Worst.Unit) + " → " + history.Words(n.Worst.New, n.Worst.Unit)
	}
	return strings.Replace(n.Worst.Measure, ",joined=before}", "}", 1) + " " + by
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
