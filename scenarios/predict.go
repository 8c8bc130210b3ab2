package scenarios

import (
	"time"

	"hlsload/chaos"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/rig"
)

// ShapeOf is the embedded channel, over a network, as package predict takes it.
func ShapeOf(c *rig.Config, on *link.Config) predict.Shape {
	s := predict.Shape{
		Target: (c.Segment + time.Second - 1).Truncate(time.Second), Segment: c.Segment,
		Window: time.Duration(c.Window) * c.Segment, Init: c.Container == "fmp4",
		TTL: c.Edge.PlaylistTTL, Latency: c.Edge.Latency, Network: on, Undated: !c.ProgramDateTime,
	}
	switch {
	case c.Playlist != rig.Live:
		s.Unlike = "the playlists are not live"
	case c.Start != nil:
		s.Unlike = "EXT-X-START decides where viewers are"
	case c.GapEvery > 0:
		s.Unlike = "there are gaps without a fault"
	}
	// The shield's copies are as old as the edges': both are filled by the same
	// requests.
	return s
}

// PredictionOf is what a fault is to package predict; ok = false: it says
// nothing about such faults. origin is nil for a stream at a URL.
func PredictionOf(f *chaos.Fault, origin *rig.Origin, recovery time.Duration) (pf predict.Fault, ok bool) {
	pf = predict.Fault{Pipeline: f.Pipeline, For: f.For, Recovery: recovery, Cached: f.Via == chaos.ViaRig}
	if f.Pipeline == chaos.Any || f.Share < 1 || f.Rendition != "" || f.Pop != chaos.Any {
		return pf, false
	}
	stale := func() {
		pf.Stale = 1.5
		if origin != nil {
			if pf.Stale = origin.StaleAfter; origin.Stale == "none" {
				pf.Stale = -1
			}
			pf.WholeSeconds = f.Via == chaos.ViaRig && origin.Stale == "aws-sample"
		}
	}
	onlySegments := len(f.Kinds) == 1 && f.Kinds[0] == m3u8.KindSegment
	switch f.Kind {
	case chaos.PipelineKill:
		stale()
	case chaos.PlaylistDelete:
		if len(f.Kinds) > 0 && f.Kinds[0] != m3u8.KindMedia || f.Once {
			return pf, false
		}
	case chaos.PlaylistFreeze:
		pf.Kind = predict.Freeze
	case chaos.SegmentMissing:
		pf.Kind = predict.Missing
	case chaos.EdgeHang, chaos.HTTPHang, chaos.OriginHang:
		if !onlySegments || f.Kind == chaos.OriginHang {
			return pf, false
		}
		pf.Kind = predict.Hang
	default:
		return pf, false
	}
	return pf, true
}
