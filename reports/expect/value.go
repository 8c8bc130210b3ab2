package expect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/units"
	"hlsload/reports"
)

// number reads the value in the unit that the terms have.
func (p *parser) number(at int, text string, u reports.Unit, quotient bool) float64 {
	if text == "0" {
		return 0
	}
	plain := func(s string) (float64, bool) {
		if s == "" || strings.ContainsAny(s, "xXpPnNiI_") {
			return 0, false // neither hexadecimal nor NaN nor Inf
		}
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	var want string
	switch u {
	case reports.Milliseconds:
		if d, err := time.ParseDuration(text); err == nil {
			return float64(d) / float64(time.Millisecond)
		}
		want = "a duration such as 250ms, 15s or 2m"
	case reports.Fraction:
		if s, ok := strings.CutSuffix(text, "%"); ok {
			if f, ok := plain(s); ok {
				return f / 100
			}
		}
		want = "a share such as 99%"
	case reports.BitRate:
		if r, ok := units.ParseRate(text); ok {
			return float64(r)
		}
		want = "a rate such as 800kbps or 20Mbps"
	default:
		if s, ok := strings.CutSuffix(text, "%"); ok && quotient {
			if f, ok := plain(s); ok {
				return f / 100
			}
		}
		count := text
		if u == reports.PerSecond {
			count = strings.TrimSuffix(count, "/s")
		}
		if f, ok := plain(count); ok {
			return f
		}
		if n, ok := units.ParseCount(count); ok && !quotient {
			return float64(n)
		}
		if want = "a number"; u == reports.PerSecond {
			want = "a number per second such as 200/s"
		}
	}
	got := quote(text)
	if text == "" {
		got = "the end"
	}
	p.wrong(at, "not a value of that unit", got, want)
	return 0
}

func metricNames(live bool) []string {
	var names []string
	for _, m := range Metrics {
		if !live || m.live {
			names = append(names, m.Name)
		}
	}
	return names
}

// suggest says what would be right: the nearest name if one is near, else all.
func suggest(name string, names []string) string {
	if len(names) == 0 {
		return "nothing: there are none"
	}
	if near := chaos.Nearest(name, names); near != "" {
		return near
	}
	if len(names) > 12 {
		names = append(slices.Clone(names[:12]), "…")
	}
	return "one of " + strings.Join(names, ", ")
}
