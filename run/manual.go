package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/reports/figure"
)

// manualSpare is what a person, and reading the playlists, may take beyond the plan.
const manualSpare = 5 * time.Second

// manual says to a person when to make and to end a fault, and reads from the media
// playlists when it began and ended. It is a [chaos.Applier].
//
// The onset is the last instant at which a playlist was seen to advance, or to answer before
// two answers in a row failed: at most a target duration too early, never too late. The
// end is the first look at which all playlists have advanced since.
type manual struct {
	r      *live
	stream *stream

	ctx   context.Context
	stop  context.CancelFunc
	looks sync.WaitGroup

	mu   sync.Mutex
	made map[*chaos.Fault]*made
	said []said
}

// said is what the person is told.
type said struct {
	at   time.Duration
	text string
}

// made is a fault that a person makes.
type made struct {
	fault        *chaos.Fault
	urls         []string
	began, ended chan struct{}
	onset        time.Duration
	lists        map[string]*seen
	why          string // what showed it
}

// seen is what was seen of a media playlist.
type seen struct {
	version string
	changed time.Duration // when it was first seen as it is
	failed  time.Duration // when the last answer came before all failed; -1 = the last one did not fail
	well    time.Duration // when it last answered
	fails   int
	err     error
}

func newManual(r *live, s *stream) *manual {
	m := &manual{r: r, stream: s, made: map[*chaos.Fault]*made{}}
	m.ctx, m.stop = context.WithCancel(context.Background())
	return m
}

// close ends all looks.
func (m *manual) close() {
	if m != nil {
		m.stop()
		m.looks.Wait()
	}
}

func (m *manual) of(f *chaos.Fault) *made {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.made[f]
}

func (m *manual) tell(f *chaos.Fault, format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, said{m.r.now(), f.Name + ": " + fmt.Sprintf(format, args...)})
}

// show shows what the person is told since the last call.
func (m *manual) show(mark func(now time.Duration, text string)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	all := m.said
	m.said = nil
	m.mu.Unlock()
	for _, s := range all {
		mark(s.at, s.text)
	}
}

// Apply asks the person to make the fault, and waits until the playlists show it.
func (m *manual) Apply(ctx context.Context, f *chaos.Fault) error {
	w := &made{fault: f, urls: m.stream.watched(f), began: make(chan struct{}), ended: make(chan struct{}), lists: map[string]*seen{}}
	m.mu.Lock()
	m.made[f] = w
	m.mu.Unlock()
	m.tell(f, "MAKE THE FAULT NOW%s; the playlists must show it within %v", onPipeline(f), f.Within)
	m.looks.Go(func() { m.watch(w) })
	limit := time.NewTimer(f.Within + m.stream.duration*3/2) // a playlist that stopped shows it after that
	defer limit.Stop()
	select {
	case <-w.began:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-limit.C:
		return fmt.Errorf("no fault was seen within %v: %d media playlists%s were read once a second, and all answered and advanced", f.Within, len(w.urls), onPipeline(f))
	}
}

func onPipeline(f *chaos.Fault) string {
	if f.Pipeline == chaos.Any {
		return ""
	}
	return fmt.Sprintf(" on pipeline %d", f.Pipeline)
}

// Look has been answered by Apply.
func (m *manual) Look(_ context.Context, f *chaos.Fault) (bool, string) { return true, m.of(f).why }

// Undo asks the person to end the fault, and waits until the playlists have advanced.
func (m *manual) Undo(ctx context.Context, f *chaos.Fault) error {
	w := m.of(f)
	select {
	case <-w.ended:
		return nil
	default:
	}
	select {
	case <-w.began:
	default:
		m.tell(f, "no fault was seen; do not make it any more, and end what was begun")
		return nil
	}
	m.tell(f, "END THE FAULT NOW%s", onPipeline(f))
	select {
	case <-w.ended:
		return nil
	case <-ctx.Done():
		return errors.New("the media playlists do not all answer and advance")
	}
}

// LookUndone reports whether the fault has ended.
func (m *manual) LookUndone(ctx context.Context, f *chaos.Fault) (bool, string) {
	return m.stream.healthy(ctx, f)
}

// watch reads the playlists once a second until the fault has ended.
func (m *manual) watch(w *made) {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	on := false
	for {
		now := m.r.now()
		for _, u := range w.urls {
			m.look(w, u)
		}
		switch onset, why := w.shows(now, m.stream.duration); {
		case m.ctx.Err() != nil:
			return
		case !on && why != "":
			on = true
			w.onset, w.why = m.r.unrecorded(max(onset, w.fault.At)), m.stream.sc.Redact(why)
			_ = m.r.faultApplied(w.fault, w.onset) // it is planned, and applied once
			m.tell(w.fault, "the fault shows since %s (%s); leave it on until this says that it is to end", figure.Clock(w.onset.Round(100*time.Millisecond)), w.why)
			close(w.began)
		case on && w.well(now, m.stream.duration):
			end := m.r.unrecorded(now)
			_ = m.r.faultCleared(w.fault, end)
			m.tell(w.fault, "the fault is over since %s: all media playlists advance again", figure.Clock(end.Round(100*time.Millisecond)))
			close(w.ended)
			return
		}
		select {
		case <-each.C:
		case <-m.ctx.Done():
			return
		}
	}
}

// look reads a playlist.
func (m *manual) look(w *made, u string) {
	ctx, cancel := context.WithTimeout(m.ctx, max(2*time.Second, m.stream.duration/2))
	defer cancel()
	now := m.r.now()
	list, _, err := m.stream.readMedia(ctx, u)
	l := w.lists[u]
	switch {
	case l == nil && err != nil:
		return // it was never well, so nothing can be seen of it
	case l == nil:
		l = &seen{failed: -1}
		w.lists[u] = l
	}
	if l.err = err; err != nil {
		if l.fails++; l.fails == 1 {
			l.failed = l.well
		}
		return
	}
	l.fails, l.failed, l.well = 0, -1, now
	if v := fmt.Sprint(list.MediaSequence, len(list.Segments), list.EndList); v != l.version {
		l.version, l.changed = v, now
	}
}

// shows reports since when a playlist is wrong, and what is; "" = nothing.
func (w *made) shows(now, target time.Duration) (since time.Duration, why string) {
	for _, u := range w.urls {
		switch l := w.lists[u]; {
		case l == nil:
		case l.fails >= 2 && (why == "" || l.failed < since):
			since, why = l.failed, l.err.Error()
		case l.fails == 0 && now-l.changed > target*3/2 && (why == "" || l.changed < since):
			since, why = l.changed, fmt.Sprintf("%s: unchanged for %v", u, (now-l.changed).Round(100*time.Millisecond))
		}
	}
	return since, why
}

// well reports whether all playlists have advanced since the onset, and still do.
func (w *made) well(now, target time.Duration) bool {
	for _, l := range w.lists {
		if l.fails > 0 || l.changed <= w.onset || now-l.changed > target*3/2 {
			return false
		}
	}
	return true
}

// unrecorded is the earliest instant, from at on, of which no collector of the run has
// recorded anything yet.
func (r *live) unrecorded(at time.Duration) time.Duration {
	if a := r.crew.agent; a != nil {
		at = a.unrecorded(at)
	}
	if r.crew.alone {
		return at
	}
	return max(at, r.now()-manualLag(r.measure.TargetDuration)) // agents elsewhere wait longer
}
