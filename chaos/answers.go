package chaos

import "slices"

// Faults of single answers: as the origin gives them, as an edge gives them, and
// as viewers see them.
var (
	originKinds = []Spec{
		originStatus(),
		answering(OriginSlow, edges, AtOrigin, actSlow, "the origin answers slowly", "first byte of answers of the origin"),
		answering(OriginHang, edges, AtOrigin, actHang, "the origin accepts requests and never answers", "answers of the origin"),
	}
	edgeKinds = []Spec{
		answering(EdgeStatus, edges, AtEdge, actStatus, "the edge answers with an error", "answers of the edge"),
		answering(EdgeSlow, edges, AtEdge, actSlow, "the edge answers slowly", "first byte of answers of the edge"),
		answering(EdgeHang, edges, AtEdge, actHang, "the edge accepts requests and never answers", "answers of the edge"),
	}
	viewerKinds = []Spec{
		answering(HTTPStatus, viewer, AtViewer, actStatus, "viewers see an error", "answers as viewers see them"),
		answering(HTTPSlow, viewer, AtViewer, actSlow, "viewers wait longer for answers", "first byte as viewers see it"),
		answering(HTTPHang, viewer, AtViewer, actHang, "viewers never get an answer", "answers as viewers see them"),
		answering(HTTPTruncate, viewer, AtViewer, actTruncate, "bodies end halfway, and the connection closes", "bodies as viewers see them"),
		answering(HTTPReset, viewer, AtViewer, actReset, "the connection is reset instead of an answer", "answers as viewers see them"),
	}
)

// answering describes a fault that does something to single answers.
func answering(kind Kind, vias []Via, site Site, act act, doc, changes string) Spec {
	s := Spec{Kind: kind, Vias: vias, Site: site, act: act, Doc: doc, Changes: changes,
		Requests: allRequests, Part: PartAnswers, Silent: act != actStatus, Hangs: act == actHang}
	switch act {
	case actStatus:
		s.Params = fields(code)
	case actSlow:
		s.Params = fields(by("added to the first byte"))
	}
	if s.Selectors = fields(byPipeline, byRendition, byPop, byCohort, byShare, anyRequest); site == AtOrigin {
		s.Selectors = append(slices.Clone(objects), anyRequest) // an origin does not know the edge
	}
	return s
}

func originStatus() Spec {
	s := answering(OriginStatus, servers, AtOrigin, actStatus, "the origin answers with an error", "answers of the origin")
	s.ShowsInPlaylists, s.awsCannot = true, originStatusOnAWS
	return s
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
