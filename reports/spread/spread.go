package spread

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// Schema names the format of a summary of several seeds.
const Schema = "hlsload.seeds/v1"

// Summary is what is known about a scenario with several seeds.
type Summary struct {
	Schema   string           `json:"schema"`
	Scenario reports.Scenario `json:"scenario"`
	Mode     string           `json:"mode"`
	Target   string           `json:"target"`
	Build    string           `json:"build"`
	Started  string           `json:"started"` // RFC 3339, of the first seed
	Ended    string           `json:"ended"`   // RFC 3339, of the last
	// Verdict and ExitCode are those of the worst seed.
	Verdict      string        `json:"verdict"`
	Reason       string        `json:"reason"` // in words
	ExitCode     int           `json:"exit_code"`
	Seeds        []Seed        `json:"seeds"`
	Expectations []Expectation `json:"expectations"`
	Figures      []Figure      `json:"figures"`
}

// Seed is the result with one seed.
type Seed struct {
	Seed     uint64 `json:"seed"`
	Dir      string `json:"dir"` // of its files, in the directory of the summary
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason"`
	ExitCode int    `json:"exit_code"`
}

// Expectation is what became of an expectation.
type Expectation struct {
	Expr  string   `json:"expr"`
	Holds int      `json:"holds"` // seeds with which it holds
	Fails []uint64 `json:"fails"` // the others
	Spread
}

// Figure is a number that people read in the summary of each seed.
type Figure struct {
	Of   string `json:"of"` // what it is a figure of, such as "fault kill-0"
	Name string `json:"name"`
	Main bool   `json:"-"` // one of the first that people look at
	Spread
}

// Spread is the values of a figure. A value is null where the event never came, or where
// there was nothing to measure.
type Spread struct {
	Unit   string          `json:"unit"` // ms, share, bit/s, 1/s, B, or none
	Min    reports.Value   `json:"min"`
	Median reports.Value   `json:"median"` // of an even number the mean of the two in the middle
	Max    reports.Value   `json:"max"`
	Values []reports.Value `json:"values"` // in the order of the seeds
}

// Text writes a value of the spread for people.
func (s *Spread) Text(v reports.Value) string {
	if i := slices.Index(reports.UnitSymbols[:], s.Unit); i > 0 || !v.Known() {
		return reports.Unit(max(i, 0)).Format(v)
	}
	switch f := float64(v); {
	case s.Unit == bytes:
		return figure.Size(int64(f))
	case f == math.Trunc(f):
		return figure.Thousands(int64(f))
	default:
		return figure.Trim(f, 3)
	}
}

// Zero reports whether all values are 0, or missing.
func (s *Spread) Zero() bool {
	return !slices.ContainsFunc(s.Values, func(v reports.Value) bool { return v.Known() && v != 0 || math.IsInf(float64(v), 0) })
}

// derive fills in what follows from the values. What was not measured with a seed is left
// out; never is more than any number.
func (s *Spread) derive() {
	s.Min, s.Median, s.Max = reports.NoData, reports.NoData, reports.NoData
	known := slices.DeleteFunc(slices.Clone(s.Values), func(v reports.Value) bool { return math.IsNaN(float64(v)) })
	slices.Sort(known)
	if n := len(known); n > 0 {
		s.Min, s.Median, s.Max = known[0], (known[(n-1)/2]+known[n/2])/2, known[n-1]
	}
}

// order is the exit codes, the worst first (contract section 1).
var order = []int{reports.ExitFault, reports.ExitUnreachable, reports.ExitLost, reports.ExitTester, reports.ExitInterrupted, reports.ExitFail, reports.ExitPass}

