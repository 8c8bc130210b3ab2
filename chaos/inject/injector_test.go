package inject

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/player/m3u8"
)

func playlist(first int) []byte {
	return fmt.Appendf(nil, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXTINF:4,\n%d.ts\n#EXTINF:4,\n%d.ts\n", first, first, first+1)
}

func request(viewer uint64) *chaos.Thing {
	return &chaos.Thing{Kind: m3u8.KindMedia, Pipeline: 0, Rendition: 0, Renditions: 1, Pop: chaos.Any, Viewer: viewer, HasViewer: true}
}

func viewerFault(kind chaos.Kind) *chaos.Fault {
	f := chaos.NewFault("x", kind)
	f.Via = chaos.ViaViewer
	return &f
}

func TestAllPlayersSeeTheSameFreeze(t *testing.T) {
	ctx := context.Background()
	board := conduct.NewBoard(1)
	now := time.Duration(0)
	f := viewerFault(chaos.PlaylistFreeze)
	i := New(board, chaos.RewriterConfig{Faults: []chaos.Fault{*f}})
	a := applier(i, func() time.Duration { return now })
	ask := func(viewer uint64, first int) (string, chaos.Effect) {
		seen, e := i.Answer(now, request(viewer), "http://x/a.m3u8", chaos.Answer{Status: 200, Body: playlist(first)})
		return string(seen.Body), e
	}
	ask(1, 10)
	now = 2 * time.Second
	if err := a.Apply(ctx, f); err != nil {
		t.Fatal(err)
	}
	if bites, why := a.Look(ctx, f); bites || !strings.Contains(why, "none of 0 answers was changed") {
		t.Errorf("bites before any player asked: %v %s", bites, why)
	}
	now = 4 * time.Second
	var all sync.WaitGroup
	for viewer := range uint64(50) {
		all.Go(func() {
			if body, e := ask(viewer, 11); body != string(playlist(10)) || e.Marks != 1 {
				t.Errorf("viewer %d saw %q, marks %b", viewer, body, e.Marks)
			}
		})
	}
	all.Wait()
	if bites, why := a.Look(ctx, f); !bites || why != "players saw it 50 times" {
		t.Errorf("bites: %v %s", bites, why)
	}
	if err := a.Undo(ctx, f); err != nil {
		t.Fatal(err)
	}
	if body, e := ask(3, 12); body != string(playlist(12)) || e.Marks != 0 {
		t.Errorf("after the undo %q, marks %b", body, e.Marks)
	}
	if healthy, why := a.LookUndone(ctx, f); !healthy || why != "1 answers since, none changed" {
		t.Errorf("healthy: %v %s", healthy, why)
	}
	if err := a.Undo(ctx, f); err != nil {
		t.Errorf("undone twice: %v", err)
	}
}

func TestLateAnswersDelayHealth(t *testing.T) {
	ctx := context.Background()
	f := viewerFault(chaos.NetDown)
	f.Rule = 5
	i := New(conduct.NewBoard(1), chaos.RewriterConfig{})
	a := applier(i, func() time.Duration { return 0 })
	if err := a.Apply(ctx, f); err != nil {
		t.Fatal(err)
	}
	if bites, _ := a.Look(ctx, f); bites {
		t.Error("bites before a link was asked for")
	}
	if _, _, cut, marks := i.Link(0, request(1)); !cut || marks != chaos.Mark(5) {
		t.Errorf("cut %v, marks %b", cut, marks)
	}
	if bites, _ := a.Look(ctx, f); !bites {
		t.Error("does not bite")
	}
	if err := a.Undo(ctx, f); err != nil {
		t.Fatal(err)
	}
	i.Touched(chaos.Mark(5)) // was decided before the undo
	if healthy, why := a.LookUndone(ctx, f); healthy || why != "players saw it 1 times since the undo" {
		t.Errorf("healthy: %v %s", healthy, why)
	}
	if healthy, _ := a.LookUndone(ctx, f); !healthy {
		t.Error("not healthy though nothing changed since")
	}
}

func TestApplyRefusesWhatIsNotItsOwn(t *testing.T) {
	i := New(conduct.NewBoard(1), chaos.RewriterConfig{})
	rig, late := viewerFault(chaos.PlaylistFreeze), viewerFault(chaos.PlaylistFreeze)
	rig.Via, late.Rule = chaos.ViaRig, chaos.MaxEntries
	for _, f := range []*chaos.Fault{rig, late} {
		if err := i.Open(f, 0); err == nil {
			t.Errorf("applied %+v", f)
		}
	}
}

func TestQuietCostsNothing(t *testing.T) {
	i := New(conduct.NewBoard(1), chaos.RewriterConfig{})
	thing, real := request(1), chaos.Answer{Status: 200, Body: playlist(1)}
	if n := testing.AllocsPerRun(100, func() { i.Answer(0, thing, "http://x/a.m3u8", real) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestAgentsThatHaveNotReported: as long as some players may not know, nothing is said to
// be well.
func TestAgentsThatHaveNotReported(t *testing.T) {
	f := viewerFault(chaos.PlaylistFreeze)
	n, all := Counts{}, false
	a := &Applier{Open: func(*chaos.Fault) error { return nil }, Close: func(*chaos.Fault) {}, Since: func(*chaos.Fault) (Counts, bool) { return n, all }}
	for _, tc := range []struct {
		n              Counts
		all            bool
		bites, healthy bool
	}{
		{Counts{0, 0}, false, false, false},
		{Counts{2, 5}, false, true, false},
		{Counts{0, 5}, true, false, true},
		{Counts{2, 5}, true, true, false}, // then they are known
		{Counts{2, 9}, true, true, true},
	} {
		n, all = tc.n, tc.all
		bites, _ := a.Look(t.Context(), f)
		if healthy, why := a.LookUndone(t.Context(), f); bites != tc.bites || healthy != tc.healthy {
			t.Errorf("%+v: bites %v, healthy %v: %s", tc, bites, healthy, why)
		}
	}
}

// applier applies faults at the players of one injector.
func applier(i *Injector, now func() time.Duration) *Applier {
	return &Applier{
		Open:  func(f *chaos.Fault) error { return i.Open(f, now()) },
		Close: func(f *chaos.Fault) { i.Close(f, now()) },
		Since: func(f *chaos.Fault) (Counts, bool) { return i.Since(f), true },
	}
}

var _ chaos.Applier = (*Applier)(nil)
