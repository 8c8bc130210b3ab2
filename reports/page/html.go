package page

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
)

var (
	//go:embed uPlot.iife.min.js
	uPlotJS string
	//go:embed uPlot.min.css
	uPlotCSS string
	//go:embed report.js
	reportJS string
	//go:embed report.css
	reportCSS string
)

// WriteHTML writes report.html: one file that works offline, with tables that
// work without JavaScript and charts (uPlot, see page/uPlot.LICENSE) that need
// it. Its content security policy allows the scripts and styles in it, by hash,
// and nothing else.
func WriteHTML(s *reports.Summary, w io.Writer) error {
	p := &page{}
	htmlVerdict(s, p)
	if !unbegun(s) {
		htmlContents(s, p)
		if len(s.Faults) > 0 {
			p.raw(`<div id="faults">` + "\n")
			for i := range s.Faults {
				htmlFault(s, p, i)
			}
			p.raw("</div>\n")
		}
		htmlExpectations(s, p)
		htmlTimeline(s, p)
		htmlSpeed(s, p)
		htmlTables(s, p)
	}
	return p.document(w, strings.ToUpper(s.Verdict)+" · "+s.Scenario.Name+" · hlsload", "", chartDataOf(s))
}

var verdictWords = map[string]string{reports.Pass: "✓ Pass", reports.Fail: "✕ Fail", reports.Void: "! Void", reports.Interrupted: "! Interrupted"}

func htmlVerdict(s *reports.Summary, p *page) {
	p.raw(`<header class="card verdict ` + s.Verdict + `">` + "\n")
	p.tag("h1", "", verdictWords[s.Verdict])
	if line := outcome(s); line != "" {
		p.tag("p", "reason", line)
		p.tag("p", "because", sentence(s.Reason()))
	} else {
		p.tag("p", "reason", sentence(s.Reason()))
	}
	if s.Verdict == reports.Void && !unbegun(s) {
		p.tag("p", "", "The figures below were measured, but prove nothing.")
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
		p.tag("p", "", sentence(line))
	}
	p.tag("p", "soft", headline(s)+" · "+audience(s)+" · exit code "+fmt.Sprint(s.ExitCode))
	p.raw("</header>\n")
	if len(s.Warnings) > 0 {
		p.raw(`<section class="card warnings" aria-label="Warnings">` + "\n")
		p.tag("h3", "", "Warnings")
		p.raw("<ul>\n")
		for _, warning := range s.Warnings {
			p.tag("li", "", warning)
		}
		p.raw("</ul>\n</section>\n")
	}
}

// htmlConditions lists the conditions that a verdict is due to.
func htmlConditions(p *page, all []*reports.ExpectationResult, what string) {
	p.raw(`<ul class="conditions">` + "\n")
	for _, e := range all {
		p.raw("<li>")
		p.tag("code", "", e.Expr)
		p.text(" " + what + ": " + strings.TrimPrefix(e.Reason, "measured "))
		p.raw("</li>\n")
	}
	p.raw("</ul>\n")
}

// htmlContents links to the parts of the page, and to each fault that needs a look.
func htmlContents(s *reports.Summary, p *page) {
	p.raw(`<nav class="contents" aria-label="Contents">` + "\n<p>")
	for i, part := range [][2]string{{"faults", "Faults"}, {"expectations", "Expectations"}, {"timeline", "Timeline"}, {"speed", "Failover"}, {"audience", "Audience"}, {"load", "Load"}, {"tester", "Tester"}} {
		if part[0] == "faults" && len(s.Faults) == 0 || part[0] == "expectations" && len(s.Expectations) == 0 || part[0] == "timeline" && len(s.Timeline) == 0 || part[0] == "speed" && len(curvesOf(s)) == 0 || part[0] == "tester" && s.Mode == reports.ModeSimulate {
			continue
		}
		if i > 0 {
			p.raw(" · ")
		}
		p.raw(`<a href="#` + part[0] + `">` + part[1] + "</a>")
	}
	p.raw("</p>\n")
	if len(s.Faults) > 1 {
		p.raw("<ol>\n")
		quiet := 0
		for i := range s.Faults {
			f := &s.Faults[i]
			if !hurt(f) {
				quiet++
				continue
			}
			fmt.Fprintf(&p.b, `<li><a href="#fault-%d">`, i)
			p.text(f.Title(s))
			p.raw("</a> ")
			p.text(brief(f))
			p.raw("</li>\n")
		}
		p.raw("</ol>\n")
		if quiet > 0 {
			p.tag("p", "soft", figure.Plural(quiet, "fault")+" that no viewer noticed")
		}
	}
	p.raw("</nav>\n")
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
		fmt.Fprintf(&p.b, `<section class="card fault hurt" id="fault-%d">`+"\n", i)
		p.tag("h2", "", f.Title(s)+": "+brief(f))
		htmlFaultBody(s, p, f)
		p.raw("</section>\n")
		return
	}
	fmt.Fprintf(&p.b, `<details class="card fault" id="fault-%d"><summary>`, i)
	p.raw(`<span class="ok">✓</span> <b>`)
	p.text(f.Title(s))
	p.raw("</b> ")
	p.text(brief(f))
	p.raw("</summary>\n")
	htmlFaultBody(s, p, f)
	p.raw("</details>\n")
}

