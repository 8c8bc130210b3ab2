package policy

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/player/units"
)

// Limited is a struct of parameters that states their ranges.
type Limited interface {
	// Limits names each parameter that has a range, as YAML does.
	Limits(l *Limits)
}

// Parameter is a value of a profile with what it may be.
type Parameter struct {
	Path      string // as in "estimate.median.window"
	Value     any    // a pointer to it
	Low, High any    // its range, where it has one; of the length of a list
	Words     []string
}

// Range is what the value may be, as in "1ms to 10s"; "" = it has no range.
func (p Parameter) Range() string {
	switch {
	case len(p.Words) > 0:
		return strings.Join(p.Words, ", ")
	case p.Low == nil || p.High == nil || reflect.TypeOf(p.Value).Elem().Kind() == reflect.Slice:
		return ""
	}
	return text(p.Low) + " to " + text(p.High)
}

// Limits takes the parameters of a struct.
type Limits struct {
	path string
	seen func(Parameter)
	errs []error
}

// Validate returns everything that is out of range, each with its path.
func Validate(v Limited) error {
	l := Limits{seen: func(Parameter) {}}
	v.Limits(&l)
	return errors.Join(l.errs...)
}

// Walk shows all parameters, those of the chosen policies included. A choice or a
// list comes before what is in it, so that see may change it.
func Walk(v Limited, see func(Parameter)) { v.Limits(&Limits{seen: see}) }

func (l *Limits) see(p Parameter) {
	p.Path = l.at(p.Path)
	l.seen(p)
}

func (l *Limits) at(name string) string { return strings.Trim(l.path+"."+name, ".") }

// Wrong adds a problem with a parameter; "" = with all of them.
func (l *Limits) Wrong(name, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: %s", l.at(name), fmt.Sprintf(format, args...)))
}

// In takes the parameters of a part.
func (l *Limits) In(name string, part Limited) {
	outer := l.path
	l.path = l.at(name)
	part.Limits(l)
	l.path = outer
}

// List takes the parameters of each part of a list with at least low and at most high
// parts.
func List[T any, P interface {
	*T
	Limited
}](l *Limits, name string, list *[]T, low, high int) {
	l.see(Parameter{Path: name, Value: list, Low: low, High: high})
	switch n := len(*list); {
	case n < low && n == 0:
		l.Wrong(name, "missing (want a list of %d or more)", low)
	case n < low || n > high:
		l.Wrong(name, "too many or too few (got %d; want %d to %d)", n, low, high)
	}
	for i := range *list {
		l.In(name+"."+strconv.Itoa(i), P(&(*list)[i]))
	}
}

// Within takes a number, duration or rate from low to high.
func Within[T ~int | ~int64 | ~float64](l *Limits, name string, v *T, low, high T) {
	l.see(Parameter{Path: name, Value: v, Low: low, High: high})
	if !(*v >= low && *v <= high) {
		l.Wrong(name, "out of range (got %s; want %s to %s)", text(*v), text(low), text(high))
	}
}

// Duration takes a duration from low to high.
func (l *Limits) Duration(name string, v *units.Duration, low, high time.Duration) {
	Within(l, name, v, units.Duration(low), units.Duration(high))
}

// Span takes a span whose fixed time, where it is one, is from low to high. With
// low above 0 it must be given.
func (l *Limits) Span(name string, v *units.Span, low, high time.Duration) {
	l.see(Parameter{Path: name, Value: v, Low: low, High: high})
	switch {
	case v.Zero() && low > 0:
		l.Wrong(name, "missing (want a span such as 10s or 1td)")
	case v.Target == 0 && v.Last == 0 && (v.Fixed < low || v.Fixed > high):
		l.Wrong(name, "out of range (got %s; want %s to %s)", text(*v), text(low), text(high))
	}
}

// OneOf takes a word.
func OneOf[T ~string](l *Limits, name string, v *T, words ...T) {
	var want []string
	for _, w := range words {
		want = append(want, string(w))
	}
	l.see(Parameter{Path: name, Value: v, Words: want})
	if !slices.Contains(words, *v) {
		l.Wrong(name, "unknown value (got %q; want one of %s)", *v, strings.Join(want, ", "))
	}
}

// Words takes a list of at least low words. Other words that are taken as well are
// those that also reports; nil = none.
func Words(l *Limits, name string, v *[]string, low int, also func(string) bool, words ...string) {
	l.see(Parameter{Path: name, Value: v, Low: low, Words: words})
	if len(*v) < low {
		l.Wrong(name, "missing (want a list of %s)", strings.Join(words, ", "))
	}
	for _, got := range *v {
		if !slices.Contains(words, got) && (also == nil || !also(got)) {
			l.Wrong(name, "unknown value (got %q; want one of %s)", got, strings.Join(words, ", "))
		}
	}
}

// Delays takes a list of at least low durations, each up to an hour.
func (l *Limits) Delays(name string, v *[]units.Duration, low int) {
	l.see(Parameter{Path: name, Value: v, Low: low})
	if len(*v) < low {
		l.Wrong(name, "missing (want delays such as [1s, 2s])")
	}
	for _, d := range *v {
		if d < 0 || d > units.Duration(time.Hour) {
			l.Wrong(name, "out of range (got %s; want 0s to 1h)", text(d))
		}
	}
}

// text is how a value is written.
func text(v any) string {
	if d, ok := v.(time.Duration); ok {
		v = units.Duration(d)
	}
	if m, ok := v.(encoding.TextMarshaler); ok {
		if b, err := m.MarshalText(); err == nil {
			return string(b)
		}
	}
	return fmt.Sprint(v)
}
