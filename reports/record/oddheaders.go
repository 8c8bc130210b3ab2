package record

import (
	"cmp"
	"maps"
	"slices"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// Bounds of what is kept of them: names come from outside.
const maxOddHeaders = 16

// oddHeaders counts them by name.
type oddHeaders map[string]*oddCount

type oddCount struct {
	answers int64
	values  map[uint64]bool
	words   map[string]bool
}

func (o *oddHeaders) of(name string) *oddCount {
	if *o == nil {
		*o = oddHeaders{}
	}
	n := (*o)[name]
	if n == nil {
		if len(*o) >= maxOddHeaders {
			name = "others"
		}
		if n = (*o)[name]; n == nil {
			n = &oddCount{values: map[uint64]bool{}, words: map[string]bool{}}
			(*o)[name] = n
		}
	}
	return n
}

func (o *oddHeaders) add(h *cdn.OddHeader) {
	n := o.of(h.Name)
	n.answers++
	if len(n.values) < reports.MaxOddValues {
		n.values[h.Sum] = true
	}
	if h.Word != "" && len(n.words) < maxOddHeaders {
		n.words[h.Word] = true
	}
}

func (o *oddHeaders) merge(other oddHeaders) {
	for name, m := range other {
		n := o.of(name)
		n.answers += m.answers
		for v := range m.values {
			if len(n.values) < reports.MaxOddValues {
				n.values[v] = true
			}
		}
		for w := range m.words {
			if len(n.words) < maxOddHeaders {
				n.words[w] = true
			}
		}
	}
}

func (o oddHeaders) list() []reports.NotUnderstood {
	all := []reports.NotUnderstood{}
	for name, n := range o {
		words := slices.Sorted(maps.Keys(n.words))
		if words == nil {
			words = []string{}
		}
		all = append(all, reports.NotUnderstood{Header: name, Answers: n.answers, Values: len(n.values), Words: words})
	}
	slices.SortFunc(all, func(a, b reports.NotUnderstood) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(a.Header, b.Header))
	})
	return all
}
