package player

import (
	"time"

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
	// NoVariables means that it has no variables (EXT-X-DEFINE): it asks for
	// URIs as they are written.
	NoVariables bool `yaml:"no_variables"`
	// KeepMismatch takes a playlist that changed the path of a known segment's URI
	// without calling it an error. Another query is none for any player.
	KeepMismatch bool `yaml:"keep_mismatch"`
	// ByText takes a playlist for changed when its URIs are, as new signatures make
	// them; others go by the numbers of what is listed.
	ByText  bool    `yaml:"by_text"`
	Refuses Refuses `yaml:"refuses"` // what it does not accept
}

func (p *Playlist) Limits(l *policy.Limits) { l.In("refuses", &p.Refuses) }

// Refuses lists the kinds of oddity because of which the player takes a
// playlist for a broken one, or asks for something that it does not list. The
// names are those of hlsload list findings.
type Refuses struct {
	Multivariant []string `yaml:"multivariant"` // in a multivariant playlist
	Media        []string `yaml:"media"`        // in a media playlist
}

// HTTP is how the player talks to servers.
type HTTP struct {
	ConnectionsPerHost int    `yaml:"connections_per_host"` // over HTTP/1.1
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

func (h *HTTP) Limits(l *policy.Limits) {
	policy.Within(l, "connections_per_host", &h.ConnectionsPerHost, 1, 64)
	if h.Version != "" {
		policy.OneOf(l, "version", &h.Version, "1.1", "2")
	}
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
	// Cap bounds Buffer and Resume to this share of the hold-back; 0 = no bound.
	Cap float64 `yaml:"cap"`
	// Prepare is the time from that media to the first frame, in which buffers
	// and decoders are made.
	Prepare units.Duration `yaml:"prepare"`
	// Anew chooses the position to begin with anew for each retry of a segment, until
	// something is buffered.
	Anew bool `yaml:"anew"`
	// IgnoreStart means that EXT-X-START is ignored.
	IgnoreStart bool `yaml:"ignore_start"`
}

func (s *Startup) Limits(l *policy.Limits) {
	l.In("estimate", &s.Estimate)
	l.In("level", &s.Level)
	l.In("playlists", &s.Playlists)
	policy.Within(l, "cap", &s.Cap, 0, 1)
	l.Duration("prepare", &s.Prepare, 0, 10*time.Second)
}

// Live is the distance to the live edge.
type Live struct {
	HoldBack    units.Span `yaml:"hold_back"`     // without HOLD-BACK in the playlist
	MinFromEdge units.Span `yaml:"min_from_edge"` // never nearer to the live edge than this
	SnapSegment bool       `yaml:"snap_segment"`  // start at a segment's start instead of exactly there
	// LatencyOnStall is added to the target latency at each stall, up to
	// LatencyOnStallMax in all.
	LatencyOnStall    units.Duration `yaml:"latency_on_stall"`
	LatencyOnStallMax units.Span     `yaml:"latency_on_stall_max"` // 0 = nothing is added
	// RealTime means that media is due by a clock that goes on while playback
	// stands: what was missed is run through as fast as it comes.
	RealTime bool                   `yaml:"real_time"`
	CatchUp  policy.Choice[CatchUp] `yaml:"catch_up"` // the playback rate that keeps the latency
}

func (v *Live) Limits(l *policy.Limits) {
	l.Span("hold_back", &v.HoldBack, time.Millisecond, time.Hour)
	l.In("catch_up", &v.CatchUp)
}

// Timeline is where playlists and segments lie on the timeline of a session.
type Timeline struct {
	Segments policy.Choice[Segments]  `yaml:"segments"` // where a segment lies whose timestamp disagrees with its playlist
	Others   policy.Choice[Alignment] `yaml:"others"`   // by what a playlist of another rendition is aligned first
	Apart    policy.Choice[Apart]     `yaml:"apart"`    // where one lies that has no number or date-time in common with the last
	Jump     policy.Choice[Placement] `yaml:"jump"`     // where a reload lies whose numbers went ahead of all known
	Rewind   policy.Choice[Rewind]    `yaml:"rewind"`   // what happens to a playlist whose media sequence number went back
}

func (t *Timeline) Limits(l *policy.Limits) {
	l.In("segments", &t.Segments)
	l.In("others", &t.Others)
	l.In("apart", &t.Apart)
	l.In("jump", &t.Jump)
	l.In("rewind", &t.Rewind)
}

// Buffer is how much media a player keeps ahead.
type Buffer struct {
	Goal  units.Span     `yaml:"goal"`  // media ahead of the playhead from which on nothing more is asked for
	Bytes int64          `yaml:"bytes"` // raises the goal for low rates: bytes*8/highest rate; 0 = not
	Max   units.Duration `yaml:"max"`   // bound of what Bytes raises to
	// Tick is how late a freed buffer is noticed.
	Tick units.Duration `yaml:"tick"`
}

func (b *Buffer) Limits(l *policy.Limits) { l.Span("goal", &b.Goal, time.Second, time.Hour) }

// FetchTimeout bounds one fetch; 0 = no bound.
type FetchTimeout struct {
	FirstByte units.Span `yaml:"first_byte"` // from the request to the first byte of the body; 0 = no bound
	Idle      units.Span `yaml:"idle"`       // without progress after the first byte
	Total     units.Span `yaml:"total"`      // from the request to the last byte; 0 = no bound
	// NotOnLowest lifts all bounds while the lowest level is loaded.
	NotOnLowest bool `yaml:"not_on_lowest"`
}

// Timeouts is how long fetches may take, by kind.
type Timeouts struct {
	Multivariant FetchTimeout `yaml:"multivariant"`
	Media        FetchTimeout `yaml:"media"`
	Init         FetchTimeout `yaml:"init"`
	Segment      FetchTimeout `yaml:"segment"`
	Key          FetchTimeout `yaml:"key"`
}

// Stall is what happens at holes and when playback runs dry.
type Stall struct {
	// Early is how long before the end of what is buffered playback stands: with the
	// last frame.
	Early units.Duration `yaml:"early"`
	// JumpAfter is how long playback stands before a hole is jumped.
	JumpAfter units.Duration `yaml:"jump_after"`
	// FatalAfter ends the session when it has stood for this long; 0 = never.
	FatalAfter units.Duration `yaml:"fatal_after"`
}

func (s *Stall) Limits(l *policy.Limits) { l.Duration("early", &s.Early, 0, touching) }
