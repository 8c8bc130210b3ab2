package openmetrics

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// Run is what is known of a run at one instant.
type Run struct {
	At     time.Duration
	Sums   *record.Sums
	Agents []Agent
	Over   *reports.Summary // nil = the run goes on
}

// Agent is a program that carries players.
type Agent struct {
	Name        string
	Up          bool
	Lag         reports.Histogram // how much later than due its requests were sent
	Compared    bool              // its clock was compared with that of the conductor
	ClockOffset time.Duration     // the conductor's clock minus its own
}

// Local is the agent of a run on one machine.
const Local = "local"

// Alone is an instant of what one agent carries; its name is "" when there is no other one.
func Alone(agent string, at time.Duration, sums *record.Sums, over *reports.Summary) *Run {
	a := Agent{Name: cmp.Or(agent, Local), Up: true}
	for k := range sums.Requests {
		a.Lag.Merge(&sums.Requests[k].Lag)
	}
	return &Run{At: at, Sums: sums, Agents: []Agent{a}, Over: over}
}

// Final is what a run has recorded; over is its summary, nil = it is not made yet.
func Final(p *record.Part, over *reports.Summary) *Run {
	r := &Run{At: p.At, Sums: p.Sums(), Over: over}
	several := slices.ContainsFunc(p.Testers, func(t record.Tester) bool { return t.Agent != "" })
	if several {
		r.Sums.Coarsen() // as while the run went on: no bucket may have less now
	}
	for i := range p.Testers {
		t := &p.Testers[i]
		if several && t.Agent == "" && t.Sessions == 0 {
			continue // the conductor, without players
		}
		a := Agent{Name: cmp.Or(t.Agent, Local), Up: true}
		for set := range t.Lag {
			a.Lag.Merge(&t.Lag[set])
		}
		r.Agents = append(r.Agents, a)
	}
	return r
}

// Collector makes the metrics of an instant whenever they are asked for. now may return
// nil: then there are none.
func (x *Exporter) Collector(now func() *Run) prometheus.Collector { return &collector{x: x, now: now} }

type collector struct {
	x   *Exporter
	now func() *Run
	mu  sync.Mutex // histograms are read by one at a time
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for i := range Table {
		to <- Table[i].desc
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.now()
	if r == nil {
		return
	}
	v := c.x.view(r)
	for i := range Table {
		if m := &Table[i]; !m.AtEnd || r.Over != nil {
			m.of(v, &samples{m, to})
		}
	}
}

// view is an instant, added up by what has series of its own.
type view struct {
	*Run
	x       *Exporter
	cohorts []record.CohortSums
	faults  []faultSums
	agents  []Agent // by name
}

type faultSums struct {
	on      bool
	cohorts []record.FaultCohortSums // one of all cohorts, or like those that have series of their own
}

func (x *Exporter) view(r *Run) *view {
	v := &view{Run: r, x: x, cohorts: make([]record.CohortSums, len(x.cohorts.labels)), faults: make([]faultSums, len(x.faults.labels)), agents: x.agents(r)}
	for i := range r.Sums.Cohorts {
		reports.Add(&v.cohorts[x.cohorts.of[i]], &r.Sums.Cohorts[i])
	}
	for i := range v.faults {
		v.faults[i].cohorts = make([]record.FaultCohortSums, x.size.faultCohorts)
	}
	for i := range r.Sums.Faults {
		from, to := &r.Sums.Faults[i], &v.faults[x.faults.of[i]]
		to.on = to.on || from.On
		for k := range from.Cohorts {
			row := 0
			if len(to.cohorts) > 1 {
				row = x.cohorts.of[k]
			}
			reports.Add(&to.cohorts[row], &from.Cohorts[k])
		}
	}
	return v
}

// agents are those of an instant by name, with what the summary says of them. Equal names
// are one.
func (x *Exporter) agents(r *Run) []Agent {
	all := map[string]*Agent{}
	of := func(name string) *Agent {
		name = x.label(name)
		a := all[name]
		if a == nil {
			a = &Agent{Name: name, Up: true}
			all[name] = a
		}
		return a
	}
	for i := range r.Agents {
		from := &r.Agents[i]
		to := of(from.Name)
		to.Up = to.Up && from.Up
		to.Lag.Merge(&from.Lag)
		to.compare(from.Compared, from.ClockOffset)
	}
	if r.Over != nil {
		for i := range r.Over.Agents {
			from := &r.Over.Agents[i]
			to := of(from.Name)
			to.Up = to.Up && !from.LostAtS.Known()
			to.compare(from.ClockOffsetMs.Known(), time.Duration(float64(from.ClockOffsetMs)*float64(time.Millisecond)))
		}
	}
	var list []Agent
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, *all[name])
	}
	return list
}

