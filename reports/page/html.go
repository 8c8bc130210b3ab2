package page

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
)

//go:embed report.js
var reportJS string

// page is report.html under construction.
type page struct{ document.Markup }

// table writes a table with signs before what is good or bad.
func (p *page) table(t *document.Table) {
	t.Sign = sign
	p.Table(t)
}

func sign(head, cell string) (sign, class string) {
	switch {
	case cell == "NO" && head == "agrees", cell == "FAILS":
		return "✕", "no"
	case cell == "yes" && head == "agrees", cell == "holds":
		return "✓", "ok"
	case cell == "CHANGED":
		return "!", "no"
	}
	return "", ""
}

// document is the file that a page is in.
func (p *page) document(title string, data *chartData) *document.Document {
	return &document.Document{Title: title, Body: &p.Markup, Data: data, Script: reportJS}
}

// WriteHTML writes report.html.
func WriteHTML(s *reports.Summary, w io.Writer) error { return writeHTML(s, nil, w) }

func writeHTML(s *reports.Summary, before *Earlier, w io.Writer) error {
	p := &page{}
	htmlVerdict(s, p)
	if before != nil {
		before.html(p)
	}
	if !unbegun(s) {
		htmlContents(s, p)
		if len(s.Faults) > 0 {
			p.Raw(`<div id="faults">` + "\n")
			for i := range s.Faults {
				htmlFault(s, p, i)
			}
			p.Raw("</div>\n")
		}
		htmlExpectations(s, p)
		htmlTimeline(s, p)
		htmlSpeed(s, p)
		htmlTables(s, p)
	}
	return p.document(strings.ToUpper(s.Verdict)+" · "+s.Scenario.Name+" · hlsload", chartDataOf(s)).Write(w)
}

var verdictWords = map[string]string{reports.Pass: "✓ Pass", reports.Fail: "✕ Fail", reports.Void: "! Void", reports.Interrupted: "! Interrupted"}

func htmlVerdict(s *reports.Summary, p *page) {
	p.Raw(`<header class="card verdict ` + s.Verdict + `">` + "\n")
	p.Tag("h1", "", verdictWords[s.Verdict])
	if line := outcome(s); line != "" {
		p.Tag("p", "reason", line)
		p.Tag("p", "because", sentence(s.Reason()))
	} else {
		p.Tag("p", "reason", sentence(s.Reason()))
	}
	if s.Verdict == reports.Void && !unbegun(s) {
		p.Tag("p", "", "The figures below were measured, but prove nothing.")
	}
	head := facts(s)
	for i := range head {
		head[i].lines = slices.Clone(head[i].lines)
		for k, line := range head[i].lines {
			head[i].lines[k] = advice(line) // the card of the fault has all of it
		}
	}
	p.facts(head)
	if failed := s.Failed(); len(failed) > 1 || len(failed) == 1 && (s.Verdict != reports.Fail || len(s.Unmeasured()) > 0) {
		htmlConditions(p, failed, "does not hold")
	}
	if unmeasured := s.Unmeasured(); len(unmeasured) > 1 || len(unmeasured) == 1 && (len(s.Failed()) > 0 || s.Verdict != reports.Fail) {
		htmlConditions(p, unmeasured, "was not measured")
	}
	if line := s.KnownLine(); line != "" {
		p.Tag("p", "", sentence(line))
	}
	p.Tag("p", "soft", headline(s)+" · "+audience(s)+" · exit code "+fmt.Sprint(s.ExitCode))
	p.Raw("</header>\n")
	if len(s.Warnings) > 0 {
		p.Raw(`<section class="card warnings" aria-label="Warnings">` + "\n")
		p.Tag("h3", "", "Warnings")
		p.Raw("<ul>\n")
		for _, warning := range s.Warnings {
			p.Tag("li", "", warning)
		}
		p.Raw("</ul>\n</section>\n")
	}
}

// facts writes names and what they stand for.
func (p *page) facts(all []fact) {
	p.Raw(`<dl class="facts">` + "\n")
	for _, f := range all {
		p.Tag("dt", "", f.name)
		p.Open("dd", map[bool]string{true: "half"}[f.half])
		switch {
		case f.code:
			p.Tag("code", "", f.text)
		case len(f.lines) > 1:
			p.Raw("<ol>\n")
			for _, line := range f.lines {
				p.Tag("li", "", line)
			}
			p.Raw("</ol>")
		case len(f.lines) == 1:
			p.Text(f.lines[0])
		default:
			p.Text(f.text)
		}
		p.Raw("</dd>\n")
	}
	p.Raw("</dl>\n")
}

