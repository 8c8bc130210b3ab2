package units

import (
	"testing"
	"testing/quick"
	"time"
)

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	const limit = 1_000_000_000_000_000
	err := quick.Check(func(n int64, share uint16) bool {
		n = max(n, -n-1) % limit
		rate, ok := ParseRate(FormatRate(n))
		bytes, ok2 := ParseBytes(FormatBytes(n))
		d, ok3 := ParseDuration(FormatDuration(time.Duration(n)))
		s := float64(share) / 10_000
		back, ok4 := ParseShare(FormatShare(s))
		return ok && ok2 && ok3 && ok4 && rate == n && bytes == n && d == time.Duration(n) && back == s
	}, nil)
	if err != nil {
		t.Error(err)
	}
	for n, want := range map[int64]string{0: "0bps", 999: "999bps", 1500: "1.5kbps", 1_500_000: "1.5Mbps", 1_234_567: "1234.567kbps", 20_000_000: "20Mbps", 3_000_000_000_000: "3Tbps"} {
		if got := FormatRate(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 2 * time.Minute: "2m", time.Hour: "1h", 90 * time.Second: "1m30s", 250 * time.Millisecond: "250ms"} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}

func TestWhatIsNoRateIsRefused(t *testing.T) {
	for _, s := range []string{"", "bps", "5", "5 Mbps", "-5Mbps", "+5Mbps", "1e3bps", "0x5bps", "infbps", "1_0bps", "1.2.3Mbps", "2000Tbps", "5mbps"} {
		if n, ok := ParseRate(s); ok {
			t.Errorf("%q is read as %d", s, n)
		}
	}
	for _, s := range []string{"", "-1s", "+1s", "5", "1 s"} {
		if d, ok := ParseDuration(s); ok {
			t.Errorf("%q is read as %v", s, d)
		}
	}
}

func TestCounts(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "500": 500, "20k": 20_000, "1.5k": 1500, "2M": 2_000_000, "-1": -1} {
		if got, ok := ParseCount(text); !ok || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "k", "1e6", "1.5", "1.0001k", "20K", "2m", "1kM", "-1k", "0x10", "99999999999999999999M"} {
		if got, ok := ParseCount(text); ok {
			t.Errorf("%s was read as %d", text, got)
		}
	}
}
