package probe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/trial"
)

// unreadable is a playlist, or a resource that it lists, which cannot be read.
type unreadable struct {
	kind   m3u8.Kind
	status int    // that players get
	what   string // as in "audio playlist"
	why    string // as in "status 404"
}

// notFound is the status that players are assumed to get where there was no answer.
const notFound = 404

// Lose marks the playlist as unwatchable, because it, or a resource that it lists,
// cannot be read. A status of 0 stands for no usable answer.
func (s *Sight) Lose(kind m3u8.Kind, what string, status int) {
	s.Bad = true
	switch {
	case s.lost != nil:
	case status == 0:
		s.lost = &unreadable{kind: kind, status: notFound, what: what, why: "no usable answer"}
	default:
		s.lost = &unreadable{kind: kind, status: status, what: what, why: fmt.Sprintf("status %d", status)}
	}
}

// String is one side of a difference.
func (u *unreadable) String() string {
	if u == nil {
		return "readable"
	}
	return "listed, but cannot be read (" + u.why + ")"
}

// pipelineNames are what a report calls pipelines.
var pipelineNames = [2]string{"the first pipeline", "the second pipeline"}

// losses adds a difference for each playlist that can be read in one pipeline only,
// with what happens to players.
func (r *Report) losses(profiles []*player.Profile, add func(what, where, a, b, means string)) {
	seen := r.byURL()
	means := [2]string{}
	compare := func(what, where, a, b string) {
		x, y := seen[a], seen[b]
		if x == nil || y == nil || (x.lost == nil) == (y.lost == nil) {
			return
		}
		side, lost := 0, x.lost
		if lost == nil {
			side, lost = 1, y.lost
		}
		if means[side] == "" {
			means[side] = r.outcomes(side, profiles)
		}
		name := what + " " + lost.what
		add(name, where, x.lost.String(), y.lost.String(), "the stream has no redundancy now. "+means[side])
		said := fmt.Sprintf("%s of %s cannot be read", name, pipelineNames[side])
		if !slices.Contains(r.Unreadable, said) {
			r.Unreadable = append(r.Unreadable, said)
		}
	}
	for _, p := range r.Stream.Pairs {
		compare("variant", nameOfVariant(p[0]), p[0].URL, p[1].URL)
	}
	for _, p := range r.Stream.Media {
		compare(strings.ToLower(p[0].Type), p[0].Name, p[0].URL, p[1].URL)
	}
}

// How long a trial lasts: until players with full buffers have played them out.
const (
	trialBegins = 40 * time.Second
	trialLasts  = 160 * time.Second
)

// outcomes is what happens to viewers of a pipeline with the stream as it is now, by
// profile.
func (r *Report) outcomes(side int, profiles []*player.Profile) string {
	lists := r.Stream.Lists
	mv := lists[min(side, len(lists)-1)]
	media, lost := map[string]*m3u8.Media{}, map[string]*unreadable{}
	for _, s := range r.Playlists {
		if media[s.URL] = s.Media; s.lost != nil {
			lost[s.URL] = s.lost
		}
	}
	first := len(mv.Variants) > 0 && r.Stream.Pipeline(mv.Variants[0].URL) == side
	stream := &trial.Stream{List: mv, Media: media, Pipeline: r.Stream.Pipeline, Fails: func(at time.Duration, kind m3u8.Kind, playlist string) int {
		if u := lost[playlist]; u != nil && u.kind == kind {
			return u.status
		}
		if !first && at >= trialBegins && r.Stream.Pipeline(playlist) == 1-side {
			return notFound
		}
		return 0
	}}
	by := map[string][]string{}
	for _, p := range profiles {
		o, err := trial.Watch(p, stream, trialLasts)
		what := "do not start"
		if err == nil {
			what = becomes(&o, side)
		}
		by[what] = append(by[what], p.ID)
	}
	var parts []string
	for _, what := range ends {
		if by[what] != nil {
			parts = append(parts, what+" ("+strings.Join(by[what], ", ")+")")
		}
	}
	which := "Players that start there: "
	if !first {
		which = "Players that fail over to it: "
	}
	return which + strings.Join(parts, "; ")
}

// Outcomes for viewers, the worst first.
var ends = []string{"do not start", "stop", "stay without video", "stay without audio", "take audio from the other pipeline", "take video from the other pipeline", "fail over", "play on"}

// becomes is the outcome of a trial.
func becomes(o *trial.Outcome, side int) string {
	other := 1 - side
	switch {
	case !o.Started:
		return ends[0]
	case o.End != "" || !o.Playing || o.Video < 0 && o.Sound < 0:
		return ends[1]
	case o.NoPictures:
		return ends[2]
	case !o.Muxed && o.Sound < 0:
		return ends[3]
	case o.Video == side && o.Sound == other:
		return ends[4]
	case o.Video == other && o.Sound == side:
		return ends[5]
	case o.Video == other:
		return ends[6]
	}
	return ends[7]
}
