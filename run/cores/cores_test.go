package cores_test

import (
	"sync"
	"testing"

	"hlsload/run/cores"
)

// TestEach has teams do many small pieces of work: each is done once, and is done when
// Each returns.
func TestEach(t *testing.T) {
	for _, size := range []int{0, 1, 2, 7} {
		team := cores.New(size)
		for _, n := range []int{0, 1, 5, 20} {
			counts := make([]int, n)
			for round := range 300 {
				team.Each(n, func(i int) { counts[i]++ })
				for i, c := range counts {
					if c != round+1 {
						t.Fatalf("team of %d, %d pieces, round %d: piece %d was done %d times", size, n, round, i, c)
					}
				}
			}
		}
		team.Close()
	}
}

// TestAtOnce has the members wait for one another.
func TestAtOnce(t *testing.T) {
	const size = 3
	team := cores.New(size)
	defer team.Close()
	var all sync.WaitGroup
	all.Add(size)
	team.Each(size, func(int) {
		all.Done()
		all.Wait()
	})
}
