package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

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
	style, script := pageStyle(), pageScript()
	data, err := json.Marshal(chartDataOf(s)) // escapes <, > and &
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	p := &page{}
	p.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	p.raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '` + script.hash + `'; style-src '` + style.hash + `'; base-uri 'none'; form-action 'none'">` + "\n")
	p.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	p.tag("title", "", strings.ToUpper(s.Verdict)+" · "+s.Scenario.Name+" · hlsload")
	p.raw("<style>" + style.text + "</style>\n</head>\n<body>\n<main>\n")
	htmlVerdict(s, p)
	for i := range s.Faults {
		htmlFault(s, p, &s.Faults[i])
	}
	htmlTimeline(s, p)
	htmlSpeed(s, p)
	htmlFaultTables(s, p)
	htmlTables(s, p)
	p.raw("</main>\n<script type=\"application/json\" id=\"data\">")
	p.raw(string(data))
	p.raw("</script>\n<script>" + script.text + "</script>\n</body>\n</html>\n")
	_, err = io.WriteString(w, p.b.String())
	return err
}

// inline is a part of the page that its policy allows by hash.
type inline struct{ text, hash string }

func newInline(text string) inline {
	sum := sha256.Sum256([]byte(text))
	return inline{text, "sha256-" + base64.StdEncoding.EncodeToString(sum[:])}
}

var (
	pageStyle  = sync.OnceValue(func() inline { return newInline(uPlotCSS + reportCSS) })
	pageScript = sync.OnceValue(func() inline { return newInline(uPlotJS + "\n" + reportJS) })
)

// page is HTML under construction. Only raw writes what it is given; everything
// else is escaped.
type page struct{ b strings.Builder }

func (p *page) raw(s string) { p.b.WriteString(s) }

func (p *page) text(s string) { p.b.WriteString(html.EscapeString(printable(s, false))) }

func (p *page) tag(name, class, text string) {
	p.open(name, class)
	p.text(text)
	p.raw("</" + name + ">\n")
}

func (p *page) open(name, class string) {
	p.raw("<" + name)
	if class != "" {
		p.raw(` class="` + class + `"`)
	}
	p.raw(">")
}

// table writes a table that scrolls by itself when it is too wide.
func (p *page) table(t *table) {
	p.raw(`<div class="scroll" tabindex="0" role="region" aria-label="`)
	p.text(t.caption)
	p.raw("\">\n<table>\n")
	p.tag("caption", "", t.caption)
	p.raw("<thead><tr>")
	for i, h := range t.head {
		p.raw(`<th scope="col"` + map[bool]string{true: ` class="w"`}[t.left(i)] + ">")
		p.text(h)
		p.raw("</th>")
	}
	p.raw("</tr></thead>\n<tbody>\n")
	for _, row := range t.rows {
		p.raw("<tr>")
		for i, c := range row {
			switch {
			case i == 0:
				p.raw(`<th scope="row">`)
				p.text(c)
				p.raw("</th>")
				continue
			case c == "NO" && t.head[i] == "agrees":
				p.raw(`<td class="w no">✕ `)
			case c == "yes" && t.head[i] == "agrees":
				p.raw(`<td class="w ok">✓ `)
			case c == "FAILS":
				p.raw(`<td class="w no">✕ `)
			case c == "holds":
				p.raw(`<td class="w ok">✓ `)
			case t.left(i):
				p.raw(`<td class="w">`)
			default:
				p.raw("<td>")
			}
			p.text(c)
			p.raw("</td>")
		}
		p.raw("</tr>\n")
	}
	p.raw("</tbody>\n</table>\n</div>\n")
}

var verdictWords = map[string]string{reports.Pass: "✓ Pass", reports.Fail: "✕ Fail", reports.Void: "! Void", reports.Interrupted: "! Interrupted"}

