package expect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/player/m3u8"
	"hlsload/reports"
)

const maxExpectation = 1000 // bytes

// Parse reads an expectation or a stop condition. It reports all problems that it
// finds; the expectation is nil when there are any.
func Parse(text string, known Known) (*Expectation, []Problem) {
	if len(text) > maxExpectation {
		return nil, []Problem{{1, "expectation is too long", fmt.Sprintf("%d bytes", len(text)), fmt.Sprintf("at most %d", maxExpectation)}}
	}
	p := parser{text: text, known: known}
	e := p.expectation()
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return e, nil
}

// parser walks over the text once. After a problem that leaves the rest
// unreadable it stops.
type parser struct {
	text     string
	at       int
	known    Known
	problems []Problem
	stopped  bool
	eachAt   int // where the windows of the last term with windows stand
}

func (p *parser) wrong(at int, what, got, want string) {
	p.problems = append(p.problems, Problem{at + 1, what, got, want})
}

func (p *parser) stop(at int, what, got, want string) {
	if !p.stopped {
		p.wrong(at, what, got, want)
	}
	p.stopped = true
}

func (p *parser) spaces() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *parser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// rest is the text that follows, for a message.
func (p *parser) rest() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	return quote(p.text[p.at:])
}

func quote(s string) string {
	if len(s) > 40 {
		s = s[:37] + "..."
	}
	return strconv.Quote(s)
}

