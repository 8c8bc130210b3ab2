package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

// words are the outcomes as people see them.
var words = map[string]string{nights.Worse: "WORSE", nights.Same: "NOT WORSE", nights.Undecided: "UNDECIDED", nights.Nothing: "NOTHING TO COMPARE"}

// metrics in plain words; those about a fault go on with "of" or "after" it.
var metrics = map[string]struct{ name, fault string }{
	"failover":             {"time to fail over", "after"},
	"outage":               {"time without a picture", "after"},
	"detection":            {"time to notice", "of"},
	"failed_over":          {"share that failed over", "after"},
	"healed":               {"share that waited for the end", "of"},
	"recovered":            {"share that recovered", "from"},
	"never_recovered":      {"sessions that never recovered", "from"},
	"flapped_back":         {"share that went back to the fault", "of"},
	"edge_amplification":   {"requests to the edges, in multiples of those before", "after"},
	"origin_amplification": {"requests to the origin, in multiples of those before", "after"},
	"startup":              {"time to the first picture", ""},
	"stall":                {"length of stalls", ""},
	"live_latency":         {"live latency", ""},
	"rebuffer_ratio":       {"share of the time that was stalled", ""},
	"stalled":              {"share of sessions that stalled", ""},
	"startup_failed":       {"share of sessions without a picture", ""},
	"fatal":                {"share of sessions that ended by an error", ""},
	"bitrate":              {"bitrate", ""},
	"edge_rps":             {"requests to the edges", ""},
	"origin_rps":           {"requests to the origin", ""},
	"hit_ratio":            {"share of requests that the edges answered", ""},
	"request_errors":       {"share of requests that failed", ""},
}

// stats in plain words.
var stats = map[string]string{"p50": "median", "p90": "90th percentile", "p95": "95th percentile", "p99": "99th percentile", "max": "most", "min": "least", "mean": "mean"}

// plain is a measure in plain words; "" = there are none.
func plain(measure string) string {
	name, labels, _ := strings.Cut(strings.TrimSuffix(measure, "}"), "{")
	metric, stat, _ := strings.Cut(name, ".")
	m, ok := metrics[metric]
	if !ok {
		return ""
	}
	text := m.name
	for label := range strings.SplitSeq(labels, ",") {
		if fault, ok := strings.CutPrefix(label, "fault="); ok && m.fault != "" {
			text += " " + m.fault + " " + fault
		}
	}
	if s := stats[stat]; s != "" {
		text += ", " + s
	}
	return text
}

// short is a measure without the label that all headlines have.
func short(measure string) string {
	measure = strings.Replace(measure, ",joined=before}", "}", 1)
	return strings.Replace(measure, "{joined=before}", "", 1)
}

// level writes a value in its unit.
func level(l nights.Level, unit string) string {
	if math.IsNaN(float64(l)) {
		return "–"
	}
	return reports.Unit(max(slices.Index(reports.UnitSymbols[:], unit), 0)).Format(reports.Value(l))
}

// change says by how much a value changed: shares in points, others in per cent; "" = that
// is no number.
func change(f *nights.Finding) string {
	by, text := float64(f.Change), figure.Percent
	if f.Unit == reports.UnitSymbols[reports.Fraction] {
		by = float64(f.New) - float64(f.Base)
		text = func(f float64) string { return strings.TrimSuffix(figure.Percent(f), " %") + " points" }
	}
	switch {
	case math.IsNaN(by) || math.IsInf(by, 0):
		return ""
	case math.Abs(by) < 5e-5: // what would be written as 0
		return "±0"
	case by < 0:
		return "−" + text(-by)
	}
	return "+" + text(by)
}

// headline says what became of a measure: what, from, to.
func headline(f *nights.Finding) string {
	what := short(f.Measure)
	if p := plain(f.Measure); p != "" {
		what = p + " (" + what + ")"
	}
	s := what + ": " + level(f.New, f.Unit) + ", before " + level(f.Base, f.Unit)
	if by := change(f); by != "" && by != "±0" {
		s += " (" + by + ")"
	}
	return s
}

