package answer

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/reports/figure"
)

// conclude says what breaks first.
func (a *Answer) conclude(partitions int) {
	x := a.Breaks()
	switch {
	case x != nil:
		need := x.Peak * a.Margin
		a.Headline = fmt.Sprintf("%s breaks first, %s%s: the event needs %s times its limit.", x.Name, clock(*x.ExceededAt), because(x.ExceededBy), figure.Short(need/x.Limit))
		is, but := "below", ", but"
		if x.Peak > x.Limit {
			is, but = "above", ";"
		}
		a.Reason = fmt.Sprintf("%s: the peak of %s is %s the limit of %s%s%s with the margin of %g it needs %s.",
			capital(x.What), x.Amount(x.Peak), is, x.Amount(x.Limit), x.doubt(), but, a.Margin, x.Amount(need))
		a.Prevents = a.prevents(x, partitions)
	case len(a.Quotas) == 0:
		a.Headline = "Nothing can be judged: no quota of this kind of origin is known."
	default:
		x = &a.Quotas[0]
		a.Headline = fmt.Sprintf("Nothing breaks: the nearest limit is %s, of which %s is left with the margin of %g.", x.Name, figure.Percent(x.Headroom), a.Margin)
		a.Reason = fmt.Sprintf("%s: the peak of %s comes %s%s; the limit is %s%s.", capital(x.What), x.Amount(x.Peak), clock(x.PeakAt), because(x.By), x.Amount(x.Limit), x.doubt())
	}
	a.first()
}

// first joins what breaks first, and what would prevent it.
func (a *Answer) first() {
	a.First = a.Headline
	if a.Reason != "" {
		a.First += " " + a.Reason
	}
	if len(a.Prevents) > 0 {
		a.First += " What would prevent it: " + strings.Join(a.Prevents, ", or ") + "."
	}
}

// Breaks is the quota whose limit, with the margin, is exceeded earliest; nil = none is.
func (a *Answer) Breaks() (x *Quota) {
	for i := range a.Quotas {
		q := &a.Quotas[i]
		if q.ExceededAt != nil && (x == nil || *q.ExceededAt < *x.ExceededAt) {
			x = q
		}
	}
	return x
}

// prevents are the ways to keep a limit.
func (a *Answer) prevents(x *Quota, partitions int) (ways []string) {
	if strings.HasPrefix(x.Name, "s3.") || strings.HasPrefix(x.Name, "mediapackage.") { // the CDN sees all requests, whatever the caches do
		for _, m := range a.Mistakes.Each {
			if m.Has {
				ways = append(ways, m.Fix)
			}
		}
	}
	need := x.Peak * a.Margin
	switch {
	case x.Name == "s3.get_rps" || x.Name == "s3.put_rps":
		each := x.Limit / float64(max(partitions, 1))
		ways = append(ways, figure.Thousands(int64(math.Ceil(need/each)))+" partitions, by a support case well before (S3 makes them by itself only after 30 to 60 minutes of load)")
	case x.Adjustable == tariff.ByRequest:
		ways = append(ways, fmt.Sprintf("a quota of %s (Service Quotas)", x.Amount(need)))
		if x.Scope == "distribution" {
			ways = append(ways, figure.Thousands(int64(math.Ceil(need/x.Limit)))+" distributions")
		}
	case x.Adjustable == tariff.BySupport:
		ways = append(ways, fmt.Sprintf("%s, by a support case", x.Amount(need)))
	}
	for _, l := range a.Largest {
		if l.Quota == x.Name && l.Viewers != nil && *l.Viewers >= 1 {
			ways = append(ways, fmt.Sprintf("at most %s viewers", figure.Thousands(int64(*l.Viewers))))
		}
	}
	if len(ways) == 0 {
		ways = []string{"another design: this limit cannot be raised"}
	}
	return ways
}

// Amount is a value of a quota in words, with three digits.
func (x *Quota) Amount(v float64) string {
	if x.Unit == string(tariff.BitsPerSecond) {
		return figure.BitRate(v)
	}
	return figure.PerSecond(v)
}

// doubt says that a limit is not sure.
func (x *Quota) doubt() string {
	switch {
	case x.Unsure:
		return " (which no document confirms)"
	case x.Old:
		return " (which was read long ago)"
	}
	return ""
}

// clock is a time of the event in words.
func clock(t float64) string {
	d := time.Duration(t * float64(time.Second)).Round(time.Second)
	switch {
	case d < 0:
		return figure.Clock(-d) + " before the start"
	case d == 0:
		return "at the start"
	}
	return figure.Clock(d) + " after the start"
}

func because(fault string) string {
	if fault == "" {
		return ""
	}
	return " in fault " + fault
}

func capital(s string) string {
	first := min(1, len(s))
	return strings.ToUpper(s[:first]) + s[first:]
}
