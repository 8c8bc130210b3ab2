package chaos

import (
	"testing"
	"time"

	"hlsload/player/m3u8"
)

// Whose token is refused, when, and with what.
func TestRefusals(t *testing.T) {
	const s = time.Second
	viewer := func(issued time.Duration) func(*Thing) {
		return func(t *Thing) { t.Issued = issued }
	}
	for _, c := range []struct {
		name  string
		fault *Fault // holds from 10s on
		now   time.Duration
		who   func(*Thing)
		want  int // status; 0 = served
	}{
		{"an old token", fault(AuthExpire, ViaRig, nil), 12 * s, viewer(2 * s), 403},
		{"before the fault", fault(AuthExpire, ViaRig, nil), 9 * s, viewer(2 * s), 0},
		{"a token of the fault's instant", fault(AuthExpire, ViaRig, nil), 12 * s, viewer(10 * s), 0},
		{"a renewed token", fault(AuthExpire, ViaRig, nil), 12 * s, viewer(11 * s), 0},
		{"no token, as a browser at the rig", fault(AuthExpire, ViaRig, nil), 12 * s, func(t *Thing) { t.HasViewer = false }, 403},
		{"Secure Media Delivery", fault(AuthExpire, ViaRig, func(f *Fault) { f.Code = 401 }), 12 * s, viewer(2 * s), 401},
		{"a segment", fault(AuthExpire, ViaRig, nil), 12 * s, func(t *Thing) { t.Kind = m3u8.KindSegment }, 403},
		{"the multivariant playlist", fault(AuthExpire, ViaRig, nil), 12 * s, func(t *Thing) { t.Kind, t.Rendition, t.Rank = m3u8.KindMultivariant, Any, Any }, 403},
		{"only playlists are protected", fault(AuthExpire, ViaRig, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindMedia} }), 12 * s, func(t *Thing) { t.Kind = m3u8.KindSegment }, 0},
		{"another cohort", fault(AuthExpire, ViaRig, func(f *Fault) { f.Cohort = "tv" }), 12 * s, viewer(2 * s), 0},
		{"a revoked viewer", fault(AuthRevoke, ViaRig, nil), 12 * s, viewer(2 * s), 403},
		{"a revoked viewer with a new token", fault(AuthRevoke, ViaRig, nil), 12 * s, viewer(11 * s), 403},
		{"issued before the clock was wrong", fault(AuthClock, ViaRig, func(f *Fault) { f.By = 5 * s }), 12 * s, viewer(9 * s), 0},
		{"not valid yet", fault(AuthClock, ViaRig, func(f *Fault) { f.By = 5 * s }), 15 * s, viewer(11 * s), 403},
		{"valid at last", fault(AuthClock, ViaRig, func(f *Fault) { f.By = 5 * s }), 16 * s, viewer(11 * s), 0},
		{"no token, so none that is too new", fault(AuthClock, ViaRig, func(f *Fault) { f.By = 5 * s }), 12 * s, func(t *Thing) { t.HasViewer = false }, 0},
	} {
		for via, site := range map[Via]Site{ViaRig: AtEdge, ViaViewer: AtViewer} {
			f := *c.fault
			f.Via = via
			p := NewPlan(1).With(&f, 10*s)
			got := p.Decide(c.now, site, media(c.who))
			if got.Status != c.want || (got.Marks != 0) != (c.want != 0) {
				t.Errorf("%s via %s: %+v, want status %d", c.name, via, got, c.want)
			}
			if got := p.Decide(c.now, AtOrigin, media(c.who)); got != (Effect{}) {
				t.Errorf("%s via %s: the origin does %+v", c.name, via, got)
			}
		}
	}
}

// A look finds a viewer who is refused, of the cohort and share that are hit.
func TestRefused(t *testing.T) {
	for _, kind := range []Kind{AuthExpire, AuthRevoke, AuthClock} {
		f := fault(kind, ViaRig, func(f *Fault) { f.By, f.Cohort, f.Share = time.Second, "web", .01 })
		p := NewPlan(5).With(f, 10*time.Second)
		who, ok := f.Refused(12*time.Second, p)
		if e := p.Decide(12*time.Second, AtEdge, &who); !ok || e.Status != 403 || who.Cohort != "web" {
			t.Errorf("%s: %+v, %v: %+v", kind, who, ok, e)
		}
		for now, p := range map[time.Duration]*Plan{9 * time.Second: p, 20 * time.Second: p.Without(f, 15*time.Second), 12 * time.Second: nil} {
			if who, ok := f.Refused(now, p); ok {
				t.Errorf("%s: %+v is refused at %v", kind, who, now)
			}
		}
	}
}
