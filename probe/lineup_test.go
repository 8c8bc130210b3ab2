package probe

import (
	"testing"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// Clocks that wrap, and what no segment stands for, are seen through.
func TestLineupCompare(t *testing.T) {
	list := func(first uint64) *m3u8.Media {
		m := &m3u8.Media{MediaSequence: first, TargetDuration: 4 * time.Second}
		for i := range 6 {
			m.Segments = append(m.Segments, m3u8.Segment{Sequence: first + uint64(i), Duration: 4 * time.Second, Start: time.Duration(i) * 4 * time.Second})
		}
		return m
	}
	_, period, _ := mediatime.Stamp{Kind: mediatime.Video}.Time(nil)
	for _, c := range []struct {
		name    string
		b       uint64
		at      func(n uint64, second bool) time.Duration
		verdict string
		off     time.Duration
		numbers int64
	}{
		{"at the wrap", 100, func(n uint64, second bool) time.Duration {
			if at := period - 421*time.Second + time.Duration(n)*4*time.Second; !second {
				return at % period
			}
			return time.Duration(n)*4*time.Second - 420*time.Second + period
		}, lineOff, time.Second, 0},
		{"two segments on", 100, func(n uint64, second bool) time.Duration {
			if second {
				n -= 2
			}
			return time.Duration(n) * 4 * time.Second
		}, lineNumbers, 0, 2},
		{"two segments back, one listed", 103, func(n uint64, second bool) time.Duration {
			if second {
				n += 2
			}
			return time.Duration(n) * 4 * time.Second
		}, lineNumbers, 0, -2},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := list(100), list(c.b)
			l := &Lineup{a: a, b: b, frame: 40 * time.Millisecond}
			l.Compare(func(s *m3u8.Segment) (Instant, string) {
				second := false
				for i := range b.Segments {
					second = second || s == &b.Segments[i]
				}
				return Instant{c.at(s.Sequence, second), period, mediatime.Video}, ""
			})
			if l.Verdict != c.verdict || l.off != c.off || l.Numbers != c.numbers {
				t.Errorf("%s, off %v, %d numbers apart; want %s, %v, %d", l.Verdict, l.off, l.Numbers, c.verdict, c.off, c.numbers)
			}
		})
	}
}
