package page

import (
	"encoding/xml"
	"io"
	"strings"
	"unicode/utf8"

	"hlsload/nights"
)

// The JUnit shape that CI systems read: a case for each measure that decides. Where there
// was nothing to compare they are skipped: they neither hold nor fail.

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Time     string   `xml:"time,attr"`
	Suite    suite    `xml:"testsuite"`
}

type suite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Time      string     `xml:"time,attr"`
	Timestamp string     `xml:"timestamp,attr,omitempty"`
	About     []property `xml:"properties>property"`
	Cases     []testCase `xml:"testcase"`
	Out       string     `xml:"system-out,omitempty"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Failure *problem `xml:"failure,omitempty"`
	Skipped *skipped `xml:"skipped,omitempty"`
	Out     string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type skipped struct {
	Message string `xml:"message,attr,omitempty"`
}

// WriteJUnit writes comparison.junit.xml.
func WriteJUnit(c *nights.Comparison, w io.Writer) error {
	s := suite{Name: "hlsload compare", Time: "0.000", Timestamp: strings.TrimSuffix(xmlText(c.New.Started), "Z"), Out: xmlText(reason(c))}
	if n := strings.IndexByte(s.Timestamp, '.'); n > 0 { // the schema has whole seconds
		s.Timestamp = s.Timestamp[:n]
	}
	for _, f := range facts(c) {
		s.About = append(s.About, property{strings.ToLower(f.name), xmlText(f.text)})
	}
	add := func(x testCase) {
		x.Class, x.Time, x.Name = "hlsload.compare", "0.000", xmlText(x.Name)
		s.Tests++
		if x.Failure != nil {
			s.Failures++
		}
		if x.Skipped != nil {
			s.Skipped++
		}
		s.Cases = append(s.Cases, x)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if !deciding(f) {
			continue
		}
		x := testCase{Name: "measure: " + f.Measure, Out: xmlText(headline(f))}
		switch {
		case f.Worse:
			lines := []string{headline(f)}
			if how := sure(f); how != "" {
				lines = append(lines, "how sure: "+how)
			}
			if of := whom(f); of != "" {
				lines = append(lines, "for whom: "+of)
			}
			if f.Replay != "" {
				lines = append(lines, "run again: "+f.Replay)
			}
			x.Failure = &problem{xmlText(headline(f)), "worse", xmlText(strings.Join(lines, "\n"))}
		case c.Outcome == nights.Undecided || c.Outcome == nights.Nothing:
			x.Skipped = &skipped{xmlText(c.Reason)}
		}
		add(x)
	}
	if c.Pairs != nil {
		x := testCase{Name: "player by player", Out: xmlText(strings.Join(pairs(c), "\n"))}
		if why := c.Pairs.Worse(); why != "" {
			x.Failure = &problem{xmlText(why), "worse", xmlText(why)}
		}
		add(x)
	}
	if c.Outcome == nights.Undecided || c.Outcome == nights.Nothing {
		add(testCase{Name: "comparison", Skipped: &skipped{xmlText(c.Reason)}})
	}
	all := suites{Name: "hlsload", Tests: s.Tests, Failures: s.Failures, Time: s.Time, Suite: s}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
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
