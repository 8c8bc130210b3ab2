package history

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/nights"
	"hlsload/reports"
)

// ViewSchema names the format of a [View] as JSON.
const ViewSchema = "hlsload.history/v1"

// View is what the nights of a history show.
type View struct {
	Schema   string   `json:"schema"`
	Nights   int      `json:"nights"`
	From     string   `json:"from"` // start of the first night, RFC 3339; "" = there is none
	To       string   `json:"to"`   // and of the last
	Problems []string `json:"problems"`
	Damaged  []Damage `json:"damaged"` // the first of the lines that are not nights
	Doubles  int      `json:"doubles"`
	// Series are the nights that can be compared with one another: those of one key. That
	// with the newest night comes first, then the others of its scenario.
	Series []Series `json:"series"`
}

// Series is nights of one key.
type Series struct {
	Scenario string      `json:"scenario"`
	Key      reports.Key `json:"key"` // without settings
	// Former: the scenario has newer nights with another key. Differs is what the newest
	// ones have instead, as far as that is known: New is the value there.
	Former  bool                `json:"former"`
	Differs []nights.Difference `json:"differs"`
	// Partly: the settings of a run whose folder is gone are not known, so that Differs has
	// no more than what the lines have.
	Partly   bool    `json:"differs_partly"`
	Nights   []Night `json:"nights"`
	Measures []Trend `json:"measures"`
}

// Night is a row of a series.
type Night struct {
	Run       string        `json:"run"`  // its folder
	Kept      bool          `json:"kept"` // its folder is there
	RunID     string        `json:"run_id"`
	Started   string        `json:"started"` // RFC 3339, UTC
	DurationS reports.Value `json:"duration_s"`
	Seed      uint64        `json:"seed"`
	Build     string        `json:"build"`
	Release   string        `json:"release"` // of the stream; "" = not said
	Verdict   string        `json:"verdict"`
	Reason    string        `json:"reason"`
	ExitCode  int           `json:"exit_code"`
	Failed    []string      `json:"failed"`
	// Trend: it has figures, and so a part in trends and comparisons.
	Trend bool `json:"trend"`
	// Outcome is that of a comparison with the nights before it: same, worse, undecided or nothing; ""
	// = not compared. Worst is the finding that comes first in it.
	Outcome string `json:"outcome"`
	Why     string `json:"why"`
	Worst   *Worst `json:"worst"`
}

// Worst is what changed most of a night.
type Worst struct {
	Measure string       `json:"measure"`
	Unit    string       `json:"unit"`
	Worse   bool         `json:"worse"` // by more than chance
	Base    nights.Level `json:"base"`
	New     nights.Level `json:"new"`
	Change  nights.Level `json:"change"` // relative
}

// Trend is a measure over the nights of a series.
type Trend struct {
	Name    string         `json:"name"`
	Unit    string         `json:"unit"`
	Primary bool           `json:"primary"`
	Values  []nights.Level `json:"values"` // a value a night; null = none
	Changes []Change       `json:"changes"`
}

// Change is a change point: from a night on, a measure is another one.
type Change struct {
	Night   int          `json:"night"` // index of the first night after it
	Run     string       `json:"run"`   // its folder
	Started string       `json:"started"`
	Before  nights.Level `json:"before"` // medians, up to the next change points
	After   nights.Level `json:"after"`
	Change  nights.Level `json:"change"` // relative; null = there is none
	Worse   bool         `json:"worse"`  // else it is better
	P       nights.Level `json:"p"`      // of the t-test at this point
	// Build is hlsload's from that night on, and BuildBefore that of the night before.
	Build       string `json:"build"`
	BuildBefore string `json:"build_before"`
	// Release is the stream's from that night on, and ReleaseBefore that of the night
	// before; "" = not said.
	Release       string `json:"release"`
	ReleaseBefore string `json:"release_before"`
}

// Looking is what a view is made with.
type Looking struct {
	// Kept reports whether the folder of a run is there; nil = none is.
	Kept func(run string) bool
	// Settings are those of the run in a folder; nil = not known.
	Settings func(run string) map[string]string
	// Base is with how many nights before it a night is compared; 0 = with none.
	Base int
	// Compared is how many of the newest nights of a series are compared.
	Compared int
}

// mostTrend is how many nights of a series are looked at for change points: the newest.
const mostTrend = 4000

