package chaos

import "slices"

// Faults of the origin's answers.
var originKinds = []Spec{
	{
		Kind: OriginStatus, Vias: servers, Requests: allRequests,
		Doc:       "the origin answers with an error",
		Changes:   "answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest), Params: fields(code),
		Part: PartAnswers, act: actStatus, ShowsInPlaylists: true, awsCannot: originStatusOnAWS,
	},
	{
		Kind: OriginSlow, Vias: edges, Requests: allRequests,
		Doc:       "the origin answers slowly",
		Changes:   "first byte of answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest), Params: fields(by("added to the first byte")),
		Part: PartAnswers, act: actSlow, Silent: true,
	},
	{
		Kind: OriginHang, Vias: edges, Requests: allRequests,
		Doc:       "the origin accepts requests and never answers",
		Changes:   "answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest),
		Part:      PartAnswers, act: actHang, Silent: true, Hangs: true,
	},
}

func originStatusOnAWS(a *AWS, f *Fault) objection {
	if f.Code != 403 {
		return demand(false, "code", "an origin on AWS can be made to answer 403 only (got %d; want 403, or via viewer)", f.Code)
	}
	if a.Package.Endpoint == "" {
		return first(needs(f, a.Bucket != "", "bucket", writesTo+", or an endpoint in aws.mediapackage"), inBucket(a, f))
	}
	whole := func(field string, got bool) objection {
		return demand(!got, field, "access to a MediaPackage endpoint can only be denied as a whole (got %s; want none, or via viewer)", field)
	}
	o := first(whole("pipeline", f.Pipeline != Any), whole("rendition", f.Rendition != ""), whole("kind", len(f.Kinds) > 0))
	if a.Bucket != "" {
		return first(o, inBucket(a, f))
	}
	return o
}
