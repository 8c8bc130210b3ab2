package chaos

import (
	"slices"
	"strconv"

	"hlsload/player/m3u8"
)

// Spec describes one kind of fault: what `hlsload list faults` prints and what
// [Check] holds an entry against.
type Spec struct {
	Kind      Kind
	Doc       string // one line
	Changes   string // the object or answer that it changes
	Instant   bool   // happens at once and leaves nothing to undo; takes no `for`
	Selectors []Field
	Params    []Field
	// Vias says who can apply it, the default on a rig first. The default on
	// a URL is the first of viewer, aws, command among them.
	Vias []Via
	// Requests are the kinds of request it hits unless `kind` says otherwise.
	Requests []m3u8.Kind
}

// Field is a key of an entry that a kind takes.
type Field struct {
	Name     string
	Type     string   // for people: "duration", "count", "status", …
	Words    []string // the possible values, when they are words
	Default  string   // for people; "" = none
	Required bool
	Vias     []Via // only with these; nil = with any
	Doc      string
}

// takes tells whether the field may be used with via.
func (f *Field) takes(via Via) bool { return len(f.Vias) == 0 || slices.Contains(f.Vias, via) }

// Default returns who applies the fault when the entry does not say; "" when
// nobody can on this target.
func (s *Spec) Default(onURL bool) Via {
	if !onURL {
		return s.Vias[0]
	}
	for _, v := range [...]Via{ViaViewer, ViaAWS, ViaCommand} {
		if slices.Contains(s.Vias, v) {
			return v
		}
	}
	return ""
}

// Possible returns who can apply the fault on this target.
func (s *Spec) Possible(onURL bool) []Via {
	var possible []Via
	for _, v := range s.Vias {
		if v != ViaRig || !onURL {
			possible = append(possible, v)
		}
	}
	return possible
}

