package rig

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// world is a channel that was drawn at random and what happened to it, with what a
// naive model knows of that: all requests, and all that any cache may have kept.
// It throws nothing away.
type world struct {
	t       *rapid.T
	cfg     Config
	seed    draw.Seed
	rig     *Rig
	origin  *Rig // the same channel without a limit on requests, which is asked without caches
	now     time.Duration
	windows []chaos.Window // of the faults so far, in the order of opening
	asked   []*request
	copies  []*copied
}

// request is a request with its answer, and what the model knows of it.
type request struct {
	now    time.Duration
	flight Flight
	step   Step
	id     ID
	ours   bool   // id means something
	key    string // what caches know the answer under
	whole  string // the same for the whole object
	status int    // that the origin answered; 0 = this request did not reach it
	truth  struct {
		Answer
		step Step
	}
	edge   edgeSays
	known  int     // how many copies there were before
	copy   *copied // that it left; nil = none
	listed *listing
}

// listing is when the origin must have what a playlist lists.
type listing struct{ since, until time.Duration }

// copied is what a cache may answer with, from when it arrives to some instant.
type copied struct {
	key            string
	pop            int // of the cache; chaos.Any = of the shield, and from there of all
	at, ready      time.Duration
	arrives        time.Duration // at the edge
	until          time.Duration
	status         int
	tag            uint64 // of the object; 0 = none
	whole          bool   // the object is whole
	busy           bool   // the origin had no budget left
	joined, stored bool   // requests that come before it is ready wait for it; those that come afterwards get it
	kept           bool   // stored by the cache that asked the origin
	old            bool   // it stands for any older object, because the origin failed
}

// edgeSays is what the faults at the edge make of a request.
type edgeSays struct {
	hang   bool
	status int // 0 = what the cache has
	delay  time.Duration
}

// upTo draws from 0 to most, all with the same chance, which rapid's own ranges
// do not give.
func upTo(t *rapid.T, name string, most int) int {
	return rapid.Custom(func(t *rapid.T) int {
		n := 0
		for i := range 20 {
			if rapid.Bool().Draw(t, "bit") {
				n |= 1 << i
			}
		}
		return n % (most + 1)
	}).Draw(t, name)
}

func oneOf[T any](t *rapid.T, name string, of ...T) T { return of[upTo(t, name, len(of)-1)] }

func between(t *rapid.T, name string, least, most time.Duration) time.Duration {
	return least + time.Duration(upTo(t, name, int((most-least)/time.Millisecond)))*time.Millisecond
}

func drawConfig(t *rapid.T) Config {
	c := Default()
	one := func(name string, words ...string) string { return oneOf(t, name, words...) }
	n := func(name string, least, most int) int { return least + upTo(t, name, most-least) }
	maybe := func(name string, draw func()) {
		if rapid.Bool().Draw(t, name) {
			draw()
		}
	}
	c.Ladder = Ladders[one("ladder", "mini", "sd-540p", "hd-720p")]
	c.Ladder = c.Ladder[:n("rungs", 1, len(c.Ladder))]
	c.Container, c.Audio, c.Layout = one("container", "ts", "fmp4"), one("audio", "muxed", "demuxed"), one("layout", "interleaved", "blocked")
	c.Segment = time.Duration(n("segment", 2, 12)) * 500 * time.Millisecond
	c.Window = n("window", 3, 8)
	c.Keep = c.Window + n("keep", 0, 15)
	c.ProgramDateTime = rapid.Bool().Draw(t, "dates")
	c.Pipelines = n("pipelines", 1, 2)
	if c.Playlist = one("playlist", Live, Live, Live, Event, VOD); c.Playlist != Live {
		c.Length = time.Duration(c.Window+n("length", 1, 30)) * c.Segment
	}
	c.ByteRanges = rapid.Bool().Draw(t, "ranges")
	maybe("encrypted", func() {
		c.Encryption, c.KeyRotation, c.IV = "aes-128", n("rotation", 0, 5), one("iv", "sequence", "explicit")
	})
	maybe("discontinuities", func() { c.DiscontinuityEvery = n("every", 1, 9) })
	maybe("gaps", func() { c.GapEvery, c.GapPipeline = n("gap", 2, 9), n("gap at", chaos.Any, c.Pipelines-1) })

	c.Origin.Stale, c.Origin.StaleAfter = one("stale", "none", "aws-sample", "conditional"), .5+float64(upTo(t, "stale after", 14))/4
	c.Origin.Missing = oneOf(t, "missing", 404, 403)
	c.Origin.Latency, c.Edge.Latency = between(t, "origin latency", 0, 300*time.Millisecond), between(t, "edge latency", 0, 50*time.Millisecond)
	c.Origin.ReadLimit = oneOf(t, "limit", 0, 4, 12)
	c.Edge.Pops, c.Edge.Shield, c.Edge.Collapse = n("pops", 1, 3), rapid.Bool().Draw(t, "shield"), rapid.Bool().Draw(t, "collapse")
	c.Edge.PlaylistTTL, c.Edge.SegmentTTL = between(t, "playlist ttl", 0, 5*sec), between(t, "segment ttl", 0, 30*sec)
	c.Edge.ErrorTTL = between(t, "error ttl", 0, 10*sec)
	maybe("min", func() { c.Edge.MinTTL = between(t, "min ttl", 0, 2*sec) })
	maybe("max", func() { c.Edge.MaxTTL = between(t, "max ttl", sec, 10*sec) })
	maybe("timeout", func() { c.Edge.OriginTimeout = between(t, "origin timeout", 100*time.Millisecond, 5*sec) })
	if bad := c.Check(); bad != nil {
		t.Fatal(bad)
	}
	return c
}

