package measure

import (
	"fmt"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// scene is a small run that tests write by hand: 4 s target duration, arrivals
// until 10 s, fault times as the case says, recovery 20 s, end at 100 s.
type scene struct {
	*testing.T
	c    *record.Collector
	over *Finished
	next uint64
}

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// kill is a fault of pipeline 0 that holds from..to (to = 0: never undone).
func kill(name string, rule int, from, to float64) chaos.Fault {
	f := chaos.NewFault(name, chaos.PipelineKill)
	f.Rule, f.Occurrence, f.Via, f.Pipeline, f.At, f.For = rule, 1, chaos.ViaRig, 0, sec(from), sec(to-from)
	return f
}

// undone are the outcomes of the first occurrences of these rules.
func undone(rules ...int) (all []chaos.Outcome) {
	for _, rule := range rules {
		all = append(all, chaos.Outcome{Fault: &chaos.Fault{Rule: rule, Occurrence: 1}, UndoVerified: true})
	}
	return all
}

func sceneConfig(faults ...chaos.Fault) record.Config {
	return record.Config{
		Scenario: reports.Scenario{Name: "hand-made"}, Mode: reports.ModeSimulate, Started: time.Date(2026, 7, 11, 18, 0, 0, 0, time.UTC),
		Duration: sec(100), ArrivalsEnd: sec(10), Recovery: sec(20), TargetDuration: sec(4), Pipelines: 2,
		Cohorts: []record.Cohort{{Name: "web", Profile: "hlsjs"}, {Name: "control", Profile: "hlsjs", Control: true}, {Name: "tv", Profile: "exo"}},
		Faults:  faults,
	}
}

func newScene(t *testing.T, cfg record.Config) *scene {
	t.Helper()
	c, err := record.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &scene{T: t, c: c}
}

func (sc *scene) apply(rule, occ int, at float64) {
	sc.Helper()
	if err := sc.c.FaultApplied(rule, occ, sec(at), sc.c.Usual()); err != nil {
		sc.Fatal(err)
	}
}

func (sc *scene) clear(rule, occ int, at float64) {
	sc.Helper()
	if err := sc.c.FaultCleared(rule, occ, sec(at)); err != nil {
		sc.Fatal(err)
	}
}

// viewer is a session fed by hand.
type viewer struct{ s *record.Session }

func (sc *scene) join(at float64, cohort int) viewer {
	sc.next++
	return viewer{sc.c.Join(sec(at), record.SessionInfo{Player: sc.next, Cohort: cohort})}
}

// watching is a session that joined at 1 s, started at 2 s and plays pipeline 0.
func (sc *scene) watching(cohort int) viewer {
	v := sc.join(1, cohort)
	v.request(1, m3u8.KindMedia, 0)
	v.start(2)
	v.append(2, 0)
	return v
}

func (v viewer) add(at float64, sm player.Sample, m *record.Meta) {
	sm.At, sm.Latency = sec(at), -1
	v.s.Add(listing(&sm), m)
}

// listing has a playlist list 40 s of media that went on every 4 s, unless the
// test says what it lists.
func listing(sm *player.Sample) *player.Sample {
	if sm.Type == player.Answered && sm.Kind == m3u8.KindMedia && sm.Failure == player.NoFailure && sm.Sequence == 0 {
		sm.MediaDuration, sm.Sequence = sec(40), 10+uint64(sm.At/sec(4))
	}
	return sm
}

func (v viewer) request(at float64, k m3u8.Kind, pipeline int8) {
	v.add(at, player.Sample{Type: player.Requested, Kind: k, Pipeline: pipeline}, nil)
}

// answer is a touched (rule ≥ 0) or untouched (-1) answer, asked for 100 ms before.
func (v viewer) answer(at float64, k m3u8.Kind, pipeline int8, status int16, rule int) {
	var m record.Meta
	if rule >= 0 {
		m.Marks = chaos.Mark(rule)
	}
	sm := player.Sample{Type: player.Answered, Kind: k, Pipeline: pipeline, Status: status, Due: sec(at - .1), Sent: sec(at - .1), FirstByte: sec(at - .05)}
	if status >= 400 {
		sm.Failure = player.BadStatus
	}
	v.add(at, sm, &m)
}

func (v viewer) append(at float64, pipeline int8) {
	v.add(at, player.Sample{Type: player.Appended, Kind: m3u8.KindSegment, Pipeline: pipeline, MediaDuration: sec(4), Bitrate: 1e6}, nil)
}

func (v viewer) appendAudio(at float64, pipeline int8) {
	v.add(at, player.Sample{Type: player.Appended, Track: player.AudioTrack, Kind: m3u8.KindSegment, Pipeline: pipeline, MediaDuration: sec(4)}, nil)
}

func (v viewer) decide(at float64, d player.Decision, pipeline int8) {
	v.add(at, player.Sample{Type: player.Detected, Kind: m3u8.KindMedia, Decision: d, Pipeline: pipeline}, nil)
}

func (v viewer) start(at float64) {
	v.add(at, player.Sample{Type: player.Started, Duration: sec(1)}, nil)
}
func (v viewer) stall(at float64)  { v.add(at, player.Sample{Type: player.StallStart}, nil) }
func (v viewer) resume(at float64) { v.add(at, player.Sample{Type: player.StallEnd}, nil) }
func (v viewer) die(at float64)    { v.add(at, player.Sample{Type: player.Fatal, Reason: "gave up"}, nil) }
func (v viewer) leave(at float64)  { v.add(at, player.Sample{Type: player.Left}, nil) }

// told prints what a case is about: outcomes and times of one fault.
func told(f *reports.FaultSummary) string {
	return fmt.Sprintf("affected=%d during=%d over=%d healed=%d left=%d never=%d fatal=%d flapped=%d probes=%d unfinished=%d | detect %s failover %s outage %s/%d",
		f.Affected, f.JoinedDuring, f.FailedOver, f.Healed, f.Left, f.NeverRecovered, f.Fatal, f.FlappedBack, f.Probes, f.Unfinished,
		reports.Milliseconds.Format(f.DetectionMs.P50), reports.Milliseconds.Format(f.FailoverMs.P50), reports.Milliseconds.Format(f.OutageMs.P50), f.OutageMs.Censored)
}

// TestOutcomes feeds one session each through a kill of pipeline 0 from 30 s to
// 60 s (recovery to 80 s) and checks what contract section 3 says of it.
func TestOutcomes(t *testing.T) {
	const media, segment = m3u8.KindMedia, m3u8.KindSegment
	for _, tc := range []struct {
		name string
		play func(sc *scene)
		want string
	}{
		{"not touched", func(sc *scene) {
			v := sc.watching(0)
			v.answer(35, media, 0, 200, -1)
			v.append(36, 0)
		}, "affected=0 during=0 over=0 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect no data failover no data outage no data/0"},
		{"failed over without a stall", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.decide(37, player.Failover, 0)
			v.request(37, media, 1)
			v.append(38, 1)
			v.append(70, 1)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect 7 s failover 8 s outage 0 s/0"},
		{"stalled before it was touched", func(sc *scene) {
			v := sc.watching(0)
			v.stall(33)
			v.answer(36, media, 0, 404, 0)
			v.append(40, 1)
			v.resume(41)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 10 s outage 8 s/0"},
		{"a stall at onset counts from onset", func(sc *scene) {
			v := sc.watching(0)
			v.stall(25)
			v.answer(36, media, 0, 404, 0)
			v.append(40, 1)
			v.resume(40)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 10 s outage 10 s/0"},
		{"media but never playing again", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.stall(40)
			v.append(45, 1)
		}, "affected=1 during=0 over=0 healed=0 left=0 never=1 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 15 s outage 40 s/1"},
		{"healed in place", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 200, 0)
			v.stall(50)
			v.append(62, 0)
			v.resume(63)
		}, "affected=1 during=0 over=0 healed=1 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover never outage 13 s/0"},
		{"media in flight is not healing", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 200, 0)
			v.append(37, 0)
			v.stall(50)
		}, "affected=1 during=0 over=0 healed=0 left=0 never=1 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover never outage 30 s/1"},
		{"healed long after recovery, outage ends with it", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 200, 0)
			v.stall(50)
			v.append(95, 0)
			v.resume(95)
		}, "affected=1 during=0 over=0 healed=1 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover never outage 30 s/1"},
		{"left first", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.leave(40)
		}, "affected=1 during=0 over=0 healed=0 left=1 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect no data failover no data outage no data/0"},
		{"left after it had moved", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.leave(40)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 8 s outage 0 s/0"},
		{"died; out to the end of recovery", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.die(45)
		}, "affected=1 during=0 over=0 healed=0 left=0 never=1 fatal=1 flapped=0 probes=0 unfinished=0 | detect never failover never outage 35 s/1"},
		{"died after it had moved", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.die(50)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=1 flapped=0 probes=0 unfinished=0 | detect never failover 8 s outage 30 s/1"},
		{"flapped back for a segment", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.request(45, media, 0)
			v.request(45.5, segment, 0)
			v.append(47, 1)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=1 probes=0 unfinished=0 | detect never failover 8 s outage 0 s/0"},
		{"flapped back and waited", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.request(45, media, 0)
			v.stall(50)
			v.append(52, 1)
			v.resume(52)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=1 probes=0 unfinished=0 | detect never failover 8 s outage 2 s/0"},
		{"two probes", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.request(45, media, 0)
			v.request(50, media, 0)
			v.request(65, media, 0) // the fault is over
			v.request(66, segment, 0)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=2 unfinished=0 | detect never failover 8 s outage 0 s/0"},
		{"audio has to move as well", func(sc *scene) {
			v := sc.watching(0)
			v.appendAudio(3, 0)
			v.answer(36, media, 0, 404, 0)
			v.append(38, 1)
			v.appendAudio(39, 0)
			v.appendAudio(42, 1)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 12 s outage 0 s/0"},
		{"joined during and asked for it", func(sc *scene) {
			v := sc.join(40, 0)
			v.request(40.5, media, 0)
			v.append(49, 1)
			v.start(50) // 10 s, of which 4 s are normal: no session had started before
		}, "affected=1 during=1 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 8.5 s outage 6 s/0"},
		{"joined during and asked for the other", func(sc *scene) {
			v := sc.join(40, 0)
			v.request(40.5, m3u8.KindMultivariant, 0)
			v.request(40.5, media, 1)
			v.append(41, 1)
			v.start(41)
		}, "affected=0 during=0 over=0 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect no data failover no data outage no data/0"},
		{"stale answer from a cache after the undo", func(sc *scene) {
			v := sc.watching(0)
			v.answer(60.2, media, 0, 200, 0)
		}, "affected=0 during=0 over=0 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect no data failover no data outage no data/0"},
		{"asked inside the window, answered after it", func(sc *scene) {
			v := sc.watching(0)
			v.answer(60.05, media, 0, 200, 0)
			v.append(61, 0)
		}, "affected=1 during=0 over=0 healed=1 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover never outage 0 s/0"},
		{"control is never affected", func(sc *scene) {
			v := sc.watching(1)
			v.answer(36, media, 0, 404, 0)
		}, "affected=0 during=0 over=0 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect no data failover no data outage no data/0"},
		{"a level step is a detection, a skipped gap is none", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.decide(37, player.GapSkipped, 0)
			v.decide(38, player.Step, 0)
			v.append(39, 1)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect 8 s failover 9 s outage 0 s/0"},
		{"moved only after the undo", func(sc *scene) {
			v := sc.watching(0)
			v.answer(36, media, 0, 404, 0)
			v.append(65, 1)
		}, "affected=1 during=0 over=1 healed=0 left=0 never=0 fatal=0 flapped=0 probes=0 unfinished=0 | detect never failover 35 s outage 0 s/0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc := newScene(t, sceneConfig(kill("kill-0", 0, 30, 60)))
			sc.apply(0, 1, 30)
			sc.clear(0, 1, 60)
			tc.play(sc)
			s := Finish(sc.c, End{At: sec(100)}).Summary
			if got := told(&s.Faults[0]); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestInstantIsOverAtOnce: nothing has to say that a surge is over.
func TestInstantIsOverAtOnce(t *testing.T) {
	surge := chaos.NewFault("more", chaos.ViewersSurge)
	surge.Occurrence, surge.Via, surge.At, surge.Players = 1, chaos.ViaViewer, sec(30), 5
	sc := newScene(t, sceneConfig(surge))
	sc.apply(0, 1, 30)
	if f := sc.c.Live().Faults[0]; !f.Applied || !f.Cleared {
		t.Errorf("got %+v; want it applied and cleared", f)
	}
}
