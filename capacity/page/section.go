package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// section is a part of an answer, for all three outputs.
type section struct {
	id, title string
	about     string          // before the table
	table     *document.Table // nil = none
	said      []string        // after it
	more      []string        // after that, in files only
	draw      func(*document.Markup)
	fold      string // in HTML, the table is folded below these words; "" = it is not
}

// How many rows of the curve there are in each output.
const (
	rowsOfText     = 8
	rowsOfMarkdown = 24
	rowsOfHTML     = 60
)

// sections are the parts of an answer, with so many rows of the curve. A model that
// refuses has told its load and its error only.
func sections(a *answer.Answer, rows int) []*section {
	all := []*section{curve(a, rows), regions(a), load(a), prefixes(a)}
	if a.Model.Refused == "" {
		from := &sources{}
		all = append(all, quotas(a, from), mistakes(a), cost(a, from), sensitivity(a), rehearsal(a), model(a), from.section())
	} else {
		all = append(all, model(a))
	}
	return slices.DeleteFunc(all, func(s *section) bool { return s == nil })
}

// facts are what was asked, and the answer in a few figures.
func facts(a *answer.Answer) [][2]string {
	event := a.Event + ", scenario " + a.Scenario
	if at := starts(a); !at.IsZero() {
		event += ", starts " + at.Format("2006-01-02 15:04") + " UTC"
	}
	all := [][2]string{{"event", event}}
	if top := busiest(a); top != nil {
		all = append(all, [2]string{"busiest minute", fmt.Sprintf("at %s, %s viewers, %s and %s at the edge, %s at the origin (hit ratio %s)",
			clock(top.T), figure.Short(top.Viewers), figure.PerSecond(top.EdgeRPS), figure.BitRate(top.EdgeBPS), figure.PerSecond(top.OriginRPS), hits(top.HitRatio))})
	}
	if c := a.Cost; c != nil {
		all = append(all, [2]string{"cost", c.Currency + " " + between(answer.Range{Low: c.Low, High: c.High}) + priced(c, every)})
	}
	if a.Answered != "" {
		all = append(all, [2]string{"answered", a.Answered})
	}
	return all
}

// remarks are what to know before the figures are relied on, by what they are.
func remarks(a *answer.Answer) []remark {
	return []remark{{"Not in the figures", a.Notes}, {"Warning", a.Warnings}}
}

type remark struct {
	what  string
	lines []string
}

func every(string) bool { return true }

// starts is when the event starts; zero = not said.
func starts(a *answer.Answer) time.Time {
	at, _ := time.Parse(time.RFC3339, a.Starts)
	return at.UTC()
}

// busiest is the minute with the most requests at the edge.
func busiest(a *answer.Answer) (top *answer.Minute) {
	for i := range a.Minutes {
		if m := &a.Minutes[i]; top == nil || m.EdgeRPS > top.EdgeRPS {
			top = m
		}
	}
	return top
}

// sampled are every so many-th of the minutes, not many more than most of them, with the
// busiest and the last.
func sampled(all []answer.Minute, top *answer.Minute, most int) (of []*answer.Minute, step int) {
	step = max((len(all)+most-1)/most, 1)
	for i := range all {
		if m := &all[i]; i%step == 0 || m == top || i == len(all)-1 {
			of = append(of, m)
		}
	}
	return of, step
}

func curve(a *answer.Answer, rows int) *section {
	if len(a.Minutes) == 0 {
		return nil
	}
	of, step := sampled(a.Minutes, busiest(a), rows)
	s := &section{id: "curve", title: "Over time", about: "Times are of the event, with - before its start. Each row is the mean of a minute"}
	if step > 1 {
		s.about += fmt.Sprintf(": every %s, the busiest and the last", ordinal(step))
	}
	s.about += "."
	t := &document.Table{Caption: "The audience and its load over time", Head: []string{"minute", "UTC", "viewers", "edge", "data rate", "origin", "hit ratio"}}
	began := starts(a)
	for _, m := range of {
		utc := ""
		if !began.IsZero() {
			utc = began.Add(time.Duration(m.T * float64(time.Second))).Format("2006-01-02 15:04")
		}
		t.Add(clock(m.T), utc, figure.Short(m.Viewers), figure.PerSecond(m.EdgeRPS), figure.BitRate(m.EdgeBPS), figure.PerSecond(m.OriginRPS), hits(m.HitRatio))
	}
	s.table, s.fold = t.WithoutZeros(), "In figures"
	s.draw = drawCurve(a)
	return s
}

