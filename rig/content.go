package rig

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"iter"
	"sort"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/rig/media"
)

// What a segment is follows from its media sequence number alone: its media
// time, whether a discontinuity is before it or a gap in its place, its key. So
// both pipelines agree, and a number that comes again after a restart has the
// same bytes.

// discontinuity is how many discontinuities are before the segment or at its
// start, and whether one is at its start.
func (c *Channel) discontinuity(sequence uint64) (n uint64, starts bool) {
	every := uint64(c.cfg.DiscontinuityEvery)
	if every == 0 || sequence == 0 {
		return 0, false
	}
	n = (sequence - 1) / every
	return n, n > 0 && (sequence-1)%every == 0
}

// mediaStart is the media time of a segment. Behind a discontinuity it goes on
// somewhere else within an hour, forwards or backwards.
func (c *Channel) mediaStart(sequence uint64) time.Duration {
	n, _ := c.discontinuity(sequence)
	if n == 0 {
		return time.Duration(sequence) * c.clock.segment
	}
	within := (sequence - 1) % uint64(c.cfg.DiscontinuityEvery)
	return time.Duration(draw.Mix(n)%7200)*media.Grid + time.Duration(within)*c.clock.segment
}

// gap reports whether a pipeline has no media under that number.
func (c *Channel) gap(pipeline int, sequence uint64) bool {
	every := uint64(c.cfg.GapEvery)
	return every > 0 && sequence%every == 0 && (c.cfg.GapPipeline == chaos.Any || c.cfg.GapPipeline == pipeline)
}

// size is the length of a segment as it is stored.
func (c *Channel) size(rendition int, start time.Duration) int64 {
	n := media.Size(c.formats[rendition], start, c.clock.segment)
	if c.names.hasKeys {
		n += aes.BlockSize - n%aes.BlockSize
	}
	return n
}

// keyOf is the number of the key of a segment.
func (c *Channel) keyOf(sequence uint64) uint64 {
	if c.cfg.KeyRotation == 0 || sequence == 0 {
		return 0
	}
	return (sequence - 1) / uint64(c.cfg.KeyRotation)
}

// keyBytes is a key, and the IV that goes with it where that is explicit.
func (c *Channel) keyBytes(number uint64) (key, iv [aes.BlockSize]byte) {
	for i, at := range [][]byte{key[:8], key[8:], iv[:8], iv[8:]} {
		binary.BigEndian.PutUint64(at, draw.Mix(c.shape^draw.Mix(number<<2+uint64(i)+1)))
	}
	return key, iv
}

// keyTag is the EXT-X-KEY of a segment.
func (c *Channel) keyTag(number uint64) []m3u8.Key {
	k := m3u8.Key{Method: "AES-128", URI: c.names.name(ID{Kind: m3u8.KindKey, Sequence: number})}
	if c.cfg.IV == "explicit" {
		_, iv := c.keyBytes(number)
		k.IV = fmt.Sprintf("0x%X", iv)
	}
	return []m3u8.Key{k}
}

