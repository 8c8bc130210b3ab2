package rig

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/rig/media"
)

// Config describes a channel. Its zero value is not usable; start from
// [Default].
type Config struct {
	Ladder          []Rung
	Container       string        // ts | fmp4
	Audio           string        // muxed | demuxed
	Segment         time.Duration // duration of a segment
	Window          int           // segments listed
	Keep            int           // segments kept at the origin
	ProgramDateTime bool
	Pipelines       int    // 1 or 2
	Layout          string // order of redundant variants: interleaved | blocked

	Playlist           string        // live | event (nothing leaves the window) | vod (complete from the start)
	Length             time.Duration // of an event or VOD, the window at the start included; 0 = an event without end
	ByteRanges         bool          // several segments share a resource
	Encryption         string        // none | aes-128
	KeyRotation        int           // segments under one key; 0 = one key for all
	IV                 string        // sequence (the media sequence number) | explicit
	DiscontinuityEvery int           // segments between discontinuities; 0 = none
	GapEvery           int           // one segment of so many is a gap; 0 = none
	GapPipeline        int           // that has the gaps; [chaos.Any] = all, the same ones
	Start              *Start        // EXT-X-START; nil = none

	Origin Origin
	Edge   Edge
}

// Start is EXT-X-START, which all playlists carry.
type Start struct {
	Offset  time.Duration // negative counts from the end
	Precise bool
}

// Rung is one video rendition of the ladder.
type Rung struct {
	Width, Height int
	Rate          int64 // bit/s of its segments
}

// Origin describes the object store and the invalidator.
type Origin struct {
	Stale      string        // none | aws-sample | conditional
	StaleAfter float64       // in target durations after the last write
	Missing    int           // answer to a missing key: 404 | 403
	Latency    time.Duration // to the first byte
	ReadLimit  int           // GET and HEAD a second and prefix; 0 = none
	WriteLimit int           // PUT and DELETE a second and prefix; 0 = none
}

// Edge describes the caches between viewers and origin.
type Edge struct {
	Pops        int
	Shield      bool
	Collapse    bool
	PlaylistTTL time.Duration
	SegmentTTL  time.Duration
	ErrorTTL    time.Duration
	Latency     time.Duration // to the first byte, for each layer that a request passes

	// CloudFront's cache policy. Zero values are its defaults: no minimum, a
	// day by default, a year at most.
	MinTTL, DefaultTTL, MaxTTL time.Duration
	// OriginTimeout is how long a cache waits for the first byte of the layer
	// behind it; 0 = 30s, CloudFront's default for custom origins, which we
	// also take for S3 origins, where it is neither documented nor settable.
	OriginTimeout time.Duration
	// Objects bounds what one cache holds, in objects; 0 = 20,000.
	Objects int
}

// Default is the channel of an empty `rig:` section.
func Default() Config {
	return Config{
		Ladder:          Ladders["hd-720p"],
		Container:       "ts",
		Audio:           "muxed",
		Segment:         4 * time.Second,
		Window:          10,
		Keep:            21,
		ProgramDateTime: true,
		Pipelines:       2,
		Layout:          "interleaved",
		Playlist:        Live,
		Encryption:      "none",
		IV:              "sequence",
		GapPipeline:     chaos.Any,
		Origin: Origin{Stale: "aws-sample", StaleAfter: 1.5, Missing: 404, Latency: 15 * time.Millisecond,
			ReadLimit: 5500, WriteLimit: 3500},
		Edge: Edge{Pops: 4, Shield: true, Collapse: true, PlaylistTTL: time.Second, SegmentTTL: 24 * time.Hour,
			ErrorTTL: time.Second, Latency: 5 * time.Millisecond},
	}
}

// AudioRate is the bit rate of a demuxed audio rendition: 96 kbit/s AAC-LC in
// the AWS solution's profiles, 64 kbit/s in the mini ladder.
const (
	AudioRate     = 96_000
	MiniAudioRate = 64_000
)

// Ladders are the ladders by name. The hd and sd ones are the encoding
// profiles of the AWS solution "Live Streaming on AWS with Amazon S3" v3.2.
var Ladders = map[string][]Rung{
	"hd-1080p": {{512, 288, 400e3}, {640, 360, 800e3}, {768, 432, 1200e3}, {960, 540, 1800e3}, {1280, 720, 2700e3}, {1920, 1080, 4100e3}},
	"hd-720p":  {{512, 288, 400e3}, {640, 360, 800e3}, {768, 432, 1200e3}, {960, 540, 1800e3}, {1280, 720, 2700e3}},
	"sd-540p":  {{512, 288, 400e3}, {640, 360, 800e3}, {768, 432, 1200e3}, {960, 540, 1800e3}},
	"mini":     {{256, 144, 100e3}, {416, 234, 200e3}, {640, 360, 400e3}},
}