// Of is what a history shows.
func Of(h *History, o Looking) *View {
	v := &View{Schema: ViewSchema, Nights: len(h.Nights), Problems: append([]string{}, h.Problems()...), Damaged: append([]Damage{}, h.Damaged...), Doubles: h.Doubles, Series: []Series{}}
	if len(h.Nights) == 0 {
		return v
	}
	v.From, v.To = utc(&h.Nights[0]), utc(&h.Nights[len(h.Nights)-1])
	for _, of := range grouped(h.Nights) {
		v.Series = append(v.Series, o.series(of))
	}
	newest := map[string]*Series{}
	for i := range v.Series {
		s := &v.Series[i]
		first, there := newest[s.Scenario]
		if !there {
			newest[s.Scenario] = s
			continue
		}
		s.Former = true
		s.Differs, s.Partly = o.differs(s, first)
	}
	return v
}

func utc(n *nights.Night) string { return Start(n).Format(time.RFC3339) }

// grouped are the nights of each key of a scenario, in the order of a view.
func grouped(all []nights.Night) [][]*nights.Night {
	type group struct {
		scenario, key string
		nights        []*nights.Night
	}
	keys := map[string]string{} // the newest of a scenario
	for i := range all {
		if n := &all[i]; n.Key.Hash != "" {
			keys[n.Scenario] = n.Key.Hash
		}
	}
	groups := map[[2]string]*group{}
	for i := range all {
		n := &all[i]
		key := n.Key.Hash
		if key == "" && len(n.Measures) == 0 {
			key = keys[n.Scenario] // a run that never began has no key, and no part in trends
		}
		at := [2]string{n.Scenario, key}
		if groups[at] == nil {
			groups[at] = &group{scenario: n.Scenario, key: key}
		}
		groups[at].nights = append(groups[at].nights, n)
	}
	var sorted []*group
	newest := map[string]time.Time{}
	for _, g := range groups {
		if last := Start(g.nights[len(g.nights)-1]); last.After(newest[g.scenario]) {
			newest[g.scenario] = last
		}
		sorted = append(sorted, g)
	}
	slices.SortFunc(sorted, func(a, b *group) int {
		last := func(g *group) time.Time { return Start(g.nights[len(g.nights)-1]) }
		return cmp.Or(newest[b.scenario].Compare(newest[a.scenario]), cmp.Compare(a.scenario, b.scenario), last(b).Compare(last(a)), cmp.Compare(a.key, b.key))
	})
	var out [][]*nights.Night
	for _, g := range sorted {
		out = append(out, g.nights)
	}
	return out
}

func (o *Looking) series(of []*nights.Night) Series {
	last := of[len(of)-1]
	s := Series{Scenario: last.Scenario, Key: last.Key, Differs: []nights.Difference{}, Nights: make([]Night, len(of)), Measures: []Trend{}}
	for i := len(of) - 1; i >= 0 && s.Key.Hash == ""; i-- {
		s.Key = of[i].Key
	}
	compared := len(of) - o.Compared
	for i, n := range of {
		row := Night{Run: n.Run, RunID: n.RunID, Started: utc(n), DurationS: n.DurationS, Seed: n.Seed, Build: n.Build, Release: n.Release, Verdict: n.Verdict, Reason: n.Reason, ExitCode: n.ExitCode,
			Failed: append([]string{}, n.Failed...), Trend: inTrend(n)}
		row.Kept = Local(n) != "" && o.Kept != nil && o.Kept(Local(n))
		if i >= compared && o.Base > 0 {
			o.compare(&row, of[:i], n)
		}
		s.Nights[i] = row
	}
	s.Measures = trends(of)
	return s
}

// inTrend reports whether a night has figures that mean something.
func inTrend(n *nights.Night) bool {
	return n.Proves() && len(n.Measures) > 0
}

// compare compares a night with those before it.
func (o *Looking) compare(row *Night, before []*nights.Night, n *nights.Night) {
	var base []nights.Night
	for i := len(before) - 1; i >= 0 && len(base) < o.Base; i-- {
		if inTrend(before[i]) && !siblings(before[i], n) {
			base = append(base, *before[i])
		}
	}
	if len(base) == 0 || !row.Trend {
		return
	}
	slices.Reverse(base)
	c := nights.Compare(base, *n, nights.How{Nights: o.Base})
	row.Outcome, row.Why = c.Outcome, c.Reason
	if len(c.Findings) > 0 {
		f := &c.Findings[0]
		row.Worst = &Worst{Measure: f.Measure, Unit: f.Unit, Worse: f.Worse, Base: f.Base, New: f.New, Change: f.Change}
	}
}

