package chaos

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	work := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	day := &Hours{From: 9 * time.Hour, To: 17*time.Hour + 30*time.Minute, Days: work, Zone: berlin}
	night := &Hours{From: 22 * time.Hour, To: 4 * time.Hour, Days: work, Zone: berlin}
	all := &Hours{From: 0, To: 0, Zone: time.UTC} // all of every day, but not over midnight
	for _, c := range []struct {
		hours *Hours
		from  string // in UTC
		long  time.Duration
		ok    bool
	}{
		{nil, "2026-01-03T03:00:00Z", 48 * time.Hour, true},
		{day, "2026-01-05T08:00:00Z", time.Hour, true},         // Monday 9:00 in Berlin
		{day, "2026-01-05T07:59:59Z", time.Hour, false},        // a second too early
		{day, "2026-01-05T15:30:00Z", time.Hour, true},         // until 17:30
		{day, "2026-01-05T15:30:01Z", time.Hour, false},        // would end a second too late
		{day, "2026-01-03T10:00:00Z", time.Minute, false},      // Saturday
		{day, "2026-07-06T07:00:00Z", time.Hour, true},         // summer time
		{day, "2026-07-06T15:45:00Z", time.Minute, false},      // 17:45 in summer
		{night, "2026-01-05T22:00:00Z", time.Hour, true},       // Monday 23:00
		{night, "2026-01-06T02:00:00Z", time.Hour, true},       // Tuesday 3:00, of Monday's
		{night, "2026-01-06T02:30:00Z", time.Hour, false},      // until 4:30
		{night, "2026-01-10T02:00:00Z", time.Hour, true},       // Saturday 3:00, of Friday's
		{night, "2026-01-11T02:00:00Z", time.Hour, false},      // Sunday 3:00, of Saturday's
		{all, "2026-01-11T02:00:00Z", time.Hour, true},         //
		{all, "2026-01-11T23:30:00Z", 31 * time.Minute, false}, // over midnight
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.hours.Allows(from, from.Add(c.long)); (err == nil) != c.ok {
			t.Errorf("%v: %s for %v: %v; want allowed %v", c.hours, c.from, c.long, err, c.ok)
		}
	}
	err = day.Allows(time.Date(2026, 1, 3, 10, 0, 0, 0, time.UTC), time.Date(2026, 1, 3, 10, 14, 0, 0, time.UTC))
	if err == nil || !strings.Contains(err.Error(), "got Sat 11:00 to Sat 11:14; want all of it within 09:00 to 17:30 Europe/Berlin, Mon, Tue, Wed, Thu, Fri") {
		t.Errorf("got %v", err)
	}
}
