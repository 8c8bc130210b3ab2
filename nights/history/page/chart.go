package page

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"hlsload/nights"
	"hlsload/nights/history"
)

// chartData is what the page's script draws.
type chartData struct {
	Series []series `json:"series"`
}

type series struct {
	T     []float64 `json:"t"` // starts, in seconds since 1970
	Marks []mark    `json:"marks"`
	Lines []chart   `json:"lines"`
}

// mark is a night that failed, or is in no trend.
type mark struct {
	T  float64 `json:"t"`
	At int     `json:"at"` // its index in the lines; -1 = it is in no trend
}

type chart struct {
	ID     string  `json:"id"`
	Unit   string  `json:"unit"`
	Values values  `json:"v"`
	Never  []int   `json:"never"` // indexes of the nights with never
	Points []point `json:"points"`
}

// point is a change point: the medians hold from one instant to another.
type point struct {
	T      float64  `json:"t"`
	From   float64  `json:"from"`
	To     float64  `json:"to"`
	Before *float64 `json:"before"`
	After  *float64 `json:"after"`
}

// values are numbers as short as six digits allow.
type values []nights.Level

func (v values) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, l := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if f := float64(l); math.IsNaN(f) || math.IsInf(f, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, f, 'g', 6, 64)
		}
	}
	return append(b, ']'), nil
}

var _ json.Marshaler = values(nil)

func parse(started string) (time.Time, error) { return time.Parse(time.RFC3339, started) }

// span is nights that are drawn as one point.
type span struct{ from, to int }

// spans are n nights as points of a chart; of a long series the first ones, so many, are
// drawn as medians of several.
func spans(n int) (all []span, thinned int) {
	if n > mostDrawn {
		thinned = n - mostDrawn/2
	}
	each := (thinned + mostDrawn/2 - 1) / (mostDrawn / 2)
	for i := 0; i < thinned; i += each {
		all = append(all, span{i, min(i+each, thinned)})
	}
	for i := thinned; i < n; i++ {
		all = append(all, span{i, i + 1})
	}
	return all, thinned
}

// lineOf is what a chart draws of a measure.
func lineOf(id string, s *history.Series, m *history.Trend, at []span) chart {
	c := chart{ID: id, Unit: m.Unit, Values: values{}, Never: []int{}, Points: []point{}}
	for k, of := range at {
		l := middle(m.Values[of.from:of.to])
		if math.IsInf(float64(l), 1) {
			c.Never = append(c.Never, k)
		}
		c.Values = append(c.Values, l)
	}
	first, last := startS(s.Nights[at[0].from]), startS(s.Nights[at[len(at)-1].from])
	for i := range m.Changes {
		p := &m.Changes[i]
		x := point{T: startS(s.Nights[p.Night]), From: first, To: last, Before: finite(p.Before), After: finite(p.After)}
		if i > 0 {
			x.From = startS(s.Nights[m.Changes[i-1].Night])
		}
		if i+1 < len(m.Changes) {
			x.To = startS(s.Nights[m.Changes[i+1].Night])
		}
		c.Points = append(c.Points, x)
	}
	return c
}

// middle is the median of what was measured; of an even number the lower one in the middle.
func middle(of []nights.Level) nights.Level {
	var known []nights.Level
	for _, l := range of {
		if !math.IsNaN(float64(l)) {
			known = append(known, l)
		}
	}
	if len(known) == 0 {
		return nights.Level(math.NaN())
	}
	slices.Sort(known)
	return known[(len(known)-1)/2]
}
