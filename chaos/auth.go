package chaos

import "time"

// refused is the status with which CloudFront refuses a request whose signature
// it does not accept. It checks that when the request comes, before it looks
// into its cache; a download under way goes on.
const refused = 403

// refuses reports whether the token that a viewer comes with is refused while an
// auth fault holds. Tokens of viewers who cannot be told apart, as browsers at
// the embedded channel, count as issued before the fault.
func (w *Window) refuses(now time.Duration, t *Thing) bool {
	switch w.Fault.Kind {
	case AuthExpire:
		return !t.HasViewer || t.Issued < w.From
	case AuthClock:
		return t.HasViewer && t.Issued >= w.From && now < t.Issued+w.Fault.By
	}
	return true
}

// Refused returns a viewer whose token the fault refuses at now, for a look at
// what refuses it; false when none of the first players is one.
func (f *Fault) Refused(now time.Duration, p *Plan) (t Thing, ok bool) {
	const tried = 100_000
	for w := range p.Holding(now, f.Kind) {
		if w.Fault != f {
			continue
		}
		t = Thing{Pipeline: Any, Rendition: Any, Rank: Any, Pop: Any, Cohort: f.Cohort, HasViewer: true, Issued: -1}
		if f.Kind == AuthClock {
			t.Issued = now
		}
		for ; t.Viewer < tried; t.Viewer++ {
			if f.SelectsViewer(&t, p.Seed()) {
				return t, w.refuses(now, &t)
			}
		}
	}
	return t, false
}
