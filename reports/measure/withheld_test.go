package measure

import (
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// TestWithheld: requests that were held back are told by profile, and what the
// figures are not any more.
func TestWithheld(t *testing.T) {
	c, err := record.New(record.Config{Mode: reports.ModeSimulate, Duration: 10 * time.Second, TargetDuration: 2 * time.Second, Pipelines: 2,
		Cohorts: []record.Cohort{{Name: "a", Profile: "ffmpeg-5.1"}, {Name: "b", Profile: "hlsjs-1.7"}}})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Join(0, record.SessionInfo{Player: 1})
	b := c.Join(0, record.SessionInfo{Player: 2, Cohort: 1})
	for i := range 1200 {
		a.Add(&player.Sample{At: time.Duration(i) * time.Millisecond, Type: player.Withheld, Kind: m3u8.KindMedia}, nil)
	}
	b.Add(&player.Sample{At: time.Second, Type: player.Requested, Kind: m3u8.KindMultivariant}, nil)
	b.Add(&player.Sample{At: time.Second, Type: player.Answered, Kind: m3u8.KindMultivariant, Status: 200}, &record.Meta{Redirects: 3})
	s := Finish(c, End{At: 10 * time.Second}).Summary
	if x, y := s.Profiles["ffmpeg-5.1"].Withheld, s.Profiles["hlsjs-1.7"].Withheld; x != 1200 || y != 0 {
		t.Errorf("withheld %d and %d; want 1200 and 0", x, y)
	}
	if said := strings.Join(s.Warnings, "\n"); !strings.Contains(said, "1,200 requests were held back (ffmpeg-5.1 1,200): on a target that is not local a URL that failed is asked for at most 4 times a target duration") {
		t.Errorf("warnings:\n%s", said)
	}
	if s.Edge.Requests != 4 || s.Edge.Redirects != 3 || s.Requests["multivariant"].Count != 1 {
		t.Errorf("edge: %d requests, %d redirects, %d of players; want 4, 3 and 1", s.Edge.Requests, s.Edge.Redirects, s.Requests["multivariant"].Count)
	}
}
