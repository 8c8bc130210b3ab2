// Package figure writes numbers for people: durations, shares, rates, sizes and
// counts.
package figure

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Round rounds to so many decimals; there is no negative zero.
func Round(f float64, decimals int) float64 {
	p := math.Pow(10, float64(decimals))
	if r := math.Round(f*p) / p; !math.IsInf(r, 0) && r != 0 {
		return r
	}
	if math.Abs(f) > 1 {
		return f
	}
	return 0 // and no negative zero
}

// Trim writes a number with at most so many decimals.
func Trim(f float64, decimals int) string {
	return strconv.FormatFloat(Round(f, decimals), 'f', -1, 64)
}

// Seconds writes milliseconds the way one reads them aloud.
func Seconds(ms float64) string {
	switch a := math.Abs(ms); {
	case a == 0:
		return "0 s"
	case a < 10:
		return Trim(ms, 1) + " ms"
	case a < 1000:
		return Trim(ms, 0) + " ms"
	case a < 10_000:
		return Trim(ms/1000, 2) + " s"
	case a < 120_000:
		return Trim(ms/1000, 1) + " s"
	}
	d := time.Duration(ms) * time.Millisecond
	if s := int(d.Seconds()) % 60; s != 0 {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), s)
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

// Clock writes an instant of a run, as in 8:00, 1:02:03 or 0:30.5; parts of a second
// only where there are any.
func Clock(d time.Duration) string {
	d = d.Round(time.Millisecond)
	s := fmt.Sprintf("%02d", d%time.Minute/time.Second)
	if part := d % time.Second / time.Millisecond; part != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", part), "0")
	}
	if d < time.Hour {
		return fmt.Sprintf("%d:%s", d/time.Minute, s)
	}
	return fmt.Sprintf("%d:%02d:%s", d/time.Hour, d%time.Hour/time.Minute, s)
}

// Percent keeps small shares visible.
func Percent(f float64) string {
	switch a := math.Abs(f); {
	case a == 0:
		return "0 %"
	case a < 0.0001:
		return "<0.01 %"
	case a > 0.9999 && a < 1:
		return ">99.99 %"
	case a < 0.1, a > 0.99 && a < 1:
		return Trim(100*f, 2) + " %"
	}
	return Trim(100*f, 1) + " %"
}

// unit is one that is used from a size on, with so many decimals.
type unit struct {
	size     float64
	decimals int
	name     string
}

// scaled writes a value in the largest unit that it reaches.
func scaled(f float64, units []unit) string {
	u := units[len(units)-1]
	for _, larger := range units {
		if math.Abs(f) >= larger.size {
			u = larger
			break
		}
	}
	return Trim(f/u.size, u.decimals) + " " + u.name
}

// BitsPerSecond writes a rate in decimal units.
func BitsPerSecond(f float64) string {
	return scaled(f, []unit{{1e9, 2, "Gbit/s"}, {1e6, 1, "Mbit/s"}, {1e3, 0, "kbit/s"}, {1, 0, "bit/s"}})
}

// Short writes a number of at least 0 with three digits; those that follow in a larger
// one are 0.
func Short(f float64) string {
	switch {
	case f >= 999.5:
		unit := math.Pow(10, math.Floor(math.Log10(f))-2)
		return Thousands(int64(math.Round(f/max(unit, 1)) * max(unit, 1)))
	case f >= 100:
		return Trim(f, 0)
	case f >= 10:
		return Trim(f, 1)
	}
	return Trim(f, 2)
}

// PerSecond writes a rate of at least 0 with three digits.
func PerSecond(f float64) string { return Short(f) + "/s" }

// BitRate writes a bit rate of at least 0 with three digits, as of a whole audience.
func BitRate(f float64) string {
	for _, u := range []unit{{size: 1e12, name: "Tbit/s"}, {size: 1e9, name: "Gbit/s"}, {size: 1e6, name: "Mbit/s"}} {
		if f >= u.size {
			return Short(f/u.size) + " " + u.name
		}
	}
	return Short(f) + " bit/s"
}

// Money writes an amount; cents matter only where there are few.
func Money(f float64) string {
	if math.Abs(f) >= 99.995 {
		return Thousands(int64(math.Round(f)))
	}
	return Trim(f, 2)
}

// Size writes a number of bytes in decimal units.
func Size(bytes int64) string {
	return scaled(float64(bytes), []unit{{1e12, 2, "TB"}, {1e9, 2, "GB"}, {1e6, 1, "MB"}, {1e3, 1, "kB"}, {1, 0, "B"}})
}

// Thousands writes an integer with separators.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// WithShare writes "12 (3.4 %)".
func WithShare(n, of int64) string {
	if of == 0 {
		return Thousands(n)
	}
	return Thousands(n) + " (" + Percent(float64(n)/float64(of)) + ")"
}

// Plural writes "1 session" or "2 sessions".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(int64(n)) + " " + noun + "s"
}

// MostFirst are the names with the largest counts first.
func MostFirst(by map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
}

// Reasons lists errors, the most frequent first.
func Reasons(by map[string]int64) string {
	var parts []string
	for i, name := range MostFirst(by) {
		if i == 4 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, name+" × "+Thousands(by[name]))
	}
	return strings.Join(parts, ", ")
}
