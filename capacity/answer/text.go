package answer

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"hlsload/reports/figure"
)

// Text is the answer for a terminal.
func (a *Answer) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", a.First)
	for _, note := range a.Notes {
		fmt.Fprintf(&b, "not in the figures: %s\n", note)
	}
	for _, warning := range a.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	a.loads(&b)
	if a.Model.Refused == "" {
		a.limits(&b)
		a.errors(&b)
		a.bill(&b)
		a.inputs(&b)
		a.rehearsals(&b)
	}
	fmt.Fprintf(&b, "\nThe model's own error, by a simulation that it has not seen: edge %s, origin %s, peaks %s.\n", signed(a.Model.EdgeError), signed(a.Model.OriginError), signed(a.Model.PeakError))
	return b.String()
}

// table is rows with columns of equal width, below a heading.
func table(b *strings.Builder, heading string, rows [][]string) {
	var cells strings.Builder
	w := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(w, "  %s\n", strings.Join(row, "\t"))
	}
	w.Flush()
	fmt.Fprintf(b, "\n%s\n", heading)
	for line := range strings.Lines(cells.String()) {
		fmt.Fprintln(b, strings.TrimRight(line, " \n"))
	}
}

func perSecond(v float64) string { return short(v) + "/s" }

// loads are the busiest minute and each fault.
func (a *Answer) loads(b *strings.Builder) {
	rows := [][]string{{"", "when", "viewers", "edge", "edge", "origin", "lasts"}}
	if top := a.busiest(); top != nil {
		rows = append(rows, []string{"busiest minute", clock(top.T), short(top.Viewers), perSecond(top.EdgeRPS), bits(top.EdgeBPS), perSecond(top.OriginRPS), ""})
	}
	for i := range a.Worst {
		w := &a.Worst[i]
		rows = append(rows, []string{"fault " + w.Fault, clock(w.At), short(w.Viewers), perSecond(w.EdgeRPS), bits(w.EdgeBPS), perSecond(w.OriginRPS), fmt.Sprintf("%.0f s", w.Lasts)})
	}
	table(b, "Load: the mean of the busiest minute; in a fault the highest over a target duration", rows)
}

// busiest is the minute with the most requests at the edge.
func (a *Answer) busiest() (top *Minute) {
	for i := range a.Minutes {
		if m := &a.Minutes[i]; top == nil || m.EdgeRPS > top.EdgeRPS {
			top = m
		}
	}
	return top
}

func (a *Answer) limits(b *strings.Builder) {
	largest := map[string]string{}
	for _, l := range a.Largest {
		largest[l.Quota] = "no bound"
		if l.Viewers != nil {
			largest[l.Quota] = figure.Thousands(int64(*l.Viewers))
		}
	}
	rows := [][]string{{"quota", "limit", "peak", "in", "head-room", "exceeded", "adjustable", "largest audience", "source"}}
	for i := range a.Quotas {
		x := &a.Quotas[i]
		exceeded, in := "never", "the audience"
		if x.ExceededAt != nil {
			exceeded = clock(*x.ExceededAt) + because(x.ExceededBy)
		}
		if x.By != "" {
			in = "fault " + x.By
		}
		rows = append(rows, []string{x.Name, x.amount(x.Limit), x.amount(x.Peak), in, percent(x.Headroom), exceeded, x.Adjustable, largest[x.Name], evidence(x.Source, x.Seen, x.Unsure, x.Old)})
	}
	table(b, fmt.Sprintf("Quotas: head-room is what of the limit is left by the peak with the margin of %g", a.Margin), rows)
}

