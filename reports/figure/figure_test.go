package figure

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 8 * time.Minute: "8:00", 90 * time.Second: "1:30", 30*time.Second + 500*time.Millisecond: "0:30.5",
		time.Hour + 2*time.Minute + 3*time.Second: "1:02:03", 59*time.Minute + 59*time.Second + 999*time.Millisecond + 600*time.Microsecond: "1:00:00",
		1250 * time.Millisecond: "0:01.25",
	} {
		if got := Clock(d); got != want {
			t.Errorf("%v: %q; want %q", d, got, want)
		}
	}
}
