package chaos

import (
	"strconv"
	"time"
)

// Faults of viewers' tokens.
var authKinds = []Spec{
	{
		Kind: AuthExpire, Vias: edges, Requests: allRequests,
		Doc:       "tokens expire: those issued before the fault are refused, new ones are accepted",
		Changes:   "answers of the edge to sessions with an old token",
		Selectors: sessions, Params: fields(refusal),
		Part: PartTokens, Site: AtEdge, act: actRefuse, refuses: old,
	},
	{
		Kind: AuthRevoke, Vias: edges, Requests: allRequests,
		Doc:       "viewers lose their permission: they are refused with any token",
		Changes:   "answers of the edge to these viewers",
		Selectors: sessions, Params: fields(refusal),
		Part: PartTokens, Site: AtEdge, act: actRefuse, refuses: all,
	},
	{
		Kind: AuthClock, Vias: edges, Requests: allRequests,
		Doc:       "the clock of the token service is ahead: tokens issued during the fault are not valid yet",
		Changes:   "answers of the edge to sessions with a new token",
		Selectors: sessions, Params: fields(by("how far ahead"), refusal),
		Part: PartTokens, Site: AtEdge, act: actRefuse, refuses: early,
	},
}

// refused is the status with which CloudFront refuses a request whose signature
// it does not accept. It checks that when the request comes, before it looks
// into its cache; a download under way goes on.
const refused = 403

// refusal is the status of a request whose token is not accepted.
var refusal = Field{Name: "code", Type: "status", Default: strconv.Itoa(refused), Says: "code %s",
	Doc: "HTTP status of the refusal, 400 to 499: CloudFront refuses signed URLs and cookies with 403, Secure Media Delivery refuses tokens with 401",
	of:  func(f *Fault) any { return &f.Code },
	wrong: func(f *Fault) string {
		return unless(f.Code >= 400 && f.Code <= 499, "not the status of a refusal (got %d; want 400 to 499, such as 401 or 403)", f.Code)
	}}

// sessions are the selectors: the edge of the rig knows the viewer of a token
// and checks it before anything is looked up. Of the request only its kind matters.
var sessions = fields(anyVia(byCohort), anyVia(byShare), anyRequest)

func anyVia(f Field) Field {
	f.Vias = nil
	return f
}

// Tokens of viewers that cannot be told apart, as browsers at the embedded
// channel, count as issued before the fault.

func old(w *Window, _, issued time.Duration, known bool) bool { return !known || issued < w.From }

func all(*Window, time.Duration, time.Duration, bool) bool { return true }

func early(w *Window, now, issued time.Duration, known bool) bool {
	return known && issued >= w.From && now < issued+w.Fault.By
}

// Refused returns a viewer whose token the fault refuses at now, for a look at
// what refuses it; false when none of the first players is one.
func (f *Fault) Refused(now time.Duration, p *Plan) (t Thing, ok bool) {
	const tried = 100_000
	refuses := f.Kind.Spec().refuses
	for w := range p.Holding(now, f.Kind) {
		if w.Fault != f || refuses == nil {
			continue
		}
		t = Thing{Pipeline: Any, Rendition: Any, Rank: Any, Pop: Any, Cohort: f.Cohort, HasViewer: true, Issued: -1}
		if !refuses(&w, now, t.Issued, true) {
			t.Issued = now
		}
		for ; t.Viewer < tried; t.Viewer++ {
			if f.SelectsViewer(&t, p.Seed()) {
				return t, refuses(&w, now, t.Issued, true)
			}
		}
	}
	return t, false
}
