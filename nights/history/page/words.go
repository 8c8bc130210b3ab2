package page

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hlsload/nights"
	"hlsload/nights/history"
	"hlsload/reports"
	"hlsload/reports/figure"
)

// date is a start for people, in UTC.
func date(started string) string {
	t, err := time.Parse(time.RFC3339, started)
	if err != nil {
		return started
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// day is the date of a start.
func day(started string) string { return date(started)[:min(len(date(started)), len("2006-01-02"))] }

// change is a relative change as in "+24 %"; "" = there is none, or none that helps: that of
// a share would be taken for percentage points.
func change(l nights.Level, unit string) string {
	f := float64(l)
	if math.IsNaN(f) || math.IsInf(f, 0) || unit == "share" {
		return ""
	}
	sign := "+"
	if f < 0 {
		sign, f = "−", -f
	}
	decimals := 0
	if f < .0995 {
		decimals = 1
	}
	return sign + figure.Trim(100*f, decimals) + " %"
}

// moved is from what to what a level went.
func moved(before, after, by nights.Level, unit string) string {
	text := history.Words(before, unit) + " → " + history.Words(after, unit)
	if c := change(by, unit); c != "" {
		text += " (" + c + ")"
	}
	return text
}

// name is a measure in few words: figures are about sessions that joined before a fault,
// where there are any.
func name(measure string) string { return strings.Replace(measure, ",joined=before}", "}", 1) }

// worst is what changed most of a night; "" = not compared.
func worst(n *history.Night) string {
	switch {
	case n.Worst == nil:
		return ""
	case n.Worst.Base == n.Worst.New:
		return "none"
	}
	return name(n.Worst.Measure) + " " + moved(n.Worst.Base, n.Worst.New, n.Worst.Change, n.Worst.Unit)
}

// compared is the outcome of a comparison in a word or two.
func compared(n *history.Night) string {
	switch n.Outcome {
	case nights.Worse:
		return "WORSE"
	case nights.Same:
		return "no worse"
	case nights.Undecided:
		return "undecided"
	case nights.Nothing:
		return "not compared"
	}
	return ""
}

// What says why a night did not pass; "" = it did.
func What(n *nights.Night) string { return because(n.Reason, n.Failed) }

func what(n *history.Night) string { return because(n.Reason, n.Failed) }

func because(reason string, failed []string) string {
	switch {
	case reason != "":
		return reason
	case len(failed) == 1:
		return failed[0] + " does not hold"
	case len(failed) > 1:
		return fmt.Sprintf("%s and %d more do not hold", failed[0], len(failed)-1)
	}
	return ""
}

// counted says how many nights a series has, as in "31 nights, 2 of them void".
func counted(s *history.Series) string {
	by := map[string]int{}
	for i := range s.Nights {
		by[s.Nights[i].Verdict]++
	}
	text := figure.Plural(len(s.Nights), "night")
	var parts []string
	for _, v := range []string{reports.Pass, reports.Fail, reports.Void, reports.Interrupted} {
		if n := by[v]; n > 0 && n < len(s.Nights) {
			parts = append(parts, figure.Thousands(int64(n))+" "+verdictWords[v])
		} else if n > 0 {
			parts = append(parts, map[bool]string{false: "all "}[n == 1]+verdictWords[v])
		}
	}
	return text + ": " + strings.Join(parts, ", ")
}

var verdictWords = map[string]string{reports.Pass: "passed", reports.Fail: "failed", reports.Void: "void", reports.Interrupted: "interrupted"}

// made says with what the nights of a series were made.
func made(s *history.Series) string {
	k := &s.Key
	if k.Hash == "" {
		return "without a key, of an older version of hlsload: these nights are compared with none"
	}
	text := fmt.Sprintf("%s, %s", k.Mode, figure.Plural(k.Players, "player"))
	if k.Agents > 0 {
		text += ", " + figure.Plural(k.Agents, "agent")
	}
	return text + ", hlsload " + k.Version + ", key " + short(k.Hash)
}

// short is the beginning of a hash.
func short(hash string) string { return hash[:min(len(hash), 10)] }

// since says what has changed with a night, and whether hlsload has.
func since(s *history.Series, t history.Turn) string {
	var parts []string
	for i, p := range t.Points {
		if i == mostPoints {
			parts = append(parts, fmt.Sprintf("and %d more", len(t.Points)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s, %s", name(p.Of.Name), map[bool]string{true: "worse", false: "better"}[p.Worse], moved(p.Before, p.After, p.Change.Change, p.Of.Unit)))
	}
	c := t.Points[0].Change
	text := "since the night of " + day(s.Nights[t.Night].Started)
	switch {
	case c.Release != c.ReleaseBefore:
		text += fmt.Sprintf(" (release %s, before %s)", orNone(build(c.Release)), orNone(build(c.ReleaseBefore)))
	case c.Release != "":
		text += " (release " + build(c.Release) + ", as the night before)"
	}
	text += ": " + strings.Join(parts, "; ")
	switch {
	case c.Build == "" || c.BuildBefore == "":
	case c.Build != c.BuildBefore:
		text += fmt.Sprintf(". hlsload is another one since then, too: %s, before %s", build(c.Build), build(c.BuildBefore))
	default:
		text += ". hlsload is the same"
	}
	return text
}

// capital begins a text with a capital letter.
func capital(s string) string {
	first := min(1, len(s))
	return strings.ToUpper(s[:first]) + s[first:]
}

// build is what identifies a build, without tags.
func build(b string) string {
	if len(b) > 60 {
		return b[:57] + "…"
	}
	return b
}

// differences says what a former series was made with, as far as it is known.
func differences(s *history.Series, most int) []string {
	var all []string
	for i, d := range s.Differs {
		if i == most {
			all = append(all, fmt.Sprintf("and %d more", len(s.Differs)-most))
			break
		}
		all = append(all, fmt.Sprintf("%s: %s here, %s since", d.Path, orNone(d.Base), orNone(d.New)))
	}
	if len(all) == 0 && !s.Partly {
		all = append(all, "nothing that is known")
	}
	if s.Partly {
		all = append(all, "settings of the scenario may differ as well: a folder that has them is gone")
	}
	return all
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
