package rig

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// Bites reports whether a look at the origin or the edges shows f at now, and
// what it shows, or what it would have to show. A pipeline that was killed bites
// once the first write is missing, not before.
func (r *Rig) Bites(now time.Duration, f *chaos.Fault) (bool, string) {
	now = r.tick(now)
	for _, t := range r.targets(f) {
		if shows, what := r.shows(now, f, &t); shows {
			return true, what
		}
	}
	return false, "nothing shows " + string(f.Kind) + r.where(f)
}

// Healthy reports whether nothing that f selects shows it any more, and if not,
// what still does. Caches may hold answers of the fault for longer.
func (r *Rig) Healthy(now time.Duration, f *chaos.Fault) (bool, string) {
	now = r.tick(now)
	if f.Kind.Spec().Instant {
		return true, "nothing to undo"
	}
	for _, t := range r.targets(f) {
		if shows, what := r.shows(now, f, &t); shows {
			return false, what
		}
		if t.id.Kind == m3u8.KindMedia && !r.plan.Holds(f) {
			s := r.channel.streams[t.id.Pipeline][t.id.Rendition]
			if m, _ := s.lost(s.next); m.Has(f.Rule) && f.Via == chaos.ViaRig {
				return false, fmt.Sprintf("%s: the segment that was being made is lost, the next one is not there yet", r.Path(t.id))
			}
		}
	}
	return true, "nothing shows " + string(f.Kind) + r.where(f)
}

func (r *Rig) where(f *chaos.Fault) string {
	if f.Pipeline == chaos.Any {
		return ""
	}
	return fmt.Sprintf(" at pipeline %d", f.Pipeline)
}

// target is a thing to look at, at one POP.
type target struct {
	id  ID
	pop int // chaos.Any = at the origin
}

// targets are what a look at f looks at: something of every kind it hits.
func (r *Rig) targets(f *chaos.Fault) []target {
	pops := []int{chaos.Any}
	switch spec := f.Kind.Spec(); {
	case spec.Part == chaos.PartCache:
		return []target{{pop: f.Pop}}
	case spec.Part == chaos.PartTokens:
		return []target{{pop: 0}} // every edge checks tokens, whatever is asked for
	case spec.Site == chaos.AtEdge:
		pops = pops[:0]
		for i := range r.edges {
			pops = append(pops, i)
		}
	}
	var out []target
	for p := range r.cfg.Pipelines {
		ids := []ID{{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition}}
		if r.channel.names.hasKeys {
			ids = append(ids, ID{Kind: m3u8.KindKey, Pipeline: p, Rendition: noRendition})
		}
		for i := range r.channel.formats {
			ids = append(ids, ID{Kind: m3u8.KindMedia, Pipeline: p, Rendition: i}, ID{Kind: m3u8.KindSegment, Pipeline: p, Rendition: i})
			if r.channel.names.hasInit {
				ids = append(ids, ID{Kind: m3u8.KindInit, Pipeline: p, Rendition: i})
			}
		}
		for _, id := range ids {
			for _, pop := range pops {
				t := r.channel.thing(id)
				t.Pop = pop
				if f.Selects(&t, r.plan.Seed()) {
					out = append(out, target{id, pop})
				}
			}
		}
	}
	return out
}

