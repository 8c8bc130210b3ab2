package chaos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
)

// live is the playlist of a channel of 4 s segments at an instant: window
// segments, of which the last one ended just before.
func live(name string, now time.Duration, window int) []byte {
	last := int(now/(4*time.Second)) + 99
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-window+1)
	for n := last - window + 1; n <= last; n++ {
		fmt.Fprintf(&b, "#EXTINF:4.000,\n%s_%d.ts\n", name, n)
	}
	return []byte(b.String())
}

// viewing asks one rewriter for things of a live channel.
type viewing struct {
	t *testing.T
	r *Rewriter
	p *Plan
}

// ask gives what a viewer of pipeline 0 sees of its playlist: "404", or the
// numbers of the segments listed, as "97-106", with " end" and the marks.
func (v *viewing) ask(now time.Duration, change func(*Thing)) string {
	thing := media(change)
	real := Answer{Status: 200, Body: live(thing.Name, now, 10)}
	before := string(real.Body)
	seen, effect := v.r.Rewrite(now, v.p, thing, "http://x/p/"+thing.Name+".m3u8", real)
	if string(real.Body) != before {
		v.t.Fatal("the real body was changed")
	}
	return describe(v.t, seen, effect)
}

func describe(t *testing.T, seen Answer, e Effect) string {
	s := fmt.Sprint(seen.Status)
	if seen.Status == 200 {
		p, err := m3u8.ParseMedia(seen.Body, m3u8.Options{})
		if err != nil {
			t.Fatalf("rewritten into what is no playlist: %v\n%s", err, seen.Body)
		}
		s = fmt.Sprintf("%d-%d", p.MediaSequence, p.MediaSequence+uint64(len(p.Segments))-1)
		if p.EndList {
			s += " end"
		}
	}
	if e.Marks != 0 {
		s += fmt.Sprintf(" by %b", e.Marks)
	}
	return s
}

const onset = 21 * time.Second // the live playlist then is 95-104

