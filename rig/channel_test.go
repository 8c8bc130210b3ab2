package rig

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

var update = flag.Bool("update", false, "rewrite testdata")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", file, got)
	}
}

func TestPlaylists(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"interleaved", func(*Config) {}},
		{"blocked", func(c *Config) { c.Layout = "blocked" }},
		{"single", func(c *Config) { c.Pipelines = 1 }},
		{"demuxed", func(c *Config) { c.Audio, c.Container = "demuxed", "fmp4" }},
		{"hd", func(c *Config) {
			c.Ladder, c.ProgramDateTime, c.Segment = Ladders["hd-1080p"], false, 2500*time.Millisecond
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mini()
			c.Window = 3
			tt.change(&c)
			r := newRig(t, c)
			var b strings.Builder
			for p := range c.Pipelines {
				fmt.Fprintf(&b, "%s\n%s\n", r.Entry(p), r.channel.look(ID{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition}, 0).object.Text())
			}
			for i := range r.Renditions() {
				if i == 0 || i >= len(c.Ladder) {
					id := ID{Kind: m3u8.KindMedia, Pipeline: 0, Rendition: i}
					fmt.Fprintf(&b, "%s\n%s\n", r.Path(id), r.channel.look(id, 9*sec).object.Text())
				}
			}
			golden(t, "playlists-"+tt.name+".txt", b.String())
		})
	}
}

func baseURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// TestPlaylistsParse has the parser read what the channel prints.
func TestPlaylistsParse(t *testing.T) {
	c := mini()
	c.Audio, c.Container = "demuxed", "fmp4"
	r := newRig(t, c)
	mv, err := m3u8.ParseMultivariant(r.channel.look(ID{Kind: m3u8.KindMultivariant, Rendition: noRendition}, 0).object.Text(), m3u8.Options{Base: baseURL("http://h" + r.Entry(0))})
	if err != nil {
		t.Fatal(err)
	}
	for i := range mv.Variants {
		v := &mv.Variants[i]
		id, ok := r.Parse(strings.TrimPrefix(v.URL, "http://h"))
		if !ok || id.Kind != m3u8.KindMedia || id.Pipeline != i%2 || id.Rendition != i/2 {
			t.Errorf("variant %d: %s is %+v", i, v.URL, id)
		}
		if want := fmt.Sprintf("aac-%d", id.Pipeline); v.Audio != want {
			t.Errorf("variant %d: audio %q; want %q", i, v.Audio, want)
		}
	}
	for now := time.Duration(0); now < 20*sec; now += 700 * time.Millisecond {
		a, _ := get(r, now, "/live/p1/index_audio.m3u8")
		p, err := m3u8.ParseMedia(a.Object.Text(), m3u8.Options{Base: baseURL("http://h/live/p1/index_audio.m3u8")})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Segments) != c.Window {
			t.Errorf("at %v: %d segments", now, len(p.Segments))
		}
		last := p.Segments[len(p.Segments)-1]
		end := last.ProgramDateTime.Add(last.Duration)
		if age := r.Date(now).Sub(end); age < 0 || age > c.Segment+c.Edge.PlaylistTTL {
			t.Errorf("at %v: the last segment ended %v ago", now, age)
		}
		for _, s := range p.Segments {
			if seg, _ := get(r, now, strings.TrimPrefix(s.URL, "http://h")); seg.Status != 200 {
				t.Errorf("at %v: listed %s: %d", now, s.URL, seg.Status)
			}
		}
	}
}

