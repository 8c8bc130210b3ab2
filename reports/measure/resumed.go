package measure

import (
	"fmt"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// lostShare is how much of a run may be lost with its machine; limits.lost allows more.
const lostShare = 0.05

// resumed says when the machine was lost and another process went on. It returns why so
// much is missing that the run proves nothing; "" = it is not so much.
func (v *view) resumed(s *reports.Summary) (void string) {
	var lost time.Duration
	for _, g := range v.Gaps() {
		settled := min(g.Settled, max(v.At, g.To))
		s.Resumed = append(s.Resumed, reports.Resumed{LostFromS: instant(g.From), LostToS: instant(g.To), SettledS: instant(settled), Why: g.Why})
		lost += settled - g.From
		s.Warnings = append(s.Warnings, fmt.Sprintf("the machine was lost at %s or later; the run went on at %s, and all viewers were back at %s. Nothing is known of the time between, and what it touches does not count",
			clock(g.From), clock(g.To), clock(settled)))
	}
	if limit := max(lostShare, v.lostLimit); v.At > 0 && lost.Seconds() > limit*v.At.Seconds() {
		return fmt.Sprintf("%s of the run was lost with the machine (%s of %s; want at most %s, or what limits.lost allows)",
			figure.Percent(lost.Seconds()/v.At.Seconds()), clock(lost), clock(v.At), figure.Percent(limit))
	}
	return ""
}

func clock(t time.Duration) string { return figure.Clock(t.Truncate(time.Second)) }

// lostIn reports whether the machine was lost for a part of a time.
func (v *view) lostIn(from, to time.Duration) bool {
	for _, g := range v.Gaps() {
		if from < g.To && to > g.From {
			return true
		}
	}
	return false
}

// goneAll reports whether the machine was lost all the time.
func (v *view) goneAll(from, to time.Duration) bool {
	for _, g := range v.Gaps() {
		if g.From <= from && to <= g.To {
			return true
		}
	}
	return false
}
