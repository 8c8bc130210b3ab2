package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// markdown escapes what ends a cell or a line, and what makes code, HTML, links or
// pictures of text.
var markdown = strings.NewReplacer(`\`, `\\`, "|", "\\|", "<", "&lt;", "&", "&amp;", "[", "\\[", "\n", " ", "\r", " ", "`", "\\`")

// EscapeMarkdown is text that means itself within a line of Markdown.
func EscapeMarkdown(s string) string { return markdown.Replace(s) }

// Wrap breaks text into lines of at most width columns; a longer word has a line of its
// own.
func Wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		switch {
		case line == indent:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			b.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}

// Printable replaces the control characters that text from outside may carry,
// but for tabs and the ends of lines; escapes keeps the escape character too.
func Printable(s string, escapes bool) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && !(escapes && r == '\x1b') {
			return '\uFFFD'
		}
		return r
	}, s)
}
