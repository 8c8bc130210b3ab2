package page

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"hlsload/capacity/answer"
)

var update = flag.Bool("update", false, "rewrite the files of testdata")

// events are answers that hlsload/capacity/answer keeps.
var events = []string{"million", "mistake", "nothing", "calm", "refused"}

func answerOf(t testing.TB, name string) *answer.Answer {
	t.Helper()
	data, err := os.ReadFile("../answer/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	a := &answer.Answer{}
	if err := json.Unmarshal(data, a); err != nil {
		t.Fatal(err)
	}
	return a
}

func written(t testing.TB, a *answer.Answer, write func(io.Writer, *answer.Answer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func text(w io.Writer, a *answer.Answer) error { return WriteText(w, a, 100) }

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%v: it is not %s (want go test ./capacity/page -update):\n%s", err, file, got)
	}
}

// TestTranscripts keeps what people read: the text, the Markdown, and of the HTML the text of its elements and the widths of its bars.
func TestTranscripts(t *testing.T) {
	for _, name := range events {
		a := answerOf(t, name)
		golden(t, "testdata/"+name+".txt", written(t, a, text))
		golden(t, "testdata/"+name+".md", written(t, a, WriteMarkdown))
		golden(t, "testdata/"+name+".html.txt", transcript(t, body(t, a)))
	}
}

// body is the visible part of report.html.
func body(t testing.TB, a *answer.Answer) string {
	t.Helper()
	_, html, _ := strings.Cut(written(t, a, WriteHTML), "<main>\n")
	html, _, ok := strings.Cut(html, "</main>")
	if !ok {
		t.Fatal("no <main>")
	}
	return html
}

// TestFirstLines: what breaks first, when and by how much stand in the first line, and what would prevent it in the
// first eight, in every output.
func TestFirstLines(t *testing.T) {
	a := answerOf(t, "million")
	for name, out := range map[string]string{"text": written(t, a, text), "markdown": written(t, a, WriteMarkdown), "html": body(t, a)} {
		lines := strings.Split(out, "\n")
		first := strings.Join(lines[:min(len(lines), 14)], "\n")
		for _, want := range []string{"cloudfront.bps breaks first, 9:00 before the start: the event needs 25.2 times its limit.", "above the limit of 150 Gbit/s (which no document confirms)",
			"What would prevent it", "a quota of 3.78 Tbit/s", "at most 39,600 viewers"} {
			if !strings.Contains(strings.ReplaceAll(first, "\n", " "), want) {
				t.Errorf("%s: no %q in the first lines:\n%s", name, want, first)
			}
		}
	}
	if first, _, _ := strings.Cut(written(t, a, text), "\n"); first != a.Headline {
		t.Errorf("the first line is %q; want %q", first, a.Headline)
	}
}

// TestWidth: sentences fit into 100 columns or fewer, and tables into 140.
func TestWidth(t *testing.T) {
	for _, name := range events {
		for _, width := range []int{40, 80, 100} {
			var b bytes.Buffer
			if err := WriteText(&b, answerOf(t, name), width); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSuffix(line, "\n")
				n, table := utf8.RuneCountInString(line), strings.Contains(strings.TrimLeft(line, " -"), "  ")
				if !table && n > max(width, 44) || n > 140 {
					t.Errorf("%s, %d columns: a line of %d: %s", name, width, n, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s: spaces at the end of %q", name, line)
				}
			}
		}
	}
}

// TestDoubtsAreMarked: a figure that is unsure or old is marked in every table of every output.
func TestDoubtsAreMarked(t *testing.T) {
	a := answerOf(t, "mistake")
	for i := range a.Quotas {
		a.Quotas[i].Unsure, a.Quotas[i].Old = false, a.Quotas[i].Name == "s3.get_rps"
	}
	for i := range a.Cost.Items {
		a.Cost.Items[i].Unsure, a.Cost.Items[i].Old = false, a.Cost.Items[i].Name == "cloudfront.out"
	}
	a.Warnings = []string{"these are old"}
	for _, s := range sections(a, 10) {
		if s.table == nil || s.id == "sources" {
			continue
		}
		for _, row := range s.table.Rows {
			line := strings.Join(row, " ")
			doubtful := strings.Contains(line, "s3.get_rps") || row[0] == "cloudfront.out" || row[0] == "in all" || s.id == "rehearsal"
			if doubtful != strings.Contains(line, "(old)") {
				t.Errorf("%s: %q; want a mark: %v", s.id, line, doubtful)
			}
		}
	}
	for name, out := range map[string]string{"text": written(t, a, text), "markdown": written(t, a, WriteMarkdown), "html": body(t, a)} {
		if !strings.Contains(out, "these are old") {
			t.Errorf("%s: no warning", name)
		}
		if !strings.Contains(out, "old = read more than 180 days ago") || strings.Count(out, "(old)") < 10 {
			t.Errorf("%s: no word of what is old, or %d marks", name, strings.Count(out, "(old)"))
		}
	}
}

// TestSameFigures: each cell of each table is in each output.
func TestSameFigures(t *testing.T) {
	for _, name := range events {
		a := answerOf(t, name)
		for out, x := range map[string]struct {
			rows int
			text string
		}{"text": {rowsOfText, written(t, a, text)}, "markdown": {rowsOfMarkdown, written(t, a, WriteMarkdown)}, "html": {rowsOfHTML, body(t, a)}} {
			unescaped := strings.NewReplacer(`\[`, "[", "&lt;", "<", "&gt;", ">", "&#39;", "'", "&amp;", "&").Replace(x.text)
			for _, s := range sections(a, x.rows) {
				for _, row := range s.table.Rows {
					for _, cell := range row {
						if !strings.Contains(unescaped, cell) {
							t.Errorf("%s, %s: no %q of %s", name, out, cell, s.title)
						}
					}
				}
			}
		}
	}
}

// long is an event of 48 hours in 64 regions, with as many faults as a scenario may have, and figures that are as long as they get.
func long(t testing.TB) *answer.Answer {
	a := answerOf(t, "million")
	a.Minutes = nil
	for i := range 2880 {
		m := answer.Minute{T: float64(60*i) - 86400, Viewers: 99_999_900 - float64(i), EdgeRPS: 49_876_500 + float64(i), EdgeBPS: 2.98765e14 + float64(i), OriginRPS: 12345.6, HitRatio: .999987654}
		for k := range 64 {
			m.ByRegion = append(m.ByRegion, answer.Region{Name: fmt.Sprintf("region-%d", k), Viewers: 1234560, EdgeRPS: 1234560, EdgeBPS: 1.23456e13 - float64(k)})
		}
		a.Minutes = append(a.Minutes, m)
	}
	fault := a.Worst[0]
	a.Worst = nil
	for i := range 200 {
		f := fault
		f.Fault = fmt.Sprintf("%s-%d", strings.Repeat("x", 58), i)
		f.OriginByPrefix = map[string]float64{}
		for p := range 33 {
			f.OriginByPrefix[fmt.Sprintf("rendition %d", p)] = float64(p)
		}
		a.Worst = append(a.Worst, f)
	}
	return a
}

// TestLongFits bounds the files of the longest events.
func TestLongFits(t *testing.T) {
	a := long(t)
	html, md := written(t, a, WriteHTML), written(t, a, WriteMarkdown)
	t.Logf("report.html %d kB, capacity.md %d kB", len(html)>>10, len(md)>>10)
	if len(html) > 1<<20 || len(md) > 200<<10 {
		t.Errorf("report.html has %d bytes, capacity.md %d; want at most 1 MiB and 200 KiB", len(html), len(md))
	}
	if d := chartDataOf(a); len(d.T) != mostPoints || len(d.Regions) != mostRegions+1 || len(d.Regions[6].Values) != mostPoints || d.Regions[6].Label != "the 58 other regions" {
		t.Errorf("%d points, %d lines", len(d.T), len(d.Regions))
	}
}

// TestSampled keeps the first, the busiest and the last minute.
func TestSampled(t *testing.T) {
	all := make([]answer.Minute, 100)
	for i := range all {
		all[i].T = float64(i)
	}
	for most := 1; most < 120; most++ {
		of, step := sampled(all, &all[37], most)
		found := false
		for k, m := range of {
			found = found || m.T == 37
			if k > 0 && m.T <= of[k-1].T {
				t.Errorf("%d of 100: %g after %g", most, m.T, of[k-1].T)
			}
		}
		if len(of) > most+2 || !found || of[0].T != 0 || of[len(of)-1].T != 99 || step != (99+most)/most {
			t.Errorf("%d of 100: %d rows, the busiest is there: %v, step %d", most, len(of), found, step)
		}
	}
}

// TestOrdinal counts in English.
func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 102: "102nd", 111: "111th", 1233: "1,233rd"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d: %s; want %s", n, got, want)
		}
	}
}

