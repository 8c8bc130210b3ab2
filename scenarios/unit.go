package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// What the units look like, for messages.
const (
	wantDuration = "a duration with its unit, such as 250ms, 30s or 2m"
	wantRate     = "a rate with its unit, such as 800kbps or 20Mbps"
	wantShare    = "a share such as 25%"
	wantBytes    = "a number of bytes with its unit, such as 500kB, 800MB or 5GB"
	wantSize     = "a size such as 640x360"
)

func parseDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && s[0] != '-' && s[0] != '+'
}

// parseOffset is parseDuration with a sign.
func parseOffset(s string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "0" {
		return 0, true
	}
	if rest == "" {
		return 0, false
	}
	d, ok := parseDuration(rest)
	if negative {
		d = -d
	}
	return d, ok
}

func parseRate(s string) (int64, bool) {
	for _, u := range []struct {
		suffix   string
		exponent int
	}{{"Gbps", 9}, {"Mbps", 6}, {"kbps", 3}, {"bps", 0}} {
		if n, ok := strings.CutSuffix(s, u.suffix); ok {
			v, ok := parseDecimal(n, u.exponent)
			return int64(math.Round(min(v, 1e15))), ok && v <= 1e15
		}
	}
	return 0, false
}

// ParseBytes reads a number of bytes; units are powers of ten, as bills have
// them.
func ParseBytes(s string) (int64, bool) {
	for _, u := range []struct {
		suffix   string
		exponent int
	}{{"TB", 12}, {"GB", 9}, {"MB", 6}, {"kB", 3}, {"B", 0}} {
		if n, ok := strings.CutSuffix(s, u.suffix); ok {
			v, ok := parseDecimal(n, u.exponent)
			return int64(math.Round(min(v, 1e18))), ok && v <= 1e18
		}
	}
	return 0, false
}

// parseShare returns 0.25 for "25%".
func parseShare(s string) (float64, bool) {
	n, ok := strings.CutSuffix(s, "%")
	if !ok {
		return 0, false
	}
	return parseDecimal(n, -2)
}

func parseSize(s string) (width, height int, ok bool) {
	w, h, ok := strings.Cut(s, "x")
	if !ok {
		return 0, 0, false
	}
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	return width, height, errW == nil && errH == nil
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

// formatRate is the inverse of parseRate.
func formatRate(r int64) string {
	for _, u := range []struct {
		suffix string
		factor int64
	}{{"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}} {
		if r >= u.factor && r%(u.factor/1000) == 0 {
			return strconv.FormatFloat(float64(r)/float64(u.factor), 'f', -1, 64) + u.suffix
		}
	}
	return fmt.Sprintf("%dbps", r)
}

// formatBytes is the inverse of ParseBytes.
func formatBytes(n int64) string {
	for _, u := range []struct {
		suffix string
		factor int64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if n >= u.factor && n%(u.factor/1000) == 0 {
			return strconv.FormatFloat(float64(n)/float64(u.factor), 'f', -1, 64) + u.suffix
		}
	}
	return fmt.Sprintf("%dB", n)
}

// formatShare is the inverse of parseShare.
func formatShare(s float64) string {
	return strconv.FormatFloat(math.Round(s*1e6)/1e4, 'f', -1, 64) + "%"
}

// formatDuration is d without the zero units that [time.Duration.String]
// appends: 2m, not 2m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
