package serve

import (
	"container/list"
	"sync"
	"time"

	"hlsload/player/m3u8"
	"hlsload/rig"
)

// bodies makes segments when they are read and keeps the latest, up to a number
// of bytes and for as long as they are read. Both pipelines and the twin have the
// same bytes under the same media sequence number, so they share them.
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
	sequence  uint64
}

type body struct {
	key   bodyKey
	once  sync.Once
	bytes []byte
	size  int64
	read  time.Time // for the last time
}

// unread is after how long without a reader a body is dropped; it can be made
// again.
const unread = time.Minute

func newBodies(limit int64) *bodies {
	return &bodies{limit: limit, made: map[bodyKey]*list.Element{}, recent: list.New()}
}

// of returns the whole body of an object that is no resource of several
// segments, which must not be changed.
func (b *bodies) of(r *rig.Rig, o *rig.Object) []byte {
	if !o.Channel || o.ID.Kind != m3u8.KindSegment {
		return o.Text()
	}
	e := b.entry(bodyKey{rendition: o.ID.Rendition, sequence: o.ID.Sequence}, o.Size)
	e.once.Do(func() { e.bytes = r.AppendBody(make([]byte, 0, o.Size), o) })
	return e.bytes
}

// entry finds or makes room for a body.
func (b *bodies) entry(key bodyKey, size int64) *body {
	b.lock.Lock()
	defer b.lock.Unlock()
	now := time.Now()
	if at := b.made[key]; at != nil {
		b.recent.MoveToFront(at)
		e := at.Value.(*body)
		e.read = now
		return e
	}
	e := &body{key: key, size: size, read: now}
	b.made[key] = b.recent.PushFront(e)
	b.bytes += size
	for at := b.recent.Back(); b.recent.Len() > 1 && (b.bytes > b.limit || now.Sub(at.Value.(*body).read) > unread); at = b.recent.Back() {
		old := b.recent.Remove(at).(*body)
		delete(b.made, old.key)
		b.bytes -= old.size
	}
	return e
}