// encrypt turns the segment at dst[from:] into what is stored: AES-128 in CBC
// mode with PKCS #7 padding (RFC 8216 section 4.3.2.4).
func (c *Channel) encrypt(dst []byte, from int, sequence uint64) []byte {
	pad := aes.BlockSize - (len(dst)-from)%aes.BlockSize
	for range pad {
		dst = append(dst, byte(pad))
	}
	key, iv := c.keyBytes(c.keyOf(sequence))
	if c.cfg.IV != "explicit" {
		iv = [aes.BlockSize]byte{}
		binary.BigEndian.PutUint64(iv[8:], sequence)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(dst[from:], dst[from:])
	return dst
}

// lastKey is the number of the newest key that a pipeline has used by now.
func (c *Channel) lastKey(pipeline int, now time.Duration) (uint64, bool) {
	newest, used := uint64(0), false
	for _, s := range c.streams[pipeline] {
		s.run(now)
		if s.newest > 0 && c.names.hasKeys {
			newest, used = max(newest, c.keyOf(s.newest)), true
		}
	}
	return newest, used
}

// key is a key at the origin.
func (c *Channel) key(id ID, now time.Duration) look {
	if last, used := c.lastKey(id.Pipeline, now); !used || id.Sequence > last {
		return look{}
	}
	key, _ := c.keyBytes(id.Sequence)
	return look{object: c.withBody(id, key[:], c.started, "application/octet-stream")}
}

// resourceSegments is how many segments share a resource in a live or event
// playlist; a VOD is one resource. A resource is written again with each
// segment, as only whole objects can be stored.
const resourceSegments = 6

// resource is an object with several segments, behind the initialization section
// if there is one. It grows; what looks at it share pieces.
type resource struct {
	first  uint64 // number of its first segment
	pieces []piece
	object *Object // as of the last look
}

// piece is a part of a resource.
type piece struct {
	sequence   uint64 // 0 = the initialization section
	start, end int64  // in the resource
	filler     chaos.Marks
	at         time.Duration // when it was written
}

// store gives a new segment its place in a resource.
func (s *stream) store(seg *listed) {
	r, most := s.open, resourceSegments
	if s.c.cfg.Playlist == VOD {
		most = MaxSegments
	}
	head := 0
	if s.c.names.hasInit {
		head = 1
	}
	if r == nil || len(r.pieces)-head >= most {
		r = &resource{first: seg.sequence}
		if head > 0 {
			r.pieces = append(r.pieces, piece{end: s.c.inits[s.pipeline][s.rendition].Size})
		}
		s.open = r
	}
	seg.resource, seg.offset = r, 0
	if n := len(r.pieces); n > 0 {
		seg.offset = r.pieces[n-1].end
	}
	seg.size = s.c.size(s.rendition, s.c.mediaStart(seg.sequence))
	r.pieces = append(r.pieces, piece{sequence: seg.sequence, start: seg.offset, end: seg.offset + seg.size, filler: seg.filler, at: seg.at})
}

// resource is the resource whose first segment has that number, at now.
func (s *stream) resource(first uint64, now time.Duration) look {
	for i := len(s.kept) - 1; i >= 0; i-- {
		r := s.kept[i].resource
		if r == nil || r.first != first {
			continue
		}
		n, beyond := len(r.pieces), chaos.Marks(0)
		modified := s.c.started
		for ; n > 0 && r.pieces[n-1].sequence > 0; n-- {
			from, late := s.available(r.pieces[n-1].at)
			if from <= now {
				modified = from
				break
			}
			beyond |= late
		}
		if n == 0 || r.pieces[n-1].sequence == 0 {
			return look{marks: beyond}
		}
		l := s.disturbed(s.c.resourceObject(s, r, n, modified), m3u8.KindSegment, now)
		l.beyond = beyond
		return l
	}
	return look{marks: s.absent(first, now)}
}

// resourceObject is the object of the first n pieces of a resource.
func (c *Channel) resourceObject(s *stream, r *resource, n int, modified time.Duration) *Object {
	if o := r.object; o != nil && len(o.pieces) == n {
		return o
	}
	id := ID{Kind: m3u8.KindSegment, Pipeline: s.pipeline, Rendition: s.rendition, Sequence: r.first}
	r.object = c.withMedia(id, draw.Mix(draw.Mix(id.key())+c.shape+draw.Mix(uint64(n))), r.pieces[n-1].end, modified)
	r.object.pieces = r.pieces[:n:n]
	return r.object
}

// fillers are the faults because of which a part of a resource shows filler.
func (o *Object) fillers(offset, length int64) chaos.Marks {
	var m chaos.Marks
	for p := range o.within(offset, length) {
		m |= o.pieces[p].filler
	}
	return m
}

// within are the pieces that a part of a resource touches.
func (o *Object) within(offset, length int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		i := sort.Search(len(o.pieces), func(i int) bool { return o.pieces[i].end > offset })
		for ; i < len(o.pieces) && o.pieces[i].start < offset+length; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// Part is a stretch of an object's body.
type Part struct {
	Object   *Object
	From, To int64
}

// Parts are what a stretch of o's body is made of: the segments of a resource
// that has several, else o itself. They may be asked for from any goroutine.
func (r *Rig) Parts(o *Object, offset, length int64) iter.Seq[Part] {
	return func(yield func(Part) bool) {
		if o.pieces == nil {
			yield(Part{o, offset, offset + length})
			return
		}
		for i := range o.within(offset, length) {
			p := &o.pieces[i]
			if !yield(Part{r.channel.pieceObject(o, p), max(offset-p.start, 0), min(offset+length, p.end) - p.start}) {
				return
			}
		}
	}
}

// Opening is what the bytes of o from offset on say of their media time; nothing
// when they are encrypted.
func (r *Rig) Opening(o *Object, offset int64) (out mediatime.Opening) {
	if o.pieces == nil {
		return r.channel.opening(o, offset)
	}
	for part := range r.Parts(o, offset, 1) {
		out = r.channel.opening(part.Object, part.From)
	}
	return out
}

func (c *Channel) opening(o *Object, offset int64) (out mediatime.Opening) {
	switch id := o.ID; {
	case !o.Channel || offset != 0:
	case id.Kind == m3u8.KindInit:
		out.Scales = media.Timescales(c.formats[id.Rendition])
	case id.Kind == m3u8.KindSegment && !c.names.hasKeys:
		out.Stamp = media.FirstStamp(c.formats[id.Rendition], c.mediaStart(id.Sequence))
	}
	return out
}

// pieceObject is a piece of a resource as an object of its own.
func (c *Channel) pieceObject(o *Object, p *piece) *Object {
	if p.sequence == 0 {
		return c.inits[o.ID.Pipeline][o.ID.Rendition]
	}
	return c.segmentObject(o.ID.Pipeline, o.ID.Rendition, p.sequence, p.filler, p.at)
}