// Of compares the summaries of one scenario, each with a seed of its own, whose files are
// in the directories of dirs. There is at least one.
func Of(all []*reports.Summary, dirs []string) *Summary {
	first := all[0]
	s := &Summary{Schema: Schema, Scenario: first.Scenario, Mode: first.Mode, Target: first.Target, Build: first.Build, Started: first.Started, Ended: first.Ended,
		Expectations: []Expectation{}, Figures: []Figure{}}
	worst := first
	for i, one := range all {
		s.Started, s.Ended = min(s.Started, one.Started), max(s.Ended, one.Ended)
		s.Seeds = append(s.Seeds, Seed{one.Seed, dirs[i], one.Verdict, one.Reason(), one.ExitCode})
		if slices.Index(order, one.ExitCode) < slices.Index(order, worst.ExitCode) {
			worst = one
		}
	}
	s.Verdict, s.ExitCode = worst.Verdict, worst.ExitCode
	s.Reason = s.reason()
	s.expectations(all)
	s.figures(all)
	return s
}

// reason says which seeds do not pass.
func (s *Summary) reason() string {
	var parts []string
	for _, v := range []struct{ verdict, one, more string }{
		{reports.Void, "is void", "are void"}, {reports.Interrupted, "was interrupted", "were interrupted"}, {reports.Fail, "fails", "fail"},
	} {
		var seeds []string
		why := ""
		for i := range s.Seeds {
			if one := &s.Seeds[i]; one.Verdict == v.verdict {
				seeds, why = append(seeds, fmt.Sprint(one.Seed)), cmp.Or(why, one.Reason)
			}
		}
		switch n := len(seeds); {
		case n == 1 && len(s.Seeds) == 1:
			parts = append(parts, fmt.Sprintf("seed %s %s: %s", seeds[0], v.one, why))
		case n == 1:
			parts = append(parts, fmt.Sprintf("1 of %d seeds %s, seed %s: %s", len(s.Seeds), v.one, seeds[0], why))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d of %d seeds %s: seeds %s", n, len(s.Seeds), v.more, listed(seeds)))
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case len(s.Seeds) == 1:
		return fmt.Sprintf("seed %d passes", s.Seeds[0].Seed)
	}
	return fmt.Sprintf("all %d seeds pass", len(s.Seeds))
}

// listed are some of the seeds.
func listed(seeds []string) string {
	const most = 10
	if len(seeds) > most {
		return strings.Join(seeds[:most], ", ") + fmt.Sprintf(" and %d more", len(seeds)-most)
	}
	return strings.Join(seeds[:len(seeds)-1], ", ") + " and " + seeds[len(seeds)-1]
}

// expectations are the same in all summaries, in the same order.
func (s *Summary) expectations(all []*reports.Summary) {
	for i := range all[0].Expectations {
		e := Expectation{Expr: all[0].Expectations[i].Expr, Fails: []uint64{}}
		for _, one := range all {
			x := &one.Expectations[i]
			e.Values = append(e.Values, x.Value)
			e.Unit = cmp.Or(e.Unit, x.Unit)
			if x.Pass {
				e.Holds++
			} else {
				e.Fails = append(e.Fails, one.Seed)
			}
		}
		e.derive()
		s.Expectations = append(s.Expectations, e)
	}
}

// figures collects the figures of all summaries. One that some seeds do not have is there
// without a value of these.
func (s *Summary) figures(all []*reports.Summary) {
	at := map[[2]string]int{}
	for i, one := range all {
		for _, r := range readings(one) {
			key := [2]string{r.of, r.name}
			k, known := at[key]
			if !known {
				k = len(s.Figures)
				at[key] = k
				s.Figures = append(s.Figures, Figure{Of: r.of, Name: r.name, Main: r.main, Spread: Spread{Unit: r.unit, Values: slices.Repeat([]reports.Value{reports.NoData}, len(all))}})
			}
			s.Figures[k].Values[i] = r.value
		}
	}
	for i := range s.Figures {
		s.Figures[i].derive()
	}
}

// WriteJSON writes summary.json of several seeds.
func (s *Summary) WriteJSON(w io.Writer) error { return reports.WriteObject(w, s) }
