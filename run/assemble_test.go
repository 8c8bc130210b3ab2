package run

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player/audience"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/stage"
)

const onePlayer = `duration: 20s
fleet:
  players: 1
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]
chaos: [{name: gone, fault: pipeline.kill, pipeline: 0, at: 5s, for: 5s}]
target: `

// prepared returns a run that is ready to be performed.
func prepared(t *testing.T, target string, on Network) *live {
	t.Helper()
	sc := parse(t, onePlayer+target)
	r := &live{cfg: &Config{Scenario: sc, Dir: t.TempDir(), Network: on}, sc: sc, faults: sc.Faults(), id: NewID()}
	r.hide.f = sc.Redact
	r.progress = redacted{nil, r.hide.of}
	var closers []func() error
	if err := r.prepare(t.Context(), &closers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	})
	return r
}

// TestEpochIsThatOfTheRig: the players' clock is that of the embedded channel,
// however long the rest of the preparation takes.
func TestEpochIsThatOfTheRig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		on := look.Network{Dial: m.Dial}
		slowly := func(ctx context.Context, addr string) (net.Listener, error) {
			time.Sleep(3 * time.Second)
			return m.Listen(ctx, addr)
		}
		time.Sleep(300 * time.Millisecond)
		second := time.Now().Truncate(time.Second).Add(time.Second)
		r := prepared(t, "{rig: {ladder: mini, segment: 1s}}", Network{Listen: slowly, Target: on})
		if !r.epoch.Equal(second) || time.Since(second) < 2*time.Second {
			t.Errorf("prepared for %v: the run's epoch is %v; want %v, the next whole second", time.Since(second), r.epoch, second)
		}
		// The origin's date-times are those of the wall clock.
		time.Sleep(10 * time.Second)
		list := mediaOf(t, r.target.embedded.url(&audience.Arrival{}), on)
		end := list.Segments[len(list.Segments)-1]
		if late := time.Since(end.ProgramDateTime.Add(end.Duration)); late < 0 || late > 2*time.Second {
			t.Errorf("the newest segment ended %v ago by its date-time; want less than two segments of 1s", late)
		}
	})
}

// mediaOf reads the first media playlist of a channel.
func mediaOf(t *testing.T, u string, on look.Network) *m3u8.Media {
	t.Helper()
	f := look.New(look.Config{On: on, Timeout: time.Second})
	defer f.Close()
	a, err := f.Playlist(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	mv, err := m3u8.ParseMultivariant(a.Body, m3u8.Options{Base: a.URL})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = f.Playlist(t.Context(), mv.Variants[0].URL); err != nil {
		t.Fatal(err)
	}
	m, err := m3u8.ParseMedia(a.Body, m3u8.Options{Base: a.URL})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEpochFollowsTheCheck: at a URL, the first viewers arrive when everything is
// ready, and not when the check of the target begins.
func TestEpochFollowsTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		base, srv := m.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			media4(w, r)
		}))
		defer srv.Close()
		r := prepared(t, "{url: "+base+"/media.m3u8}", Network{Target: look.Network{Dial: m.Dial}})
		if !r.epoch.Equal(time.Now()) {
			t.Errorf("the run's epoch is %v; want %v, now", r.epoch, time.Now())
		}
	})
}

// TestRigIsBuiltOnce: the run takes the names of the channel from the rig that is
// served.
func TestRigIsBuiltOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		r := prepared(t, "{rig: {ladder: mini}}", Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}})
		r.target.embedded.server.Do(func(served *rig.Rig, _ time.Duration) {
			if stage.Rig(served) != r.target.embedded.rig {
				t.Errorf("the run has %p; want %p, which is served", r.target.embedded.rig, served)
			}
		})
	})
}

// unreadable is a rig whose multivariant playlist cannot be read.
type unreadable struct{ stage.Rig }

func (unreadable) Multivariant(int) []byte { return []byte("not a playlist") }

// TestUnreadableChannelIsAnError: a run whose renditions cannot be named, and whose
// faults cannot be predicted for that reason, does not begin.
func TestUnreadableChannelIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		r := prepared(t, "{rig: {ladder: mini}}", Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}})
		cfg := stage.Measure(r.sc, reports.ModeRun, r.faults, r.epoch)
		if err := r.target.describe(&cfg, r.sc); err != nil {
			t.Fatal(err)
		}
		if p := cfg.Predict(&r.faults[0], r.sc.Recovery, 0, false); len(cfg.Renditions) != 6 || p == nil || p.Unknown != "" {
			t.Errorf("renditions %v, prediction %+v; want three of each pipeline, and a prediction", cfg.Renditions, p)
		}
		r.target.embedded.rig = unreadable{r.target.embedded.rig}
		cfg = record.Config{}
		if err := r.target.describe(&cfg, r.sc); err == nil || !strings.Contains(err.Error(), "multivariant playlist") {
			t.Errorf("describing a channel that cannot be read: got %v; want an error about the multivariant playlist", err)
		}
		if err := r.assemble(&fleet.Check{}); err == nil || !strings.Contains(err.Error(), "multivariant playlist") {
			t.Errorf("assembling a run of a channel that cannot be read: got %v; want that error", err)
		}
	})
}
