package stage

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
)

// Measure is the configuration of a collector for a scenario; mode is one of package
// reports.
func Measure(sc *scenarios.Scenario, mode string, faults []chaos.Fault, started time.Time) record.Config {
	c := record.Config{
		Scenario:    Scenario(sc),
		Target:      Target(sc),
		Seed:        sc.Seed,
		Mode:        mode,
		Started:     started,
		Duration:    sc.Duration,
		ArrivalsEnd: sc.Fleet.Audience.ArrivalsEnd(),
		Recovery:    sc.Recovery,
		Pipelines:   2,
		Faults:      faults,
		Expect:      sc.Expect,
		Known:       sc.Known,
		Stop:        sc.Stop,
		LagLimit:    sc.LagLimit,
	}
	if c.Absence = sc.Fleet.Audience.Session.Mean; sc.Fleet.Audience.Session.Rejoin {
		c.Absence = max(sc.Fleet.Audience.Session.RejoinAfter, time.Millisecond) // 0 would mean never
	}
	for i := range sc.Fleet.Audience.Cohorts {
		co := &sc.Fleet.Audience.Cohorts[i]
		p := sc.Fleet.Profiles[i]
		c.Cohorts = append(c.Cohorts, record.Cohort{Name: co.Name, Profile: co.Profile, Player: p.Player, Confidence: p.Confidence.Words(), Control: co.FaultsNone && sc.Target.Rig != nil})
	}
	if sc.Target.Rig != nil {
		c.Pipelines = sc.Target.Rig.Pipelines
	}
	c.Explain = Explain(sc, faults)
	return c
}

// Scenario identifies a scenario in a summary. Its texts may still hold secrets.
func Scenario(sc *scenarios.Scenario) reports.Scenario {
	s := reports.Scenario{Name: sc.Name, Description: sc.Description.Raw, File: cmp.Or(sc.Argument, sc.File), SHA256: sc.SHA256, Overrides: []reports.Override{}}
	for _, o := range sc.Overrides() {
		s.Overrides = append(s.Overrides, reports.Override{Flag: o.Flag, Path: o.Path, Value: o.Value})
	}
	return s
}

// Key is what runs of a scenario can be compared by. build is that of this program; agents
// is how many machines carry the players, 0 = this one alone.
func Key(sc *scenarios.Scenario, mode, build string, agents int) *reports.Key {
	k := &reports.Key{Mode: mode, Version: reports.MajorVersion(build), Players: sc.Fleet.Audience.Peak(), Agents: agents, Profiles: sc.ProfileHashes(), Settings: sc.Settings()}
	k.Seal()
	return k
}

// Target says where the stream of a scenario is, without secrets.
func Target(sc *scenarios.Scenario) string {
	if sc.Target.Rig != nil {
		return reports.Rig
	}
	var urls []string
	for _, u := range sc.Target.URLs {
		urls = append(urls, sc.Redact(u.Raw))
	}
	return strings.Join(urls, " and ")
}

// Rig is the part of a [rig.Rig] that names the playlists of the embedded channel.
type Rig interface {
	TargetDuration() time.Duration
	Due() (first, every time.Duration) // of its segments
	Multivariant(pipeline int) []byte
	Entry(pipeline int) string
	Parse(path string) (rig.ID, bool)
}

// Channel adds the embedded channel to the configuration: target duration, names of
// renditions, and predictions.
func Channel(c *record.Config, r Rig, sc *scenarios.Scenario) error {
	c.TargetDuration = r.TargetDuration()
	c.Due, c.Segment = r.Due()
	l, mv, pipeline, err := ladder("http://rig", r, sc.Fleet.Profiles[0])
	if err != nil {
		return err
	}
	c.Renditions = Renditions(l)
	c.Predict = Predict(sc, mv, pipeline, func(on *link.Config) predict.Shape { return scenarios.ShapeOf(sc.Target.Rig, on) })
	return nil
}

// Ladder is what a player makes of the multivariant playlist of an embedded channel at an
// edge, such as http://127.0.0.1:4000.
func Ladder(edge string, r Rig, p *player.Profile) (*player.Ladder, error) {
	l, _, _, err := ladder(edge, r, p)
	return l, err
}

func ladder(edge string, r Rig, p *player.Profile) (*player.Ladder, *m3u8.Multivariant, player.Classify, error) {
	wrong := func(err error) error { return fmt.Errorf("the embedded channel's multivariant playlist: %w", err) }
	base, err := url.Parse(edge + r.Entry(0))
	if err != nil {
		return nil, nil, nil, wrong(err)
	}
	mv, err := m3u8.ParseMultivariant(r.Multivariant(0), m3u8.Options{Base: base})
	if err != nil {
		return nil, nil, nil, wrong(err)
	}
	pipeline := func(u string) int {
		if id, ok := r.Parse(strings.TrimPrefix(u, edge)); ok {
			return id.Pipeline
		}
		return -1
	}
	l, err := player.NewLadder(mv, p, pipeline)
	if err != nil {
		return nil, nil, nil, wrong(err)
	}
	return l, mv, pipeline, nil
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
