package reports

import (
	"math"
	"time"

	"hlsload/reports/figure"
)

// Unit is what a metric's numbers are.
type Unit uint8

const (
	Plain Unit = iota
	Milliseconds
	Fraction
	BitRate
	PerSecond
)

var UnitNames = [...]string{"number", "duration", "share", "bit/s", "1/s"}

// UnitSymbols of units in the summary.
var UnitSymbols = [...]string{"", "ms", "share", "bit/s", "1/s"}

// Format writes a value for people.
func (u Unit) Format(v Value) string {
	f := float64(v)
	switch {
	case math.IsNaN(f):
		return "no data"
	case math.IsInf(f, 0):
		return NeverText
	}
	switch u {
	case Milliseconds:
		return figure.Seconds(f)
	case Fraction:
		return figure.Percent(f)
	case BitRate:
		return figure.BitsPerSecond(f)
	case PerSecond:
		if math.Abs(f) >= 1000 {
			return figure.Thousands(int64(math.Round(f))) + "/s"
		}
		return figure.Trim(f, 1) + "/s"
	}
	return figure.Trim(f, 3)
}

// Scale divides what histograms hold to get what the summary shows.
func (u Unit) Scale() float64 {
	if u == Milliseconds {
		return float64(time.Millisecond / time.Microsecond)
	}
	return 1
}