func regions(a *answer.Answer) *section {
	if len(a.Minutes) == 0 || len(a.Minutes[0].ByRegion) < 2 {
		return nil
	}
	tops := slices.Clone(a.Minutes[0].ByRegion) // the highest of each figure
	at := make([]float64, len(tops))
	for i := range a.Minutes {
		for k := range a.Minutes[i].ByRegion[:min(len(tops), len(a.Minutes[i].ByRegion))] {
			r, top := &a.Minutes[i].ByRegion[k], &tops[k]
			if i == 0 || r.EdgeBPS > top.EdgeBPS {
				at[k] = a.Minutes[i].T
			}
			top.Viewers, top.EdgeRPS, top.EdgeBPS = max(top.Viewers, r.Viewers), max(top.EdgeRPS, r.EdgeRPS), max(top.EdgeBPS, r.EdgeBPS)
		}
	}
	t := &document.Table{Caption: "The highest of each region", Head: []string{"region", "viewers", "edge", "data rate", "at"}}
	for k, top := range tops {
		t.Add(top.Name, figure.Short(top.Viewers), figure.PerSecond(top.EdgeRPS), figure.BitRate(top.EdgeBPS), clock(at[k]))
	}
	return &section{id: "regions", title: "By region", about: "The highest minute of each figure; the time is that of the data rate.", table: t, draw: drawRegions(a)}
}

// load is the busiest minute, and each fault beside what would be without it.
func load(a *answer.Answer) *section {
	t := &document.Table{Caption: "Load at the worst minute", Head: []string{"load", "at", "viewers", "affected", "edge", "data rate", "origin", "hit ratio", "lasts"}}
	if top := busiest(a); top != nil {
		t.Add("busiest minute", clock(top.T), figure.Short(top.Viewers), "", figure.PerSecond(top.EdgeRPS), figure.BitRate(top.EdgeBPS), figure.PerSecond(top.OriginRPS), hits(top.HitRatio), "")
	}
	for i := range a.Worst {
		w, b := &a.Worst[i], &a.Worst[i].Before
		t.Add("before "+w.Fault, clock(w.At), figure.Short(w.Viewers), "", figure.PerSecond(b.EdgeRPS), figure.BitRate(b.EdgeBPS), figure.PerSecond(b.OriginRPS), hitRatio(b.EdgeRPS, b.OriginRPS), "")
		t.Add("in "+w.Fault, clock(w.At), figure.Short(w.Viewers), percent(w.Affected), figure.PerSecond(w.EdgeRPS), figure.BitRate(w.EdgeBPS), figure.PerSecond(w.OriginRPS), "", fmt.Sprintf("%.0f s", w.Lasts))
	}
	s := &section{id: "load", title: "Faults at the worst minute", table: t.WithoutZeros(), draw: drawFaults(a),
		about: "The busiest minute is a mean. In a fault stand the highest rates over a target duration, each at its own time; it lasts until edge and origin are within a tenth of the load before."}
	if len(a.Worst) == 0 {
		s.title, s.about = "The busiest minute", "The scenario has no fault that can be simulated."
	}
	return s
}

// prefixes are what the origin's busiest second asks of each prefix, where there are more.
func prefixes(a *answer.Answer) *section {
	type row struct {
		fault, prefix string
		rate          float64
	}
	var rows []row
	several := false
	for i := range a.Worst {
		w := &a.Worst[i]
		several = several || len(w.OriginByPrefix) > 1
		for prefix, rate := range w.OriginByPrefix {
			rows = append(rows, row{w.Fault, prefix, rate})
		}
	}
	if !several {
		return nil
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(a.fault, b.fault), cmp.Compare(a.prefix, b.prefix))
	})
	const most = 12
	s := &section{id: "prefixes", title: "The origin by prefix", about: "In the origin's busiest second of each fault."}
	s.table = &document.Table{Caption: "Requests by prefix", Head: []string{"prefix", "fault", "origin"}, Words: map[int]bool{1: true}}
	for _, r := range rows[:min(len(rows), most)] {
		s.table.Add(r.prefix, r.fault, figure.PerSecond(r.rate))
	}
	if more := len(rows) - most; more > 0 {
		s.said = append(s.said, fmt.Sprintf("%d more have fewer requests.", more))
	}
	return s
}

