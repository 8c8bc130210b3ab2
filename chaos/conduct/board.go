package conduct

import (
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
)

// Board holds the plan of a run. Code that serves requests loads it for
// each of them; appliers open and close windows. It is safe for concurrent use.
type Board struct {
	changing sync.Mutex
	plan     atomic.Pointer[chaos.Plan]
}

// NewBoard returns a board with an empty plan.
func NewBoard(seed draw.Seed) *Board {
	b := &Board{}
	b.plan.Store(chaos.NewPlan(seed))
	return b
}

// Plan returns the plan as it is now. It never changes; load it again for the
// next request.
func (b *Board) Plan() *chaos.Plan { return b.plan.Load() }

// Open opens a window of f at now; an open one stays as it is.
func (b *Board) Open(f *chaos.Fault, now time.Duration) {
	b.changing.Lock()
	defer b.changing.Unlock()
	b.plan.Store(b.plan.Load().With(f, now))
}

// Close closes the open window of f at now, if there is one.
func (b *Board) Close(f *chaos.Fault, now time.Duration) {
	b.changing.Lock()
	defer b.changing.Unlock()
	b.plan.Store(b.plan.Load().Without(f, now))
}
