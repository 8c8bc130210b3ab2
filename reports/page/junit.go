package page

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/junit"
)

// The JUnit shape that CI systems read, as the schema of the Jenkins plugin xUnit has it
// (junit-10.xsd): one suite for the scenario, a case for each expectation and each fault.
// Nothing in a void run is a success, and nothing a failure of the stream: its cases are
// skipped, and the case "run" is an error.

// WriteJUnit writes junit.xml.
func WriteJUnit(s *reports.Summary, w io.Writer) error {
	class := junit.Text("hlsload." + s.Scenario.Name)
	suite := junit.Suite{Name: junit.Text(s.Scenario.Name), Time: fmt.Sprintf("%.3f", s.DurationS.OrZero()), Timestamp: strings.TrimSuffix(junit.Text(s.Started), "Z"), File: junit.Text(s.Scenario.File)}
	for _, f := range facts(s) {
		suite.About = append(suite.About, junit.Fact{Name: strings.ToLower(f.name), Value: junit.Text(cmp.Or(f.text, strings.Join(f.lines, "\n")))})
	}
	suite.Out = junit.Text(outcome(s))
	add := func(c junit.Case) {
		c.Class, c.Time = class, "0.000"
		suite.Add(c)
	}
	broken := func(kind, message string) *junit.Problem {
		message = junit.Text(message)
		return &junit.Problem{Message: message, Type: kind, Text: message}
	}
	for i := range s.Expectations {
		e := &s.Expectations[i]
		c := junit.Case{Name: "expect: " + junit.Text(e.Expr), Out: junit.Text(e.Reason)}
		switch {
		case s.Verdict == reports.Void:
			c.Skipped = broken(reports.Void, "the run is void: "+s.Reason())
		case e.NotMeasured:
			c.Failure = broken(notMeasured, e.Expr+": "+e.Reason)
			c.Failure.Text += junit.Text(at(s, e))
		case !e.Pass:
			c.Failure = broken("expectation", e.Expr+": "+e.Reason)
			c.Failure.Text += junit.Text(at(s, e) + Remedies(s, e.Expr))
		}
		add(c)
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		number := fmt.Sprintf("#%d", f.Occurrence)
		if f.Pooled > 0 {
			number += fmt.Sprintf(" to #%d", f.LastOccurrence)
		}
		c := junit.Case{Name: fmt.Sprintf("fault: %s %s (%s)", junit.Text(f.Name), number, junit.Text(f.Fault)), Out: junit.Text(faultLine(f) + "\n" + strings.Join(story(f), "\n"))}
		switch {
		case f.Problem != "":
			c.Error = broken(reports.Void, f.Problem)
		case f.Lost != "":
			c.Skipped = &junit.Problem{Message: junit.Text(f.Lost), Type: "lost"}
		case !f.AppliedAtS.Known():
			c.Error = broken(s.Verdict, "the fault was never applied")
		case s.Verdict == reports.Void:
			c.Skipped = broken(reports.Void, "the run is void: "+s.Reason())
		}
		add(c)
		if f.AppliedAtS.Known() && f.ClearedAtS.Known() && f.Pooled == 0 {
			suite.Cases[len(suite.Cases)-1].Time = fmt.Sprintf("%.3f", float64(f.ClearedAtS-f.AppliedAtS))
		}
	}
	// A run can be void or interrupted without any case that says so.
	if run := (junit.Case{Name: "run"}); s.Verdict == reports.Void || s.Verdict == reports.Interrupted {
		run.Error = broken(s.Verdict, strings.Join(append([]string{s.Reason()}, s.WhatHelps...), "\n"))
		add(run)
	}
	return suite.Write(w)
}

// at says where an expectation stands; "" = in no file.
func at(s *reports.Summary, e *reports.ExpectationResult) string {
	if e.Line == 0 || s.Scenario.File == "" {
		return ""
	}
	return fmt.Sprintf("\nat %s:%d", s.Scenario.File, e.Line)
}

// faultNamed fits the label of an expectation that names a fault.
var faultNamed = regexp.MustCompile(`[{,]fault=([^,{}]+)`)

// Remedies says why the faults that an expectation names hurt and what helps: of each
// fault that with the most time without a picture.
func Remedies(s *reports.Summary, expr string) (text string) {
	said := map[string]bool{}
	for _, m := range faultNamed.FindAllStringSubmatch(expr, -1) {
		named := *s
		named.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f reports.FaultSummary) bool { return f.Name != m[1] })
		f := worst(&named)
		if f == nil || said[f.Name] {
			continue
		}
		said[f.Name] = true
		text += "\n" + loss(s, f)
		if f.Why != "" {
			text += "\nwhy: " + f.Why
		}
		for _, line := range f.WhatHelps {
			text += "\nwhat helps: " + line
		}
	}
	return text
}