// sure says how sure the change of a measure is.
func sure(f *nights.Finding) string {
	values := fmt.Sprintf("%d against %s", f.NewCount, figure.Plural(f.BaseCount, "value"))
	switch f.Test {
	case nights.TestExact:
		return "certain: both simulations have the same seed"
	case nights.TestAlways:
		return f.Why
	case "":
		return ""
	}
	p := f.Adjusted
	if math.IsNaN(float64(p)) {
		p = f.P
	}
	if math.IsNaN(float64(p)) {
		return ""
	}
	s := "chance alone would do this in " + chance(float64(p)) + " of nights"
	if e := float64(f.Effect); !math.IsNaN(e) && f.BaseCount > 1 {
		s += fmt.Sprintf("; the new value is the worse one in %s of the pairs", figure.Percent(e))
	}
	return s + " (" + f.Test + " test, " + values + ")"
}

// chance is a probability for people.
func chance(p float64) string {
	if p < 1e-4 {
		return "less than 0.01 %"
	}
	return figure.Percent(p)
}

// whom says for whom a measure got worse.
func whom(f *nights.Finding) string {
	var parts []string
	for _, g := range f.Whom {
		parts = append(parts, fmt.Sprintf("%s (%s) %s, before %s", g.Of, g.Profile, level(g.New, f.Unit), level(g.Base, f.Unit)))
	}
	return strings.Join(parts, "; ")
}

