package chaos

import "time"

// rewriting is what a kind makes of playlists and segments on their way to a
// viewer. What is nil it leaves alone.
type rewriting struct {
	pins  func(*Fault) bool // it shows, or depends on, the playlist of the instant at which it began
	lists bool              // it asks when segments were listed
	older bool              // it shows playlists of By ago
	// missing reports whether the thing is not there. m may be nil.
	missing func(r *Rewriter, now time.Duration, w *Window, url string, m *memory) bool
	// shows returns the version that is shown instead of what is real, nil for none.
	shows func(now time.Duration, p *pin, w *Window, m *memory) *version
	// edit adds what is to be changed in a playlist.
	edit func(edits, *Fault) edits
}

// edits are changes of a playlist's text.
type edits struct {
	drop int  // segments at its end
	end  bool // say that it is over
}

// pinning reports whether the playlist of the instant at which f began is kept.
func (r *rewriting) pinning(f *Fault) bool { return r.pins != nil && r.pins(f) }

// shown returns the version that the window shows instead of what is real, nil
// for none.
func (w *openWindow) shown(now time.Duration, m *memory) *version {
	if w.spec.shows == nil || m == nil {
		return nil
	}
	p := m.pinned(w.Fault)
	if p == nil {
		return nil
	}
	return w.spec.shows(now, p, &w.Window, m)
}

func always(*Fault) bool { return true }

func pinned(_ time.Duration, p *pin, _ *Window, _ *memory) *version { return &p.version }
