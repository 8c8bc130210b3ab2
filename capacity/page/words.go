package page

import (
	"math"
	"strings"
	"time"

	"hlsload/capacity/answer"
	"hlsload/reports/figure"
)

// clock is a time after the start of the event, or before it, with its sign.
func clock(t float64) string {
	d := time.Duration(t * float64(time.Second)).Round(time.Second)
	switch {
	case d < 0:
		return "-" + figure.Clock(-d)
	case d == 0:
		return "0:00"
	}
	return "+" + figure.Clock(d)
}

// doubts are what makes a figure doubtful, as "(unsure, old)".
func doubts(unsure, old bool) string {
	var all []string
	if unsure {
		all = append(all, "unsure")
	}
	if old {
		all = append(all, "old")
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// between is a range, or one number where both are the same.
func between(r answer.Range) string {
	low, high := figure.Money(min(r.Low, r.High)), figure.Money(max(r.Low, r.High))
	if low == high {
		return low
	}
	return low + " to " + high
}

// percent is a share, without decimals where it is large.
func percent(x float64) string {
	if x *= 100; math.Abs(x) < 100 {
		return figure.Trim(x, 1) + " %"
	}
	if x < 0 {
		return "-" + figure.Short(-x) + " %"
	}
	return figure.Short(x) + " %"
}

// hits is a hit ratio, with two digits of what misses.
func hits(x float64) string {
	if !(x > 0 && x < 1) {
		return figure.Trim(100*min(max(x, 0), 1), 0) + " %"
	}
	decimals := -int(math.Floor(math.Log10(1-x))) - 1
	return figure.Trim(100*x, min(max(decimals, 1), 7)) + " %"
}

// hitRatio is the share of requests at the edge that do not reach the origin.
func hitRatio(edge, origin float64) string {
	if edge <= 0 {
		return ""
	}
	return hits(1 - origin/edge)
}

// signed is a change; nil = it cannot be said.
func signed(x *float64) string {
	switch {
	case x == nil:
		return "not known"
	case figure.Round(*x, 3) > 0:
		return "+" + percent(*x)
	}
	return percent(*x)
}

// ordinal is a number as in "every 3rd".
func ordinal(n int) string {
	end := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return figure.Thousands(int64(n)) + end
}

// flat is text in one line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