func TestRewriteOverTime(t *testing.T) {
	type asked struct {
		at   time.Duration
		want string
	}
	s := time.Second
	for _, c := range []struct {
		name  string
		fault *Fault
		cfg   RewriterConfig
		seen  []time.Duration // when a player asked before the onset
		want  []asked
	}{
		{"freeze", fault(PlaylistFreeze, ViaViewer, nil), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{22 * s, "95-104"}, {24 * s, "95-104 by 1"}, {200 * s, "95-104 by 1"}}},
		{"freeze of a playlist that was seen a version ago", fault(PlaylistFreeze, ViaViewer, nil), RewriterConfig{}, []time.Duration{18 * s},
			[]asked{{21 * s, "94-103 by 1"}, {24 * s, "94-103 by 1"}}},
		{"freeze of a playlist that was not asked for lately", fault(PlaylistFreeze, ViaViewer, nil), RewriterConfig{}, []time.Duration{4 * s},
			[]asked{{22 * s, "95-104"}, {24 * s, "95-104 by 1"}}},
		{"freeze of a playlist never seen before goes back to the onset", fault(PlaylistFreeze, ViaViewer, nil), RewriterConfig{}, nil,
			[]asked{{34 * s, "98-104 by 1"}, {60 * s, "98-104 by 1"}}},
		{"kill: frozen, then missing 1.5 target durations after the last write", fault(PipelineKill, ViaViewer, nil), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{24 * s, "95-104 by 1"}, {26*s - 1, "95-104 by 1"}, {26 * s, "404 by 1"}, {90 * s, "404 by 1"}}},
		{"kill: stale_after", fault(PipelineKill, ViaViewer, nil), RewriterConfig{StaleAfter: 3, Missing: 403}, []time.Duration{20 * s},
			[]asked{{31 * s, "95-104 by 1"}, {32 * s, "403 by 1"}}},
		{"kill: nothing invalidates", fault(PipelineKill, ViaViewer, nil), RewriterConfig{StaleAfter: NeverStale}, []time.Duration{20 * s},
			[]asked{{90 * s, "95-104 by 1"}}},
		{"kill: a version seen early was written again before the onset", fault(PipelineKill, ViaViewer, nil), RewriterConfig{}, []time.Duration{16 * s, 17 * s},
			[]asked{{23*s - 1, "94-103 by 1"}, {23 * s, "404 by 1"}}},
		{"kill: never seen before", fault(PipelineKill, ViaViewer, nil), RewriterConfig{}, nil,
			[]asked{{26 * s, "96-104 by 1"}, {27 * s, "404 by 1"}}},
		{"pause, deleted", fault(PipelinePause, ViaViewer, func(f *Fault) { f.Children = "delete" }), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{21 * s, "404 by 1"}, {90 * s, "404 by 1"}}},
		{"pause, stale", fault(PipelinePause, ViaViewer, func(f *Fault) { f.Children = "stale" }), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{25 * s, "95-104 by 1"}, {27 * s, "404 by 1"}}},
		{"input loss", fault(InputLoss, ViaViewer, func(f *Fault) { f.Then = "pause" }), RewriterConfig{}, nil,
			[]asked{{21 * s, "404 by 1"}}},
		{"drift stands still, then lags", fault(PipelineDrift, ViaViewer, func(f *Fault) { f.By = 10 * s }), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{22 * s, "95-104"}, {24 * s, "95-104 by 1"}, {28 * s, "95-104 by 1"}, {32 * s, "95-104 by 1"},
				{34 * s, "96-105 by 1"}, {38 * s, "97-106 by 1"}, {44 * s, "98-107 by 1"}}},
		{"drift of a playlist never seen before", fault(PipelineDrift, ViaViewer, func(f *Fault) { f.By = 10 * s }), RewriterConfig{}, nil,
			[]asked{{40 * s, "100-107 by 1"}, {44 * s, "100-107 by 1"}, {48 * s, "100-107 by 1"}, {50 * s, "100-109 by 1"}, {54 * s, "101-110 by 1"}}},
		{"delete", fault(PlaylistDelete, ViaViewer, nil), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{21 * s, "404 by 1"}, {60 * s, "404 by 1"}}},
		{"delete once", fault(PlaylistDelete, ViaViewer, func(f *Fault) { f.Once = true }), RewriterConfig{}, []time.Duration{20 * s},
			[]asked{{21 * s, "404 by 1"}, {23 * s, "404 by 1"}, {24 * s, "96-105"}, {60 * s, "105-114"}}},
		{"rollback", fault(PlaylistRollback, ViaViewer, func(f *Fault) { f.Segments = 3 }), RewriterConfig{}, nil,
			[]asked{{21 * s, "95-101 by 1"}, {24 * s, "96-102 by 1"}}},
		{"endlist", fault(PlaylistEndlist, ViaViewer, nil), RewriterConfig{}, nil,
			[]asked{{21 * s, "95-104 end by 1"}, {24 * s, "96-105 end by 1"}}},
		{"slow", fault(OriginSlow, ViaViewer, func(f *Fault) { f.By = s }), RewriterConfig{}, nil, []asked{{21 * s, "95-104 by 1"}}},
		{"status", fault(EdgeStatus, ViaViewer, func(f *Fault) { f.Code = 503 }), RewriterConfig{}, nil, []asked{{21 * s, "503 by 1"}}},
		{"of the rig", fault(PlaylistFreeze, ViaRig, nil), RewriterConfig{}, []time.Duration{20 * s}, []asked{{60 * s, "105-114"}}},
	} {
		c.cfg.Faults = []Fault{*c.fault}
		v := &viewing{t, NewRewriter(c.cfg), NewPlan(1)}
		for _, at := range c.seen {
			v.ask(at, nil)
		}
		v.p = v.p.With(c.fault, onset)
		for _, a := range c.want {
			if got := v.ask(a.at, nil); got != a.want {
				t.Errorf("%s: at %v got %s, want %s", c.name, a.at, got, a.want)
			}
		}
		v.p = v.p.Without(c.fault, 300*s)
		if got := v.ask(300*s, nil); got != "165-174" {
			t.Errorf("%s: undone, got %s", c.name, got)
		}
		if m := v.r.memories["http://x/p/v1.m3u8"]; m != nil && len(m.pins) != 0 {
			t.Errorf("%s: undone, but still pinned", c.name)
		}
	}
}

