package page

import (
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// moment is an instant by the run's clock and, if there is one, the clock on the wall.
func moment(s *reports.Summary, at time.Duration) string {
	if u := utc(s, at); u != "" {
		return figure.Clock(at) + " (" + u + " UTC)"
	}
	return figure.Clock(at)
}

// began is the wall-clock time at the start of a run; zero in virtual time.
func began(s *reports.Summary) time.Time {
	if s.Mode != reports.ModeRun {
		return time.Time{}
	}
	t, _ := time.Parse(time.RFC3339, s.Started)
	return t.UTC()
}

// utc is an instant of a run by the clock on the wall; "" in virtual time.
func utc(s *reports.Summary, at time.Duration) string {
	t := began(s)
	if t.IsZero() {
		return ""
	}
	return t.Add(at).Format(time.TimeOnly)
}

// when says when it was.
func when(s *reports.Summary) string {
	length := seconds(s.DurationS)
	from := began(s)
	switch {
	case s.Mode == reports.ModeSimulate:
		words := figure.Clock(length) + " of virtual time"
		if t, err := time.Parse(time.RFC3339, s.Started); err == nil {
			words += ", computed at " + t.UTC().Format(time.DateTime) + " UTC"
		}
		return words
	case from.IsZero():
		return "not known"
	case length == 0:
		return from.Format(time.DateTime) + " UTC (it did not begin)"
	}
	to := from.Add(length)
	end := to.Format(time.TimeOnly)
	if to.YearDay() != from.YearDay() {
		end = to.Format(time.DateTime)
	}
	return from.Format(time.DateTime) + " to " + end + " UTC (" + figure.Seconds(float64(length)/1e6) + ")"
}

// seconds are seconds of a run.
func seconds(v reports.Value) time.Duration {
	return time.Duration(v.OrZero() * float64(time.Second)).Round(100 * time.Millisecond)
}

// wallClock is the window of a fault by the clock on the wall; "" in virtual time.
func wallClock(s *reports.Summary, f *reports.FaultSummary) string {
	if began(s).IsZero() || !f.AppliedAtS.Known() {
		return ""
	}
	words := "; " + utc(s, seconds(f.AppliedAtS))
	if f.ClearedAtS.Known() && f.ClearedAtS != f.AppliedAtS {
		words += " to " + utc(s, seconds(f.ClearedAtS))
	}
	return words + " UTC"
}
