package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// chunks is how many chunks a part has: an empty part has one that is empty.
func chunks(size int64) int { return int(max(1, (size+MaxChunk-1)/MaxChunk)) }

// chunkLen is how many bytes chunk i of a part has.
func chunkLen(size int64, i int) int { return int(min(MaxChunk, size-int64(i)*MaxChunk)) }

// Sum is the sum that parts and plans are known by.
func Sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// sender sends a part, one chunk after the other is acknowledged.
type sender struct {
	data      []byte
	sum       string
	try, next int
}

func newSender(data []byte) *sender { return &sender{data: data, sum: Sum(data)} }

func (s *sender) chunk(h Head) []byte {
	from := s.next * MaxChunk
	size := int64(len(s.data))
	return encode(&chunk{Head: h, Try: s.try, Index: s.next, Size: size, Sum: s.sum}, s.data[from:from+chunkLen(size, s.next)])
}

// take takes an acknowledgement and reports whether another chunk is due.
func (s *sender) take(g *got) (more bool) {
	if g.Try < s.try || g.Try == s.try && g.Next <= s.next || g.Next >= chunks(int64(len(s.data))) {
		return false
	}
	s.try, s.next = g.Try, g.Next
	return true
}

// receiver puts a part together.
type receiver struct {
	limit int64
	size  int64
	sum   string
	try   int
	next  int
	data  []byte
	done  bool
}

var errSum = errors.New("its part arrived damaged, again and again")

// take takes a chunk. The part is there when it says done; an error is for good.
func (r *receiver) take(c *chunk, body []byte) error {
	if r.done || c.Try != r.try || c.Index != r.next {
		return nil
	}
	if c.Size > r.limit {
		return fmt.Errorf("its part has %d bytes (want at most %d)", c.Size, r.limit)
	}
	if c.Index == 0 {
		r.size, r.sum = c.Size, c.Sum
	} else if c.Size != r.size || c.Sum != r.sum {
		return errors.New("its part changed while it was sent")
	}
	r.data = append(r.data, body...)
	r.next++
	if r.next < chunks(r.size) {
		return nil
	}
	if Sum(r.data) == r.sum {
		r.done = true
		return nil
	}
	if r.try++; r.try >= maxTries {
		return errSum
	}
	r.next, r.data = 0, nil
	return nil
}

func (r *receiver) got(h Head) []byte {
	return encode(&got{Head: h, Try: r.try, Next: r.next, Done: r.done})
}