// field finds a selector or parameter by its key.
func (s *Spec) field(name string) *Field {
	for _, list := range [...][]Field{s.Selectors, s.Params} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// Lookup returns the description of a kind, nil for an unknown one.
func Lookup(kind Kind) *Spec {
	for i := range Kinds {
		if Kinds[i].Kind == kind {
			return &Kinds[i]
		}
	}
	return nil
}

// The selectors.
var (
	byPipeline  = Field{Name: "pipeline", Type: "number", Default: "all", Doc: "index of the pipeline"}
	byRendition = Field{Name: "rendition", Type: "name, index, lowest or highest", Default: "all", Doc: "which rendition"}
	byPop       = Field{Name: "pop", Type: "number", Default: "all", Doc: "index of the edge"}
	byCohort    = Field{Name: "cohort", Type: "name", Default: "all", Doc: "only viewers of this cohort", Vias: []Via{ViaViewer}}
	byShare     = Field{Name: "share", Type: "share", Default: "100%", Doc: "of viewers, by stable hash of the player number", Vias: []Via{ViaViewer}}
	// The edge of the rig knows whose token it checks.
	whoseCohort = Field{Name: "cohort", Type: "name", Default: "all", Doc: byCohort.Doc}
	whoseShare  = Field{Name: "share", Type: "share", Default: "100%", Doc: byShare.Doc}
)

func byKind(kinds ...m3u8.Kind) Field {
	var words []string
	for _, k := range kinds {
		words = append(words, k.String())
	}
	return Field{Name: "kind", Type: "one or a list", Words: words, Default: "all of these", Doc: "of request"}
}

// The parameters.
var (
	code       = Field{Name: "code", Type: "status", Required: true, Doc: "HTTP status of the answers, 200 to 599"}
	once       = Field{Name: "once", Type: "true or false", Default: "false", Doc: "healed by the next write"}
	resume     = Field{Name: "resume", Type: "word", Words: []string{"continue", "restart"}, Default: "continue", Doc: "how the pipeline comes back: numbers go on, or start again"}
	children   = Field{Name: "children", Type: "word", Words: []string{"delete", "stale"}, Default: "delete", Vias: ownWriters, Doc: "what becomes of its media playlists"}
	then       = Field{Name: "then", Type: "word", Words: []string{"emit", "pause"}, Default: "emit", Vias: ownWriters, Doc: "go on with filler, or pause the output"}
	bySegments = Field{Name: "by", Type: "count", Required: true, Doc: "segments to go back, 1 to 1000"}
	start      = Field{Name: "start", Type: "program", Required: true, Vias: []Via{ViaCommand}, Doc: "program and arguments run at the window's start"}
	stop       = Field{Name: "stop", Type: "program", Required: true, Vias: []Via{ViaCommand}, Doc: "program and arguments run at its end; [\"true\"] when nothing needs undoing"}
)

// refusal is the status of a request whose token is not accepted.
var refusal = Field{Name: "code", Type: "status", Default: strconv.Itoa(refused), Doc: "HTTP status of the refusal, 400 to 499: CloudFront refuses signed URLs and cookies with 403, Secure Media Delivery refuses tokens with 401"}

func by(doc string) Field {
	return Field{Name: "by", Type: "duration", Required: true, Doc: doc}
}

// PackagerConditions are the conditions on which an endpoint of MediaPackage v2
// can be told to answer errors.
var PackagerConditions = []string{"stale_manifest", "incomplete_manifest", "missing_drm_key", "slate_input"}

func fields(f ...Field) []Field { return f }

// Groups of requests and appliers that several kinds share.
var (
	allRequests = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey}
	playlists   = []m3u8.Kind{m3u8.KindMedia}
	segments    = []m3u8.Kind{m3u8.KindSegment}

	anyRequest  = byKind(allRequests...)
	anyDownload = Field{Name: "kind", Type: "one or a list", Words: []string{"init", "segment", "key"}, Default: "segment", Doc: "of request"}

	writers = []Via{ViaRig, ViaViewer, ViaAWS, ViaCommand}
	servers = []Via{ViaRig, ViaViewer, ViaAWS}
	// Without AWS: nothing there can be told to do it.
	ownWriters = []Via{ViaRig, ViaViewer, ViaCommand}
	edges      = []Via{ViaRig, ViaViewer}
	viewer     = []Via{ViaViewer}

	answers = fields(byPipeline, byRendition, byPop, byCohort, byShare, anyRequest)
	objects = fields(byPipeline, byRendition, byCohort, byShare)
	links   = fields(byCohort, byShare)
	// Tokens are checked before anything is looked up: what is asked for does
	// not matter, but for its kind.
	sessions = fields(whoseCohort, whoseShare, anyRequest)
)

