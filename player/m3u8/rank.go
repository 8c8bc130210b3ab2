package m3u8

import "slices"

// Ranks orders variants by rate: 0 is the lowest, and equal rates share a rank.
// It also returns how many ranks there are.
func Ranks(rates []int64) (ranks []int, n int) {
	sorted := slices.Clone(rates)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	for _, r := range rates {
		rank, _ := slices.BinarySearch(sorted, r)
		ranks = append(ranks, rank)
	}
	return ranks, len(sorted)
}