func htmlFaultBody(s *reports.Summary, p *page, f *reports.FaultSummary) {
	p.tag("p", "soft", faultLine(f)+wallClock(s, f))
	if f.Problem != "" {
		p.tag("p", "no", "Void: "+f.Problem)
	}
	if f.Affected > 0 && s.Verdict != reports.Void { // a void run has nothing to show at a glance
		if hurt(f) {
			p.facts(faultFacts(s, f))
		}
		p.outcomes(f)
	}
	p.raw("<ul>\n")
	for _, line := range story(f) {
		p.tag("li", "", line)
	}
	p.raw("</ul>\n")
	if f.Affected == 0 {
		return
	}
	p.raw("<details><summary>In figures</summary>\n")
	p.table(profileShares(s, "By player", f).withoutZeros())
	if t := predictedTable(s, "Measured beside predicted", f); len(t.rows) > 0 {
		p.table(t)
	}
	p.table(cohortShares(s, "By cohort", f).withoutZeros())
	p.table(chainTable(f))
	p.raw("</details>\n")
}

// outcomes draws the bar of outcomes, and its key with numbers.
func (p *page) outcomes(f *reports.FaultSummary) {
	const width = 1000.0
	p.raw(`<svg class="bar" viewBox="0 0 1000 26" preserveAspectRatio="none" aria-hidden="true">` + patterns)
	x := 0.0
	for _, part := range outcomeParts {
		w := width * float64(max(part.of(f), 0)) / float64(f.Affected)
		w = max(min(w, width-x), 0)
		if w == 0 {
			continue
		}
		fmt.Fprintf(&p.b, `<rect x="%.2f" width="%.2f" height="26" fill="var(%s)"/>`, x, w, part.color)
		if part.pattern != "" {
			fmt.Fprintf(&p.b, `<rect x="%.2f" width="%.2f" height="26" fill="url(#%s)"/>`, x, w, part.pattern)
		}
		x += w
	}
	p.raw("</svg>\n<ul class=\"key\">\n")
	for _, part := range outcomeParts {
		n := part.of(f)
		if n == 0 {
			continue
		}
		fmt.Fprintf(&p.b, `<li><svg viewBox="0 0 14 14" aria-hidden="true"><rect width="14" height="14" rx="2" fill="var(%s)"/>`, part.color)
		if part.pattern != "" {
			fmt.Fprintf(&p.b, `<rect width="14" height="14" fill="url(#%s)"/>`, part.pattern)
		}
		p.raw("</svg>")
		words := figure.WithShare(n, f.Stayed())
		if part.name == "left" {
			words = figure.Thousands(n) // in no share
		}
		p.text(words + " " + part.name)
		p.raw("</li>\n")
	}
	p.raw("</ul>\n")
}

// htmlExpectations writes what was expected and what players are known to do. What is
// as it should be is folded.
func htmlExpectations(s *reports.Summary, p *page) {
	if len(s.Expectations) > 0 {
		p.section("expectations", "Expectations")
		p.folded(expectationTable(s), "holds", "hold")
		p.raw("</section>\n")
	}
	if len(s.Known) > 0 {
		p.section("known", "Known behaviour of players")
		p.tag("p", "soft", "What players are known to do in this scenario, good or bad. It is not part of the verdict; an entry that changed is a finding about a player or about the channel.")
		p.folded(knownTable(s), "as known", "are as known")
		p.raw("</section>\n")
	}
}

// folded writes a table whose rows with a good result are folded.
func (p *page) folded(t *table, good, said string) {
	rest, fine := *t, *t
	rest.rows, fine.rows = nil, nil
	for _, row := range t.rows {
		if row[1] == good {
			fine.rows = append(fine.rows, row)
		} else {
			rest.rows = append(rest.rows, row)
		}
	}
	if len(rest.rows) > 0 {
		p.table(&rest)
	}
	if n := len(fine.rows); n > 0 {
		p.raw("<details><summary>")
		if n == len(t.rows) {
			p.text(fmt.Sprintf("All %d %s", n, said))
		} else {
			p.text(fmt.Sprintf("%d %s", n, said))
		}
		p.raw("</summary>\n")
		p.table(&fine)
		p.raw("</details>\n")
	}
}