// drawn are the kinds of fault that are drawn.
var drawn = []chaos.Kind{chaos.PipelineKill, chaos.PipelinePause, chaos.PipelineDrift, chaos.InputLoss, chaos.PlaylistFreeze, chaos.PlaylistDelete,
	chaos.PlaylistRollback, chaos.PlaylistEndlist, chaos.SegmentMissing, chaos.SegmentLate, chaos.SegmentTruncate, chaos.OriginStatus, chaos.OriginSlow,
	chaos.OriginHang, chaos.InvalidatorOff, chaos.InvalidatorSlow, chaos.EdgeStatus, chaos.EdgeSlow, chaos.EdgeHang, chaos.EdgeErrorTTL, chaos.EdgeFlush}

func (w *world) drawFault(rule int) *chaos.Fault {
	t, kinds := w.t, drawn
	if w.cfg.Playlist == VOD {
		kinds = slices.DeleteFunc(slices.Clone(drawn), func(k chaos.Kind) bool { return k.Spec().NeedsWriter })
	}
	f := fault(oneOf(t, "fault", kinds...), rule, 0, 0)
	takes := func(key string, draw func(field *chaos.Field)) {
		if field := f.Kind.Spec().Field(key); field != nil {
			draw(field)
		}
	}
	takes("pipeline", func(*chaos.Field) { f.Pipeline = upTo(t, "pipeline", w.cfg.Pipelines) - 1 })
	takes("pop", func(*chaos.Field) { f.Pop = upTo(t, "pop", w.cfg.Edge.Pops) - 1 })
	takes("rendition", func(*chaos.Field) {
		f.Rendition = oneOf(t, "rendition", append(w.rig.Renditions(), "", "", "lowest", "highest", "1")...)
	})
	takes("kind", func(field *chaos.Field) {
		word := oneOf(t, "kind", append(field.Words, "")...)
		for k := range m3u8.Kinds {
			if k.String() == word {
				f.Kinds = []m3u8.Kind{k}
			}
		}
	})
	takes("by", func(*chaos.Field) {
		f.By, f.Segments = between(t, "by", time.Millisecond, 9*sec), 1+upTo(t, "segments", 5-1)
	})
	takes("ttl", func(*chaos.Field) { f.TTL = between(t, "ttl", 0, 20*sec) })
	takes("code", func(*chaos.Field) {
		f.Code = oneOf(t, "code", 200, 204, 400, 403, 404, 410, 429, 500, 503, 504)
	})
	takes("once", func(*chaos.Field) { f.Once = rapid.Bool().Draw(t, "once") })
	takes("resume", func(field *chaos.Field) { f.Resume = oneOf(t, "resume", field.Words...) })
	takes("children", func(field *chaos.Field) { f.Children = oneOf(t, "children", field.Words...) })
	takes("then", func(field *chaos.Field) { f.Then = oneOf(t, "then", field.Words...) })
	return f
}

