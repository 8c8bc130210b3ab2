package rig

import (
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// AtOrigin, as the POP of a flight, asks the origin itself.
const AtOrigin = -1

// Flight is one request of a viewer. The driver fills in the upper part,
// [Rig.Advance] the Answer. A flight may be used again for another request.
type Flight struct {
	Method          string // "" = GET
	Path            string // with or without a query, which no cache looks at
	Pop             int    // index of the edge, or [AtOrigin]
	Range           string // Range header
	IfNoneMatch     string // If-None-Match header
	IfModifiedSince string // If-Modified-Since header
	IfMatch         string // If-Match header
	Gzip            bool   // the viewer takes gzip; edges pack playlists then

	// Cohort and Viewer say which viewer asks, and Issued when their token was
	// issued, for faults that hit only some viewers.
	Cohort    string
	Viewer    uint64
	HasViewer bool
	Issued    time.Duration

	Answer Answer
}

// Step says what the driver does next with a flight.
type Step struct {
	// Hang: no byte ever comes. The flight ends when the viewer gives up.
	// Otherwise the Answer is set.
	Hang bool
	// Wait is the time from now to the first byte of the answer.
	Wait time.Duration
}

// XCache is what CloudFront says in X-Cache.
type XCache uint8

// The values. Every status from 400 up is an error, cached or not.
const (
	Miss XCache = iota
	Hit
	RefreshHit
	Error
)

func (x XCache) String() string {
	return [...]string{"Miss", "Hit", "RefreshHit", "Error"}[x&3] + " from cloudfront"
}

// Layer is a layer of caches.
type Layer uint8

// The layers.
const (
	NoLayer Layer = iota
	EdgeLayer
	ShieldLayer
)

func (l Layer) String() string { return [...]string{"", "EDGE", "Origin Shield", ""}[l&3] }

// Answer is an answer without its body.
type Answer struct {
	Status   int
	Object   *Object // of 200, 206 and 304; nil of errors
	Kind     m3u8.Kind
	Pipeline int // or [chaos.Any]
	// Offset and Length are what of the object the body carries; of an error
	// Length is that of its XML body. Bytes is what really crosses: nothing of
	// a HEAD, half of a truncated body.
	Offset, Length, Bytes int64
	Size                  int64 // of the whole object, not packed
	Packed                bool  // the body is that of [Object.Packed]
	Truncate              bool  // the connection ends after Bytes

	Marks chaos.Marks // faults that failed, delayed, cut it or left it stale

	XCache    XCache
	Cached    bool          // served without a fetch for this request; Age counts
	Age       time.Duration // since the origin made or confirmed it
	Fresh     time.Duration // how much longer it is; negative = stale
	Collapsed bool          // it waited for another request's fetch
	Stale     bool          // expired, served because the layer behind failed
	Hit       Layer         // where it was found fresh; NoLayer = nowhere
	Upstream  Layer         // which layer asked the origin for it; NoLayer = none
	FirstByte time.Duration // of the layer behind, when it was asked

	edge, shield report
	stored       bool
}

// Advance takes a request: it decides the answer and says when its first byte
// comes. One call is all a flight needs, because the outcome of a fetch is known
// when it starts: what joins it waits for the same instant.
func (r *Rig) Advance(now time.Duration, f *Flight) Step {
	now = r.tick(now)
	q := r.query(f.Path, f.Range)
	if f.Pop < 0 || f.Pop >= len(r.edges) {
		return r.direct(now, f, &q)
	}
	var effect chaos.Effect
	if !r.plan.Quiet() {
		t := r.thing(&q)
		t.Pop, t.Cohort, t.Viewer, t.HasViewer, t.Issued = f.Pop, f.Cohort, f.Viewer, f.HasViewer, f.Issued
		effect = r.plan.Decide(now, chaos.AtEdge, &t)
	}
	wait := r.cfg.Edge.Latency + effect.Delay
	var x exchange
	switch {
	case effect.Hang || effect.Reset:
		f.Answer = Answer{Marks: effect.Marks, Kind: q.kind(), Pipeline: q.pipeline()}
		r.stats.edge(now, f.Pop, &f.Answer)
		return Step{Hang: true}
	case effect.Status != 0:
		x.status, x.marks, x.how = effect.Status, effect.Marks, hit
		x.from = now
	case !reads(f.Method):
		x.status, x.how, x.from = 403, hit, now // CloudFront's answer to a method that is not allowed
	default:
		x = r.edges[f.Pop].ask(now, &q)
		x.passing |= effect.Marks
		x.truncate = x.truncate || effect.Truncate
	}
	wait += x.wait
	r.answer(now+wait, f, &q, &x)
	r.stats.edge(now, f.Pop, &f.Answer)
	return Step{Wait: wait}
}

// Abort notes that the viewer of a flight gave up before its end. Fetches that
// it caused go on.
func (r *Rig) Abort(now time.Duration, f *Flight) {
	r.tick(now)
	if f.Pop >= 0 && f.Pop < len(r.edges) {
		r.stats.Edges[f.Pop].Aborted++
	}
}

// tick is now, or the latest instant seen.
func (r *Rig) tick(now time.Duration) time.Duration {
	r.now = max(r.now, now)
	return r.now
}

func reads(method string) bool { return method == "" || method == "GET" || method == "HEAD" }

// query reads a path and a Range header.
func (r *Rig) query(path, rng string) query {
	q := query{path: path}
	if q.id, q.channel = r.channel.names.parse(path); !q.channel {
		if q.path = withoutQuery(path); q.path != path {
			return r.query(q.path, rng)
		}
		q.key = draw.Hash(path) | 1<<63
		return q
	}
	if rng != "" && (q.id.Kind == m3u8.KindSegment || q.id.Kind == m3u8.KindInit) {
		q.part, q.ranged = parseStretch(rng)
	}
	if q.ranged && r.cfg.ByteRanges && r.channel.names.hasInit && q.part.first >= 0 && q.part.last >= 0 &&
		q.part.last < r.channel.inits[q.id.Pipeline][q.id.Rendition].Size {
		q.id.Kind = m3u8.KindInit
	}
	q.key = q.id.key()
	if q.ranged {
		q.whole = q.id
		q.whole.Kind = m3u8.KindSegment
		if !r.cfg.ByteRanges {
			q.whole.Kind = q.id.Kind
		}
		q.key = draw.Mix(draw.Mix(q.key+uint64(q.part.first))^uint64(q.part.last)) | 1<<62
	}
	return q
}

func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return path
}

