// Package trial lets one player watch a stream as it was seen once, on a network
// that never waits, to see whether it plays at all when part of it cannot be
// read. It knows a multivariant playlist and one state of each media playlist;
// live ones go on as they were.
//
// Start with [Watch], which takes a profile and a [Stream] and says in an
// [Outcome] what became of it. It measures nothing: for how a player fares in
// time there is package sim, for what it will do when a pipeline fails package
// predict.
//
// The package is pure: time is virtual and nothing is asked for.
package trial

import (
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// Stream is what was seen.
type Stream struct {
	List  *m3u8.Multivariant
	Media map[string]*m3u8.Media // by URL; what is not there cannot be read
	// Pipeline returns the one that a media playlist belongs to, -1 = unknown.
	Pipeline func(url string) int
	// Fails is the status with which a fetch fails at an instant, 0 = it does
	// not. The URL is that of the media playlist that refers to what is fetched.
	Fails func(at time.Duration, kind m3u8.Kind, playlist string) int
}

// Outcome is what became of a viewer.
type Outcome struct {
	Started bool
	End     string // why the session ended before the trial did; "" = it did not
	Playing bool   // at the end
	Video   int    // pipeline of what came last, -1 = none lately
	Sound   int    // of what came last by itself, -1 = none lately
	Muxed   bool   // the pictures carry the sound
	// NoPictures: sound is all that is played.
	NoPictures bool
	Failed     int // fetches that failed
}

// Bounds of a trial: a hundred thousand steps are more than any profile makes in
// the longest, and lately is what players with a full buffer are content with.
const (
	maxSteps = 100_000
	rtt      = 20 * time.Millisecond
	rate     = 50_000_000 // bit/s of the link
)

type answer struct {
	at time.Duration
	ev player.Event
}

// watch is one trial.
type watch struct {
	s      *Stream
	prof   *player.Profile
	ladder *player.Ladder
	lists  map[string]*state
	queue  []answer
	out    Outcome
	video  time.Duration // when pictures came last
	sound  time.Duration
	shown  int16 // rendition of the pictures
}

// state is a live playlist as it was given last.
type state struct {
	shift int
	media *m3u8.Media
}

// Watch plays a stream for a while. It fails when the profile finds nothing to
// play in it.
func Watch(p *player.Profile, s *Stream, last time.Duration) (Outcome, error) {
	w := &watch{s: s, prof: p, lists: map[string]*state{}, out: Outcome{Video: -1, Sound: -1}, video: -1, sound: -1, shown: -1}
	ladder, err := player.NewLadder(s.List, p, s.Pipeline)
	if err != nil {
		return w.out, err
	}
	w.ladder = ladder
	v := player.New(player.Config{Profile: p, URL: "trial:", Seed: draw.Seed(1)}, 0)
	w.take(v, 0, &player.Event{Type: player.Tick})
	for range maxSteps {
		at, i := v.Wake(), w.first()
		ev := player.Event{Type: player.Tick}
		if i >= 0 && w.queue[i].at <= at {
			at, ev = w.queue[i].at, w.queue[i].ev
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
		}
		if at > last || v.Over() {
			break
		}
		w.take(v, at, &ev)
	}
	w.out.Playing = v.Playing()
	w.out.NoPictures = w.shown >= 0 && w.ladder.Renditions[w.shown].Track != player.MainTrack
	w.out.Muxed = w.shown >= 0 && !w.out.NoPictures && !w.demuxed()
	lately := last - 30*time.Second
	if w.video < lately {
		w.out.Video = -1
	}
	if w.sound < lately {
		w.out.Sound = -1
	}
	return w.out, nil
}

// first is the answer that comes first, -1 if none will.
func (w *watch) first() int {
	best := -1
	for i := range w.queue {
		if best < 0 || w.queue[i].at < w.queue[best].at {
			best = i
		}
	}
	return best
}

// demuxed reports whether the sound of what is shown comes by itself.
func (w *watch) demuxed() bool {
	r := &w.ladder.Renditions[w.shown]
	return w.ladder.Levels[r.Level].AudioByPathway[r.Pathway] >= 0
}

func (w *watch) take(v *player.Player, now time.Duration, ev *player.Event) {
	for _, a := range v.Step(now, ev, nil) {
		switch a.Type {
		case player.Fetch:
			w.fetch(now, &a)
		case player.Abandon:
			for i := range w.queue {
				if w.queue[i].ev.Fetch == a.Fetch {
					w.queue = append(w.queue[:i], w.queue[i+1:]...)
					break
				}
			}
		case player.Note:
			w.note(now, &a.Sample)
		}
	}
}

func (w *watch) note(now time.Duration, s *player.Sample) {
	switch s.Type {
	case player.Started:
		w.out.Started = true
	case player.Fatal, player.Ended:
		if w.out.End = s.Reason; s.Reason == "" {
			w.out.End = "the end"
		}
	case player.Answered:
		if s.Failure != player.NoFailure {
			w.out.Failed++
		}
	case player.Appended:
		if s.Track == player.AudioTrack {
			w.sound, w.out.Sound = now, int(s.Pipeline)
			return
		}
		w.video, w.out.Video, w.shown = now, int(s.Pipeline), s.Rendition
	}
}

// fetch answers after a round trip.
func (w *watch) fetch(now time.Duration, a *player.Action) {
	at := now + rtt
	ev := player.Event{Type: player.End, Fetch: a.Fetch, Status: 200, Bytes: 1000, Size: 1000, Sent: now, FirstByte: at}
	status := 0
	if a.Kind != m3u8.KindMultivariant {
		list := w.ladder.Renditions[a.Rendition].URL
		status = w.s.Fails(now, a.Kind, list)
		if a.Kind == m3u8.KindMedia && status == 0 {
			if ev.Media = w.media(now, list); ev.Media == nil {
				status = 404
			}
		}
		if a.Kind == m3u8.KindSegment && status == 0 {
			ev.Bytes = w.size(a.Rendition)
			ev.Size = ev.Bytes
			at += time.Duration(float64(ev.Bytes) * 8 / rate * float64(time.Second))
		}
	} else {
		ev.Ladder = w.ladder
	}
	if status != 0 {
		ev.Status, ev.Bytes, ev.Size, ev.Media = status, 0, 0, nil
	}
	w.queue = append(w.queue, answer{at, ev})
}

// size is that of a segment.
func (w *watch) size(rendition int) int64 {
	r := &w.ladder.Renditions[rendition]
	bits := 100_000.0
	if r.Variant != nil && r.Variant.Bandwidth > 0 {
		bits = float64(min(r.Variant.Bandwidth, rate/4))
	}
	if m := w.s.Media[r.URL]; m != nil && len(m.Segments) > 0 {
		bits *= m.Segments[0].Duration.Seconds()
	}
	return max(1000, int64(bits/8))
}

// media is a playlist at an instant: it goes on with segments like its own.
func (w *watch) media(now time.Duration, url string) *m3u8.Media {
	m := w.s.Media[url]
	if m == nil || m.EndList || len(m.Segments) == 0 || m.Duration <= 0 {
		return m
	}
	n := len(m.Segments)
	shift := int(now * time.Duration(n) / m.Duration)
	st := w.lists[url]
	if st == nil {
		st = &state{shift: -1}
		w.lists[url] = st
	}
	if st.shift == shift {
		return st.media
	}
	next := *m
	next.MediaSequence += uint64(shift)
	next.Segments, next.Duration = make([]m3u8.Segment, n), 0
	for i := range next.Segments {
		k := shift + i
		s := m.Segments[k%n]
		s.Sequence, s.Start = m.MediaSequence+uint64(k), next.Duration
		if k >= n && !s.ProgramDateTime.IsZero() {
			s.ProgramDateTime = s.ProgramDateTime.Add(time.Duration(k/n) * m.Duration)
		}
		if k >= n {
			s.Discontinuity, s.DiscontinuitySequence = false, m.Segments[n-1].DiscontinuitySequence
		}
		next.Segments[i] = s
		next.Duration += s.Duration
	}
	st.shift, st.media = shift, &next
	return st.media
}
