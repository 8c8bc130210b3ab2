package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a duration without a sign.
func ParseDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && s[0] != '-' && s[0] != '+'
}

// FormatDuration is d without the zero units that [time.Duration.String]
// appends: 2m, not 2m0s.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// prefixes are the powers of ten of rates and numbers of bytes.
var prefixes = []struct {
	name     string
	exponent int
}{{"T", 12}, {"G", 9}, {"M", 6}, {"k", 3}, {"", 0}}

// ParseRate reads a bit rate, such as 800kbps or 20Mbps, of at most 1 Pbps.
func ParseRate(s string) (int64, bool) { return parse(s, "bps", 1e15) }

// FormatRate is the inverse of ParseRate.
func FormatRate(r int64) string { return format(r, "bps") }

// ParseBytes reads a number of bytes, such as 500kB or 5GB. Units are powers of
// ten, as bills have them.
func ParseBytes(s string) (int64, bool) { return parse(s, "B", 1e18) }

// FormatBytes is the inverse of ParseBytes.
func FormatBytes(n int64) string { return format(n, "B") }

func parse(s, unit string, most float64) (int64, bool) {
	for _, p := range prefixes {
		if n, ok := strings.CutSuffix(s, p.name+unit); ok {
			v, ok := parseDecimal(n, p.exponent)
			return int64(math.Round(min(v, most))), ok && v <= most
		}
	}
	return 0, false
}

func format(n int64, unit string) string {
	for _, p := range prefixes {
		if factor := int64(math.Pow10(p.exponent)); factor > 1 && n >= factor && n%(factor/1000) == 0 {
			return strconv.FormatFloat(float64(n)/float64(factor), 'f', -1, 64) + p.name + unit
		}
	}
	return strconv.FormatInt(n, 10) + unit
}

// ParseCount reads a whole number, or one in thousands or millions: 20k, 1.5M.
func ParseCount(s string) (int64, bool) {
	for _, p := range prefixes {
		if n, ok := strings.CutSuffix(s, p.name); ok && (p.name == "k" || p.name == "M") {
			v, ok := parseDecimal(n, p.exponent)
			return int64(v), ok && v == math.Trunc(v) && v <= 1e15
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// ParseShare returns 0.25 for "25%".
func ParseShare(s string) (float64, bool) {
	n, ok := strings.CutSuffix(s, "%")
	if !ok {
		return 0, false
	}
	return parseDecimal(n, -2)
}

// FormatShare is the inverse of ParseShare.
func FormatShare(s float64) string {
	return strconv.FormatFloat(math.Round(s*1e6)/1e4, 'f', -1, 64) + "%"
}

// parseDecimal reads a plain number, without sign or exponent, times a power
// of ten.
func parseDecimal(s string, exponent int) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(fmt.Sprintf("%se%d", s, exponent), 64)
	return v, err == nil && !math.IsInf(v, 0)
}
