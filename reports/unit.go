package reports

import (
	"math"
	"time"
)

// unit is what a metric's numbers are.
type unit uint8

const (
	number unit = iota
	duration
	fraction
	bitrate
	perSecond
)

var unitNames = [...]string{"number", "duration", "share", "bit/s", "1/s"}

// symbols of units in the summary.
var unitSymbols = [...]string{"", "ms", "share", "bit/s", "1/s"}

// format writes a value for people.
func (u unit) format(v Value) string {
	f := float64(v)
	switch {
	case math.IsNaN(f):
		return "no data"
	case math.IsInf(f, 0):
		return never
	}
	switch u {
	case duration:
		return seconds(f)
	case fraction:
		return percent(f)
	case bitrate:
		return bitsPerSecond(f)
	case perSecond:
		return trim(f, 1) + "/s"
	}
	return trim(f, 3)
}

// scale divides what histograms hold to get what the summary shows.
func (u unit) scale() float64 {
	if u == duration {
		return float64(time.Millisecond / time.Microsecond)
	}
	return 1
}
