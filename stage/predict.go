package stage

import (
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/rig"
	"hlsload/scenarios"
)

// Predict predicts what faults do to the cohorts of a scenario. shape is the stream as
// players get it over a link.
func Predict(sc *scenarios.Scenario, mv *m3u8.Multivariant, pipeline func(string) int, shape func(*link.Config) predict.Shape) record.Predict {
	var origin *rig.Origin
	if sc.Target.Rig != nil {
		origin = &sc.Target.Rig.Origin
	}
	worlds := map[int]*predict.World{}
	return func(f *chaos.Fault, recovery time.Duration, cohort int, remembered bool) *reports.Predicted {
		pf, ok := scenarios.PredictionOf(f, origin, recovery)
		if !ok {
			return nil
		}
		if remembered {
			return &reports.Predicted{Unknown: "another fault still affects these players"}
		}
		// For viewers that joined before the fault, on average half way through the
		// arrivals.
		pf.Played = max(f.At-min(sc.Fleet.Audience.ArrivalsEnd(), f.At)/2, time.Second)
		w := worlds[cohort]
		if w == nil {
			on, same := sc.Fleet.Audience.CohortLink(cohort)
			s := shape(on)
			if !same {
				s.Unlike = "the regions have different links"
			}
			if sc.Fleet.Body == "none" {
				on := *s.Network
				on.Down, on.Trace = 0, nil
				s.Network = &on
			}
			w = predict.NewWorld(mv, pipeline, &s)
			worlds[cohort] = w
		}
		return reported(w.Predict(sc.Fleet.Profiles[cohort], &pf))
	}
}

// reported is a prediction for the report.
func reported(p *predict.Prediction) *reports.Predicted {
	if p.Unknown != "" {
		return &reports.Predicted{Unknown: p.Unknown}
	}
	of := func(s predict.Spread) reports.PredictedDist {
		return reports.PredictedDist{Min: milliseconds(s.Min), P50: milliseconds(s.P50), P95: milliseconds(s.P95), Max: milliseconds(s.Max)}
	}
	return &reports.Predicted{DetectionMs: of(p.Detection), FailoverMs: of(p.Failover), OutageMs: of(p.Outage), End: string(p.End)}
}

func milliseconds(d time.Duration) reports.Value {
	if d == predict.Never {
		return reports.Never
	}
	return reports.Value(float64(d.Round(time.Microsecond)) / float64(time.Millisecond))
}

// ShapeOf is the shape of a stream by its media playlist, over a network.
func ShapeOf(m *m3u8.Media, header interface{ Get(string) string }, on *link.Config) predict.Shape {
	s := predict.Shape{Target: m.TargetDuration, Window: m.Duration, Undated: !m.HasProgramDateTime, Network: on}
	switch {
	case m.EndList || m.Type != "":
		s.Unlike = "the playlists are not live"
	case m.Start != nil:
		s.Unlike = "EXT-X-START decides where players join"
	case slices.ContainsFunc(m.Segments, func(g m3u8.Segment) bool { return g.Gap }):
		s.Unlike = "the playlist has EXT-X-GAP without a fault"
	}
	if n := len(m.Segments); n > 0 {
		s.Segment = m.Duration / time.Duration(n)
		s.Init = m.Segments[n-1].Map != nil
	}
	if c := m.ServerControl; c != nil {
		s.HoldBack = c.HoldBack
	}
	if ttl := freshness(header.Get("Cache-Control")); ttl > 0 {
		s.TTL = min(ttl, m.TargetDuration)
	}
	return s
}

// freshness is how long shared caches may keep an answer; 0 = unknown.
func freshness(control string) time.Duration {
	var age time.Duration
	for _, d := range strings.Split(control, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		seconds, err := time.ParseDuration(strings.Trim(value, `"`) + "s")
		if err != nil || seconds < 0 {
			continue
		}
		switch strings.ToLower(name) {
		case "s-maxage":
			return seconds
		case "max-age":
			age = seconds
		}
	}
	return age
}
