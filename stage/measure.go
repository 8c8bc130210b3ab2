package stage

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/reports"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
)

// Measure is what a collector is told about a scenario; mode is one of package
// reports.
func Measure(sc *scenarios.Scenario, mode string, faults []chaos.Fault, started time.Time) record.Config {
	c := record.Config{
		Scenario:    reports.Scenario{Name: sc.Name, File: sc.File, SHA256: sc.SHA256},
		Seed:        sc.Seed,
		Mode:        mode,
		Started:     started,
		Duration:    sc.Duration,
		ArrivalsEnd: sc.Fleet.Audience.ArrivalsEnd(),
		Recovery:    sc.Recovery,
		Pipelines:   2,
		Faults:      faults,
		Expect:      sc.Expect,
		Stop:        sc.Stop,
		LagLimit:    sc.LagLimit,
	}
	if c.Absence = sc.Fleet.Audience.Session.Mean; sc.Fleet.Audience.Session.Rejoin {
		c.Absence = max(sc.Fleet.Audience.Session.RejoinAfter, time.Millisecond) // at once is not never
	}
	for i := range sc.Fleet.Audience.Cohorts {
		co := &sc.Fleet.Audience.Cohorts[i]
		p := sc.Fleet.Profiles[i]
		c.Cohorts = append(c.Cohorts, record.Cohort{Name: co.Name, Profile: co.Profile, Control: co.FaultsNone && sc.Target.Rig != nil})
		c.Profiles = append(c.Profiles, record.Profile{Name: co.Profile, Player: p.Player, Confidence: p.Confidence.Words()})
	}
	if sc.Target.Rig != nil {
		c.Pipelines = sc.Target.Rig.Pipelines
	}
	return c
}

// Channel adds what is known of the embedded channel.
func Channel(c *record.Config, r *rig.Rig, sc *scenarios.Scenario) error {
	const host = "http://rig"
	c.TargetDuration = r.TargetDuration()
	mv, err := m3u8.ParseMultivariant(r.Multivariant(0), m3u8.Options{Base: &url.URL{Scheme: "http", Host: "rig", Path: r.Entry(0)}})
	if err != nil {
		return fmt.Errorf("the embedded channel's multivariant playlist: %w", err)
	}
	pipeline := func(u string) int {
		if id, ok := r.Parse(strings.TrimPrefix(u, host)); ok {
			return id.Pipeline
		}
		return -1
	}
	l, err := player.NewLadder(mv, sc.Fleet.Profiles[0], pipeline)
	if err != nil {
		return fmt.Errorf("the embedded channel's multivariant playlist: %w", err)
	}
	c.Renditions = Renditions(l)
	c.Predict = Predict(sc, mv, pipeline, func(cohort int) predict.Shape {
		return scenarios.ShapeOf(sc.Target.Rig, &sc.Fleet.Audience.Cohorts[cohort].Network)
	})
	return nil
}

// Renditions lists the media playlists of a ladder for the collector.
func Renditions(l *player.Ladder) []record.Rendition {
	var out []record.Rendition
	for i := range l.Renditions {
		r := &l.Renditions[i]
		out = append(out, record.Rendition{Name: r.Name, Pipeline: r.Pipeline, Rank: r.Rank, Index: r.Index})
	}
	return out
}

// FaultEnds are the outcomes of faults as the verdict needs them.
func FaultEnds(outcomes []chaos.Outcome) []measure.FaultEnd {
	var out []measure.FaultEnd
	for i := range outcomes {
		out = append(out, measure.FaultEndOf(&outcomes[i]))
	}
	return out
}
