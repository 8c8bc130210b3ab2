package document

import (
	"regexp"
	"strings"
	"testing"
)

// TestPolicy: the policy allows the very script and style that are in the document, and text does not end them.
func TestPolicy(t *testing.T) {
	m := &Markup{}
	m.Text("</main><script>")
	d := &Document{Title: "</title>", Body: m, Data: map[string]string{"a": "</script>"}, Style: "p { color: red }", Script: "charts.show(() => {});"}
	var b strings.Builder
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for tag, policy := range map[string]string{"script": "script-src", "style": "style-src"} {
		_, rest, _ := strings.Cut(out, "<"+tag+">")
		text, _, _ := strings.Cut(rest, "</"+tag+">")
		if len(text) < 1000 || !strings.Contains(out, policy+" '"+hash(text)+"'") {
			t.Errorf("the policy does not allow the %s of the document", tag)
		}
	}
	if n := strings.Count(out, "</script>"); n != 2 {
		t.Errorf("%d ends of scripts; want 2", n)
	}
	b.Reset()
	if err := d.WriteNext(&b); err != nil || strings.Contains(b.String(), "<style>") || !strings.Contains(b.String(), `id="data">{"a":"\u003c/script\u003e"}`) {
		t.Errorf("%v: %s", err, b.String())
	}
	d.Data = func() {}
	if err := d.Write(&b); err == nil || !strings.Contains(err.Error(), `write "</title>"`) {
		t.Errorf("%v; want an error for data that are not JSON", err)
	}
}

// TestEscapeMarkdown: text ends no cell, and makes no code, HTML, link or picture.
func TestEscapeMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"s3.get_rps": "s3.get_rps", "a|b": `a\|b`, `a\|b`: `a\\\|b`, "`x`": "\\`x\\`", "<b>": "&lt;b>", "&lt;": "&amp;lt;", "![x](y)": `!\[x](y)`, "a\r\nb": "a  b",
	} {
		if got := EscapeMarkdown(text); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}

// TestTable: a table is the same in all outputs, and a cell with lines stays in its row.
func TestTable(t *testing.T) {
	table := &Table{Caption: "Rates", Head: []string{"name", "rate", "why"}, Words: map[int]bool{2: true}, Sign: func(head, cell string) (string, string) {
		if head == "rate" && cell == "12/s" {
			return "✕", "no"
		}
		return "", ""
	}}
	table.Add("a", "12/s", "two\nlines")
	table.Add("long name", "1/s", "")
	var text, md strings.Builder
	table.Text(&text, "  ", nil, 0)
	if want := "  name       rate  why\n  a          12/s  two lines\n  long name   1/s\n"; text.String() != want {
		t.Errorf("text:\n%s\nwant\n%s", text.String(), want)
	}
	text.Reset()
	table.Text(&text, "", strings.ToUpper, 16)
	if want := "NAME       RATE\na          12/s\nlong name   1/s\n"; text.String() != want {
		t.Errorf("in 16 columns:\n%s\nwant\n%s", text.String(), want)
	}
	table.Markdown(&md)
	if want := "| name | rate | why |\n| :-- | --: | :-- |\n| a | 12/s | two lines |\n| long name | 1/s |  |\n\n"; md.String() != want {
		t.Errorf("Markdown:\n%s\nwant\n%s", md.String(), want)
	}
	m := &Markup{}
	m.Table(table)
	if html := m.String(); !strings.Contains(html, `<td class="no">✕ 12/s</td>`) || !regexp.MustCompile(`<th scope="row">a</th>`).MatchString(html) {
		t.Error(html)
	}
}