// shows reports whether f shows at t, and how.
func (r *Rig) shows(now time.Duration, f *chaos.Fault, t *target) (bool, string) {
	switch spec := f.Kind.Spec(); spec.Part {
	case chaos.PartCache:
		return r.cacheShows(now, f)
	case chaos.PartTokens:
		return r.tokensShow(now, f, t.pop)
	case chaos.PartInvalidator:
		switch {
		case !r.plan.Holds(f) || r.cfg.Origin.Stale == "none":
			return false, ""
		case f.By == 0:
			return true, "the stale-playlist invalidator is off"
		}
		return true, fmt.Sprintf("the stale-playlist invalidator begins %v after a write", f.By)
	case chaos.PartAnswers:
		return r.answerShows(now, f, t, spec.Site)
	case chaos.PartStore:
		if filling(f) {
			t.id.Kind = m3u8.KindSegment
		}
		if t.id.Kind != m3u8.KindMultivariant && t.id.Kind != m3u8.KindMedia {
			return r.segmentShows(now, f, t.id)
		}
	}
	if t.id.Kind != m3u8.KindMultivariant && t.id.Kind != m3u8.KindMedia {
		return false, ""
	}
	l := r.channel.look(t.id, now)
	if !l.marks.Has(f.Rule) {
		return false, ""
	}
	if l.object == nil {
		return true, fmt.Sprintf("%s: status %d", r.Path(t.id), r.cfg.Origin.Missing)
	}
	return true, fmt.Sprintf("%s: not as it would be; last written at %v", r.Path(t.id), l.object.Modified.Round(time.Millisecond))
}

// cacheShows looks for a flush, or for another time that errors are kept.
func (r *Rig) cacheShows(now time.Duration, f *chaos.Fault) (bool, string) {
	if p, fault := r.policyAt(now); fault.Has(f.Rule) {
		return true, fmt.Sprintf("the edge keeps errors for %v", p.err)
	}
	if f.Kind == chaos.EdgeFlush {
		for w := range r.plan.Windows() {
			if w.Fault == f && w.From <= now {
				return true, fmt.Sprintf("flushed at %v", w.From)
			}
		}
	}
	return false, ""
}

// tokensShow asks in the name of a viewer whose token is refused.
func (r *Rig) tokensShow(now time.Duration, f *chaos.Fault, pop int) (bool, string) {
	viewer, ok := f.Refused(now, r.plan)
	if !ok {
		return false, ""
	}
	viewer.Pop = pop
	for viewer.Kind = range m3u8.Kinds {
		if e := r.plan.Decide(now, chaos.AtEdge, &viewer); e.Marks.Has(f.Rule) {
			return true, fmt.Sprintf("a %v request of player %d is refused with status %d", viewer.Kind, viewer.Viewer, e.Status)
		}
	}
	return false, ""
}

// answerShows asks for the thing at a site.
func (r *Rig) answerShows(now time.Duration, f *chaos.Fault, t *target, site chaos.Site) (bool, string) {
	thing := r.channel.thing(t.id)
	thing.Pop = t.pop
	e := r.plan.Decide(now, site, &thing)
	switch {
	case !e.Marks.Has(f.Rule):
		return false, ""
	case e.Hang:
		return true, r.Path(t.id) + ": no answer"
	case e.Status != 0:
		return true, fmt.Sprintf("%s: status %d", r.Path(t.id), e.Status)
	}
	return true, fmt.Sprintf("%s: first byte %v later", r.Path(t.id), e.Delay)
}

// segmentShows looks at the segments that are kept, the newest first, or at the
// initialization section.
func (r *Rig) segmentShows(now time.Duration, f *chaos.Fault, id ID) (bool, string) {
	s := r.channel.streams[id.Pipeline][id.Rendition]
	s.run(now)
	n := 1
	if id.Kind == m3u8.KindSegment {
		n = len(s.kept)
	}
	for i := n - 1; i >= 0; i-- {
		if id.Kind == m3u8.KindSegment {
			if s.kept[i].gap {
				continue
			}
			id.Sequence = s.kept[i].name()
		} else if s.open != nil {
			id.Sequence = s.open.first
		}
		if filling(f) && i < n-1 {
			break // filler that is over stays in the older ones
		}
		l := r.channel.look(id, now)
		switch {
		case !l.marks.Has(f.Rule):
		case l.object == nil:
			return true, fmt.Sprintf("%s: status %d", r.Path(id), r.cfg.Origin.Missing)
		case l.truncate:
			return true, r.Path(id) + ": ends halfway"
		case l.object.Filler || id.Kind == m3u8.KindSegment && l.object.pieces != nil && s.kept[i].filler.Has(f.Rule):
			return true, r.Path(id) + ": filler"
		}
	}
	return false, ""
}
