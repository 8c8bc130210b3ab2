package player

import (
	"hlsload/player/estimate"
	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// Profile is one player.
type Profile struct {
	// Base names a profile that ships; what this file does not say is as there.
	Base       string     `yaml:"base,omitempty"`
	ID         string     `yaml:"id"`         // short name with the version in it, as in hlsjs-1.7
	Player     string     `yaml:"player"`     // name and version
	About      string     `yaml:"about"`      // one line for lists
	Source     string     `yaml:"source"`     // where the values were read or measured
	Confidence Confidence `yaml:"confidence"` // how sure the values are, as above

	Playlist Playlist                       `yaml:"playlist"`
	HTTP     HTTP                           `yaml:"http"`
	Read     policy.Choice[Reading]         `yaml:"read"` // how the variants of a multivariant playlist are read
	Startup  Startup                        `yaml:"startup"`
	Live     Live                           `yaml:"live"`
	Behind   policy.Choice[Behind]          `yaml:"behind"` // what happens when the position has left the window
	Clock    policy.Choice[Clock]           `yaml:"clock"`  // when media playlists are loaded again
	Timeline Timeline                       `yaml:"timeline"`
	Buffer   Buffer                         `yaml:"buffer"`
	Loader   policy.Choice[Loader]          `yaml:"loader"`   // in what order, and when, segments are asked for
	Estimate policy.Choice[estimate.Policy] `yaml:"estimate"` // how throughput is estimated
	Choose   policy.Choice[Chooser]         `yaml:"choose"`   // how levels are chosen by throughput
	Abandon  policy.Choice[Abandoner]       `yaml:"abandon"`  // whether a segment in flight is dropped for being too slow
	Timeouts Timeouts                       `yaml:"timeouts"`
	Errors   []ErrorRule                    `yaml:"errors"`  // what happens after a failed fetch; the last rule of each kind has causes: [any]
	Penalty  policy.Choice[Penalty]         `yaml:"penalty"` // what is given up for a time because of an error
	Returns  policy.Choice[Returns]         `yaml:"returns"` // when the end of a penalty matters
	Stale    policy.Choice[StalePolicy]     `yaml:"stale"`   // how a playlist that no longer changes is noticed, and what happens then
	Stall    Stall                          `yaml:"stall"`
	Gap      policy.Choice[AtGap]           `yaml:"gap"` // what happens at a segment with EXT-X-GAP

	refuses [2]m3u8.Codes // as Playlist says, by kind
}

// Playlist is what the player makes of the text of a playlist.
type Playlist struct {
	// NoVariables tells that it knows no variables (EXT-X-DEFINE): it asks for
	// URIs as they are written.
	NoVariables bool `yaml:"no_variables"`
	// KeepMismatch takes a playlist that changed the path of a known segment's URI
	// without calling it an error. Another query is none for any player.
	KeepMismatch bool `yaml:"keep_mismatch"`
	// ByText takes a playlist for changed when its URIs are, as new signatures make
	// them; others go by the numbers of what is listed.
	ByText  bool    `yaml:"by_text"`
	Refuses Refuses `yaml:"refuses"` // what it does not put up with
}

// Refuses lists the kinds of oddity because of which the player takes a
// playlist for a broken one, or asks for something that it does not list. The
// names are those of hlsload list findings.
type Refuses struct {
	Multivariant []string `yaml:"multivariant"` // in a multivariant playlist
	Media        []string `yaml:"media"`        // in a media playlist
}

// HTTP is how the player talks to servers.
type HTTP struct {
	ConnectionsPerHost int    `yaml:"connections_per_host"` // over HTTP/1.1; 1 … 64
	UserAgent          string `yaml:"user_agent"`           // sent with every request
	// Version is the newest version of HTTP that the player speaks over TLS: 1.1
	// or 2 (default). Without TLS it is always 1.1.
	Version string `yaml:"version"`
	// KeyPerTrack has each track ask for its keys; otherwise one that a track
	// has loaded serves them all.
	KeyPerTrack bool `yaml:"key_per_track"`
	// KeyPerSegment asks for the key of every segment, also of those that share it.
	KeyPerSegment bool `yaml:"key_per_segment"`
}

// HTTP2 reports whether the player offers HTTP/2 over TLS.
func (h *HTTP) HTTP2() bool { return h.Version != "1.1" }

// Startup is what happens until the first frame.
type Startup struct {
	Estimate  policy.Choice[FirstEstimate]  `yaml:"estimate"`  // of throughput, before anything was measured
	Level     policy.Choice[FirstLevel]     `yaml:"level"`     // the level to begin with
	Playlists policy.Choice[FirstPlaylists] `yaml:"playlists"` // what is loaded before playback begins
	Buffer    units.Span                    `yaml:"buffer"`    // media needed to start; 0 = one segment
	Resume    units.Span                    `yaml:"resume"`    // media needed to go on after a stall; 0 = one segment
	// Cap bounds Buffer and Resume to this share of the hold-back, 0 to 1;
	// 0 = no bound.
	Cap float64 `yaml:"cap"`
	// Prepare is the time from that media to the first frame, in which buffers
	// and decoders are made; up to 10 s.
	Prepare units.Duration `yaml:"prepare"`
	// IgnoreStart tells that EXT-X-START is not heeded.
	IgnoreStart bool `yaml:"ignore_start"`
}

// Live is the distance to the live edge.
type Live struct {
	HoldBack    units.Span `yaml:"hold_back"`     // without HOLD-BACK in the playlist
	MinFromEdge units.Span `yaml:"min_from_edge"` // never nearer to the live edge than this
	SnapSegment bool       `yaml:"snap_segment"`  // start at a segment's start instead of exactly there
	// LatencyOnStall is added to the target latency at each stall, up to
	// LatencyOnStallMax in all.
	LatencyOnStall    units.Duration `yaml:"latency_on_stall"`
	LatencyOnStallMax units.Span     `yaml:"latency_on_stall_max"` // 0 = no bound
	// RealTime tells that media is due by a clock that goes on while playback
	// stands: what was missed is run through as fast as it comes.
	RealTime bool    `yaml:"real_time"`
	CatchUp  CatchUp `yaml:"catch_up"`
}

// CatchUp is the playback rate that keeps the latency, for playlists that
// state HOLD-BACK and carry date-times: 1 + Slope × seconds behind the target.
type CatchUp struct {
	Slope    float64        `yaml:"slope"`     // per second, 0 to 1; 0 = the rate is always 1
	Min      float64        `yaml:"min"`       // of the rate, 0.5 to 1
	Max      float64        `yaml:"max"`       // of the rate, 1 to 2
	DeadZone units.Duration `yaml:"dead_zone"` // off by less: rate 1
}

// Timeline is where playlists and segments lie on the timeline of a session.
type Timeline struct {
	Segments policy.Choice[Segments]  `yaml:"segments"` // where a segment lies whose timestamp disagrees with its playlist
	Others   policy.Choice[Alignment] `yaml:"others"`   // by what a playlist of another rendition is aligned first
	Apart    policy.Choice[Placement] `yaml:"apart"`    // where one lies that has no number or date-time in common with the last; not date
	Jump     policy.Choice[Placement] `yaml:"jump"`     // where a reload lies whose numbers went ahead of all known
	Rewind   policy.Choice[Rewind]    `yaml:"rewind"`   // what happens to a playlist whose media sequence number went back
}

// Buffer is how much media a player keeps ahead.
type Buffer struct {
	Goal  units.Span     `yaml:"goal"`  // media ahead of the playhead from which on nothing more is asked for; 1 s to 1 h
	Bytes int64          `yaml:"bytes"` // raises the goal for low rates: bytes*8/highest rate; 0 = not
	Max   units.Duration `yaml:"max"`   // bound of what Bytes raises to
	// Tick is how late a freed buffer is noticed.
	Tick units.Duration `yaml:"tick"`
}

func (t *Timeline) Limits(l *policy.Limits) {
	l.In("segments", &t.Segments)
	l.In("others", &t.Others)
	l.In("apart", &t.Apart)
	l.In("jump", &t.Jump)
	l.In("rewind", &t.Rewind)
	if t.Apart.Is != nil && t.Apart.Is.byDate() {
		l.Wrong("apart", "out of place (got date; want another place)")
	}
}

// Timeout bounds one fetch; 0 = no bound.
type FetchTimeout struct {
	FirstByte units.Span `yaml:"first_byte"` // from the request to the first byte of the body; 0 = no bound
	Idle      units.Span `yaml:"idle"`       // without progress after the first byte
	Total     units.Span `yaml:"total"`      // from the request to the last byte; 0 = no bound
	// NotOnLowest lifts all bounds while the lowest level is loaded.
	NotOnLowest bool `yaml:"not_on_lowest"`
}

// Timeouts by kind of fetch.
type Timeouts struct {
	Multivariant FetchTimeout `yaml:"multivariant"`
	Media        FetchTimeout `yaml:"media"`
	Init         FetchTimeout `yaml:"init"`
	Segment      FetchTimeout `yaml:"segment"`
	Key          FetchTimeout `yaml:"key"`
}

// Stall is what happens at holes and when playback runs dry.
type Stall struct {
	// JumpAfter is how long playback stands before a hole is jumped.
	JumpAfter units.Duration `yaml:"jump_after"`
	// FatalAfter ends the session when it has stood for this long; 0 = never.
	FatalAfter units.Duration `yaml:"fatal_after"`
}

// Timeout returns the bounds for a kind by its name.
func (t *Timeouts) For(kind string) *FetchTimeout {
	switch kind {
	case "multivariant":
		return &t.Multivariant
	case "media":
		return &t.Media
	case "init":
		return &t.Init
	case "key":
		return &t.Key
	}
	return &t.Segment
}
