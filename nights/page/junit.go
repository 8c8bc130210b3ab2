package page

import (
	"io"
	"strings"

	"hlsload/nights"
	"hlsload/reports/junit"
)

// The JUnit shape that CI systems read: a case for each measure that decides. Where there
// was nothing to compare they are skipped: they neither hold nor fail.

// WriteJUnit writes comparison.junit.xml.
func WriteJUnit(c *nights.Comparison, w io.Writer) error {
	s := junit.Suite{Name: "hlsload compare", Time: "0.000", Timestamp: strings.TrimSuffix(junit.Text(c.New.Started), "Z"), Out: junit.Text(reason(c))}
	if n := strings.IndexByte(s.Timestamp, '.'); n > 0 { // the schema has whole seconds
		s.Timestamp = s.Timestamp[:n]
	}
	for _, f := range facts(c) {
		s.About = append(s.About, junit.Fact{Name: strings.ToLower(f.name), Value: junit.Text(f.text)})
	}
	add := func(x junit.Case) {
		x.Class, x.Time, x.Name = "hlsload.compare", "0.000", junit.Text(x.Name)
		s.Add(x)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if !deciding(f) {
			continue
		}
		x := junit.Case{Name: "measure: " + f.Measure, Out: junit.Text(headline(f))}
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
			x.Failure = &junit.Problem{Message: junit.Text(headline(f)), Type: "worse", Text: junit.Text(strings.Join(lines, "\n"))}
		case c.Outcome == nights.Undecided || c.Outcome == nights.Nothing:
			x.Skipped = &junit.Problem{Message: junit.Text(c.Reason)}
		}
		add(x)
	}
	if c.Pairs != nil {
		x := junit.Case{Name: "player by player", Out: junit.Text(strings.Join(pairs(c), "\n"))}
		if why := c.Pairs.Worse(); why != "" {
			x.Failure = &junit.Problem{Message: junit.Text(why), Type: "worse", Text: junit.Text(why)}
		}
		add(x)
	}
	if c.Outcome == nights.Undecided || c.Outcome == nights.Nothing {
		add(junit.Case{Name: "comparison", Skipped: &junit.Problem{Message: junit.Text(c.Reason)}})
	}
	return s.Write(w)
}
