package chaos

import (
	"time"

	"hlsload/player/m3u8"
)

// Kind names a fault, as in "pipeline.kill". [Kinds] lists them.
type Kind string

// The faults of the vocabulary.
const (
	PipelineKill        Kind = "pipeline.kill"
	PipelinePause       Kind = "pipeline.pause"
	PipelineDrift       Kind = "pipeline.drift"
	InputLoss           Kind = "input.loss"
	PlaylistFreeze      Kind = "playlist.freeze"
	PlaylistDelete      Kind = "playlist.delete"
	PlaylistRollback    Kind = "playlist.rollback"
	PlaylistEndlist     Kind = "playlist.endlist"
	SegmentMissing      Kind = "segment.missing"
	SegmentLate         Kind = "segment.late"
	SegmentTruncate     Kind = "segment.truncate"
	OriginStatus        Kind = "origin.status"
	OriginSlow          Kind = "origin.slow"
	OriginHang          Kind = "origin.hang"
	InvalidatorOff      Kind = "invalidator.off"
	InvalidatorSlow     Kind = "invalidator.slow"
	InvalidatorThrottle Kind = "invalidator.throttle"
	PackagerErrors      Kind = "packager.errors"
	EdgeStatus          Kind = "edge.status"
	EdgeSlow            Kind = "edge.slow"
	EdgeHang            Kind = "edge.hang"
	EdgeErrorTTL        Kind = "edge.error_ttl"
	EdgeFlush           Kind = "edge.flush"
	HTTPStatus          Kind = "http.status"
	HTTPSlow            Kind = "http.slow"
	HTTPHang            Kind = "http.hang"
	HTTPTruncate        Kind = "http.truncate"
	HTTPReset           Kind = "http.reset"
	NetBandwidth        Kind = "net.bandwidth"
	NetLatency          Kind = "net.latency"
	NetDown             Kind = "net.down"
	AuthExpire          Kind = "auth.expire"
	AuthRevoke          Kind = "auth.revoke"
	AuthClock           Kind = "auth.clock"
	ViewersSurge        Kind = "viewers.surge"
	ViewersReconnect    Kind = "viewers.reconnect"
	Command             Kind = "command"
	Manual              Kind = "manual"
)

// Via names what applies a fault.
type Via string

// The appliers.
const (
	ViaRig     Via = "rig"     // the embedded channel
	ViaViewer  Via = "viewer"  // the players' own transport
	ViaAWS     Via = "aws"     // the AWS control plane
	ViaCommand Via = "command" // programs of the user
	ViaManual  Via = "manual"  // a person, at a URL
)

// Marks reports whether the applier marks the answers that its faults touch.
func (v Via) Marks() bool { return v == ViaRig || v == ViaViewer }

// Any, in a selector, selects everything.
const Any = -1

// Fault is one occurrence of an entry of the scenario's chaos list.
type Fault struct {
	Name       string // of the entry
	Rule       int    // index of the entry in the chaos list; < 64
	Occurrence int    // 1, 2, … of that entry
	Kind       Kind
	Via        Via
	At         time.Duration // planned start
	For        time.Duration // length of the window; 0 = instant, or open until the end

	// Viewers and things that are hit.
	Pipeline  int         // or Any
	Rendition string      // name, index, "lowest", "highest"; "" = any
	Pop       int         // or Any
	Cohort    string      // "" = any
	Share     float64     // of viewers, by stable hash of the player number; 1, or 0 when unset = all
	Kinds     []m3u8.Kind // of requests; nil = any that make sense

	// Parameters; which of them a kind uses is in [Kinds].
	Code         int           // status
	By           time.Duration // drift, late, slow, latency, invalidator.slow, clock
	TTL          time.Duration // edge.error_ttl
	Segments     int           // rollback by
	Resume       string        // kill: continue | restart
	Children     string        // pause: delete | stale
	Then         string        // input.loss: emit | pause
	Once         bool          // playlist.delete: healed by the next write
	Down         int64         // net.bandwidth, bit/s
	Players      int           // viewers.surge
	Over         time.Duration // viewers.surge
	Concurrency  int           // invalidator.throttle
	Conditions   []string      // packager.errors; empty = none
	StartCommand []string      // command
	StopCommand  []string      // command
	Within       time.Duration // manual
}

// NewFault returns a fault of that kind that hits everything: with a zero
// Fault, Pipeline and Pop would name the first of each.
func NewFault(name string, kind Kind) Fault {
	return Fault{Name: name, Kind: kind, Pipeline: Any, Pop: Any, Share: 1}
}

// Marks is the set of faults that touched an answer: bit i stands for the
// entry with [Fault.Rule] i. Which occurrence it was follows from the time.
type Marks uint64

// Has reports whether the entry with that rule is in the set.
func (m Marks) Has(rule int) bool { return m>>uint(rule)&1 != 0 }

// Mark is the set of one entry.
func Mark(rule int) Marks { return 1 << uint(rule) }

// Thing is what a decision is about: a request, or an object of the origin.
type Thing struct {
	Kind       m3u8.Kind
	Pipeline   int    // Any = unknown
	Rendition  int    // index in the ladder, in listed order; Any = none (a multivariant playlist)
	Renditions int    // how many ranks there are: "highest" is Rank Renditions-1
	Name       string // of the rendition
	Rank       int    // of its bandwidth, 0 = lowest; Any = none
	Pop        int    // Any = not at an edge
	Cohort     string // of the viewer; "" = not known
	Viewer     uint64 // player number
	HasViewer  bool   // false: Cohort, Viewer and Issued mean nothing here (at the origin)
	// Issued is when the viewer's token was issued: at the start of the session,
	// or when the session renewed it last.
	Issued time.Duration
}

// NewThing returns a thing of which only the kind and the pipeline are known.
func NewThing(kind m3u8.Kind, pipeline int) Thing {
	return Thing{Kind: kind, Pipeline: pipeline, Rendition: Any, Rank: Any, Pop: Any}
}

// By sets the viewer that asks for the thing.
func (t *Thing) By(cohort string, viewer uint64, issued time.Duration) {
	t.Cohort, t.Viewer, t.HasViewer, t.Issued = cohort, viewer, true, issued
}

// Site is where a decision is asked for.
type Site uint8

// The sites of a request, from the far end to the near one.
const (
	AtOrigin Site = iota // a request reached the origin
	AtEdge               // a request reached an edge
	AtViewer             // an answer reaches the player
)

// Effect is what happens to one request. The zero value is: nothing.
type Effect struct {
	Status   int           // answer with this status and no body instead; 0 = leave it
	Delay    time.Duration // before the first byte
	Hang     bool          // no byte ever comes (until the other side gives up)
	Truncate bool          // the body ends halfway, the connection with it
	Reset    bool          // the connection is reset instead of an answer
	Marks    Marks         // the faults that did it
}