func quotas(a *answer.Answer, from *sources) *section {
	s := &section{id: "quotas", title: "Head-room of the quotas", draw: drawHeadroom(a),
		about: fmt.Sprintf("Head-room is what the peak with the margin of %g leaves of the limit; below 0 %% the limit is too low. Largest audience: the most viewers with which the margin is kept.", a.Margin)}
	if len(a.Quotas) == 0 {
		s.about = "No quota of this kind of origin is known."
		return s
	}
	largest := map[string]string{}
	for _, l := range a.Largest {
		largest[l.Quota] = "no bound"
		if l.Viewers != nil {
			largest[l.Quota] = figure.Thousands(int64(*l.Viewers))
		}
	}
	s.table = &document.Table{Caption: "Quotas", Head: []string{"quota", "limit", "peak", "in", "head-room", "exceeded", "adjustable", "largest audience", "source"},
		Words: map[int]bool{3: true, 5: true, 6: true, 8: true}, Sign: sign}
	for i := range a.Quotas {
		x := &a.Quotas[i]
		name, in, exceeded := x.Name, "audience", "never"
		if x.Prefix != "" && x.Prefix != "all" {
			name += ", " + x.Prefix
		}
		if x.By != "" {
			in = "fault " + x.By
		}
		if x.ExceededAt != nil {
			exceeded = clock(*x.ExceededAt)
			if x.ExceededBy != "" {
				exceeded += " in fault " + x.ExceededBy
			}
		}
		s.table.Add(name, x.Amount(x.Limit), x.Amount(x.Peak), in, percent(x.Headroom), exceeded, x.Adjustable, largest[x.Name], from.cell(x.Source, x.Seen, x.Unsure, x.Old))
		line := fmt.Sprintf("%s: %s, each %s", x.Name, x.What, x.Scope)
		if x.Note != "" {
			line += "; " + flat(x.Note)
		}
		s.more = append(s.more, line+".")
	}
	return s
}

func mistakes(a *answer.Answer) *section {
	m := a.Mistakes
	var has []string
	s := &section{id: "mistakes", title: "Both numbers: the plan, and each mistake alone", draw: drawMistakes(a)}
	s.table = &document.Table{Caption: "What reaches the origin", Head: []string{"plan", "origin", "in the worst fault", "hit ratio", "costs more, " + a.Cost.Currency, "tightest quota", "head-room"},
		Words: map[int]bool{2: true, 5: true}, Sign: sign}
	row := func(name string, c *answer.Case) {
		fault := "no fault"
		if c.Fault != "" {
			fault = figure.PerSecond(c.FaultRPS) + " in " + c.Fault
		}
		s.table.Add(name, figure.PerSecond(c.OriginRPS), fault, hits(c.HitRatio), between(c.Extra), quota(a, c.Tightest), percent(c.Headroom))
	}
	worst := m.Right
	for i := range m.Each {
		x := &m.Each[i]
		if x.Has {
			has = append(has, x.Name)
		}
		worst.OriginRPS, worst.FaultRPS = max(worst.OriginRPS, x.OriginRPS), max(worst.FaultRPS, x.FaultRPS)
	}
	row("as it is", &m.AsIs)
	s.about = fmt.Sprintf("The plan has none of the mistakes: the origin gets %s. With one of them it would get up to %s.", gets(&m.AsIs), gets(&worst))
	if has != nil {
		s.about = fmt.Sprintf("The plan has %s (%s): the origin gets %s. Without, it would get %s.", figure.Plural(len(has), "mistake"), strings.Join(has, ", "), gets(&m.AsIs), gets(&m.Right))
		row("without mistakes", &m.Right)
	}
	for i := range m.Each {
		x := &m.Each[i]
		name := x.Name
		if x.Has {
			name += " (the plan has it)"
		}
		row(name, &x.Case)
		s.more = append(s.more, fmt.Sprintf("%s: %s. Right: %s.", x.Name, x.What, x.Fix))
	}
	if mark := priced(a.Cost, every); mark != "" {
		s.said = append(s.said, "Costs are of prices that are doubtful"+mark+": see Cost.")
	}
	return s
}

