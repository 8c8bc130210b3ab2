package measure

import (
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/record"
)

// TestContradictingPlaylist proves that a playlist that contradicts its earlier
// version is one answer and one error, not two answers.
func TestContradictingPlaylist(t *testing.T) {
	c, err := record.New(record.Config{Mode: reports.ModeSimulate, Duration: 10 * time.Second, TargetDuration: 2 * time.Second, Pipelines: 2,
		Cohorts: []record.Cohort{{Name: "a", Profile: "hlsjs-1.7"}}})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Join(0, record.SessionInfo{Player: 1})
	at := time.Second
	a.Add(&player.Sample{At: at, Type: player.Requested, Fetch: 1, Kind: m3u8.KindMedia}, nil)
	a.Add(&player.Sample{At: at, Type: player.Answered, Fetch: 1, Kind: m3u8.KindMedia, Status: 200, Bytes: 900, Sent: at, FirstByte: at}, nil)
	a.Add(&player.Sample{At: at, Type: player.Evidence, Fetch: 1, Kind: m3u8.KindMedia, Failure: player.Mismatch}, nil)
	s := Finish(c, End{At: 10 * time.Second}).Summary
	if r := s.Requests["media"]; r.Count != 1 || r.Errors != 1 || r.ErrorsBy["mismatch"] != 1 || r.TTFBMs.Count != 1 {
		t.Errorf("media playlists: %d requests, %d errors %v, %d times to first byte; want 1 of each, a mismatch", r.Count, r.Errors, r.ErrorsBy, r.TTFBMs.Count)
	}
}
