package rig

import (
	"strconv"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/rig/media"
)

// mediaPlaylist prints a stored version.
func (c *Channel) mediaPlaylist(s *stream, v *version, ended bool) []byte {
	p := m3u8.Media{
		Version:               3,
		TargetDuration:        c.target,
		MediaSequence:         v.segments[0].sequence,
		DiscontinuitySequence: v.era,
		IndependentSegments:   true,
		EndList:               ended || v.closed,
		Start:                 c.start(),
		Segments:              make([]m3u8.Segment, len(v.segments)),
	}
	if n, starts := c.discontinuity(p.MediaSequence); starts {
		p.DiscontinuitySequence += n - 1 // its own tag is still there
	} else {
		p.DiscontinuitySequence += n
	}
	switch c.cfg.Playlist {
	case Event:
		p.Type = "EVENT"
	case VOD:
		p.Type = "VOD"
	}
	var section *m3u8.Map
	if c.cfg.ByteRanges {
		p.Version = 4
	}
	if c.names.hasInit {
		p.Version = 7
		section = &m3u8.Map{URI: c.names.name(ID{Kind: m3u8.KindInit, Rendition: s.rendition}), Clear: true}
	}
	var keys []m3u8.Key
	key := uint64(0)
	for i := range v.segments {
		seg := &v.segments[i]
		to := &p.Segments[i]
		id := ID{Kind: m3u8.KindSegment, Rendition: s.rendition, Sequence: seg.name()}
		to.URI = c.names.name(id)
		if seg.resource != nil {
			to.ByteRange = &m3u8.Range{Offset: seg.offset, Length: seg.size}
			if id.Kind = m3u8.KindInit; c.names.hasInit && (i == 0 || section.URI != to.URI) {
				section = &m3u8.Map{URI: to.URI, ByteRange: &m3u8.Range{Length: c.inits[s.pipeline][s.rendition].Size}, Clear: true}
			}
		}
		if c.names.hasKeys {
			if n := c.keyOf(seg.sequence); keys == nil || n != key {
				keys, key = c.keyTag(n), n
			}
			to.Keys = keys
		}
		n, starts := c.discontinuity(seg.sequence)
		to.Discontinuity, to.DiscontinuitySequence = starts, v.era+n
		to.Gap = seg.gap
		to.Duration = c.clock.segment
		to.Sequence = seg.sequence
		if !seg.gap || !c.cfg.ByteRanges {
			to.Map = section
		}
		if c.cfg.ProgramDateTime {
			to.ProgramDateTime = c.clock.date(c.clock.start(seg.index))
		}
	}
	p.HasProgramDateTime = c.cfg.ProgramDateTime
	return p.Append(make([]byte, 0, 256+96*len(v.segments)))
}

// start is EXT-X-START, which the multivariant playlist decides and media
// playlists repeat (rfc8216bis 4.4.2.2): some players read only one of them.
func (c *Channel) start() *m3u8.Start {
	s := c.cfg.Start
	if s == nil {
		return nil
	}
	return &m3u8.Start{TimeOffset: s.Offset, Precise: s.Precise}
}

// variant is what a multivariant playlist says of a rung.
type variant struct {
	peak, average int64 // bit/s, audio included
	codecs        string
}

// measure reads the attributes of the variants off the content.
func (c *Channel) measure() {
	var audioPeak, audioAverage int64
	if c.cfg.Audio == "demuxed" {
		audioPeak, audioAverage = c.rates(len(c.formats) - 1)
	}
	for i := range c.cfg.Ladder {
		f := c.formats[i]
		var v variant
		v.peak, v.average = c.rates(i)
		v.peak, v.average = v.peak+audioPeak, v.average+audioAverage
		f.Audio = true // CODECS names those of the whole presentation
		v.codecs = media.Codecs(f)
		c.rungs = append(c.rungs, v)
	}
}

// rates are the peak and the average rate of a rendition's segments, over as many
// as it takes the loop to come round.
func (c *Channel) rates(rendition int) (peak, average int64) {
	const n = 64
	var sum, most int64
	step := c.clock.segment
	if c.cfg.DiscontinuityEvery > 0 {
		step = media.Grid // segments may begin anywhere in the loop
	}
	for k := range n {
		size := c.size(rendition, time.Duration(k)*step)
		sum, most = sum+size, max(most, size)
	}
	bits := func(bytes, segments int64) int64 {
		return int64(float64(bytes)*8/(float64(segments)*c.clock.segment.Seconds()) + 0.999999)
	}
	return bits(most, 1), bits(sum, n)
}

