package measure

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// reload is an answered media playlist of a rendition whose newest segment comes
// before number next.
func (v viewer) reload(at float64, rendition int16, next uint64, media time.Duration) {
	v.add(at, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Rendition: rendition, Status: 200, Sequence: next, MediaDuration: media}, &record.Meta{})
}

// refused is an answer with a status, for something of a rendition.
func (v viewer) refused(at float64, k m3u8.Kind, rendition int16, status int16) {
	v.add(at, player.Sample{Type: player.Answered, Kind: k, Rendition: rendition, Status: status, Failure: player.BadStatus}, &record.Meta{})
}

// six viewers that watch from 2 s on.
func six(sc *scene) []viewer {
	var vs []viewer
	for range 6 {
		vs = append(vs, sc.watching(0))
	}
	return vs
}

// frozen answers at 200 and does not go on from an instant on, every 4 s.
func frozen(vs []viewer, from float64, rendition int16) {
	for at := 4.0; at < 100; at += 4 {
		for i, v := range vs {
			v.reload(at+float64(i)/100, rendition, 10+uint64(min(at, from)/4), sec(40))
		}
	}
}

// Those who want to play do, or viewers were not served.
func TestThoseWhoWantToPlayDo(t *testing.T) {
	stallAll := func(vs []viewer, at float64) {
		for _, v := range vs {
			v.stall(at)
		}
	}
	for _, tc := range []struct {
		name    string
		fault   bool // kill-0 from 30 s to 50 s, recovery to 70 s
		absence time.Duration
		play    func(sc *scene)
		value   reports.Value
		reason  string // begins with; "" = it holds and all sessions that wanted to play did
		holds   bool
		warning string
	}{
		{name: "all play", play: func(sc *scene) { six(sc) }, value: 1, holds: true},
		{name: "none wants to", play: func(sc *scene) { sc.watching(0).leave(5) }, value: 1, holds: true, reason: "no 12 s outside of faults in which viewers wanted to play"},
		{name: "a short stall of all", play: func(sc *scene) {
			for _, v := range six(sc) {
				v.stall(40)
				v.resume(51)
			}
		}, value: 1, holds: true},
		{name: "all stand still", play: func(sc *scene) { stallAll(six(sc), 40) }, value: 0,
			reason: "6 of 6 sessions had no picture from 40 s to the end, outside of any fault (6 stood still)"},
		{name: "all stand still for a while", play: func(sc *scene) {
			for _, v := range six(sc) {
				v.stall(40)
				v.resume(60)
			}
		}, value: 0, reason: "6 of 6 sessions had no picture from 40 s to 60 s, outside of any fault (6 stood still)"},
		{name: "twice", play: func(sc *scene) {
			for _, v := range six(sc) {
				v.stall(20)
				v.resume(40)
				v.stall(60)
				v.resume(90)
			}
		}, value: 0, reason: "6 of 6 sessions had no picture from 60 s to 90 s, outside of any fault (6 stood still), and at 1 other time besides"},
		{name: "half stand still", play: func(sc *scene) { stallAll(six(sc)[:3], 40) }, value: .5,
			reason: "3 of 6 sessions had no picture from 40 s to the end"},
		{name: "a third stands still", play: func(sc *scene) { stallAll(six(sc)[:2], 40) }, value: .666667, holds: true,
			reason: "outside of faults at least 66.7 % of the sessions that wanted to play did", warning: "2 of 6 sessions had no picture from 40 s to the end"},
		{name: "a sixth stands still", play: func(sc *scene) { stallAll(six(sc)[:1], 40) }, value: .833333, holds: true,
			reason: "outside of faults at least 83.3 % of the sessions that wanted to play did"},
		{name: "frozen at 200", play: func(sc *scene) {
			vs := six(sc)
			frozen(vs[1:], 40, 0)
			frozen(vs[:1], 60, 1)
			stallAll(vs, 100-14)
		}, value: 0, reason: "6 of 6 sessions had no picture from 86 s to the end, outside of any fault (6 stood still); 2 of 2 media playlists answered 200 and stopped advancing at 60 s"},
		{name: "one dies, the others stand still", play: func(sc *scene) {
			vs := six(sc)
			frozen(vs, 12, 0)
			vs[0].die(98)
			stallAll(vs[1:], 98)
		}, value: 1, holds: true, warning: "1 of 1 media playlist answered 200 and stopped advancing at 12 s"},
		{name: "frozen, with a buffer left", play: func(sc *scene) {
			vs := six(sc)
			for i, v := range vs {
				v.append(3, 0)
				for range 22 + i {
					v.append(20, 0)
				}
			}
			frozen(vs, 48, 0)
		}, value: 1, holds: true, warning: "1 of 1 media playlist answered 200 and stopped advancing at 48 s; players had 8 to 28 s of buffer left when the run ended"},
		{name: "without segments", play: func(sc *scene) {
			vs := six(sc)
			for at := 40.0; at < 100; at += 4 {
				for _, v := range vs {
					v.reload(at, 0, 20+uint64(at/4), 0)
				}
			}
			stallAll(vs, 50)
		}, value: 0, reason: "6 of 6 sessions had no picture from 50 s to the end, outside of any fault (6 stood still); 1 of 1 media playlist answered 200 and listed no segment"},
		{name: "ended", play: func(sc *scene) {
			for _, v := range six(sc) {
				for at := 40.0; at < 90; at += 10 {
					v.add(at, player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Status: 200, Sequence: 20, MediaDuration: sec(40), Final: true}, nil)
				}
				v.add(60, player.Sample{Type: player.Ended}, nil)
			}
		}, value: 1, holds: true},
		{name: "some die, the others stand still", play: func(sc *scene) {
			vs := six(sc)
			vs[0].die(30)
			vs[1].die(31)
			vs[2].die(32)
			stallAll(vs[3:], 40)
		}, value: 0, reason: "6 of 6 sessions had no picture from 32 s to the end, outside of any fault (3 stood still, 3 died of an error)"},
		{name: "half die and come back", absence: 5 * time.Second, play: func(sc *scene) {
			for i, v := range six(sc)[:3] {
				v.die(30 + float64(i))
				sc.join(35+float64(i), 0).start(36 + float64(i))
			}
		}, value: 1, holds: true},
		{name: "all die at the end", play: func(sc *scene) {
			for _, v := range six(sc) {
				v.die(98)
			}
		}, value: 1, reason: "6 of 6 sessions had no picture from 98 s to the end"},
		{name: "a viewer died before the event ended", play: func(sc *scene) {
			vs := six(sc)
			vs[5].die(20)
			for i, v := range vs[:5] {
				v.add(50+float64(i), player.Sample{Type: player.Ended}, nil)
			}
		}, value: .833333, holds: true, reason: "outside of faults at least 83.3 %"},
		{name: "a viewer died before the others left", play: func(sc *scene) {
			vs := six(sc)
			vs[5].die(20)
			for i, v := range vs[:5] {
				v.leave(50 + 5*float64(i))
			}
		}, value: .833333, holds: true, reason: "outside of faults at least 83.3 %"},
		{name: "the others join anew, with new tokens", play: func(sc *scene) {
			vs := six(sc)
			vs[4].die(20)
			vs[5].die(20)
			for i, v := range vs[:4] {
				for at := 22.0; at < 60; at += 6 {
					v.leave(at + float64(i)/10)
					v = sc.join(at+float64(i)/10, 0)
					v.start(at + float64(i)/10 + .2)
				}
			}
			vs[0] = sc.join(61, 0)
			vs[0].start(61.5)
			vs[0].leave(62)
		}, value: .666667, holds: true, reason: "outside of faults at least 66.7 %", warning: "2 of 6 sessions had no picture from 20 s to the end"},
		{name: "some left before the others died", play: func(sc *scene) {
			vs := six(sc)
			for _, v := range vs[:3] {
				v.leave(20)
			}
			for _, v := range vs[3:] {
				v.die(30)
			}
		}, value: 0, reason: "3 of 3 sessions had no picture from 30 s to the end, outside of any fault (3 died of an error)"},
		{name: "all die and come back in step, and never start", absence: 5 * time.Second, play: func(sc *scene) {
			for _, v := range six(sc) {
				v.die(30)
				for at := 35.0; at < 95; at += 14 {
					sc.join(at, 0).die(at + 9)
				}
			}
		}, value: 0, reason: "6 of 6 sessions had no picture from 30 s to"},
		{name: "all die, come back and play", absence: 5 * time.Second, play: func(sc *scene) {
			for _, v := range six(sc) {
				v.die(30)
				for at := 35.0; at < 90; at += 14 {
					v := sc.join(at, 0)
					v.start(at + 4)
					v.die(at + 9)
				}
				sc.join(96, 0).start(98)
			}
		}, value: 1, holds: true},
		{name: "many come when the first one has died", play: func(sc *scene) {
			sc.watching(0).die(97)
			for range 20 {
				sc.join(98, 0)
			}
		}, value: 1, holds: true},
		{name: "the run ends before it is long enough", play: func(sc *scene) { stallAll(six(sc), 92) },
			value: 1, holds: true, warning: "6 of 6 sessions had no picture from 92 s to the end, outside of any fault (6 stood still)"},
		{name: "viewers who come are not served", absence: 8 * time.Second, play: func(sc *scene) {
			for i := range 80 { // none of them stays for long, and one in ten still plays
				v := sc.join(1+float64(i), 0)
				if i%10 == 0 {
					v.start(2 + float64(i))
				}
				v.leave(min(99, 21+float64(i)))
			}
		}, value: .125, reason: "8 of 8 sessions had no picture from"},
		{name: "slow to start", play: func(sc *scene) {
			for range 6 {
				sc.join(1, 0).add(20, player.Sample{Type: player.Started, Duration: sec(19)}, nil)
			}
		}, value: 1, holds: true},
		{name: "as slow to start as is usual", play: func(sc *scene) {
			for range 20 {
				sc.join(1, 2).add(13, player.Sample{Type: player.Started, Duration: sec(40)}, nil)
			}
			sc.c.SetUsual(sc.c.Usual())
			for range 30 {
				sc.join(40, 2).start(75)
			}
		}, value: 1, holds: true},
		{name: "during a fault", fault: true, play: func(sc *scene) {
			for _, v := range six(sc) {
				v.stall(31)
				v.resume(69)
			}
		}, value: 1, holds: true},
		{name: "a fault accounts for them", fault: true, play: func(sc *scene) {
			vs := six(sc)
			for _, v := range vs[:5] {
				v.answer(32, m3u8.KindMedia, 0, 404, 0)
				v.stall(36)
			}
			vs[0].die(60)
		}, value: 1, holds: true, reason: "outside of faults all sessions that wanted to play did; not counted: 5 sessions that faults affected and that never recovered"},
		{name: "a fault accounts for those who died", fault: true, play: func(sc *scene) {
			for _, v := range six(sc)[:5] {
				v.answer(32, m3u8.KindMedia, 0, 404, 0)
				v.die(36)
			}
		}, value: 1, holds: true},
		{name: "the others beside a fault", fault: true, play: func(sc *scene) {
			vs := six(sc)
			for _, v := range vs[:3] {
				v.answer(32, m3u8.KindMedia, 0, 404, 0)
				v.stall(36)
			}
			stallAll(vs[3:], 75)
		}, value: 0, reason: "3 of 3 sessions had no picture from 75 s to the end"},
		{name: "before a fault", fault: true, play: func(sc *scene) {
			vs := six(sc)
			stallAll(vs, 10)
		}, value: 0, reason: "6 of 6 sessions had no picture from 70 s to the end, outside of any fault (6 stood still), and at 1 other time besides"},
		{name: "they came through, and then stood still", fault: true, play: func(sc *scene) {
			for _, v := range six(sc) {
				v.answer(32, m3u8.KindMedia, 0, 404, 0)
				v.append(40, 1)
				v.stall(60)
				v.add(72, player.Sample{Type: player.Evidence}, nil)
			}
		}, value: 0, reason: "6 of 6 sessions had no picture from 72 s to the end"},
		{name: "the control cohort is not asked", play: func(sc *scene) {
			six(sc)
			for range 20 {
				sc.watching(1).stall(40)
			}
		}, value: 1, holds: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := sceneConfig()
			if tc.fault {
				cfg = sceneConfig(kill("kill-0", 0, 30, 50))
			}
			cfg.Absence = tc.absence
			sc := newScene(t, cfg)
			end := End{}
			if tc.fault {
				sc.apply(0, 1, 30)
				sc.clear(0, 1, 50)
				end.Faults = undone(0)
			}
			tc.play(sc)
			s := sc.finish(end)
			e := s.Expectations[len(s.Expectations)-1]
			if tc.reason == "" {
				tc.reason = "outside of faults all sessions that wanted to play did"
			}
			if e.Pass != tc.holds || !strings.HasPrefix(e.Reason, tc.reason) || e.Value != tc.value && (tc.value != 1 || e.Value.Known()) {
				t.Errorf("holds: %v, %v, %q; want %v, %v, %q", e.Pass, e.Value, e.Reason, tc.holds, tc.value, tc.reason)
			}
			if (s.ExitCode == reports.ExitFail) == tc.holds {
				t.Errorf("exit code %d", s.ExitCode)
			}
			all := strings.Join(s.Warnings, "\n")
			if !strings.Contains(all, tc.warning) || tc.warning == "" && strings.Contains(all, "picture") {
				t.Errorf("warnings %q; want %q", all, tc.warning)
			}
		})
	}
}