// gets is what reaches the origin in words.
func gets(c *answer.Case) string {
	if c.Fault == "" {
		return figure.PerSecond(c.OriginRPS)
	}
	return figure.PerSecond(c.OriginRPS) + " in the busiest minute and " + figure.PerSecond(c.FaultRPS) + " in the worst fault"
}

func cost(a *answer.Answer, from *sources) *section {
	c := a.Cost
	total := between(answer.Range{Low: c.Low, High: c.High})
	s := &section{id: "cost", title: fmt.Sprintf("Cost: %s %s%s", c.Currency, total, priced(c, every)), said: []string{"Not in it: " + strings.Join(c.Without, ", ") + "."}}
	s.table = &document.Table{Caption: "Items", Head: []string{"item", "region", "quantity", c.Currency, "source"}, Words: map[int]bool{1: true, 4: true}, Sign: sign}
	for i := range c.Items {
		x := &c.Items[i]
		s.table.Add(x.Name, x.Region, figure.Short(x.Quantity)+" "+x.Unit, between(answer.Range{Low: x.Low, High: x.High}), from.cell(x.Source, x.Seen, x.Unsure, x.Old))
	}
	s.table.Add("in all", "", "", total, strings.TrimSpace(priced(c, every)))
	return s
}

func sensitivity(a *answer.Answer) *section {
	if len(a.Sensitivity) == 0 {
		return nil
	}
	s := &section{id: "sensitivity", title: "What matters most", draw: drawSensitivity(a), about: "Each input alone, a fifth more and less, or by the next whole number. The change of the head-room is a share of the limit."}
	s.table = &document.Table{Caption: "Sensitivity", Head: []string{"input", "change", "tightest head-room", "of quota", "origin's peak"}, Words: map[int]bool{3: true}}
	for i := range a.Sensitivity {
		x := &a.Sensitivity[i]
		s.table.Add(x.Input, signed(&x.Change), signed(&x.HeadroomChange), quota(a, x.Tightest), signed(&x.OriginChange))
	}
	s.fold = "In figures"
	return s
}

func rehearsal(a *answer.Answer) *section {
	r := a.Rehearsal
	s := &section{id: "rehearsal", title: fmt.Sprintf("Rehearsal of the peak for %g min", r.Minutes),
		about: fmt.Sprintf("%s viewers, %s players an agent (%s).", figure.Thousands(int64(r.Viewers)), figure.Thousands(int64(r.PlayersPerAgent)), flat(r.Machine))}
	mark := priced(a.Cost, func(name string) bool { return strings.HasPrefix(name, "cloudfront.") })
	s.table = &document.Table{Caption: "Agents and cost", Head: []string{"with", "agents", "needed by", "load", a.Cost.Currency}, Words: map[int]bool{2: true}}
	s.table.Add("full bodies", figure.Thousands(int64(r.FullBody.Agents)), r.FullBody.By, figure.BitRate(r.FullBody.BPS), between(r.FullBody.Cost)+mark)
	s.table.Add("requests only", figure.Thousands(int64(r.RequestsOnly.Agents)), r.RequestsOnly.By, figure.PerSecond(r.RequestsOnly.RPS), between(r.RequestsOnly.Cost)+mark)
	if r.Note != "" {
		s.said = append(s.said, flat(r.Note)+".")
	}
	return s
}

func model(a *answer.Answer) *section {
	m := &a.Model
	s := &section{id: "model", title: "The model's own error", about: "It predicted a simulation that it has not seen. Where it is too far off, it refuses to answer."}
	s.table = &document.Table{Caption: "Compared with a simulation", Head: []string{"figure", "predicted too high by"}}
	s.table.Add("edge", signed(m.EdgeError))
	s.table.Add("origin", signed(m.OriginError))
	s.table.Add("peaks in the fault", signed(m.PeakError))
	return s
}

// sign marks in HTML what is too little, and what is doubtful.
func sign(head, cell string) (sign, class string) {
	switch {
	case head == "head-room" && strings.HasPrefix(cell, "-"):
		return "✕", "no"
	case head == "exceeded" && cell != "never":
		return "✕", "no"
	case head == "source" && strings.Contains(cell, "("):
		return "?", "doubt"
	}
	return "", ""
}