// Kinds are all faults, in the order in which they are listed to people. It
// must not be changed.
var Kinds = []Spec{
	{
		Kind: PipelineKill, Vias: writers, Requests: playlists,
		Doc:       "the pipeline crashes: it stops writing, what it wrote stays until something deletes it",
		Changes:   "every media playlist of the pipeline stops; its segments stay",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(resume, start, stop),
	},
	{
		Kind: PipelinePause, Vias: writers, Requests: playlists,
		Doc:       "the pipeline's output is paused",
		Changes:   "every media playlist of the pipeline is deleted or left stale",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(children, start, stop),
	},
	{
		Kind: PipelineDrift, Vias: ownWriters, Requests: playlists,
		Doc:       "the pipeline lags behind its twin",
		Changes:   "its media playlists are those of some time ago",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(by("how far behind"), start, stop),
	},
	{
		Kind: InputLoss, Vias: writers, Requests: playlists,
		Doc:       "the pipeline loses its source",
		Changes:   "its segments carry filler, or its media playlists are deleted",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(then, start, stop),
	},
	{
		Kind: PlaylistFreeze, Vias: writers, Requests: playlists,
		Doc:       "200, never advances, and nobody is told",
		Changes:   "media playlists stay those of the fault's instant",
		Selectors: objects, Params: fields(start, stop),
	},
	{
		Kind: PlaylistDelete, Vias: writers, Requests: playlists,
		Doc:       "the playlist is gone",
		Changes:   "playlists are answered 404",
		Selectors: append(slices.Clone(objects), Field{Name: "kind", Type: "one or a list", Words: []string{"multivariant", "media"}, Default: "media", Doc: "of playlist"}),
		Params:    fields(once, start, stop),
	},
	{
		Kind: PlaylistRollback, Vias: writers, Requests: playlists,
		Doc:       "the playlist loses its newest segments",
		Changes:   "media playlists end some segments early",
		Selectors: objects, Params: fields(bySegments, start, stop),
	},
	{
		Kind: PlaylistEndlist, Vias: writers, Requests: playlists,
		Doc:       "the playlist says that the stream is over",
		Changes:   "media playlists carry EXT-X-ENDLIST",
		Selectors: objects, Params: fields(start, stop),
	},
	{
		Kind: SegmentMissing, Vias: servers, Requests: segments,
		Doc:       "listed segments are not there",
		Changes:   "segments are answered 404",
		Selectors: append(slices.Clone(objects), anyDownload),
	},
	{
		Kind: SegmentLate, Vias: edges, Requests: segments,
		Doc:       "segments appear only some time after they were listed",
		Changes:   "segments are answered 404 until then",
		Selectors: objects, Params: fields(by("time from listed to there")),
	},
	{
		Kind: SegmentTruncate, Vias: edges, Requests: segments,
		Doc:       "segments end halfway",
		Changes:   "bodies of segments are cut",
		Selectors: append(slices.Clone(objects), anyDownload),
	},
	{
		Kind: OriginStatus, Vias: servers, Requests: allRequests,
		Doc:       "the origin answers with an error",
		Changes:   "answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest), Params: fields(code),
	},
	{
		Kind: OriginSlow, Vias: edges, Requests: allRequests,
		Doc:       "the origin takes its time",
		Changes:   "first byte of answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest), Params: fields(by("added to the first byte")),
	},
	{
		Kind: OriginHang, Vias: edges, Requests: allRequests,
		Doc:       "the origin takes requests and never answers",
		Changes:   "answers of the origin",
		Selectors: append(slices.Clone(objects), anyRequest),
	},
	{
		Kind: InvalidatorOff, Vias: []Via{ViaRig, ViaAWS}, Requests: playlists,
		Doc:       "the stale-playlist invalidator is off",
		Changes:   "stale playlists stay at the origin",
		Selectors: fields(byPipeline),
	},
	{
		Kind: InvalidatorSlow, Vias: []Via{ViaRig, ViaAWS}, Requests: playlists,
		Doc:       "the stale-playlist invalidator begins late",
		Changes:   "stale playlists stay at the origin for longer",
		Selectors: fields(byPipeline), Params: fields(by("time from a write to the invalidator's beginning; what is less than the time it waits anyway changes nothing")),
	},
	{
		Kind: InvalidatorThrottle, Vias: []Via{ViaAWS}, Requests: playlists,
		Doc:     "the stale-playlist invalidator may run only a few times at once",
		Changes: "stale playlists stay at the origin until an invocation is let in",
		Params:  fields(Field{Name: "concurrency", Type: "count", Required: true, Doc: "invocations at once, 1 to 1000"}),
	},
	{
		Kind: PackagerErrors, Vias: []Via{ViaAWS}, Requests: playlists,
		Doc:     "the packager answers errors on other conditions than it is set to",
		Changes: "what players see of a stale or incomplete manifest: an error, or the manifest",
		Params:  fields(Field{Name: "conditions", Type: "list", Words: PackagerConditions, Required: true, Doc: "on which the endpoint answers errors during the window; [] = on none"}),
	},
	{
		Kind: EdgeStatus, Vias: edges, Requests: allRequests,
		Doc:       "the edge answers with an error",
		Changes:   "answers of the edge",
		Selectors: answers, Params: fields(code),
	},
	{
		Kind: EdgeSlow, Vias: edges, Requests: allRequests,
		Doc:       "the edge takes its time",
		Changes:   "first byte of answers of the edge",
		Selectors: answers, Params: fields(by("added to the first byte")),
	},
	{
		Kind: EdgeHang, Vias: edges, Requests: allRequests,
		Doc:       "the edge takes requests and never answers",
		Changes:   "answers of the edge",
		Selectors: answers,
	},
	{
		Kind: EdgeErrorTTL, Vias: []Via{ViaRig, ViaAWS}, Requests: allRequests,
		Doc:     "the edge keeps errors for another time",
		Changes: "error caching of shield and edges",
		Params:  fields(Field{Name: "ttl", Type: "duration", Required: true, Doc: "how long errors are served from the cache; 0s = not at all"}),
	},
	{
		Kind: EdgeFlush, Vias: []Via{ViaRig, ViaAWS}, Instant: true,
		Doc:       "the edge loses its cache",
		Changes:   "everything is fetched from the origin again",
		Selectors: fields(byPop),
	},
	{
		Kind: HTTPStatus, Vias: viewer, Requests: allRequests,
		Doc:       "viewers see an error",
		Changes:   "answers as viewers see them",
		Selectors: answers, Params: fields(code),
	},
	{
		Kind: HTTPSlow, Vias: viewer, Requests: allRequests,
		Doc:       "viewers wait longer for answers",
		Changes:   "first byte as viewers see it",
		Selectors: answers, Params: fields(by("added to the first byte")),
	},
	{
		Kind: HTTPHang, Vias: viewer, Requests: allRequests,
		Doc:       "viewers never get an answer",
		Changes:   "answers as viewers see them",
		Selectors: answers,
	},
	{
		Kind: HTTPTruncate, Vias: viewer, Requests: allRequests,
		Doc:       "bodies end halfway, the connection with them",
		Changes:   "bodies as viewers see them",
		Selectors: answers,
	},
	{
		Kind: HTTPReset, Vias: viewer, Requests: allRequests,
		Doc:       "the connection is reset instead of an answer",
		Changes:   "answers as viewers see them",
		Selectors: answers,
	},
	{
		Kind: NetBandwidth, Vias: viewer,
		Doc:       "the viewer's link gets narrow",
		Changes:   "bit rate of the link",
		Selectors: links,
		Params:    fields(Field{Name: "down", Type: "rate", Required: true, Doc: "what is left towards the viewer"}),
	},
	{
		Kind: NetLatency, Vias: viewer,
		Doc:       "the viewer's link gets long",
		Changes:   "round-trip time of the link",
		Selectors: links, Params: fields(by("added to the round trip")),
	},
	{
		Kind: NetDown, Vias: viewer,
		Doc:       "the viewer's link is cut",
		Changes:   "nothing passes the link",
		Selectors: links,
	},
	{
		Kind: AuthExpire, Vias: edges, Requests: allRequests,
		Doc:       "tokens run out: those issued before the fault are refused, new ones are accepted",
		Changes:   "answers of the edge to sessions with an old token",
		Selectors: sessions, Params: fields(refusal),
	},
	{
		Kind: AuthRevoke, Vias: edges, Requests: allRequests,
		Doc:       "viewers lose their permission: they are refused, whatever token they come with",
		Changes:   "answers of the edge to these viewers",
		Selectors: sessions, Params: fields(refusal),
	},
	{
		Kind: AuthClock, Vias: edges, Requests: allRequests,
		Doc:       "the clock of the token service is ahead: tokens issued during the fault are not valid yet",
		Changes:   "answers of the edge to sessions with a new token",
		Selectors: sessions, Params: fields(by("how far ahead"), refusal),
	},
	{
		Kind: ViewersSurge, Vias: viewer, Instant: true,
		Doc:       "more viewers arrive",
		Changes:   "number of viewers",
		Selectors: fields(byCohort),
		Params: fields(
			Field{Name: "players", Type: "count", Required: true, Doc: "how many, 1 to 10000000"},
			Field{Name: "over", Type: "duration", Default: "0s", Doc: "spread evenly over this time"}),
	},
	{
		Kind: ViewersReconnect, Vias: viewer, Instant: true,
		Doc:       "viewers leave and join again at once",
		Changes:   "sessions",
		Selectors: fields(byCohort, byShare),
	},
	{
		Kind: Command, Vias: []Via{ViaCommand}, Requests: allRequests,
		Doc:       "programs of the user make and undo the fault",
		Changes:   "whatever they change; the selectors say what that is",
		Selectors: fields(byPipeline, byRendition, anyRequest), Params: fields(start, stop),
	},
}
