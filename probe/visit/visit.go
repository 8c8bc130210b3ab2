package visit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/player/profile"
	"hlsload/player/stream"
	"hlsload/probe"
	"hlsload/run/look"
)

// Bounds of a visit.
const (
	maxProbed = 64 // media playlists
	AtOnce    = 8  // requests
)

// visit reads one stream.
type visit struct {
	fetch    *look.Fetcher
	profiles []*player.Profile // whose players may refuse it
}

// Stream probes the stream of one or two URLs for players of the profiles.
func Stream(ctx context.Context, fetch *look.Fetcher, profiles []*player.Profile, urls ...string) (*probe.Report, error) {
	v := &visit{fetch, profiles}
	r := &probe.Report{URLs: urls}
	var lists []*m3u8.Multivariant
	for _, u := range urls {
		mv, err := v.entry(ctx, r, u)
		if err != nil {
			return nil, err
		}
		if mv != nil {
			lists = append(lists, mv)
		}
	}
	if len(lists) > 0 {
		r.Read(lists)
		v.renditions(ctx, r, lists)
		v.lineUp(ctx, r)
	}
	r.Conclude(profiles)
	return r, nil
}

// entry reads one of the URLs; nil without an error = it is a media playlist.
func (v *visit) entry(ctx context.Context, r *probe.Report, u string) (*m3u8.Multivariant, error) {
	a, err := v.fetch.Playlist(ctx, u)
	if err != nil {
		return nil, err
	}
	list, err := m3u8.Parse(a.Body, m3u8.Options{Base: a.URL, Limits: v.fetch.Limits()})
	if err != nil {
		return nil, fmt.Errorf("%s is not a playlist: %w", u, err)
	}
	s := &probe.Sight{URL: u, Pipeline: stream.Unknown}
	take(s, a)
	r.Playlists = append(r.Playlists, s)
	if m, ok := list.(*m3u8.Media); ok {
		s.Media = m
		v.media(ctx, s)
		r.Answer = append(r.Answer, u+" is a media playlist: one rendition, nothing to switch or fail over to.")
		return nil, nil
	}
	mv := list.(*m3u8.Multivariant)
	s.Findings = append(s.Findings, profile.Oddities(v.profiles, m3u8.KindMultivariant, mv.Findings)...)
	if odd := profile.RefusedByAll(v.profiles, m3u8.KindMultivariant, mv.Findings); odd != nil {
		return nil, fmt.Errorf("%s: every player refuses it: %v", u, odd)
	}
	mv.Variants = slices.DeleteFunc(slices.Clone(mv.Variants), func(v m3u8.Variant) bool { return v.URL == "" })
	if len(mv.Variants) == 0 {
		return nil, fmt.Errorf("%s: multivariant playlist: no EXT-X-STREAM-INF; want at least one variant", u)
	}
	return mv, nil
}

// take sets the facts of an answer.
func take(s *probe.Sight, a *look.Answer) {
	s.Status, s.TTFBMs, s.Bytes, s.Took = a.Status, float64(a.FirstByte.Round(10*time.Microsecond))/1e6, len(a.Body), a.Total
	s.Headers = map[string]string{}
	for _, h := range probe.CacheHeaders {
		if v := a.Header.Values(h); len(v) > 0 {
			s.Headers[h] = strings.Join(v, ", ")
		}
	}
}

// lose marks a playlist as unwatchable because of an error.
func lose(s *probe.Sight, kind m3u8.Kind, what string, err error) {
	status := 0
	if r := (*look.Refused)(nil); errors.As(err, &r) {
		status = r.Status
	}
	s.Lose(kind, what, status)
}

// renditions fetches every media playlist once, at most AtOnce at a time.
func (v *visit) renditions(ctx context.Context, r *probe.Report, lists []*m3u8.Multivariant) {
	var urls []string
	imports := map[string]map[string]string{}
	for _, mv := range lists {
		add := func(u string) {
			urls = append(urls, u)
			if imports[u] == nil {
				imports[u] = mv.Variables()
			}
		}
		for i := range mv.Variants {
			add(mv.Variants[i].URL)
		}
		for i := range mv.Renditions {
			if u := mv.Renditions[i].URL; u != "" {
				add(u)
			}
		}
	}
	slices.Sort(urls)
	urls = slices.Compact(urls)
	if len(urls) > maxProbed {
		r.Notes = append(r.Notes, fmt.Sprintf("Read %d of %d media playlists.", maxProbed, len(urls)))
		urls = urls[:maxProbed]
	}
	sights := make([]*probe.Sight, len(urls))
	slots := make(chan struct{}, AtOnce)
	var all sync.WaitGroup
	for i, u := range urls {
		sights[i] = &probe.Sight{URL: u, Pipeline: r.Stream.Pipeline(u), Headers: map[string]string{}}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			v.rendition(ctx, sights[i], imports[u])
		})
	}
	all.Wait()
	// Segments come afterwards, so that the playlists are read close together.
	for _, s := range sights {
		if s.Media != nil {
			all.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				v.media(ctx, s)
			})
		}
	}
	all.Wait()
	r.Playlists = append(r.Playlists, sights...)
}