// nasty are names and sources that try to be something else.
var nasty = []string{"<script>alert(1)</script>", "a|b", "`x`", "two\nlines", `back\|slash`, "[x](javascript:alert(1))", "![x](//evil.example/a.png)", `"><img src=x onerror=alert(1)>`, "&lt;b&gt;", "\x1b[31mred", "</main></script>", "\u202eabc"}

// hostile is an answer with such text wherever text is.
func hostile(t testing.TB, text string) *answer.Answer {
	a := answerOf(t, "mistake")
	a.Event, a.Scenario, a.Notes, a.Headline, a.Reason, a.Prevents = text, text, []string{text}, text, text, []string{text, text}
	for i := range a.Minutes {
		for k := range a.Minutes[i].ByRegion {
			a.Minutes[i].ByRegion[k].Name = text
		}
	}
	for i := range a.Worst {
		a.Worst[i].Fault, a.Worst[i].OriginByPrefix = text, map[string]float64{text: 1, "other": 2}
	}
	for i := range a.Quotas {
		x := &a.Quotas[i]
		x.Name, x.What, x.By, x.Prefix, x.ExceededBy, x.Adjustable, x.Scope, x.Source, x.Seen, x.Note = text, text, text, text, text, text, text, text, text, text
	}
	for i := range a.Cost.Items {
		x := &a.Cost.Items[i]
		x.Name, x.Region, x.Unit, x.Source, x.Seen = text, text, text, text, text
	}
	a.Cost.Currency, a.Cost.Without, a.Rehearsal.Machine, a.Rehearsal.Note, a.Model.Refused = text, []string{text}, text, text, ""
	a.Mistakes.AsIs.Fault, a.Mistakes.AsIs.Tightest = text, text
	for i := range a.Mistakes.Each {
		x := &a.Mistakes.Each[i]
		x.Name, x.What, x.Fix, x.Fault, x.Tightest = text, text, text, text, text
	}
	for i := range a.Sensitivity {
		a.Sensitivity[i].Input, a.Sensitivity[i].Tightest = text, text
	}
	for i := range a.Largest {
		a.Largest[i].Quota = text
	}
	return a
}

