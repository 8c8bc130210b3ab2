package sim

import (
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/profile"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
)

// TestSlotsAreUsedAgain: viewers whose sessions end rejoin a thousand times; what
// the simulation holds of them is bounded by how many watch at a time.
func TestSlotsAreUsedAgain(t *testing.T) {
	p, err := profile.Load("hlsjs-1.7")
	if err != nil {
		t.Fatal(err)
	}
	cfg := &Config{Rig: rig.Default(), Duration: 10 * time.Minute, HeadOnly: true, Profiles: []*player.Profile{p}}
	cfg.Audience = audience.Config{Players: 10, Cohorts: []audience.Cohort{{Name: "web", Profile: p.ID, Share: 1}},
		Session: audience.Session{Mean: 5 * time.Second, Rejoin: true, RejoinAfter: time.Second}}
	cfg.Timeline = chaos.Timeline{Duration: cfg.Duration, Target: 4 * time.Second}
	if cfg.Collector, err = record.New(record.Config{Mode: reports.ModeSimulate, Duration: cfg.Duration, Pipelines: 2, TargetDuration: 4 * time.Second,
		Cohorts: []record.Cohort{{Name: "web", Profile: p.ID}}}); err != nil {
		t.Fatal(err)
	}
	s, err := begin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.loop(); err != nil {
		t.Fatal(err)
	}
	l := s.lanes[0]
	sessions := cfg.Collector.Live().Started
	if sessions < 500 || l.coming.n > 50 || l.seats.n > 50 {
		t.Errorf("%d sessions: slots for %d that rejoin and %d that watch; want at most 50", sessions, l.coming.n, l.seats.n)
	}
}