// compare takes an offset of the clock, if it is known and larger.
func (a *Agent) compare(known bool, offset time.Duration) {
	if known && offset.Abs() >= a.ClockOffset.Abs() {
		a.Compared, a.ClockOffset = true, offset
	}
}

// most are the agents that have most of something, as many as may have series of their own.
func (v *view) most(of func(*Agent) float64) []*Agent {
	type one struct {
		*Agent
		n float64
	}
	var all []one
	for i := range v.agents {
		a := &v.agents[i]
		all = append(all, one{a, of(a)})
	}
	slices.SortStableFunc(all, func(a, b one) int { return cmp.Compare(b.n, a.n) }) // none, NaN, is last
	var most []*Agent
	for _, a := range all[:min(len(all), v.x.size.ownLags)] {
		most = append(most, a.Agent)
	}
	return most
}

func (v *view) eachCohort(f func(c *record.CohortSums, labels ...string)) {
	for i := range v.cohorts {
		f(&v.cohorts[i], v.x.cohorts.labels[i]...)
	}
}

// eachEffect calls f with what each fault did to each cohort; the labels of the cohort are
// empty where faults are not divided by it.
func (v *view) eachEffect(f func(e *record.FaultCohortSums, labels ...string)) {
	for i := range v.faults {
		name, cohorts := v.x.faults.labels[i][0], v.faults[i].cohorts
		for k := range cohorts {
			cohort := []string{"", ""}
			if v.x.size.faultCohorts > 1 || len(v.x.cohorts.labels) == 1 {
				cohort = v.x.cohorts.labels[k]
			}
			f(&cohorts[k], name, cohort[0], cohort[1])
		}
	}
}

func (v *view) eachExpectation(f func(r *reports.ExpectationResult, text string)) {
	seen := map[string]bool{}
	for i := range v.Over.Expectations {
		r := &v.Over.Expectations[i]
		text := v.x.label(r.Expr)
		if seen[text] || len(seen) == v.x.size.expectations {
			continue
		}
		seen[text] = true
		if !r.NotMeasured {
			f(r, text)
		}
	}
}

// inBaseUnit is a measured value in the base unit of metrics.
func inBaseUnit(r *reports.ExpectationResult) float64 {
	if r.Unit == reports.UnitSymbols[reports.Milliseconds] {
		return float64(r.Value) / 1000
	}
	return float64(r.Value)
}

// maxCodes is how many codes there are.
const maxCodes = 45

// good is the code of good answers.
const good = "2xx"

// usual are the codes that are there from the start: the first increase of a counter that
// was not there is lost for rate().
var usual = []string{good, "404", "503", player.Timeout.String()}

// ownCodes are the statuses with a code of their own.
var ownCodes = []string{"400", "401", "403", "404", "408", "410", "412", "416", "429", "500", "502", "503", "504"}

// code is the code of an error, by what was wrong with the answer.
func code(why string) string {
	if len(why) != 3 || why[0] < '0' || why[0] > '9' || slices.Contains(ownCodes, why) {
		return why
	}
	if c := why[:1] + "xx"; c == "4xx" || c == "5xx" {
		return c
	}
	return other
}

func requests(v *view, out *samples) {
	for k := range m3u8.Kinds {
		r := &v.Sums.Requests[k]
		n := map[string]int64{}
		for _, c := range usual {
			n[c] = 0
		}
		n[good] = r.Answers
		for _, why := range slices.Sorted(maps.Keys(r.Why)) {
			count := r.Why[why]
			if why == player.Mismatch.String() { // the playlist contradicts an earlier one; its answer was good
				continue
			}
			c := v.x.label(code(why))
			if _, ok := n[c]; !ok && len(n) >= maxCodes-1 {
				c = other // an agent may say anything
			}
			n[c] += count
			n[good] -= count
		}
		for _, c := range slices.Sorted(maps.Keys(n)) {
			out.value(float64(n[c]), k.String(), c)
		}
	}
}