// transcript writes what the origin has of one pipeline's first rendition, a
// line whenever it changes.
func transcript(r *Rig, faults []*chaos.Fault, until time.Duration) string {
	var b strings.Builder
	plan, last := chaos.NewPlan(1), ""
	for now := time.Duration(0); now <= until; now += 100 * time.Millisecond {
		changed := false
		for _, f := range faults {
			if f.At == now {
				plan, changed = plan.With(f, now), true
			}
			if f.For > 0 && f.At+f.For == now {
				plan, changed = plan.Without(f, now), true
			}
		}
		if changed {
			r.SetPlan(plan)
		}
		line := ""
		for _, p := range []int{0, 1} {
			id := ID{Kind: m3u8.KindMedia, Pipeline: p}
			l := r.channel.look(id, now)
			line += fmt.Sprintf(" | p%d ", p)
			if l.object == nil {
				line += "gone"
			} else {
				m, _ := m3u8.ParseMedia(l.object.Text(), m3u8.Options{})
				line += fmt.Sprintf("%d..%d", m.MediaSequence, m.MediaSequence+uint64(len(m.Segments))-1)
				if m.DiscontinuitySequence > 0 {
					line += fmt.Sprintf(" era %d", m.DiscontinuitySequence)
				}
				if m.EndList {
					line += " end"
				}
				id.Kind, id.Sequence = m3u8.KindSegment, m.MediaSequence+uint64(len(m.Segments))-1
				if s := r.channel.look(id, now); s.object == nil {
					line += fmt.Sprintf(" (newest missing, marks %b)", s.marks)
				} else if s.marks != 0 {
					line += fmt.Sprintf(" (newest marks %b", s.marks)
					if s.truncate {
						line += " cut"
					}
					line += ")"
				}
			}
			if l.marks != 0 {
				line += fmt.Sprintf(" marks %b", l.marks)
			}
		}
		if len(faults) > 0 {
			bites, _ := r.Bites(now, faults[0])
			healthy, _ := r.Healthy(now, faults[0])
			line += fmt.Sprintf(" | bites %v healthy %v", bites, healthy)
		}
		if line != last {
			fmt.Fprintf(&b, "%5.1f%s\n", now.Seconds(), line)
			last = line
		}
	}
	return b.String()
}

func TestFaults(t *testing.T) {
	with := func(change func(*Config)) func(*Config) { return change }
	none := with(func(c *Config) { c.Origin.Stale = "none" })
	sample := with(func(c *Config) { c.Origin.Stale = "aws-sample" })
	p0 := pipeline(0)
	tests := []struct {
		name   string
		change func(*Config)
		faults []*chaos.Fault
	}{
		{"kill", none, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 20*sec, p0)}},
		{"kill-aws-sample", sample, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 20*sec, p0)}},
		{"kill-conditional", func(c *Config) { c.Origin.Stale = "conditional" }, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 20*sec, p0)}},
		{"kill-invalidator-off", sample, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 30*sec, p0), fault(chaos.InvalidatorOff, 1, 5*sec, 15*sec)}},
		{"kill-invalidator-slow", sample, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 30*sec, p0), fault(chaos.InvalidatorSlow, 1, 5*sec, 15*sec, func(f *chaos.Fault) { f.By = 15 * sec })}},
		{"kill-invalidator-hardly-slow", sample, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 30*sec, p0), fault(chaos.InvalidatorSlow, 1, 5*sec, 15*sec, func(f *chaos.Fault) { f.By = 2 * sec })}},
		{"kill-restart", none, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 12*sec, p0, func(f *chaos.Fault) { f.Resume = "restart" })}},
		{"kill-twice", none, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 12*sec, p0), fault(chaos.PipelineKill, 1, 15*sec, 15*sec, p0)}},
		{"kill-both", sample, []*chaos.Fault{fault(chaos.PipelineKill, 0, 10*sec, 12*sec)}},
		{"pause-delete", none, []*chaos.Fault{fault(chaos.PipelinePause, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Children = "delete" })}},
		{"pause-stale", none, []*chaos.Fault{fault(chaos.PipelinePause, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Children = "stale" })}},
		{"drift", sample, []*chaos.Fault{fault(chaos.PipelineDrift, 0, 10*sec, 30*sec, p0, func(f *chaos.Fault) { f.By = 10 * sec })}},
		{"drift-short", none, []*chaos.Fault{fault(chaos.PipelineDrift, 0, 10*sec, 20*sec, p0, func(f *chaos.Fault) { f.By = 1500 * time.Millisecond })}},
		{"input-loss-emit", none, []*chaos.Fault{fault(chaos.InputLoss, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Then = "emit" })}},
		{"input-loss-pause", none, []*chaos.Fault{fault(chaos.InputLoss, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Then = "pause" })}},
		{"freeze", sample, []*chaos.Fault{fault(chaos.PlaylistFreeze, 0, 10*sec, 20*sec, p0)}},
		{"freeze-other-rendition", sample, []*chaos.Fault{fault(chaos.PlaylistFreeze, 0, 10*sec, 20*sec, p0, func(f *chaos.Fault) { f.Rendition = "highest" })}},
		{"freeze-and-kill", sample, []*chaos.Fault{fault(chaos.PlaylistFreeze, 0, 10*sec, 30*sec, p0), fault(chaos.PipelineKill, 1, 20*sec, 15*sec, p0)}},
		{"delete", none, []*chaos.Fault{fault(chaos.PlaylistDelete, 0, 10*sec, 10*sec, p0)}},
		{"delete-once", none, []*chaos.Fault{fault(chaos.PlaylistDelete, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Once = true })}},
		{"rollback", none, []*chaos.Fault{fault(chaos.PlaylistRollback, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.Segments = 3 })}},
		{"endlist", none, []*chaos.Fault{fault(chaos.PlaylistEndlist, 0, 10*sec, 10*sec, p0)}},
		{"segment-missing", none, []*chaos.Fault{fault(chaos.SegmentMissing, 0, 10*sec, 10*sec, p0)}},
		{"segment-late", none, []*chaos.Fault{fault(chaos.SegmentLate, 0, 10*sec, 10*sec, p0, func(f *chaos.Fault) { f.By = 1300 * time.Millisecond })}},
		{"segment-truncate", none, []*chaos.Fault{fault(chaos.SegmentTruncate, 0, 10*sec, 10*sec, p0)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mini()
			tt.change(&c)
			golden(t, "fault-"+tt.name+".txt", transcript(newRig(t, c), tt.faults, 50*sec))
		})
	}
}

