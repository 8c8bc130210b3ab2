package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hlsload/player"
	agreed "hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
	streams "hlsload/player/stream"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/run/look"
)

func probeCommand(on network) *cobra.Command {
	var o probeOptions
	cmd := &cobra.Command{
		Use:   "probe URL [URL]",
		Short: "Look at a real stream: who sees its redundancy, what differs, what each player will do",
		Long: `Look at a real stream with one request for each of its playlists: which players
see that variants are redundant and which a ladder of twice the size, whether the
media of the pipelines lines up, to the frame (by the first bytes of two or three
segments of each rendition), what differs between the pipelines, and what each
player is predicted to do when one of them fails. Two URLs are the multivariant
playlists of two pipelines.`,
		Args: takes("URL", "[URL]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			secrets := secretsOf(cmd.Context())
			fetch, err := o.open(ctx, on, secrets, args)
			if err != nil {
				return err
			}
			defer fetch.Close()
			out := &veil{w: printable{cmd.OutOrStdout()}, f: secrets.Text}
			p := &probe{fetch: fetch, out: out, json: o.json}
			bare := slices.Clone(args)
			for i := range bare {
				bare[i] = credential.Bare(bare[i])
			}
			return errors.Join(p.run(ctx, bare...), internal(out.Close()))
		},
	}
	o.register(cmd)
	return cmd
}

// probe looks at one stream.
type probe struct {
	fetch *look.Fetcher
	out   io.Writer
	json  bool
	// profiles are the players that are asked whether they would play it.
	profiles []*player.Profile
}

// Bounds of a probe.
const (
	probeTime = 15 * time.Second // of one request
	maxProbed = 64               // media playlists
	atOnce    = 8                // requests
)

// sight is what a probe has seen of one playlist.
type sight struct {
	URL      string            `json:"url"`
	Pipeline int               `json:"pipeline"` // -1 = unknown
	Status   int               `json:"status"`
	TTFBMs   float64           `json:"ttfb_ms"`
	Bytes    int               `json:"bytes"`
	Headers  map[string]string `json:"headers"` // those that tell about caches
	Says     string            `json:"says"`    // of a media playlist, in words
	Segment  string            `json:"segment"` // its newest segment, in words
	Findings []string          `json:"findings"`

	media  *m3u8.Media
	answer *look.Answer
	bad    bool // it cannot be watched
	lost   *unreadable
	down   int64
}

func (s *sight) find(format string, args ...any) {
	s.Findings = append(s.Findings, fmt.Sprintf(format, args...))
}

// get fetches a playlist.
func (p *probe) get(ctx context.Context, u string) (*look.Answer, error) {
	f, err := p.fetch.Playlist(ctx, u)
	switch bad := (*look.BadURL)(nil); {
	case errors.As(err, &bad):
		err = &exitError{code: exitUsage, msg: bad.Error()}
	case errors.As(err, new(*agreed.NotDialled)):
		err = closed(err)
	case err != nil:
		err = &exitError{reports.ExitUnreachable, err.Error(), err}
	}
	return f, err
}

func (p *probe) run(ctx context.Context, urls ...string) error {
	r := &report{URLs: urls}
	p.profiles = profile.All()
	var lists []*m3u8.Multivariant
	for _, u := range urls {
		f, err := p.get(ctx, u)
		if err != nil {
			return err
		}
		list, err := m3u8.Parse(f.Body, m3u8.Options{Base: f.URL, Limits: p.fetch.Limits()})
		if err != nil {
			return &exitError{reports.ExitUnreachable, fmt.Sprintf("%s is no playlist: %v", u, err), err}
		}
		s := &sight{URL: u, Pipeline: -1}
		s.take(f)
		r.Playlists = append(r.Playlists, s)
		if m, ok := list.(*m3u8.Media); ok {
			s.media = m
			p.media(ctx, s)
			r.lowLatency()
			r.Answer = append(r.Answer, u+" is a media playlist: one rendition, nothing to switch or fail over to.")
			continue
		}
		mv := list.(*m3u8.Multivariant)
		s.Findings = append(s.Findings, profile.Oddities(p.profiles, m3u8.KindMultivariant, mv.Findings)...)
		if odd := profile.RefusedByAll(p.profiles, m3u8.KindMultivariant, mv.Findings); odd != nil {
			return &exitError{code: reports.ExitUnreachable, msg: fmt.Sprintf("%s: every player refuses it: %v", u, odd)}
		}
		mv.Variants = slices.DeleteFunc(slices.Clone(mv.Variants), func(v m3u8.Variant) bool { return v.URL == "" })
		if len(mv.Variants) == 0 {
			return &exitError{code: reports.ExitUnreachable, msg: fmt.Sprintf("%s: multivariant playlist: no EXT-X-STREAM-INF; want at least one variant", u)}
		}
		lists = append(lists, mv)
	}
	if len(lists) > 0 {
		r.stream = streams.Read(lists, nil)
		r.Variants, r.Pipelines = len(r.stream.Variants), r.stream.Pipelines
		p.renditions(ctx, r, lists)
		p.lineUp(ctx, r)
		r.judge()
	}
	if err := r.write(p.out, p.json); err != nil {
		return internal(err)
	}
	bad, of := 0, 0
	for _, s := range r.Playlists {
		if s.media != nil || s.bad {
			of++
		}
		if s.bad {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return &exitError{code: reports.ExitUnreachable, msg: fmt.Sprintf("%d of %d media playlists cannot be watched", bad, of)}
}

// cacheHeaders tell about caches.
var cacheHeaders = append([]string{"Server", "Via", "Age", "Cache-Control", "Last-Modified", "X-Amz-Cf-Pop"}, cdn.HeaderNames()...)

// take notes an answer.
func (s *sight) take(f *look.Answer) {
	s.answer, s.Status, s.TTFBMs, s.Bytes = f, f.Status, float64(f.FirstByte.Round(10*time.Microsecond))/1e6, len(f.Body)
	s.Headers = map[string]string{}
	for _, h := range cacheHeaders {
		if v := f.Header.Values(h); len(v) > 0 {
			s.Headers[h] = strings.Join(v, ", ")
		}
	}
}

// renditions fetches every media playlist once, some at a time, so that they
// can be compared.
func (p *probe) renditions(ctx context.Context, r *report, lists []*m3u8.Multivariant) {
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
		r.Notes = append(r.Notes, fmt.Sprintf("looking at %d of %d media playlists", maxProbed, len(urls)))
		urls = urls[:maxProbed]
	}
	sights := make([]*sight, len(urls))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, u := range urls {
		sights[i] = &sight{URL: u, Pipeline: r.stream.Pipeline(u), Headers: map[string]string{}}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			p.rendition(ctx, sights[i], imports[u])
		})
	}
	all.Wait()
	// Segments afterwards: nothing shall come between two playlists.
	for _, s := range sights {
		if s.media != nil {
			all.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				p.media(ctx, s)
			})
		}
	}
	all.Wait()
	r.Playlists = append(r.Playlists, sights...)
	r.lowLatency()
}

