package rig

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// contentConfig is a small channel with one rendition.
func contentConfig(change func(*Config)) Config {
	c := mini()
	c.Ladder, c.Window, c.Keep, c.Segment = c.Ladder[:1], 6, 13, sec
	if change != nil {
		change(&c)
	}
	return c
}

// list is a media playlist off the origin, as a client reads it.
func list(t *testing.T, r *Rig, now time.Duration, pipeline, rendition int) *m3u8.Media {
	t.Helper()
	path := r.Path(ID{Kind: m3u8.KindMedia, Pipeline: pipeline, Rendition: rendition})
	f := Flight{Path: path, Pop: AtOrigin}
	r.Advance(now, &f)
	if f.Answer.Status != 200 {
		t.Fatalf("%s at %v: status %d", path, now, f.Answer.Status)
	}
	base, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := m3u8.ParseMedia(f.Answer.Object.Text(), m3u8.Options{Base: base})
	if err != nil || len(m.Findings) > 0 {
		t.Fatalf("%s: %v %v\n%s", path, err, m.Findings, f.Answer.Object.Text())
	}
	return m
}

// load is the body of a GET of a part of a URL, nil of what is not there.
func load(t *testing.T, r *Rig, now time.Duration, pop int, path string, part *m3u8.Range) []byte {
	t.Helper()
	f := Flight{Path: path, Pop: pop}
	want := 200
	if part != nil {
		f.Range, want = fmt.Sprintf("bytes=%d-%d", part.Offset, part.Offset+part.Length-1), 206
	}
	r.Advance(now, &f)
	if f.Answer.Status == 404 {
		return nil
	}
	if f.Answer.Status != want {
		t.Fatalf("%s %s: status %d; want %d", path, f.Range, f.Answer.Status, want)
	}
	return bodyOf(r, &f.Answer)
}

// bodyOf is what crosses of an answer's body, put together of its parts.
func bodyOf(r *Rig, a *Answer) []byte {
	var b []byte
	for p := range r.Parts(a.Object, a.Offset, a.Bytes) {
		b = append(b, r.AppendBody(nil, p.Object)[p.From:p.To]...)
	}
	return b
}

func TestContentPlaylists(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"event":           func(c *Config) { c.Playlist, c.Length = Event, 10*time.Second },
		"vod":             func(c *Config) { c.Playlist, c.Length = VOD, 5*time.Second },
		"ranges-ts":       func(c *Config) { c.ByteRanges = true },
		"ranges-fmp4":     func(c *Config) { c.ByteRanges, c.Container = true, "fmp4" },
		"keys":            func(c *Config) { c.Encryption, c.KeyRotation = "aes-128", 3 },
		"keys-fmp4":       func(c *Config) { c.Encryption, c.KeyRotation, c.IV, c.Container = "aes-128", 4, "explicit", "fmp4" },
		"keys-ranges":     func(c *Config) { c.Encryption, c.ByteRanges, c.Container = "aes-128", true, "fmp4" },
		"discontinuities": func(c *Config) { c.DiscontinuityEvery = 4 },
		"gaps":            func(c *Config) { c.GapEvery, c.ByteRanges = 4, true },
		"start":           func(c *Config) { c.Start = &Start{-3500 * time.Millisecond, true} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, contentConfig(change))
			var b strings.Builder
			f := Flight{Path: r.Entry(0), Pop: AtOrigin}
			r.Advance(0, &f)
			b.Write(f.Answer.Object.Text())
			for _, now := range []time.Duration{0, 2 * sec, 6 * sec} {
				list(t, r, now, 0, 0)
				fmt.Fprintf(&b, "\n%v\n%s", now, r.channel.look(ID{Kind: m3u8.KindMedia}, now).object.Text())
			}
			golden(t, "content-"+name+".txt", b.String())
		})
	}
}