// htmlConditions lists the conditions that a verdict is due to.
func htmlConditions(p *page, all []*reports.ExpectationResult, what string) {
	p.Raw(`<ul class="conditions">` + "\n")
	for _, e := range all {
		p.Raw("<li>")
		p.Tag("code", "", e.Expr)
		p.Text(" " + what + ": " + strings.TrimPrefix(e.Reason, "measured "))
		p.Raw("</li>\n")
	}
	p.Raw("</ul>\n")
}

// htmlContents links to the parts of the page, and to each fault that needs a look.
func htmlContents(s *reports.Summary, p *page) {
	p.Raw(`<nav class="contents" aria-label="Contents">` + "\n<p>")
	for i, part := range [][2]string{{"faults", "Faults"}, {"expectations", "Expectations"}, {"timeline", "Timeline"}, {"speed", "Failover"}, {"audience", "Audience"}, {"load", "Load"}, {"tester", "Tester"}} {
		if part[0] == "faults" && len(s.Faults) == 0 || part[0] == "expectations" && len(s.Expectations) == 0 || part[0] == "timeline" && len(s.Timeline) == 0 || part[0] == "speed" && len(curvesOf(s)) == 0 || part[0] == "tester" && s.Mode == reports.ModeSimulate {
			continue
		}
		if i > 0 {
			p.Raw(" · ")
		}
		p.Raw(`<a href="#` + part[0] + `">` + part[1] + "</a>")
	}
	p.Raw("</p>\n")
	if len(s.Faults) > 1 {
		p.Raw("<ol>\n")
		quiet, lost := 0, 0
		for i := range s.Faults {
			f := &s.Faults[i]
			if f.Lost != "" {
				lost += f.Occurrences()
				continue
			}
			if !hurt(f) {
				quiet += f.Occurrences()
				continue
			}
			p.Rawf(`<li><a href="#fault-%d">`, i)
			p.Text(f.Title(s))
			p.Raw("</a> ")
			p.Text(brief(f))
			p.Raw("</li>\n")
		}
		p.Raw("</ol>\n")
		if quiet > 0 {
			p.Tag("p", "soft", figure.Plural(quiet, "fault")+" that no viewer noticed")
		}
		if lost > 0 {
			p.Tag("p", "soft", figure.Plural(lost, "fault")+" not counted: the machine was lost meanwhile")
		}
	}
	p.Raw("</nav>\n")
}

// sentence gives a reason a capital letter and a full stop.
func sentence(s string) string {
	first := min(1, len(s))
	return strings.ToUpper(s[:first]) + s[first:] + "."
}

// outcomeParts are an outcome bar's parts. The patterns make them distinct without
// colour.
var outcomeParts = []struct {
	name, color, pattern string
	of                   func(*reports.FaultSummary) int64
}{
	{"failed over", "--c3", "", func(f *reports.FaultSummary) int64 { return f.FailedOver }},
	{"healed in place", "--c1", "dots", func(f *reports.FaultSummary) int64 { return f.Healed }},
	{"left", "--c6", "lines", func(f *reports.FaultSummary) int64 { return f.Left }},
	{"never recovered", "--c2", "hatch", func(f *reports.FaultSummary) int64 { return f.NeverRecovered }},
}

const patterns = `<defs>
<pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.4" fill="var(--card)"/></pattern>
<pattern id="lines" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 3H6" stroke="var(--card)" stroke-width="1.6"/></pattern>
<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M-1 8L8 -1M-1 1L1 -1M6 8L8 6" stroke="var(--card)" stroke-width="1.6"/></pattern>
</defs>`

// htmlFault writes the card of a fault. That of a fault that no viewer noticed is folded.
func htmlFault(s *reports.Summary, p *page, i int) {
	f := &s.Faults[i]
	if hurt(f) {
		p.Rawf(`<section class="card fault hurt" id="fault-%d">`+"\n", i)
		p.Tag("h2", "", f.Title(s)+": "+brief(f))
		htmlFaultBody(s, p, f)
		p.Raw("</section>\n")
		return
	}
	p.Rawf(`<details class="card fault" id="fault-%d"><summary>`, i)
	if f.Lost != "" {
		p.Raw(`<span class="soft">–</span> <b>`)
	} else {
		p.Raw(`<span class="ok">✓</span> <b>`)
	}
	p.Text(f.Title(s))
	p.Raw("</b> ")
	p.Text(brief(f))
	p.Raw("</summary>\n")
	htmlFaultBody(s, p, f)
	p.Raw("</details>\n")
}

