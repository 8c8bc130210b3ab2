package chaos

import (
	"bytes"
	"time"

	"hlsload/player/m3u8"
)

// NeverStale as RewriterConfig.StaleAfter: nothing deletes stale playlists.
const NeverStale = -1

// DefaultStaleAfter is RewriterConfig.StaleAfter when it is 0: what the AWS
// stale-playlist invalidator does.
const DefaultStaleAfter = 1.5

// RewriterConfig configures a [Rewriter].
type RewriterConfig struct {
	// Faults are those that are planned. What has to be remembered from before
	// they begin follows from them; without any via viewer that needs it,
	// nothing is remembered.
	Faults []Fault
	// StaleAfter is when the playlists of a pipeline that stopped writing turn
	// into 404, in target durations after the last write; 0 = 1.5, as the AWS
	// stale-playlist invalidator does, [NeverStale] = never.
	StaleAfter float64
	// Missing is the status of what is not there: 404 (0) or 403, as S3
	// answers without the permission to list.
	Missing int
	// Place, when set, gives the same name to URLs that are the same thing, as
	// the edges of one channel are.
	Place func(url string) string
	// MaxURLs and MaxBytes bound what is remembered of playlists; 0 = 10,000
	// URLs and 64 MiB. Beyond them the URL that was seen first is forgotten.
	MaxURLs, MaxBytes int
}

// Bounds of what is remembered.
const (
	maxVersions = 1024    // of one playlist
	maxListed   = 200_000 // segments
	maxPins     = 64      // of one playlist
)

// Answer is an answer as far as rewriting goes.
type Answer struct {
	Status int
	// Body is that of a playlist, whole and decoded; other kinds may leave it
	// nil. It must not be changed, before or after.
	Body []byte
}

// Rewriter realises faults via viewer on any stream, by rewriting answers on
// their way to the player. It remembers media playlists, so that every player
// sees the playlist of the instant at which a fault began, also the one that
// asks for it a minute later. When a URL was not asked for before the fault,
// the first answer since stands in, without the segments listed since.
//
//   - playlist.freeze: the playlist of that instant, with status 200.
//   - pipeline.kill, and pipeline.pause with children stale: the same, then
//     missing once StaleAfter has passed since the last write.
//   - pipeline.pause with children delete, and input.loss with then pause:
//     missing at once. The multivariant playlist keeps its lines.
//   - pipeline.drift: the pipeline falls behind, so the playlist stands still
//     for By and then is that of By ago; its numbers never go back.
//   - playlist.delete: missing; with Once until the playlist was written anew.
//   - playlist.rollback: without the last Segments segments; one is left.
//   - playlist.endlist: with EXT-X-ENDLIST.
//   - segment.late: segments listed since the fault began are missing until By
//     after a player was first shown them in a playlist.
//   - what [Plan.Decide] says for [AtViewer].
//
// When several hold, missing beats a playlist of another time, the older of
// those beats the younger, and the edits apply to what is left. Segments, keys
// and whatever is not a playlist pass as they are. A fault is marked only on
// answers that it changed, so a frozen playlist counts from when it is stale.
//
// It is not safe for concurrent use; package inject shares one among players.
type Rewriter struct {
	cfg      RewriterConfig
	watching bool          // playlists are remembered
	listing  bool          // segments are
	horizon  time.Duration // how old versions may become
	memories map[string]*memory
	urls     []string // of memories, in the order of their making
	bytes    int      // of all memories
	listed   map[string]time.Duration
	order    []string // of listed
}

// NewRewriter returns a rewriter that has seen nothing.
func NewRewriter(cfg RewriterConfig) *Rewriter {
	if cfg.StaleAfter == 0 {
		cfg.StaleAfter = DefaultStaleAfter
	}
	if cfg.Missing == 0 {
		cfg.Missing = 404
	}
	if cfg.MaxURLs <= 0 {
		cfg.MaxURLs = 10_000
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 64 << 20
	}
	r := &Rewriter{cfg: cfg, memories: map[string]*memory{}, listed: map[string]time.Duration{}}
	for i := range cfg.Faults {
		r.Watch(&cfg.Faults[i])
	}
	return r
}

// Watch remembers from now on what f will need.
func (r *Rewriter) Watch(f *Fault) {
	if f.Via != ViaViewer {
		return
	}
	s := f.Kind.Spec()
	r.listing = r.listing || s.lists
	r.watching = r.watching || s.lists || s.pinning(f)
	if s.older {
		r.horizon = max(r.horizon, f.By)
	}
}

// Pins reports whether players see the playlist of the instant at which f began.
func Pins(f *Fault) bool { return f.Via == ViaViewer && f.Kind.Spec().pinning(f) }

// Show remembers a media playlist as it is at now, as if a player had seen it: so that the
// players of several machines see the same one when a fault begins. One that is older than
// what was seen is left out.
func (r *Rewriter) Show(now time.Duration, url string, body []byte) {
	if r.cfg.Place != nil {
		url = r.cfg.Place(url)
	}
	if !isPlaylist(body) {
		return
	}
	m := r.memories[url]
	switch {
	case m == nil:
		m = &memory{}
		r.memories[url] = m
		r.urls = append(r.urls, url)
	case m.latest() != nil && newest(m.latest().body) > newest(body):
		return
	}
	if m.remember(now, body, r.horizon) {
		if r.listing {
			r.list(now, url, body)
		}
		r.bytes += m.count()
		r.shrink(url)
	}
}

// Watching reports whether answers must be shown to [Rewriter.Rewrite] while no
// fault is open, too.
func (r *Rewriter) Watching() bool { return r.watching }

