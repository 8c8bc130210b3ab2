package chaos

import (
	"cmp"
	"time"
)

// act is what a fault does to an answer, the stronger the higher. Faults that
// change playlists, links, caches or viewers do nothing to single answers.
type act uint8

const (
	actNone     act = iota
	actSlow         // delays the first byte
	actTruncate     // cuts the body
	actStatus       // replaces the answer
	actMissing      // replaces it with 404
	actRefuse       // replaces it with a refusal, for some tokens
	actHang         // keeps it back
	actReset        // breaks the connection
)

// Decide returns what happens to one answer at a site. At the origin act
// origin.* via rig, at an edge edge.* and auth.* via rig, and at the viewer everything via
// viewer that needs no memory: http.*, edge.*, origin.*, auth.*, segment.missing and
// segment.truncate. The rest of via viewer is [Rewriter]'s.
//
// When several faults hold, a reset beats a hang, a hang beats a status, and a
// status beats what would have happened to the body: then neither delay nor cut
// is left. Delays add up, and a delayed body may also be cut. Among statuses
// the fault opened last decides. Marks has every fault that would have done
// what happened, and no fault that another one overruled.
//
// It allocates nothing, and costs one length check while no fault is open.
func (p *Plan) Decide(now time.Duration, site Site, t *Thing) Effect {
	if p == nil || len(p.open) == 0 {
		return Effect{}
	}
	return p.decide(now, site, t, actNone)
}

// decide leaves out acts that can have no part.
func (p *Plan) decide(now time.Duration, site Site, t *Thing, out act) Effect {
	var e Effect
	strongest := actNone
	for i := range p.open {
		w := &p.open[i]
		if w.act == actNone || w.act == out || w.site != site || w.From > now || w.kinds>>t.Kind&1 == 0 || !w.Fault.selects(t, p.seed) || w.act == actRefuse && !w.spec.refuses(&w.Window, now, t.Issued, t.HasViewer) {
			continue
		}
		strongest = e.add(w, strongest)
	}
	return e
}

// rank puts acts that exclude each other in order; acts of one rank combine.
func (a act) rank() uint8 {
	switch a {
	case actReset:
		return 4
	case actHang:
		return 3
	case actStatus, actMissing, actRefuse:
		return 2
	case actSlow, actTruncate:
		return 1
	}
	return 0
}

// add puts what w does into the effect and returns the strongest act so far.
func (e *Effect) add(w *openWindow, strongest act) act {
	if w.act.rank() < strongest.rank() {
		return strongest
	}
	if w.act.rank() > strongest.rank() {
		*e = Effect{}
	}
	e.Marks |= Mark(w.Fault.Rule)
	switch w.act {
	case actReset:
		e.Reset = true
	case actHang:
		e.Hang = true
	case actStatus:
		e.Status = w.Fault.Code
	case actMissing:
		e.Status = 404
	case actRefuse:
		e.Status = cmp.Or(w.Fault.Code, refused)
	case actTruncate:
		e.Truncate = true
	case actSlow:
		e.Delay += w.Fault.By
	}
	return w.act
}

// Fails reports whether the effect leaves nothing of the answer but a failure.
func (e *Effect) Fails() bool { return e.Reset || e.Hang || e.Status != 0 }