// date is a start for people.
func date(started string) string {
	t, err := time.Parse(time.RFC3339, started)
	if err != nil {
		return started
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// ref is a run in a line.
func ref(r *nights.Ref) string {
	s := r.Run + ", " + date(r.Started) + ", seed " + fmt.Sprint(r.Seed)
	if r.Build != "" {
		s += ", " + r.Build
	}
	return s
}

// baseLine says what the new run was compared with.
func baseLine(c *nights.Comparison) string {
	n := len(c.Base)
	if n == 0 {
		return "nothing"
	}
	last := &c.Base[n-1]
	if n == 1 {
		return ref(last)
	}
	s := fmt.Sprintf("%s from %s to %s; the last one is %s", figure.Plural(n, "night"), date(c.Base[0].Started), date(last.Started), last.Run)
	if last.Build != "" {
		s += ", " + last.Build
	}
	return s
}

// row is a name and what it stands for.
type row struct {
	name, text string
	code       bool
}

// facts are the head of a comparison, after its outcome and reason.
func facts(c *nights.Comparison) (rows []row) {
	f := first(c)
	if f != nil {
		if s := sure(f); s != "" && s != c.Reason {
			rows = append(rows, row{name: "How sure", text: s})
		}
		if s := whom(f); s != "" {
			rows = append(rows, row{name: "For whom", text: s})
		}
		if f.Worst > 0 && f.NewCount > 1 {
			rows = append(rows, row{name: "Worst", text: fmt.Sprintf("occurrence %d of %d of the fault, in report.html of the new run", f.Worst, f.NewCount)})
		}
	}
	if c.Outcome == nights.Worse && c.Replay != "" {
		rows = append(rows, row{name: "Run again", text: c.Replay, code: true})
	}
	rows = append(rows, row{name: "New", text: ref(&c.New) + ", " + strings.ToUpper(c.New.Verdict)}, row{name: "Base", text: baseLine(c)})
	if f != nil && f.Since != "" && len(c.Base) > 1 {
		rows = append(rows, row{name: "Since", text: since(c, f)})
	}
	if c.Across != "" && len(c.Differences) > 0 && len(c.Base) > 0 {
		rows = append(rows, row{name: "Across", text: c.Across + ": " + differences(c)})
	}
	return rows
}

// since says from which night on it has been worse.
func since(c *nights.Comparison, f *nights.Finding) string {
	before := len(c.Base) - 1
	for before >= 0 && c.Base[before].Started >= f.Since {
		before--
	}
	s := "this night"
	if n := len(c.Base) - 1 - before; n > 0 {
		s = fmt.Sprintf("%s (%s of the base already)", date(f.Since), figure.Plural(n, "night"))
	}
	if before < 0 {
		return s
	}
	last := &c.Base[before]
	s += "; the last one without it was " + last.Run + ", " + date(last.Started)
	if last.Build != c.New.Build {
		s += ", by " + last.Build
	}
	return s
}

// differences are the first ones in a line.
func differences(c *nights.Comparison) string {
	const most = 4
	var parts []string
	for i, d := range c.Differences {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more", len(c.Differences)-most))
			break
		}
		parts = append(parts, d.Text())
	}
	return strings.Join(parts, ", ")
}

// first is the worst finding; nil = nothing got worse.
func first(c *nights.Comparison) *nights.Finding {
	if len(c.Findings) > 0 && c.Findings[0].Worse {
		return &c.Findings[0]
	}
	return nil
}

// reason is why the outcome is so, in a sentence.
func reason(c *nights.Comparison) string {
	f := first(c)
	if f == nil {
		return c.Reason
	}
	s := headline(f)
	if n := worse(c) - 1; n > 0 {
		s += "; " + figure.Plural(n, "other measure") + " got worse, too"
	}
	return s
}

// worse counts the measures that got worse.
func worse(c *nights.Comparison) (n int) {
	for i := range c.Findings {
		if c.Findings[i].Worse {
			n++
		}
	}
	return n
}

// result of a measure in a word.
func result(c *nights.Comparison, f *nights.Finding) string {
	switch {
	case f.Worse:
		return "WORSE"
	case f.Primary && c.Outcome == nights.Undecided:
		return "undecided"
	case f.Primary && doubtful(f):
		return "may be chance"
	case f.Primary:
		return "not worse"
	}
	return "shown only"
}

// doubtful reports whether a measure changed for the worse by more than people overlook,
// though not by more than chance.
func doubtful(f *nights.Finding) bool {
	if f.Test == nights.TestExact {
		return false
	}
	const tenth, point = .1, .01
	by, least := float64(f.Change), tenth
	if f.Unit == reports.UnitSymbols[reports.Fraction] {
		by, least = float64(f.New)-float64(f.Base), point
	}
	if (&nights.Measure{Name: f.Measure}).LessIsWorse() {
		by = -by
	}
	return by > least
}

// table has the measures: all, or those that decide.
func table(c *nights.Comparison, caption string, chosen func(f *nights.Finding) bool) *document.Table {
	t := &document.Table{Caption: caption, Head: []string{"measure", "result", "base", "new", "change", "by chance", "values"}, Words: map[int]bool{1: true}, Spare: []int{6, 5}, Sign: sign}
	for i := range c.Findings {
		f := &c.Findings[i]
		if !chosen(f) {
			continue
		}
		t.Add(short(f.Measure), result(c, f), level(f.Base, f.Unit), level(f.New, f.Unit), change(f), byChance(f), fmt.Sprintf("%d / %d", f.BaseCount, f.NewCount))
	}
	return t
}

// byChance is how likely such a change is without one of the stream.
func byChance(f *nights.Finding) string {
	if f.Test == nights.TestExact {
		return "exact"
	}
	for _, p := range []nights.Level{f.Adjusted, f.P} {
		if !math.IsNaN(float64(p)) {
			return chance(float64(p))
		}
	}
	return "–"
}

func sign(_, cell string) (sign, class string) {
	switch cell {
	case "WORSE":
		return "✕", "no"
	case "not worse":
		return "✓", "ok"
	}
	return "", ""
}

func deciding(f *nights.Finding) bool { return f.Primary || f.Worse }
func further(f *nights.Finding) bool  { return !deciding(f) }

// subject is what a measure is about, without its statistic.
func subject(measure string) string {
	name, labels, _ := strings.Cut(measure, "{")
	metric, _, _ := strings.Cut(name, ".")
	return metric + "{" + labels
}

// shifted is the finding that has the quantiles of the sessions for what got worst: another
// statistic may have them. nil = none has.
func shifted(c *nights.Comparison) *nights.Finding {
	worst := first(c)
	if worst == nil {
		return nil
	}
	for i := range c.Findings {
		if f := &c.Findings[i]; len(f.Shift) > 0 && subject(f.Measure) == subject(worst.Measure) {
			return f
		}
	}
	return nil
}

// shiftTable is how far quantiles of the sessions moved.
func shiftTable(f *nights.Finding) *document.Table {
	t := &document.Table{Caption: "Sessions: " + short(f.Measure), Head: []string{"quantile", "base", "new", "moved by", "at least", "at most"}, Spare: []int{4, 5}}
	for _, q := range f.Shift {
		t.Add(figure.Percent(q.Q), level(q.Base, f.Unit), level(q.New, f.Unit), moved(q.New-q.Base, f.Unit), moved(q.Low, f.Unit), moved(q.High, f.Unit))
	}
	return t
}

// moved writes a difference with its sign.
func moved(l nights.Level, unit string) string {
	switch f := float64(l); {
	case math.IsNaN(f) || math.IsInf(f, -1):
		return "–"
	case math.IsInf(f, 1):
		return reports.NeverText
	case f > 0:
		return "+" + level(l, unit)
	case f < 0:
		return "−" + level(-l, unit)
	}
	return "±0"
}

// leftOut are the runs that were not used, by their reason: a line each.
func leftOut(c *nights.Comparison) (lines []string) {
	var order []string
	by := map[string][]string{}
	for i := range c.Left {
		r := &c.Left[i]
		why := cmp.Or(r.Why, "not used")
		if by[why] == nil {
			order = append(order, why)
		}
		by[why] = append(by[why], r.Run)
	}
	const most = 3
	for _, why := range order {
		runs := by[why]
		text := strings.Join(runs[:min(len(runs), most)], ", ")
		if more := len(runs) - most; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		lines = append(lines, text+": "+why)
	}
	return lines
}

// differenceTable lists all differences of the keys.
func differenceTable(c *nights.Comparison) *document.Table {
	t := &document.Table{Caption: "What differs", Head: []string{"setting", "base", "new"}, Words: map[int]bool{1: true, 2: true}}
	for _, d := range c.Differences {
		t.Add(d.Path, cmp.Or(d.Base, "none"), cmp.Or(d.New, "none"))
	}
	return t
}

// pairs says what changed for whom, in sentences.
func pairs(c *nights.Comparison) []string {
	if c.Pairs == nil {
		return nil
	}
	return c.Pairs.Sentences(c.Replay)
}

// pairsTitle is the heading of what changed for whom.
func pairsTitle(c *nights.Comparison) string {
	return "Player by player: " + figure.Plural(c.Pairs.Players, "player") + " in both simulations"
}

// command parts a sentence that ends with a command; "" = it has none.
func command(s string) (before, command string) {
	if before, rest, ok := strings.Cut(s, ": hlsload "); ok {
		return before + ": ", "hlsload " + rest
	}
	return s, ""
}

// sentence gives a text a capital letter and a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if s[0] >= 'a' && s[0] <= 'z' {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return strings.TrimSuffix(s, ".") + "."
}

// proves says that nothing is proved, where it is so.
func proves(c *nights.Comparison) string {
	if c.New.Verdict == reports.Void || c.New.Verdict == reports.Interrupted {
		return "Figures of a run that is " + c.New.Verdict + " prove nothing, in either direction."
	}
	return ""
}
