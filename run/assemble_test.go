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

// ready returns a run whose players are about to come.
func ready(t *testing.T, target string, on Network) *live {
	t.Helper()
	return readyFor(t, onePlayer+target, on)
}

func readyFor(t *testing.T, scenario string, on Network) *live {
	t.Helper()
	r := newLive(&Config{Scenario: parse(t, scenario), Dir: t.TempDir(), Network: on})
	var closers []func() error
	if err := r.prepare(t.Context(), &closers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.dismiss()
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	})
	if err := r.startCrew(); err != nil {
		t.Fatal(err)
	}
	if err := r.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEpochIsThatOfTheRig: the players' clock is that of the embedded channel, which begins
// at a whole second once everything is ready.
func TestEpochIsThatOfTheRig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		on := look.Network{Dial: m.Dial}
		slowly := func(ctx context.Context, addr string) (net.Listener, error) {
			time.Sleep(3 * time.Second)
			return m.Listen(ctx, addr)
		}
		time.Sleep(300 * time.Millisecond)
		began := time.Now()
		r := ready(t, "{rig: {ladder: mini, segment: 1s}}", Network{Listen: slowly, Target: on})
		if ahead := time.Until(r.epoch); r.epoch.Nanosecond() != 0 || ahead < 0 || ahead > time.Second || r.epoch.Sub(began) < 3*time.Second {
			t.Errorf("the run's epoch is %v, %v ahead; want the next whole second", r.epoch, ahead)
		}
		// The origin's date-times are those of the wall clock.
		time.Sleep(10 * time.Second)
		list := mediaOf(t, r.target.url(&audience.Arrival{}), on)
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
		r := ready(t, "{url: "+base+"/media.m3u8}", Network{Target: look.Network{Dial: m.Dial}})
		if ahead := time.Until(r.epoch); ahead < 0 || ahead > time.Second {
			t.Errorf("the run's epoch is %v ahead; want the next second", ahead)
		}
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
		r := newLive(&Config{Scenario: parse(t, onePlayer+"{rig: {ladder: mini}}"), Dir: t.TempDir(), Network: Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}})
		var closers []func() error
		if err := r.prepare(t.Context(), &closers); err != nil {
			t.Fatal(err)
		}
		defer func() {
			for i := len(closers) - 1; i >= 0; i-- {
				closers[i]()
			}
		}()
		if p := r.measure.Predict(&r.faults[0], r.sc.Recovery, 0, false); len(r.measure.Renditions) != 6 || p == nil || p.Unknown != "" {
			t.Errorf("renditions %v, prediction %+v; want three of each pipeline, and a prediction", r.measure.Renditions, p)
		}
		r.target.channel = unreadable{r.target.channel}
		if _, err := r.measured("", ""); err == nil || !strings.Contains(err.Error(), "multivariant playlist") {
			t.Errorf("describing a channel that cannot be read: got %v; want an error about the multivariant playlist", err)
		}
	})
}
