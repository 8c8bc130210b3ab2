package rig

import "time"

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
	Origin          Origin
	Edge            Edge
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
	Latency     time.Duration
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
