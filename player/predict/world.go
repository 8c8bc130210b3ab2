package predict

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// World is a live stream of two pipelines without faults and without other players. It
// keeps what it has predicted.
type World struct {
	list     *m3u8.Multivariant
	classify player.Classify
	shape    Shape
	listed   int64 // segments in a playlist
	ladders  map[ladderKey]*player.Ladder
	media    map[listKey]*m3u8.Media
	held     int64 // segments in media
	known    map[cell]*Prediction
}

type (
	cell struct {
		profile *player.Profile
		fault   Fault
	}
	ladderKey struct {
		profile *player.Profile
		first   int
	}
	listKey struct {
		url         string
		first, last int64
	}
)

const (
	anyPipeline = -1
	maxHeld     = 1 << 18 // segments of playlists that are kept for others
	early       = 1000    // number of the newest segment at 0
)

// NewWorld returns the world of a stream. pipeline returns the pipeline that
// a media playlist belongs to, -1 = unknown.
func NewWorld(list *m3u8.Multivariant, pipeline player.Classify, s *Shape) *World {
	w := &World{list: list, classify: pipeline, shape: *s, ladders: map[ladderKey]*player.Ladder{},
		media: map[listKey]*m3u8.Media{}, known: map[cell]*Prediction{}}
	if s.Segment > 0 {
		w.listed = max(1, int64((s.Window+s.Segment/2)/s.Segment))
	}
	return w
}

// unlike says why nothing is predicted for the stream.
func (w *World) unlike() string {
	s := &w.shape
	switch {
	case s.Unlike != "":
		return s.Unlike
	case len(w.list.Variants) == 0:
		return "there is no variant"
	case s.Segment <= 0 || s.Target <= 0:
		return "the playlist lists no segments"
	case len(w.list.Variants) > 2*maxLevels:
		return "there are too many levels"
	case s.Target > maxSegment || s.Segment > maxSegment || s.Segment < 100*time.Millisecond || s.Window > maxListed*s.Segment:
		return "no player expects such segments"
	case s.Network.RTT+s.Latency > s.Segment:
		return "a request takes longer than a segment"
	}
	return ""
}

// ladder is the stream as a profile sees it, with a pipeline's variants listed
// first.
func (w *World) ladder(p *player.Profile, first int) (*player.Ladder, error) {
	key := ladderKey{p, first}
	if l := w.ladders[key]; l != nil {
		return l, nil
	}
	list := *w.list
	if first != anyPipeline {
		list.Variants = slices.Clone(list.Variants)
		slices.SortStableFunc(list.Variants, func(a, b m3u8.Variant) int {
			rank := func(v *m3u8.Variant) int {
				if w.classify(v.URL) == first {
					return 0
				}
				return 1
			}
			return rank(&a) - rank(&b)
		})
	}
	l, err := player.NewLadder(&list, p, w.classify)
	if err == nil {
		w.ladders[key] = l
	}
	return l, err
}

// newest is the number of the segment that was complete last.
func (w *World) newest(at time.Duration) int64 { return int64(at / w.shape.Segment) }

// playlist lists segments first to last.
func (w *World) playlist(r *player.Rendition, first, last int64) *m3u8.Media {
	key := listKey{r.URL, first, last}
	if m := w.media[key]; m != nil {
		return m
	}
	if w.held += last - first + 1; w.held > maxHeld {
		clear(w.media)
		w.held = last - first + 1
	}
	s := &w.shape
	m := &m3u8.Media{TargetDuration: s.Target, MediaSequence: uint64(early + first), HasProgramDateTime: !s.Undated,
		Segments: make([]m3u8.Segment, 0, last-first+1)}
	if s.HoldBack > 0 {
		m.ServerControl = &m3u8.ServerControl{HoldBack: s.HoldBack}
	}
	place, _, _ := strings.Cut(r.URL, "?")
	var section *m3u8.Map
	if s.Init {
		section = &m3u8.Map{URL: place + "/init"}
	}
	for k := first; k <= last; k++ {
		name := strconv.FormatInt(early+k, 10)
		seg := m3u8.Segment{URI: name, URL: place + "/" + name, Duration: s.Segment, Sequence: uint64(early + k), Start: m.Duration, Map: section}
		if !s.Undated {
			seg.ProgramDateTime = time.Unix(0, 0).Add(time.Duration(k-1) * s.Segment)
		}
		m.Segments = append(m.Segments, seg)
		m.Duration += s.Segment
	}
	w.media[key] = m
	return m
}

// numberOf is the number of a segment with that URL.
func numberOf(url string) int64 {
	n, _ := strconv.ParseInt(url[strings.LastIndexByte(url, '/')+1:], 10, 64)
	return n - early
}

// size is that of a segment, in bytes.
func (w *World) size(r *player.Rendition) int64 {
	bits := 100_000.0 // sound
	if v := r.Variant; v != nil && v.AverageBandwidth > 0 {
		bits = float64(v.AverageBandwidth)
	} else if v != nil {
		bits = float64(v.Bandwidth)
	}
	return int64(min(max(1000, bits*w.shape.Segment.Seconds()/8), 1<<40))
}

// opening is what the first bytes of an initialization section or a segment say.
func (w *World) opening(kind m3u8.Kind, r *player.Rendition, url string) (o mediatime.Opening) {
	at := time.Duration(early+numberOf(url)) * w.shape.Segment
	switch {
	case kind == m3u8.KindInit:
		o.Scales[0].Track, o.Scales[0].Rate = 1, 1000
	case w.shape.Init:
		o.Stamp = mediatime.Stamp{Ticks: uint64(at.Milliseconds()), Track: 1, Kind: mediatime.Decode}
	default:
		o.Stamp = mediatime.Stamp{Ticks: uint64(at.Milliseconds()) * mediatime.ClockRate / 1000 % (1 << 33), Kind: mediatime.Video}
		if r.Track == player.AudioTrack {
			o.Stamp.Kind = mediatime.Audio
		}
	}
	return o
}
