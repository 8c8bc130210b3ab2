package rig

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/rig/media"
)

// Channel is what the encoder pipelines and the invalidator leave at the
// origin: a function of the configuration, the windows of the plan and now.
// What it holds besides is a memory of where its replay stands.
type Channel struct {
	cfg        Config
	clock      clock
	names      names
	plan       *chaos.Plan
	windows    []chaos.Window // of the plan that are looked at
	target     time.Duration  // EXT-X-TARGETDURATION
	staleAfter time.Duration  // of the invalidator, from the LastModified of a write
	started    time.Duration  // when playlists and sections that are written once were
	first      int64          // index of the first segment
	last       int64          // index of the last one; none is after it
	shape      uint64         // hash of what segments depend on besides their number

	formats []media.Format // by rendition
	ranks   []int          // by rung
	ranked  int            // how many ranks there are
	rungs   []variant      // by rung
	inits   [2][]*Object
	streams [2][]*stream
	tops    [2]multivariant
}

// newChannel makes the channel of a configuration that was checked.
func newChannel(cfg Config, seed draw.Seed, epoch time.Time) *Channel {
	c := &Channel{cfg: cfg, clock: newClock(cfg.Segment, seed, epoch), names: newNames(&cfg)}
	c.target = (cfg.Segment + time.Second - 1).Truncate(time.Second)
	c.staleAfter = time.Duration(cfg.Origin.StaleAfter * float64(c.target))
	c.first, c.last = c.clock.latest(0)-int64(cfg.Keep+cfg.Window), math.MaxInt64
	if n := cfg.segments(); n > 0 {
		c.cfg.Keep, c.cfg.Window = int(n), int(n) // nothing is removed
		c.first = c.clock.latest(0) - int64(cfg.listed()/cfg.Segment) + 1
		c.last = c.first + n - 1
	}
	c.started = c.clock.end(c.first)
	c.formats = formats(&cfg)
	var rates []int64
	for _, r := range cfg.Ladder {
		rates = append(rates, r.Rate)
	}
	c.ranks, c.ranked = m3u8.Ranks(rates)
	for _, f := range c.formats {
		c.shape = draw.Mix(c.shape ^ draw.Mix(uint64(f.Rate)<<20^uint64(f.Width)<<6^uint64(f.Container)))
	}
	c.measure()
	for p := range cfg.Pipelines {
		c.tops[p].settled = c.started
		for r, f := range c.formats {
			if c.names.hasInit {
				id := ID{Kind: m3u8.KindInit, Pipeline: p, Rendition: r}
				c.inits[p] = append(c.inits[p], c.withBody(id, media.Init(f), c.started, media.ContentType(f)))
			}
			c.streams[p] = append(c.streams[p], newStream(c, p, r))
		}
	}
	return c
}

func formats(cfg *Config) []media.Format {
	container := media.TS
	if cfg.Container == "fmp4" {
		container = media.FMP4
	}
	var out []media.Format
	for _, r := range cfg.Ladder {
		out = append(out, media.Format{Container: container, Video: true, Audio: cfg.Audio == "muxed",
			Width: r.Width, Height: r.Height, Rate: r.Rate})
	}
	if cfg.Audio == "demuxed" {
		out = append(out, media.Format{Container: container, Audio: true, Rate: audioRate(cfg)})
	}
	return out
}

// audioRate is the rate of the audio rendition. The mini ladder's is known by
// its rungs, which never carry more than 400 kbit/s.
func audioRate(cfg *Config) int64 {
	for _, r := range cfg.Ladder {
		if r.Rate > 400e3 {
			return AudioRate
		}
	}
	return MiniAudioRate
}

// thing describes id to a plan.
func (c *Channel) thing(id ID) chaos.Thing {
	t := chaos.NewThing(id.Kind, id.Pipeline)
	t.Renditions = c.ranked
	if id.Rendition >= 0 {
		t.Rendition, t.Name = id.Rendition, c.names.renditions[id.Rendition]
		if id.Rendition < len(c.ranks) {
			t.Rank = c.ranks[id.Rendition]
		}
	}
	return t
}

