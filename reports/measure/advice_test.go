package measure

import (
	"strings"
	"testing"
	"time"

	"hlsload/reports/record"
)

// arriving is a timeline in which 10 players arrive in each second, each of which sends
// 3 requests a second; late is how many of the requests of a second leave late.
func arriving(late func(second int) int64) *record.Timeline {
	t := &record.Timeline{Step: time.Second}
	for i := range 40 {
		row := record.Row{Sent: int64(30 * min(i+1, 20)), Late: late(i)}
		if i < 20 {
			row.Joining = 10
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func TestHeld(t *testing.T) {
	for _, c := range []struct {
		name string
		late func(int) int64
		want int64
		why  string
	}{
		{"from 100 players on", func(i int) int64 { return map[bool]int64{true: 30}[i >= 10] }, 60, "with 110, more did"},
		{"from the start", func(int) int64 { return 5 }, 0, "from the start, with 30 players"},
		{"once all have arrived", func(i int) int64 { return map[bool]int64{true: 300}[i > 25] }, 0, "came afterwards"},
		{"one in a hundred", func(i int) int64 { return map[bool]int64{true: 3}[i == 10] }, 0, "came afterwards"},
	} {
		n, why := held(arriving(c.late), 100*time.Millisecond, 20*time.Second)
		if n != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %d players, %q; want %d, %q", c.name, n, why, c.want, c.why)
		}
	}
}
