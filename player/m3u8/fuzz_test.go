package m3u8

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func seeds(f *testing.F, add func(text string)) {
	for _, p := range playlists {
		add(p.text)
	}
	for _, r := range refused {
		add(r.text)
	}
	files, err := filepath.Glob("testdata/*.m3u8")
	wild, _ := filepath.Glob("testdata/wild/*.m3u8")
	files = append(files, wild...)
	if err != nil || len(files) == 0 {
		f.Fatal("no playlists in testdata: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(string(text))
	}
	add(lowLatencyDelta)
	add(media("#EXT-X-DEFINE:QUERYPARAM=\"token\"\n#EXT-X-DEFINE:IMPORT=\"i\"\n#EXTINF:4,\n{$token}/{$i}\n"))
	add(string(livePlaylist(3, true)))
	add(string(multivariantPlaylist()))
}

// FuzzParse checks that what is parsed can be printed and parsed again to the
// same playlist, and that what is refused says in which line.
func FuzzParse(f *testing.F) {
	seeds(f, func(text string) { f.Add([]byte(text)) })
	base, err := url.Parse("https://cdn.example.com/live/index.m3u8?token=1")
	if err != nil {
		f.Fatal(err)
	}
	opt := Options{Base: base, Imports: map[string]string{"i": "x"}, Limits: Limits{Line: 4000, Segments: 500, Parts: 100, Variants: 100, Tags: 300}}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, opt)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) || strings.ContainsAny(e.Error(), "\r\n") {
				t.Fatalf("got error %#v", err)
			}
			return
		}
		check(t, p)
		text := p.Append(nil)
		again, err := Parse(text, opt)
		if err != nil {
			if strings.Contains(string(text), "{$") || strings.Contains(err.Error(), "EXT-X-DEFINE") || strings.Contains(err.Error(), "4000") {
				return // a value may look like a reference; lines may grow
			}
			t.Fatalf("printed:\n%s\nparsed again: %v", text, err)
		}
		if m, ok := p.(*Media); ok && m.Truncated || strings.Contains(string(text), "{$") || loneReturn(data) {
			return
		}
		withoutLines(p)
		withoutLines(again)
		if m, ok := p.(*Media); ok {
			m.inherited, again.(*Media).inherited = inherited{}, inherited{}
		}
		if !reflect.DeepEqual(p, again) {
			t.Fatalf("printed:\n%s\nparsed again:\n%s\nwant:\n%s", text, dump(again), dump(p))
		}
	})
}

// loneReturn reports whether a carriage return ends a line alone, which in UTF-16
// are other bytes.
func loneReturn(data []byte) bool {
	return bytes.Count(data, []byte("\r")) > bytes.Count(data, []byte("\r\n"))
}

// check checks what every parsed playlist promises.
func check(t *testing.T, p Playlist) {
	t.Helper()
	m, ok := p.(*Media)
	if !ok {
		for _, v := range p.(*Multivariant).Variants {
			if v.URI == "" || v.URL == "" || v.Bandwidth < 0 || hasControl(v.URL) {
				t.Fatalf("got variant %+v", v)
			}
		}
		return
	}
	if m.TargetDuration <= 0 || m.Duration < 0 {
		t.Fatalf("got target duration %v, duration %v", m.TargetDuration, m.Duration)
	}
	total, skipped := m.Duration*0, uint64(0)
	if m.Skip != nil {
		skipped = uint64(m.Skip.Segments)
	}
	for i, s := range m.Segments {
		if s.URI == "" || (s.URL == "") && !s.Gap || hasControl(s.URL) || s.Duration < 0 || s.Start != total || s.Sequence != m.MediaSequence+skipped+uint64(i) ||
			s.DiscontinuitySequence < m.DiscontinuitySequence || s.ProgramDateTime.IsZero() && m.HasProgramDateTime && s.Extrapolated {
			t.Fatalf("got segment %d: %+v", i, s)
		}
		if r := s.ByteRange; r != nil && (r.Length < 1 || r.Offset < -1 || r.Offset+r.Length < 0 || r.Offset < 0 && m.Skip == nil) {
			t.Fatalf("got byte range %+v", r)
		}
		total += s.Duration
	}
	if total != m.Duration {
		t.Fatalf("got duration %v, want %v", m.Duration, total)
	}
}

// FuzzMerge merges what it can.
func FuzzMerge(f *testing.F) {
	f.Add([]byte(lowLatency), []byte(lowLatencyDelta))
	seeds(f, func(text string) { f.Add([]byte(lowLatency), []byte(text)) })
	f.Fuzz(func(t *testing.T, old, delta []byte) {
		opt := Options{Limits: Limits{Segments: 500, Parts: 100, Tags: 300}}
		a, err := ParseMedia(old, opt)
		if err != nil {
			return
		}
		b, err := ParseMedia(delta, opt)
		if err != nil {
			return
		}
		m, err := Merge(a, b)
		if err != nil {
			return
		}
		if b.Skip != nil && (m.Skip != nil || len(m.Segments) != b.Skip.Segments+len(b.Segments)) {
			t.Fatalf("merged %d segments, want %d and %d", len(m.Segments), b.Skip.Segments, len(b.Segments))
		}
		for i := range m.Segments[:max(len(m.Segments), 1)-1] {
			if x, y := m.Segments[i], m.Segments[i+1]; y.Sequence != x.Sequence+1 || y.Start != x.Start+x.Duration {
				t.Fatalf("segment %+v follows %+v", y, x)
			}
		}
	})
}
