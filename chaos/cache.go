package chaos

import "time"

// Faults of what the edges keep.
var cacheKinds = []Spec{
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
