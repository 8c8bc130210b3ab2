package fleet

import (
	"fmt"
	"sync/atomic"
)

// maxHeld is how many bytes of playlists a fleet may hold while they arrive:
// each player holds its own, and a target may answer each with the most that is
// read of one.
const maxHeld = 4 << 30

// holding counts the bytes of playlists that are arriving. One too many halts
// the fleet, which is better than a machine without memory.
type holding struct {
	now  atomic.Int64
	most atomic.Int64
	halt func(reason string)
}

// hold is what one fetch holds.
type hold struct {
	h *holding
	n int64
}

func (h *hold) take(n int64) {
	h.n += n
	if now := h.h.now.Add(n); now > h.h.most.Load() {
		h.h.halt(fmt.Sprintf("playlists of the target: %d bytes of them were arriving at the same time, and were held in memory (want at most %d: fewer players here, or a lower limits.playlist)", now, h.h.most.Load()))
	}
}

func (h *hold) end() { h.h.now.Add(-h.n) }
