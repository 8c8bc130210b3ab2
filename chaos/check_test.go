package chaos

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
)

// entry is a valid entry but for what change does.
func entry(kind Kind, change func(*Entry)) Entry {
	e := Entry{Fault: NewFault("x", kind)}
	e.At, e.For = 30*time.Second, 20*time.Second
	if s := Lookup(kind); s != nil && s.Instant {
		e.For = 0
	}
	if change != nil {
		change(&e)
	}
	return e
}

func TestCheck(t *testing.T) {
	rig := &Target{Pipelines: 2, Pops: 4, Renditions: []string{"v0", "v1"}, Cohorts: []string{"web", "mobile"}, Duration: 100 * time.Second}
	url := &Target{URL: true, Cohorts: []string{"web"}, Duration: 100 * time.Second}
	for _, c := range []struct {
		name  string
		t     *Target
		entry Entry
		want  string // problems, one a line
	}{
		{"kill", rig, entry(PipelineKill, func(e *Entry) { e.Pipeline = 1; e.Resume = "restart" }), ""},
		{"kill on a url", url, entry(PipelineKill, func(e *Entry) { e.Pipeline = 0 }), ""},
		{"restart by viewers", url, entry(PipelineKill, func(e *Entry) { e.Resume = "restart" }),
			"resume: viewers cannot be shown a restart (got restart; want resume: continue, or via rig or command)"},
		{"kill of a VOD", &Target{VOD: true}, entry(PipelineKill, nil), "fault: pipeline.kill cannot be applied to a VOD, which is not written any more (got pipeline.kill; want one of " +
			"playlist.delete, playlist.rollback, segment.missing, segment.truncate, origin.status, origin.slow, origin.hang, edge.status, edge.slow, edge.hang, edge.error_ttl, edge.flush, " +
			"http.status, http.slow, http.hang, http.truncate, http.reset, net.bandwidth, net.latency, net.down, auth.expire, auth.revoke, auth.clock, viewers.surge, viewers.reconnect, command)"},
		{"kill of a VOD at the viewers", &Target{VOD: true}, entry(PipelineKill, func(e *Entry) { e.Via = ViaViewer }), ""},
		{"segments of a VOD", &Target{VOD: true}, entry(SegmentMissing, nil), ""},
		{"no name", rig, entry(NetDown, func(e *Entry) { e.Name = "" }), "name: name is missing (got nothing; want a short word such as kill-0)"},
		{"bad name", rig, entry(NetDown, func(e *Entry) { e.Name = "a{b}" }), `name: name cannot be used as a label (got "a{b}"; want at most 64 letters, digits, - _ .)`},
		{"no fault", rig, entry("", nil), "fault: fault is missing (got nothing; want one of `hlsload list faults`)"},
		{"misspelt", rig, entry("pipeline.kil", nil), "fault: unknown fault (got pipeline.kil; want pipeline.kill)"},
		{"unknown", rig, entry("frobnicate", nil), "fault: unknown fault (got frobnicate; want one of `hlsload list faults`)"},
		{"not on a url at all", url, entry(InvalidatorOff, nil), "fault: invalidator.off can be applied to a URL only via aws, which needs a section aws (got none; want aws: {account: …, region: …}, or one of " +
			"pipeline.kill, pipeline.pause, pipeline.drift, input.loss, playlist.freeze, playlist.delete, playlist.rollback, playlist.endlist, segment.missing, segment.late, segment.truncate, " +
			"origin.status, origin.slow, origin.hang, edge.status, edge.slow, edge.hang, http.status, http.slow, http.hang, http.truncate, http.reset, net.bandwidth, net.latency, net.down, " +
			"auth.expire, auth.revoke, auth.clock, viewers.surge, viewers.reconnect, command, manual)"},
		{"not that way", url, entry(PipelineKill, func(e *Entry) { e.Via = ViaRig }), "via: pipeline.kill cannot be applied to a URL via rig (got rig; want viewer or command)"},
		{"not yet", rig, entry(PipelineKill, func(e *Entry) { e.Via = ViaAWS }), "via: the embedded channel is not on AWS (got aws; want rig or viewer or command)"},
		{"unknown applier", rig, entry(PipelineKill, func(e *Entry) { e.Via = "gremlins" }), "via: unknown applier (got gremlins; want rig or viewer or command)"},
		{"http on a rig", rig, entry(HTTPReset, func(e *Entry) { e.Via = ViaRig }), "via: http.reset cannot be applied to a rig via rig (got rig; want viewer)"},
		{"no length", rig, entry(PlaylistFreeze, func(e *Entry) { e.For = 0 }), "for: for is missing (got nothing; want how long the fault holds, such as 30s)"},
		{"negative length", rig, entry(PlaylistFreeze, func(e *Entry) { e.For = -1 }), "for: length out of range (got -1ns; want more than 0s, at most 168h0m0s)"},
		{"length of an instant", rig, entry(EdgeFlush, func(e *Entry) { e.For = time.Second }), "for: edge.flush is instantaneous and takes no length (got 1s; want no `for`)"},
		{"negative start", rig, entry(EdgeFlush, func(e *Entry) { e.At = -time.Second }), "at: start out of range (got -1s; want 0s to 168h0m0s)"},
		{"too long", rig, entry(PlaylistFreeze, func(e *Entry) { e.For = 71 * time.Second }), "for: the window does not fit the run (got an end at 1m41s; want at most the duration, 1m40s)"},
		{"too late", rig, entry(EdgeFlush, func(e *Entry) { e.At = 101 * time.Second }), "at: the window does not fit the run (got an end at 1m41s; want at most the duration, 1m40s)"},
		{"overlapping repetition", rig, entry(PlaylistFreeze, func(e *Entry) { e.Every = 20 * time.Second }), "every: a repetition would begin before the last one ended (got 20s; want more than `for`, 20s)"},
		{"fast repetition", rig, entry(EdgeFlush, func(e *Entry) { e.Every = time.Millisecond }), "every: repetition out of range (got 1ms; want 1s to 168h0m0s)"},
		{"foreign key", rig, entry(PipelineKill, func(e *Entry) { e.Code = 503 }), "code: pipeline.kill takes no code (got code; want pipeline, resume)"},
		{"foreign key, at the viewer", rig, entry(NetDown, func(e *Entry) { e.Pipeline = 0 }), "pipeline: net.down takes no pipeline (got pipeline; want cohort, share)"},
		{"missing parameter", rig, entry(OriginStatus, nil), "code: origin.status needs code (got nothing; want a status: HTTP status of the answers, 200 to 599)"},
		{"zero parameter", rig, entry(OriginStatus, func(e *Entry) { e.Given = []string{"code"} }), "code: not a final HTTP status (got 0; want 200 to 599)"},
		{"cohort needs viewers", rig, entry(PipelineKill, func(e *Entry) { e.Cohort = "web" }), "cohort: cohort cannot be used via rig (got via rig; want via viewer)"},
		{"cohort", rig, entry(PipelineKill, func(e *Entry) { e.Cohort = "web"; e.Share = .25; e.Via = ViaViewer }), ""},
		{"cohort misspelt", rig, entry(HTTPHang, func(e *Entry) { e.Cohort = "mobil" }), "cohort: unknown cohort (got mobil; want mobile)"},
		{"share", rig, entry(HTTPHang, func(e *Entry) { e.Share = 1.5 }), "share: share out of range (got 150%; want more than 0%, at most 100%)"},
		{"share nan", rig, entry(HTTPHang, func(e *Entry) { e.Share = nan() }), "share: share out of range (got NaN%; want more than 0%, at most 100%)"},
		{"pipeline", rig, entry(PipelineKill, func(e *Entry) { e.Pipeline = 2 }), "pipeline: no such pipeline (got 2; want 0 to 1)"},
		{"pop", rig, entry(EdgeHang, func(e *Entry) { e.Pop = 4 }), "pop: no such edge (got 4; want 0 to 3)"},
		{"pop of a url", url, entry(EdgeHang, func(e *Entry) { e.Pop = 0 }), "pop: the edges of a URL cannot be distinguished (got pop 0; want no pop)"},
		{"rendition", rig, entry(PlaylistFreeze, func(e *Entry) { e.Rendition = "v7" }), "rendition: no such rendition (got v7; want lowest, highest, v0, v1, a height such as 720p, or an index, 0 to 1)"},
		{"rendition by index", rig, entry(PlaylistFreeze, func(e *Entry) { e.Rendition = "1" }), ""},
		{"rendition highest", rig, entry(PlaylistFreeze, func(e *Entry) { e.Rendition = "highest" }), ""},
		{"kind", rig, entry(PlaylistDelete, func(e *Entry) { e.Kinds = []m3u8.Kind{m3u8.KindSegment} }), "kind: playlist.delete does not touch such requests (got segment; want multivariant, media)"},
		{"word", rig, entry(PipelinePause, func(e *Entry) { e.Children = "orphan" }), "children: unknown word (got orphan; want delete or stale)"},
		{"filler for viewers", url, entry(InputLoss, nil), "then: viewers cannot be shown filler (got emit; want then: pause, or via rig or command)"},
		{"pause for viewers", url, entry(InputLoss, func(e *Entry) { e.Then = "pause" }), ""},
		{"rollback", rig, entry(PlaylistRollback, func(e *Entry) { e.Segments = 3 }), ""},
		{"rollback by nothing", rig, entry(PlaylistRollback, func(e *Entry) { e.Segments = -3 }), "by: count of segments out of range (got -3; want 1 to 1000)"},
		{"drift", rig, entry(PipelineDrift, func(e *Entry) { e.By = -time.Second }), "by: duration out of range (got -1s; want more than 0s, at most 168h0m0s)"},
		{"bandwidth", rig, entry(NetBandwidth, func(e *Entry) { e.Down = -1 }), "down: rate out of range (got -1 bit/s; want more than 0; net.down cuts the link)"},
		{"surge", rig, entry(ViewersSurge, func(e *Entry) { e.Players = 500; e.Over = time.Minute }), ""},
		{"surge of no players", rig, entry(ViewersSurge, nil), "players: viewers.surge needs players (got nothing; want a count: how many, 1 to 10000000)"},
		{"command", rig, entry(Command, func(e *Entry) { e.StartCommand = []string{"true"}; e.StopCommand = []string{"true"} }), ""},
		{"command without stop", url, entry(Command, func(e *Entry) { e.StartCommand = []string{"true"} }),
			`stop: command needs stop (got nothing; want a program: program and arguments run at its end; ["true"] when nothing needs undoing)`},
		{"empty command", rig, entry(Command, func(e *Entry) { e.StartCommand = []string{}; e.StopCommand = []string{"true"} }),
			"start: no program (got an empty list; want a program and its arguments)"},
		{"kill by command", url, entry(PipelineKill, func(e *Entry) {
			e.Via = ViaCommand
			e.StartCommand, e.StopCommand = []string{"kill"}, []string{"start"}
		}), ""},
		{"programs without command", rig, entry(PipelineKill, func(e *Entry) { e.StartCommand = []string{"kill"} }), "start: start cannot be used via rig (got via rig; want via command)"},
		{"several at once", rig, entry(EdgeSlow, func(e *Entry) { e.For = 0; e.Pop = 9 }),
			"for: for is missing (got nothing; want how long the fault holds, such as 30s)\n" +
				"by: edge.slow needs by (got nothing; want a duration: added to the first byte)\n" +
				"pop: no such edge (got 9; want 0 to 3)"},
	} {
		e := c.entry
		e.Fill(c.t.URL)
		var got []string
		for _, p := range Check(&e, c.t) {
			got = append(got, p.Field+": "+p.Msg)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), c.want)
		}
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

