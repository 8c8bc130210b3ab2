package forecast

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Lines say what is expected, a line each.
func (l *Load) Lines() []string {
	requests, bytes, d := l.Requests(All), l.Bytes(), l.Duration.Seconds()
	busiest, at := l.Busiest(All)
	bits, bitsAt := l.BusiestBits()
	return []string{
		fmt.Sprintf("%s requests: %s/s on average, %s/s in the busiest 5 s (up to %s)", Number(requests), Number(requests/d), Number(busiest), instant(at)),
		fmt.Sprintf("%s of response bodies: %s on average, %s in the busiest 5 s (up to %s)", Size(bytes), Rate(8*bytes/d), Rate(bits), instant(bitsAt)),
	}
}

// How says where the figures are from.
func (l *Load) How() string {
	s := fmt.Sprintf("simulated with %s players", Number(float64(l.Simulated)))
	if l.Simulated < l.Players {
		s = fmt.Sprintf("simulated with %s of %s players, and scaled up", Number(float64(l.Simulated)), Number(float64(l.Players)))
	}
	if l.Span < l.Duration {
		s += fmt.Sprintf(", the first %s; the rest is taken to be like the second half of that", instant(l.Span))
	}
	return s
}

// Cost says what that costs at a price list.
func (l *Load) Cost(p *Prices, now time.Time) string {
	lowOut, highOut := p.Cost(Out, l.Bytes())
	lowAsk, highAsk := p.Cost(HTTPS, l.Requests(All))
	s := fmt.Sprintf("%s to %s %s for egress and requests at CloudFront's public list price (%s); contracts, free tiers and other CDNs differ",
		money(lowOut+lowAsk), money(highOut+highAsk), p.Currency, p.Seen().Format(time.DateOnly))
	if p.Old(now) {
		s += "; that list is older than 180 days: look up the current prices"
	}
	return s
}

// Number is a number of requests or players for people.
func Number(x float64) string {
	if x < 10 && x != math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	s := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// scaleOf is x with the largest prefix of a unit that fits.
func scaleOf(x float64, unit string) string {
	prefix := ""
	for _, u := range []struct {
		prefix string
		of     float64
	}{{"P", 1e15}, {"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}} {
		if x >= u.of {
			prefix, x = u.prefix, x/u.of
			break
		}
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " " + prefix + unit
}

// Size is a number of bytes for people.
func Size(bytes float64) string { return scaleOf(bytes, "B") }

// Rate is a bit rate for people.
func Rate(bits float64) string { return scaleOf(bits, "bit/s") }

// money is an amount for people.
func money(x float64) string {
	if x < 100 {
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return Number(x)
}

func instant(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
