package run

import (
	"context"
	"fmt"
	"time"

	"hlsload/chaos"
)

// observed is the state of a media playlist that is read again and again.
type observed struct {
	at      time.Duration // of the last read, since began
	began   time.Time
	changed time.Time
	last    string // identifies its last version
	err     error
}

// watched are the media playlists that a fault may affect.
func (s *stream) watched(f *chaos.Fault) []string {
	var all []string
	for _, u := range s.media {
		if f.Pipeline == chaos.Any || s.read.Pipeline(u) == f.Pipeline {
			all = append(all, u)
		}
	}
	return all
}

// see reads a media playlist again, at most twice a target duration.
func (s *stream) see(ctx context.Context, u string) *observed {
	s.mu.Lock()
	l := s.looks[u]
	if l == nil {
		l = &observed{began: time.Now(), changed: time.Now(), at: -s.duration}
		s.looks[u] = l
	}
	due := time.Since(l.began)-l.at >= s.duration/2
	if due {
		l.at = time.Since(l.began)
	}
	s.mu.Unlock()
	if !due {
		return l
	}
	version := ""
	m, _, err := s.readMedia(ctx, u)
	if err == nil {
		version = fmt.Sprint(m.MediaSequence, len(m.Segments), m.EndList)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.err = err
	if version != "" && version != l.last {
		l.last, l.changed = version, time.Now()
	}
	return l
}

// bites reports whether a fault has an effect: whether a playlist that it may affect
// answers with an error or has not changed for 1.5 target durations (rfc8216bis
// 6.2.1).
func (s *stream) bites(ctx context.Context, f *chaos.Fault) (bool, string) {
	all := s.watched(f)
	for _, u := range all {
		if why := s.wrong(u, s.see(ctx, u)); why != "" {
			return true, why
		}
	}
	return false, fmt.Sprintf("%d media playlists answer and advance", len(all))
}

// healthy reports whether all playlists that a fault may affect answer and advance.
func (s *stream) healthy(ctx context.Context, f *chaos.Fault) (bool, string) {
	for _, u := range s.watched(f) {
		if why := s.wrong(u, s.see(ctx, u)); why != "" {
			return false, why
		}
	}
	return true, "all media playlists answer and advance"
}

// wrong says what is wrong with a playlist; "" = nothing.
func (s *stream) wrong(u string, l *observed) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch since := time.Since(l.changed); {
	case l.err != nil:
		return s.sc.Redact(l.err.Error())
	case since > s.duration*3/2:
		return fmt.Sprintf("%s: unchanged for %v", s.sc.Redact(u), since.Round(100*time.Millisecond))
	}
	return ""
}