// Every kind passes with nothing but what it requires, filled with defaults.
func TestDefaultsAreValid(t *testing.T) {
	for _, s := range Kinds {
		for _, onURL := range []bool{false, true} {
			if len((&Target{URL: onURL}).possible(&s)) == 0 || s.Kind == InputLoss && onURL {
				continue
			}
			e := entry(s.Kind, func(e *Entry) {
				for _, f := range s.Params {
					if f.Required && f.takes(s.Default(onURL)) {
						setAnything(e, f.Name)
					}
				}
			})
			e.Fill(onURL)
			if p := Check(&e, &Target{URL: onURL}); len(p) > 0 {
				t.Errorf("%s, URL %v: %v", s.Kind, onURL, p)
			}
		}
	}
}

func setAnything(e *Entry, key string) {
	switch key {
	case "code":
		e.Code = 503
	case "by":
		e.By, e.Segments = time.Second, 2
	case "ttl":
		e.TTL = time.Minute
	case "down":
		e.Down = 1e6
	case "players":
		e.Players = 10
	case "start":
		e.StartCommand = []string{"true"}
	case "stop":
		e.StopCommand = []string{"true"}
	}
}

func TestExpand(t *testing.T) {
	flush := entry(EdgeFlush, func(e *Entry) { e.Name = "flush"; e.At = 45 * time.Second })
	freeze := entry(PlaylistFreeze, func(e *Entry) {
		e.Name, e.At, e.For, e.Every = "freeze", 10*time.Second, 10*time.Second, 35*time.Second
	})
	var got []string
	for _, f := range Expand([]Entry{flush, freeze}, 90*time.Second) {
		got = append(got, f.Name+" "+itoa(f.Rule)+" "+itoa(f.Occurrence)+" "+f.At.String())
	}
	// A third freeze would end at 90 s exactly, a fourth not at all.
	want := []string{"freeze 1 1 10s", "flush 0 1 45s", "freeze 1 2 45s", "freeze 1 3 1m20s"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(Expand([]Entry{entry(EdgeFlush, func(e *Entry) { e.Every = 1 })}, time.Hour)); n != MaxOccurrences {
		t.Errorf("an endless repetition gave %d occurrences, want %d", n, MaxOccurrences)
	}
}
