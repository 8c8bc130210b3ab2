package sim

// store holds values by number. They never move, so pointers to them stay
// valid, and growing copies nothing.
type store[T any] struct {
	blocks [][]T
	n      uint32 // given out so far
	free   []uint32
}

const blockLen = 1024

func (s *store[T]) at(i uint32) *T { return &s.blocks[i/blockLen][i%blockLen] }

// take returns a value that is not in use, as it was left.
func (s *store[T]) take() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	if s.n%blockLen == 0 {
		s.blocks = append(s.blocks, make([]T, blockLen))
	}
	s.n++
	return s.n - 1
}

func (s *store[T]) give(i uint32) { s.free = append(s.free, i) }