// rendition reads one media playlist.
func (v *visit) rendition(ctx context.Context, s *probe.Sight, imports map[string]string) {
	f, err := v.fetch.Playlist(ctx, s.URL)
	if err != nil {
		lose(s, m3u8.KindMedia, "playlist", err)
		s.Find("%v", err)
		return
	}
	take(s, f)
	m, err := m3u8.ParseMedia(f.Body, m3u8.Options{Base: f.URL, Imports: imports, Limits: v.fetch.Limits()})
	if err != nil {
		lose(s, m3u8.KindMedia, "playlist", err)
		s.Find("not a media playlist: %v", err)
		return
	}
	s.Media = m
}

// media describes a media playlist and checks its newest segment.
func (v *visit) media(ctx context.Context, s *probe.Sight) {
	s.Describe(v.profiles)
	m := s.Media
	if len(m.Segments) == 0 {
		return
	}
	last := &m.Segments[len(m.Segments)-1]
	if len(last.Keys) > 0 && last.Keys[0].Method == "AES-128" && last.Keys[0].URL != "" {
		v.need(ctx, s, m3u8.KindKey, "key", last.Keys[0].URL)
	}
	if last.Map != nil {
		v.need(ctx, s, m3u8.KindInit, "initialization section", last.Map.URL)
	}
	v.segment(ctx, s, last.URL)
}

// need checks a resource that the newest segment needs.
func (v *visit) need(ctx context.Context, s *probe.Sight, kind m3u8.Kind, what, u string) {
	if strings.HasPrefix(u, "data:") {
		return
	}
	a, err := v.fetch.Drop(ctx, u)
	if err == nil && a.Status/100 != 2 {
		err = a.WrongStatus(u)
	}
	if err != nil {
		lose(s, kind, what, err)
		s.Find("%s of the newest segment: %v", what, err)
	}
}

// segment checks a segment.
func (v *visit) segment(ctx context.Context, s *probe.Sight, u string) {
	a, err := v.fetch.Drop(ctx, u)
	if err == nil && a.Status/100 != 2 {
		err = a.WrongStatus(u)
	}
	if err != nil {
		lose(s, m3u8.KindSegment, "segments", err)
		s.Find("newest segment: %v", err)
		return
	}
	s.Segment = fmt.Sprintf("%d in %v, %d bytes in %v", a.Status, a.FirstByte.Round(time.Millisecond), a.Size, a.Total.Round(time.Millisecond))
	if took := (a.Total - a.FirstByte).Seconds(); took > 0 {
		s.Down = int64(min(8*float64(a.Size)/took, 1e12))
	}
}

// lineUp compares the media of renditions that both pipelines have, by the first
// timestamps of their segments.
func (v *visit) lineUp(ctx context.Context, r *probe.Report) {
	slots := make(chan struct{}, AtOnce)
	var all sync.WaitGroup
	for _, l := range r.LineUp() {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			l.Compare(func(s *m3u8.Segment) (probe.Instant, string) { return v.instant(ctx, s) })
		})
	}
	all.Wait()
}

// instant reads a segment's first timestamp, or returns why it cannot be read.
func (v *visit) instant(ctx context.Context, s *m3u8.Segment) (probe.Instant, string) {
	if len(s.Keys) > 0 && s.Keys[0].Method != "NONE" {
		return probe.Instant{}, "segments are encrypted (" + s.Keys[0].Method + ")"
	}
	o, err := v.fetch.Opening(ctx, s.URL, s.ByteRange)
	if err != nil {
		return probe.Instant{}, err.Error()
	}
	if s.Map != nil && o.Stamp.Known() && o.Scales.Of(o.Stamp.Track) == 0 {
		init, err := v.fetch.Opening(ctx, s.Map.URL, s.Map.ByteRange)
		if err != nil {
			return probe.Instant{}, err.Error()
		}
		o.Scales = init.Scales
	}
	at, period, ok := o.Stamp.Time(&o.Scales)
	if !ok {
		return probe.Instant{}, fmt.Sprintf("the first %d KiB of a segment have no timestamp (PTS, or tfdt and the timescale of its track)", mediatime.Limit>>10)
	}
	return probe.Instant{At: at, Period: period, Kind: o.Stamp.Kind}, ""
}
