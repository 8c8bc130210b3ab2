package chaos

import (
	"math"
	"time"

	"hlsload/player/draw"
)

// Open is the end of a window that has not been closed yet.
const Open = time.Duration(math.MaxInt64)

// Window is when a fault really held.
type Window struct {
	Fault    *Fault
	From, To time.Duration // To is [Open] until the fault is cleared
}

// Plan is what holds or has held. It is immutable: [Plan.With] and
// [Plan.Without] return a changed copy, so whoever serves requests swaps one
// pointer. A nil *Plan is an empty plan.
type Plan struct {
	seed    draw.Seed
	windows []Window
}

// NewPlan returns an empty plan. The seed decides which viewers a share hits.
func NewPlan(seed draw.Seed) *Plan { return &Plan{seed: seed} }

// Windows returns all windows, closed ones included, by their start. The
// caller must not change them.
func (p *Plan) Windows() []Window {
	if p == nil {
		return nil
	}
	return p.windows
}

// With returns the plan with a window of f opened at now.
func (p *Plan) With(f *Fault, now time.Duration) *Plan {
	q := &Plan{seed: p.seed, windows: make([]Window, len(p.windows), len(p.windows)+1)}
	copy(q.windows, p.windows)
	q.windows = append(q.windows, Window{Fault: f, From: now, To: Open})
	return q
}

// Without returns the plan with the open window of f closed at now.
func (p *Plan) Without(f *Fault, now time.Duration) *Plan {
	q := &Plan{seed: p.seed, windows: append([]Window(nil), p.windows...)}
	for i := range q.windows {
		if w := &q.windows[i]; w.Fault == f && w.To == Open {
			w.To = now
		}
	}
	return q
}
