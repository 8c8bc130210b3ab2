package m3u8

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"
)

// TestOracleMedia compares with github.com/grafov/m3u8 on generated playlists
// of the tags that it knows: both must read from the printed text what was put
// in. It only sees well-formed text, because it panics on other.
func TestOracleMedia(t *testing.T) {
	for seed := range uint64(300) {
		m := generateMedia(rand.New(rand.NewPCG(seed, 1)))
		text := m.Append(nil)
		own, err := ParseMedia(text, Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		p, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
		if err != nil || kind != m3u8.MEDIA {
			t.Fatalf("seed %d: oracle: kind %v, %v\n%s", seed, kind, err, text)
		}
		got, want := describeOwn(own), describeOracle(p.(*m3u8.MediaPlaylist))
		if made := describeOwn(m); got != made {
			t.Fatalf("seed %d: parsed:\n%s\nwas:\n%s\n%s", seed, got, made, text)
		}
		if got != want {
			t.Fatalf("seed %d: parsed:\n%s\noracle:\n%s\n%s", seed, got, want, text)
		}
	}
}

// generateMedia makes a playlist of the tags of RFC 8216 that the oracle keeps.
func generateMedia(r *rand.Rand) *Media {
	m := &Media{
		Version: 3 + r.IntN(5), TargetDuration: time.Duration(12+r.IntN(12)) * time.Second, MediaSequence: r.Uint64N(1 << 40),
		DiscontinuitySequence: r.Uint64N(3) * r.Uint64N(1000), EndList: r.IntN(2) == 0, Type: []string{"", "EVENT", "VOD"}[r.IntN(3)], IFramesOnly: r.IntN(4) == 0,
	}
	if r.IntN(3) == 0 {
		m.Start = &Start{TimeOffset: time.Duration(r.IntN(60_000)-30_000) * time.Millisecond, Precise: r.IntN(2) == 0}
	}
	discontinuity := m.DiscontinuitySequence
	date := time.Date(2026, 1, 1, 0, 0, r.IntN(1e7), r.IntN(1000)*1e6, []*time.Location{time.UTC, time.FixedZone("", 5400)}[r.IntN(2)])
	var current Segment
	for i := range 1 + r.IntN(40) {
		s := &current
		*s = Segment{Map: s.Map, Keys: s.Keys, URI: fmt.Sprintf("seg-%d.ts?a=%d&b=x,y", i, r.IntN(100)), Sequence: m.MediaSequence + uint64(i)}
		s.Duration = time.Duration(r.IntN(12_000_000)) * time.Microsecond
		if r.IntN(3) == 0 {
			s.Title = fmt.Sprintf("title %d, more", i)
		}
		if r.IntN(5) == 0 {
			s.Discontinuity = true
			discontinuity++
		}
		s.DiscontinuitySequence = discontinuity
		if r.IntN(3) == 0 {
			s.ByteRange = &Range{1 + r.Int64N(1e9), r.Int64N(1e12)}
		}
		if r.IntN(6) == 0 {
			s.Map = &Map{URI: fmt.Sprintf("init-%d.mp4", i), ByteRange: []*Range{nil, {1 + r.Int64N(1000), 1 + r.Int64N(1000)}}[r.IntN(2)]}
		}
		if r.IntN(6) == 0 {
			s.Keys = []Key{{Method: []string{"AES-128", "SAMPLE-AES"}[r.IntN(2)], URI: fmt.Sprintf("key-%d", i), IV: []string{"", "0x0123456789abcdef0123456789ABCDEF"}[r.IntN(2)]}}
		}
		if r.IntN(3) == 0 {
			s.ProgramDateTime = date.Add(time.Duration(i) * time.Hour)
		}
		m.Segments = append(m.Segments, *s)
	}
	return m
}

func describeOwn(m *Media) string {
	text := fmt.Sprintf("%v %d %d %v %q %v %v\n", m.TargetDuration, m.MediaSequence, m.DiscontinuitySequence, m.EndList, m.Type, m.IFramesOnly, start(m.Start))
	var before Segment
	for i := range m.Segments {
		s := &m.Segments[i]
		text += fmt.Sprintf("%d %s %q %v %v", s.Sequence, s.URI, s.Title, s.Duration, s.Discontinuity)
		if s.ByteRange != nil {
			text += fmt.Sprintf(" range %d@%d", s.ByteRange.Length, s.ByteRange.Offset)
		}
		if !equalMap(s.Map, before.Map) {
			text += " map " + s.Map.URI
			if s.Map.ByteRange != nil {
				text += fmt.Sprintf(" %d@%d", s.Map.ByteRange.Length, s.Map.ByteRange.Offset)
			}
		}
		if !equalKeys(s.Keys, before.Keys) {
			text += fmt.Sprintf(" key %s %s %s", s.Keys[0].Method, s.Keys[0].URI, s.Keys[0].IV)
		}
		if !s.ProgramDateTime.IsZero() && !s.Extrapolated {
			text += " " + s.ProgramDateTime.Format(time.RFC3339Nano)
		}
		text += "\n"
		before = *s
	}
	return text
}

func start(s *Start) string {
	if s == nil {
		return "0s false"
	}
	return fmt.Sprintf("%v %v", s.TimeOffset, s.Precise)
}

func describeOracle(m *m3u8.MediaPlaylist) string {
	seconds := func(f float64) time.Duration { return time.Duration(f * 1e9).Round(time.Microsecond) }
	// Its version is left out: it raises it by what it meets.
	text := fmt.Sprintf("%v %d %d %v %q %v %v %v\n", seconds(m.TargetDuration), m.SeqNo, m.DiscontinuitySeq, m.Closed,
		map[m3u8.MediaType]string{m3u8.EVENT: "EVENT", m3u8.VOD: "VOD"}[m.MediaType], m.Iframe, seconds(m.StartTime), m.StartTimePrecise)
	for _, s := range m.Segments {
		if s == nil {
			break
		}
		text += fmt.Sprintf("%d %s %q %v %v", s.SeqId, s.URI, s.Title, seconds(s.Duration), s.Discontinuity)
		if s.Limit > 0 {
			text += fmt.Sprintf(" range %d@%d", s.Limit, s.Offset)
		}
		if s.Map != nil {
			text += " map " + s.Map.URI
			if s.Map.Limit > 0 {
				text += fmt.Sprintf(" %d@%d", s.Map.Limit, s.Map.Offset)
			}
		}
		if s.Key != nil {
			text += fmt.Sprintf(" key %s %s %s", s.Key.Method, s.Key.URI, s.Key.IV)
		}
		if !s.ProgramDateTime.IsZero() {
			text += " " + s.ProgramDateTime.Format(time.RFC3339Nano)
		}
		text += "\n"
	}
	return text
}

// TestOracleMultivariant does the same for multivariant playlists.
func TestOracleMultivariant(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		m := generateMultivariant(r)
		text := m.Append(nil)
		own, err := ParseMultivariant(text, Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		p, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
		if err != nil || kind != m3u8.MASTER {
			t.Fatalf("seed %d: oracle: kind %v, %v\n%s", seed, kind, err, text)
		}
		made, got, want := describeVariants(m), describeVariants(own), ""
		iFrames := ""
		for _, v := range p.(*m3u8.MasterPlaylist).Variants {
			line := fmt.Sprintf("%s %d %d %q %q %v %q %q %q %q %q %q\n", v.URI, v.Bandwidth, v.AverageBandwidth, v.Codecs, v.Resolution, v.FrameRate,
				v.Audio, v.Video, v.Subtitles, v.Captions, v.VideoRange, v.HDCPLevel)
			if v.Iframe {
				iFrames += "I " + line
				continue
			}
			want += line
			// It lists a rendition several times; what they say is the same.
			seen := make(map[string]bool)
			for _, a := range v.Alternatives {
				line := fmt.Sprintf("  %s %q %q %q %v %q %q\n", a.Type, a.GroupId, a.Name, a.Language, a.Default, a.Autoselect, a.URI)
				if !seen[line] {
					want += line
				}
				seen[line] = true
			}
		}
		want += iFrames
		if got != made {
			t.Fatalf("seed %d: parsed:\n%s\nwas:\n%s\n%s", seed, got, made, text)
		}
		if got != want {
			t.Fatalf("seed %d: parsed:\n%s\noracle:\n%s\n%s", seed, got, want, text)
		}
	}
}

func generateMultivariant(r *rand.Rand) *Multivariant {
	m := &Multivariant{Version: 4 + r.IntN(4), IndependentSegments: r.IntN(2) == 0}
	for i := range r.IntN(4) {
		m.Renditions = append(m.Renditions, Rendition{Type: "AUDIO", GroupID: "audio", Name: fmt.Sprintf("name %d", i), Language: []string{"", "de"}[r.IntN(2)],
			Default: i == 0, Autoselect: r.IntN(2) == 0, URI: fmt.Sprintf("audio-%d.m3u8", i)})
	}
	variant := func(uri string) Variant {
		v := Variant{URI: uri, Bandwidth: r.Int64N(1 << 31), AverageBandwidth: r.Int64N(2) * r.Int64N(1<<31), Codecs: "avc1.4d401f,mp4a.40.2",
			HDCPLevel: []string{"", "NONE", "TYPE-0"}[r.IntN(3)], VideoRange: []string{"", "SDR", "PQ"}[r.IntN(3)]}
		if r.IntN(2) == 0 {
			v.Width, v.Height = 16+r.IntN(4000), 9+r.IntN(3000)
		}
		return v
	}
	for i := range 1 + r.IntN(8) {
		v := variant(fmt.Sprintf("v/%d.m3u8?x=%d", i, r.IntN(100)))
		v.FrameRate = float64(r.IntN(60_000)) / 1000
		if r.IntN(2) == 0 {
			v.Audio = "audio"
		}
		v.Subtitles, v.ClosedCaptions = []string{"", "subs"}[r.IntN(2)], []string{"", "NONE", "cc"}[r.IntN(3)]
		m.Variants = append(m.Variants, v)
	}
	for i := range r.IntN(3) {
		m.IFrameVariants = append(m.IFrameVariants, variant(fmt.Sprintf("i-%d.m3u8", i)))
	}
	return m
}

func describeVariants(m *Multivariant) string {
	text := ""
	describe := func(v *Variant) {
		size := ""
		if v.Width > 0 {
			size = fmt.Sprintf("%dx%d", v.Width, v.Height)
		}
		text += fmt.Sprintf("%s %d %d %q %q %v %q %q %q %q %q %q\n", v.URI, v.Bandwidth, v.AverageBandwidth, v.Codecs, size, v.FrameRate,
			v.Audio, v.Video, v.Subtitles, v.ClosedCaptions, v.VideoRange, v.HDCPLevel)
	}
	for i := range m.Variants {
		v := &m.Variants[i]
		describe(v)
		for _, a := range m.Renditions {
			if a.GroupID == v.Audio {
				text += fmt.Sprintf("  %s %q %q %q %v %q %q\n", a.Type, a.GroupID, a.Name, a.Language, a.Default, map[bool]string{true: "YES"}[a.Autoselect], a.URI)
			}
		}
	}
	for i := range m.IFrameVariants {
		text += "I "
		describe(&m.IFrameVariants[i])
	}
	return text
}

// TestOracleText compares on text that this package did not print: playlists
// of ffmpeg and hand-written ones.
func TestOracleText(t *testing.T) {
	texts := map[string]string{"live": playlistNamed(t, "live"), "vod": playlistNamed(t, "vod of integer durations"), "ranges": playlistNamed(t, "byte ranges and I-frames")}
	for _, name := range []string{"ffmpeg-fmp4.m3u8", "ffmpeg-byterange.m3u8"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for name, text := range texts {
		own, err := ParseMedia([]byte(text), Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if own.Truncated || len(own.Findings) > 0 || len(own.Unknown) > 0 {
			t.Errorf("%s: truncated %v, findings %v, unknown %v", name, own.Truncated, own.Findings, own.Unknown)
		}
		p, _, err := m3u8.DecodeFrom(strings.NewReader(text), true)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := describeOwn(own), describeOracle(p.(*m3u8.MediaPlaylist)); got != want {
			t.Errorf("%s: parsed:\n%s\noracle:\n%s", name, got, want)
		}
	}
}
