package rig

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// fetch is a GET at the origin. With an expired copy it is conditional
// (If-None-Match), and an answer that confirms it has no body.
func (r *Rig) fetch(now time.Duration, q *query, expired *result) exchange {
	x := exchange{origin: true, wait: r.cfg.Origin.Latency}
	var effect chaos.Effect
	if !r.plan.Quiet() {
		t := r.thing(q)
		effect = r.plan.Decide(now, chaos.AtOrigin, &t)
	}
	x.wait += effect.Delay
	sent := int64(0) // of a part
	switch {
	case effect.Hang || effect.Reset:
		x.hang, x.status, x.marks = true, 504, effect.Marks
	case effect.Status != 0:
		x.status, x.marks = effect.Status, effect.Marks
	case !r.reads.take(now, q.path, r.cfg.Origin.ReadLimit):
		x.status, x.passing = 503, effect.Marks
	default:
		l := r.stored(now, q)
		x.marks, x.passing, x.object, x.truncate = l.marks, effect.Marks, l.object, l.truncate || effect.Truncate
		switch {
		case l.object == nil:
			x.status = r.cfg.Origin.Missing
			x.marks |= l.beyond
		case q.ranged:
			offset, length := q.part.of(l.object.Size)
			if length == 0 {
				x.status, x.truncate = 416, false
				x.marks |= l.beyond
				break
			}
			x.marks |= l.object.fillers(offset, length)
			x.status, sent = 200, length
			x.confirmed = expired != nil && expired.object != nil && expired.object.ETag == l.object.ETag
		default:
			x.marks |= l.object.fillers(0, l.object.Size) | l.beyond
			x.status = 200
			x.confirmed = expired != nil && expired.object != nil && expired.object.ETag == l.object.ETag
		}
	}
	status, bytes := x.status, bodySize(x.status, x.object)
	if sent > 0 {
		status, bytes = 206, sent
	}
	if x.confirmed {
		status, bytes = 304, 0
	} else if x.truncate {
		bytes /= 2
	}
	r.stats.origin(now, q, status, bytes)
	return x
}

// stored is what the origin holds for q: the channel's, unless it was PUT or
// deleted since the channel wrote it last.
func (r *Rig) stored(now time.Duration, q *query) look {
	var l look
	if q.channel {
		l = r.channel.look(q.id, now)
	}
	if len(r.overlays.byPath) > 0 {
		if o := r.overlays.byPath[q.path]; o != nil {
			if !q.channel || o.at >= r.channel.written(q.id, l) {
				return look{object: o.object}
			}
			r.overlays.remove(q.path)
		}
	}
	return l
}

// outdated reports whether an expired copy differs from what the origin holds:
// a viewer that gets it is left behind by what kept the origin from answering.
func (r *Rig) outdated(now time.Duration, q *query, expired *result) bool {
	l := r.stored(now, q)
	return l.object == nil || expired.object == nil || l.object.ETag != expired.object.ETag
}

// thing describes q to the plan.
func (r *Rig) thing(q *query) chaos.Thing {
	if q.channel {
		return r.channel.thing(q.id)
	}
	return chaos.NewThing(foreignKind(q.path), chaos.Any)
}

// foreignKind guesses the kind of what is no thing of the channel.
func foreignKind(path string) m3u8.Kind {
	if cut(&path, playlistSuffix) {
		return m3u8.KindMedia
	}
	return m3u8.KindSegment
}

// budget counts requests per prefix and second, as S3 limits them: "at least
// 3,500 PUT/COPY/POST/DELETE or 5,500 GET/HEAD requests per second per
// partitioned prefix", 503 SlowDown beyond.
type budget struct {
	second time.Duration
	used   map[uint64]int
}

// take spends one request of the prefix of path; limit 0 is no limit.
func (b *budget) take(now time.Duration, path string, limit int) bool {
	if limit == 0 {
		return true
	}
	if s := now.Truncate(time.Second); b.used == nil || s != b.second {
		b.second = s
		if b.used == nil {
			b.used = map[uint64]int{}
		}
		clear(b.used)
	}
	end := len(path)
	for end > 0 && path[end-1] != '/' {
		end--
	}
	key := draw.Hash(path[:end])
	if len(b.used) >= 10_000 && b.used[key] == 0 {
		return true // so many prefixes that none of them is busy
	}
	b.used[key]++
	return b.used[key] <= limit
}