// play draws a channel and what happens to it in some minutes, at the end of which
// no fault holds.
func play(t *rapid.T) *world {
	w := &world{t: t, cfg: drawConfig(t)}
	w.seed = drawSeed(upTo(t, "seed", 9))
	w.rig = w.newRig(w.cfg)
	unlimited := w.cfg
	unlimited.Origin.ReadLimit = 0
	w.origin = w.newRig(unlimited)
	w.rig.Stats().OnOrigin = func(_ time.Duration, status int, _ int64) {
		r := w.asked[len(w.asked)-1]
		if r.status != 0 {
			t.Fatalf("one request asked the origin twice: %+v", r.flight)
		}
		r.status = status
	}
	pause := between(t, "longest pause", 10*time.Millisecond, 2*sec)
	for rule := range 1 + upTo(t, "steps", 60-1) {
		w.now += between(t, "pause", time.Millisecond, pause)
		switch upTo(t, "step", 11) {
		case 0, 10:
			w.open(w.drawFault(rule))
		case 1:
			w.close()
		case 2:
			flight := w.drawFlight()
			for range 2 + upTo(t, "burst", 5-2) {
				flight.Pop = w.drawPop()
				w.ask(flight, nil)
			}
		case 3, 4, 5:
			w.watch()
		case 6, 7, 8:
			if n := len(w.asked); n > 0 {
				before := w.asked[n-1-upTo(t, "again", min(n-1, 5))].flight
				w.ask(Flight{Path: before.Path, Range: before.Range, Pop: oneOf(t, "at", before.Pop, w.drawPop())}, nil)
			}
		default:
			flight := w.drawFlight()
			flight.Pop = w.drawPop()
			w.ask(flight, nil)
		}
	}
	for !w.rig.plan.Quiet() {
		w.now += between(t, "pause", time.Millisecond, pause)
		w.close()
	}
	return w
}

func (w *world) newRig(c Config) *Rig {
	r, err := New(c, w.seed, epoch)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) setPlan(p *chaos.Plan) {
	w.rig.SetPlan(p)
	w.origin.SetPlan(p)
}

func (w *world) open(f *chaos.Fault) {
	w.windows = append(w.windows, chaos.Window{Fault: f, From: w.now, To: chaos.Open})
	w.setPlan(w.rig.plan.With(f, w.now))
	if f.Kind.Spec().Instant {
		w.end(len(w.windows) - 1)
	}
}

// close ends one of the faults that hold.
func (w *world) close() {
	var open []int
	for i := range w.windows {
		if w.windows[i].To == chaos.Open {
			open = append(open, i)
		}
	}
	if len(open) > 0 {
		w.end(oneOf(w.t, "close", open...))
	}
}

func (w *world) end(i int) {
	w.windows[i].To = w.now
	w.setPlan(w.rig.plan.Without(w.windows[i].Fault, w.now))
}

func (w *world) drawPop() int {
	if upTo(w.t, "direct", 9) == 0 {
		return AtOrigin
	}
	return upTo(w.t, "pop", w.cfg.Edge.Pops-1)
}

// drawFlight is a request for something of the channel, or for nothing that
// exists, in any of the forms that a request has.
func (w *world) drawFlight() Flight {
	t := w.t
	id := ID{Pipeline: upTo(t, "pipeline", w.cfg.Pipelines-1), Rendition: upTo(t, "rendition", len(w.rig.Renditions())-1)}
	var f Flight
	switch id.Kind = oneOf(t, "kind", m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey); id.Kind {
	case m3u8.KindMultivariant, m3u8.KindKey:
		id.Rendition = noRendition
	}
	if id.Kind == m3u8.KindSegment || id.Kind == m3u8.KindKey || w.cfg.ByteRanges {
		newest := w.cfg.Window + w.cfg.Keep + int(w.now/w.cfg.Segment)
		id.Sequence = uint64(max(0, newest+5-upTo(t, "back", w.cfg.Keep+10)))
	}
	f.Path = w.rig.Path(id)
	if upTo(t, "odd", 3) == 0 {
		f.Path = oddPath(t, f.Path)
	}
	f.Method = oneOf(t, "method", "", "", "", "", "GET", "HEAD", "PUT")
	f.Gzip = rapid.Bool().Draw(t, "gzip")
	if upTo(t, "ranged", 3) == 0 {
		f.Range = oneOf(t, "range", "bytes=0-", "bytes=0-99", "bytes=100-999999999", "bytes=-10", "bytes=9999999999-", "bytes=5-1", "lines=1-2", "bytes=0-1,5-6")
	}
	if upTo(t, "conditional", 5) == 0 {
		f.IfNoneMatch = oneOf(t, "if none", "*", `"0"`, "", "W/")
		f.IfMatch = oneOf(t, "if", "*", `"0"`, "", "W/")
		f.IfModifiedSince = oneOf(t, "if since", "", "Sun, 01 Mar 2026 12:00:10 GMT", "soon")
	}
	return f
}

