package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

func probeCommand() *cobra.Command {
	var headers []string
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Look at a real stream: ladder, redundancy as each player sees it, CDN headers",
		Args:  takes("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			p := &probe{client: &http.Client{Timeout: 15 * time.Second}, out: cmd.OutOrStdout(), headers: http.Header{}}
			for _, h := range headers {
				name, value, ok := strings.Cut(h, ":")
				if !ok {
					return &exitError{code: exitUsage, msg: fmt.Sprintf("bad --header (got %q; want name: value)", h)}
				}
				p.headers.Set(strings.TrimSpace(name), strings.TrimSpace(value))
			}
			return p.run(ctx, args[0])
		},
	}
	cmd.Flags().StringArrayVar(&headers, "header", nil, "name: value to send with every request; repeatable")
	return cmd
}

// probe looks at one stream.
type probe struct {
	client  *http.Client
	headers http.Header
	out     io.Writer
}

// maxProbeBody bounds a playlist, as the parser does.
const maxProbeBody = 4 << 20

// fetched is one answer.
type fetched struct {
	url    *url.URL // after redirects
	status int
	header http.Header
	body   []byte
	ttfb   time.Duration
}

func (p *probe) fetch(ctx context.Context, u string) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad URL (got %q; want http://… or https://…)", u)}
	}
	for k, v := range p.headers {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", "hlsload-probe")
	req.Header.Set("Pragma", "server-timing") // asks CloudFront for Server-Timing
	began := time.Now()
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, &exitError{112, fmt.Sprintf("fetching %s: %v", u, err), err}
	}
	defer resp.Body.Close()
	f := &fetched{url: resp.Request.URL, status: resp.StatusCode, header: resp.Header, ttfb: time.Since(began)}
	f.body, err = io.ReadAll(io.LimitReader(resp.Body, maxProbeBody+1))
	if err != nil {
		return nil, &exitError{112, fmt.Sprintf("reading %s: %v", u, err), err}
	}
	if len(f.body) > maxProbeBody {
		return nil, &exitError{code: 112, msg: fmt.Sprintf("reading %s: more than %d bytes; want a playlist", u, maxProbeBody)}
	}
	if f.status != http.StatusOK {
		return nil, &exitError{code: 112, msg: fmt.Sprintf("fetching %s: status %d; want 200", u, f.status)}
	}
	return f, nil
}

func (p *probe) run(ctx context.Context, u string) error {
	f, err := p.fetch(ctx, u)
	if err != nil {
		return err
	}
	list, err := m3u8.Parse(f.body, m3u8.Options{Base: f.url})
	if err != nil {
		return &exitError{112, fmt.Sprintf("%s is no playlist: %v", u, err), err}
	}
	mv, ok := list.(*m3u8.Multivariant)
	if !ok {
		fmt.Fprintf(p.out, "%s is a media playlist: one rendition, nothing to switch or fail over to\n\n", u)
		p.media(list.(*m3u8.Media))
		return nil
	}
	p.ladder(mv)
	if err := p.redundancy(mv); err != nil {
		return internal(err)
	}
	p.cdn("multivariant playlist", f)
	return p.renditions(ctx, mv)
}

