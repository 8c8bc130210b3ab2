package page

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"hlsload/reports"
)

// The JUnit shape that CI systems read, as the schema of the Jenkins plugin xUnit has it
// (junit-10.xsd): one suite for the scenario, a case for each expectation and each fault.
// Nothing in a void run is a success, and nothing a failure of the stream: its cases are
// skipped, and the case "run" is an error.

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	File      string      `xml:"file,attr,omitempty"` // of the scenario
	About     []junitFact `xml:"properties>property"`
	Cases     []junitCase `xml:"testcase"`
	Out       string      `xml:"system-out,omitempty"`
}

type junitFact struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitProblem `xml:"failure,omitempty"`
	Error   *junitProblem `xml:"error,omitempty"`
	Skipped *junitProblem `xml:"skipped,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes junit.xml.
func WriteJUnit(s *reports.Summary, w io.Writer) error {
	class := xmlText("hlsload." + s.Scenario.Name)
	suite := junitSuite{Name: xmlText(s.Scenario.Name), Time: fmt.Sprintf("%.3f", s.DurationS.OrZero()), Timestamp: strings.TrimSuffix(xmlText(s.Started), "Z"), File: xmlText(s.Scenario.File)}
	for _, f := range facts(s) {
		suite.About = append(suite.About, junitFact{strings.ToLower(f.name), xmlText(cmp.Or(f.text, strings.Join(f.lines, "\n")))})
	}
	suite.Out = xmlText(outcome(s))
	add := func(c junitCase) {
		c.Class, c.Time = class, "0.000"
		suite.Tests++
		if c.Error != nil {
			suite.Errors++
		}
		if c.Skipped != nil {
			suite.Skipped++
		}
		if c.Failure != nil {
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	broken := func(kind, message string) *junitProblem {
		message = xmlText(message)
		return &junitProblem{Message: message, Type: kind, Text: message}
	}
	for i := range s.Expectations {
		e := &s.Expectations[i]
		c := junitCase{Name: "expect: " + xmlText(e.Expr), Out: xmlText(e.Reason)}
		switch {
		case s.Verdict == reports.Void:
			c.Skipped = broken(reports.Void, "the run is void: "+s.Reason())
		case e.NotMeasured:
			c.Failure = broken(notMeasured, e.Expr+": "+e.Reason)
			c.Failure.Text += xmlText(at(s, e))
		case !e.Pass:
			c.Failure = broken("expectation", e.Expr+": "+e.Reason)
			c.Failure.Text += xmlText(at(s, e) + Remedies(s, e.Expr))
		}
		add(c)
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		number := fmt.Sprintf("#%d", f.Occurrence)
		if f.Pooled > 0 {
			number += fmt.Sprintf(" to #%d", f.LastOccurrence)
		}
		c := junitCase{Name: fmt.Sprintf("fault: %s %s (%s)", xmlText(f.Name), number, xmlText(f.Fault)), Out: xmlText(faultLine(f) + "\n" + strings.Join(story(f), "\n"))}
		switch {
		case f.Problem != "":
			c.Error = broken(reports.Void, f.Problem)
		case f.Lost != "":
			c.Skipped = &junitProblem{Message: xmlText(f.Lost), Type: "lost"}
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
	if run := (junitCase{Name: "run"}); s.Verdict == reports.Void || s.Verdict == reports.Interrupted {
		run.Error = broken(s.Verdict, strings.Join(append([]string{s.Reason()}, s.WhatHelps...), "\n"))
		add(run)
	}
	suites := junitSuites{Name: "hlsload", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Time: suite.Time, Suite: suite}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
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

// xmlText drops what XML 1.0 (section 2.2) cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ', r >= 0xd800 && r < 0xe000, r == 0xfffe, r == 0xffff, r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
}