func (q *query) kind() m3u8.Kind {
	if q.channel {
		return q.id.Kind
	}
	return foreignKind(q.path)
}

func (q *query) pipeline() int {
	if q.channel {
		return q.id.Pipeline
	}
	return chaos.Any
}

// answer turns what the edge got into an answer whose first byte is due at
// ready.
func (r *Rig) answer(ready time.Duration, f *Flight, q *query, x *exchange) {
	a := &f.Answer
	*a = Answer{
		Status: x.status, Object: x.object, Kind: q.kind(), Pipeline: q.pipeline(), Truncate: x.truncate, Marks: x.marks | x.passing,
		Collapsed: x.how == joined, Stale: x.how == stale, Fresh: x.until - ready,
		edge: report{true, x.how, x.expired, x.upstream, x.wait}, shield: x.shield, stored: x.store,
	}
	switch x.how {
	case hit, joined:
		a.XCache, a.Cached = Hit, true
		if x.how == hit {
			a.Hit = EdgeLayer
		}
	case stale:
		a.XCache, a.Cached = Hit, true
	case refreshed:
		a.XCache = RefreshHit
	}
	if x.how != hit && x.how != joined && x.shield.asked {
		switch x.shield.how {
		case hit:
			a.Hit, a.Cached = ShieldLayer, true
			if a.XCache == Miss {
				a.XCache = Hit
			}
		case joined:
			a.Collapsed, a.Cached = true, true
		case stale:
			a.Stale, a.Cached, a.XCache = true, true, Hit
		}
	}
	if x.status >= 400 {
		a.XCache = Error
	}
	if x.origin {
		a.Upstream = EdgeLayer
		if r.shield != nil {
			a.Upstream = ShieldLayer
		}
	}
	if x.upstream != 0 && x.how != joined {
		a.FirstByte = x.wait
	}
	if a.Cached {
		a.Age = max(0, ready-x.from)
	}
	r.shape(f)
}

// shape applies what the request asks of the body: conditions, a range, none.
func (r *Rig) shape(f *Flight) {
	a := &f.Answer
	a.Length = bodySize(a.Status, a.Object)
	switch {
	case a.Object == nil:
	case a.Status == 416:
		a.Size, a.Object = a.Object.Size, nil
	case a.Status == 200:
		a.Size = a.Object.Size
		r.conditions(f)
		r.pack(f)
	}
	a.Bytes = a.Length
	if a.Truncate {
		a.Bytes = a.Length / 2
	}
	if f.Method == "HEAD" || a.Status == 304 {
		a.Bytes, a.Truncate = 0, false
	}
}

// direct answers a GET or HEAD at the origin itself.
func (r *Rig) direct(now time.Duration, f *Flight, q *query) Step {
	x := r.fetch(now, q, nil)
	if x.hang {
		f.Answer = Answer{Marks: x.marks, Kind: q.kind(), Pipeline: q.pipeline()}
		return Step{Hang: true}
	}
	f.Answer = Answer{Status: x.status, Object: x.object, Kind: q.kind(), Pipeline: q.pipeline(), Truncate: x.truncate, Marks: x.marks | x.passing}
	r.shape(f)
	return Step{Wait: x.wait}
}
