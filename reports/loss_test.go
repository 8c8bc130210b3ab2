package reports_test

import (
	"testing"
	"time"

	"hlsload/reports"
)

func TestDark(t *testing.T) {
	for _, c := range []struct {
		outages []time.Duration
		want    int64
	}{
		{nil, 0},
		{[]time.Duration{0, 0, 999 * time.Millisecond}, 0},
		{[]time.Duration{0, time.Second, 40 * time.Second}, 2},
		{[]time.Duration{2 * time.Second, 2 * time.Second, time.Hour}, 3},
	} {
		var h reports.Histogram
		for _, o := range c.outages {
			h.Duration(o)
		}
		if d := h.Dist(1000, 0); d.Dark() != c.want {
			t.Errorf("%v: %d lost the picture; want %d", c.outages, d.Dark(), c.want)
		}
	}
}
