package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hlsload/reports"
)

// element is what the common schema of JUnit files allows of an element: that of the
// Jenkins plugin xUnit (junit-10.xsd, after the one of Surefire), which is stricter than
// what Jenkins, GitLab and GitHub's actions read.
type element struct {
	required, optional []string // attributes
	children           []string // that may stand in it
	once               []string // of those, at most one
	text               bool
}

var junitSchema = map[string]element{
	"testsuites": {nil, []string{"name", "time", "tests", "failures", "errors"}, []string{"testsuite"}, nil, false},
	"testsuite": {[]string{"name", "tests", "failures", "errors"}, []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		[]string{"properties", "testcase", "system-out", "system-err"}, []string{"properties", "system-out", "system-err"}, false},
	"properties": {nil, nil, []string{"property"}, nil, false},
	"property":   {[]string{"name", "value"}, nil, nil, nil, false},
	"testcase":   {[]string{"name"}, []string{"time", "classname", "group"}, []string{"skipped", "error", "failure", "system-out", "system-err"}, []string{"skipped", "error", "failure", "system-out", "system-err"}, false},
	"skipped":    {nil, []string{"type", "message"}, nil, nil, true},
	"error":      {nil, []string{"type", "message"}, nil, nil, true},
	"failure":    {nil, []string{"type", "message"}, nil, nil, true},
	"system-out": {nil, nil, nil, nil, true},
	"system-err": {nil, nil, nil, nil, true},
}

