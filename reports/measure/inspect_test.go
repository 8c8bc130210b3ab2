package measure

import (
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// What is wrong with a stream outside of faults is found, without any user
// having expected anything; what a fault did is not.
func TestInspect(t *testing.T) {
	// answers feeds n media playlists, of which so many fail or go back.
	answers := func(v viewer, from float64, n, bad, back int, marks chaos.Marks) {
		for i := range n {
			at := from + float64(i)/100
			sm := player.Sample{Type: player.Answered, Kind: m3u8.KindMedia, Status: 200, Due: sec(at), Sent: sec(at), FirstByte: sec(at)}
			if i < bad {
				sm.Failure = player.BadBody
			}
			v.add(at, sm, &record.Meta{Rewound: i < back, Marks: marks})
		}
	}
	for _, tc := range []struct {
		name    string
		from    float64 // of the answers
		n       int
		bad     int
		back    int
		die     bool
		fault   bool
		marks   chaos.Marks
		found   string
		warning string
	}{
		{name: "sound", from: 10, n: 1000},
		{name: "one of many", from: 10, n: 2000, bad: 1, warning: "outside of faults failed 1 of 2,000 media requests (bad playlist × 1)"},
		{name: "bad", from: 10, n: 1000, bad: 1, found: "1 of 1,000 playlists are unusable (bad playlist × 1)", warning: "failed 1 of 1,000"},
		{name: "back now and then", from: 10, n: 1000, back: 9, warning: "9 of 1,000 playlists went back"},
		{name: "back", from: 10, n: 1000, back: 10, found: "10 of 1,000 playlists went back to an earlier media sequence number"},
		{name: "all dead", from: 10, n: 1, die: true, found: "1 of 1 session had no picture from 61 s to the end, outside of any fault (1 died of an error)"},
		{name: "before a fault", from: 10, n: 100, bad: 100, fault: true, found: "the media playlist of rendition 0 was never there (bad playlist × 100), for 1 of 1 session; 100 of 100 playlists are unusable", warning: "100 of 100"},
		{name: "during a fault, not because of it", from: 40, n: 100, bad: 100, die: true, fault: true, found: "1 of 1 session had no picture from 80 s to the end, outside of any fault (1 died of an error)"},
		{name: "because of a fault", from: 40, marks: 1, n: 100, bad: 100, back: 100, die: true, fault: true},
		{name: "during recovery", from: 65, n: 100, bad: 100, back: 100, fault: true},
	} {
		cfg := sceneConfig()
		if tc.fault {
			cfg = sceneConfig(kill("kill-0", 0, 30, 60))
		}
		sc := newScene(t, cfg)
		v := sc.watching(0)
		if tc.fault {
			sc.apply(0, 1, 30)
			if tc.from > 60 {
				sc.clear(0, 1, 60)
			}
		}
		answers(v, tc.from, tc.n, tc.bad, tc.back, tc.marks)
		if tc.fault && tc.from <= 60 {
			sc.clear(0, 1, 60)
		}
		if tc.die {
			v.die(61)
		}
		end := End{}
		if tc.fault {
			end.Faults = undone(0)
		}
		s := sc.finish(end)
		if len(s.Expectations) != 1 {
			t.Fatalf("%s: %d expectations; want 1", tc.name, len(s.Expectations))
		}
		e := &s.Expectations[0]
		if e.Expr != reports.ViewersServed || e.Pass != (tc.found == "") || !strings.HasPrefix(e.Reason, tc.found) {
			t.Errorf("%s: %s holds: %v, %q; want %q", tc.name, e.Expr, e.Pass, e.Reason, tc.found)
		}
		if (s.ExitCode == reports.ExitFail) != (tc.found != "") {
			t.Errorf("%s: exit code %d, %s", tc.name, s.ExitCode, s.Reason())
		}
		if all := strings.Join(s.Warnings, "\n"); !strings.Contains(all, tc.warning) || tc.warning == "" && strings.Contains(all, "outside of faults") {
			t.Errorf("%s: warnings %q; want %q", tc.name, all, tc.warning)
		}
	}
}