func (p *parser) while(ok func(byte) bool) string {
	from := p.at
	for p.at < len(p.text) && ok(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (p *parser) expectation() *Expectation {
	e := &Expectation{Text: strings.TrimSpace(p.text)}
	p.spaces()
	if rest := p.text[p.at:]; strings.HasPrefix(rest, "alarm(") || strings.HasPrefix(rest, "alarm (") {
		p.alarm(e)
		return e
	}
	e.Left = p.term()
	p.spaces()
	if c := p.next(); !p.stopped && (c == '-' || c == '/') {
		at := p.at
		e.Operator = c
		p.at++
		p.spaces()
		e.Right = p.term()
		p.spaces()
		e.unit = p.combine(e, at)
	} else if e.Left.Metric != nil {
		e.unit = e.Left.Unit()
	}
	if e.over() == reports.StatCount {
		e.unit = reports.Plain
	}
	if p.stopped {
		return nil
	}
	at := p.at
	switch e.compare = p.while(func(c byte) bool { return c == '<' || c == '>' || c == '=' || c == '!' }); e.compare {
	case "<", "<=", ">", ">=", "==":
	case "":
		p.stop(at, "no comparison", p.rest(), "< <= > >= or ==")
	default:
		p.stop(at, "unknown comparison", quote(e.compare), "< <= > >= or ==")
	}
	p.spaces()
	if p.stopped {
		return nil
	}
	at = p.at
	text := p.while(func(c byte) bool { return c != ' ' && c != '\t' })
	if e.Left.Metric != nil && (e.Operator == 0 || e.Right.Metric != nil) {
		e.value = p.number(at, text, e.unit, e.Operator == '/')
	}
	p.spaces()
	if p.next() != 0 {
		p.holds(e)
	}
	return e
}

// alarm reads "alarm(NAME)"; a name with a bracket in it needs quotation marks.
func (p *parser) alarm(e *Expectation) {
	start := p.at
	open := p.at + strings.IndexByte(p.text[p.at:], '(')
	p.at = open + 1
	p.spaces()
	at := p.at
	name := p.value(")")
	p.spaces()
	switch {
	case p.next() != ')' || strings.HasPrefix(name, `"`): // or its quotation mark is not closed
		p.stop(open, "unclosed (", quote(p.text[open:]), ")")
		return
	case !p.known.Stop:
		p.stop(start, "alarm(NAME) belongs to stop conditions", quote(p.text[start:p.at+1]), "an expectation of what the run measures")
		return
	case name == "":
		p.wrong(at, "no alarm", quote(p.text[at:]), "the name of one of aws.alarms")
	case len(p.known.Alarms) == 0:
		p.wrong(at, "no alarm is watched", quote(name), "its name in aws.alarms, too")
	case !slices.Contains(p.known.Alarms, name):
		p.wrong(at, "unknown alarm", quote(name), suggest(name, p.known.Alarms))
	}
	e.Alarm = name
	p.at++
	p.spaces()
	if p.next() != 0 {
		p.holds(e)
	}
}

// combine is the unit of two terms.
func (p *parser) combine(e *Expectation, at int) reports.Unit {
	l, r := &e.Left, &e.Right
	if l.Metric == nil || r.Metric == nil {
		return reports.Plain
	}
	p.sameWindows(l, r, at)
	if l.Unit() != r.Unit() {
		p.wrong(at, "terms of different units", reports.UnitNames[l.Unit()]+" and "+reports.UnitNames[r.Unit()], "the same unit on both sides of "+string(e.Operator))
	}
	if e.Operator == '/' {
		return reports.Plain
	}
	return l.Unit()
}

func (t *Term) Unit() reports.Unit {
	if t.Stat == reports.StatCount {
		return reports.Plain
	}
	return t.Metric.unit
}

// holds reads "for DURATION".
func (p *parser) holds(e *Expectation) {
	at := p.at
	if w := p.while(isWord); w != "for" {
		p.at = at
		p.stop(at, "unexpected text after the value", p.rest(), "")
		return
	}
	if !p.known.Stop {
		p.stop(at, "for DURATION belongs to stop conditions", quote(p.text[at:]), "an expectation of the whole run")
		return
	}
	p.spaces()
	at = p.at
	text := p.while(func(c byte) bool { return c != ' ' && c != '\t' })
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		p.wrong(at, "for: not a duration", quote(text), "one such as 20s")
	}
	e.Hold = d
	p.spaces()
	if p.next() != 0 {
		p.stop(p.at, "unexpected text after the duration", p.rest(), "")
	}
}

func (p *parser) term() Term {
	var t Term
	at := p.at
	name := p.while(isWord)
	if name == "" {
		p.stop(at, "no metric", p.rest(), "a metric such as failed_over or failover.p95")
		return t
	}
	t.Metric = metricNamed(name)
	if name == reports.ViewersServed {
		p.stop(at, reports.ViewersServed+" is expected of every run", quote(name), "the line left out")
		return t
	}
	if t.Metric == nil {
		p.wrong(at, "unknown metric", quote(name), suggest(name, metricNames(p.known.Stop)))
	} else if p.known.Stop && !t.Metric.live {
		p.wrong(at, name+" is only known at the end", quote(name), "what is known while the run goes on, such as stalled_now or error_rate")
	}
	if p.next() == '.' {
		p.at++
		at := p.at
		p.stat(&t, at, p.while(isWord))
	} else if t.Metric != nil && t.Metric.StatNames() != nil {
		p.wrong(at, t.Metric.Name+" is a "+shapeNames[t.Metric.Shape]+" and needs a statistic", quote(name), t.Metric.Name+"."+strings.Join(t.Metric.StatNames(), " or ."))
	}
	if p.next() == '{' {
		p.labels(&t)
		p.over(&t)
	}
	if m := t.Metric; m != nil && m.Monitored && m.Needs == 0 && len(p.known.Alarms) == 0 && !p.known.Alerts {
		p.wrong(at, m.Name+": nothing is watched on AWS", quote(m.Name), "aws.alarms or aws.channel, too")
	}
	if m := t.Metric; m != nil && !p.stopped && (m.Needs == AlarmLabel && t.Alarm == "" || m.Needs == AlertLabel && t.Alert == "") {
		missing := m.LabelNames()[1]
		if !slices.ContainsFunc(p.problems, func(o Problem) bool { return o.Column > at+1 }) {
			p.wrong(at, m.Name+" does not say which "+missing, quote(p.text[at:p.at]), fmt.Sprintf("%s.max{%s=NAME}", m.Name, missing))
		}
	}
	return t
}

func (p *parser) stat(t *Term, at int, name string) {
	i := slices.Index(reports.StatNames[1:], name)
	switch {
	case i < 0:
		p.wrong(at, "unknown statistic", quote(name), "one of "+strings.Join(reports.StatNames[1:], ", "))
	case t.Metric == nil:
	case t.Metric.StatNames() == nil:
		want := t.Metric.Name + " alone"
		if t.Metric.Labels&eachLabel != 0 && strings.Contains(p.text[p.at:], EachLabel+"=") {
			want = t.Metric.Name + "{" + EachLabel + "=DURATION}." + name
		}
		p.wrong(at, t.Metric.Name+" is a "+shapeNames[t.Metric.Shape]+" and has no statistic", quote("."+name), want)
	case !slices.Contains(t.Metric.StatNames(), name):
		p.wrong(at, t.Metric.Name+" has no such statistic", quote(name), strings.Join(t.Metric.StatNames(), " or "))
	default:
		t.Stat = reports.Stat(i + 1)
	}
}

func (p *parser) labels(t *Term) {
	open := p.at
	p.at++
	for {
		p.spaces()
		at := p.at
		name := p.while(isWord)
		p.spaces()
		if name == "" || p.next() != '=' {
			p.at = at
			p.stop(at, "not a label", p.rest(), "label=value, such as fault=kill-0")
			return
		}
		p.at++
		p.spaces()
		valueAt := p.at
		p.label(t, at, name, valueAt, p.value(",}"))
		p.spaces()
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return
		default:
			p.stop(open, "unclosed {", p.text[open:], "}")
			return
		}
	}
}

