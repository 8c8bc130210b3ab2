package forecast

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/player/units"
	"hlsload/reports/figure"
)

// Lines say what is expected, a line each.
func (l *Load) Lines() []string {
	requests, bytes, d := l.Requests(All), l.Bytes(), l.Duration.Seconds()
	busiest, at := l.Busiest(All)
	bits, bitsAt := l.BusiestBits()
	return []string{
		fmt.Sprintf("%s requests: %s/s on average, %s/s in the busiest 5 s (up to %s)", Number(requests), Number(requests/d), Number(busiest), instant(at)),
		fmt.Sprintf("%s of response bodies: %s on average, %s in the busiest 5 s (up to %s)", figure.Size(int64(bytes)), figure.BitsPerSecond(8*bytes/d), figure.BitsPerSecond(bits), instant(bitsAt)),
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
func (l *Load) Cost(p *tariff.Prices, now time.Time) string {
	lowOut, highOut := p.Cost(tariff.Out, "", l.Bytes(), 0)
	lowAsk, highAsk := p.Cost(tariff.HTTPS, "", l.Requests(All), 0)
	s := fmt.Sprintf("%s to %s %s for egress and requests at CloudFront's public list price (%s); contracts, free tiers and other CDNs differ",
		money(lowOut+lowAsk), money(highOut+highAsk), p.Currency, p.Seen().Format(time.DateOnly))
	if len(p.Old(now)) > 0 {
		s += "; that list is older than 180 days: look up the current prices"
	}
	return s
}

// Number is a number of requests or players for people.
func Number(x float64) string {
	if x < 10 && x != math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return figure.Thousands(int64(math.Round(x)))
}

// money is an amount for people.
func money(x float64) string {
	if x < 100 {
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return Number(x)
}

func instant(d time.Duration) string { return units.FormatDuration(d.Round(time.Second)) }
