package answer

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/reports/figure"
)

// first says what breaks first: the quota whose limit, with the margin, is exceeded earliest.
func (a *Answer) first(partitions int) string {
	var x *Quota
	for i := range a.Quotas {
		q := &a.Quotas[i]
		if q.ExceededAt != nil && (x == nil || *q.ExceededAt < *x.ExceededAt) {
			x = q
		}
	}
	if x == nil {
		if len(a.Quotas) == 0 {
			return "Nothing can be judged: no quota of this kind of origin is known."
		}
		x = &a.Quotas[0]
		return fmt.Sprintf("Nothing breaks: the nearest limit is %s (%s), of which %s is left with the margin of %g; the peak, %s of %s, comes %s%s.",
			x.Name, x.What, figure.Percent(x.Headroom), a.Margin, x.amount(x.Peak), x.amount(x.Limit), clock(x.PeakAt), because(x.By))
	}
	need := x.Peak * a.Margin
	return fmt.Sprintf("%s (%s) breaks first, %s%s: with the margin of %g, the peak of %s needs %s, %s times the limit of %s%s. What would prevent it: %s.",
		x.Name, x.What, clock(*x.ExceededAt), because(x.ExceededBy), a.Margin, x.amount(x.Peak), x.amount(need), short(need/x.Limit), x.amount(x.Limit), x.doubt(), strings.Join(a.prevents(x, partitions), ", or "))
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
		ways = append(ways, fmt.Sprintf("a quota of %s (Service Quotas)", x.amount(need)))
		if x.Scope == "distribution" {
			ways = append(ways, figure.Thousands(int64(math.Ceil(need/x.Limit)))+" distributions")
		}
	case x.Adjustable == tariff.BySupport:
		ways = append(ways, fmt.Sprintf("%s, by a support case", x.amount(need)))
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

// amount is a value of a quota in words, with three digits.
func (x *Quota) amount(v float64) string {
	if x.Unit == string(tariff.BitsPerSecond) {
		return bits(v)
	}
	return perSecond(v)
}

// bits is a rate with three digits.
func bits(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}} {
		if v >= u.size {
			return short(v/u.size) + " " + u.name
		}
	}
	return short(v) + " bit/s"
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

// short is a number with three digits, or more if it is large.
func short(v float64) string {
	switch {
	case v >= 1000:
		unit := math.Pow(10, math.Floor(math.Log10(v))-2)
		return figure.Thousands(int64(math.Round(v/unit) * unit))
	case v >= 100:
		return figure.Trim(v, 0)
	case v >= 10:
		return figure.Trim(v, 1)
	}
	return figure.Trim(v, 2)
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
