package chaos

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

func itoa(n int) string { return strconv.Itoa(n) }

// media is a request for a media playlist of the second of three renditions.
func media(change func(*Thing)) *Thing {
	t := &Thing{Kind: m3u8.KindMedia, Pipeline: 0, Rendition: 1, Renditions: 3, Name: "v1", Rank: 1, Pop: 2, Cohort: "web", Viewer: 7, HasViewer: true}
	if change != nil {
		change(t)
	}
	return t
}

func fault(kind Kind, via Via, change func(*Fault)) *Fault {
	f := NewFault("x", kind)
	f.Via = via
	if change != nil {
		change(&f)
	}
	return &f
}

func TestSelects(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault *Fault
		thing *Thing
		want  bool
	}{
		{"any", fault(HTTPHang, ViaViewer, nil), media(nil), true},
		{"kind of the fault", fault(PlaylistFreeze, ViaViewer, nil), media(func(t *Thing) { t.Kind = m3u8.KindSegment }), false},
		{"kind of the entry", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindKey, m3u8.KindMedia} }), media(nil), true},
		{"other kind of the entry", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindKey} }), media(nil), false},
		{"unknown fault", fault("x.y", ViaViewer, nil), media(nil), false},
		{"pipeline", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Pipeline = 0 }), media(nil), true},
		{"other pipeline", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Pipeline = 1 }), media(nil), false},
		{"unknown pipeline", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Pipeline = 0 }), media(func(t *Thing) { t.Pipeline = Any }), false},
		{"pop", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Pop = 2 }), media(nil), true},
		{"other pop", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Pop = 1 }), media(nil), false},
		{"rendition by name", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "v1" }), media(nil), true},
		{"rendition by index", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "1" }), media(nil), true},
		{"rendition by height", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "720p" }), media(func(t *Thing) { t.Name = "1280x720_2000000" }), true},
		{"other height", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "20p" }), media(func(t *Thing) { t.Name = "1280x720" }), false},
		{"other index", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "2" }), media(nil), false},
		{"negative index", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "-1" }), media(func(t *Thing) { t.Rendition = Any }), false},
		{"middle is not lowest", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "lowest" }), media(nil), false},
		{"lowest", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "lowest" }), media(func(t *Thing) { t.Rank = 0 }), true},
		{"highest", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "highest" }), media(func(t *Thing) { t.Rank = 2 }), true},
		{"audio has no rank", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "highest" }), media(func(t *Thing) { t.Rank, t.Renditions = Any, 0 }), false},
		{"the multivariant playlist has no rendition", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rendition = "lowest" }),
			media(func(t *Thing) { t.Kind, t.Rendition, t.Rank = m3u8.KindMultivariant, Any, 0 }), false},
		{"cohort", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Cohort = "web" }), media(nil), true},
		{"other cohort", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Cohort = "tv" }), media(nil), false},
		{"no viewer", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Cohort = "web" }), media(func(t *Thing) { t.HasViewer = false }), false},
		{"no viewer to share", fault(HTTPHang, ViaViewer, func(f *Fault) { f.Share = .99 }), media(func(t *Thing) { t.HasViewer = false }), false},
	} {
		if got := c.fault.Selects(c.thing, 1); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestShare(t *testing.T) {
	hit := func(seed draw.Seed, rule int, share float64) []int {
		f := fault(HTTPHang, ViaViewer, func(f *Fault) { f.Rule, f.Share = rule, share })
		var who []int
		for n := range 20_000 {
			if f.Selects(media(func(t *Thing) { t.Viewer = uint64(n) }), seed) {
				who = append(who, n)
			}
		}
		return who
	}
	quarter := hit(7, 0, .25)
	// Five standard deviations of a binomial draw.
	if off := math.Abs(float64(len(quarter)) - 5000); off > 5*math.Sqrt(20_000*.25*.75) {
		t.Errorf("25%% of 20000 viewers hits %d", len(quarter))
	}
	if !slices.Equal(quarter, hit(7, 0, .25)) {
		t.Error("the same seed and entry hit other viewers")
	}
	if slices.Equal(quarter, hit(8, 0, .25)) || slices.Equal(quarter, hit(7, 1, .25)) {
		t.Error("another seed or entry hit the same viewers")
	}
	half := hit(7, 0, .5)
	for _, n := range quarter {
		if _, in := slices.BinarySearch(half, n); !in {
			t.Fatalf("viewer %d is in the smaller share only", n)
		}
	}
}

func TestDecide(t *testing.T) {
	rule := 0
	add := func(kind Kind, via Via, change func(*Fault)) *Fault {
		f := fault(kind, via, change)
		f.Rule = rule
		rule++
		return f
	}
	type effects map[Site]Effect
	for _, c := range []struct {
		name   string
		faults func() []*Fault // rules 0, 1, …
		want   effects         // of a media playlist request; the others are none
	}{
		{"nothing", func() []*Fault { return nil }, nil},
		{"origin status", func() []*Fault {
			return []*Fault{add(OriginStatus, ViaRig, func(f *Fault) { f.Code = 503 })}
		}, effects{AtOrigin: {Status: 503, Marks: 1}}},
		{"origin status as viewers see it", func() []*Fault {
			return []*Fault{add(OriginStatus, ViaViewer, func(f *Fault) { f.Code = 503 })}
		}, effects{AtViewer: {Status: 503, Marks: 1}}},
		{"edge hang", func() []*Fault { return []*Fault{add(EdgeHang, ViaRig, nil)} }, effects{AtEdge: {Hang: true, Marks: 1}}},
		{"edge hang elsewhere", func() []*Fault {
			return []*Fault{add(EdgeHang, ViaRig, func(f *Fault) { f.Pop = 0 })}
		}, nil},
		{"the store is the rig's", func() []*Fault {
			return []*Fault{add(PipelineKill, ViaRig, nil), add(PlaylistDelete, ViaRig, nil), add(InvalidatorOff, ViaRig, nil)}
		}, nil},
		{"delays add up over a cut body", func() []*Fault {
			return []*Fault{
				add(HTTPSlow, ViaViewer, func(f *Fault) { f.By = time.Second }),
				add(HTTPTruncate, ViaViewer, nil),
				add(EdgeSlow, ViaViewer, func(f *Fault) { f.By = 2 * time.Second }),
			}
		}, effects{AtViewer: {Delay: 3 * time.Second, Truncate: true, Marks: 7}}},
		{"a status beats a delay", func() []*Fault {
			return []*Fault{
				add(HTTPSlow, ViaViewer, func(f *Fault) { f.By = time.Second }),
				add(HTTPStatus, ViaViewer, func(f *Fault) { f.Code = 429 }),
				add(HTTPTruncate, ViaViewer, nil),
			}
		}, effects{AtViewer: {Status: 429, Marks: 2}}},
		{"the last status decides, both are marked", func() []*Fault {
			return []*Fault{
				add(EdgeStatus, ViaViewer, func(f *Fault) { f.Code = 500 }),
				add(HTTPStatus, ViaViewer, func(f *Fault) { f.Code = 429 }),
			}
		}, effects{AtViewer: {Status: 429, Marks: 3}}},
		{"a hang beats a status", func() []*Fault {
			return []*Fault{add(HTTPHang, ViaViewer, nil), add(HTTPStatus, ViaViewer, func(f *Fault) { f.Code = 429 })}
		}, effects{AtViewer: {Hang: true, Marks: 1}}},
		{"a reset beats a hang", func() []*Fault {
			return []*Fault{add(HTTPHang, ViaViewer, nil), add(HTTPReset, ViaViewer, nil)}
		}, effects{AtViewer: {Reset: true, Marks: 2}}},
		{"every site decides for itself", func() []*Fault {
			return []*Fault{
				add(OriginSlow, ViaRig, func(f *Fault) { f.By = time.Second }),
				add(EdgeStatus, ViaRig, func(f *Fault) { f.Code = 502 }),
				add(HTTPReset, ViaViewer, nil),
			}
		}, effects{AtOrigin: {Delay: time.Second, Marks: 1}, AtEdge: {Status: 502, Marks: 2}, AtViewer: {Reset: true, Marks: 4}}},
		{"commands and aws decide nothing here", func() []*Fault {
			return []*Fault{add(Command, ViaCommand, nil), add(OriginHang, ViaAWS, nil), add(PipelineKill, ViaCommand, nil)}
		}, nil},
		{"links are no answers", func() []*Fault { return []*Fault{add(NetDown, ViaViewer, nil)} }, nil},
	} {
		rule = 0
		p := NewPlan(1)
		for _, f := range c.faults() {
			p = p.With(f, 10)
		}
		for site := AtOrigin; site <= AtViewer; site++ {
			if got := p.Decide(10, site, media(nil)); got != c.want[site] {
				t.Errorf("%s: at site %d %+v, want %+v", c.name, site, got, c.want[site])
			}
			if got := p.Decide(9, site, media(nil)); got != (Effect{}) {
				t.Errorf("%s: before it began %+v", c.name, got)
			}
		}
		for w := range p.Windows() {
			p = p.Without(w.Fault, 20)
		}
		for _, now := range []time.Duration{15, 20, 25} {
			for site := AtOrigin; site <= AtViewer; site++ {
				if got := p.Decide(now, site, media(nil)); got != (Effect{}) {
					t.Errorf("%s: closed windows did %+v at %d", c.name, got, now)
				}
			}
		}
	}
	seg := media(func(t *Thing) { t.Kind = m3u8.KindSegment })
	p := NewPlan(1).With(fault(SegmentMissing, ViaViewer, nil), 0)
	if got := p.Decide(0, AtViewer, seg); got.Status != 404 || got.Marks != 1 {
		t.Errorf("a missing segment: %+v", got)
	}
}

func TestPlan(t *testing.T) {
	a, b := fault(HTTPHang, ViaViewer, nil), fault(NetDown, ViaViewer, nil)
	var none *Plan
	if !none.Quiet() || len(slices.Collect(none.Windows())) != 0 || none.Decide(0, AtEdge, media(nil)) != (Effect{}) || none.Without(a, 1) != nil {
		t.Error("a nil plan does something")
	}
	for range none.Holding(0) {
		t.Error("a nil plan holds something")
	}
	p0 := NewPlan(3)
	p1 := p0.With(a, 10)
	p2 := p1.With(b, 20)
	p3 := p2.Without(a, 30)
	p4 := p3.With(a, 40)
	if p1.With(a, 11) != p1 || p3.Without(a, 31) != p3 {
		t.Error("opening what is open, or closing what is closed, changed the plan")
	}
	show := func(p *Plan) string {
		s := ""
		for w := range p.Windows() {
			to := "open"
			if w.To != Open {
				to = itoa(int(w.To))
			}
			s += fmt.Sprintf("%s %d-%s ", w.Fault.Kind, w.From, to)
		}
		return s
	}
	for _, c := range []struct {
		p       *Plan
		windows string
		holding []Kind
	}{
		{p0, "", nil},
		{p1, "http.hang 10-open ", []Kind{HTTPHang}},
		{p2, "http.hang 10-open net.down 20-open ", []Kind{HTTPHang, NetDown}},
		{p3, "net.down 20-open http.hang 10-30 ", []Kind{NetDown}},
		{p4, "net.down 20-open http.hang 40-open http.hang 10-30 ", []Kind{NetDown, HTTPHang}},
	} {
		var holding []Kind
		for w := range c.p.Holding(100) {
			holding = append(holding, w.Fault.Kind)
		}
		if show(c.p) != c.windows || !slices.Equal(holding, c.holding) {
			t.Errorf("windows %s, holding %v; want %s, %v", show(c.p), holding, c.windows, c.holding)
		}
	}
	for _, c := range []struct {
		p, q *Plan
		at   time.Duration
	}{{p3, p3, Open}, {none, p0, Open}, {p0, p1, 10}, {p1, p2, 20}, {p2, p3, 30}, {p4, p3, 40}, {p4, p1, 20}, {p0, p4, 10}, {p4.Without(a, 50), p4.Without(a, 51), 50}} {
		if got := c.p.Differs(c.q); got != c.at {
			t.Errorf("%s and %s differ from %d on, want %d", show(c.p), show(c.q), got, c.at)
		}
	}
	if old := slices.Collect(p4.Since(30)); len(old) != 2 {
		t.Errorf("since 30: %+v", old)
	}
	for w := range p2.Holding(15) {
		if w.Fault != a {
			t.Errorf("%s holds before it began", w.Fault.Kind)
		}
	}
	for w := range p2.Holding(100, NetDown, NetLatency) {
		if w.Fault != b {
			t.Errorf("%s was not asked for", w.Fault.Kind)
		}
	}
}

func TestLink(t *testing.T) {
	p := NewPlan(1)
	rules := 0
	with := func(kind Kind, change func(*Fault)) {
		f := fault(kind, ViaViewer, change)
		f.Rule = rules
		rules++
		p = p.With(f, 0)
	}
	with(NetBandwidth, func(f *Fault) { f.Down = 2e6 })
	with(NetLatency, func(f *Fault) { f.By = 100 * time.Millisecond })
	with(NetBandwidth, func(f *Fault) { f.Down = 8e5; f.Cohort = "web" })
	with(NetLatency, func(f *Fault) { f.By = 50 * time.Millisecond })
	with(NetDown, func(f *Fault) { f.Cohort = "tv" })
	with(HTTPHang, nil)
	for _, c := range []struct {
		cohort string
		down   int64
		cut    bool
		marks  Marks
	}{{"web", 8e5, false, 0b1110}, {"mobile", 2e6, false, 0b1011}, {"tv", 2e6, true, 0b11011}} {
		down, extra, cut, marks := p.Link(0, media(func(t *Thing) { t.Cohort = c.cohort }))
		if down != c.down || extra != 150*time.Millisecond || cut != c.cut || marks != c.marks {
			t.Errorf("%s: %d bit/s, +%v, cut %v, marks %b; want %d, 150ms, %v, %b", c.cohort, down, extra, cut, marks, c.down, c.cut, c.marks)
		}
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	thing := media(nil)
	quiet := NewPlan(1)
	busy := quiet.With(fault(HTTPSlow, ViaViewer, func(f *Fault) { f.Share = .5; f.By = 1; f.Rendition = "1" }), 0).
		With(fault(PlaylistFreeze, ViaRig, nil), 0).With(fault(NetDown, ViaViewer, nil), 0)
	for name, p := range map[string]*Plan{"nil": nil, "quiet": quiet, "busy": busy} {
		if n := testing.AllocsPerRun(100, func() {
			p.Decide(1, AtViewer, thing)
			p.Link(1, thing)
		}); n != 0 {
			t.Errorf("%s plan: %v allocations", name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	thing := media(nil)
	quiet := NewPlan(1)
	busy := quiet.With(fault(HTTPSlow, ViaViewer, func(f *Fault) { f.Share = .5; f.By = 1 }), 0).With(fault(EdgeHang, ViaViewer, func(f *Fault) { f.Pipeline = 1 }), 0)
	b.Run("quiet", func(b *testing.B) {
		for b.Loop() {
			quiet.Decide(1, AtViewer, thing)
		}
	})
	b.Run("two", func(b *testing.B) {
		for b.Loop() {
			busy.Decide(1, AtViewer, thing)
		}
	})
}