// Numbers of discontinuities stay right while the window slides, both pipelines
// agree on them, and timestamps jump there and nowhere else.
func TestDiscontinuitiesSlide(t *testing.T) {
	c := contentConfig(func(c *Config) { c.DiscontinuityEvery = 4 })
	r := newRig(t, c)
	known, starts := map[uint64]uint64{}, map[uint64]bool{}
	for now := time.Duration(0); now < 30*sec; now += sec / 2 {
		for p := range 2 {
			for _, s := range list(t, r, now, p, 0).Segments {
				if n, ok := known[s.Sequence]; ok && (n != s.DiscontinuitySequence || starts[s.Sequence] != s.Discontinuity) {
					t.Fatalf("at %v segment %d is in %d; it was in %d", now, s.Sequence, s.DiscontinuitySequence, n)
				}
				known[s.Sequence], starts[s.Sequence] = s.DiscontinuitySequence, s.Discontinuity
			}
		}
	}
	jumps := 0
	for n, in := range known {
		before, ok := known[n-1]
		if !ok {
			continue
		}
		jump := r.channel.mediaStart(n) != r.channel.mediaStart(n-1)+c.Segment
		if jump != starts[n] || jump != (in == before+1) || !jump && in != before {
			t.Errorf("segment %d is in %d, the one before in %d; its timestamps jump: %v", n, in, before, jump)
		}
		if jump {
			jumps++
		}
	}
	if jumps < 6 {
		t.Errorf("%d discontinuities in 30 s; want 7 or 8", jumps)
	}
}