// oddPath is a path with something wrong in it, or something else altogether.
func oddPath(t *rapid.T, path string) string {
	if rapid.Bool().Draw(t, "any") {
		return rapid.String().Draw(t, "path")
	}
	from := upTo(t, "from", len(path))
	to := rapid.IntRange(from, min(len(path), from+6)).Draw(t, "to")
	return path[:from] + oneOf(t, "odd part", "", "?", "#x", "0", "00000000000000000000", "_", "/", "..", "%2e", "\x00", ".ts", ".m3u8", ".key", "_init.mp4", "p9", "é") + path[to:]
}

// watch does what a player does: it loads a media playlist, then something that
// is listed there.
func (w *world) watch() {
	t, pop := w.t, max(0, w.drawPop())
	id := ID{Kind: m3u8.KindMedia, Pipeline: upTo(t, "pipeline", w.cfg.Pipelines-1), Rendition: upTo(t, "rendition", len(w.rig.Renditions())-1)}
	r := w.ask(Flight{Path: w.rig.Path(id), Pop: pop}, nil)
	if r.flight.Answer.Status != 200 || r.flight.Answer.Object == nil {
		return
	}
	o := r.flight.Answer.Object
	p, err := m3u8.ParseMedia(o.Text(), m3u8.Options{Base: baseURL("http://h" + r.flight.Path)})
	if err != nil {
		t.Fatal(err)
	}
	w.now += r.step.Wait + between(t, "then", 0, sec)
	back := upTo(t, "back", len(p.Segments)-1)
	seg := &p.Segments[len(p.Segments)-1-back]
	if seg.Gap {
		return
	}
	// It is due as long as the origin keeps that many segments. With a drift it
	// may have been written late.
	l := &listing{since: o.Modified, until: chaos.Open}
	if w.cfg.Playlist == Live {
		l.until = o.Modified + time.Duration(w.cfg.Keep-back)*w.cfg.Segment - w.longest(chaos.PipelineDrift, id.Pipeline)
	}
	url, part := seg.URL, seg.ByteRange
	switch what := upTo(t, "what", 3); {
	case what == 0 && seg.Map != nil:
		url, part = seg.Map.URL, seg.Map.ByteRange
	case what == 1 && seg.Keys != nil:
		url, part = seg.Keys[0].URL, nil
	}
	f := Flight{Path: strings.TrimPrefix(url, "http://h"), Pop: pop}
	if part != nil {
		f.Range = fmt.Sprintf("bytes=%d-%d", part.Offset, part.Offset+part.Length-1)
	}
	w.ask(f, l)
}

// longest is how far faults of a kind have held a pipeline back at the most.
func (w *world) longest(kind chaos.Kind, pipeline int) (by time.Duration) {
	for i := range w.windows {
		if f := w.windows[i].Fault; f.Kind == kind && (f.Pipeline == chaos.Any || f.Pipeline == pipeline) {
			by = max(by, f.By)
		}
	}
	return by
}

// ask sends a request, and the same one to the origin without caches.
func (w *world) ask(f Flight, l *listing) *request {
	r := &request{now: w.now, flight: f, listed: l, known: len(w.copies)}
	w.asked = append(w.asked, r)
	r.whole, _, _ = strings.Cut(f.Path, "?")
	r.whole, _, _ = strings.Cut(r.whole, "#")
	r.id, r.ours = w.rig.Parse(f.Path)
	r.key = r.whole
	direct := Flight{Path: f.Path, Pop: AtOrigin}
	if _, ok := parseStretch(f.Range); ok && r.ours && (r.id.Kind == m3u8.KindSegment || r.id.Kind == m3u8.KindInit) {
		r.key += " " + f.Range
		direct.Range = f.Range
	}
	r.truth.step = w.origin.Advance(w.now, &direct)
	r.truth.Answer = direct.Answer
	r.step = w.rig.Advance(w.now, &r.flight)
	w.learn(r)
	return r
}