// setPlan changes the plan. What was replayed stays where the plans agree up
// to there. It returns the instant before which nothing is of consequence any
// more: windows that ended before are left out.
func (c *Channel) setPlan(now time.Duration, p *chaos.Plan) (horizon time.Duration) {
	differ := c.plan.Differs(p)
	horizon = chaos.Open
	for _, streams := range c.streams {
		for _, s := range streams {
			s.run(min(now, differ-1)) // which may not have been asked for since the start
			horizon = min(horizon, s.horizon())
		}
	}
	if differ <= horizon {
		horizon = math.MinInt64
	}
	c.plan = p
	for _, streams := range c.streams {
		for _, s := range streams {
			if differ <= s.last {
				c.windows = slices.Collect(p.Windows())
				s.reset()
				continue
			}
			c.windows = slices.Collect(p.Since(horizon))
			s.f = c.compile(s)
			s.bound = 0
			for s.bound < len(s.f.bounds) && s.f.bounds[s.bound].at <= s.last {
				s.bound++
			}
			s.wake = s.upcoming()
		}
	}
	c.windows = slices.Collect(p.Since(horizon))
	for i := range c.cfg.Pipelines {
		c.tops[i].compile(c, i, horizon)
	}
	return horizon
}

// horizon is the instant before which a window must end to be of no more
// consequence for a stream: what it still keeps was made afterwards.
func (s *stream) horizon() time.Duration {
	at := min(s.last, s.put.at)
	if len(s.kept) > 0 {
		at = min(at, s.c.clock.start(s.kept[0].index))
	}
	if len(s.versions) > 0 {
		at = min(at, s.versions[0].at)
	}
	return at - time.Minute - 2*time.Duration(s.c.cfg.Keep)*s.c.cfg.Segment
}

// look is what the origin holds under id at now, which must not go backwards.
func (c *Channel) look(id ID, now time.Duration) look {
	switch id.Kind {
	case m3u8.KindMultivariant:
		return c.tops[id.Pipeline].look(c, id.Pipeline, now)
	case m3u8.KindKey:
		return c.key(id, now)
	}
	s := c.streams[id.Pipeline][id.Rendition]
	s.run(now)
	switch id.Kind {
	case m3u8.KindMedia:
		return s.playlist(now)
	case m3u8.KindInit:
		return s.section(id.Sequence, now)
	}
	if c.cfg.ByteRanges {
		return s.resource(id.Sequence, now)
	}
	return s.segment(id.Sequence, now)
}

// written is when the channel last wrote or removed what id names, or a past
// instant if never. It must follow a look at the same instant.
func (c *Channel) written(id ID, l look) time.Duration {
	if id.Kind == m3u8.KindMedia {
		s := c.streams[id.Pipeline][id.Rendition]
		if len(s.versions) > 0 {
			return s.versions[len(s.versions)-1].at
		}
	}
	if l.object != nil {
		return l.object.Modified
	}
	return c.started
}

// ids lists what one pipeline may have at the origin at now.
func (c *Channel) ids(p int, now time.Duration) []ID {
	ids := []ID{{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition}}
	for r, s := range c.streams[p] {
		s.run(now)
		ids = append(ids, ID{Kind: m3u8.KindMedia, Pipeline: p, Rendition: r})
		if c.names.hasInit && !c.cfg.ByteRanges {
			ids = append(ids, ID{Kind: m3u8.KindInit, Pipeline: p, Rendition: r})
		}
		for i := range s.kept {
			if seg := &s.kept[i]; !seg.gap {
				ids = append(ids, ID{Kind: m3u8.KindSegment, Pipeline: p, Rendition: r, Sequence: seg.name()})
			}
		}
	}
	if last, ok := c.lastKey(p, now); ok {
		for n := range last + 1 {
			ids = append(ids, ID{Kind: m3u8.KindKey, Pipeline: p, Rendition: noRendition, Sequence: n})
		}
	}
	slices.SortFunc(ids, func(a, b ID) int { return cmp.Compare(a.key(), b.key()) })
	return slices.Compact(ids)
}
