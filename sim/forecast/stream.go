package forecast

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
	"hlsload/rig"
	"hlsload/rig/media"
)

// Stream is the shape of a stream, as far as load depends on it.
type Stream struct {
	Ladder     []rig.Rung // renditions, each once; none = not known
	Pipelines  int
	Segment    time.Duration // in the mean; 0 = not known
	Window     int           // segments listed
	Playlist   string        // rig.Live, rig.Event or rig.VOD
	FMP4       bool
	Demuxed    bool // audio comes by itself
	Encrypted  bool
	ByteRanges bool
}

// StreamOf is the shape that playlists show. m may be nil: no media playlist was
// seen. pipelines is how many copies of each rendition there are.
func StreamOf(mv *m3u8.Multivariant, m *m3u8.Media, pipelines int) Stream {
	s := Stream{Pipelines: min(max(pipelines, 1), 2), Playlist: rig.Live}
	for i := range mv.Variants {
		v := &mv.Variants[i]
		r := rig.Rung{Width: v.Width, Height: v.Height, Rate: v.AverageBandwidth}
		if r.Rate <= 0 {
			r.Rate = v.Bandwidth
		}
		if r.Rate > 0 && !slices.Contains(s.Ladder, r) {
			s.Ladder = append(s.Ladder, r)
		}
	}
	s.Demuxed = slices.ContainsFunc(mv.Renditions, func(r m3u8.Rendition) bool { return r.Type == "AUDIO" && r.URL != "" })
	if m == nil {
		return s
	}
	s.Segment, s.Window = m.TargetDuration, len(m.Segments)
	if s.Window == 0 {
		return s
	}
	if mean := m.Duration / time.Duration(s.Window); mean > 0 {
		s.Segment = mean
	}
	switch {
	case m.EndList || m.Type == "VOD":
		s.Playlist = rig.VOD
	case m.Type == "EVENT":
		s.Playlist = rig.Event
	}
	last := &m.Segments[s.Window-1]
	s.FMP4 = last.Map != nil
	s.ByteRanges = last.ByteRange != nil
	s.Encrypted = slices.ContainsFunc(last.Keys, func(k m3u8.Key) bool { return k.Method == "AES-128" })
	return s
}

// Channel is an embedded channel of the same shape. It says in words what it had
// to assume.
func (s Stream) Channel() (c rig.Config, assumed []string) {
	c = rig.Default()
	c.Pipelines = min(max(s.Pipelines, 1), 2)
	if s.Segment > 0 {
		c.Segment = min(max((s.Segment+media.Grid/2)/media.Grid*media.Grid, media.Grid), rig.MaxSegment)
	} else {
		assumed = append(assumed, "segments of 4 s")
	}
	if s.Window > 0 {
		c.Window = min(max(s.Window, 3), rig.MaxWindow)
		c.Keep = min(2*c.Window+1, rig.MaxKeep)
	}
	switch s.Playlist {
	case rig.VOD:
		c.Playlist, c.Length = rig.VOD, time.Duration(min(max(s.Window, 1), rig.MaxSegments))*c.Segment
	case rig.Event:
		c.Playlist = rig.Event
	}
	if s.FMP4 {
		c.Container = "fmp4"
	}
	if s.Demuxed {
		c.Audio = "demuxed"
	}
	if s.Encrypted {
		c.Encryption = "aes-128"
	}
	c.ByteRanges = s.ByteRanges
	if ladder := s.usable(c.Segment); len(ladder) > 0 {
		c.Ladder = ladder
	} else {
		assumed = append(assumed, "the ladder hd-720p (0.4 to 2.7 Mbit/s)")
	}
	if c.Check() == nil {
		return c, assumed
	}
	// Whatever the stream is like, there is a channel for it: a plainer one.
	plain := rig.Default()
	plain.Segment, plain.Pipelines = c.Segment, c.Pipelines
	if plain.Check() != nil {
		plain = rig.Default()
	}
	return plain, []string{"the ladder hd-720p, because the embedded channel cannot have the ladder of the stream"}
}

// usable is the ladder as a channel can have it: the highest ones if there are
// too many, sizes and rates within bounds.
func (s Stream) usable(segment time.Duration) []rig.Rung {
	most := int64(float64(media.MaxSize-1) * 8 / segment.Seconds())
	var all []rig.Rung
	for _, r := range s.Ladder {
		if r.Width <= 0 || r.Height <= 0 || r.Width > 16_384 || r.Height > 16_384 {
			r.Width, r.Height = 640, 360
		}
		r.Rate = min(max(r.Rate, 1000), media.MaxRate, most)
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if len(all) > rig.MaxRungs {
		slices.SortStableFunc(all, func(a, b rig.Rung) int { return int(min(max(b.Rate-a.Rate, -1), 1)) })
		all = all[:rig.MaxRungs]
	}
	return all
}

// Top is the highest rate of the ladder, 0 = it is not known.
func (s Stream) Top() int64 {
	var top int64
	for _, r := range s.Ladder {
		top = max(top, r.Rate)
	}
	return top
}
