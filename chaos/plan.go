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
// [Plan.Without] return a changed copy, so whoever serves requests swaps one
// pointer. A nil *Plan is an empty plan.
type Plan struct {
	seed    draw.Seed
	windows []Window
	open    []openWindow // those that are not closed, in the order of opening
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

// Windows returns all windows, closed ones included, by their start. The
// caller must not change them.
func (p *Plan) Windows() []Window {
	if p == nil {
		return nil
	}
	return p.windows
}

// With returns the plan with a window of f opened at now. A fault that is open
// already stays as it is.
func (p *Plan) With(f *Fault, now time.Duration) *Plan {
	if p.Holds(f) {
		return p
	}
	q := &Plan{seed: p.Seed()}
	w := Window{Fault: f, From: now, To: Open}
	q.windows = append(slices.Clip(p.Windows()), w)
	if p != nil {
		q.open = slices.Clip(p.open)
	}
	q.open = append(q.open, newOpenWindow(w))
	return q
}

// Without returns the plan with the open window of f closed at now.
func (p *Plan) Without(f *Fault, now time.Duration) *Plan {
	if !p.Holds(f) {
		return p
	}
	q := &Plan{seed: p.seed, windows: slices.Clone(p.windows)}
	for i := range q.windows {
		if w := &q.windows[i]; w.Fault == f && w.To == Open {
			w.To = max(now, w.From)
		}
	}
	q.open = slices.DeleteFunc(slices.Clone(p.open), func(w openWindow) bool { return w.Fault == f })
	return q
}

// Holds tells whether a window of f is open.
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

// Quiet tells that no window is open, so nothing that asks the plan need ask.
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
