package rig

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/rig/media"
)

// Object describes what is stored under a key. It is immutable; the bytes are
// made when they are read ([Rig.AppendBody]).
type Object struct {
	ID       ID
	Channel  bool // one of the channel's own; false: it was PUT, and ID means nothing
	Filler   bool // a segment that shows filler, because the input was lost
	Size     int64
	ETag     uint64        // shown as 16 hex digits in quotes
	Modified time.Duration // shown in whole seconds
	// Version is equal for equal bytes under one path, so that a driver can
	// share what it made of them. 0 for what was PUT.
	Version uint64
	// Start and Duration are a segment's media time.
	Start, Duration time.Duration

	control     control // Cache-Control
	contentType string
	body        []byte  // of playlists, and of what was PUT
	packed      []byte  // body in gzip, once an edge had to pack it
	pieces      []piece // of a resource with several segments
}

// ContentType is the media type of the body.
func (o *Object) ContentType() string { return o.contentType }

// IsPlaylist reports whether the body is a playlist of the channel, which
// compresses well.
func (o *Object) IsPlaylist() bool {
	return o.Channel && (o.ID.Kind == m3u8.KindMultivariant || o.ID.Kind == m3u8.KindMedia)
}

// Text is the body of a playlist, or of what was PUT; nil of media. It
// must not be changed.
func (o *Object) Text() []byte { return o.body }

// Packed is the body of a playlist in gzip, for an answer that says so. It must
// not be changed.
func (o *Object) Packed() []byte { return o.packed }

const playlistType = "application/vnd.apple.mpegurl"

// playlistObject is the object of a stored version.
func (c *Channel) playlistObject(s *stream, v *version, ended bool) *Object {
	o := &v.plain
	if ended {
		o = &v.ended
	}
	if *o == nil {
		*o = c.withBody(s.id(), c.mediaPlaylist(s, v, ended), v.at, playlistType)
	}
	return *o
}

// withBody makes an object of which the bytes are kept.
func (c *Channel) withBody(id ID, body []byte, modified time.Duration, contentType string) *Object {
	tag, ttl := draw.Hash(body), c.cfg.Edge.SegmentTTL
	if contentType == playlistType {
		ttl = c.cfg.Edge.PlaylistTTL
	}
	return &Object{
		ID: id, Channel: true, Size: int64(len(body)), ETag: tag, Version: draw.Mix(tag^draw.Mix(id.key())) | 1, Modified: modified,
		control: control{hasAge: true, age: ttl}, contentType: contentType, body: body,
	}
}

// withMedia makes an object of which the bytes are made when they are read.
func (c *Channel) withMedia(id ID, tag uint64, size int64, modified time.Duration) *Object {
	return &Object{
		ID: id, Channel: true, Size: size, ETag: tag, Version: tag | 1, Modified: modified,
		control: control{hasAge: true, age: c.cfg.Edge.SegmentTTL}, contentType: media.ContentType(c.formats[id.Rendition]),
	}
}

// segmentObject is the object of a segment that was written. Its media time
// follows from its number alone, so numbers that repeat after a restart have
// the same bytes and a copy in a cache cannot be wrong.
func (c *Channel) segmentObject(pipeline, rendition int, sequence uint64, filler chaos.Marks, modified time.Duration) *Object {
	id := ID{Kind: m3u8.KindSegment, Pipeline: pipeline, Rendition: rendition, Sequence: sequence}
	start := c.mediaStart(sequence)
	o := c.withMedia(id, draw.Mix(draw.Mix(id.key())+c.shape), c.size(rendition, start), modified)
	o.Filler, o.Start, o.Duration = filler != 0, start, c.clock.segment
	return o
}

// AppendBody appends the bytes of o. It may be called from any goroutine.
func (c *Channel) AppendBody(dst []byte, o *Object) []byte {
	switch {
	case o.pieces != nil:
		for i := range o.pieces {
			dst = c.AppendBody(dst, c.pieceObject(o, &o.pieces[i]))
		}
		return dst
	case !o.Channel || o.ID.Kind != m3u8.KindSegment:
		return append(dst, o.body...)
	}
	from := len(dst)
	dst = media.AppendSegment(dst, c.formats[o.ID.Rendition], o.Start, o.Duration)
	if c.names.hasKeys {
		dst = c.encrypt(dst, from, o.ID.Sequence)
	}
	return dst
}