func htmlFaultBody(s *reports.Summary, p *page, f *reports.FaultSummary) {
	p.Tag("p", "soft", faultLine(f)+wallClock(s, f))
	if f.Problem != "" {
		p.Tag("p", "no", "Void: "+f.Problem)
	}
	if f.Affected > 0 && s.Verdict != reports.Void { // a void run has nothing to show at a glance
		if hurt(f) {
			p.facts(faultFacts(s, f))
		}
		p.outcomes(f)
	}
	p.Raw("<ul>\n")
	for _, line := range story(f) {
		p.Tag("li", "", line)
	}
	p.Raw("</ul>\n")
	if f.Affected == 0 {
		return
	}
	p.Raw("<details><summary>In figures</summary>\n")
	p.table(profileShares(s, "By player", f).WithoutZeros())
	if t := predictedTable(s, "Measured beside predicted", f); len(t.Rows) > 0 {
		p.table(t)
	}
	p.table(cohortShares(s, "By cohort", f).WithoutZeros())
	p.table(chainTable(f))
	p.Raw("</details>\n")
}

// outcomes draws the bar of outcomes, and its key with numbers.
func (p *page) outcomes(f *reports.FaultSummary) {
	const width = 1000.0
	p.Raw(`<svg class="bar" viewBox="0 0 1000 26" preserveAspectRatio="none" aria-hidden="true">` + patterns)
	x := 0.0
	for _, part := range outcomeParts {
		w := width * float64(max(part.of(f), 0)) / float64(f.Affected)
		w = max(min(w, width-x), 0)
		if w == 0 {
			continue
		}
		p.Rawf(`<rect x="%.2f" width="%.2f" height="26" fill="var(%s)"/>`, x, w, part.color)
		if part.pattern != "" {
			p.Rawf(`<rect x="%.2f" width="%.2f" height="26" fill="url(#%s)"/>`, x, w, part.pattern)
		}
		x += w
	}
	p.Raw("</svg>\n<ul class=\"key\">\n")
	for _, part := range outcomeParts {
		n := part.of(f)
		if n == 0 {
			continue
		}
		p.Rawf(`<li><svg viewBox="0 0 14 14" aria-hidden="true"><rect width="14" height="14" rx="2" fill="var(%s)"/>`, part.color)
		if part.pattern != "" {
			p.Rawf(`<rect width="14" height="14" fill="url(#%s)"/>`, part.pattern)
		}
		p.Raw("</svg>")
		words := figure.WithShare(n, f.Stayed())
		if part.name == "left" {
			words = figure.Thousands(n) // in no share
		}
		p.Text(words + " " + part.name)
		p.Raw("</li>\n")
	}
	p.Raw("</ul>\n")
}

// htmlExpectations writes what was expected and what players are known to do. What is
// as it should be is folded.
func htmlExpectations(s *reports.Summary, p *page) {
	if len(s.Expectations) > 0 {
		p.Section("expectations", "Expectations")
		p.folded(expectationTable(s), "holds", "hold")
		p.Raw("</section>\n")
	}
	if len(s.Known) > 0 {
		p.Section("known", "Known behaviour of players")
		p.Tag("p", "soft", "What players are known to do in this scenario, good or bad. It is not part of the verdict; an entry that changed is a finding about a player or about the channel.")
		p.folded(knownTable(s), "as known", "are as known")
		p.Raw("</section>\n")
	}
}

// folded writes a table whose rows with a good result are folded.
func (p *page) folded(t *document.Table, good, said string) {
	rest, fine := *t, *t
	rest.Rows, fine.Rows = nil, nil
	for _, row := range t.Rows {
		if row[1] == good {
			fine.Rows = append(fine.Rows, row)
		} else {
			rest.Rows = append(rest.Rows, row)
		}
	}
	if len(rest.Rows) > 0 {
		p.table(&rest)
	}
	if n := len(fine.Rows); n > 0 {
		p.Raw("<details><summary>")
		if n == len(t.Rows) {
			p.Text(fmt.Sprintf("All %d %s", n, said))
		} else {
			p.Text(fmt.Sprintf("%d %s", n, said))
		}
		p.Raw("</summary>\n")
		p.table(&fine)
		p.Raw("</details>\n")
	}
}

