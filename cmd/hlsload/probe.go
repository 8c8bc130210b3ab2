package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
	"hlsload/reports"
)

func probeCommand(on network) *cobra.Command {
	var headers []string
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Look at a real stream: ladder, redundancy as each player sees it, CDN headers",
		Args:  takes("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			h, secrets := http.Header{}, secretsOf(cmd.Context())
			for _, line := range headers {
				name, value, ok := strings.Cut(line, ":")
				if !ok {
					return &exitError{code: exitUsage, msg: "bad --header (it has no colon; want name: value)"}
				}
				h.Set(strings.TrimSpace(name), strings.TrimSpace(value))
				secrets.AddHeader(strings.TrimSpace(name), strings.TrimSpace(value))
			}
			secrets.AddURL(args[0])
			out := &veil{w: printable{cmd.OutOrStdout()}, f: secrets.Text}
			p := &probe{fetch: newFetcher(on.connect(), probeTime, h), out: out}
			p.fetch.cookie = func(line string) { secrets.AddHeader("Set-Cookie", line) }
			defer p.fetch.close()
			return errors.Join(p.run(ctx, args[0]), internal(out.Close()))
		},
	}
	cmd.Flags().StringArrayVar(&headers, "header", nil, "name: value to send with every request; repeatable")
	return cmd
}

// probe looks at one stream.
type probe struct {
	fetch *fetcher
	out   io.Writer
}

// get fetches a playlist.
func (p *probe) get(ctx context.Context, u string) (*fetched, error) {
	f, err := p.fetch.playlist(ctx, u)
	var usage *exitError
	if err != nil && !errors.As(err, &usage) {
		err = &exitError{reports.ExitUnreachable, err.Error(), err}
	}
	return f, err
}

func (p *probe) run(ctx context.Context, u string) error {
	f, err := p.get(ctx, u)
	if err != nil {
		return err
	}
	list, err := m3u8.Parse(f.body, m3u8.Options{Base: f.url})
	if err != nil {
		return &exitError{reports.ExitUnreachable, fmt.Sprintf("%s is no playlist: %v", u, err), err}
	}
	mv, ok := list.(*m3u8.Multivariant)
	if !ok {
		fmt.Fprintf(p.out, "%s is a media playlist: one rendition, nothing to switch or fail over to\n", u)
		p.cdn("    ", f)
		return p.verdict(p.media(ctx, list.(*m3u8.Media)), 1)
	}
	p.ladder(mv)
	if err := p.redundancy(mv); err != nil {
		return &exitError{reports.ExitUnreachable, fmt.Sprintf("%s: %v", u, err), err}
	}
	fmt.Fprintln(p.out, u)
	p.cdn("    ", f)
	fmt.Fprintln(p.out)
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
func (p *probe) cdn(indent string, f *fetched) {
	fmt.Fprintf(p.out, "%splaylist: %d in %v, %d bytes\n", indent, f.status, f.ttfb.Round(time.Millisecond), len(f.body))
	for _, h := range []string{"Server", "Via", "X-Cache", "Age", "Cache-Control", "Last-Modified", "X-Amz-Cf-Pop", "Cache-Status", "Server-Timing"} {
		if v := f.header.Values(h); len(v) > 0 {
			fmt.Fprintf(p.out, "%s    %s: %s\n", indent, h, strings.Join(v, ", "))
		}
	}
}

// probeTime bounds one request of a probe.
const probeTime = 15 * time.Second

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
	bad := 0
	for _, u := range urls {
		fmt.Fprintln(p.out, u)
		bad += p.rendition(ctx, u)
		fmt.Fprintln(p.out)
	}
	return p.verdict(bad, len(urls))
}

// rendition looks at one media playlist. It returns 1 if it cannot be watched.
func (p *probe) rendition(ctx context.Context, u string) int {
	f, err := p.get(ctx, u)
	if err != nil {
		fmt.Fprintf(p.out, "    finding: %v\n", err)
		return 1
	}
	m, err := m3u8.ParseMedia(f.body, m3u8.Options{Base: f.url})
	if err != nil {
		fmt.Fprintf(p.out, "    finding: no media playlist: %v\n", err)
		return 1
	}
	p.cdn("    ", f)
	return p.media(ctx, m)
}

// verdict says how many media playlists cannot be watched.
func (p *probe) verdict(bad, of int) error {
	if bad == 0 {
		return nil
	}
	return &exitError{code: reports.ExitUnreachable, msg: fmt.Sprintf("%d of %d media playlists cannot be watched", bad, of)}
}

// maxFindings bounds what is said about one playlist.
const maxFindings = 10

// media prints what a media playlist says and whether its newest segment is
// there. It returns 1 if nothing can be played.
func (p *probe) media(ctx context.Context, m *m3u8.Media) int {
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
	for i := range m.Findings {
		if i == maxFindings {
			fmt.Fprintf(p.out, "    finding: and %d more\n", len(m.Findings)-i)
			break
		}
		fmt.Fprintf(p.out, "    finding: %v\n", &m.Findings[i])
	}
	if len(m.Segments) == 0 {
		fmt.Fprintln(p.out, "    finding: no segment is listed: nothing can be played")
		return 1
	}
	if m.Duration < 3*m.TargetDuration && !m.EndList {
		fmt.Fprintln(p.out, "    finding: less than three target durations are listed (rfc8216bis 6.2.2)")
	}
	return p.segment(ctx, &m.Segments[len(m.Segments)-1])
}

// segment looks whether a segment comes. It returns 1 if not.
func (p *probe) segment(ctx context.Context, s *m3u8.Segment) int {
	a, err := p.fetch.drop(ctx, s.URL)
	switch {
	case err != nil:
		fmt.Fprintf(p.out, "    finding: its newest segment: %v\n", err)
		return 1
	case a.status/100 != 2:
		fmt.Fprintf(p.out, "    finding: its newest segment: %s: status %d; want 200\n", s.URL, a.status)
		return 1
	}
	fmt.Fprintf(p.out, "    newest segment: %d in %v, %d bytes in %v\n", a.status, a.ttfb.Round(time.Millisecond), a.size, a.total.Round(time.Millisecond))
	return 0
}