// TestHistoryDoesNotMatter: what the origin has is a function of the plan's
// windows and now, whenever the plan was set and whatever was looked at before.
func TestHistoryDoesNotMatter(t *testing.T) {
	kinds := []chaos.Kind{chaos.PipelineKill, chaos.PipelinePause, chaos.PipelineDrift, chaos.InputLoss, chaos.PlaylistFreeze, chaos.PlaylistDelete,
		chaos.PlaylistRollback, chaos.PlaylistEndlist, chaos.SegmentMissing, chaos.SegmentLate, chaos.InvalidatorOff, chaos.InvalidatorSlow}
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 2))
		c, long := mini(), time.Duration(1)
		if seed >= 70 {
			long = 8 // so that old windows are left out
		}
		c.Segment = time.Duration(1+rng.IntN(4)) * sec / 2 * 2
		c.Origin.Stale = []string{"none", "aws-sample", "conditional"}[rng.IntN(3)]
		live := newRig(t, c)
		plan := chaos.NewPlan(1)
		var held []*chaos.Fault
		for now := time.Duration(0); now < 60*sec*long; now += time.Duration(rng.IntN(1500)) * time.Millisecond * long {
			live.tick(now)
			if rng.IntN(5) == 0 {
				if len(held) > 2 || len(held) > 0 && rng.IntN(2) == 0 {
					plan = plan.Without(held[0], now)
					held = held[1:]
				} else {
					f := fault(kinds[rng.IntN(len(kinds))], rng.IntN(8), 0, 0, pipeline(rng.IntN(2)-rng.IntN(2)), func(f *chaos.Fault) {
						f.By, f.Segments, f.Once = time.Duration(rng.IntN(9000))*time.Millisecond, 1+rng.IntN(5), rng.IntN(2) == 0
						f.Resume, f.Then = []string{"continue", "restart"}[rng.IntN(2)], []string{"emit", "pause"}[rng.IntN(2)]
					})
					plan = plan.With(f, now)
					held = append(held, f)
				}
				live.SetPlan(plan)
			}
			id := ID{Kind: m3u8.KindMedia, Pipeline: rng.IntN(2), Rendition: rng.IntN(2)}
			switch rng.IntN(3) {
			case 0:
				id.Kind, id.Sequence = m3u8.KindSegment, uint64(25+rng.IntN(40))*uint64(long)
			case 1:
				id.Kind, id.Rendition = m3u8.KindMultivariant, noRendition
			}
			fresh := newRig(t, c)
			fresh.SetPlan(plan)
			got, want := live.channel.look(id, now), fresh.channel.look(id, now)
			if got.marks != want.marks || got.truncate != want.truncate || (got.object == nil) != (want.object == nil) ||
				got.object != nil && (got.object.ETag != want.object.ETag || got.object.Modified != want.object.Modified || got.object.Version != want.object.Version) {
				t.Fatalf("seed %d at %v, %+v:\n got %+v %+v\nwant %+v %+v", seed, now, id, got, got.object, want, want.object)
			}
		}
	}
}

