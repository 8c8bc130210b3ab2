package main

import (
	"testing"
	"time"
)

// TestRemaining has virtual time go at a pace, then four times as slowly.
func TestRemaining(t *testing.T) {
	l := remaining{duration: 10 * time.Minute}
	took := time.Duration(0)
	want := map[int]string{
		9:   "",                        // 9 s took less than anything worth telling
		100: "  about 4 min 10 s left", // 500 s at half a second each
		130: "  about 9 min 48 s left", // half of the last minute was slow
		300: "  about 10 min left",     // 300 s at 2 s each
		599: "  about 2 s left",
		600: "",
	}
	for s := 1; s <= 600; s++ {
		if took += time.Second / 2; s > 100 {
			took += 3 * time.Second / 2
		}
		got := l.text(time.Duration(s)*time.Second, took)
		if w, ok := want[s]; ok && got != w {
			t.Errorf("after %d s: %q; want %q", s, got, w)
		}
	}
	if got := (*remaining)(nil).timed(time.Minute); got != "" {
		t.Errorf("in real time: %q; want nothing", got)
	}
}
