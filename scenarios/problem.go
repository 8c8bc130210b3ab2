package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a scenario.
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 = unknown
	From         string // the override that holds the value, as in "--set fleet.players=x"; "" = the file
	Text         string // what is wrong (got …; want …)
}

// Error returns the problem behind its position: file:line:column, or the
// override.
func (p Problem) Error() string {
	switch {
	case p.From != "":
		return p.From + ": " + p.Text
	case p.Line == 0:
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems is everything wrong with a scenario, by position; those of
// overrides come last.
type Problems []Problem

// Error returns one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems by position, each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if (a.From != "") != (b.From != "") {
			if a.From != "" {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ps)
}