func htmlVerdict(s *reports.Summary, p *page) {
	p.raw(`<header class="card verdict ` + s.Verdict + `">` + "\n")
	p.tag("h1", "", verdictWords[s.Verdict])
	reason := s.Reason()
	p.tag("p", "reason", strings.ToUpper(reason[:min(1, len(reason))])+reason[min(1, len(reason)):]+".")
	if s.Verdict == reports.Void {
		p.tag("p", "", "The figures below were measured, but prove nothing.")
	}
	failed := s.Failed()
	if len(failed) > 1 || len(failed) == 1 && s.Verdict != reports.Fail {
		p.raw("<ul>\n")
		for _, e := range failed {
			p.raw("<li>")
			p.tag("code", "", e.Expr)
			p.text(" does not hold: " + e.Reason)
			p.raw("</li>\n")
		}
		p.raw("</ul>\n")
	}
	p.tag("p", "soft", headline(s)+" · exit code "+fmt.Sprint(s.ExitCode))
	p.tag("p", "soft", audience(s))
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

// outcomeParts are an outcome bar's parts. The pattern tells them apart without
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

func htmlFault(s *reports.Summary, p *page, f *reports.FaultSummary) {
	p.raw(`<section class="card">` + "\n")
	p.tag("h2", "", f.Title(s))
	p.tag("p", "soft", faultLine(f))
	if f.Problem != "" {
		p.tag("p", "no", "Void: "+f.Problem)
	}
	for _, line := range story(f, s.Players.Started) {
		p.tag("p", "", line)
	}
	if f.Affected > 0 {
		p.outcomes(f)
		p.raw(`<dl class="tiles">` + "\n")
		tile := func(name, value string) {
			p.raw("<div>")
			p.tag("dt", "", name)
			p.tag("dd", "", value)
			p.raw("</div>\n")
		}
		tile("recovered", reports.Fraction.Format(reports.Value(float64(f.Recovered)/float64(f.Affected))))
		if f.FailedOver > 0 {
			tile("detected, p95", reports.Milliseconds.Format(f.DetectionMs.P95))
			tile("failed over, p95", reports.Milliseconds.Format(f.FailoverMs.P95))
		}
		tile("without playback, p95", reports.Milliseconds.Format(f.OutageMs.P95))
		if f.Origin.Amplification.Known() {
			tile("origin load", "× "+figure.Trim(float64(f.Origin.Amplification), 2))
		}
		p.raw("</dl>\n")
	}
	p.raw("</section>\n")
}

func htmlFaultTables(s *reports.Summary, p *page) {
	for i := range s.Faults {
		f := &s.Faults[i]
		if f.Affected == 0 {
			continue
		}
		p.raw(`<section class="card">` + "\n")
		p.tag("h2", "", f.Title(s)+" in figures")
		p.table(profileShares(s, "By player", f).withoutZeros())
		if t := predictedTable(s, "Measured beside predicted", f); len(t.rows) > 0 {
			p.table(t)
		}
		p.table(cohortShares(s, "By cohort", f).withoutZeros())
		p.table(chainTable(f))
		p.raw("</section>\n")
	}
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
		p.text(figure.WithShare(n, f.Affected) + " " + part.name)
		p.raw("</li>\n")
	}
	p.raw("</ul>\n")
}

func (p *page) chart(id, title, about string) {
	p.raw(`<div class="chart">`)
	p.tag("h3", "", title)
	if about != "" {
		p.tag("p", "about", about)
	}
	p.raw(`<div id="` + id + `" role="img" aria-label="`)
	p.text("Chart: " + title + ". The tables hold the same figures.")
	p.raw("\"></div></div>\n")
}

func htmlTimeline(s *reports.Summary, p *page) {
	if len(s.Timeline) == 0 {
		return
	}
	p.raw(`<section class="card">` + "\n")
	p.tag("h2", "", "Timeline")
	about := "Minutes and seconds since the first arrival, " + figure.Plural(s.TimelineStepS, "second") + " a step. Drag to zoom, double-click to go back."
	if len(s.Faults) > 0 {
		about += " Hatched: a fault is on. Tinted: its recovery."
	}
	if len(marks(s)) > 0 {
		about += " Dotted: what monitoring noticed; the bar below a name ends when that could be seen."
	}
	p.tag("p", "soft", about)
	p.raw("<noscript><p>The charts need JavaScript; the tables do not.</p></noscript>\n")
	p.chart("chart-sessions", "Sessions", "")
	if len(s.Timeline[0].Pipeline) > 1 {
		p.chart("chart-pipelines", "Sessions by pipeline", "whose media was appended last")
	}
	p.chart("chart-edge", "Requests per second at the edge", "")
	if s.Origin.Source != reports.FromNowhere {
		p.chart("chart-origin", "Requests per second at the origin", loadLine(s))
	}
	p.chart("chart-errors", "Failed requests", "per step: error answers, timeouts, broken connections")
	if s.Logs != nil {
		p.chart("chart-logs", "Requests in the access logs", "per step; "+logLine(s.Logs))
	}
	p.raw("</section>\n")
}