// multivariant is the multivariant playlist of one pipeline. It is written
// once, at the start; when the input of the pipeline is lost and its output
// pauses, MediaLive takes the pipeline's own lines out of it.
type multivariant struct {
	whole, half *Object
	paused      []span        // the pipeline's own lines are out
	settled     time.Duration // last rewritten by what is left out of paused
	removed     []span        // playlist.delete
}

func (m *multivariant) compile(c *Channel, p int, horizon time.Duration) {
	if m.settled = m.changed(horizon); horizon < c.started { // the plan is another altogether
		m.settled = c.started
	}
	t := c.thing(ID{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition})
	m.paused, m.removed = nil, c.spans(&t, chaos.PlaylistDelete)
	t.Kind = m3u8.KindMedia // what faults of pipelines select
	for _, w := range c.spans(&t, chaos.InputLoss) {
		if w.fault.Then == "pause" {
			m.paused = append(m.paused, w)
		}
	}
}

func (m *multivariant) look(c *Channel, p int, now time.Duration) look {
	if gone := marksAt(m.removed, now); gone != 0 {
		return look{marks: gone} // it is not written again: `once` makes no difference
	}
	paused := marksAt(m.paused, now)
	if paused == 0 || c.cfg.Pipelines == 1 {
		m.whole = c.top(m.whole, p, true, m.changed(now))
		return look{object: m.whole}
	}
	m.half = c.top(m.half, p, false, m.changed(now))
	return look{object: m.half, marks: paused}
}

// changed is when the playlist was last rewritten.
func (m *multivariant) changed(now time.Duration) time.Duration {
	at := m.settled
	for i := range m.paused {
		for _, t := range [2]time.Duration{m.paused[i].from, m.paused[i].to} {
			if t <= now {
				at = max(at, t)
			}
		}
	}
	return at
}

// top is the playlist as of modified; old is returned when it is that already.
func (c *Channel) top(old *Object, p int, own bool, modified time.Duration) *Object {
	if old != nil && old.Modified == modified {
		return old
	}
	return c.withBody(ID{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition}, c.multivariantPlaylist(p, own), modified, playlistType)
}

// multivariantPlaylist prints the multivariant playlist of pipeline p as
// MediaLive writes it with redundant manifests on: per rung its own child
// first, then the other pipeline's, with identical attributes but for the audio
// group, which keeps audio and video on one pipeline. The other's children have
// relative names.
func (c *Channel) multivariantPlaylist(p int, own bool) []byte {
	m := m3u8.Multivariant{Version: 3, IndependentSegments: true, Start: c.start()}
	if c.names.hasInit {
		m.Version = 7
	}
	var order []int // pipelines, in listed order
	if own {
		order = append(order, p)
	}
	if c.cfg.Pipelines == 2 {
		order = append(order, 1-p)
	}
	uri := func(q, rendition int) string {
		name := c.names.name(ID{Kind: m3u8.KindMedia, Rendition: rendition})
		if q != p {
			return "../p" + strconv.Itoa(q) + "/" + name
		}
		return name
	}
	group := func(q int) string { return "" }
	if c.cfg.Audio == "demuxed" {
		group = func(q int) string { return "aac-" + strconv.Itoa(q) }
		for _, q := range order {
			m.Renditions = append(m.Renditions, m3u8.Rendition{Type: "AUDIO", GroupID: group(q), Name: audioName, Language: "en",
				Default: true, Autoselect: true, Channels: "2", URI: uri(q, len(c.cfg.Ladder))})
		}
	}
	add := func(q, i int) {
		r, v := c.cfg.Ladder[i], c.rungs[i]
		m.Variants = append(m.Variants, m3u8.Variant{URI: uri(q, i), Bandwidth: v.peak, AverageBandwidth: v.average, Codecs: v.codecs,
			Width: r.Width, Height: r.Height, FrameRate: media.FrameRate, Audio: group(q)})
	}
	if c.cfg.Layout == "blocked" {
		for _, q := range order {
			for i := range c.cfg.Ladder {
				add(q, i)
			}
		}
	} else {
		for i := range c.cfg.Ladder {
			for _, q := range order {
				add(q, i)
			}
		}
	}
	return m.Append(make([]byte, 0, 256+200*len(m.Variants)))
}