// lowLatency says it once for the stream.
func (r *report) lowLatency() {
	for _, s := range r.Playlists {
		if s.media == nil {
			continue
		}
		if ll := streams.LowLatency(s.media); ll != "" {
			r.Notes = append(r.Notes, strings.ToUpper(ll[:1])+ll[1:]+".")
			return
		}
	}
}

// rendition looks at one media playlist.
func (p *probe) rendition(ctx context.Context, s *sight, imports map[string]string) {
	f, err := p.get(ctx, s.URL)
	if err != nil {
		s.lose(m3u8.KindMedia, "playlist", err)
		s.find("%v", err)
		return
	}
	s.take(f)
	m, err := m3u8.ParseMedia(f.Body, m3u8.Options{Base: f.URL, Imports: imports, Limits: p.fetch.Limits()})
	if err != nil {
		s.lose(m3u8.KindMedia, "playlist", err)
		s.find("no media playlist: %v", err)
		return
	}
	s.media = m
}

// media notes what a media playlist says and whether its newest segment is
// there.
func (p *probe) media(ctx context.Context, s *sight) {
	m := s.media
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
	s.Findings = append(s.Findings, profile.Oddities(p.profiles, m3u8.KindMedia, m.Findings)...)
	if odd := profile.RefusedByAll(p.profiles, m3u8.KindMedia, m.Findings); odd != nil {
		s.bad = true
	}
	if len(m.Segments) == 0 {
		s.lose(m3u8.KindMedia, "playlist", nil)
		s.find("no segment is listed: nothing can be played")
		return
	}
	if m.Duration < 3*m.TargetDuration && !m.EndList {
		s.find("less than three target durations are listed (rfc8216bis 6.2.2)")
	}
	last := &m.Segments[len(m.Segments)-1]
	if len(last.Keys) > 0 && last.Keys[0].Method == "AES-128" && last.Keys[0].URL != "" {
		p.need(ctx, s, m3u8.KindKey, "key", last.Keys[0].URL)
	}
	if last.Map != nil {
		p.need(ctx, s, m3u8.KindInit, "initialization section", last.Map.URL)
	}
	p.segment(ctx, s, last.URL)
}

// need looks whether what the newest segment needs comes.
func (p *probe) need(ctx context.Context, s *sight, kind m3u8.Kind, what, u string) {
	if strings.HasPrefix(u, "data:") {
		return
	}
	a, err := p.fetch.Drop(ctx, u)
	if err == nil && a.Status/100 != 2 {
		err = a.WrongStatus(u)
	}
	if err != nil {
		s.lose(kind, what, err)
		s.find("the %s of its newest segment: %v", what, err)
	}
}

// segment looks whether a segment comes.
func (p *probe) segment(ctx context.Context, s *sight, u string) {
	a, err := p.fetch.Drop(ctx, u)
	if err == nil && a.Status/100 != 2 {
		err = a.WrongStatus(u)
	}
	if err != nil {
		s.lose(m3u8.KindSegment, "segments", err)
		s.find("its newest segment: %v", err)
		return
	}
	s.Segment = fmt.Sprintf("%d in %v, %d bytes in %v", a.Status, a.FirstByte.Round(time.Millisecond), a.Size, a.Total.Round(time.Millisecond))
	if took := (a.Total - a.FirstByte).Seconds(); took > 0 {
		s.down = int64(min(8*float64(a.Size)/took, 1e12))
	}
}

// write prints the report.
func (r *report) write(w io.Writer, asJSON bool) error {
	if !asJSON {
		return r.text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false) // secrets are recognised as they are written
	return e.Encode(r)
}
