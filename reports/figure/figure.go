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

func Trim(f float64, decimals int) string {
	return strconv.FormatFloat(Round(f, decimals), 'f', -1, 64)
}

// seconds writes milliseconds the way one reads them aloud.
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
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// percent keeps small shares visible.
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

func BitsPerSecond(f float64) string {
	switch a := math.Abs(f); {
	case a >= 1e9:
		return Trim(f/1e9, 2) + " Gbit/s"
	case a >= 1e6:
		return Trim(f/1e6, 1) + " Mbit/s"
	case a >= 1e3:
		return Trim(f/1e3, 0) + " kbit/s"
	}
	return Trim(f, 0) + " bit/s"
}

// thousands writes an integer with separators.
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

// withShare writes "12 (3.4 %)".
func WithShare(n, of int64) string {
	if of == 0 {
		return Thousands(n)
	}
	return Thousands(n) + " (" + Percent(float64(n)/float64(of)) + ")"
}

func Size(bytes int64) string {
	f := float64(bytes)
	switch {
	case f >= 1e12:
		return Trim(f/1e12, 2) + " TB"
	case f >= 1e9:
		return Trim(f/1e9, 2) + " GB"
	case f >= 1e6:
		return Trim(f/1e6, 1) + " MB"
	case f >= 1e3:
		return Trim(f/1e3, 1) + " kB"
	}
	return Trim(f, 0) + " B"
}

func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(int64(n)) + " " + noun + "s"
}

// reasons lists errors, the most frequent first.
func Reasons(by map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	var parts []string
	for i, name := range names {
		if i == 4 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, name+" × "+Thousands(by[name]))
	}
	return strings.Join(parts, ", ")
}
