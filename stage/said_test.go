package stage

import (
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports/expect"
	"hlsload/reports/record"
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
	other := *c.Config()
	other.Pipelines = 3
	if _, err := Hear(&other, Say(c, 0).Encode()); err == nil || !strings.Contains(err.Error(), "2 pipelines (want 3") {
		t.Errorf("got %v; want an error of the pipelines", err)
	}
	if _, err := Hear(c.Config(), []byte("x")); err == nil {
		t.Error("no error of bytes that are no counts")
	}
}

func FuzzHear(f *testing.F) {
	c := talking(f, time.Second, 2)
	f.Add(Say(c, time.Second).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Hear(c.Config(), b)
		if err != nil {
			return
		}
		sum := Sum([]*Said{s, Say(c, time.Second)})
		sum.Startups.Usual(time.Second)
		NewSecond(silent{}, c, nil, nil, c.Config().Faults).Take(time.Second, sum)
	})
}

// silent is progress that is not shown.
type silent struct{}

func (silent) Show(time.Duration, *record.Live) {}
func (silent) Mark(time.Duration, string)       {}
