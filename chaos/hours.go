package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are those of a week in which faults may be made.
type Hours struct {
	From, To time.Duration  // since midnight; To <= From = on the next day
	Days     []time.Weekday // on which From lies; nil = all
	Zone     *time.Location
}

// Allows reports whether everything from one instant to another is within hours
// of one day.
func (h *Hours) Allows(from, to time.Time) error {
	if h == nil {
		return nil
	}
	local := from.In(h.Zone)
	for _, ago := range []int{0, 1} { // hours may have begun yesterday
		year, month, day := local.AddDate(0, 0, -ago).Date()
		at := func(day int, since time.Duration) time.Time {
			return time.Date(year, month, day, int(since/time.Hour), int(since%time.Hour/time.Minute), 0, 0, h.Zone)
		}
		begin, end := at(day, h.From), at(day, h.To)
		if h.To <= h.From {
			end = at(day+1, h.To)
		}
		if (h.Days == nil || slices.Contains(h.Days, begin.Weekday())) && !from.Before(begin) && !to.After(end) {
			return nil
		}
	}
	const form = "Mon 15:04"
	return fmt.Errorf("outside the hours in which faults are allowed (got %s to %s; want all of it within %s)", local.Format(form), to.In(h.Zone).Format(form), h)
}

// String says when, for people.
func (h *Hours) String() string {
	clock := func(d time.Duration) string {
		return fmt.Sprintf("%02d:%02d", int(d/time.Hour), int(d%time.Hour/time.Minute))
	}
	days := "every day"
	if h.Days != nil {
		var names []string
		for _, d := range h.Days {
			names = append(names, d.String()[:3])
		}
		days = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s to %s %s, %s", clock(h.From), clock(h.To), h.Zone, days)
}