// A fault touches nothing but what it selects, yet every viewer that it selects sees
// the same, whichever asked first.
func TestRewriteTouchesOnlyWhatIsSelected(t *testing.T) {
	f := fault(PlaylistFreeze, ViaViewer, func(f *Fault) { f.Pipeline, f.Cohort = 0, "web" })
	v := &viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{*f}}), NewPlan(1)}
	v.p = v.p.With(f, onset)
	tv := func(t *Thing) { t.Cohort = "tv" }
	twin := func(t *Thing) { t.Pipeline, t.Name = 1, "w1" }
	for _, a := range []struct {
		at   time.Duration
		who  func(*Thing)
		want string
	}{
		{26 * time.Second, tv, "96-105"}, // the first to ask, and not hit
		{40 * time.Second, tv, "100-109"},
		{40 * time.Second, nil, "96-104 by 1"}, // its pin is that of the first
		{40 * time.Second, twin, "100-109"},
		{80 * time.Second, nil, "96-104 by 1"},
	} {
		if got := v.ask(a.at, a.who); got != a.want {
			t.Errorf("at %v got %s, want %s", a.at, got, a.want)
		}
	}
	seg := media(func(t *Thing) { t.Kind = m3u8.KindSegment })
	if seen, e := v.r.Rewrite(80*time.Second, v.p, seg, "http://x/p/v1_100.ts", Answer{Status: 200}); seen.Status != 200 || e != (Effect{}) {
		t.Errorf("a segment became %+v %+v", seen, e)
	}
	top := media(func(t *Thing) { t.Kind, t.Rendition = m3u8.KindMultivariant, Any })
	if seen, e := v.r.Rewrite(80*time.Second, v.p, top, "http://x/p/i.m3u8", Answer{200, []byte("#EXTM3U\n")}); string(seen.Body) != "#EXTM3U\n" || e != (Effect{}) {
		t.Errorf("the multivariant playlist became %+v %+v", seen, e)
	}
}

func TestRewriteNests(t *testing.T) {
	rule := 0
	with := func(kind Kind, change func(*Fault)) *Fault {
		f := fault(kind, ViaViewer, change)
		f.Rule = rule
		rule++
		return f
	}
	freeze := func() *Fault { return with(PlaylistFreeze, nil) }
	kill := func() *Fault { return with(PipelineKill, nil) }
	rollback := func() *Fault { return with(PlaylistRollback, func(f *Fault) { f.Segments = 2 }) }
	slow := func() *Fault { return with(HTTPSlow, func(f *Fault) { f.By = time.Second }) }
	truncate := func() *Fault { return with(HTTPTruncate, nil) }
	status := func() *Fault { return with(HTTPStatus, func(f *Fault) { f.Code = 500 }) }
	for _, c := range []struct {
		name   string
		faults []func() *Fault
		want   string // 13 s after the onset
		effect Effect
	}{
		{"missing beats frozen", []func() *Fault{freeze, kill}, "404 by 10", Effect{}},
		{"rolled back from the frozen one", []func() *Fault{rollback, freeze}, "95-102 by 11", Effect{}},
		{"rollbacks add up", []func() *Fault{rollback, rollback}, "98-103 by 11", Effect{}},
		{"frozen, slow and cut", []func() *Fault{freeze, slow, truncate}, "95-104 by 111", Effect{Delay: time.Second, Truncate: true}},
		{"what is missing can be slow, but not cut", []func() *Fault{kill, slow, truncate}, "404 by 11", Effect{Delay: time.Second}},
		{"a status on the way hides it all", []func() *Fault{freeze, slow, status}, "500 by 100", Effect{Status: 500}},
	} {
		rule = 0
		v := &viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{*fault(PlaylistFreeze, ViaViewer, nil)}}), NewPlan(1)}
		v.ask(20*time.Second, nil)
		for _, f := range c.faults {
			v.p = v.p.With(f(), onset)
		}
		thing := media(nil)
		seen, e := v.r.Rewrite(34*time.Second, v.p, thing, "http://x/p/v1.m3u8", Answer{200, live("v1", 34*time.Second, 10)})
		if got := describe(t, seen, e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if e.Marks = 0; e != c.effect {
			t.Errorf("%s: effect %+v, want %+v", c.name, e, c.effect)
		}
	}
}

// When the real stream fails while it is frozen, the frozen one is still shown.
func TestRewriteHidesRealTrouble(t *testing.T) {
	f := fault(PlaylistFreeze, ViaViewer, nil)
	v := &viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{*f}}), NewPlan(1)}
	v.ask(20*time.Second, nil)
	v.p = v.p.With(f, onset)
	for _, real := range []Answer{{Status: 404}, {503, []byte("<html>")}, {200, []byte("<html>")}} {
		seen, e := v.r.Rewrite(30*time.Second, v.p, media(nil), "http://x/p/v1.m3u8", real)
		if got := describe(t, seen, e); got != "95-104 by 1" {
			t.Errorf("%+v became %s", real, got)
		}
	}
	seen, e := v.r.Rewrite(30*time.Second, v.p, media(nil), "http://x/never.m3u8", Answer{503, []byte("<html>")})
	if seen.Status != 503 || e.Marks != 0 {
		t.Errorf("what was never good became %+v %+v", seen, e)
	}
}

