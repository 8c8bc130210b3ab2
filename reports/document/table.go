package document

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table is rows of cells with a heading, for a terminal, Markdown and HTML alike. The
// first column holds names, the others numbers.
type Table struct {
	Caption string // in HTML
	Head    []string
	Rows    [][]string
	Words   map[int]bool // further columns that hold words
	Spare   []int        // columns that a narrow terminal does without, the least important first
	// Sign is a sign to stand before a cell in HTML, and its class, "ok" or "no"; "" = none.
	Sign func(head, cell string) (sign, class string)
}

// Add adds a row, which has a cell for each column.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t *Table) left(column int) bool { return column == 0 || t.Words[column] }

// WithoutZeros leaves out the columns that say 0, or nothing, in every row.
func (t *Table) WithoutZeros() *Table {
	short := &Table{Caption: t.Caption, Words: map[int]bool{}, Rows: make([][]string, len(t.Rows)), Sign: t.Sign}
	spare := slices.Repeat([]int{-1}, len(t.Spare)) // -1 = left out
	for i, head := range t.Head {
		if !slices.ContainsFunc(t.Rows, func(row []string) bool { return row[i] != "0" && row[i] != "" }) {
			continue
		}
		short.Words[len(short.Head)] = t.Words[i]
		if at := slices.Index(t.Spare, i); at >= 0 {
			spare[at] = len(short.Head)
		}
		short.Head = append(short.Head, head)
		for r := range t.Rows {
			short.Rows[r] = append(short.Rows[r], t.Rows[r][i])
		}
	}
	short.Spare = slices.DeleteFunc(spare, func(i int) bool { return i < 0 })
	return short
}

// widths are the columns' widths.
func (t *Table) widths() []int {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	return width
}

// fit is which columns are shown in so many places: spare ones give way first, then
// those on the right. Two columns always stay.
func (t *Table) fit(width []int, places int) []bool {
	shown := slices.Repeat([]bool{true}, len(width))
	total := -2
	for _, w := range width {
		total += w + 2
	}
	leaving := slices.Clone(t.Spare)
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

// flat is the table with each cell in one line.
func (t *Table) flat() *Table {
	one := *t
	one.Rows = make([][]string, len(t.Rows))
	for r, row := range t.Rows {
		for _, c := range row {
			if strings.ContainsAny(c, "\n\r\t") {
				c = strings.Join(strings.Fields(c), " ")
			}
			one.Rows[r] = append(one.Rows[r], c)
		}
	}
	return &one
}

// Text writes the table with aligned columns, without those that do not fit into so many
// places; 0 = all fit. Head changes the line of headings; nil = it stays.
func (t *Table) Text(w io.Writer, indent string, head func(string) string, places int) {
	t = t.flat()
	width := t.widths()
	shown := slices.Repeat([]bool{true}, len(width))
	if places > 0 {
		shown = t.fit(width, places-len(indent))
	}
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
	if head == nil {
		head = func(s string) string { return s }
	}
	io.WriteString(w, head(line(t.Head))+"\n")
	for _, row := range t.Rows {
		io.WriteString(w, line(row)+"\n")
	}
}

// Markdown writes the table in GitHub's dialect.
func (t *Table) Markdown(w io.Writer) {
	row := func(cells []string) {
		for _, c := range cells {
			io.WriteString(w, "| "+EscapeMarkdown(c)+" ")
		}
		io.WriteString(w, "|\n")
	}
	row(t.Head)
	for i := range t.Head {
		io.WriteString(w, map[bool]string{true: "| :-- ", false: "| --: "}[t.left(i)])
	}
	io.WriteString(w, "|\n")
	for _, r := range t.Rows {
		row(r)
	}
	io.WriteString(w, "\n")
}