// ladder prints the variants as listed.
func (p *probe) ladder(mv *m3u8.Multivariant) {
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tBANDWIDTH\tSIZE\tCODECS\tAUDIO\tPATHWAY\tURL")
	for i := range mv.Variants {
		v := &mv.Variants[i]
		fmt.Fprintf(w, "%d\t%s\t%dx%d\t%s\t%s\t%s\t%s\n", i, rate(v.Bandwidth), v.Width, v.Height, v.Codecs, dash(v.Audio), dash(v.PathwayID), v.URL)
	}
	w.Flush()
	fmt.Fprintln(p.out)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// redundancy prints what each profile makes of the variants.
func (p *probe) redundancy(mv *m3u8.Multivariant) error {
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PROFILE\tLEVELS\tWAYS\tREDUNDANCY\tCONFIDENCE")
	for _, name := range profile.Names() {
		prof, err := profile.Load(name)
		if err != nil {
			return err
		}
		l, err := player.NewLadder(mv, prof, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", name, len(l.Levels), len(l.Pathways), redundancyOf(l), prof.Confidence.Words())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(p.out)
	return nil
}

// redundancyOf says in words whether a player has somewhere to go.
func redundancyOf(l *player.Ladder) string {
	full, partial := 0, 0
	for i := range l.Levels {
		n := 0
		for _, r := range l.Levels[i].ByPathway {
			if r >= 0 {
				n++
			}
		}
		switch {
		case n == len(l.Pathways) && n > 1:
			full++
		case n > 1:
			partial++
		}
	}
	switch {
	case full == len(l.Levels):
		return "seen: every level has a copy on each way"
	case full+partial > 0:
		return fmt.Sprintf("partial: %d of %d levels have a copy; do the attributes of the copies agree?", full+partial, len(l.Levels))
	}
	return "not seen: a dead pipeline is a ladder with holes"
}

// cdn prints the headers that tell about caches.
func (p *probe) cdn(what string, f *fetched) {
	fmt.Fprintf(p.out, "%s: %d in %v, %d bytes\n", what, f.status, f.ttfb.Round(time.Millisecond), len(f.body))
	for _, h := range []string{"Server", "Via", "X-Cache", "Age", "Cache-Control", "Last-Modified", "X-Amz-Cf-Pop", "Cache-Status", "Server-Timing"} {
		if v := f.header.Values(h); len(v) > 0 {
			fmt.Fprintf(p.out, "    %s: %s\n", h, strings.Join(v, ", "))
		}
	}
	fmt.Fprintln(p.out)
}

// maxProbed bounds how many media playlists are looked at.
const maxProbed = 64

// renditions fetches every media playlist once.
func (p *probe) renditions(ctx context.Context, mv *m3u8.Multivariant) error {
	var urls []string
	for i := range mv.Variants {
		urls = append(urls, mv.Variants[i].URL)
	}
	for i := range mv.Renditions {
		if u := mv.Renditions[i].URL; u != "" {
			urls = append(urls, u)
		}
	}
	slices.Sort(urls)
	urls = slices.Compact(urls)
	if len(urls) > maxProbed {
		fmt.Fprintf(p.out, "looking at %d of %d media playlists\n", maxProbed, len(urls))
		urls = urls[:maxProbed]
	}
	var failed error
	for _, u := range urls {
		f, err := p.fetch(ctx, u)
		if err != nil {
			fmt.Fprintf(p.out, "%s\n    %v\n\n", u, err)
			failed = err
			continue
		}
		m, err := m3u8.ParseMedia(f.body, m3u8.Options{Base: f.url})
		if err != nil {
			fmt.Fprintf(p.out, "%s\n    no media playlist: %v\n\n", u, err)
			failed = &exitError{code: 112, msg: "a media playlist does not parse"}
			continue
		}
		fmt.Fprintln(p.out, u)
		p.media(m)
		p.cdn("    answered", f)
	}
	return failed
}

// media prints what a media playlist says.
func (p *probe) media(m *m3u8.Media) {
	kind := "live"
	switch {
	case m.EndList:
		kind = "ended"
	case m.Type != "":
		kind = m.Type
	}
	fmt.Fprintf(p.out, "    %s, target duration %v, %d segments, %v listed, media sequence %d", kind, m.TargetDuration, len(m.Segments), m.Duration, m.MediaSequence)
	if n := len(m.Segments); n > 0 && m.HasProgramDateTime {
		last := &m.Segments[n-1]
		fmt.Fprintf(p.out, ", ends at %s", last.ProgramDateTime.Add(last.Duration).Format(time.RFC3339Nano))
	}
	fmt.Fprintln(p.out)
	if m.Duration < 3*m.TargetDuration && !m.EndList {
		fmt.Fprintln(p.out, "    finding: less than three target durations are listed (rfc8216bis 6.2.2)")
	}
}