func htmlTables(s *reports.Summary, p *page) {
	section := func(id, title string, tables ...*table) {
		p.section(id, title)
		for _, t := range tables {
			if len(t.rows) > 0 {
				p.table(t)
			}
		}
	}
	section("audience", "Audience", cohortTable(s), profileTable(s))
	p.raw("</section>\n")
	section("load", "Load", loadTable(s))
	p.tag("p", "soft", loadLine(s))
	p.table(requestTable(s))
	for _, t := range []*table{popTable(s), namedCounts("Answered by", "layer", s.Origin.AnsweredBy), originTable(s), namedCounts("Origin answers by status", "status", s.Origin.ByStatus)} {
		if len(t.rows) > 0 {
			p.table(t)
		}
	}
	p.raw("</section>\n")
	if s.Logs != nil {
		section("logs", "Access logs", logTables(s)...)
		p.tag("p", "soft", logLine(s.Logs))
		p.table(logFileTable(s))
		p.raw("</section>\n")
	}
	if s.Monitoring != nil {
		section("noticed", "What "+strings.ToUpper(s.Monitoring.Source)+" noticed", monitorTables(s)...)
		p.tag("p", "soft", "Instants are seconds of the run. A metric notices a fault at the end of the first period whose value leaves what was before: 1.5 times the highest, or below three quarters of the lowest. Its delay is from the end of a period to when its data point could be seen.")
		for _, problem := range s.Monitoring.Problems {
			p.tag("p", "no", problem)
		}
		p.raw("</section>\n")
	}
	if s.Mode != reports.ModeSimulate { // in virtual time the tester plays no part
		section("tester", "The tester itself", testerTable(s))
		if len(s.Agents) > 0 {
			p.table(agentTable(s))
		}
		p.tag("p", "soft", "Lag is the time from when a request was due until it left. A run whose tester lags proves nothing.")
		p.raw("</section>\n")
	}
	p.raw("<footer>\n")
	p.tag("p", "", fmt.Sprintf("hlsload · %s · seed %d · started %s · %s", s.Mode, s.Seed, s.Started, s.Scenario.File))
	if s.Scenario.SHA256 != "" {
		p.tag("p", "mono", "scenario sha256 "+s.Scenario.SHA256)
	}
	p.raw("</footer>\n")
}

func profileTable(s *reports.Summary) *table {
	t := &table{caption: "Player models", head: []string{"profile", "player", "confidence"}, words: map[int]bool{1: true, 2: true}}
	for _, name := range slices.Sorted(maps.Keys(s.Profiles)) {
		t.add(name, s.Profiles[name].Player, s.Profiles[name].Confidence)
	}
	return t
}

// popTable shows the requests to each POP, and how many of them it passed on.
func popTable(s *reports.Summary) *table {
	t := &table{caption: "Requests by POP", head: []string{"POP", "requests", "to the origin, by headers"}}
	for _, name := range slices.Sorted(maps.Keys(s.Edge.ByPop)) {
		t.add(name, figure.Thousands(s.Edge.ByPop[name]), figure.Thousands(s.Origin.ByPop[name]))
	}
	return t
}

// originTable shows the origin's requests by source.
func originTable(s *reports.Summary) *table {
	t := &table{caption: "Requests to the origin, by where they are known from", head: []string{"source", "requests", "bytes", "what is counted"}, words: map[int]bool{3: true}}
	for i := range s.Origin.Numbers {
		n := &s.Origin.Numbers[i]
		known := func(v reports.Value, write func(int64) string) string {
			if !v.Known() {
				return "no data"
			}
			return write(int64(v))
		}
		t.add(n.Source, known(n.Requests, figure.Thousands), known(n.Bytes, figure.Size), n.Of)
	}
	return t
}

func logFileTable(s *reports.Summary) *table {
	t := &table{caption: "Files", head: []string{"file", "format", "entries", "unreadable", "why"}, words: map[int]bool{1: true, 4: true}}
	for i := range s.Logs.Files {
		f := &s.Logs.Files[i]
		t.add(f.Name, f.Format, figure.Thousands(f.Entries), figure.Thousands(f.Malformed), f.Problem)
	}
	return t
}

func namedCounts(caption, what string, m map[string]int64) *table {
	t := &table{caption: caption, head: []string{what, "requests"}}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		t.add(name, figure.Thousands(m[name]))
	}
	return t
}
