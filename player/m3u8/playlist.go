package m3u8

import (
	"fmt"
	"time"
)

// Kind says what a URL of a presentation is.
type Kind uint8

// The kinds, in the order a player meets them.
const (
	KindMultivariant Kind = iota // the multivariant playlist
	KindMedia                    // a media playlist
	KindInit                     // a media initialization section (EXT-X-MAP)
	KindSegment                  // a media segment
	KindKey                      // a key (EXT-X-KEY)
	Kinds                        // how many kinds there are
)

var kindNames = [Kinds]string{"multivariant", "media", "init", "segment", "key"}

func (k Kind) String() string {
	if k < Kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, bool) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Playlist is a [*Media] or a [*Multivariant].
type Playlist interface {
	// Kind is KindMedia or KindMultivariant.
	Kind() Kind
	// Append writes the playlist as text to dst and returns the longer slice.
	Append(dst []byte) []byte

	playlist()
}

// Kind returns KindMedia.
func (*Media) Kind() Kind { return KindMedia }

// Kind returns KindMultivariant.
func (*Multivariant) Kind() Kind { return KindMultivariant }

func (*Media) playlist()        {}
func (*Multivariant) playlist() {}

// Attribute is one NAME=value pair of an attribute list that the parser does
// not know. Value is as written, quotes included, variables substituted.
type Attribute struct{ Name, Value string }

// Tag is a tag that the parser does not know, kept as written.
type Tag struct {
	Line  int
	Name  string // with the leading "#", as in "#EXT-X-FOO"
	Value string // after the colon
}

// Range is a byte range of a resource.
type Range struct{ Length, Offset int64 }

// Start is EXT-X-START.
type Start struct {
	TimeOffset time.Duration // negative counts from the end
	Precise    bool
	Attributes []Attribute // unknown ones
}

// Define is EXT-X-DEFINE: exactly one of Name, Import and QueryParam is set.
// Value is the value of the variable, whichever way it was found.
type Define struct{ Name, Value, Import, QueryParam string }

// Multivariant is a multivariant playlist (rfc8216bis 4.4.6). A parsed
// playlist is immutable and may be shared by any number of players.
type Multivariant struct {
	Version             int  // 0 = absent, which means 1
	IndependentSegments bool // EXT-X-INDEPENDENT-SEGMENTS
	Start               *Start
	Variants            []Variant // EXT-X-STREAM-INF, in listed order
	IFrameVariants      []Variant // EXT-X-I-FRAME-STREAM-INF
	Renditions          []Rendition
	Steering            *Steering
	SessionData         []SessionData
	SessionKeys         []Key
	Defines             []Define
	Unknown             []Tag
	// Findings is what the parser put up with. It is not printed.
	Findings Findings
}

// Variant is EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF.
type Variant struct {
	Line               int    // of the tag
	URI                string // as written, variables substituted
	URL                string // absolute; equal to URI when parsed without a base
	Bandwidth          int64  // BANDWIDTH, bit/s
	AverageBandwidth   int64  // AVERAGE-BANDWIDTH, bit/s; 0 = absent
	Score              float64
	Codecs             string
	SupplementalCodecs string
	Width, Height      int // RESOLUTION; 0 = absent
	FrameRate          float64
	HDCPLevel          string
	AllowedCPC         string
	VideoRange         string
	ReqVideoLayout     string
	StableVariantID    string
	PathwayID          string // "" = absent, which means "."
	Audio, Video       string // group ids
	Subtitles          string
	ClosedCaptions     string      // a group id, or NONE
	Attributes         []Attribute // unknown ones
}

// Rendition is EXT-X-MEDIA.
type Rendition struct {
	Line              int
	Type              string // AUDIO, VIDEO, SUBTITLES, CLOSED-CAPTIONS
	URI, URL          string // "" = carried in the variant
	GroupID, Name     string
	Language          string
	AssocLanguage     string
	StableRenditionID string
	Default           bool
	Autoselect        bool
	Forced            bool
	InstreamID        string
	BitDepth          int
	SampleRate        int
	Characteristics   string
	Channels          string
	Attributes        []Attribute
}

// Steering is EXT-X-CONTENT-STEERING.
type Steering struct {
	ServerURI, ServerURL string
	PathwayID            string // "" = absent
	Attributes           []Attribute
}

// SessionData is EXT-X-SESSION-DATA.
type SessionData struct {
	DataID, Value, URI, URL string
	Format                  string // JSON, RAW or "", which means JSON
	Language                string
	Attributes              []Attribute
}

