package workflow

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"hlsload/nights"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/page"
	"hlsload/reports/spread"
)

// MaxSummary is how long the summary of a step becomes. Over 1,024 KiB GitHub drops the
// whole of it, and long ones are slow to show.
const MaxSummary = 200 << 10

// Summary is the summary of a step: the texts one after the other, each shortened to its
// share of [MaxSummary] where all do not fit. where says which file has the whole.
func Summary(texts [][]byte, where string) []byte {
	total := 0
	for _, t := range texts {
		total += len(t) + 1
	}
	var b bytes.Buffer
	left := MaxSummary
	for i, t := range texts {
		most := left / (len(texts) - i)
		if total <= MaxSummary {
			most = MaxSummary
		}
		t = cut(t, most-1, where)
		b.Write(t)
		b.WriteByte('\n')
		left -= len(t) + 1
	}
	return b.Bytes()
}

// cut shortens Markdown at the end of a line. What is folded is unfolded at its end.
func cut(text []byte, most int, where string) []byte {
	if len(text) <= most {
		return text
	}
	const folded = "</details>\n"
	end := fmt.Sprintf("\n**This was too long for a summary: %s has the whole.**\n", where)
	text = text[:max(most-len(end)-len(folded)-1, 0)]
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	open := bytes.Count(text, []byte("<details>")) > bytes.Count(text, []byte("</details>"))
	text = bytes.Clone(text)
	if open {
		text = append(text, "\n"+folded...)
	}
	return append(text, end...)
}

// Output is a value for later steps.
type Output struct{ Name, Value string }

// Outputs are the values of a run that later steps read. file makes the path of a file of
// the results.
func Outputs(s *reports.Summary, file func(name string) string) []Output {
	return []Output{
		{"verdict", s.Verdict}, {"exit-code", strconv.Itoa(s.ExitCode)}, {"reason", s.Reason()}, {"repeated", strconv.FormatBool(s.Repeats != nil)},
		{"dir", file("")}, {"summary", file(reports.SummaryFile)}, {"report", file(reports.HTMLFile)},
	}
}

// OutputsOfSeeds are those of a simulation with several seeds.
func OutputsOfSeeds(s *spread.Summary, file func(name string) string) []Output {
	one := reports.Summary{Verdict: s.Verdict, ExitCode: s.ExitCode}
	all := Outputs(&one, file)
	for i := range all {
		if all[i].Name == "reason" {
			all[i].Value = s.Reason
		}
	}
	return all
}

// MarkdownOfSeeds is the text of a simulation with several seeds for the summary of a step.
func MarkdownOfSeeds(s *spread.Summary) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s: %s\n\n```\n", strings.ToUpper(s.Verdict), document.EscapeMarkdown(oneLine(s.Reason)))
	var text strings.Builder
	err := page.WriteSeeds(s, &text, "", page.TextOptions{Width: 120})
	b.WriteString(strings.ReplaceAll(text.String(), "```", "'''"))
	b.WriteString("```\n")
	return b.Bytes(), err
}

// OutputsOfComparison are those of a comparison.
func OutputsOfComparison(c *nights.Comparison) []Output {
	return []Output{{"comparison", c.Outcome}, {"comparison-exit-code", strconv.Itoa(c.ExitCode)}, {"comparison-reason", c.Reason}}
}

// Line is the line of the file of outputs. A value has no more than one.
func (o *Output) Line() string { return o.Name + "=" + oneLine(o.Value) + "\n" }

// Join writes lines.
func Join(outputs []Output) string {
	var b strings.Builder
	for i := range outputs {
		b.WriteString(outputs[i].Line())
	}
	return b.String()
}
