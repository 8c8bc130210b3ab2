package openmetrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hlsload/chaos"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// Budget is how many series a run may have.
const Budget = 2000

// programSeries is how many series the program has beside those of the run (go_…,
// process_…), at most.
const programSeries = 60

// perHistogram is how many series a classic histogram has: its buckets, +Inf, sum and
// count.
const perHistogram = 12 + 3

// maxLags is how many agents have a histogram of their lag.
const maxLags = 32

// other is the label of what has no series of its own.
const other = "other"

// maxLabel bounds the length of a label's value, in bytes.
const maxLabel = 200

// Exporter makes the metrics of a run.
type Exporter struct {
	hide            func(string) string
	info            []string // labels of run_info
	cohorts, faults rows
	size            size
	wanted          int
	bounded         []string
}

// New returns an exporter of a run that cfg measures. hide takes secrets out of texts; nil
// = there are none.
func New(cfg *record.Config, hide func(string) string) *Exporter {
	x := &Exporter{hide: hide}
	if hide == nil {
		x.hide = func(s string) string { return s }
	}
	x.info = []string{cfg.RunID, x.label(cfg.Scenario.Name), cfg.Scenario.SHA256, strconv.FormatUint(cfg.Seed, 10), x.label(cfg.Build)}
	var cohorts, faults [][]string
	for i := range cfg.Cohorts {
		cohorts = append(cohorts, []string{x.label(cfg.Cohorts[i].Name), x.label(cfg.Cohorts[i].Profile)})
	}
	for i := range cfg.Faults {
		f := &cfg.Faults[i]
		pipeline := "any"
		if f.Pipeline != chaos.Any {
			pipeline = number(f.Pipeline)
		}
		faults = append(faults, []string{x.label(f.Name), string(f.Kind), pipeline})
	}
	x.cohorts, x.faults = rowsOf(cohorts, len(cohorts)), rowsOf(faults, len(faults))
	n := size{cohorts: len(x.cohorts.labels), faults: len(x.faults.labels), expectations: len(cfg.Expect) + 1, // viewers_served is always there
		pipelines: max(cfg.Pipelines, 1), agents: max(cfg.Agents, 1), several: min(cfg.Agents, 1)}
	n.ownLags = min(n.agents, maxLags)
	n.faultCohorts = n.cohorts
	x.wanted = n.series()
	x.bound(n)
	x.cohorts, x.faults = rowsOf(cohorts, x.size.cohorts), rowsOf(faults, x.size.faults)
	return x
}

// bound makes labels have fewer values until the series are few enough.
func (x *Exporter) bound(n size) {
	all := n
	for n.series() > Budget {
		switch most := max(n.cohorts, n.faults, n.expectations, n.ownLags); {
		case n.faultCohorts > 1:
			n.faultCohorts = 1
		case most <= 2:
			x.size = n
			return // pipelines and agents alone are too many
		case most == n.faults:
			n.faults /= 2
		case most == n.expectations:
			n.expectations /= 2
		case most == n.ownLags:
			n.ownLags /= 2
		default:
			n.cohorts /= 2
		}
	}
	x.size = n
	if n.faultCohorts < all.faultCohorts {
		x.bounded = append(x.bounded, "what faults do is not divided by cohort")
	}
	if n.ownLags < all.ownLags {
		x.bounded = append(x.bounded, fmt.Sprintf("only the %d slowest of %s agents have their lag", n.ownLags, figure.Thousands(int64(n.agents))))
	}
	few := func(most, all, own int, what, rest string) {
		if most < all {
			x.bounded = append(x.bounded, fmt.Sprintf("%d of %d %s have series of their own, %s", own, all, what, rest))
		}
	}
	few(n.faults, all.faults, n.faults-1, "faults", `the others are added up as "other"`)
	few(n.cohorts, all.cohorts, n.cohorts-1, "cohorts", `the others are added up as "other"`)
	few(n.expectations, all.expectations, n.expectations, "expectations", "the others have none")
}

// Series is how many series there are at most.
func (x *Exporter) Series() int { return x.size.series() }

// Warning says what was done about too many series; "" = there are not too many.
func (x *Exporter) Warning() string {
	if x.bounded == nil {
		return ""
	}
	return fmt.Sprintf("metrics: this scenario would have %s series, more than %s: %s", figure.Thousands(int64(x.wanted)), figure.Thousands(Budget), strings.Join(x.bounded, "; "))
}

// series counts the series of all metrics.
func (n *size) series() int {
	sum := programSeries
	for i := range Table {
		each := 1
		if Table[i].Type == Histogram {
			each = perHistogram
		}
		sum += each * Table[i].times(n)
	}
	return sum
}

// label is a text as the value of a label: without secrets, and not too long.
func (x *Exporter) label(s string) string {
	s = x.hide(s)
	return strings.ToValidUTF8(s[:min(len(s), maxLabel)], "")
}

// rows are what has series of its own, by its labels.
type rows struct {
	labels [][]string
	of     []int // the row of each index
}

// rowsOf makes at most so many rows; if those are too few, one of them is of all others.
// Equal names share a row; the name is the first label.
func rowsOf(all [][]string, most int) (r rows) {
	row := func(name string) int {
		return slices.IndexFunc(r.labels, func(labels []string) bool { return labels[0] == name })
	}
	for _, labels := range all {
		if row(labels[0]) < 0 {
			r.labels = append(r.labels, labels)
		}
	}
	if len(r.labels) > most {
		r.labels = slices.Clone(r.labels[:most-1])
		if row(other) < 0 {
			r.labels = append(r.labels, slices.Repeat([]string{other}, len(all[0])))
		}
	}
	for _, labels := range all {
		i := row(labels[0])
		if i < 0 {
			i = row(other)
		}
		r.of = append(r.of, i)
	}
	return r
}

func number(n int) string { return strconv.Itoa(n) }

// with is labels and one more.
func with(labels []string, value string) []string { return append(slices.Clip(labels), value) }
