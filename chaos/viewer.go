package chaos

// Faults of answers as viewers see them.
var viewerKinds = []Spec{
	{
		Kind: HTTPStatus, Vias: viewer, Requests: allRequests,
		Doc:       "viewers see an error",
		Changes:   "answers as viewers see them",
		Selectors: answers, Params: fields(code),
		Part: PartAnswers, Site: AtViewer, act: actStatus,
	},
	{
		Kind: HTTPSlow, Vias: viewer, Requests: allRequests,
		Doc:       "viewers wait longer for answers",
		Changes:   "first byte as viewers see it",
		Selectors: answers, Params: fields(by("added to the first byte")),
		Part: PartAnswers, Site: AtViewer, act: actSlow, Silent: true,
	},
	{
		Kind: HTTPHang, Vias: viewer, Requests: allRequests,
		Doc:       "viewers never get an answer",
		Changes:   "answers as viewers see them",
		Selectors: answers,
		Part:      PartAnswers, Site: AtViewer, act: actHang, Silent: true, Hangs: true,
	},
	{
		Kind: HTTPTruncate, Vias: viewer, Requests: allRequests,
		Doc:       "bodies end halfway, and the connection closes",
		Changes:   "bodies as viewers see them",
		Selectors: answers,
		Part:      PartAnswers, Site: AtViewer, act: actTruncate, Silent: true,
	},
	{
		Kind: HTTPReset, Vias: viewer, Requests: allRequests,
		Doc:       "the connection is reset instead of an answer",
		Changes:   "answers as viewers see them",
		Selectors: answers,
		Part:      PartAnswers, Site: AtViewer, act: actReset, Silent: true,
	},
}