// FieldError is one mistake in a [Config].
type FieldError struct {
	Field string // as in the scenario, below `rig`: "edge.pops", "ladder[2].rate"
	Got   string
	Want  string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("rig: %s: got %s; want %s", e.Field, e.Got, e.Want)
}

// Bounds of a configuration.
const (
	MaxRungs     = 32
	MaxWindow    = 1_000
	MaxKeep      = 10_000
	MaxPops      = 64
	MaxSegment   = 30 * time.Second
	maxPixels    = 16_384
	maxTTL       = 10 * 365 * 24 * time.Hour
	maxLatency   = time.Minute
	maxObjects   = 1_000_000
	maxPerSecond = 1_000_000_000
	// MaxSegments bounds an event or VOD. An event without a length ends there.
	MaxSegments = 10_000
)

// Types of a media playlist.
const (
	Live  = "live"
	Event = "event"
	VOD   = "vod"
)

// Rewriting configures what viewers are shown in place of the channel's answers
// by faults via viewer.
func (c *Config) Rewriting(faults []chaos.Fault) chaos.RewriterConfig {
	cfg := chaos.RewriterConfig{Faults: faults, StaleAfter: c.Origin.StaleAfter, Missing: c.Origin.Missing}
	if c.Origin.Stale == "none" {
		cfg.StaleAfter = chaos.NeverStale
	}
	return cfg
}

// Check returns every mistake in c, in the order of its fields; nil when it
// can be used.
func (c *Config) Check() []*FieldError {
	var bad []*FieldError
	fail := func(field string, got any, want string, args ...any) {
		bad = append(bad, &FieldError{field, fmt.Sprint(got), fmt.Sprintf(want, args...)})
	}
	oneOf := func(field, got string, want ...string) {
		list := ""
		for i, w := range want {
			if got == w {
				return
			}
			if i > 0 {
				list += ", "
			}
			list += w
		}
		fail(field, fmt.Sprintf("%q", got), "one of %s", list)
	}
	within := func(field string, got, from, to time.Duration) {
		if got < from || got > to {
			fail(field, got, "%v to %v", from, to)
		}
	}
	count := func(field string, got, from, to int) {
		if got < from || got > to {
			fail(field, got, "%d to %d", from, to)
		}
	}
	if n := len(c.Ladder); n < 1 || n > MaxRungs {
		fail("ladder", fmt.Sprintf("%d renditions", n), "1 to %d", MaxRungs)
	}
	for i, r := range c.Ladder {
		if r.Width < 1 || r.Width > maxPixels || r.Height < 1 || r.Height > maxPixels {
			fail(fmt.Sprintf("ladder[%d].size", i), fmt.Sprintf("%dx%d", r.Width, r.Height), "WIDTHxHEIGHT, each from 1 to %d", maxPixels)
		}
		if r.Rate < 1_000 || r.Rate > media.MaxRate {
			fail(fmt.Sprintf("ladder[%d].rate", i), fmt.Sprintf("%dbps", r.Rate), "1kbps to %dMbps", int64(media.MaxRate)/1_000_000)
		}
		for k := range i {
			if c.Ladder[k] == r {
				fail(fmt.Sprintf("ladder[%d]", i), fmt.Sprintf("%dx%d at %dbps", r.Width, r.Height, r.Rate), "a size and rate that ladder[%d] does not have already", k)
				break
			}
		}
	}
	oneOf("container", c.Container, "ts", "fmp4")
	oneOf("audio", c.Audio, "muxed", "demuxed")
	if c.Segment < media.Grid || c.Segment > MaxSegment || c.Segment%media.Grid != 0 {
		fail("segment", c.Segment, "a multiple of %v, at most %v", media.Grid, MaxSegment)
	} else {
		for i, r := range c.Ladder {
			f := media.Format{Video: true, Width: max(r.Width, 1), Height: max(r.Height, 1), Rate: min(max(r.Rate, 0), media.MaxRate)}
			if err := f.Check(c.Segment); err != nil {
				fail(fmt.Sprintf("ladder[%d].rate", i), fmt.Sprintf("%dbps", r.Rate), "less: %v", err)
			}
		}
	}
	count("window", c.Window, 3, MaxWindow)
	count("keep", c.Keep, c.Window, MaxKeep)
	count("pipelines", c.Pipelines, 1, 2)
	oneOf("layout", c.Layout, "interleaved", "blocked")
	c.checkContent(fail, oneOf, count)

	oneOf("origin.stale", c.Origin.Stale, "none", "aws-sample", "conditional")
	// NaN fails both comparisons' complements, so test for what is right.
	if !(c.Origin.StaleAfter >= 0.5 && c.Origin.StaleAfter <= 1000) {
		fail("origin.stale_after", c.Origin.StaleAfter, "0.5 to 1000 target durations")
	}
	if c.Origin.Missing != 404 && c.Origin.Missing != 403 {
		fail("origin.missing", c.Origin.Missing, "404 or 403")
	}
	within("origin.latency", c.Origin.Latency, 0, maxLatency)
	count("origin.read_limit", c.Origin.ReadLimit, 0, maxPerSecond)
	count("origin.write_limit", c.Origin.WriteLimit, 0, maxPerSecond)

	count("edge.pops", c.Edge.Pops, 1, MaxPops)
	within("edge.playlist_ttl", c.Edge.PlaylistTTL, 0, maxTTL)
	within("edge.segment_ttl", c.Edge.SegmentTTL, 0, maxTTL)
	within("edge.error_ttl", c.Edge.ErrorTTL, 0, maxTTL)
	within("edge.latency", c.Edge.Latency, 0, maxLatency)
	within("edge.min_ttl", c.Edge.MinTTL, 0, maxTTL)
	within("edge.default_ttl", c.Edge.DefaultTTL, 0, maxTTL)
	within("edge.max_ttl", c.Edge.MaxTTL, 0, maxTTL)
	within("edge.origin_timeout", c.Edge.OriginTimeout, 0, 10*time.Minute)
	count("edge.objects", c.Edge.Objects, 0, maxObjects)
	return bad
}