// TestHostile: no text of an answer becomes markup, a further cell or a further line.
func TestHostile(t *testing.T) {
	plain := hostile(t, "plain")
	shape := elements(t, body(t, plain))
	cells := bars(written(t, plain, WriteMarkdown))
	for _, s := range nasty {
		a := hostile(t, s)
		if got := elements(t, body(t, a)); got != shape {
			t.Errorf("%q changes the elements of report.html", s)
		}
		if got := written(t, a, WriteHTML); strings.Count(got, "<script") != strings.Count(written(t, plain, WriteHTML), "<script") || strings.Contains(got, "\x1b") {
			t.Errorf("%q gets into report.html", s)
		}
		md := written(t, a, WriteMarkdown)
		if got := bars(md); got != cells {
			t.Errorf("%q changes the cells of capacity.md: %s", s, md)
		}
		if strings.Contains(md, "<") || regexp.MustCompile(`(^|[^\\])\[`).MatchString(strings.ReplaceAll(md, `\\`, "")) || strings.Contains(md, "\x1b") {
			t.Errorf("%q is markup in capacity.md: %s", s, md)
		}
		if got := written(t, a, text); strings.Contains(got, "\x1b") {
			t.Errorf("%q gets into the text: %s", s, got)
		}
	}
}

// elements is the HTML without text and attributes; it fails when the HTML is not well formed.
func elements(t testing.TB, html string) string {
	t.Helper()
	var b strings.Builder
	open := 0
	walk(t, html, func(token xml.Token) {
		switch x := token.(type) {
		case xml.StartElement:
			open++
			b.WriteString("<" + x.Name.Local)
		case xml.EndElement:
			open--
			b.WriteString(">")
		}
	})
	if open != 0 {
		t.Fatalf("%d elements are not closed", open)
	}
	return b.String()
}

func walk(t testing.TB, html string, of func(xml.Token)) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<main>" + html + "</main>"))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, html)
		}
		of(token)
	}
}