// Media is a media playlist (rfc8216bis 4.4.3). A parsed playlist is immutable
// and may be shared by any number of players.
type Media struct {
	Version               int // 0 = absent, which means 1
	TargetDuration        time.Duration
	MediaSequence         uint64
	DiscontinuitySequence uint64
	EndList               bool
	Type                  string // EVENT, VOD or ""
	IFramesOnly           bool
	IndependentSegments   bool
	Start                 *Start
	PartTarget            time.Duration // 0 = no EXT-X-PART-INF
	ServerControl         *ServerControl
	Segments              []Segment
	// Parts holds the parts after the last segment (of the one being made).
	Parts []Part
	// Next is what the tags after the last segment say about the one being
	// made: Sequence, Start, Discontinuity, Map, Keys, ProgramDateTime and so
	// on, without URI, Duration and Parts. It is nil when neither Parts nor
	// such tags are there.
	Next             *Segment
	PreloadHints     []PreloadHint
	RenditionReports []RenditionReport
	Skip             *Skip
	DateRanges       []DateRange
	Defines          []Define
	// Unknown holds the unknown tags before the first segment and, with a
	// Line greater than the last segment's, after the last one. Those in
	// between are in [Segment.Unknown].
	Unknown []Tag
	// Truncated: the body ended inside a segment: with an EXTINF,
	// EXT-X-BYTERANGE or EXT-X-PROGRAM-DATE-TIME and without the URI line (or
	// part) they belong to. Everything before is here. A body cut between two
	// segments looks whole; only its length in HTTP gives it away.
	Truncated bool
	// Findings is what the parser put up with. It is not printed.
	Findings Findings
	// Duration is the sum of the segments' durations.
	Duration time.Duration
	// HasProgramDateTime reports whether any segment carried
	// EXT-X-PROGRAM-DATE-TIME; then every segment has one, extrapolated.
	HasProgramDateTime bool

	inherited inherited // of a delta update
}

// inherited is what a delta update leaves to the segments that it skips: how
// many of its first segments, Next included, come before its first tag of each
// class.
type inherited struct {
	keys, maps, bitrates int
	cleared              bool // that EXT-X-KEY says METHOD=NONE
}

// Segment is one media segment with everything that applies to it.
type Segment struct {
	Line          int           // of the URI
	URI           string        // as written, variables substituted
	URL           string        // absolute; equal to URI when parsed without a base
	Title         string        // of EXTINF
	Duration      time.Duration // EXTINF; 0 = it has none
	Sequence      uint64        // media sequence number
	Start         time.Duration // offset from the start of the playlist's first segment
	Discontinuity bool          // EXT-X-DISCONTINUITY precedes it
	// DiscontinuitySequence is the number of the discontinuity it belongs to.
	DiscontinuitySequence uint64
	ByteRange             *Range // in a delta update, Offset -1 = unknown until merged
	Map                   *Map   // nil = none; shared by consecutive segments
	Keys                  []Key  // nil = clear; shared by consecutive segments
	// ProgramDateTime is as written, or extrapolated from the nearest one
	// (rfc8216bis 6.3.3); zero when the playlist has none.
	ProgramDateTime time.Time
	Extrapolated    bool  // ProgramDateTime is not as written
	Gap             bool  // EXT-X-GAP, or a URI that is none
	Bitrate         int64 // EXT-X-BITRATE, bit/s; 0 = absent, or byte ranges, to which it does not apply
	Parts           []Part
	Unknown         []Tag // unknown tags between the previous segment and this one
}

// Map is EXT-X-MAP.
type Map struct {
	URI, URL   string
	ByteRange  *Range
	Attributes []Attribute
	// Clear, which parsing does not set, has it written where no EXT-X-KEY
	// applies to it: it is not encrypted although its segments are.
	Clear bool
}

// Key is EXT-X-KEY or EXT-X-SESSION-KEY.
type Key struct {
	Method                       string // never NONE
	URI, URL                     string
	IV                           string // as written, "" = absent
	KeyFormat, KeyFormatVersions string // "" = absent, which means identity and 1
	Attributes                   []Attribute
}

// Part is EXT-X-PART.
type Part struct {
	URI, URL    string
	Duration    time.Duration
	Independent bool
	ByteRange   *Range
	Gap         bool
	Attributes  []Attribute
}

// ServerControl is EXT-X-SERVER-CONTROL.
type ServerControl struct {
	CanSkipUntil      time.Duration
	CanSkipDateRanges bool
	HoldBack          time.Duration // 0 = absent
	PartHoldBack      time.Duration // 0 = absent
	CanBlockReload    bool
	Attributes        []Attribute
}

// PreloadHint is EXT-X-PRELOAD-HINT.
type PreloadHint struct {
	Type, URI, URL string // Type is PART or MAP
	Start, Length  int64  // Length -1 = to the end
	Attributes     []Attribute
}

// RenditionReport is EXT-X-RENDITION-REPORT.
type RenditionReport struct {
	URI, URL   string
	LastMSN    uint64 // when absent, that of this playlist
	LastPart   int    // -1 = absent
	Attributes []Attribute
}

// Skip is EXT-X-SKIP.
type Skip struct {
	Segments int
	// RecentlyRemovedDateRanges is nil when the attribute is absent; an empty
	// list is not nil.
	RecentlyRemovedDateRanges []string
	Attributes                []Attribute
}

// DateRange is EXT-X-DATERANGE.
type DateRange struct {
	ID, Class                 string
	StartDate, EndDate        time.Time     // zero = absent
	Duration, PlannedDuration time.Duration // -1 = absent
	Cue                       string
	EndOnNext                 bool
	Attributes                []Attribute // X-… and SCTE35-…, as written
}
