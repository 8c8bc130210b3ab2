package player

import (
	"fmt"
	"time"

	"hlsload/player/content"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// FetchID names a fetch of one player.
type FetchID uint32

// EventType says what happened.
type EventType uint8

// The events. Tick needs only the instant; the others say which fetch.
const (
	Tick   EventType = iota // the instant given by Wake has come
	Head                    // the status line and headers of a fetch arrived
	End                     // a fetch is complete
	Failed                  // a fetch ended without a complete answer
	Leave                   // the viewer goes away
)

// Event is one thing that happened to a player.
type Event struct {
	Type  EventType
	Fetch FetchID

	// Head and End.
	Status    int
	Bytes     int64         // of the body, as transferred
	Size      int64         // announced by Content-Length; -1 = not announced
	Sent      time.Duration // when the request left
	FirstByte time.Duration // when the first byte of the answer came
	// End of a playlist with a 2xx status: the parsed, shared, immutable
	// playlist, or Problem when it does not parse.
	Media   *m3u8.Media
	Ladder  *Ladder
	Problem string
	// End of a segment or an initialization section: what its first bytes say;
	// zero = nothing that could be read.
	Opening mediatime.Opening
	// Content is what the body is by its first bytes; Unseen = they were not
	// looked at.
	Content content.Kind

	// Failed.
	Failure Failure
}

// Failure is why a fetch has no complete answer, or why its answer is useless.
type Failure uint8

// The failures. The player itself decides on timeouts and abandons; the others
// come from the driver.
const (
	NoFailure Failure = iota
	Refused           // the connection was refused, or the name did not resolve
	Reset             // the connection broke before a complete head
	Truncated         // the connection broke within the body
	Timeout           // no first byte, no progress or no end in time
	BadStatus         // a status outside 2xx
	BadBody           // a playlist that does not parse
	TooLarge          // the body exceeds the limit of its kind
	Redirects         // too many redirects, or a loop
	Stale             // a playlist that did not change for too long
	Mismatch          // a playlist that contradicts its earlier version
	Gap               // a segment that is marked as missing
	NotMedia          // a body that cannot be media: a page, an error message, a few bytes, none
	failures
)

var failureNames = [failures]string{"", "refused", "reset", "truncated", "timeout", "status", "bad playlist", "too large", "redirects", "stale", "mismatch", "gap", "no media"}

func (f Failure) String() string {
	if f < failures {
		return failureNames[f]
	}
	return fmt.Sprintf("failure(%d)", uint8(f))
}

// Track is what a fetch is for.
type Track uint8

// The tracks. Main carries video, or everything when muxed.
const (
	MainTrack Track = iota
	AudioTrack
	Tracks
)

func (t Track) String() string { return [...]string{"main", "audio"}[t] }

// ActionType says what an action is.
type ActionType uint8

// The actions.
const (
	Fetch   ActionType = iota // request a URL
	Abandon                   // drop a fetch in flight; no event of it may follow
	Note                      // record a sample
	Done                      // the session is over; nothing follows
)

// Action is one thing for the driver to do.
type Action struct {
	Type  ActionType
	Fetch FetchID
	// Fetch.
	Kind      m3u8.Kind
	Track     Track
	Rendition int         // index in the ladder's Renditions; -1 for the multivariant playlist
	URL       string      // absolute
	Range     *m3u8.Range // nil = the whole resource
	// Note.
	Sample Sample
}

// SampleType says what a sample records.
type SampleType uint8

// The samples of a session, in about the order of a session's life.
const (
	Joined     SampleType = iota // the session begins
	Started                      // first media playable; Startup of the session
	Requested                    // a fetch was asked for: Fetch, Kind, Track, Rendition, Pipeline
	Answered                     // a fetch ended: + Status, Failure, Bytes, Due, Sent, FirstByte, Unchanged
	Appended                     // a segment was appended to the buffer: + Media…, Latency, Bitrate, Skipped, Repeated
	Switched                     // another rendition is loaded from now on: From…, Reason
	StallStart                   // playback ran dry
	StallEnd                     // playback resumed: Duration of the stall
	Evidence                     // first sign of trouble of a rendition: Failure
	Detected                     // the policy decided because of it: Decision, Failure
	Fatal                        // the player gave up: Reason
	Left                         // the viewer left
	Ended                        // played to the end of a finished presentation
	Withheld                     // a fetch has to wait because of failures before: Fetch, Kind, Track, Rendition, Pipeline
	sampleTypes
)

var sampleNames = [sampleTypes]string{"join", "startup", "request", "answer", "append", "switch", "stall_start", "stall_end", "evidence", "detect", "fatal", "leave", "end", "withheld"}

func (t SampleType) String() string {
	if t < sampleTypes {
		return sampleNames[t]
	}
	return fmt.Sprintf("sample(%d)", uint8(t))
}

// Decision is what a player did about evidence.
type Decision uint8

// The decisions. A retry of the same URL is none.
const (
	NoDecision   Decision = iota
	Step                  // another level of the same pathway
	Failover              // the other pathway, or a redundant twin
	Exclude               // a rendition or URL is given up for a while
	AbandonFetch          // a fetch in flight is dropped for another level
	GapSkipped            // a segment is given up and skipped
	GiveUp                // the session ends
	decisions
)

var decisionNames = [decisions]string{"", "step", "failover", "exclude", "abandon", "skip", "give up"}

func (d Decision) String() string {
	if d < decisions {
		return decisionNames[d]
	}
	return fmt.Sprintf("decision(%d)", uint8(d))
}

// Sample is one entry of a session's record. Which fields mean something
// depends on Type. Pipeline and Rendition are -1 where they are not known.
type Sample struct {
	At        time.Duration
	Type      SampleType
	Kind      m3u8.Kind
	Track     Track
	Failure   Failure
	Decision  Decision
	Pipeline  int8
	Rendition int16 // index in the ladder's Renditions
	Status    int16
	Fetch     FetchID

	FromPipeline  int8         // Switched
	FromRendition int16        // Switched
	Abr           bool         // Switched: because of bandwidth, not of an error
	Content       content.Kind // of an answer that is no playlist
	Final         bool         // an answered media playlist that has ended

	Bytes     int64
	Due       time.Duration // when the request was due
	Sent      time.Duration // when it left
	FirstByte time.Duration // when the first byte of the answer came; 0 = never
	// Unchanged, of an answered media playlist: for how long it has not
	// changed; 0 = it has just changed.
	Unchanged time.Duration

	MediaStart    time.Duration // on the session's timeline
	MediaDuration time.Duration // of an answered media playlist: of all that it lists
	Sequence      uint64        // media sequence number; of an answered media playlist: the one after its newest segment
	Latency       time.Duration // live latency at the playhead; -1 = no date-time
	Bitrate       int64         // BANDWIDTH of the variant appended
	Skipped       time.Duration // media lost between the previous append and this one
	Repeated      time.Duration // media that was appended before
	Duration      time.Duration // StallEnd: of the stall; Started: startup time
	Reason        string        // Fatal, Detected, Switched: in words
}