// values are what attributes must look like.
var values = map[string]*regexp.Regexp{
	"time":      regexp.MustCompile(`^\d+\.\d{3}$`),
	"timestamp": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`),
	"tests":     regexp.MustCompile(`^\d+$`),
	"failures":  regexp.MustCompile(`^\d+$`),
	"errors":    regexp.MustCompile(`^\d+$`),
	"skipped":   regexp.MustCompile(`^\d+$`),
}

// checkJUnit checks a file by the schema, and that its sums are those of its cases.
func checkJUnit(text string) error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	type open struct {
		name string
		had  map[string]int
	}
	var stack []open
	sums := map[string]int{}
	said := map[string]string{}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			e, ok := junitSchema[name]
			if !ok {
				return fmt.Errorf("there is no element %s", name)
			}
			if len(stack) == 0 && name != "testsuites" {
				wrong("it begins with %s", name)
			}
			if len(stack) > 0 {
				in := stack[len(stack)-1]
				if in.had[name]++; !slices.Contains(junitSchema[in.name].children, name) || in.had[name] > 1 && slices.Contains(junitSchema[in.name].once, name) {
					wrong("%s in %s, for time %d", name, in.name, in.had[name])
				}
			}
			had := map[string]string{}
			for _, a := range x.Attr {
				if _, twice := had[a.Name.Local]; twice || !slices.Contains(append(e.required, e.optional...), a.Name.Local) {
					wrong("%s has the attribute %s", name, a.Name.Local)
				}
				if v := values[a.Name.Local]; v != nil && !v.MatchString(a.Value) {
					wrong("%s has %s %q", name, a.Name.Local, a.Value)
				}
				had[a.Name.Local] = a.Value
			}
			for _, a := range e.required {
				if had[a] == "" && a != "value" {
					wrong("%s has no %s", name, a)
				}
			}
			switch name {
			case "testcase":
				sums["tests"]++
			case "failure":
				sums["failures"]++
			case "error":
				sums["errors"]++
			case "skipped":
				sums["skipped"]++
			case "testsuite":
				said = had
			}
			stack = append(stack, open{name, map[string]int{}})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if strings.TrimSpace(string(x)) != "" && !junitSchema[stack[len(stack)-1].name].text {
				wrong("text in %s: %.40q", stack[len(stack)-1].name, x)
			}
		}
	}
	for _, sum := range []string{"tests", "failures", "errors", "skipped"} {
		if said[sum] != strconv.Itoa(sums[sum]) {
			wrong("%s are %s; want %d", sum, said[sum], sums[sum])
		}
	}
	return errors.Join(problems...)
}

// kinds are runs of all kinds.
func kinds() map[string]*reports.Summary {
	void, interrupted, unbegun, hostile, odd := frozen(), frozen(), new(reports.Summary), frozen(), frozen()
	void.Verdict, void.VoidReason, void.WhatHelps = reports.Void, "this machine was too slow", []string{"fewer players"}
	interrupted.Verdict, interrupted.Interrupted = reports.Interrupted, "stop condition: stalled_now > 90%"
	interrupted.Faults[0].ClearedAtS = reports.NoData
	*unbegun = reports.Summary{Schema: reports.Schema, Mode: reports.ModeRun, Verdict: reports.Void, VoidReason: "target unreachable at start", Started: "2026-11-29T23:59:30Z", Scenario: reports.Scenario{Name: "url"}}
	const evil = "a]]>&<b\x00\x01\x0b\x1b[1m\x7f\u0085\ufffe\xff\xed\xa0\x80 \" ' \r\n\t"
	hostile.Scenario.Name, hostile.Scenario.File, hostile.Scenario.Description = evil, evil, evil
	hostile.Expectations[0].Expr, hostile.Expectations[0].Reason = evil, evil
	hostile.Faults[0].Name, hostile.Faults[0].Why, hostile.Faults[0].Problem = evil, evil, evil
	odd.Faults[0].AppliedAtS, odd.Faults[0].ClearedAtS = reports.NoData, reports.NoData
	odd.DurationS = reports.NoData
	odd.Expectations[0].NotMeasured = true
	return map[string]*reports.Summary{"fail": frozen(), "pass": busy(), "void": void, "interrupted": interrupted, "unbegun": unbegun, "hostile": hostile, "odd": odd, "empty": {Verdict: reports.Pass, Scenario: reports.Scenario{Name: "x"}}}
}

// TestJUnitIsValid: junit.xml of every kind of run keeps to the common schema.
func TestJUnitIsValid(t *testing.T) {
	xsd := os.Getenv("JUNIT_XSD") // a schema that is not ours to ship
	for name, s := range kinds() {
		var b strings.Builder
		if err := WriteJUnit(s, &b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := checkJUnit(b.String()); err != nil {
			t.Errorf("%s: %v in\n%s", name, err, &b)
		}
		if xsd == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "junit.xml")
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("xmllint", "--noout", "--schema", xsd, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if err := checkJUnit(`<testsuites><testsuite name="x" tests="1" failures="0" errors="0" skipped="0"><testcase name="y" file="z"/></testsuite></testsuites>`); err == nil {
		t.Error("the check sees no attribute that is not in the schema")
	}
}

// TestJUnitOfVoid: a void run has one error, and no success and no failure besides.
func TestJUnitOfVoid(t *testing.T) {
	for name, want := range map[string][4]int{ // tests, failures, errors, skipped
		"void": {4, 0, 1, 3}, "unbegun": {1, 0, 1, 0}, "fail": {3, 1, 0, 0}, "interrupted": {4, 1, 1, 0},
	} {
		var b strings.Builder
		if err := WriteJUnit(kinds()[name], &b); err != nil {
			t.Fatal(err)
		}
		if head := fmt.Sprintf(`tests="%d" failures="%d" errors="%d" skipped="%d"`, want[0], want[1], want[2], want[3]); !strings.Contains(b.String(), head) {
			t.Errorf("%s: want %s in\n%s", name, head, &b)
		}
	}
}

// TestJUnitSaysWhere: an expectation that does not hold is found in its file.
func TestJUnitSaysWhere(t *testing.T) {
	s := frozen()
	s.Expectations[0].Line = 12
	var b strings.Builder
	if err := WriteJUnit(s, &b); err != nil {
		t.Fatal(err)
	}
	if want := "measured 25 %&#xA;at my freeze.yaml:12&#xA;"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, &b)
	}
}
