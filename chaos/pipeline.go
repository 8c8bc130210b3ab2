package chaos

import (
	"time"
)

// Faults of a whole pipeline: its encoder, its output, its source.
var pipelineKinds = []Spec{
	{
		Kind: PipelineKill, Vias: writers, Requests: playlists,
		Doc:       "the pipeline crashes: it stops writing, and what it wrote stays until something deletes it",
		Changes:   "every media playlist of the pipeline stops; its segments stay",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(resume, start, stop),
		Part:      PartStore, NeedsWriter: true, ShowsInPlaylists: true,
		rewriting: rewriting{pins: always, missing: invalidated, shows: pinned}, viewerCannot: restart, awsCannot: killOnAWS, twinGoesOn: true,
	},
	{
		Kind: PipelinePause, Vias: writers, Requests: playlists,
		Doc:       "the pipeline's output is paused",
		Changes:   "every media playlist of the pipeline is deleted or left stale",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(children, start, stop),
		Part:      PartStore, NeedsWriter: true, ShowsInPlaylists: true,
		rewriting: rewriting{pins: leavesStale, missing: pauseMissing, shows: pinned}, awsCannot: pauseOnAWS,
	},
	{
		Kind: PipelineDrift, Vias: ownWriters, Requests: playlists,
		Doc:       "the pipeline falls behind its twin",
		Changes:   "its media playlists are some time behind",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(by("how far behind"), start, stop),
		Part:      PartStore, NeedsWriter: true,
		rewriting: rewriting{pins: always, shows: drifted, older: true},
	},
	{
		Kind: InputLoss, Vias: writers, Requests: playlists,
		Doc:       "the pipeline loses its source",
		Changes:   "its segments carry filler, or its media playlists are deleted",
		Selectors: fields(byPipeline, byCohort, byShare),
		Params:    fields(then, start, stop),
		Part:      PartStore, NeedsWriter: true,
		rewriting: rewriting{missing: inputMissing}, viewerCannot: filler, awsCannot: inputLossOnAWS,
	},
}

var (
	resume = Field{Name: "resume", Type: "word", Words: []string{"continue", "restart"}, Default: "continue", Says: "resume %s",
		Doc: "how the pipeline comes back: sequence numbers continue, or restart", of: func(f *Fault) any { return &f.Resume }}
	children = Field{Name: "children", Type: "word", Words: []string{"delete", "stale"}, Default: "delete", Vias: ownWriters, Says: "children %s",
		Doc: "what becomes of its media playlists", of: func(f *Fault) any { return &f.Children }}
	then = Field{Name: "then", Type: "word", Words: []string{"emit", "pause"}, Default: "emit", Vias: ownWriters, Says: "then %s",
		Doc: "continue with filler, or pause the output", of: func(f *Fault) any { return &f.Then }}
)

// AwaitsInvalidator reports whether the fault leaves playlists stale until something
// deletes them.
func (f *Fault) AwaitsInvalidator() bool {
	s := f.Kind.Spec()
	return s.pins != nil && s.pins(f) && s.missing != nil
}

func leavesStale(f *Fault) bool { return f.Children == "stale" }

func pauseMissing(r *Rewriter, now time.Duration, w *Window, url string, m *memory) bool {
	return !leavesStale(w.Fault) || invalidated(r, now, w, url, m)
}

func inputMissing(_ *Rewriter, _ time.Duration, w *Window, _ string, _ *memory) bool {
	return w.Fault.Then == "pause"
}

// invalidated reports whether a playlist that is no longer written has been
// deleted by now.
func invalidated(r *Rewriter, now time.Duration, w *Window, _ string, m *memory) bool {
	if m == nil || r.cfg.StaleAfter < 0 {
		return false
	}
	p := m.pinned(w.Fault)
	if p == nil {
		return false
	}
	// A version that was seen early and not looked at again was followed by
	// others before the fault: the last write was at most a target duration ago.
	target := orTarget(p.body)
	written := max(p.at, w.From-target)
	return now >= written+time.Duration(r.cfg.StaleAfter*float64(target))
}

// drifted is the version of By ago, once that is one of the fault's own time;
// until then the playlist stands still.
func drifted(now time.Duration, p *pin, w *Window, m *memory) *version {
	if v := m.asOf(now - w.Fault.By); v != nil && v.at > p.at && v.at >= w.From {
		return v
	}
	return &p.version
}

func restart(f *Fault) objection {
	return demand(f.Resume != "restart", "resume", "viewers cannot be shown a restart (got restart; want resume: continue, or via rig or command)")
}

func filler(f *Fault) objection {
	return demand(f.Then == "pause", "then", "viewers cannot be shown filler (got emit; want then: pause, or via rig or command)")
}

const (
	channelID = "the ID of the MediaLive channel"
	writesTo  = "the bucket that the channel writes to"
)

func killOnAWS(a *AWS, f *Fault) objection {
	nowhere := a.Bucket == "" && a.Package.Channel == ""
	if f.Resume != "restart" {
		if nowhere {
			return needs(f, false, "bucket", writesTo+", or aws.mediapackage")
		}
		return written(a, f)
	}
	switch {
	case a.Channel == "":
		return needs(f, false, "channel", channelID)
	case f.Pipeline == Any:
		return a.rescued("a stopped channel")
	case nowhere: // the pipeline comes back when MediaLive has restarted it
		return objection{}
	}
	return written(a, f)
}

func pauseOnAWS(a *AWS, f *Fault) objection {
	return first(
		demand(f.Pipeline <= 1, "pipeline", "no such pipeline of a MediaLive channel (got %d; want 0 or 1)", f.Pipeline),
		needs(f, a.Channel != "", "channel", channelID))
}

func inputLossOnAWS(a *AWS, f *Fault) objection {
	switch a.InputLoss(f.Pipeline) {
	case "mediaconnect":
		return first(
			told(f, "mediaconnect.outputs", len(a.Flow.Outputs), "the output that feeds it,"),
			a.rescued("an output of a flow that is switched off"))
	case "mediapackage":
		return told(f, "mediapackage.sources", len(a.Package.Sources), "the address that it writes from,")
	case "medialive":
		return objection{}
	}
	return first(
		demand(f.Pipeline == Any, "pipeline", "a MediaLive channel switches the input of all its pipelines (got one pipeline, and no aws.mediaconnect; want no `pipeline`, or the outputs of the flow that feed the pipelines)"),
		needs(f, a.Channel != "", "channel", channelID),
		needs(f, a.SpareInput != "", "spare_input", "the name of an input attachment that stands in for a lost source, or aws.mediaconnect"))
}
