package reports

import (
	"maps"
	"slices"
)

// maxNames bounds the names that are counted: they may come from outside.
const maxNames = 1000

// count adds to the count of a name. Beyond the bound names are counted as "other".
func Count(m *map[string]int64, name string, n int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if len(*m) >= maxNames {
		if _, ok := (*m)[name]; !ok {
			name = "other"
		}
	}
	(*m)[name] += n
}

// countAll adds counts, in the order of names, so that the same ones remain when
// there are too many.
func CountAll(m *map[string]int64, from map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		Count(m, name, from[name])
	}
}