// learn notes what the edge must make of a request, and what a cache that asked
// the origin may keep.
func (w *world) learn(r *request) {
	a, pop := &r.flight.Answer, r.flight.Pop
	if pop < 0 {
		return
	}
	r.edge = w.edgeSays(pop, r)
	arrives := r.now + r.step.Wait - w.cfg.Edge.Latency - r.edge.delay
	if a.Stale {
		w.copies = append(w.copies, &copied{key: r.key, pop: pop, at: r.now, ready: arrives, arrives: arrives, until: arrives + w.errorTTL(), joined: true, stored: true, old: true})
		if w.cfg.Edge.Shield {
			w.copies[len(w.copies)-1].pop = chaos.Any
		}
	}
	if r.status == 0 {
		return
	}
	c := &copied{key: r.key, pop: pop, at: r.now, status: whole(r.status), busy: r.status == 503 && r.truth.Status != 503}
	timeout := w.cfg.Edge.OriginTimeout
	if timeout == 0 {
		timeout = 30 * sec
	}
	if c.ready = r.now + r.truth.step.Wait; r.truth.step.Hang || r.truth.step.Wait > timeout {
		c.ready, c.status = r.now+timeout, 504
	}
	if c.arrives = c.ready; w.cfg.Edge.Shield {
		c.pop, c.arrives = chaos.Any, c.ready+w.cfg.Edge.Latency
	}
	ttl := w.ttl(c, r)
	c.until, c.stored, c.joined = c.ready+ttl, ttl >= 0 && (c.status != 200 || !r.truth.Truncate), ttl != 0
	if o := r.truth.Object; o != nil && c.status == 200 {
		c.tag, c.whole = o.ETag, r.key == r.whole
	}
	c.joined = c.joined && w.cfg.Edge.Collapse
	c.kept = true
	for _, d := range w.copies[:r.known] {
		if d.kept && d.key == c.key && d.pop == c.pop && d.ready > r.now {
			c.kept = false // what was under way already is kept instead
		}
	}
	r.copy = c
	w.copies = append(w.copies, c)
}

// whole is the status of which others are made when only a part is asked for, or
// nothing that is not known.
func whole(status int) int {
	if status == 206 || status == 304 {
		return 200
	}
	return status
}

// ttl is how long an answer of the origin is fresh; -1 = not at all, and 0 that
// requests must not even wait for it.
func (w *world) ttl(c *copied, r *request) time.Duration {
	switch c.status {
	case 200:
		if r.truth.Object == nil || c.busy {
			return -1 // a fault made it up
		}
		ttl, most := w.cfg.Edge.SegmentTTL, w.cfg.Edge.MaxTTL
		if strings.HasSuffix(r.whole, ".m3u8") {
			ttl = w.cfg.Edge.PlaylistTTL
		}
		if ttl = max(ttl, w.cfg.Edge.MinTTL); most > 0 {
			ttl = min(ttl, max(most, w.cfg.Edge.MinTTL))
		}
		return ttl
	case 404, 410, 414, 500, 501, 502, 503, 504:
		if ttl := w.errorTTL(); ttl > 0 {
			return ttl
		}
	}
	return -1
}

// errorTTL is how long errors are kept now.
func (w *world) errorTTL() time.Duration {
	ttl := w.cfg.Edge.ErrorTTL
	for i := range w.windows {
		if f := w.windows[i].Fault; w.windows[i].To == chaos.Open && f.Kind == chaos.EdgeErrorTTL {
			ttl = f.TTL
		}
	}
	return ttl
}

// edgeSays is what the faults that hold at an edge make of a request.
func (w *world) edgeSays(pop int, r *request) (e edgeSays) {
	for i := range w.windows {
		f := w.windows[i].Fault
		if w.windows[i].To != chaos.Open || !w.hits(f, r) || f.Pop != chaos.Any && f.Pop != pop || f.Kinds != nil && f.Kinds[0] != r.flight.Answer.Kind {
			continue
		}
		switch f.Kind {
		case chaos.EdgeHang:
			e.hang = true
		case chaos.EdgeStatus:
			e.status = f.Code
		case chaos.EdgeSlow:
			e.delay += f.By
		}
	}
	return e
}

// hits reports whether a fault selects the pipeline and the rendition of what is
// asked for.
func (w *world) hits(f *chaos.Fault, r *request) bool {
	if f.Pipeline != chaos.Any && (!r.ours || f.Pipeline != r.id.Pipeline) {
		return false
	}
	names := w.rig.Renditions()
	switch {
	case f.Rendition == "":
		return true
	case !r.ours || r.id.Rendition < 0:
		return false
	case f.Rendition == "lowest":
		return r.id.Rendition == 0
	case f.Rendition == "highest":
		return r.id.Rendition == len(w.cfg.Ladder)-1
	case f.Rendition == "1":
		return r.id.Rendition == 1
	}
	return f.Rendition == names[r.id.Rendition]
}
