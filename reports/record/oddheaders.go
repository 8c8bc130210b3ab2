package record

import (
	"cmp"
	"maps"
	"slices"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// maxOddHeaders bounds the names that are kept, and the words of each: both come
// from outside.
const maxOddHeaders = 16

// otherHeaders is the name of all that are beyond the bound.
const otherHeaders = "others"

// OddHeaders counts by name the headers of caches that are not understood. Of names,
// values and words the smallest are kept, whatever their order.
type OddHeaders map[string]*OddCount

// OddCount is what was seen of the headers of one name.
type OddCount struct {
	Answers int64
	Values  map[uint64]bool
	Words   map[string]bool
}

// of is the count of a name, or of the others when there are too many.
func (o *OddHeaders) of(name string) *OddCount {
	if *o == nil {
		*o = OddHeaders{}
	}
	n := (*o)[name]
	if n != nil {
		return n
	}
	n = &OddCount{Values: map[uint64]bool{}, Words: map[string]bool{}}
	(*o)[name] = n
	kept, last := 0, ""
	for k := range *o {
		if k != otherHeaders {
			kept, last = kept+1, max(last, k)
		}
	}
	if kept <= maxOddHeaders {
		return n
	}
	surplus := (*o)[last]
	delete(*o, last)
	rest := o.of(otherHeaders)
	rest.add(surplus)
	if name == last {
		return rest
	}
	return n
}

func (o *OddHeaders) add(h *cdn.OddHeader) {
	n := o.of(h.Name)
	n.Answers++
	keep(n.Values, h.Sum, reports.MaxOddValues)
	if h.Word != "" {
		keep(n.Words, h.Word, maxOddHeaders)
	}
}

func (n *OddCount) add(m *OddCount) {
	n.Answers += m.Answers
	for v := range m.Values {
		keep(n.Values, v, reports.MaxOddValues)
	}
	for w := range m.Words {
		keep(n.Words, w, maxOddHeaders)
	}
}

// keep adds to a set that keeps its smallest members.
func keep[K cmp.Ordered](set map[K]bool, k K, most int) {
	if set[k] {
		return
	}
	if len(set) >= most {
		last := k
		for o := range set {
			last = max(last, o)
		}
		if last == k {
			return
		}
		delete(set, last)
	}
	set[k] = true
}

func (o *OddHeaders) merge(other OddHeaders) {
	for name, m := range other {
		o.of(name).add(m)
	}
}

// List has the headers with the most answers first.
func (o OddHeaders) List() []reports.NotUnderstood {
	all := []reports.NotUnderstood{}
	for name, n := range o {
		words := slices.Sorted(maps.Keys(n.Words))
		if words == nil {
			words = []string{}
		}
		all = append(all, reports.NotUnderstood{Header: name, Answers: n.Answers, Values: len(n.Values), Words: words})
	}
	slices.SortFunc(all, func(a, b reports.NotUnderstood) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(a.Header, b.Header))
	})
	return all
}
