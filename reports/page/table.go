package page

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is rows of cells with a heading, for the terminal, Markdown and HTML
// alike. The first column holds names, the others numbers.
type table struct {
	caption string
	head    []string
	rows    [][]string
	words   map[int]bool // further columns that hold words
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) left(column int) bool { return column == 0 || t.words[column] }

// withoutZeros leaves out the columns that say 0 in every row.
func (t *table) withoutZeros() *table {
	short := &table{caption: t.caption, words: map[int]bool{}, rows: make([][]string, len(t.rows))}
	for i, head := range t.head {
		if !slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != "0" }) {
			continue
		}
		short.words[len(short.head)] = t.words[i]
		short.head = append(short.head, head)
		for r := range t.rows {
			short.rows[r] = append(short.rows[r], t.rows[r][i])
		}
	}
	return short
}

// text writes the table with aligned columns.
func (t *table) text(w io.Writer, indent string, p palette) {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	line := func(row []string) string {
		var b strings.Builder
		b.WriteString(indent)
		for i, c := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if t.left(i) {
				b.WriteString(c + pad)
			} else {
				b.WriteString(pad + c)
			}
		}
		return strings.TrimRight(b.String(), " ")
	}
	io.WriteString(w, p.dim(line(t.head))+"\n")
	for _, row := range t.rows {
		io.WriteString(w, line(row)+"\n")
	}
}

// markdown writes the table in GitHub's dialect.
func (t *table) markdown(w io.Writer) {
	row := func(cells []string) {
		for _, c := range cells {
			io.WriteString(w, "| "+escapeMarkdown(c)+" ")
		}
		io.WriteString(w, "|\n")
	}
	row(t.head)
	for i := range t.head {
		io.WriteString(w, map[bool]string{true: "| :-- ", false: "| --: "}[t.left(i)])
	}
	io.WriteString(w, "|\n")
	for _, r := range t.rows {
		row(r)
	}
	io.WriteString(w, "\n")
}

func escapeMarkdown(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ", "\r", " ", "`", "\\`").Replace(s)
}
