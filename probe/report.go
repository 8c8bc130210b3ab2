package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/player/profile"
	"hlsload/player/stream"
	"hlsload/reports/cdn"
	"hlsload/stage"
)

// Report is the result of a probe.
type Report struct {
	Schema      string         `json:"schema"` // hlsload.probe/v1
	URLs        []string       `json:"urls"`
	Answer      []string       `json:"answer"` // in words
	Variants    int            `json:"variants"`
	Pipelines   int            `json:"pipelines"`
	Players     []Player       `json:"players"`
	Media       []*Lineup      `json:"media"`
	Differences []Difference   `json:"differences"`
	Unreadable  []string       `json:"unreadable"` // in one pipeline only; then predictions are not valid
	Notes       []string       `json:"notes"`
	Playlists   []*Sight       `json:"playlists"`
	Stream      *stream.Stream `json:"-"`
}

// Difference is a difference between the pipelines.
type Difference struct {
	What  string `json:"what"`
	Where string `json:"where"`
	A     string `json:"a"`
	B     string `json:"b"`
	Means string `json:"means"`
}

// Sight is what was read of one playlist.
type Sight struct {
	URL      string            `json:"url"`
	Pipeline int               `json:"pipeline"` // -1 = unknown
	Status   int               `json:"status"`   // 0 = no answer
	TTFBMs   float64           `json:"ttfb_ms"`
	Bytes    int               `json:"bytes"`
	Headers  map[string]string `json:"headers"` // those of [CacheHeaders]
	Says     string            `json:"says"`    // of a media playlist, in words
	Segment  string            `json:"segment"` // its newest segment, in words
	Findings []string          `json:"findings"`

	Media *m3u8.Media   `json:"-"` // nil = it could not be read
	Took  time.Duration `json:"-"` // from the request to the end of the answer
	Down  int64         `json:"-"` // rate of a segment in bit/s; 0 = unknown
	Bad   bool          `json:"-"` // it cannot be watched
	lost  *unreadable
}

// CacheHeaders are the headers of answers that are about caches.
var CacheHeaders = append([]string{"Server", "Via", "Age", "Cache-Control", "Last-Modified", "X-Amz-Cf-Pop"}, cdn.HeaderNames()...)

// Get is the value of one of these headers.
func (s *Sight) Get(header string) string { return s.Headers[header] }

// Find adds a finding.
func (s *Sight) Find(format string, args ...any) {
	s.Findings = append(s.Findings, fmt.Sprintf(format, args...))
}

// Describe sets the description and the findings of its media playlist.
func (s *Sight) Describe(profiles []*player.Profile) {
	m := s.Media
	kind := "live"
	switch {
	case m.EndList:
		kind = "ended"
	case m.Type != "":
		kind = m.Type
	}
	s.Says = fmt.Sprintf("%s, target duration %v, %d segments, %v listed, media sequence %d", kind, m.TargetDuration, len(m.Segments), m.Duration, m.MediaSequence)
	if n := len(m.Segments); n > 0 && m.HasProgramDateTime {
		last := &m.Segments[n-1]
		s.Says += ", ends at " + last.ProgramDateTime.Add(last.Duration).Format(time.RFC3339Nano)
	}
	s.Findings = append(s.Findings, profile.Oddities(profiles, m3u8.KindMedia, m.Findings)...)
	s.Bad = s.Bad || profile.RefusedByAll(profiles, m3u8.KindMedia, m.Findings) != nil
	if len(m.Segments) == 0 {
		s.Lose(m3u8.KindMedia, "playlist", 0)
		s.Find("no segment is listed: nothing can be played")
	} else if m.Duration < 3*m.TargetDuration && !m.EndList {
		s.Find("less than three target durations are listed (rfc8216bis 6.2.2)")
	}
}

// Read reads the multivariant playlists of the stream.
func (r *Report) Read(lists []*m3u8.Multivariant) {
	r.Stream = stream.Read(lists, nil)
	r.Variants, r.Pipelines = len(r.Stream.Variants), r.Stream.Pipelines
}

