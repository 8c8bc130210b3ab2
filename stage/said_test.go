package stage

import (
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/openmetrics"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
)

// talking is a run's collector with a number of sessions that have started up.
func talking(t testing.TB, startup time.Duration, sessions int) *record.Collector {
	t.Helper()
	stop, problems := expect.Parse("startup.p95 > 10s", expect.Known{Stop: true})
	if problems != nil {
		t.Fatal(problems)
	}
	c, err := record.New(record.Config{TargetDuration: 2 * time.Second, Duration: time.Minute, Pipelines: 2, Stop: []*expect.Expectation{stop},
		Faults: []chaos.Fault{{Name: "kill-0", Kind: chaos.PipelineKill}}})
	if err != nil {
		t.Fatal(err)
	}
	for range sessions {
		s := c.Join(0, record.SessionInfo{})
		s.Add(&player.Sample{At: startup, Type: player.Started}, nil)
	}
	return c
}

// What machines say adds up to what one machine with all sessions says.
func TestSaidAddsUp(t *testing.T) {
	at := 20 * time.Second
	fast, slow := talking(t, time.Second, 3), talking(t, 4*time.Second, 5)
	var all []*Said
	for _, c := range []*record.Collector{fast, slow} {
		s, err := Hear(c.Config(), Say(c, at).Encode())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	sum := Sum([]*Said{nil, all[0], all[1]})
	if sum.Live.Started != 8 || sum.Startups[0].Count() != 8 || sum.Startups.Usual(2 * time.Second)[0] < 3990*time.Millisecond || sum.Stops[0].Seen.Count() != 8 {
		t.Errorf("%d sessions, %d startups, usual %v, %d seen; want 8, 8, about 4s and 8", sum.Live.Started, sum.Startups[0].Count(), sum.Startups.Usual(2*time.Second), sum.Stops[0].Seen.Count())
	}
	if all[0].Live.Started != 3 || all[0].Startups[0].Count() != 3 {
		t.Errorf("the sum changed what it was made of: %d sessions, %d startups; want 3 and 3", all[0].Live.Started, all[0].Startups[0].Count())
	}
	if Sum([]*Said{nil, nil}) != nil {
		t.Error("the sum of nothing is not nothing")
	}
}

func TestHearRefuses(t *testing.T) {
	c := talking(t, time.Second, 1)
	for _, tc := range []struct {
		name   string
		change func(*record.Config, *Said)
		want   string
	}{
		{"pipelines", func(c *record.Config, _ *Said) { c.Pipelines = 3 }, "2 pipelines (want 3"},
		{"cohorts", func(_ *record.Config, s *Said) { s.Startups = nil }, "0 cohorts (want 1"},
		{"sums of cohorts", func(_ *record.Config, s *Said) { s.Sums.Cohorts = nil }, "sums of cohorts: 0 (want 1)"},
		{"sums of faults", func(_ *record.Config, s *Said) { s.Sums.Faults = append(s.Sums.Faults, s.Sums.Faults...) }, "sums of faults: 2 (want 1)"},
		{"sums of pipelines", func(_ *record.Config, s *Said) { s.Sums.Pipelines = nil }, "sums of pipelines: 0 (want 2)"},
		{"sums of cohorts of a fault", func(_ *record.Config, s *Said) { s.Sums.Faults[0].Cohorts = nil }, "cohorts of a fault: 0 (want 1)"},
		{"left out", func(_ *record.Config, s *Said) { s.SumsLeftOut = true }, "left out are there"},
		{"fills", func(_ *record.Config, s *Said) { s.Fills.Fresh = make([]traffic.BriefFill, maxFills+1) }, "1501 requests to the origin"},
		{"number of fills", func(_ *record.Config, s *Said) { s.Fills.First = -1 }, "from number -1 on"},
		{"much", func(_ *record.Config, s *Said) { s.Live.Pipeline = make([]int64, maxInflated) }, "more than 8388608 bytes"},
	} {
		cfg, said := *c.Config(), NewSpeaker(c).Say(0, true)
		tc.change(&cfg, said)
		if _, err := Hear(&cfg, said.deflated()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", tc.name, err, tc.want)
		}
	}
	good := Say(c, 0).Encode()
	for _, b := range [][]byte{nil, []byte("x"), good[:len(good)-5], good[2:]} {
		if _, err := Hear(c.Config(), b); err == nil || !strings.Contains(err.Error(), "counts of a machine: ") {
			t.Errorf("%q: %v", b, err)
		}
	}
}

func FuzzHear(f *testing.F) {
	c := talking(f, time.Second, 2)
	f.Add(reports.AppendCounts(nil, Say(c, time.Second)))
	with := NewSpeaker(c).Say(time.Second, true)
	with.Fills = Fills{7, []traffic.BriefFill{{Key: 1, Sent: time.Second, Took: time.Second, Bytes: 9}, {Key: 1, Sent: time.Second}}}
	f.Add(reports.AppendCounts(nil, with))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Said // as it is once it was inflated
		if reports.ReadCounts(b, maxSaid, &s) != nil || s.check(c.Config()) != nil {
			return
		}
		l := NewListener(c.Config(), []string{"a", "b"})
		l.Take(0, time.Second, &s)
		l.Take(1, time.Second, NewSpeaker(c).Say(time.Second, true))
		sum := l.Sum()
		sum.Startups.Usual(time.Second)
		NewSecond(silent{}, c, nil, nil, c.Config().Faults).Take(time.Second, sum)
		l.Lags(0)
		var text strings.Builder
		if err := openmetrics.New(c.Config(), nil).WriteText(&text, openmetrics.Alone("", 0, l.Sums(), nil), nil); err != nil {
			t.Error(err)
		}
	})
}

// silent is progress that is not shown.
type silent struct{}

func (silent) Show(time.Duration, *record.Live) {}
func (silent) Mark(time.Duration, string)       {}