// TestOldWindowsCostNothing: what a change of the plan looks at does not grow with
// the run, also at playlists that nothing asks for.
func TestOldWindowsCostNothing(t *testing.T) {
	r, plan := newRig(t, mini()), chaos.NewPlan(1)
	var allocations []float64 // of a change, early and late
	kinds := []chaos.Kind{chaos.PlaylistFreeze, chaos.PlaylistDelete, chaos.InputLoss, chaos.EdgeFlush}
	for i := range 1500 {
		at := time.Duration(i) * 10 * sec
		f := fault(kinds[i%len(kinds)], 0, at, 5*sec, func(f *chaos.Fault) { f.Then = "pause" })
		get(r, at, r.Entry(0))
		plan = plan.With(f, at)
		r.SetPlan(plan)
		get(r, at+5*sec, r.Entry(0))
		plan = plan.Without(f, at+5*sec)
		r.SetPlan(plan)
		s, top := r.channel.streams[1][0], r.channel.tops[1]
		if n := max(len(r.channel.windows), len(s.f.bounds), len(top.removed)+len(top.paused), len(r.edges[0].flushes)); n > 50 {
			t.Fatalf("after %d windows a change looks at %d of them", i+1, n)
		}
		if i == 100 || i == 1499 {
			next := fault(chaos.PlaylistDelete, 1, at+6*sec, 0)
			r.tick(next.At)
			allocations = append(allocations, testing.AllocsPerRun(5, func() {
				r.SetPlan(plan.With(next, next.At))
				r.SetPlan(plan.With(next, next.At).Without(next, next.At))
			}))
			r.SetPlan(plan)
		}
	}
	if few, many := allocations[0], allocations[1]; many > few*1.2 {
		t.Errorf("a change after 1500 windows makes %v allocations, after 100 windows %v", many, few)
	}
}

// TestPipelinesAgree: without faults both pipelines have the same bytes.
func TestPipelinesAgree(t *testing.T) {
	r := newRig(t, mini())
	for now := time.Duration(0); now < 30*sec; now += 900 * time.Millisecond {
		a := r.channel.look(ID{Kind: m3u8.KindMedia, Pipeline: 0}, now)
		b := r.channel.look(ID{Kind: m3u8.KindMedia, Pipeline: 1}, now)
		if string(a.object.Text()) != string(b.object.Text()) || a.marks|b.marks != 0 {
			t.Errorf("at %v: %q and %q", now, a.object.Text(), b.object.Text())
		}
		if a.object.Version == b.object.Version {
			t.Errorf("at %v: two URLs, one version", now)
		}
	}
}

// TestInvalidatorRace: with segments of one second the AWS sample's whole
// seconds make it delete playlists that are written in time; the conditional
// one never does so with enough patience.
func TestInvalidatorRace(t *testing.T) {
	gone := func(kind string, after float64) (n int) {
		c := mini()
		c.Segment, c.Origin.Stale, c.Origin.StaleAfter = sec, kind, after
		for seed := range 20 {
			r, err := New(c, drawSeed(seed), epoch)
			if err != nil {
				t.Fatal(err)
			}
			for now := time.Duration(0); now < 20*sec; now += 50 * time.Millisecond {
				l := r.channel.look(ID{Kind: m3u8.KindMedia}, now)
				if l.object == nil {
					n++
					if l.marks != 0 {
						t.Errorf("the race is marked as the fault of %b", l.marks)
					}
				}
			}
		}
		return n
	}
	if n := gone("aws-sample", 1.5); n == 0 {
		t.Error("aws-sample at 1.5: its race never deleted anything")
	}
	if n := gone("conditional", 2.5); n != 0 {
		t.Errorf("conditional at 2.5: deleted a fresh playlist %d times", n)
	}
}

