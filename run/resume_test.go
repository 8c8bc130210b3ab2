package run

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
)

// lasting is a run that lasts long enough to be gone on with. Its first fault is on when
// the machine is lost.
const lasting = `version: 1
name: lasting
duration: 20m
recovery: 20s
limits: {lag: 1m}
target: {rig: {ladder: mini, segment: 4s}}
fleet:
  players: 12
  arrive: {over: 5s}
  session: {mean: 5m}
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]
chaos:
  - {name: gone, fault: pipeline.kill, pipeline: 0, at: 2m, for: 30s, every: 8m}
expect:
  - failed_over{fault=gone} >= 95%
  - rebuffer_ratio{each=2m}.max < 5%
`

// lost performs the run until its machine is lost, at an instant, and returns directories
// as they were then. meanwhile is called before.
func lost(t *testing.T, on Network, at time.Duration, copies int, meanwhile func(dir string)) (dirs []string) {
	t.Helper()
	src := scenarios.Source{File: "lasting.yaml", Data: []byte(lasting)}
	sc, err := scenarios.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, off := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := Do(ctx, &Config{Scenario: sc, Source: src, Dir: dir, Events: true, Network: on, Build: "test"})
		done <- err
	}()
	time.Sleep(at)
	if meanwhile != nil {
		meanwhile(dir)
	}
	for range copies {
		to := t.TempDir()
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, to)
	}
	off()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return dirs
}

// goOn goes on with the run in a directory.
func goOn(t *testing.T, on Network, dir string) (*reports.Summary, error) {
	t.Helper()
	p, err := OpenResumable(dir, "test", os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return Do(t.Context(), &Config{Scenario: p.Scenario, Source: p.Source, Resume: p, Dir: dir, Events: p.Events, Network: on, Build: "test"})
}

// A run whose machine is lost in a fault goes on at its place of the timeline: the fault is
// put back first, what the gap touches does not count, and everything else does. A run
// that goes on too late, or not before its end, is void.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		on := Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}
		dirs := lost(t, on, 2*time.Minute+8*time.Second, 3, func(dir string) {
			_, err := goOn(t, on, dir)
			if away := (*Error)(nil); !errors.As(err, &away) || away.Kind != Refused || !errors.Is(err, journal.ErrBusy) {
				t.Errorf("of a run that goes on: %v; want it refused", err)
			}
		})
		s, err := goOn(t, on, dirs[0])
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != reports.Pass || s.DurationS != 1200 || len(s.Resumed) != 1 || len(s.Faults) != 3 {
			t.Fatalf("%s (%s), %v s, resumed %+v, %d faults; want a pass", s.Verdict, s.Reason(), s.DurationS, s.Resumed, len(s.Faults))
		}
		gap := s.Resumed[0]
		if gap.LostFromS < 100 || gap.LostFromS > 128 || gap.LostToS < 128 || gap.SettledS != gap.LostToS+5 {
			t.Errorf("gap %+v; want one from the last snapshot on, and 5 s for the viewers to come back", gap)
		}
		slices.SortFunc(s.Faults, func(a, b reports.FaultSummary) int { return a.Occurrence - b.Occurrence })
		if f := &s.Faults[0]; f.Lost == "" || f.Affected != 0 || f.Problem != "" {
			t.Errorf("the fault in which the machine was lost: %q, %d affected, problem %q; want it not to count", f.Lost, f.Affected, f.Problem)
		}
		for i := 1; i < 3; i++ {
			if f := &s.Faults[i]; f.Lost != "" || f.Affected < 10 || f.FailedOver+f.Left != f.Affected || !f.UndoVerified || !f.BaselineFromS.Known() || f.BaselineFromS < gap.SettledS {
				t.Errorf("occurrence %d: %+v; want one as in any run, with a baseline after the gap", f.Occurrence, f)
			}
		}
		if s.Players.Peak != 12 || s.Players.PlayingAtEnd != 12 {
			t.Errorf("%+v; want 12 viewers at a time, before and after", s.Players)
		}
		lines, err := journal.Read(filepath.Join(dirs[0], reports.JournalFile))
		if err != nil {
			t.Fatal(err)
		}
		undone := false
		for _, l := range lines {
			undone = undone || l.By == "undo" && l.Step == conduct.StepUndone && l.Occurrence == 1
			if l.Occurrence == 2 && !undone {
				t.Fatal("the run went on before the fault was put back")
			}
		}
		events, err := os.ReadFile(filepath.Join(dirs[0], reports.EventsFile))
		if err != nil {
			t.Fatal(err)
		}
		twice := map[uint64]int{}
		for line := range strings.Lines(string(events)) {
			var e struct {
				Player uint64
				Event  string
				Rejoin bool
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if e.Event == "join" && !e.Rejoin {
				twice[e.Player]++
			}
		}
		if int64(len(twice)) < s.Players.Started-s.Players.Rejoined {
			t.Errorf("%d viewers in events.ndjson; want all %d, each with a number of its own", len(twice), s.Players.Started)
		}

		if s, err = goOn(t, on, dirs[1]); err != nil { // its end has passed
			t.Fatal(err)
		}
		if s.Verdict != reports.Void || s.ExitCode != reports.ExitLost || s.DurationS != 1200 || s.Players.Started < 12 {
			t.Errorf("after the end: %s %d (%s), %d sessions; want void, 113, with what was kept", s.Verdict, s.ExitCode, s.Reason(), s.Players.Started)
		}
	})
}

