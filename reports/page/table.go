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
	spare   []int        // columns that a narrow terminal does without, the least important first
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) left(column int) bool { return column == 0 || t.words[column] }

// withoutZeros leaves out the columns that say 0, or nothing, in every row.
func (t *table) withoutZeros() *table {
	short := &table{caption: t.caption, words: map[int]bool{}, rows: make([][]string, len(t.rows))}
	spare := slices.Repeat([]int{-1}, len(t.spare)) // -1 = left out
	for i, head := range t.head {
		if !slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != "0" && row[i] != "" }) {
			continue
		}
		short.words[len(short.head)] = t.words[i]
		if at := slices.Index(t.spare, i); at >= 0 {
			spare[at] = len(short.head)
		}
		short.head = append(short.head, head)
		for r := range t.rows {
			short.rows[r] = append(short.rows[r], t.rows[r][i])
		}
	}
	short.spare = slices.DeleteFunc(spare, func(i int) bool { return i < 0 })
	return short
}

// brief is the table with a word for the profiles whose models are unchecked.
func (t *table) brief() *table {
	at := slices.Index(t.head, "confidence")
	for _, row := range t.rows {
		if at < 0 {
			break
		}
		word, _, _ := strings.Cut(row[at], ":")
		row[at] = map[bool]string{true: word}[word == "unchecked"]
	}
	return t
}

// widths are the columns' widths.
func (t *table) widths() []int {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	return width
}

// fit is which columns are shown in so many places: spare ones give way first, then
// those on the right. Two columns always stay.
func (t *table) fit(width []int, places int) []bool {
	shown := slices.Repeat([]bool{true}, len(width))
	total := -2
	for _, w := range width {
		total += w + 2
	}
	leaving := slices.Clone(t.spare)
	for i := len(width) - 1; i > 1; i-- {
		leaving = append(leaving, i)
	}
	for _, i := range leaving {
		if total <= places {
			break
		}
		if shown[i] {
			shown[i] = false
			total -= width[i] + 2
		}
	}
	return shown
}

// text writes the table with aligned columns, without those that do not fit.
func (t *table) text(w io.Writer, indent string, p palette, places int) {
	width := t.widths()
	shown := t.fit(width, places-len(indent))
	line := func(row []string) string {
		var b strings.Builder
		b.WriteString(indent)
		for i, c := range row {
			if !shown[i] {
				continue
			}
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
