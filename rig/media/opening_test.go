package media

import (
	"testing"
	"time"

	"hlsload/player/mediatime"
)

// What a segment says of its time is what its bytes say.
func TestFirstStamp(t *testing.T) {
	for _, f := range formats() {
		for name, start := range starts {
			if start < 0 {
				continue
			}
			o, _ := mediatime.Read(AppendSegment(nil, f, start, 2*time.Second), true)
			if want := FirstStamp(f, start); o.Stamp != want {
				t.Errorf("%v at %s: the bytes say %+v, FirstStamp %+v", f, name, o.Stamp, want)
			}
		}
		o, _ := mediatime.Read(Init(f), true)
		if want := Timescales(f); o.Scales != want {
			t.Errorf("%v: the bytes say %+v, Timescales %+v", f, o.Scales, want)
		}
		first := FirstStamp(f, time.Hour)
		scales := Timescales(f)
		if at, _, ok := first.Time(&scales); !ok || (at-time.Hour).Abs() > 25*time.Millisecond {
			t.Errorf("%v: an hour is %v, %v", f, at, ok)
		}
	}
}