// What a client decrypts is what a clear channel serves.
func TestEncryption(t *testing.T) {
	for _, iv := range []string{"sequence", "explicit"} {
		for _, ranges := range []bool{false, true} {
			clear := newRig(t, contentConfig(func(c *Config) { c.Container, c.DiscontinuityEvery = "fmp4", 5 }))
			r := newRig(t, contentConfig(func(c *Config) {
				c.Container, c.DiscontinuityEvery = "fmp4", 5
				c.Encryption, c.KeyRotation, c.IV, c.ByteRanges = "aes-128", 3, iv, ranges
			}))
			keys := map[string]bool{}
			for i, s := range list(t, r, 0, 1, 0).Segments {
				key := load(t, r, 0, 0, s.Keys[0].URL, nil)
				body := load(t, r, 0, 0, s.URL, s.ByteRange)
				if len(key) != 16 || len(body) == 0 || len(body)%16 != 0 {
					t.Fatalf("segment %d: %d bytes under a key of %d", s.Sequence, len(body), len(key))
				}
				keys[string(key)] = true
				block, err := aes.NewCipher(key)
				if err != nil {
					t.Fatal(err)
				}
				vector := make([]byte, 16)
				binary.BigEndian.PutUint64(vector[8:], s.Sequence)
				if given := s.Keys[0].IV; (given != "") != (iv == "explicit") {
					t.Fatalf("IV %q in mode %s", given, iv)
				} else if given != "" {
					if vector, err = hex.DecodeString(given[2:]); err != nil {
						t.Fatal(err)
					}
				}
				cipher.NewCBCDecrypter(block, vector).CryptBlocks(body, body)
				pad := int(body[len(body)-1])
				if pad < 1 || pad > 16 || !bytes.Equal(body[len(body)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
					t.Fatalf("segment %d: padding of %d", s.Sequence, pad)
				}
				want := list(t, clear, 0, 1, 0).Segments[i]
				if !bytes.Equal(body[:len(body)-pad], load(t, clear, 0, 0, want.URL, nil)) {
					t.Errorf("segment %d is another one when it is decrypted", s.Sequence)
				}
				if section := load(t, r, 0, 0, s.Map.URL, s.Map.ByteRange); !bytes.Equal(section, load(t, clear, 0, 0, want.Map.URL, nil)) {
					t.Errorf("segment %d: the initialization section is another one", s.Sequence)
				}
			}
			if len(keys) != 2 && len(keys) != 3 {
				t.Errorf("%d keys for 6 segments; want one for 3", len(keys))
			}
		}
	}
}

func TestKeysOfTheFutureAreNotThere(t *testing.T) {
	r := newRig(t, contentConfig(func(c *Config) { c.Encryption, c.KeyRotation = "aes-128", 5 }))
	segments := list(t, r, 0, 0, 0).Segments
	last := segments[len(segments)-1].Keys[0].URL
	id, _ := r.Parse(last)
	for path, there := range map[string]bool{
		last:                           true,
		"/live/p1/index_00000.key":     true,
		"/live/p0/index_00099.key":     false,
		"/live/p0/index_999999999.key": false,
	} {
		if got := load(t, r, 0, 0, path, nil); (got != nil) != there {
			t.Errorf("%s: %d bytes; want it there: %v", path, len(got), there)
		}
	}
	id.Sequence++
	if load(t, r, 0, AtOrigin, r.Path(id), nil) != nil || load(t, r, 10*sec, AtOrigin, r.Path(id), nil) == nil {
		t.Errorf("%s is there before its first segment, or not after", r.Path(id))
	}
	if got := r.Stats().Edge().ByKind[m3u8.KindKey].Requests; got != 4 {
		t.Errorf("%d key requests counted; want 4", got)
	}
}

// Segments and sections out of shared resources are those of a channel without.
func TestByteRanges(t *testing.T) {
	for _, container := range []string{"ts", "fmp4"} {
		for _, playlist := range []string{Live, Event, VOD} {
			change := func(ranges bool) func(*Config) {
				return func(c *Config) {
					c.Container, c.ByteRanges, c.Playlist = container, ranges, playlist
					if playlist != Live {
						c.Length = 20 * sec
					}
				}
			}
			r, plain := newRig(t, contentConfig(change(true))), newRig(t, contentConfig(change(false)))
			for now := time.Duration(0); now < 20*sec; now += 700 * time.Millisecond {
				segments := list(t, r, now, 0, 0).Segments
				whole := map[string][]byte{}
				for i, want := range list(t, plain, now, 0, 0).Segments {
					s := &segments[i]
					if whole[s.URL] == nil {
						whole[s.URL] = load(t, r, now, AtOrigin, s.URL, nil)
					}
					body := load(t, r, now, 0, s.URL, s.ByteRange)
					if !bytes.Equal(body, load(t, plain, now, 0, want.URL, nil)) || !bytes.Equal(body, whole[s.URL][s.ByteRange.Offset:][:s.ByteRange.Length]) {
						t.Fatalf("%s %s at %v: segment %d is another one", container, playlist, now, s.Sequence)
					}
					if container == "fmp4" && !bytes.Equal(load(t, r, now, 0, s.Map.URL, s.Map.ByteRange), load(t, plain, now, 0, want.Map.URL, nil)) {
						t.Fatalf("%s at %v: segment %d has another section", playlist, now, s.Sequence)
					}
				}
				if n := len(whole); playlist == VOD && n != 1 || n > 4 {
					t.Errorf("%s at %v: %d resources", playlist, now, n)
				}
			}
			// A part is fetched once, and nothing but it.
			origin := r.Stats().Origin
			if n := origin.ByKind[m3u8.KindSegment].Requests; playlist == VOD && n > 20+30 {
				t.Errorf("%d segment requests at the origin for 20 parts and 29 wholes", n)
			}
			if n := r.Stats().Edge().ByStatus[206]; n == 0 || origin.ByStatus[206] == 0 || origin.ByStatus[206] > n {
				t.Errorf("%d parts at the edge, %d at the origin", n, origin.ByStatus[206])
			}
		}
	}
}

// Caches keep parts by themselves, and serve them from a whole they have.
func TestPartsInCaches(t *testing.T) {
	r := newRig(t, contentConfig(func(c *Config) { c.ByteRanges, c.Container = true, "fmp4" }))
	s := list(t, r, 0, 0, 0).Segments[2]
	ask := func(now time.Duration, method, rng string) Answer {
		f := Flight{Method: method, Path: s.URL, Range: rng}
		r.Advance(now, &f)
		return f.Answer
	}
	part := fmt.Sprintf("bytes=%d-%d", s.ByteRange.Offset, s.ByteRange.Offset+s.ByteRange.Length-1)
	before := r.Stats().Origin.Count
	for i, c := range []struct {
		method, rng string
		status      int
		length      int64 // of the body
		bytes       int64 // that cross
		origin      int   // requests there
		kind        m3u8.Kind
	}{
		{"GET", part, 206, s.ByteRange.Length, s.ByteRange.Length, 1, m3u8.KindSegment},
		{"GET", part, 206, s.ByteRange.Length, s.ByteRange.Length, 0, m3u8.KindSegment},
		{"HEAD", part, 206, s.ByteRange.Length, 0, 0, m3u8.KindSegment},
		{"GET", "bytes=0-99", 206, 100, 100, 1, m3u8.KindInit},
		{"GET", "bytes=99999999-", 416, bodySize(416, nil), bodySize(416, nil), 1, m3u8.KindSegment},
		{"GET", "bytes=99999999-", 416, bodySize(416, nil), bodySize(416, nil), 1, m3u8.KindSegment}, // never cached
		{"GET", "bytes=5-1", 200, 0, 0, 1, m3u8.KindSegment},                                         // no range: the whole
		{"GET", "bytes=1-5,7-9", 200, 0, 0, 0, m3u8.KindSegment},
		{"GET", "bytes=3000-3999", 206, 1000, 1000, 0, m3u8.KindSegment}, // of the whole
		{"GET", "bytes=-10", 206, 10, 10, 0, m3u8.KindSegment},
	} {
		a := ask(time.Duration(i)*sec/10+sec, c.method, c.rng)
		if c.status == 200 {
			c.length, c.bytes = a.Size, a.Size
		}
		made := int(r.Stats().Origin.Requests - before.Requests)
		before = r.Stats().Origin.Count
		if a.Status != c.status || a.Length != c.length || a.Bytes != c.bytes || made != c.origin || a.Kind != c.kind {
			t.Errorf("%s %s: %d, length %d, %d bytes, kind %v, %d origin requests; want %d, %d, %d, %v, %d",
				c.method, c.rng, a.Status, a.Length, a.Bytes, a.Kind, made, c.status, c.length, c.bytes, c.kind, c.origin)
		}
		if a.Status == 416 && (a.Size < 1000 || !strings.HasPrefix(string(a.AppendContentRange(nil)), "bytes */")) {
			t.Errorf("416 of %d bytes: %s", a.Size, a.AppendContentRange(nil))
		}
	}
}

// A part that segment.late keeps away is no part of the resource yet; requests
// for other parts are not touched.
func TestLateParts(t *testing.T) {
	f := chaos.NewFault("late", chaos.SegmentLate)
	f.Via, f.By, f.At, f.For, f.Rule = chaos.ViaRig, 5*sec, 0, 20*sec, 3
	r := newRig(t, contentConfig(func(c *Config) { c.ByteRanges = true }))
	r.SetPlan(open(&f))
	m := list(t, r, 8*sec, 0, 0)
	s, first := m.Segments[len(m.Segments)-1], m.Segments[0]
	for _, c := range []struct {
		s      m3u8.Segment
		now    time.Duration
		status []int
		marked bool
	}{{first, 8 * sec, []int{206}, false}, {s, 8 * sec, []int{404, 416}, true}, {s, 14 * sec, []int{206}, false}} {
		q := Flight{Path: c.s.URL, Range: fmt.Sprintf("bytes=%d-%d", c.s.ByteRange.Offset, c.s.ByteRange.Offset+c.s.ByteRange.Length-1), Pop: AtOrigin}
		r.Advance(c.now, &q)
		if !slices.Contains(c.status, q.Answer.Status) || q.Answer.Marks.Has(3) != c.marked {
			t.Errorf("segment %d at %v: %d, marked %v; want %v, %v", c.s.Sequence, c.now, q.Answer.Status, q.Answer.Marks.Has(3), c.status, c.marked)
		}
	}
}

func TestGapsAreNotThere(t *testing.T) {
	r := newRig(t, contentConfig(func(c *Config) { c.GapEvery, c.GapPipeline = 3, 1 }))
	for p := range 2 {
		gaps := 0
		for _, s := range list(t, r, 0, p, 0).Segments {
			if s.Gap {
				gaps++
			}
			if body := load(t, r, 0, p, s.URL, nil); (body == nil) != s.Gap || s.Gap != (p == 1 && s.Sequence%3 == 0) {
				t.Errorf("pipeline %d, segment %d: gap %v, %d bytes", p, s.Sequence, s.Gap, len(body))
			}
		}
		if gaps != 2*p {
			t.Errorf("pipeline %d: %d gaps", p, gaps)
		}
	}
}

// An event ends when its length is there, and the end stays: the invalidator
// leaves it alone, and a fault at that very moment only puts it off.
func TestEventEnds(t *testing.T) {
	const end = 10 * sec // 6 of 16 segments are there at the start
	for _, c := range []struct {
		name   string
		fault  func(f *chaos.Fault)
		kind   chaos.Kind
		listed int // at the end
		gaps   int
		ended  time.Duration // 1 s after it has ended for sure
	}{
		{"quiet", nil, "", 16, 0, end + sec},
		{"killed before", func(f *chaos.Fault) { f.At, f.For = 3*sec, 3*sec }, chaos.PipelineKill, 16, 4, end + sec},
		{"killed at the end", func(f *chaos.Fault) { f.At, f.For = 8*sec, 10*sec }, chaos.PipelineKill, 16, 2, 19 * sec},
		{"killed at the end, to restart", func(f *chaos.Fault) { f.At, f.For, f.Resume = 8*sec, 10*sec, "restart" }, chaos.PipelineKill, 16, 2, 19 * sec},
		{"frozen at the end", func(f *chaos.Fault) { f.At, f.For = 8*sec, 10*sec }, chaos.PlaylistFreeze, 16, 0, 19 * sec},
		{"deleted at the end", func(f *chaos.Fault) { f.At, f.For = 8*sec, 10*sec }, chaos.PlaylistDelete, 16, 0, 19 * sec},
		{"deleted after the end", func(f *chaos.Fault) { f.At, f.For = 15*sec, 10*sec }, chaos.PlaylistDelete, 16, 0, 26 * sec},
		{"paused after the end", func(f *chaos.Fault) { f.At, f.For = 15*sec, 10*sec }, chaos.PipelinePause, 16, 0, 26 * sec},
	} {
		r := newRig(t, contentConfig(func(c *Config) { c.Playlist, c.Length = Event, 16*sec }))
		var f chaos.Fault
		if c.fault != nil {
			f = chaos.NewFault("f", c.kind)
			f.Via, f.Pipeline = chaos.ViaRig, 0
			c.fault(&f)
			r.SetPlan(open(&f))
			if ok, what := r.Bites(f.At+2*sec, &f); !ok && c.kind != chaos.PipelinePause {
				t.Errorf("%s: %s", c.name, what)
			}
		}
		for _, now := range []time.Duration{c.ended, c.ended + 10*sec, c.ended + 100*sec} {
			m := list(t, r, now, 0, 0)
			gaps := 0
			for i, s := range m.Segments {
				if s.Gap {
					gaps++
				}
				if s.Sequence != uint64(i+1) {
					t.Fatalf("%s: segment %d is number %d", c.name, i, s.Sequence)
				}
			}
			if !m.EndList || m.Type != "EVENT" || len(m.Segments) != c.listed || gaps != c.gaps {
				t.Errorf("%s: at %v %d segments, %d gaps, end %v; want %d, %d, an end", c.name, now, len(m.Segments), gaps, m.EndList, c.listed, c.gaps)
			}
		}
		if c.fault != nil {
			if ok, what := r.Healthy(c.ended+101*sec, &f); !ok {
				t.Errorf("%s: not healthy: %s", c.name, what)
			}
		}
		if m := list(t, newRig(t, contentConfig(func(c *Config) { c.Playlist, c.Length = Event, 16*sec })), 5*sec, 0, 0); m.EndList || len(m.Segments) < 10 {
			t.Errorf("after 5 s %d segments, end %v", len(m.Segments), m.EndList)
		}
	}
}

// A long presentation costs no more than its numbers: no bodies, and texts of a
// few versions only.
func TestLongEventsStaySmall(t *testing.T) {
	c := contentConfig(func(c *Config) {
		c.Playlist, c.ByteRanges, c.Encryption, c.Segment = Event, true, "aes-128", time.Second
	})
	r := newRig(t, c)
	end := MaxSegments * sec
	for now := time.Duration(0); now < end; now += 100 * sec {
		list(t, r, now, 0, 0)
	}
	m := list(t, r, end, 0, 0)
	if !m.EndList || len(m.Segments) != MaxSegments {
		t.Errorf("%d segments, end %v; want %d and an end", len(m.Segments), m.EndList, MaxSegments)
	}
	texts := 0
	for _, v := range r.channel.streams[0][0].versions {
		if v.plain != nil {
			texts++
		}
	}
	if texts > 2 {
		t.Errorf("%d texts of about %d bytes are kept; want 2", texts, len(m.Segments)*100)
	}
	vod := newRig(t, contentConfig(func(c *Config) { c.Playlist, c.Length, c.ByteRanges = VOD, MaxSegments*c.Segment, true }))
	f := Flight{Path: list(t, vod, 0, 0, 0).Segments[0].URL, Range: "bytes=1000000-1000999"}
	vod.Advance(0, &f)
	if n := len(bodyOf(vod, &f.Answer)); n != 1000 || f.Answer.Object.Text() != nil {
		t.Errorf("%d bytes out of the middle of a VOD, %d kept; want 1000 and none", n, len(f.Answer.Object.Text()))
	}
}

// Whatever a Range says, an answer is consistent and its parts are as long as it
// says.
func FuzzRangeOfResource(f *testing.F) {
	c := contentConfig(func(c *Config) { c.ByteRanges, c.Container, c.Encryption, c.KeyRotation = true, "fmp4", "aes-128", 2 })
	for _, s := range []string{"bytes=0-0", "bytes=0-654", "bytes=655-", "bytes=-1", "bytes=-0", "bytes=-99999999999999999999", "bytes=654-655",
		"bytes=9223372036854775807-9223372036854775807", "bytes=0-1,2-3", "bytes=--1", "bytes= 1-2", "BYTES=1-2", "bytes=1-2-3", ""} {
		f.Add("/live/p0/index_256x144_00031.m4s", s)
		f.Add("/live/p0/index_00010.key", s)
	}
	f.Fuzz(func(t *testing.T, path, rng string) {
		r := newRig(t, c)
		for _, method := range []string{"GET", "HEAD", "GET"} {
			q := Flight{Method: method, Path: path, Range: rng}
			r.Advance(sec, &q)
			a := &q.Answer
			switch {
			case a.Object == nil && a.Status < 400, a.Object != nil && a.Status != 200 && a.Status != 206:
				t.Fatalf("%s %q %q: status %d", method, path, rng, a.Status)
			case a.Object == nil:
			case a.Offset < 0 || a.Length < 1 || a.Offset+a.Length > a.Object.Size || a.Status == 200 && a.Length != a.Object.Size && !a.Packed:
				t.Fatalf("%s %q %q: %d, %d+%d of %d", method, path, rng, a.Status, a.Offset, a.Length, a.Object.Size)
			case method == "GET" && !a.Packed:
				if n := int64(len(bodyOf(r, a))); n != a.Length {
					t.Fatalf("%q %q: %d bytes; want %d", path, rng, n, a.Length)
				}
			}
		}
	})
}
