package m3u8_test

import (
	"slices"
	"testing"

	"hlsload/player/m3u8"
)

func TestRanksByRate(t *testing.T) {
	ranks, n := m3u8.Ranks([]int64{5, 2, 9, 2})
	if !slices.Equal(ranks, []int{1, 0, 2, 0}) || n != 3 {
		t.Errorf("got %v of %d; want 1, 0, 2 and 0 of 3", ranks, n)
	}
	if ranks, n := m3u8.Ranks(nil); len(ranks) != 0 || n != 0 {
		t.Errorf("of no variant: %v of %d", ranks, n)
	}
}