func htmlTables(s *reports.Summary, p *page) {
	section := func(id, title string, tables ...*document.Table) {
		p.Section(id, title)
		for _, t := range tables {
			if len(t.Rows) > 0 {
				p.table(t)
			}
		}
	}
	section("audience", "Audience", cohortTable(s), profileTable(s))
	if len(s.Drift) > 0 {
		p.table(driftTable(s))
		p.Tag("p", "soft", "Latency: the ends of the line through the medians of five minutes (of a run of less than two hours: of its 24th parts), without the warming up; p is the probability that so much growth is chance. Less than a segment a day is none.")
	}
	p.Raw("</section>\n")
	section("load", "Load", loadTable(s))
	p.Tag("p", "soft", loadLine(s))
	p.table(requestTable(s))
	for _, t := range []*document.Table{popTable(s), namedCounts("Answered by", "layer", s.Origin.AnsweredBy), originTable(s), namedCounts("Origin answers by status", "status", s.Origin.ByStatus)} {
		if len(t.Rows) > 0 {
			p.table(t)
		}
	}
	p.Raw("</section>\n")
	if s.Logs != nil {
		section("logs", "Access logs", logTables(s)...)
		p.Tag("p", "soft", logLine(s.Logs))
		p.table(logFileTable(s))
		p.Raw("</section>\n")
	}
	if s.Monitoring != nil {
		section("noticed", "What "+strings.ToUpper(s.Monitoring.Source)+" noticed", monitorTables(s)...)
		p.Tag("p", "soft", "Instants are seconds of the run. A metric notices a fault at the end of the first period whose value leaves what was before: 1.5 times the highest, or below three quarters of the lowest. Its delay is from the end of a period to when its data point could be seen.")
		for _, problem := range s.Monitoring.Problems {
			p.Tag("p", "no", problem)
		}
		p.Raw("</section>\n")
	}
	if s.Mode != reports.ModeSimulate { // in virtual time the tester plays no part
		section("tester", "The tester itself", testerTable(s))
		if len(s.Agents) > 0 {
			p.table(agentTable(s))
		}
		if len(s.Tester.Trends) > 0 {
			p.table(trendTable(s))
			p.Tag("p", "soft", "From and to are the ends of the line through what was seen every ten seconds, without the first half hour (of a run of less than two hours: its first quarter); p is the probability that so much growth is chance. Growth below 5 % and 8 MiB, 50 goroutines or 20 files and threads is none.")
		}
		p.Tag("p", "soft", "Lag is the time from when a request was due until it left. A run whose tester lags proves nothing.")
		p.Raw("</section>\n")
	}
	p.Raw("<footer>\n")
	p.Tag("p", "", fmt.Sprintf("hlsload · %s · seed %d · started %s · %s", s.Mode, s.Seed, s.Started, s.Scenario.File))
	if s.Scenario.SHA256 != "" {
		p.Tag("p", "mono", "scenario sha256 "+s.Scenario.SHA256)
	}
	p.Raw("</footer>\n")
}

func profileTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Player models", Head: []string{"profile", "player", "confidence"}, Words: map[int]bool{1: true, 2: true}}
	for _, name := range slices.Sorted(maps.Keys(s.Profiles)) {
		t.Add(name, s.Profiles[name].Player, s.Profiles[name].Confidence)
	}
	return t
}

// popTable shows the requests to each POP, and how many of them it passed on.
func popTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Requests by POP", Head: []string{"POP", "requests", "to the origin, by headers"}}
	for _, name := range slices.Sorted(maps.Keys(s.Edge.ByPop)) {
		t.Add(name, figure.Thousands(s.Edge.ByPop[name]), figure.Thousands(s.Origin.ByPop[name]))
	}
	return t
}

// originTable shows the origin's requests by source.
func originTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Requests to the origin, by where they are known from", Head: []string{"source", "requests", "bytes", "what is counted"}, Words: map[int]bool{3: true}}
	for i := range s.Origin.Numbers {
		n := &s.Origin.Numbers[i]
		known := func(v reports.Value, write func(int64) string) string {
			if !v.Known() {
				return "no data"
			}
			return write(int64(v))
		}
		t.Add(n.Source, known(n.Requests, figure.Thousands), known(n.Bytes, figure.Size), n.Of)
	}
	return t
}

func logFileTable(s *reports.Summary) *document.Table {
	t := &document.Table{Caption: "Files", Head: []string{"file", "format", "entries", "unreadable", "why"}, Words: map[int]bool{1: true, 4: true}}
	for i := range s.Logs.Files {
		f := &s.Logs.Files[i]
		t.Add(f.Name, f.Format, figure.Thousands(f.Entries), figure.Thousands(f.Malformed), f.Problem)
	}
	return t
}

func namedCounts(caption, what string, m map[string]int64) *document.Table {
	t := &document.Table{Caption: caption, Head: []string{what, "requests"}}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		t.Add(name, figure.Thousands(m[name]))
	}
	return t
}