// Rewrite returns the answer that the player shall see, and what else happens
// to it. When the effect fails the answer, nothing is left of it but its
// status. A body that the effect truncates is given whole.
func (r *Rewriter) Rewrite(now time.Duration, p *Plan, t *Thing, url string, real Answer) (Answer, Effect) {
	if p.Quiet() && !r.watching {
		return real, Effect{}
	}
	if r.cfg.Place != nil {
		url = r.cfg.Place(url)
	}
	var m *memory
	if t.Kind == m3u8.KindMedia && r.watches(p) {
		m = r.observe(now, p, t, url, real)
	}
	if p.Quiet() {
		return real, Effect{}
	}
	o := object{Answer: real}
	if touches(p) {
		o = r.object(now, p, t, url, real, m)
	}
	return o.deliver(now, p, t)
}

// deliver puts what happens on the way on top of what the object has become.
func (o *object) deliver(now time.Duration, p *Plan, t *Thing) (Answer, Effect) {
	out := actNone
	if o.missing {
		out = actTruncate // there is no body to cut
	}
	e := p.decide(now, AtViewer, t, out)
	if e.Fails() {
		return Answer{Status: e.Status}, e
	}
	e.Marks |= o.marks
	return o.Answer, e
}

// watches reports whether playlists are to be remembered: because a planned or an open
// fault needs it.
func (r *Rewriter) watches(p *Plan) bool {
	if r.watching || p.Quiet() {
		return r.watching
	}
	for i := range p.open {
		r.Watch(p.open[i].Fault)
	}
	return r.watching || touches(p)
}

// touches reports whether an open fault changes objects themselves.
func touches(p *Plan) bool {
	for i := range p.open {
		if p.open[i].object {
			return true
		}
	}
	return false
}

// observe learns from a real answer, for any player, and returns what is
// remembered of the URL.
func (r *Rewriter) observe(now time.Duration, p *Plan, t *Thing, url string, real Answer) *memory {
	m := r.memories[url]
	good := real.Status == 200 && isPlaylist(real.Body)
	if m == nil {
		if !good {
			return nil
		}
		m = &memory{}
		r.memories[url] = m
		r.urls = append(r.urls, url)
	}
	r.unpin(m, p)
	r.pin(m, now, p, t, real, good)
	if !good {
		return m
	}
	m.touch(real.Body)
	if m.remember(now, real.Body, r.horizon) {
		if r.listing {
			r.list(now, url, real.Body)
		}
		r.bytes += m.count()
		r.shrink(url)
	}
	return m
}

// unpin lets go of what faults that are over have pinned.
func (r *Rewriter) unpin(m *memory, p *Plan) {
	kept := m.pins[:0]
	for _, pin := range m.pins {
		if p.Holds(pin.fault) {
			kept = append(kept, pin)
		}
	}
	clear(m.pins[len(kept):])
	m.pins = kept
}

// pin pins what the open faults need, also those that do not select this
// viewer: the next one must see the same.
func (r *Rewriter) pin(m *memory, now time.Duration, p *Plan, t *Thing, real Answer, good bool) {
	var body []byte
	if good {
		body = real.Body
	}
	if p.Quiet() {
		return
	}
	for i := range p.open {
		w := &p.open[i]
		f := w.Fault
		if w.object && w.From <= now && w.spec.pinning(f) && f.selectsObject(t) && len(m.pins) < maxPins && m.pinned(f) == nil {
			m.pin(&w.Window, now, body)
		}
	}
}

// shrink forgets the oldest URLs but the one given until the bounds hold.
func (r *Rewriter) shrink(but string) {
	for len(r.urls) > 1 && (len(r.urls) > r.cfg.MaxURLs || r.bytes > r.cfg.MaxBytes) {
		oldest := r.urls[0]
		r.urls = r.urls[1:]
		if oldest == but {
			r.urls = append(r.urls, oldest)
			continue
		}
		r.bytes -= r.memories[oldest].bytes
		delete(r.memories, oldest)
	}
}

// object is what has become of the thing that was asked for.
type object struct {
	Answer
	missing bool
	marks   Marks
}

// object works out what the faults that hold make of the thing itself.
func (r *Rewriter) object(now time.Duration, p *Plan, t *Thing, url string, real Answer, m *memory) object {
	var missing, stale, edited Marks
	var shown *version // nil = what is real
	var changes edits
	for i := range p.open {
		w := &p.open[i]
		f := w.Fault
		if f.Via != ViaViewer || w.From > now || w.kinds>>t.Kind&1 == 0 || !f.selects(t, p.seed) {
			continue
		}
		mark := Mark(f.Rule)
		if w.spec.missing != nil && w.spec.missing(r, now, &w.Window, url, m) {
			missing |= mark
		} else if v := w.shown(now, m); v != nil {
			stale |= mark
			if shown == nil || v.at < shown.at {
				shown = v
			}
		} else if w.spec.edit != nil {
			edited |= mark
			changes = w.spec.edit(changes, f)
		}
	}
	if missing != 0 {
		return object{Answer: Answer{Status: r.cfg.Missing}, missing: true, marks: missing}
	}
	o := object{Answer: real}
	if shown != nil && !(real.Status == 200 && bytes.Equal(shown.body, real.Body)) {
		o.Answer, o.marks = Answer{Status: 200, Body: shown.body}, stale
	}
	if edited != 0 && m != nil && o.Status == 200 && isPlaylist(o.Body) {
		if body := m.edit(o.Body, changes); !bytes.Equal(body, o.Body) {
			o.Body = body
			o.marks |= edited
		}
	}
	return o
}