// TestMarksOfSegments: a segment that a killed pipeline never wrote is missing
// because of the kill from the instant it is due; one that was never due, or is
// too old, is just missing.
func TestMarksOfSegments(t *testing.T) {
	c := mini()
	r := newRig(t, c)
	r.SetPlan(open(fault(chaos.PipelineKill, 5, 10*sec, 0, pipeline(0))))
	const newest = 35 // at the kill; see testdata/fault-kill.txt
	tests := []struct {
		now      time.Duration
		pipeline int
		sequence uint64
		there    bool
		marks    chaos.Marks
	}{
		{11 * sec, 0, newest, true, 0},
		{11 * sec, 0, newest + 1, false, 0},
		{13 * sec, 0, newest + 1, false, 1 << 5},
		{13 * sec, 0, newest + 2, false, 0},
		{13 * sec, 1, newest + 1, true, 0},
		{13 * sec, 0, newest + 1 - uint64(c.Keep), true, 0},
		{13 * sec, 0, newest - uint64(c.Keep), false, 0},
		{13 * sec, 1, newest + 1 - uint64(c.Keep), false, 0},
		{200 * sec, 0, newest + 1, false, 0}, // too old without the kill as well
	}
	for _, tt := range tests {
		l := r.channel.look(ID{Kind: m3u8.KindSegment, Pipeline: tt.pipeline, Sequence: tt.sequence}, tt.now)
		if (l.object != nil) != tt.there || l.marks != tt.marks {
			t.Errorf("at %v, p%d, segment %d: there %v, marks %b; want %v, %b", tt.now, tt.pipeline, tt.sequence, l.object != nil, l.marks, tt.there, tt.marks)
		}
	}
}

// TestStaleMarks: an origin that fails while the edge still has an expired copy
// leaves viewers behind, and the answer says by which fault; while the copy is as good
// as what the origin holds it does not.
func TestStaleMarks(t *testing.T) {
	r := newRig(t, mini())
	const path = "/live/p0/index_256x144.m3u8"
	get(r, 9*sec, path) // written at 8.2 s, the next at 12.2 s
	r.SetPlan(open(fault(chaos.OriginStatus, 1, 10*sec, 0, func(f *chaos.Fault) { f.Code = 503 })))
	for _, tt := range []struct {
		now   time.Duration
		marks chaos.Marks
	}{{11 * sec, 0}, {14 * sec, 1 << 1}} {
		if a, _ := get(r, tt.now, path); a.Status != 200 || !a.Stale || a.Marks != tt.marks {
			t.Errorf("at %v: %d stale=%v marks %b; want a stale 200 with %b", tt.now, a.Status, a.Stale, a.Marks, tt.marks)
		}
	}
}

// TestLongPlan changes the plan every few seconds for an hour: what the channel
// holds is what a channel holds that gets the whole plan at once.
func TestLongPlan(t *testing.T) {
	kinds := []chaos.Kind{chaos.PipelineKill, chaos.PlaylistFreeze, chaos.PlaylistDelete, chaos.SegmentMissing, chaos.SegmentLate, chaos.PipelineDrift, chaos.InputLoss, chaos.InvalidatorOff, chaos.PlaylistRollback}
	for seed := range 3 {
		a := newRig(t, mini())
		d := drawSeed(seed)
		rule := draw.NewRule("long plan")
		var now time.Duration
		for i := range 300 {
			f := fault(kinds[int(d.Uniform(rule, uint64(3*i))*float64(len(kinds)))], i%60, 0, 0, func(f *chaos.Fault) {
				f.Pipeline, f.Occurrence = i%2, 1+i/60
				f.By, f.Segments, f.Then, f.Resume = 3*sec, 2, []string{"emit", "pause"}[i%3/2], []string{"continue", "restart"}[i%5/4]
			})
			now += time.Duration(1+8*d.Uniform(rule, uint64(3*i+1))) * sec
			a.SetPlan(a.plan.With(f, now))
			get(a, now, "/live/p0/index_256x144.m3u8")
			now += time.Duration(1+20*d.Uniform(rule, uint64(3*i+2))) * sec
			a.SetPlan(a.plan.Without(f, now))
			get(a, now, "/live/p1/index_256x144.m3u8")
			if i%50 != 49 {
				continue
			}
			b := newRig(t, mini())
			b.SetPlan(a.plan)
			for at := now; at < now+40*sec; at += sec {
				for p := range 2 {
					x, y := a.channel.ids(p, at), b.channel.ids(p, at)
					if !slices.Equal(x, y) {
						t.Fatalf("seed %d, %d windows, at %v pipeline %d has %d things; want %d", seed, i+1, at, p, len(x), len(y))
					}
					for _, id := range x {
						if l, m := a.channel.look(id, at), b.channel.look(id, at); (l.object == nil) != (m.object == nil) || l.marks != m.marks || l.object != nil && id.Kind == m3u8.KindMedia && string(l.object.Text()) != string(m.object.Text()) {
							t.Fatalf("seed %d, %d windows, at %v: %v differs: %+v; want %+v", seed, i+1, at, id, l, m)
						}
					}
				}
			}
			now += 40 * sec
		}
	}
}
