package chaos

import (
	"iter"
	"math"
	"slices"
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
// [Plan.Without] return a changed copy, so what serves requests swaps one
// pointer. A nil *Plan is an empty plan.
type Plan struct {
	seed draw.Seed
	open []openWindow // in the order of opening
	past *closed      // the others
}

// closed is a window that was closed, with those that ended no later. Plans
// share it, so a change costs the same after a day as at the start.
type closed struct {
	Window
	before *closed
	n      int // how many there are
}

func (c *closed) count() int {
	if c == nil {
		return 0
	}
	return c.n
}

// with returns the list with one more.
func (c *closed) with(w Window) *closed {
	if c == nil || c.To <= w.To {
		return &closed{w, c, c.count() + 1}
	}
	return &closed{c.Window, c.before.with(w), c.n + 1}
}

// openWindow is an open window with what a decision asks for first.
type openWindow struct {
	Window
	spec   *Spec
	kinds  uint // bit for each kind of request it hits
	site   Site // where it acts on an answer
	act    act  // what it does there
	object bool // it changes playlists or segments on the viewer's side
}

func newOpenWindow(w Window) openWindow {
	f, s := w.Fault, w.Fault.Kind.Spec()
	o := openWindow{Window: w, spec: s, kinds: f.kindMask()}
	switch {
	case f.Via == ViaViewer:
		o.site, o.act, o.object = AtViewer, s.act, s.Part == PartStore
	case f.Via == ViaRig && (s.Part == PartAnswers || s.Part == PartTokens): // the rig makes the others in its store
		o.site, o.act = s.Site, s.act
	}
	return o
}

// NewPlan returns an empty plan. The seed decides which viewers a share hits.
func NewPlan(seed draw.Seed) *Plan { return &Plan{seed: seed} }

// Seed returns the seed that decides which viewers a share hits.
func (p *Plan) Seed() draw.Seed {
	if p == nil {
		return 0
	}
	return p.seed
}

// Windows yields all windows: the open ones, then the others, what ended last
// first.
func (p *Plan) Windows() iter.Seq[Window] { return p.Since(math.MinInt64) }

// Since yields the windows that ended after an instant, or have not ended.
func (p *Plan) Since(at time.Duration) iter.Seq[Window] {
	if p == nil {
		return nothing
	}
	return func(yield func(Window) bool) {
		for i := range p.open {
			if !yield(p.open[i].Window) {
				return
			}
		}
		for c := p.past; c != nil && c.To > at && yield(c.Window); c = c.before {
		}
	}
}

// Differs returns the first instant at which two plans say different things,
// [Open] when there is none. It does not look at what they share.
func (p *Plan) Differs(q *Plan) time.Duration {
	type start struct {
		fault *Fault
		from  time.Duration
	}
	ends := map[start]time.Duration{}
	ours, theirs := p.unlike(q)
	for _, w := range ours {
		ends[start{w.Fault, w.From}] = w.To
	}
	at := Open
	for _, w := range theirs {
		s := start{w.Fault, w.From}
		if to, same := ends[s]; !same {
			at = min(at, w.From)
		} else if to != w.To {
			at = min(at, to, w.To)
		}
		delete(ends, s)
	}
	for s := range ends {
		at = min(at, s.from)
	}
	return at
}

// unlike returns the open windows of both plans, and the closed ones that they
// do not share.
func (p *Plan) unlike(q *Plan) (ours, theirs []Window) {
	var a, b *closed
	if p != nil {
		a = p.past
		for i := range p.open {
			ours = append(ours, p.open[i].Window)
		}
	}
	if q != nil {
		b = q.past
		for i := range q.open {
			theirs = append(theirs, q.open[i].Window)
		}
	}
	for a != b {
		longer := a.count() - b.count()
		if longer >= 0 {
			ours, a = append(ours, a.Window), a.before
		}
		if longer <= 0 {
			theirs, b = append(theirs, b.Window), b.before
		}
	}
	return ours, theirs
}

// With returns the plan with a window of f opened at now. A fault that is open
// already stays as it is.
func (p *Plan) With(f *Fault, now time.Duration) *Plan {
	if p.Holds(f) {
		return p
	}
	q := &Plan{}
	if p != nil {
		*q = Plan{p.seed, slices.Clip(p.open), p.past}
	}
	q.open = append(q.open, newOpenWindow(Window{Fault: f, From: now, To: Open}))
	return q
}

// Without returns the plan with the open window of f closed at now.
func (p *Plan) Without(f *Fault, now time.Duration) *Plan {
	if !p.Holds(f) {
		return p
	}
	q := &Plan{seed: p.seed, past: p.past}
	for _, o := range p.open {
		if o.Fault != f {
			q.open = append(q.open, o)
			continue
		}
		o.To = max(now, o.From)
		q.past = q.past.with(o.Window)
	}
	return q
}

// Holds reports whether a window of f is open.
func (p *Plan) Holds(f *Fault) bool {
	if p == nil {
		return false
	}
	for i := range p.open {
		if p.open[i].Fault == f {
			return true
		}
	}
	return false
}

// Quiet reports whether no window is open, so the plan has no effect.
func (p *Plan) Quiet() bool { return p == nil || len(p.open) == 0 }

// Holding yields the open windows that have begun by now, of the kinds given
// or of any, in the order of opening. The rig asks it for what changes the
// store: pipelines, playlists, segments and the invalidator.
func (p *Plan) Holding(now time.Duration, kinds ...Kind) iter.Seq[Window] {
	if p.Quiet() {
		return nothing
	}
	return func(yield func(Window) bool) {
		for i := range p.open {
			w := &p.open[i]
			if w.From > now || len(kinds) > 0 && !slices.Contains(kinds, w.Fault.Kind) {
				continue
			}
			if !yield(w.Window) {
				return
			}
		}
	}
}

func nothing(func(Window) bool) {}