// A run that is too short to judge does not say that viewers were served.
func TestServedIsNotJudged(t *testing.T) {
	for _, tc := range []struct {
		name   string
		cohort int
		stall  bool
		warn   string
	}{
		{"all play", 0, false, ""},
		{"all stand still for half of it", 0, true, "6 of 6 sessions had no picture from 8 s to the end, outside of any fault (6 stood still)"},
		{"only the control cohort came", 1, true, ""},
	} {
		cfg := sceneConfig()
		cfg.Duration, cfg.TargetDuration = sec(20), sec(10)
		sc := newScene(t, cfg)
		for range 6 {
			if v := sc.watching(tc.cohort); tc.stall {
				v.stall(8)
			}
		}
		s := sc.finish(End{At: sec(20)})
		if got, want := s.Reason(), "no 30 s outside of faults in which viewers wanted to play; nothing else was expected"; s.ExitCode != reports.ExitPass || got != want {
			t.Errorf("%s: exit code %d, %q; want 0, %q", tc.name, s.ExitCode, got, want)
		}
		if got := strings.Join(s.Warnings, "\n"); got != tc.warn {
			t.Errorf("%s: warnings %q; want %q", tc.name, got, tc.warn)
		}
	}
}

// A target duration of ten minutes does not keep a dark stream from being seen.
func TestServedAtLongTargets(t *testing.T) {
	cfg := sceneConfig()
	cfg.TargetDuration = 10 * time.Minute
	sc := newScene(t, cfg)
	for _, v := range six(sc)[1:] {
		v.stall(30)
	}
	sc.join(5, 0)
	s := sc.finish(End{})
	if want := "viewers were not served: 6 of 7 sessions had no picture from 30 s to the end, outside of any fault (5 stood still, 1 never started)"; s.ExitCode != reports.ExitFail || s.Reason() != want {
		t.Errorf("exit code %d, %q; want %d, %q", s.ExitCode, s.Reason(), reports.ExitFail, want)
	}
}

