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

// TestThreeDigits writes rates, bit rates and money of a whole audience.
func TestThreeDigits(t *testing.T) {
	for got, want := range map[string]string{
		Short(0): "0", Short(.004): "0", Short(1.234): "1.23", Short(12.34): "12.3", Short(123.4): "123", Short(999.4): "999", Short(999.7): "1,000", Short(123456): "123,000", Short(9.996e8): "1,000,000,000",
		PerSecond(6.9): "6.9/s", BitRate(2.519e12): "2.52 Tbit/s", BitRate(1.5e11): "150 Gbit/s", BitRate(8e6): "8 Mbit/s", BitRate(9000): "9,000 bit/s",
		Money(0): "0", Money(-.07): "-0.07", Money(99.994): "99.99", Money(99.996): "100", Money(-1234.5): "-1,235", Money(31750.6): "31,751",
	} {
		if got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}
