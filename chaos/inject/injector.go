package inject

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// Board is where the plan of the run is kept; package conduct has one.
type Board interface {
	Plan() *chaos.Plan
	Open(f *chaos.Fault, now time.Duration)
	Close(f *chaos.Fault, now time.Duration)
}

// Injector rewrites the answers of all players of a run. It is safe for
// concurrent use.
type Injector struct {
	board    Board
	watching atomic.Bool

	mu       sync.Mutex
	rewriter *chaos.Rewriter

	touched [chaos.MaxEntries]atomic.Uint64 // answers and links changed, by rule
	passed  atomic.Uint64                   // answers seen while a fault was open or after one
	starts  sync.Map                        // *chaos.Fault -> Counts at its last opening or closing
}

// New returns an injector that decides by the plan on the board.
func New(board Board, cfg chaos.RewriterConfig) *Injector {
	i := &Injector{board: board, rewriter: chaos.NewRewriter(cfg)}
	i.watching.Store(i.rewriter.Watching())
	return i
}

// Answer returns the answer that the player shall see instead of the real one,
// and what else happens to it: wait Delay before the first byte; with Hang
// never give a byte; with Reset break the connection; with Truncate give the
// first half of the body and break it. Status and body of the answer are
// final. Bodies are shared among players and must not be changed.
//
// now is when the real answer was complete, on the run's clock. Answers that
// are no playlists need no body.
func (i *Injector) Answer(now time.Duration, t *chaos.Thing, url string, real chaos.Answer) (chaos.Answer, chaos.Effect) {
	p := i.board.Plan()
	if p.Quiet() && (t.Kind != m3u8.KindMedia || !i.watching.Load()) {
		return real, chaos.Effect{}
	}
	i.mu.Lock()
	seen, effect := i.rewriter.Rewrite(now, p, t, url, real)
	i.mu.Unlock()
	i.passed.Add(1)
	i.Touched(effect.Marks)
	return seen, effect
}

// Link returns what is left of a viewer's link, as [chaos.Plan.Link] does, and
// counts what it changes.
func (i *Injector) Link(now time.Duration, t *chaos.Thing) (down int64, extra time.Duration, cut bool, marks chaos.Marks) {
	down, extra, cut, marks = i.board.Plan().Link(now, t)
	i.Touched(marks)
	return down, extra, cut, marks
}

// Touched counts that each of these faults changed something for a player.
func (i *Injector) Touched(m chaos.Marks) {
	for rule := 0; m != 0; rule, m = rule+1, m>>1 {
		if m.Has(0) {
			i.touched[rule].Add(1)
		}
	}
}

// Show remembers a media playlist as if a player had seen it; see [chaos.Rewriter.Show].
func (i *Injector) Show(at time.Duration, url string, body []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rewriter.Show(at, url, body)
}

// Open opens the window of a fault at an instant of the run.
func (i *Injector) Open(f *chaos.Fault, at time.Duration) error {
	if f.Via != chaos.ViaViewer {
		return fmt.Errorf("apply %s at the viewers: wrong applier (got via %s; want via viewer)", f.Name, f.Via)
	}
	if f.Rule < 0 || f.Rule >= chaos.MaxEntries {
		return fmt.Errorf("apply %s at the viewers: rule out of range (got %d; want 0 to %d)", f.Name, f.Rule, chaos.MaxEntries-1)
	}
	i.mu.Lock()
	i.rewriter.Watch(f)
	i.watching.Store(i.rewriter.Watching())
	i.mu.Unlock()
	i.starts.Store(f, i.count(f))
	i.board.Open(f, at)
	return nil
}

// Close closes the window of a fault at an instant of the run.
func (i *Injector) Close(f *chaos.Fault, at time.Duration) {
	i.board.Close(f, at)
	i.starts.Store(f, i.count(f))
}

func (i *Injector) count(f *chaos.Fault) Counts {
	return Counts{i.touched[f.Rule].Load(), i.passed.Load()}
}

// Knows reports whether the window of a fault was opened or closed here.
func (i *Injector) Knows(f *chaos.Fault) bool {
	_, ok := i.starts.Load(f)
	return ok
}

// Since is what happened since the window of a fault was last opened or closed.
func (i *Injector) Since(f *chaos.Fault) Counts {
	was, _ := i.starts.Load(f)
	then, _ := was.(Counts)
	now := i.count(f)
	return Counts{now.Touched - then.Touched, now.Passed - then.Passed}
}
