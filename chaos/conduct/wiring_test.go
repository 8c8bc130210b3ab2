package conduct_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/chaos/inject"
	"hlsload/chaos/journal"
	"hlsload/player/m3u8"
)

// A run of two faults via viewer, with players that poll, a board, an injector
// and a journal; the second is interrupted.
func TestViewerFaultsFromEndToEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := journal.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	synctest.Test(t, func(t *testing.T) {
		freeze, hang := chaos.NewFault("freeze", chaos.PlaylistFreeze), chaos.NewFault("hang", chaos.HTTPHang)
		entries := []chaos.Entry{{Fault: freeze, Every: 40 * time.Second}, {Fault: hang}}
		entries[0].At, entries[0].For = 10*time.Second, 20*time.Second
		entries[1].At, entries[1].For, entries[1].Share = 60*time.Second, 30*time.Second, .5
		for i := range entries {
			entries[i].Fill(true)
			if problems := chaos.Check(&entries[i], &chaos.Target{URL: true, Duration: 100 * time.Second}); problems != nil {
				t.Fatal(problems)
			}
		}
		faults := chaos.Expand(entries, 100*time.Second)

		began := time.Now()
		clock := func() time.Duration { return time.Since(began) }
		board := conduct.NewBoard(1)
		injector := inject.New(board, chaos.RewriterConfig{Faults: faults})
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(65*time.Second, interrupt)
		polling, stop := context.WithCancel(t.Context())
		var marked [2]int
		polled := make(chan struct{})
		go func() {
			defer close(polled)
			for polling.Err() == nil {
				for viewer := range uint64(10) {
					body := fmt.Appendf(nil, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXTINF:4,\nx\n", clock()/(4*time.Second))
					thing := &chaos.Thing{Kind: m3u8.KindMedia, Pipeline: chaos.Any, Rendition: chaos.Any, Pop: chaos.Any, Viewer: viewer, HasViewer: true}
					_, e := injector.Answer(clock(), thing, "http://x/a", chaos.Answer{Status: 200, Body: body})
					for rule := range marked {
						if e.Marks.Has(rule) {
							marked[rule]++
						}
					}
				}
				time.Sleep(time.Second)
			}
		}()
		r, err := conduct.New(conduct.Config{
			Faults: faults, Timeline: chaos.Timeline{Duration: 100 * time.Second, Target: 4 * time.Second},
			Appliers: map[chaos.Via]chaos.Applier{chaos.ViaViewer: &inject.Applier{
				Open:  func(f *chaos.Fault) error { return injector.Open(f, clock()) },
				Close: func(f *chaos.Fault) { injector.Close(f, clock()) },
				Since: func(f *chaos.Fault) (inject.Counts, bool) { return injector.Since(f), true },
			}}, Now: clock, Record: j.Record,
		})
		if err != nil {
			t.Fatal(err)
		}
		outcomes, aborted := r.Run(ctx)
		stop()
		<-polled
		if aborted != "interrupt" || len(outcomes) != 3 {
			t.Errorf("%d outcomes, aborted %q", len(outcomes), aborted)
		}
		for _, o := range outcomes {
			if o.Void() != "" || !o.Bitten {
				t.Errorf("%s %d: %+v, void %q", o.Fault.Name, o.Fault.Occurrence, o, o.Void())
			}
		}
		if marked[0] == 0 || marked[1] == 0 || !board.Plan().Quiet() {
			t.Errorf("marked %v answers", marked)
		}
	})
	lines, err := journal.Read(path)
	if err != nil || len(lines) != 3*7 || len(journal.Left(lines)) != 0 {
		t.Errorf("%d lines in the journal, %d left, %v", len(lines), len(journal.Left(lines)), err)
	}
}
