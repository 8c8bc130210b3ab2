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
	Reload   Reload                         `yaml:"reload"`
	Timeline Timeline                       `yaml:"timeline"`
	Buffer   Buffer                         `yaml:"buffer"`
	Estimate policy.Choice[estimate.Policy] `yaml:"estimate"` // how throughput is estimated
	Choose   policy.Choice[Chooser]         `yaml:"choose"`   // how levels are chosen by throughput
	Abandon  policy.Choice[Abandoner]       `yaml:"abandon"`  // whether a segment in flight is dropped for being too slow
	Timeouts Timeouts                       `yaml:"timeouts"`
	Errors   []ErrorRule                    `yaml:"errors"`  // what happens after a failed fetch; the last rule of each kind has causes: [any]
	Penalty  policy.Choice[Penalty]         `yaml:"penalty"` // what is given up for a time because of an error
	Returns  policy.Choice[Returns]         `yaml:"returns"` // when the end of a penalty matters
	Stale    StaleRule                      `yaml:"stale"`
	Stall    Stall                          `yaml:"stall"`
	Gap      policy.Choice[AtGap]           `yaml:"gap"` // what happens at a segment with EXT-X-GAP

	refuses [2]m3u8.Codes // as Playlist says, by kind
}

// Playlist is what the player makes of the text of a playlist.
type Playlist struct {
	// NoVariables tells that it knows no variables (EXT-X-DEFINE): it asks for
	// URIs as they are written.
	NoVariables bool    `yaml:"no_variables"`
	Refuses     Refuses `yaml:"refuses"` // what it does not put up with
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

// What a player does when its position has left the window.
const (
	BehindSeekLive    = "seek-live"    // goes back to the distance that it starts at
	BehindWindowStart = "window-start" // goes to the window's start plus the offset
	BehindFatal       = "fatal"        // the session ends
	BehindNext        = "next"         // goes on with the first listed segment
)

// Live is the distance to the live edge.
type Live struct {
	HoldBack     units.Span     `yaml:"hold_back"`     // without HOLD-BACK in the playlist
	MinFromEdge  units.Span     `yaml:"min_from_edge"` // never nearer to the live edge than this
	SnapSegment  bool           `yaml:"snap_segment"`  // start at a segment's start instead of exactly there
	Behind       string         `yaml:"behind"`        // seek-live, window-start, fatal or next
	BehindOffset units.Duration `yaml:"behind_offset"` // from the window's start
	// BehindOnce does not do so again before something was loaded.
	BehindOnce bool `yaml:"behind_once"`
	// Sliding tells that the window moves on between reloads, as the clock does,
	// so that a player that stands still falls out of it at any time; with
	// window-start only.
	Sliding bool `yaml:"sliding"`
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

// From where reload intervals are measured.
const (
	FromRequest  = "request"  // from when the previous request was due, without drift
	FromSent     = "sent"     // from when the previous request left
	FromResponse = "response" // from the end of the previous answer
)

// Reload is the clock of media playlists.
type Reload struct {
	From      string     `yaml:"from"`      // request, sent or response
	Changed   units.Span `yaml:"changed"`   // until the next reload, when this one brought something new
	Unchanged units.Span `yaml:"unchanged"` // until the next reload, when it did not
	// NearEdge replaces Changed by the last segment's duration, when that is
	// shorter, while the playhead is within this distance of the edge; 0 = never.
	NearEdge units.Span `yaml:"near_edge"`
	// Together loads all active playlists on one clock, which starts again when
	// the last of them has arrived and goes on through changes of level.
	Together bool `yaml:"together"`
	// AudioAfter asks for another audio playlist only once the video's is there.
	AudioAfter bool `yaml:"audio_after"`
	// OnDemand loads a playlist only when a segment is wanted; the intervals
	// above are then minima.
	OnDemand bool `yaml:"on_demand"`
	// InitAgain loads the initialization section again after every playlist.
	InitAgain bool `yaml:"init_again"`
	// Insist asks for the playlist of a level at the next look for segments (see
	// Tick) after that level was chosen, however long a retry would wait, if the
	// first request has failed by then and it was never loaded.
	Insist bool `yaml:"insist"`
	// Overdue tells that each playlist has a clock of its own, which goes on
	// while another one is loaded: coming back to it finds a reload overdue and
	// loads it twice in a row.
	Overdue bool `yaml:"overdue"`
	// KeepMismatch takes a playlist that changed the path of a known segment's URI
	// without calling it an error. Another query is none for anybody.
	KeepMismatch bool `yaml:"keep_mismatch"`
	// ByText takes a playlist for changed when its URIs are, as new signatures make
	// them; others go by the numbers of what is listed.
	ByText bool `yaml:"by_text"`
	// AfterError is the time from a failed reload to the next one of whatever is
	// played then; with together only.
	AfterError units.Duration `yaml:"after_error"`
	// MinusLoad subtracts the smoothed duration of a load (EWMA, half-life in
	// loads); 0 = not.
	MinusLoad float64 `yaml:"minus_load"`
}

// By what a playlist of another rendition is aligned first.
const (
	ByDate   = "date"   // EXT-X-PROGRAM-DATE-TIME
	ByNumber = "number" // media sequence numbers
)

// Where a playlist lies that has no number in common with the one before it.
const (
	PlaceDate     = "date"     // where its date-times say; without those as apart has it
	PlaceCount    = "count"    // a target duration on for each number that is missing; with lower numbers both end together
	PlaceStart    = "start"    // it starts where the one before it started
	PlacePlayhead = "playhead" // it starts at the playback position
	PlaceZero     = "zero"     // it starts where the session's timeline did
)

// What happens besides at a reload whose media sequence number went back.
const (
	ResetWait  = "wait"  // it is set aside until its numbers have caught up
	ResetFatal = "fatal" // as wait, also with numbers in common; without, the session ends once playback has run dry
)

// Timeline is where playlists and segments lie on the timeline of a session.
type Timeline struct {
	// Timestamps tells that a segment lies where its first timestamp says (PTS,
	// or tfdt), and its playlist with it, whatever numbers and dates made of it.
	Timestamps bool `yaml:"timestamps"`
	// Join has a segment whose timestamp disagrees with its number follow what was
	// loaded last without a gap, if it lies before the end of that or further than
	// this after it; 0 = not. Not with timestamps.
	Join units.Duration `yaml:"join"`
	// Origin tells that nothing can be played from before where the session's
	// timeline began.
	Origin bool   `yaml:"origin"`
	By     string `yaml:"by"` // date (default) or number
	// Dates of two playlists do not count when they are further apart than this
	// and than what is listed; 0 = 24h.
	Dates units.Duration `yaml:"dates"`
	// Apart is where a playlist of another rendition lies, without dates that
	// count: count (default), start or playhead.
	Apart string `yaml:"apart"`
	// Jump is where a reload lies whose numbers went ahead of all known: date
	// (default), count, start or playhead.
	Jump string `yaml:"jump"`
	// Reset is what happens at a reload whose media sequence number went back:
	// it is placed by date (default), count, start or zero, or it is not taken:
	// wait or fatal.
	Reset string `yaml:"reset"`
	// ResetOthers tells that Reset is also for playlists of other renditions.
	ResetOthers bool `yaml:"reset_others"`
	// ResetRetry is the time from a playlist that was set aside to the next
	// reload; 0 = as after one without news.
	ResetRetry units.Duration `yaml:"reset_retry"`
}

// Buffer is how much media a player keeps ahead.
type Buffer struct {
	Goal  units.Span     `yaml:"goal"`  // media ahead of the playhead from which on nothing more is asked for; 1 s to 1 h
	Bytes int64          `yaml:"bytes"` // raises the goal for low rates: bytes*8/highest rate; 0 = not
	Max   units.Duration `yaml:"max"`   // bound of what Bytes raises to
	// Tick is how late a freed buffer is noticed.
	Tick units.Duration `yaml:"tick"`
	// Poll is how often a player that has loaded everything looks for new
	// segments, at most PollMax (0 = no bound); 0 = when a playlist arrives.
	Poll    units.Span     `yaml:"poll"`
	PollMax units.Duration `yaml:"poll_max"` // bound of what Poll says
	// InitBeside asks for an initialization section and the segment that needs
	// it at the same time.
	InitBeside bool `yaml:"init_beside"`
	// LeadIn is how much before the position the first segment of an empty buffer
	// is looked for; up to 10 s.
	LeadIn units.Duration `yaml:"lead_in"`
	// Blocks tells that everything is read by one thread: one request at a time,
	// audio first; a track that waits for its playlist holds up the others, and
	// playback stands while an answer has not begun for this long; 0 = not.
	Blocks units.Duration `yaml:"blocks"`
	// RepeatJoint loads the last buffered segment again as the first one of
	// another rendition, if it carries audio and video: these do not end
	// together, so it counts as incomplete. Not twice in a row.
	RepeatJoint bool `yaml:"repeat_joint"`
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

// How a stale playlist is noticed.
const (
	StaleNone      = "none"         // it is not
	StaleMisses    = "misses"       // reloads without a change
	StaleSince     = "since-change" // time since the last change
	StaleBufferEnd = "buffer-end"   // nothing left to play of an unchanged playlist
	StaleStarved   = "starved"      // since-change, but only once playback ran dry
)

// Stale is the reaction to a playlist that no longer changes.
type StaleRule struct {
	Detect string     `yaml:"detect"` // none, misses, since-change, buffer-end or starved
	Misses int        `yaml:"misses"` // unchanged reloads in a row, with misses; 0 = never
	After  units.Span `yaml:"after"`  // time since the last change, with since-change and starved
	Then   Recovery   `yaml:"then"`   // steps
	// Once tells that a rendition is never found stale twice.
	Once bool `yaml:"once"`
	// Trial tells that a rendition that was left for being stale is gone back
	// to only if its playlist has changed since.
	Trial bool `yaml:"trial"`
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