func TestRewriteSharesBodies(t *testing.T) {
	freeze, roll := fault(PlaylistFreeze, ViaViewer, nil), fault(PlaylistRollback, ViaViewer, func(f *Fault) { f.Segments, f.Rule = 2, 1 })
	for _, f := range []*Fault{freeze, roll} {
		v := &viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{*f}}), NewPlan(1).With(f, onset)}
		var first *byte
		for n := range 3 {
			seen, _ := v.r.Rewrite(40*time.Second, v.p, media(func(t *Thing) { t.Viewer = uint64(n) }), "http://x/p/v1.m3u8", Answer{200, live("v1", 40*time.Second, 10)})
			if first == nil {
				first = &seen.Body[0]
			} else if first != &seen.Body[0] {
				t.Errorf("%s: players get copies of the same playlist", f.Kind)
			}
		}
	}
}

func TestSegmentLate(t *testing.T) {
	f := fault(SegmentLate, ViaViewer, func(f *Fault) { f.By = 3 * time.Second })
	v := &viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{*f}}), NewPlan(1)}
	v.ask(20*time.Second, nil) // lists 104
	v.p = v.p.With(f, onset)
	v.ask(24*time.Second, nil) // lists 105
	v.ask(33*time.Second, nil) // lists 106 and 107; 106 must have been there for 4 s
	for _, a := range []struct {
		at      time.Duration
		segment int
		want    int
	}{
		{21 * time.Second, 104, 200},
		{24 * time.Second, 105, 404},
		{27*time.Second - 1, 105, 404},
		{27 * time.Second, 105, 200},
		{33 * time.Second, 106, 200},
		{33 * time.Second, 107, 404},
		{36 * time.Second, 107, 200},
		{33 * time.Second, 200, 200}, // never listed
	} {
		seg := media(func(t *Thing) { t.Kind = m3u8.KindSegment })
		seen, e := v.r.Rewrite(a.at, v.p, seg, fmt.Sprintf("http://x/p/v1_%d.ts", a.segment), Answer{Status: 200})
		if seen.Status != a.want || (e.Marks == 1) != (a.want == 404) {
			t.Errorf("segment %d at %v: %d, marks %b; want %d", a.segment, a.at, seen.Status, e.Marks, a.want)
		}
	}
}

// Memory stays bounded whatever URLs and bodies come, and nothing is kept when
// no fault will need it.
func TestRewriterBounds(t *testing.T) {
	f := fault(PipelineDrift, ViaViewer, func(f *Fault) { f.By = time.Hour })
	r := NewRewriter(RewriterConfig{Faults: []Fault{*f}, MaxURLs: 5, MaxBytes: 20_000})
	for n := range 500 {
		now := time.Duration(n) * 4 * time.Second
		r.Rewrite(now, NewPlan(1), media(nil), fmt.Sprint("http://x/", n%7), Answer{200, live("v1", now, 10)})
		if len(r.memories) > 5 || len(r.urls) != len(r.memories) {
			t.Fatalf("%d URLs kept, %d queued", len(r.memories), len(r.urls))
		}
	}
	total := 0
	for _, m := range r.memories {
		m.count()
		total += m.bytes
	}
	if total != r.bytes || total > 20_000 {
		t.Errorf("keeps %d bytes and counts %d, want at most 20000", total, r.bytes)
	}
	huge := append(live("v1", 0, 10), strings.Repeat("#\n", maxPlaylist)...)
	r.Rewrite(0, nil, media(nil), "http://x/huge", Answer{200, huge})
	if r.memories["http://x/huge"] != nil {
		t.Error("a huge playlist was kept")
	}
	idle := NewRewriter(RewriterConfig{Faults: []Fault{*fault(PlaylistFreeze, ViaRig, nil), *fault(HTTPStatus, ViaViewer, nil)}})
	idle.Rewrite(0, nil, media(nil), "http://x/", Answer{200, live("v1", 0, 10)})
	if idle.Watching() || len(idle.memories) != 0 {
		t.Error("remembers what no fault needs")
	}
}