// A cohort that never plays is named, however small it is.
func TestCohortThatNeverPlays(t *testing.T) {
	sc := newScene(t, sceneConfig())
	six(sc)
	sc.join(1, 2)
	s := sc.finish(End{})
	if want := "cohort tv: no session ever had a picture (1 of 1 failed to start)"; !strings.Contains(strings.Join(s.Warnings, "\n"), want) {
		t.Errorf("warnings %q; want %q", s.Warnings, want)
	}
}

// What viewers fetch is there, for most of those who ask: one dead URL that is
// asked for again and again by one session is no more than one.
func TestWhatTheyFetchIsThere(t *testing.T) {
	for _, tc := range []struct {
		name   string
		play   func(vs []viewer)
		reason string // "" = it holds
	}{
		{"all is there", func(vs []viewer) {}, ""},
		{"a few segments are missing", func(vs []viewer) {
			for _, v := range vs {
				v.refused(50, m3u8.KindSegment, 0, 404)
			}
		}, ""},
		{"a quarter of the segments is missing", func(vs []viewer) {
			for i := range 7 {
				for _, v := range vs {
					v.refused(50+float64(i), m3u8.KindSegment, 0, 503)
				}
			}
		}, "140 of 540 segment requests failed (503 × 140), for 20 of 20 sessions"},
		{"one session fails a thousand times", func(vs []viewer) {
			for i := range 1000 {
				vs[0].refused(50+float64(i)/100, m3u8.KindMedia, 0, 404)
			}
		}, ""},
		{"one session fails a thousand times at what is not there", func(vs []viewer) {
			for i := range 1000 {
				vs[0].refused(50+float64(i)/100, m3u8.KindMedia, 1, 404)
			}
		}, ""},
		{"a playlist is not there for those who ask", func(vs []viewer) {
			for i := range 1000 {
				vs[i%3].refused(50+float64(i)/100, m3u8.KindMedia, 1, 404)
			}
		}, "the media playlist of audio of pipeline 1 was never there (404 × 1,000), for 3 of 20 sessions"},
		{"media are not there", func(vs []viewer) {
			for i, v := range vs[:10] {
				v.refused(50+float64(i)/100, m3u8.KindSegment, 1, 403)
				v.refused(51+float64(i)/100, m3u8.KindInit, 1, 403)
			}
		}, "the initialization section of audio of pipeline 1 was never there (403 × 10), for 10 of 10 sessions; the media of audio of pipeline 1 was never there (403 × 10), for 10 of 20 sessions"},
		{"at first it was not there", func(vs []viewer) {
			for _, v := range vs {
				v.refused(20, m3u8.KindMedia, 1, 404)
				v.reload(24, 1, 16, sec(40))
				v.reload(28, 1, 17, sec(40))
				v.reload(32, 1, 18, sec(40))
			}
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := sceneConfig()
			cfg.Renditions = []record.Rendition{{Name: "360p", Pipeline: 0}, {Name: "audio", Pipeline: 1}}
			sc := newScene(t, cfg)
			var vs []viewer
			for range 20 {
				vs = append(vs, sc.watching(0))
			}
			for i := range 20 {
				for _, v := range vs {
					v.reload(10+float64(i)*4, 0, 10+uint64(i), sec(40))
					v.answer(10+float64(i)*4, m3u8.KindSegment, 0, 200, -1)
				}
			}
			tc.play(vs)
			s := sc.finish(End{})
			e := s.Expectations[len(s.Expectations)-1]
			if e.Pass != (tc.reason == "") || !e.Pass && e.Reason != tc.reason {
				t.Errorf("holds: %v, %q; want %q", e.Pass, e.Reason, tc.reason)
			}
		})
	}
}

// The same sessions in one shard or many give the same judgement.
func TestServedInShards(t *testing.T) {
	var want string
	for _, shards := range []int{1, 3, 16} {
		cfg := sceneConfig()
		cfg.Shards = shards
		sc := newScene(t, cfg)
		var vs []viewer
		for range 30 {
			vs = append(vs, sc.watching(0))
		}
		frozen(vs, 30, 0)
		for i, v := range vs[5:] {
			v.stall(99 - 14 - float64(i%3))
		}
		s := sc.finish(End{})
		e := s.Expectations[0]
		if got := fmt.Sprintf("%v %v %s %q", e.Pass, e.Value, e.Reason, s.Warnings); want == "" {
			want = got
		} else if got != want {
			t.Errorf("with %d shards %s; want %s", shards, got, want)
		}
	}
	if !strings.Contains(want, "25 of 30 sessions had no picture from 84 s") {
		t.Error(want)
	}
}