// htmlSpeed shows how quickly each profile failed over.
func htmlSpeed(s *reports.Summary, p *page) {
	curves := curvesOf(s)
	if len(curves) == 0 {
		return
	}
	p.raw(`<section class="card">` + "\n")
	p.tag("h2", "", "How fast they failed over")
	p.tag("p", "soft", "Share of the affected sessions that had media from something healthy, by the time since onset. A line that ends below 100 % leaves out those that never did.")
	for _, c := range curves {
		p.chart(c.ID, c.title, "")
	}
	p.raw("</section>\n")
}

func htmlTables(s *reports.Summary, p *page) {
	section := func(title string, tables ...*table) {
		p.raw(`<section class="card">` + "\n")
		p.tag("h2", "", title)
		for _, t := range tables {
			if len(t.rows) > 0 {
				p.table(t)
			}
		}
	}
	if len(s.Expectations) > 0 {
		section("Expectations", expectationTable(s))
		p.raw("</section>\n")
	}
	section("Audience", cohortTable(s), profileTable(s))
	p.raw("</section>\n")
	section("Load", loadTable(s))
	p.tag("p", "soft", loadLine(s))
	p.table(requestTable(s))
	for _, t := range []*table{popTable(s), namedCounts("Answered by", "layer", s.Origin.AnsweredBy), originTable(s), namedCounts("Origin answers by status", "status", s.Origin.ByStatus)} {
		if len(t.rows) > 0 {
			p.table(t)
		}
	}
	p.raw("</section>\n")
	if s.Logs != nil {
		section("Access logs", logTables(s)...)
		p.tag("p", "soft", logLine(s.Logs))
		p.table(logFileTable(s))
		p.raw("</section>\n")
	}
	if s.Monitoring != nil {
		section("What "+strings.ToUpper(s.Monitoring.Source)+" noticed", monitorTables(s)...)
		p.tag("p", "soft", "Instants are seconds of the run. A metric notices a fault at the end of the first period whose value leaves what was before: 1.5 times the highest, or below three quarters of the lowest. Its delay is from the end of a period to when its data point could be seen.")
		for _, problem := range s.Monitoring.Problems {
			p.tag("p", "no", problem)
		}
		p.raw("</section>\n")
	}
	section("The tester itself", testerTable(s))
	p.tag("p", "soft", "Lag is how long after it was due a request left. A run whose tester lags proves nothing.")
	p.raw("</section>\n<footer>\n")
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

// popTable shows who had the load, and who passed it on.
func popTable(s *reports.Summary) *table {
	t := &table{caption: "Requests by POP", head: []string{"POP", "requests", "to the origin, as headers tell"}}
	for _, name := range slices.Sorted(maps.Keys(s.Edge.ByPop)) {
		t.add(name, figure.Thousands(s.Edge.ByPop[name]), figure.Thousands(s.Origin.ByPop[name]))
	}
	return t
}

// originTable shows where the origin's numbers come from.
func originTable(s *reports.Summary) *table {
	t := &table{caption: "Requests to the origin, by where they are known from", head: []string{"source", "requests", "bytes", "what is counted"}, words: map[int]bool{3: true}}
	for i := range s.Origin.Numbers {
		n := &s.Origin.Numbers[i]
		bytes := "no data"
		if n.Bytes.Known() {
			bytes = figure.Size(int64(n.Bytes))
		}
		requests := "no data"
		if n.Requests.Known() {
			requests = figure.Thousands(int64(n.Requests))
		}
		t.add(n.Source, requests, bytes, n.Of)
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
