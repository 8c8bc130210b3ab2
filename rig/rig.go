package rig

import (
	"cmp"
	"compress/gzip"
	"errors"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// Rig is a channel behind its origin, shield and edges. It belongs to one
// caller at a time. Time must not go backwards; an earlier now is taken for the
// latest one.
type Rig struct {
	cfg      Config
	channel  *Channel
	plan     *chaos.Plan
	policy   policy
	timeout  time.Duration // of the layer behind a cache
	now      time.Duration
	shield   *cache // nil without one
	edges    []*cache
	caches   []*cache // shield and edges
	overlays overlays
	reads    budget
	writes   budget
	stats    Stats
	packer   *gzip.Writer // nil until it is needed
}

// New returns the rig of a configuration. The seed decides the phase of the
// first segment boundary, epoch is the wall-clock instant of now = 0. The error
// joins a [FieldError] for each mistake.
func New(cfg Config, seed draw.Seed, epoch time.Time) (*Rig, error) {
	var bad []error
	for _, b := range cfg.Check() {
		bad = append(bad, b)
	}
	if bad != nil {
		return nil, errors.Join(bad...)
	}
	r := &Rig{cfg: cfg, policy: newPolicy(&cfg.Edge), timeout: cmp.Or(cfg.Edge.OriginTimeout, 30*time.Second)}
	r.channel = newChannel(cfg, seed, epoch)
	r.stats.Edges = make([]EdgeStats, cfg.Edge.Pops)
	if cfg.Edge.Shield {
		r.shield = newCache(r, nil, chaos.Any)
	}
	for pop := range cfg.Edge.Pops {
		r.edges = append(r.edges, newCache(r, r.shield, pop))
	}
	if r.caches = slices.Clone(r.edges); r.shield != nil {
		r.caches = append(r.caches, r.shield)
	}
	return r, nil
}

// Begin sets the wall-clock instant of now = 0, before anything is requested.
func (r *Rig) Begin(epoch time.Time) { r.channel.clock.epoch = epoch }

// SetPlan changes the plan. Only faults via rig act here.
func (r *Rig) SetPlan(p *chaos.Plan) {
	r.plan = p
	r.setFlushes(r.channel.setPlan(r.now, p), p)
}

// setFlushes tells the caches when they lose what they hold: a POP's own, and
// everything, the shield included, when the fault names no POP.
func (r *Rig) setFlushes(horizon time.Duration, p *chaos.Plan) {
	for _, c := range r.caches {
		c.forgetFlushes(horizon)
		for w := range p.Since(horizon) {
			if w.Fault.Kind == chaos.EdgeFlush && w.Fault.Via == chaos.ViaRig && (w.Fault.Pop == chaos.Any || w.Fault.Pop == c.pop) {
				c.flushes = append(c.flushes, w.From)
			}
		}
	}
}

// Entry returns the path of the multivariant playlist of a pipeline.
func (r *Rig) Entry(pipeline int) string {
	return r.channel.names.path(ID{Kind: m3u8.KindMultivariant, Pipeline: pipeline, Rendition: noRendition})
}

// Multivariant returns the multivariant playlist of a pipeline as it is without
// faults.
func (r *Rig) Multivariant(pipeline int) []byte {
	return r.channel.multivariantPlaylist(pipeline, true)
}

// Path returns the path of a thing of the channel.
func (r *Rig) Path(id ID) string { return r.channel.names.path(id) }

// Parse is the inverse of [Rig.Path]; it ignores a query.
func (r *Rig) Parse(path string) (ID, bool) { return r.channel.names.parse(withoutQuery(path)) }

// Thing is what a plan is asked about a request for id, at no edge and by no
// known viewer.
func (r *Rig) Thing(id ID) chaos.Thing { return r.channel.thing(id) }

// Config returns the configuration.
func (r *Rig) Config() Config { return r.cfg }

// Renditions returns the names of the renditions in listed order: the ladder's,
// then "audio" when it is demuxed.
func (r *Rig) Renditions() []string { return r.channel.names.renditions }

// TargetDuration is that of the media playlists.
func (r *Rig) TargetDuration() time.Duration { return r.channel.target }

// Due returns when the first segment of the run is due, after its start, and how long after
// it each further one.
func (r *Rig) Due() (first, every time.Duration) {
	return r.channel.clock.phase, r.channel.clock.segment
}

// Date returns the wall-clock instant of now.
func (r *Rig) Date(now time.Duration) time.Time { return r.channel.clock.date(now) }

// AppendBody appends the bytes of o. It may be called from any goroutine.
func (r *Rig) AppendBody(dst []byte, o *Object) []byte { return r.channel.AppendBody(dst, o) }
