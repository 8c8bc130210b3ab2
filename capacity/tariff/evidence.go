package tariff

import (
	"slices"
	"time"
)

// Evidence is where a figure is from.
type Evidence struct {
	Source string
	Seen   time.Time // the day on which it was read; zero = it is the user's own
	Unsure bool      // no document of the maker confirms it
	Note   string    // why it is unsure, and what else is to be known
}

// MaxAge is how old a figure may be.
const MaxAge = 180 * 24 * time.Hour

// Old reports whether the figure was read more than 180 days ago.
func (e *Evidence) Old(now time.Time) bool { return !e.Seen.IsZero() && now.Sub(e.Seen) > MaxAge }

// names are those that pass, each once, in the order of the rows.
func names[T any](rows []T, name func(*T) string, pass func(*T) bool) []string {
	var all []string
	for i := range rows {
		if n := name(&rows[i]); pass(&rows[i]) && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// fields are the keys of it, which every row has.
func (e *Evidence) fields() []field {
	return []field{
		{"source", "where the figure is from", true, plain(&e.Source)},
		{"seen", "the day on which it was read, such as 2026-11-29", true, func(s string) (ok bool) {
			var err error
			e.Seen, err = time.Parse(time.DateOnly, s)
			return err == nil
		}},
		{"unsure", "true or false", false, func(s string) bool {
			e.Unsure = s == "true"
			return e.Unsure || s == "false"
		}},
		{"note", "a text", false, plain(&e.Note)},
	}
}
