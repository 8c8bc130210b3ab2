package fleet

import (
	"fmt"
	"sync/atomic"
)

// maxHeld bounds the bytes of arriving playlists that a fleet holds: each player
// holds its own, and a target may answer each request with the largest playlist.
const maxHeld = 4 << 30

// holding counts the bytes of playlists that are arriving. Beyond the bound it halts
// the fleet, before the machine runs out of memory.
type holding struct {
	now  atomic.Int64
	most atomic.Int64
	halt func(reason string)
}

// hold is the part of one fetch.
type hold struct {
	h *holding
	n int64
}

func (h *hold) take(n int64) {
	h.n += n
	if now := h.h.now.Add(n); now > h.h.most.Load() {
		h.h.halt(fmt.Sprintf("playlists that were arriving at the same time took %d bytes of memory (want at most %d: fewer players on this machine, or a lower limits.playlist)", now, h.h.most.Load()))
	}
}

func (h *hold) end() { h.h.now.Add(-h.n) }