// value reads up to one of these bytes; a value that has one of them in it stands
// in quotation marks.
func (p *parser) value(ends string) string {
	if p.next() == '"' {
		if end := strings.IndexByte(p.text[p.at+1:], '"'); end >= 0 {
			value := p.text[p.at+1 : p.at+1+end]
			p.at += end + 2
			return value
		}
	}
	return strings.TrimRight(p.while(func(c byte) bool { return strings.IndexByte(ends, c) < 0 }), " \t")
}

func (p *parser) label(t *Term, at int, name string, valueAt int, value string) {
	i := slices.Index(labelNames, name)
	if i < 0 {
		p.wrong(at, "unknown label", quote(name), suggest(name, labelNames))
		return
	}
	if m := t.Metric; m != nil && m.Labels>>i&1 == 0 && label(1)<<i != eachLabel {
		want := "no label"
		if m.Labels != 0 {
			want = strings.Join(m.LabelNames(), ", ")
		}
		p.wrong(at, m.Name+" does not take the label "+name, quote(name), want)
		return
	}
	if l := label(1) << i; p.known.Stop && (t.Metric == nil || t.Metric.live) && l&(faultLabel|phaseLabel|joinedLabel|eachLabel) != 0 {
		p.wrong(at, "a stop condition looks at the present and does not take the label "+name, quote(name), "cohort, profile or kind")
		return
	}
	if label(1)<<i == eachLabel {
		p.each(t, at, valueAt, value)
		return
	}
	field := [...]*string{&t.Fault, &t.Cohort, &t.Profile, &t.Kind, &t.Phase, &t.Joined, &t.Alarm, &t.Alert}[i]
	names := [...][]string{p.known.Faults, p.known.Cohorts, p.known.Profiles, kindNames, PhaseNames, {JoinedBefore, JoinedDuring, JoinedAfter}, p.known.Alarms, nil}[i]
	switch {
	case *field != "":
		p.wrong(at, "label given twice", quote(name), "")
	case label(1)<<i == AlertLabel && !p.known.Alerts:
		p.wrong(valueAt, "the alerts of no channel are watched", quote(value), "the channel in aws.channel, too")
	case label(1)<<i == AlertLabel && value != "":
		*field = value // AWS may add types of alerts
	case label(1)<<i == AlertLabel:
		p.wrong(valueAt, "no alert", p.rest(), "the type of an alert, such as \"Pipeline Failed\"")
	case label(1)<<i == AlarmLabel && len(names) == 0:
		p.wrong(valueAt, "no alarm is watched", quote(value), "its name in aws.alarms, too")
	case !slices.Contains(names, value):
		p.wrong(valueAt, "unknown "+name, quote(value), suggest(value, names))
	default:
		*field = value
	}
}

var kindNames = func() (names []string) {
	for k := range m3u8.Kinds {
		names = append(names, k.String())
	}
	return names
}()