// transcript is a line for each element with text. Bars are their fill, from where and how far.
func transcript(t testing.TB, html string) string {
	t.Helper()
	var b strings.Builder
	walk(t, html, func(token xml.Token) {
		switch x := token.(type) {
		case xml.StartElement:
			at := map[string]string{}
			for _, a := range x.Attr {
				at[a.Name.Local] = a.Value
			}
			switch x.Name.Local {
			case "section", "header", "footer", "nav", "details":
				b.WriteString("\n" + x.Name.Local + " " + at["class"] + " " + at["id"] + "\n")
			case "h1", "h2", "h3", "p", "li", "dt", "caption", "summary", "tr":
				b.WriteString("\n" + x.Name.Local + ": ")
			case "div":
				b.WriteString("\n" + strings.TrimSpace(at["class"]+" "+at["id"]) + ": ")
			case "td", "th", "dd", "span":
				b.WriteString(" | ")
			case "rect":
				if at["y"] != "" && strings.HasSuffix(at["width"], "%") && at["fill"] == "" {
					fmt.Fprintf(&b, " [%s %s +%s]", at["class"], at["x"], at["width"])
				}
			}
		case xml.CharData:
			b.WriteString(strings.TrimSuffix(string(x), "\n"))
		}
	})
	return regexp.MustCompile(` *\n\n*`).ReplaceAllString(strings.TrimSpace(b.String()), "\n") + "\n"
}

// bars is how many cells the lines of tables have.
func bars(md string) string {
	var b strings.Builder
	escaped := regexp.MustCompile(`\\.`)
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "|") {
			fmt.Fprintf(&b, "%d ", strings.Count(escaped.ReplaceAllString(line, ""), "|"))
		}
	}
	return b.String()
}

// FuzzHostile: any text leaves the elements of report.html and the cells of capacity.md as they are.
func FuzzHostile(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	shape, cells := elements(f, body(f, hostile(f, "plain"))), bars(written(f, hostile(f, "plain"), WriteMarkdown))
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(s) == "" || len(s) > 100 || strings.Contains(s, "plain") {
			return
		}
		a := hostile(t, s)
		if !utf8.ValidString(s) {
			written(t, a, WriteHTML)
			return
		}
		if got := elements(t, body(t, a)); got != shape {
			t.Errorf("%q changes the elements of report.html", s)
		}
		if got := bars(written(t, a, WriteMarkdown)); got != cells {
			t.Errorf("%q changes the cells of capacity.md", s)
		}
	})
}

// TestAbsurd: an answer with nothing in it, and figures that are no numbers of a plan, have a page.
func TestAbsurd(t *testing.T) {
	a := answerOf(t, "calm")
	a.Minutes = a.Minutes[:1]
	for i := range a.Quotas {
		a.Quotas[i].Peak = 0
	}
	a.Mistakes.AsIs, a.Sensitivity = answer.Case{}, nil
	for i := range a.Mistakes.Each {
		a.Mistakes.Each[i].Case = answer.Case{}
	}
	for _, a := range []*answer.Answer{a, {Model: answer.Model{Refused: "no"}, Headline: "no"}} {
		elements(t, body(t, a))
		for _, write := range []func(io.Writer, *answer.Answer) error{text, WriteMarkdown} {
			if out := written(t, a, write); strings.Contains(out, "NaN") || strings.Contains(out, "Inf") {
				t.Errorf("%s", out)
			}
		}
	}
}

// TestWrite writes all files, or says which could not be written.
func TestWrite(t *testing.T) {
	dir, a := t.TempDir(), answerOf(t, "calm")
	if Holds(dir) != "" {
		t.Fatal("an empty directory holds something")
	}
	if err := Write(dir, a); err != nil || Holds(dir) != JSONFile {
		t.Fatalf("%v; it holds %q", err, Holds(dir))
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 {
		t.Errorf("%v; want three files", entries)
	}
	var back answer.Answer
	data, _ := os.ReadFile(filepath.Join(dir, JSONFile))
	if err := json.Unmarshal(data, &back); err != nil || back.First != a.First {
		t.Errorf("%v: %s", err, back.First)
	}
	if err := os.Remove(filepath.Join(dir, HTMLFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, HTMLFile, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, a); err == nil || !strings.HasPrefix(err.Error(), "write report.html: ") {
		t.Errorf("%v; want an error of report.html", err)
	}
	if err := Write(filepath.Join(dir, "none"), a); err == nil || strings.Count(err.Error(), "write ") != 3 {
		t.Errorf("%v; want an error of each file", err)
	}
}