// Conclude draws the conclusions for players of the profiles.
func (r *Report) Conclude(profiles []*player.Profile) {
	for _, s := range r.Playlists {
		if s.Media == nil {
			continue
		}
		if ll := stream.LowLatency(s.Media); ll != "" {
			r.Notes = append(r.Notes, sentence(ll))
			break // once for the stream
		}
	}
	if r.Stream == nil {
		return
	}
	list := r.Stream.Lists[0]
	shape, why := r.shape(list)
	shape.Unlike = cmp.Or(shape.Unlike, why)
	plain := *list
	plain.Findings = nil // as if no player refused the stream
	w := predict.NewWorld(&plain, r.Stream.Pipeline, &shape)
	for _, p := range profiles {
		r.Players = append(r.Players, r.view(p, list, w, why))
	}
	r.compare(profiles)
	r.answer()
	r.Answer = slices.Insert(r.Answer, 1, r.lines(profiles)...)
}

// Unwatchable counts the media playlists that cannot be watched, and those that were
// read.
func (r *Report) Unwatchable() (bad, of int) {
	for _, s := range r.Playlists {
		if s.Media != nil || s.Bad {
			of++
		}
		if s.Bad {
			bad++
		}
	}
	return bad, of
}

func (r *Report) byURL() map[string]*Sight {
	seen := map[string]*Sight{}
	for _, s := range r.Playlists {
		seen[s.URL] = s
	}
	return seen
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// answer is the summary: which players recognise the redundancy.
func (r *Report) answer() {
	paired := len(r.Stream.Pairs)
	by := map[string][]string{}
	levels := map[string]int{}
	for _, p := range r.Players {
		by[p.Sees] = append(by[p.Sees], p.Profile)
		levels[p.Sees] = max(levels[p.Sees], p.Levels)
	}
	say := func(format string, args ...any) { r.Answer = append(r.Answer, fmt.Sprintf(format, args...)) }
	names := func(sees string) string { return strings.Join(by[sees], ", ") }
	switch {
	case r.Pipelines < 2:
		say("Redundancy: none. One pipeline with %s, so no player can fail over.", counted(r.Variants, "variant"))
	case r.Stream.OwnOnly():
		say("Redundancy: not visible to players. Each multivariant playlist lists its own pipeline only: %d of %d variants have a copy, which no player can find.", paired, r.Variants-paired)
	default:
		say("Redundancy: %s with a copy.", counted(paired, "variant"))
		if alone := r.Variants - 2*paired; alone > 0 {
			r.Answer[0] = fmt.Sprintf("Redundancy: partial. %s with a copy, %d without one.", counted(paired, "variant"), alone)
		}
		if by[seesCopies] != nil {
			say("Treated as copies of one level by: %s.", names(seesCopies))
		}
		if by[seesTwins] != nil {
			say("Treated as separate levels of the same bandwidth by: %s.", names(seesTwins))
		}
		if by[seesLadder] != nil {
			say("Treated as a ladder of %d levels by: %s.", levels[seesLadder], names(seesLadder))
		}
	}
	for _, u := range r.Unreadable {
		say("%s", sentence(u))
	}
	if n := len(r.Differences); n > 0 && r.Pipelines > 1 {
		say("The pipelines differ in %s.", counted(n, "way"))
	} else if r.Pipelines > 1 && !r.agree() {
		say("Their playlists agree in everything that was compared.")
	} else if r.Pipelines > 1 {
		say("The pipelines agree in everything that was compared.")
	}
	if target := r.target(); r.Pipelines > 1 && target > 0 {
		say("A run on this stream takes faults via viewer by default: %s.", stage.AtViewers)
		say("When such a fault kills a pipeline, %s.", stage.AssumesStale(target))
	}
}

// target is the longest target duration of the media playlists; 0 = none was read.
func (r *Report) target() (longest time.Duration) {
	for _, s := range r.Playlists {
		if s.Media != nil {
			longest = max(longest, s.Media.TargetDuration)
		}
	}
	return longest
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