// trends are the measures of a series: the primary ones first, else in the order of the
// newest night.
func trends(of []*nights.Night) []Trend {
	at := map[string]int{}
	all := []Trend{}
	for i := len(of) - 1; i >= 0; i-- {
		if !inTrend(of[i]) {
			continue
		}
		for k := range of[i].Measures {
			m := &of[i].Measures[k]
			j, ok := at[m.Name]
			if !ok {
				if len(all) == maxNames {
					continue
				}
				j = len(all)
				at[m.Name] = j
				all = append(all, Trend{Name: m.Name, Unit: m.Unit, Primary: m.Primary, Values: slices.Repeat([]nights.Level{nights.Level(math.NaN())}, len(of)), Changes: []Change{}})
			}
			all[j].Values[i] = level(m.Values)
		}
	}
	slices.SortStableFunc(all, func(a, b Trend) int {
		return -cmp.Compare(bit(a.Primary), bit(b.Primary))
	})
	for i := range all {
		if all[i].Primary {
			all[i].Changes = changes(&all[i], of)
		}
	}
	return all
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// level is the value of a night: the median of its occurrences.
func level(values []nights.Level) nights.Level {
	var known []float64
	for _, v := range values {
		if !math.IsNaN(float64(v)) {
			known = append(known, float64(v))
		}
	}
	return nights.Level(median(known))
}

// changes are the change points of a measure.
func changes(m *Trend, of []*nights.Night) []Change {
	var x []float64
	var index []int
	for i, v := range m.Values {
		if f := float64(v); !math.IsNaN(f) {
			x, index = append(x, f), append(index, i)
		}
	}
	first := max(0, len(x)-mostTrend)
	all := []Change{}
	for _, s := range splits(x[first:]) {
		i, before := index[first+s.at], index[first+s.at-1]
		c := Change{Night: i, Run: of[i].Run, Started: utc(of[i]), Before: nights.Level(s.before), After: nights.Level(s.after), P: nights.Level(s.p), Build: of[i].Build, BuildBefore: of[before].Build, Release: of[i].Release, ReleaseBefore: of[before].Release}
		c.Worse = (s.after < s.before) == (&nights.Measure{Name: m.Name}).LessIsWorse()
		c.Change = nights.Level(s.after/s.before - 1)
		if s.before == 0 || math.IsInf(s.before, 1) {
			c.Change = nights.Level(math.NaN())
		}
		all = append(all, c)
	}
	return all
}

// differs is what two series were made with that is not the same, and whether there may be
// more: settings are known as long as a folder is there.
func (o *Looking) differs(a, b *Series) (all []nights.Difference, partly bool) {
	old, now := a.Key, b.Key
	var oldKnown, nowKnown bool
	old.Settings, oldKnown = o.settings(a)
	now.Settings, nowKnown = o.settings(b)
	all = []nights.Difference{}
	for _, d := range nights.Differences(&old, &now) {
		if d.Base != "" || d.New != "" {
			all = append(all, d)
		}
	}
	return all, !oldKnown || !nowKnown
}

// settings are those of the newest run of a series whose folder is there.
func (o *Looking) settings(s *Series) (map[string]string, bool) {
	if o.Settings == nil {
		return nil, false
	}
	tries := 0
	for i := len(s.Nights) - 1; i >= 0 && tries < 3; i-- {
		if n := &s.Nights[i]; n.Kept {
			tries++
			if m := o.Settings(n.Run); m != nil {
				return m, true
			}
		}
	}
	return nil, false
}

// Newest is the last night of a series.
func (s *Series) Newest() *Night { return &s.Nights[len(s.Nights)-1] }

// Turn is a night from which on measures are others.
type Turn struct {
	Night  int // its index
	Points []Point
}

// Point is a change point of a measure.
type Point struct {
	Of *Trend
	*Change
}

// Turns are the change points of a series by night, the newest first.
func (s *Series) Turns() []Turn {
	at := map[int]*Turn{}
	var order []int
	for i := range s.Measures {
		for k := range s.Measures[i].Changes {
			c := &s.Measures[i].Changes[k]
			if at[c.Night] == nil {
				at[c.Night] = &Turn{Night: c.Night}
				order = append(order, c.Night)
			}
			at[c.Night].Points = append(at[c.Night].Points, Point{&s.Measures[i], c})
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(b, a) })
	var all []Turn
	for _, n := range order {
		all = append(all, *at[n])
	}
	return all
}

// InTrend is how many nights of a series have a part in trends.
func (s *Series) InTrend() int {
	n := 0
	for i := range s.Nights {
		if s.Nights[i].Trend {
			n++
		}
	}
	return n
}

// Words is a level for people.
func Words(l nights.Level, unit string) string {
	if math.IsInf(float64(l), 1) {
		return "never"
	}
	return reports.Unit(max(slices.Index(reports.UnitSymbols[:], unit), 0)).Format(reports.Value(l))
}