// A run that goes on late is void.
func TestResumeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		on := Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}
		dirs := lost(t, on, time.Minute, 1, nil)
		time.Sleep(3 * time.Minute)
		s, err := goOn(t, on, dirs[0])
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != reports.Void || s.ExitCode != reports.ExitLost || !strings.Contains(s.VoidReason, "of the run was lost with the machine") || s.Players.PlayingAtEnd != 12 {
			t.Errorf("%s %d: %s; want void, 113", s.Verdict, s.ExitCode, s.VoidReason)
		}
	})
}

// What cannot be gone on with is refused, with what to do instead.
func TestResumeRefused(t *testing.T) {
	var dir string
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		on := Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}
		dir = lost(t, on, 10*time.Second, 1, nil)[0]
		kept := t.TempDir()
		if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name, build string
			change      func(dir string)
			want        string
		}{
			{"another build", "other", func(string) {}, "begun by another hlsload"},
			{"over", "test", func(dir string) { write(t, dir, reports.SummaryFile, "{}") }, "the run is over"},
			{"of agents", "test", func(dir string) { edit(t, dir, func(s *saved) { s.Agents = 3 }) }, "hlsload merge"},
			{"another format", "test", func(dir string) { edit(t, dir, func(s *saved) { s.Format = 9 }) }, "format 9"},
			{"nothing kept", "test", func(dir string) { os.Remove(filepath.Join(dir, reports.PartFile)) }, "before anything was kept"},
			{"only a journal", "test", func(dir string) { os.Remove(filepath.Join(dir, reports.ResumeFile)) }, "hlsload undo"},
			{"no run", "test", func(dir string) {
				for _, name := range []string{reports.ResumeFile, reports.JournalFile} {
					os.Remove(filepath.Join(dir, name))
				}
			}, "no run is there"},
			{"a damaged scenario", "test", func(dir string) { edit(t, dir, func(s *saved) { s.Scenario = s.Scenario[:9] }) }, "bundled scenario"},
			{"another scenario", "test", func(dir string) { edit(t, dir, func(s *saved) { s.SHA256 = "0" }) }, "damaged"},
			{"rubbish", "test", func(dir string) { write(t, dir, reports.PartFile, "rubbish") }, "part.bin"},
			{"a part of rubbish", "test", func(dir string) { write(t, dir, reports.PartFile, "{}\nhlpart\x02rubbish") }, "part.bin: read part"},
			{"alive elsewhere", "test", func(dir string) {
				write(t, dir, reports.PartFile, `{"host":"elsewhere","pid":7,"written":"`+time.Now().Format(time.RFC3339)+`"}`+"\n")
			}, "it may still go on: process 7 on elsewhere"},
		} {
			to := t.TempDir()
			if err := os.CopyFS(to, os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
			tc.change(to)
			p, err := OpenResumable(to, tc.build, os.LookupEnv)
			if err == nil {
				_, err = Do(t.Context(), &Config{Scenario: p.Scenario, Source: p.Source, Resume: p, Dir: to, Network: on, Build: "test"})
			}
			if away := (*Error)(nil); !errors.As(err, &away) || away.Kind != Refused || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v; want it refused with %q", tc.name, err, tc.want)
			}
		}
	})
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, dir string, change func(*saved)) {
	t.Helper()
	var s saved
	data, err := os.ReadFile(filepath.Join(dir, reports.ResumeFile))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	change(&s)
	if data, err = json.Marshal(&s); err != nil {
		t.Fatal(err)
	}
	write(t, dir, reports.ResumeFile, string(data))
}

// Files of a directory may be hostile: they are refused, and nothing takes the program down.
func FuzzOpenResumable(f *testing.F) {
	f.Add([]byte(`{"format":1,"build":"test","started":"2026-01-01T00:00:00Z"}`), []byte("{}\nhlpart\x02"))
	f.Fuzz(func(t *testing.T, resume, part []byte) {
		dir := t.TempDir()
		write(t, dir, reports.ResumeFile, string(resume))
		write(t, dir, reports.PartFile, string(part))
		p, err := OpenResumable(dir, "test", func(string) (string, bool) { return "", false })
		if err != nil {
			return
		}
		c, err := record.New(measuring(p.Scenario, p.Scenario.Faults()))
		if err == nil {
			_, _ = p.goOn(c, time.Minute, time.Minute)
		}
	})
}