func (a *Answer) errors(b *strings.Builder) {
	row := func(name string, c *Case) []string {
		fault := "no fault"
		if c.Fault != "" {
			fault = fmt.Sprintf("%s in %s", perSecond(c.FaultRPS), c.Fault)
		}
		return []string{name, perSecond(c.OriginRPS), fault, between(c.Extra), c.Tightest + " " + percent(c.Headroom)}
	}
	rows := [][]string{{"", "origin", "in the worst fault", "costs more, " + a.Cost.Currency, "tightest quota"}, row("the plan as it is", &a.Mistakes.AsIs)}
	has := false
	for i := range a.Mistakes.Each {
		has = has || a.Mistakes.Each[i].Has
	}
	if has {
		rows = append(rows, row("without its mistakes", &a.Mistakes.Right))
	}
	for i := range a.Mistakes.Each {
		m := &a.Mistakes.Each[i]
		name := m.Name
		if m.Has {
			name += " (the plan has it)"
		}
		rows = append(rows, row(name, &m.Case))
	}
	table(b, "Mistakes, each alone", rows)
}

func (a *Answer) bill(b *strings.Builder) {
	rows := [][]string{}
	for i := range a.Cost.Items {
		x := &a.Cost.Items[i]
		rows = append(rows, []string{strings.TrimSpace(x.Name + " " + x.Region), short(x.Quantity) + " " + x.Unit, between(Range{x.Low, x.High}), evidence(x.Source, x.Seen, x.Unsure, x.Old)})
	}
	rows = append(rows, []string{"without", strings.Join(a.Cost.Without, ", ")})
	table(b, fmt.Sprintf("Cost: %s %s", a.Cost.Currency, between(Range{a.Cost.Low, a.Cost.High})), rows)
}

func (a *Answer) inputs(b *strings.Builder) {
	rows := [][]string{{"input", "change", "tightest head-room", "origin's peak"}}
	for i := range a.Sensitivity {
		s := &a.Sensitivity[i]
		rows = append(rows, []string{s.Input, signed(&s.Change), signed(&s.HeadroomChange) + " of the limit of " + s.Tightest, signed(&s.OriginChange)})
	}
	table(b, "What matters most", rows)
}

func (a *Answer) rehearsals(b *strings.Builder) {
	r := a.Rehearsal
	lines := [][]string{
		{"full bodies", figure.Plural(r.FullBody.Agents, "agent"), bits(r.FullBody.BPS), a.Cost.Currency + " " + between(r.FullBody.Cost), "by " + r.FullBody.By},
		{"requests only", figure.Plural(r.RequestsOnly.Agents, "agent"), perSecond(r.RequestsOnly.RPS), a.Cost.Currency + " " + between(r.RequestsOnly.Cost), "by " + r.RequestsOnly.By},
	}
	table(b, fmt.Sprintf("Rehearsal of the peak for %g min, %s players an agent (%s)", r.Minutes, figure.Thousands(int64(r.PlayersPerAgent)), r.Machine), lines)
	if r.Note != "" {
		fmt.Fprintf(b, "  %s\n", r.Note)
	}
}

// evidence is where a figure is from, with what makes it doubtful.
func evidence(source, seen string, unsure, old bool) string {
	parts := []string{source}
	if seen != "" {
		parts = append(parts, seen)
	}
	if unsure {
		parts = append(parts, "unsure")
	}
	if old {
		parts = append(parts, "older than 180 days")
	}
	return strings.Join(parts, ", ")
}

// between is a range, or one number where both are the same.
func between(r Range) string {
	low, high := worth(min(r.Low, r.High)), worth(max(r.Low, r.High))
	if low == high {
		return low
	}
	return low + " to " + high
}

// worth is an amount of money: cents matter only where there are few.
func worth(x float64) string {
	if math.Abs(x) >= 100 {
		if x < 0 {
			return "-" + figure.Thousands(int64(-x+.5))
		}
		return figure.Thousands(int64(x + .5))
	}
	return figure.Trim(x, 2)
}

// percent is a share, without decimals where it is large.
func percent(x float64) string {
	if x *= 100; math.Abs(x) < 100 {
		return figure.Trim(x, 1) + " %"
	}
	if x < 0 {
		return "-" + short(-x) + " %"
	}
	return short(x) + " %"
}

// signed is a change; nil = it cannot be said.
func signed(x *float64) string {
	switch {
	case x == nil:
		return "not known"
	case figure.Round(*x, 3) > 0:
		return "+" + percent(*x)
	}
	return percent(*x)
}
