package scenarios

import (
	"go.yaml.in/yaml/v4"

	"hlsload/reports/expect"
)

// expectations reads a list of expectations or stop conditions.
func (d *decoder) expectations(v value, sc *Scenario, stop bool) []*expect.Expectation {
	known := expect.Known{Stop: stop, Duration: sc.Duration}
	if sc.AWS != nil {
		known.Alerts = sc.AWS.Channel != ""
		for _, a := range sc.AWS.Alarms {
			known.Alarms = append(known.Alarms, a.Name)
		}
	}
	for i := range sc.Chaos {
		known.Faults = append(known.Faults, sc.Chaos[i].Name)
	}
	for _, c := range sc.Fleet.Audience.Cohorts {
		known.Cohorts = append(known.Cohorts, c.Name)
		known.Profiles = append(known.Profiles, c.Profile)
	}
	var out []*expect.Expectation
	windows := 0
	for _, item := range v.list() {
		text, ok := item.text()
		if !ok {
			continue
		}
		e, problems := expect.Parse(text.Value, known)
		for _, p := range problems {
			if d.filled[item.n] {
				item.foreign(p.String())
				break // the others would say the same
			}
			item.column(p.Column).problem("%s", p)
		}
		if e != nil {
			e.Text = text.Raw
			if d.from[item.n] == "" {
				e.Line = item.n.Line
			}
			out = append(out, e)
			before := windows
			if windows = expect.WindowsOf(out, sc.Duration); before <= expect.MostWindows && windows > expect.MostWindows {
				item.problem("each: the conditions up to here have %d windows together (want at most %d: longer ones, or fewer conditions)", windows, expect.MostWindows)
			}
		}
	}
	return out
}

// within moves the position of a scalar to a column of its text, where the
// text stands in the file as it is.
func (v value) column(column int) value {
	n := *v.n
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		n.Column += column
	default:
		n.Column += column - 1
	}
	from := v.d.from[v.n]
	v.n = &n
	if from != "" {
		v.d.from[v.n] = from
	}
	return v
}
