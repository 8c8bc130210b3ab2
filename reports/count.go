package reports

import "reflect"

// maxNames bounds the names that are counted: they may come from outside.
const maxNames = 1000

// others is the name of all that are beyond the bound.
const others = "other"

// Count adds n to a name's count. When there are too many names, those that come
// first by the alphabet keep counts of their own, and the rest is counted as "other": so
// the counts do not depend on the order in which names were seen.
func Count(m *map[string]int64, name string, n int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if len(*m) >= maxNames {
		name = room(*m, name)
	}
	(*m)[name] += n
}

// room is what a name is counted as when there may be no room for another one.
func room(m map[string]int64, name string) string {
	if _, ok := m[name]; ok || name == others {
		return name
	}
	kept, last := 0, ""
	for k := range m {
		if k != others {
			kept, last = kept+1, max(last, k)
		}
	}
	switch {
	case kept < maxNames:
		return name
	case name > last:
		return others
	}
	m[others] += m[last]
	delete(m, last)
	return name
}

// CountAll adds counts.
func CountAll(m *map[string]int64, from map[string]int64) {
	for name, n := range from {
		Count(m, name, n)
	}
}

// Add adds every field of a struct of counts to the same field of another:
// integers, durations, histograms, counts by name, and structs, arrays and slices
// of these. A flag is set when one of them is. A slice of sum must be as long as that of more.
func Add[T any](sum, more *T) {
	if more != nil {
		add(reflect.ValueOf(sum).Elem(), reflect.ValueOf(more).Elem())
	}
}

func add(sum, more reflect.Value) {
	switch to := sum.Addr().Interface().(type) {
	case *Histogram:
		to.Merge(more.Addr().Interface().(*Histogram))
		return
	case *map[string]int64:
		CountAll(to, more.Interface().(map[string]int64))
		return
	}
	switch sum.Kind() {
	case reflect.Int64:
		sum.SetInt(sum.Int() + more.Int())
	case reflect.Bool:
		sum.SetBool(sum.Bool() || more.Bool())
	case reflect.Struct:
		for i := range sum.NumField() {
			add(sum.Field(i), more.Field(i))
		}
	case reflect.Array, reflect.Slice:
		for i := range more.Len() {
			add(sum.Index(i), more.Index(i))
		}
	case reflect.Pointer:
		if more.IsNil() {
			return
		}
		if sum.IsNil() {
			sum.Set(reflect.New(sum.Type().Elem()))
		}
		add(sum.Elem(), more.Elem())
	default:
		panic("add counts: a field is a " + sum.Type().String() + " (want an integer, a histogram or counts by name)")
	}
}
