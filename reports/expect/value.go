package expect

import (
	"slices"
	"strconv"
	"strings"
	"time"

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
		for _, s := range []struct {
			suffix string
			factor float64
		}{{"kbps", 1e3}, {"Mbps", 1e6}, {"Gbps", 1e9}, {"bps", 1}} {
			if n, ok := strings.CutSuffix(text, s.suffix); ok {
				if f, ok := plain(n); ok {
					return f * s.factor
				}
			}
		}
		want = "a rate such as 800kbps or 20Mbps"
	default:
		if s, ok := strings.CutSuffix(text, "%"); ok && quotient {
			if f, ok := plain(s); ok {
				return f / 100
			}
		}
		if f, ok := plain(text); ok {
			return f
		}
		want = "a number"
	}
	got := quote(text)
	if text == "" {
		got = "the end"
	}
	p.wrong(at, "not a value of that unit", got, want)
	return 0
}

func join(stats []reports.Stat, by string) string {
	var s []string
	for _, st := range stats {
		s = append(s, st.String())
	}
	return strings.Join(s, by)
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
	best, nearest := len(name)/2+1, ""
	for _, n := range names {
		if d := editDistance(name, n); d < best {
			best, nearest = d, n
		}
	}
	if nearest != "" {
		return nearest
	}
	if len(names) > 12 {
		names = append(slices.Clone(names[:12]), "…")
	}
	return "one of " + strings.Join(names, ", ")
}

// editDistance is Levenshtein's, over bytes.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