// Whatever the bodies: no panic, the fault's selection holds, and a playlist
// that parsed still parses once rewritten.
func FuzzRewrite(f *testing.F) {
	for _, body := range []string{edited3, string(live("a", 0, 3)), "", "#EXTM3U", "#EXTM3U\n\n\n", "<html>", "#EXTM3U\n#EXTINF:,\n\n#EXTINF:1e999,\nx\ny\n#EXT-X-ENDLIST",
		"#EXTM3U\r\n#EXT-X-TARGETDURATION:99999999999\r\nx", "#EXTM3U\n#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na\n"} {
		f.Add([]byte(body), []byte(edited3), uint8(0), int16(3))
	}
	kinds := []Kind{PipelineKill, PipelinePause, PipelineDrift, PlaylistFreeze, PlaylistDelete, PlaylistRollback, PlaylistEndlist, SegmentLate, InputLoss}
	f.Fuzz(func(t *testing.T, first, second []byte, which uint8, by int16) {
		hit := fault(kinds[int(which)%len(kinds)], ViaViewer, func(f *Fault) {
			f.Pipeline, f.Segments, f.By = 0, int(by), time.Duration(by)*time.Second
			f.Children, f.Once = [...]string{"stale", "delete"}[which>>7], which&0x40 != 0
		})
		r := NewRewriter(RewriterConfig{Faults: []Fault{*hit}})
		p := NewPlan(1)
		r.Rewrite(0, p, media(nil), "http://x/a", Answer{200, first})
		p = p.With(hit, time.Second)
		for now := time.Second; now < 20*time.Second; now += 6 * time.Second {
			for _, body := range [][]byte{first, second} {
				twin := media(func(t *Thing) { t.Pipeline = 1 })
				if seen, e := r.Rewrite(now, p, twin, "http://x/b", Answer{200, body}); string(seen.Body) != string(body) || e.Marks != 0 {
					t.Fatalf("changed what was not selected: %q", seen.Body)
				}
				seen, e := r.Rewrite(now, p, media(nil), "http://x/a", Answer{200, body})
				if e.Marks == 0 && (seen.Status != 200 || string(seen.Body) != string(body)) {
					t.Fatalf("changed without a mark: %d %q", seen.Status, seen.Body)
				}
				if seen.Status != 200 || e.Marks == 0 {
					continue
				}
				_, was1 := m3u8.ParseMedia(first, m3u8.Options{})
				_, was2 := m3u8.ParseMedia(second, m3u8.Options{})
				if _, err := m3u8.ParseMedia(seen.Body, m3u8.Options{}); err != nil && was1 == nil && was2 == nil {
					t.Fatalf("%v: of\n%q\nand\n%q\nbecame\n%q", err, first, second, seen.Body)
				}
			}
		}
	})
}

func BenchmarkRewrite(b *testing.B) {
	f := fault(PlaylistFreeze, ViaViewer, nil)
	body := live("v1", 0, 10)
	thing := media(nil)
	for name, p := range map[string]*Plan{"watching": NewPlan(1), "frozen": NewPlan(1).With(f, 0)} {
		b.Run(name, func(b *testing.B) {
			r := NewRewriter(RewriterConfig{Faults: []Fault{*f}})
			b.ReportAllocs()
			for b.Loop() {
				r.Rewrite(1, p, thing, "http://x/p/v1.m3u8", Answer{200, body})
			}
		})
	}
}

// TestShow: what another machine saw at the onset is what players see here, unless it is older
// than what they saw.
func TestShow(t *testing.T) {
	freeze := NewFault("x", PlaylistFreeze)
	freeze.Via = ViaViewer
	for _, tc := range []struct {
		name       string
		saw, shown time.Duration // 0 = nothing
		want       string
	}{
		{"nothing was seen", 0, 40 * time.Second, "100-109 by 1"},
		{"something older was seen", 36 * time.Second, 40 * time.Second, "100-109 by 1"},
		{"something newer was seen", 44 * time.Second, 40 * time.Second, "101-110 by 1"},
		{"nothing was shown", 44 * time.Second, 0, "101-110 by 1"},
	} {
		v := viewing{t, NewRewriter(RewriterConfig{Faults: []Fault{freeze}}), NewPlan(1)}
		if tc.saw > 0 {
			v.ask(tc.saw, nil)
		}
		if tc.shown > 0 {
			name := media(nil).Name
			v.r.Show(tc.shown, "http://x/p/"+name+".m3u8", live(name, tc.shown, 10))
			v.r.Show(tc.shown, "http://x/p/"+name+".m3u8", []byte("not a playlist"))
		}
		v.p = v.p.With(&freeze, 44*time.Second)
		if got := v.ask(60*time.Second, nil); got != tc.want {
			t.Errorf("%s: %s; want %s", tc.name, got, tc.want)
		}
	}
}
