package chaos

import "time"

// Faults of the edges: their answers, and what they keep.
var edgeKinds = []Spec{
	{
		Kind: EdgeStatus, Vias: edges, Requests: allRequests,
		Doc:       "the edge answers with an error",
		Changes:   "answers of the edge",
		Selectors: answers, Params: fields(code),
		Part: PartAnswers, Site: AtEdge, act: actStatus,
	},
	{
		Kind: EdgeSlow, Vias: edges, Requests: allRequests,
		Doc:       "the edge answers slowly",
		Changes:   "first byte of answers of the edge",
		Selectors: answers, Params: fields(by("added to the first byte")),
		Part: PartAnswers, Site: AtEdge, act: actSlow, Silent: true,
	},
	{
		Kind: EdgeHang, Vias: edges, Requests: allRequests,
		Doc:       "the edge accepts requests and never answers",
		Changes:   "answers of the edge",
		Selectors: answers,
		Part:      PartAnswers, Site: AtEdge, act: actHang, Silent: true, Hangs: true,
	},
	{
		Kind: EdgeErrorTTL, Vias: []Via{ViaRig, ViaAWS}, Requests: allRequests,
		Doc:     "the edge caches errors for a different time",
		Changes: "error caching of shield and edges",
		Params:  fields(ttl),
		Part:    PartCache, awsCannot: errorTTLOnAWS,
	},
	{
		Kind: EdgeFlush, Vias: []Via{ViaRig, ViaAWS},
		Doc:       "the edge loses its cache",
		Changes:   "everything is fetched from the origin again",
		Selectors: fields(byPop),
		Part:      PartCache, Instant: true, awsCannot: distributionOnAWS,
	},
}

var ttl = Field{Name: "ttl", Type: "duration", Required: true, Doc: "how long errors are served from the cache; 0s = not at all", Most: int64(MaxErrorTTL), Says: "ttl %s",
	of: func(f *Fault) any { return &f.TTL },
	wrong: func(f *Fault) string {
		return unless(f.TTL >= 0 && f.TTL <= MaxErrorTTL, "duration out of range (got %v; want 0s to %v)", f.TTL, MaxErrorTTL)
	}}

func distributionOnAWS(a *AWS, f *Fault) objection {
	return needs(f, a.Distribution != "", "distribution", "the ID of the CloudFront distribution")
}

func errorTTLOnAWS(a *AWS, f *Fault) objection {
	return first(
		demand(f.TTL%time.Second == 0, "ttl", "CloudFront counts whole seconds (got %v; want a whole number of them)", f.TTL),
		distributionOnAWS(a, f), a.sticky(true, "the error caching of a distribution"))
}
