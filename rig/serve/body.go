package serve

import (
	"bytes"
	"compress/gzip"
	"container/list"
	"sync"

	"hlsload/player/m3u8"
	"hlsload/rig"
)

// bodies makes segments when they are read and keeps the latest, up to a number
// of bytes. Both pipelines, and the twin, have the same bytes at the same media
// time, so they share them.
type bodies struct {
	lock   sync.Mutex
	limit  int64
	bytes  int64
	made   map[bodyKey]*list.Element // of *body
	recent *list.List                // the most recently used first
}

// bodyKey says what a body depends on within one configuration.
type bodyKey struct {
	rendition int
	start     int64
	version   uint64 // of a compressed playlist; 0 = a segment
}

type body struct {
	key   bodyKey
	once  sync.Once
	bytes []byte
	size  int64
}

func newBodies(limit int64) *bodies {
	return &bodies{limit: limit, made: map[bodyKey]*list.Element{}, recent: list.New()}
}

// of returns the whole body of an object, which must not be changed.
func (b *bodies) of(r *rig.Rig, o *rig.Object) []byte {
	if !o.Channel || o.ID.Kind != m3u8.KindSegment {
		return o.Text()
	}
	e := b.entry(bodyKey{rendition: o.ID.Rendition, start: int64(o.Start)}, o.Size)
	e.once.Do(func() { e.bytes = r.AppendBody(make([]byte, 0, o.Size), o) })
	return e.bytes
}

// gzip returns the compressed body of a playlist.
func (b *bodies) gzip(o *rig.Object) []byte {
	e := b.entry(bodyKey{rendition: o.ID.Rendition, version: o.Version}, o.Size)
	e.once.Do(func() {
		var buf bytes.Buffer
		w := packers.Get().(*gzip.Writer)
		w.Reset(&buf)
		w.Write(o.Text()) // a bytes.Buffer does not fail
		w.Close()
		packers.Put(w)
		e.bytes = buf.Bytes()
	})
	return e.bytes
}

var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// entry finds or makes room for a body.
func (b *bodies) entry(key bodyKey, size int64) *body {
	b.lock.Lock()
	defer b.lock.Unlock()
	if at := b.made[key]; at != nil {
		b.recent.MoveToFront(at)
		return at.Value.(*body)
	}
	e := &body{key: key, size: size}
	b.made[key] = b.recent.PushFront(e)
	b.bytes += size
	for b.bytes > b.limit && b.recent.Len() > 1 {
		at := b.recent.Back()
		old := b.recent.Remove(at).(*body)
		delete(b.made, old.key)
		b.bytes -= old.size
	}
	return e
}
