package workflow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
	"hlsload/reports/page"
	"hlsload/reports/spread"
)

// Levels of annotations.
const (
	Error   = "error"
	Warning = "warning"
	Notice  = "notice"
)

// Bounds of what GitHub shows of a step: it keeps the first so many annotations of each
// level, and of each the first 64 KiB.
const (
	MaxEach    = 10
	maxMessage = 4 << 10
	maxTitle   = 200
)

// Annotation is a remark at a place of a file.
type Annotation struct {
	Level   string
	File    string // "" = at none
	Line    int    // from 1; 0 = the file as a whole
	Title   string
	Message string
}

// Command is the workflow command that makes the annotation: a line of output, without
// its end.
func (a *Annotation) Command() string {
	var properties []string
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, name+"="+property.Replace(value))
		}
	}
	add("file", document.Printable(a.File, false))
	if a.File != "" && a.Line > 0 {
		add("line", strconv.Itoa(a.Line))
	}
	add("title", shorten(oneLine(a.Title), maxTitle))
	space := ""
	if properties != nil {
		space = " "
	}
	return "::" + a.Level + space + strings.Join(properties, ",") + "::" + data.Replace(shorten(document.Printable(a.Message, false), maxMessage))
}

// Escapes of workflow commands (actions/toolkit, packages/core/src/command.ts).
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func oneLine(s string) string {
	return strings.Join(strings.Fields(document.Printable(s, false)), " ")
}

// shorten cuts a text at so many bytes.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const more = "…"
	s = s[:most-len(more)]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + more
}

// Of are the annotations of a finished run: why it is void or was interrupted, the
// expectations that do not hold, at their lines of the scenario's file ("" = it is none of
// the repository), and the warnings.
func Of(s *reports.Summary, file string) []Annotation {
	var all []Annotation
	name := s.Scenario.Name
	if r := s.Repeats; r != nil {
		all = append(all, Annotation{Notice, file, 0, name + ": repeated", fmt.Sprintf("A void run came before (exit code %d: %s); its files are in %s.", r.ExitCode, r.Reason, r.Dir)})
	}
	if s.Verdict == reports.Void || s.Verdict == reports.Interrupted {
		message := strings.Join(append([]string{sentence(s.Reason())}, s.WhatHelps...), "\n")
		all = append(all, Annotation{Error, file, 0, fmt.Sprintf("%s: %s (exit code %d)", name, s.Verdict, s.ExitCode), message})
	}
	if s.Verdict != reports.Void { // what a void run measured proves nothing
		said := map[string]bool{}
		for i := range s.Expectations {
			e := &s.Expectations[i]
			if e.Pass {
				continue
			}
			message := e.Expr + ": " + e.Reason
			if help := page.Remedies(s, e.Expr); !said[help] { // else one above has it, of the same fault
				said[help] = true
				message += help
			}
			all = append(all, Annotation{Error, file, e.Line, name + ": " + e.Expr, message})
		}
	}
	for _, w := range s.Warnings {
		all = append(all, Annotation{Warning, file, 0, name, sentence(w)})
	}
	return bounded(all)
}

// OfSeeds are the annotations of a simulation with several seeds: the expectations that do
// not hold with each of them. lines are where they stand.
func OfSeeds(s *spread.Summary, file string, lines map[string]int) []Annotation {
	var all []Annotation
	name := s.Scenario.Name
	for i := range s.Expectations {
		if e := &s.Expectations[i]; len(e.Fails) > 0 {
			n := e.Holds + len(e.Fails)
			all = append(all, Annotation{Error, file, lines[e.Expr], name + ": " + e.Expr,
				fmt.Sprintf("%s: holds with %d of %s, not with %s; measured %s to %s", e.Expr, e.Holds, figure.Plural(n, "seed"), few(e.Fails), e.Text(e.Min), e.Text(e.Max))})
		}
	}
	if s.Verdict != reports.Pass && all == nil {
		all = append(all, Annotation{Error, file, 0, fmt.Sprintf("%s: %s (exit code %d)", name, s.Verdict, s.ExitCode), sentence(s.Reason)})
	}
	return bounded(all)
}

// few names the first of some seeds.
func few(seeds []uint64) string {
	const most = 5
	words := make([]string, 0, most+1)
	for _, seed := range seeds[:min(len(seeds), most)] {
		words = append(words, strconv.FormatUint(seed, 10))
	}
	if more := len(seeds) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}

// OfComparison are the annotations of a comparison: what got worse, with the command that
// shows it.
func OfComparison(c *nights.Comparison, file string) []Annotation {
	var all []Annotation
	for _, f := range c.Findings {
		if !f.Worse {
			continue
		}
		message := sentence(f.Why)
		if replay := cmp.Or(f.Replay, c.Replay); replay != "" {
			message += "\nreplay: " + replay
		}
		all = append(all, Annotation{Error, file, 0, "worse: " + f.Measure, message})
	}
	switch {
	case c.Outcome == nights.Worse && all == nil:
		all = append(all, Annotation{Error, file, 0, "worse than before", sentence(c.Reason)})
	case c.Outcome == nights.Undecided:
		all = append(all, Annotation{Notice, file, 0, "too few nights", sentence(c.Reason)})
	case c.Outcome == nights.Nothing && c.First: // there is no base yet
		all = append(all, Annotation{Notice, file, 0, "nothing was compared", sentence(c.Reason)})
	case c.Outcome == nights.Nothing:
		all = append(all, Annotation{Warning, file, 0, "nothing was compared", sentence(c.Reason)})
	}
	return bounded(all)
}

// bounded joins those of a level that GitHub would drop in the last of them.
func bounded(all []Annotation) []Annotation {
	for _, level := range []string{Error, Warning, Notice} {
		n, last := 0, -1
		var titles []string
		all = slices.DeleteFunc(all, func(a Annotation) bool {
			if a.Level != level {
				return false
			}
			if n++; n < MaxEach {
				return false
			}
			titles = append(titles, a.Title+": "+firstLine(a.Message))
			return true
		})
		switch last = len(titles) - 1; {
		case last >= 1:
			all = append(all, Annotation{Level: level, Title: fmt.Sprintf("%d more", len(titles)), Message: strings.Join(titles, "\n")})
		case last == 0:
			all = append(all, Annotation{Level: level, Message: titles[0]})
		}
	}
	return all
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// sentence begins a text with a capital and ends it with a full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	if r >= 'a' && r <= 'z' {
		s = strings.ToUpper(s[:n]) + s[n:]
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
