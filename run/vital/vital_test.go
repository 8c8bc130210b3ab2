package vital

import (
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// TestRead: this process is seen to use something of each thing that this system shows.
func TestRead(t *testing.T) {
	l := Read()
	for k, v := range l {
		if math.IsNaN(v) && runtime.GOOS == "linux" {
			t.Errorf("%s is not seen", things[k].name)
		}
	}
	if l[Goroutines] < 2 || l[Heap] < 0 || l[RSS] < 1<<20 || l[Files] < 3 || l[Threads] < 1 {
		t.Errorf("%v", l)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if after := Read(); after[Files] != l[Files]+1 {
		t.Errorf("%v open files after one more was opened; want %v", after[Files], l[Files]+1)
	}
}

// leaking are programs that keep a little each ten seconds: for real, and by a clock that is not.
var leaking = []struct {
	name  string
	keep  func(t *testing.T)
	grows []string // "" = nothing
}{
	{"nothing", func(*testing.T) {}, nil},
	{"memory", func(t *testing.T) {
		kept := make([]byte, 1<<20)
		for i := range kept {
			kept[i] = 1
		}
		heaps = append(heaps, kept)
		t.Cleanup(func() { heaps = nil })
	}, []string{"live heap", "resident memory"}},
	{"a goroutine", func(t *testing.T) {
		stop := make(chan struct{})
		go func() { <-stop }()
		t.Cleanup(func() { close(stop) })
	}, []string{"goroutines"}},
	{"a descriptor", func(t *testing.T) {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
	}, []string{"open files"}},
}

var heaps [][]byte

// TestPlantedLeaks has this process leak for 20 minutes of a clock of its own, and looks at what it
// really uses.
func TestPlantedLeaks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not show all that is looked for")
	}
	for _, tc := range leaking {
		t.Run(tc.name, func(t *testing.T) {
			w := New(func() Level {
				runtime.GC() // what is live is known after a collection
				return Read()
			})
			for now := time.Duration(0); now < 20*time.Minute; now += time.Second {
				if now%every == 0 {
					tc.keep(t)
				}
				w.Look(now)
			}
			all := w.Trends(20*time.Minute, false)
			if len(all) != int(kinds) {
				t.Fatalf("%d trends; want %d", len(all), kinds)
			}
			for _, tr := range all {
				want := slices.Contains(tc.grows, tr.What)
				if tc.name != "memory" && tr.What == "resident memory" || tr.What == "threads" {
					continue // the collector of garbage, which works all the time, moves them
				}
				if tr.OK == want || want != strings.HasPrefix(tr.Reason, "grows: from ") {
					t.Errorf("%s; want a leak: %v", tr.Line(), want)
				}
			}
		})
	}
}

// TestGivenBack: what has to be back after the last player has a moment for it.
func TestGivenBack(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after time.Duration // until the goroutines have ended
		want  string        // of the goroutines
	}{
		{"at once", 0, "flat: from 500 to 500"},
		{"in a moment", 2 * time.Second, "flat: from 500 to 500"},
		{"never", time.Hour, "not given back: 10 before the first player, 500 after the last one"},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			level := Level{Heap: 1e6, RSS: math.NaN(), Goroutines: 10, Files: 8, Threads: 9}
			w := New(func() Level {
				l := level
				if since := time.Since(began); since > 0 && since < 30*time.Minute+tc.after {
					l[Goroutines] = 500
				}
				return l
			})
			for range 30 * 60 {
				time.Sleep(time.Second)
				w.Look(time.Since(began))
			}
			all := w.Trends(30*time.Minute, true)
			if len(all) != int(kinds)-1 {
				t.Fatalf("%+v; want nothing of what cannot be seen", all)
			}
			for _, tr := range all {
				if tr.What == "goroutines" && (tr.Reason != tc.want || tr.OK != strings.HasPrefix(tc.want, "flat")) {
					t.Errorf("%s: %+v; want %q", tc.name, tr, tc.want)
				}
			}
		})
	}
}

// TestShortRuns: nothing is said of a run that was too short, nor without a watch.
func TestShortRuns(t *testing.T) {
	w := New(func() Level { return Level{} })
	w.Look(0)
	if all := w.Trends(Shortest-1, true); all != nil {
		t.Errorf("%+v", all)
	}
	if all := (*Watch)(nil).Trends(time.Hour, true); all != nil {
		t.Errorf("%+v", all)
	}
}

// TestLeakInSummary: a leak is a warning, and one that doubled what was used is the reason of a
// void run.
func TestLeakInSummary(t *testing.T) {
	for _, tc := range []struct {
		perMinute float64
		void      bool
		want      string
	}{
		{1 << 20, false, "live heap: grows: from 105.5 MB to 120.6 MB, 1.51 GB a day (p < 0.0001)"},
		{20 << 20, true, "live heap: grows: from 211 MB to 512.4 MB, 30.2 GB a day (p < 0.0001)"},
	} {
		now := time.Duration(0)
		w := New(func() Level { return Level{100e6 + tc.perMinute*now.Minutes(), math.NaN(), 10, 8, 9} })
		for ; now < 20*time.Minute; now += time.Second {
			w.Look(now)
		}
		s := &reports.Summary{Mode: reports.ModeRun, Tester: reports.Tester{Trends: w.Trends(now, true)}, Players: reports.Players{Started: 1},
			Cohorts: map[string]*reports.CohortSummary{"all": {StartupMs: reports.Dist{Count: 1}}}}
		s.Decide(&reports.Ending{})
		leaks := s.Leaks()
		if len(leaks) != 1 || leaks[0].Doubled != tc.void || (s.ExitCode == reports.ExitTester) != tc.void {
			t.Errorf("%v: exit code %d, %s", s.Tester.Trends, s.ExitCode, s.VoidReason)
			continue
		}
		if got := leaks[0].Line(); got != tc.want || tc.void && s.VoidReason != "this machine did not stay the same: "+tc.want {
			t.Errorf("%s (void: %s); want %s", got, s.VoidReason, tc.want)
		}
	}
}

// TestRecordDoesNotGrow: what a day of a record takes, it takes at once. If it came bit by bit, it would
// look like a leak.
func TestRecordDoesNotGrow(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not show resident memory")
	}
	if underRace {
		t.Skip("the race detector's own memory grows with what is touched")
	}
	c, err := record.New(record.Config{Duration: 24 * time.Hour, TargetDuration: 4 * time.Second, Mode: reports.ModeRun})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	before := Read()
	for n := range uint64(16) {
		s := c.Join(0, record.SessionInfo{Player: n})
		for at := time.Duration(0); at < 24*time.Hour; at += 10 * time.Second {
			sm := &player.Sample{Type: player.Answered, Kind: m3u8.KindSegment, At: at + 20*time.Millisecond, Sent: at + time.Millisecond, FirstByte: at + 2*time.Millisecond}
			s.Add(sm, nil)
		}
	}
	runtime.GC()
	if after := Read(); after[RSS]-before[RSS] > 8<<20 {
		t.Errorf("resident memory went from %.1f MB to %.1f MB", before[RSS]/1e6, after[RSS]/1e6)
	}
	runtime.KeepAlive(c)
}