// checkContent looks at what the playlists list.
func (c *Config) checkContent(fail func(field string, got any, want string, args ...any), oneOf func(field, got string, want ...string), count func(field string, got, from, to int)) {
	oneOf("playlist", c.Playlist, Live, Event, VOD)
	least := time.Duration(1)
	if c.Playlist == Event {
		least = time.Duration(c.Window) + 1 // it goes on when the run starts
	}
	switch {
	case c.Segment < media.Grid:
	case c.Playlist == Live && c.Length != 0:
		fail("length", c.Length, "none: only playlist: event and vod have an end")
	case c.Playlist == VOD && c.Length == 0:
		fail("length", "nothing", "the length of the VOD, such as 10m")
	case c.Length != 0 && (c.Length%c.Segment != 0 || c.Length < least*c.Segment || c.Length > MaxSegments*c.Segment):
		fail("length", c.Length, "a multiple of the segment's %v from %v to %v", c.Segment, least*c.Segment, MaxSegments*c.Segment)
	}
	oneOf("encryption", c.Encryption, "none", "aes-128")
	oneOf("iv", c.IV, "sequence", "explicit")
	if c.Encryption == "none" && c.KeyRotation != 0 {
		fail("key_rotation", c.KeyRotation, "none: only encryption: aes-128 has keys")
	}
	if c.Encryption == "none" && c.IV == "explicit" {
		fail("iv", c.IV, "none: only encryption: aes-128 has keys")
	}
	count("key_rotation", c.KeyRotation, 0, MaxSegments)
	count("discontinuity_every", c.DiscontinuityEvery, 0, MaxSegments)
	if c.GapEvery != 0 {
		count("gap_every", c.GapEvery, 2, MaxSegments)
		if c.GapPipeline < chaos.Any || c.GapPipeline >= c.Pipelines {
			fail("gap_pipeline", c.GapPipeline, "less than %d, the pipelines", c.Pipelines)
		}
	} else if c.GapPipeline != chaos.Any {
		fail("gap_pipeline", c.GapPipeline, "none: gap_every is not given")
	}
	if s, listed := c.Start, c.listed(); s != nil && listed > 0 && s.Offset.Abs() >= listed {
		fail("start.offset", s.Offset, "within the %v that are listed", listed)
	}
}

// listed is how much media the playlists list at the start of the run.
func (c *Config) listed() time.Duration {
	if c.Playlist == VOD {
		return c.Length
	}
	return time.Duration(c.Window) * c.Segment
}

// segments is how many segments the presentation has; 0 = no end.
func (c *Config) segments() int64 {
	switch {
	case c.Playlist == Live || c.Segment <= 0:
		return 0
	case c.Length == 0:
		return MaxSegments
	}
	return int64(c.Length / c.Segment)
}
