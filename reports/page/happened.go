package page

import (
	"cmp"
	"fmt"
	"strings"

	"hlsload/chaos"
	"hlsload/reports"
)

// happened says in plain words what a fault is, as "pipeline 0 crashed".
func happened(f *reports.FaultSummary) string {
	words := cmp.Or(events[chaos.Kind(f.Fault)], "fault "+f.Name+" began")
	pipeline := "every pipeline"
	if f.Pipeline != nil {
		pipeline = fmt.Sprintf("pipeline %d", *f.Pipeline)
	}
	of, toward := "", ""
	if f.Pipeline != nil {
		of, toward = " of "+pipeline, " for "+pipeline
	}
	return strings.NewReplacer("PIPELINE", pipeline, " OF", of, " FOR", toward).Replace(words)
}

// events are the kinds of fault in plain words: PIPELINE is the pipeline that the fault
// selects, or every one; OF and FOR name it where the fault selects one. Programs and
// people may make any fault, so there are no words for theirs.
var events = map[chaos.Kind]string{
	chaos.PipelineKill:        "PIPELINE crashed",
	chaos.PipelinePause:       "PIPELINE was paused",
	chaos.PipelineDrift:       "the clock OF drifted",
	chaos.InputLoss:           "PIPELINE lost its input",
	chaos.PlaylistFreeze:      "the playlists OF stood still",
	chaos.PlaylistDelete:      "the playlists OF were deleted",
	chaos.PlaylistRollback:    "the playlists OF jumped back",
	chaos.PlaylistEndlist:     "the playlists OF said that the stream was over",
	chaos.SegmentMissing:      "segments OF were missing",
	chaos.SegmentLate:         "segments OF were late",
	chaos.SegmentTruncate:     "segments OF were cut short",
	chaos.OriginStatus:        "the origin answered errors FOR",
	chaos.OriginSlow:          "the origin was slow FOR",
	chaos.OriginHang:          "the origin stopped answering FOR",
	chaos.InvalidatorOff:      "stale playlists were no longer deleted",
	chaos.InvalidatorSlow:     "stale playlists were deleted late",
	chaos.InvalidatorThrottle: "the deletion of stale playlists was throttled",
	chaos.PackagerErrors:      "the packager answered errors FOR",
	chaos.EdgeStatus:          "the edge answered errors FOR",
	chaos.EdgeSlow:            "the edge was slow FOR",
	chaos.EdgeHang:            "the edge stopped answering FOR",
	chaos.EdgeErrorTTL:        "the edge kept errors for longer",
	chaos.EdgeFlush:           "the edges' caches were emptied",
	chaos.HTTPStatus:          "viewers got errors FOR",
	chaos.HTTPSlow:            "answers to viewers were slow FOR",
	chaos.HTTPHang:            "viewers got no answers FOR",
	chaos.HTTPTruncate:        "answers to viewers were cut short FOR",
	chaos.HTTPReset:           "connections of viewers were reset FOR",
	chaos.NetBandwidth:        "viewers' links got narrow",
	chaos.NetLatency:          "viewers' links got slow",
	chaos.NetDown:             "viewers' links went down",
	chaos.AuthExpire:          "tokens expired",
	chaos.AuthRevoke:          "tokens were revoked",
	chaos.AuthClock:           "the clock that checks tokens was off",
	chaos.ViewersSurge:        "more viewers came",
	chaos.ViewersReconnect:    "viewers reconnected",
}
