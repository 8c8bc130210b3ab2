package remedy

import (
	"slices"

	"hlsload/chaos"
)

// Row is what is known of players with a rule, in faults of some kinds.
type Row struct {
	Faults []chaos.Kind
	When   []Condition // all of them
	Rule   Rule
	Why    string // what such a player does, as in "never leaves …"
	Source string // of Why
	Helps  []*Help
	None   string // without Helps: why nothing is known that helps
}

// Help is something that prevents the loss or shortens it.
type Help struct {
	Text   string
	When   []Condition // all of them; nil = always
	Source string
	// Proof are overrides with which a simulation comes out better; {fault} and {cohort}
	// stand for their names. Case are those that make the case in which it does.
	Proof, Case []string
	Not         string // without Proof: why the embedded channel cannot show it
}

// Kinds of faults.
var (
	written = []chaos.Kind{chaos.PipelineKill, chaos.PipelinePause, chaos.PipelineDrift}
	stopped = slices.Concat(written, []chaos.Kind{chaos.InputLoss, chaos.PlaylistFreeze, chaos.PlaylistDelete})
	frozen  = []chaos.Kind{chaos.PlaylistFreeze}
	rolled  = []chaos.Kind{chaos.PlaylistRollback}
	ended   = []chaos.Kind{chaos.PlaylistEndlist}
	missing = []chaos.Kind{chaos.SegmentMissing, chaos.SegmentTruncate}
	late    = []chaos.Kind{chaos.SegmentLate}
	lacking = slices.Concat(missing, late)
	cut     = []chaos.Kind{chaos.SegmentTruncate, chaos.HTTPTruncate, chaos.HTTPReset}
	hidden  = []chaos.Kind{chaos.OriginStatus}
	shown   = []chaos.Kind{chaos.EdgeStatus, chaos.HTTPStatus}
	hanging = []chaos.Kind{chaos.OriginHang, chaos.EdgeHang, chaos.HTTPHang}
	slow    = []chaos.Kind{chaos.OriginSlow, chaos.EdgeSlow, chaos.HTTPSlow, chaos.NetLatency}
	origin  = []chaos.Kind{chaos.OriginStatus, chaos.OriginHang}
	tokens  = []chaos.Kind{chaos.AuthExpire, chaos.AuthRevoke, chaos.AuthClock}

	failing = slices.Concat(hidden, shown, lacking, []chaos.Kind{chaos.HTTPTruncate, chaos.HTTPReset})
	served  = slices.Concat(stopped, rolled, ended, failing, hanging)
)

// What helps.
var (
	invalidate = &Help{
		Text:   "delete playlists at the origin that were not written for 1.5 target durations (MediaPackage: forced endpoint error stale_manifest): they become 404, and players leave them",
		When:   []Condition{undeleted},
		Source: "AWS sample of stale playlist invalidation; docs/aws.md",
		Case:   []string{"target.rig.origin.stale=none"}, Proof: []string{"target.rig.origin.stale=aws-sample"},
	}
	takeAway = &Help{
		Text:   "let a monitor look at what each pipeline publishes, and delete the playlists of one that is wrong: they become 404, and players leave them",
		Source: "rfc8216bis 6.2.1 and 6.2.2, what a live playlist owes; errors in docs/profiles.md",
		Proof:  []string{"chaos.{fault}.fault=playlist.delete"},
	}
	takeBackAway = &Help{Text: takeAway.Text, Source: takeAway.Source, Proof: append([]string{"chaos.{fault}.by="}, takeAway.Proof...)}
	countMisses  = &Help{
		Text:   "in the page, liveMaxUnchangedPlaylistRefresh: 3 (hls.js from 1.7): a level is left after two target durations without change, one level after the other, then the pipeline",
		Source: "hls.js 1.7 src/config.ts and src/controller/base-playlist-controller.ts; measured in Chromium",
		Case:   []string{"target.rig.ladder=mini"}, Proof: []string{"fleet.cohorts.{cohort}.profile.stale={misses: {misses: 3}}"},
	}
	fallBack = &Help{
		Text:   "in the app, a LoadErrorHandlingPolicy that falls back after every load error, a stuck playlist included (ExoPlayer's own does for 403, 404, 410, 416, 500 and 503)",
		Source: "media3 1.11 HlsSampleStreamWrapper.onPlaylistError, DefaultLoadErrorHandlingPolicy",
		Proof: []string{
			"fleet.cohorts.{cohort}.profile.errors=[{kinds: [multivariant], causes: [any], then: [fatal]}, {kinds: [media, init, segment, key], causes: [any], per_url: true, then: [{location: {for: 300s}}, reselect, {until_starved: {delays: [1s], forgives: 3}}]}]",
			"fleet.cohorts.{cohort}.profile.stale={since_change: {after: 3.5td, then: [{location: {for: 300s}}, reselect]}}",
		},
	}
	answer404 = &Help{
		Text:   "answer 404 instead of 5xx for the pipeline that cannot be served: players leave it at once",
		Source: "CloudFront Developer Guide, error caching: 4xx is passed on, 5xx hides behind an expired object; errors in docs/profiles.md",
		Proof:  []string{"chaos.{fault}.code=404"},
	}
	failFast = &Help{
		Text:   "let what stands before it answer 404 when no answer comes (a health check, a short timeout): players leave the pipeline at once",
		Source: "errors and timeouts in docs/profiles.md: a 404 is acted upon, a timeout is waited for",
		Proof:  []string{"chaos.{fault}.fault=edge.status", "chaos.{fault}.code=404"},
	}
	answer503 = &Help{
		Text:   "answer 503 while no pipeline can be served: the CDN goes on with expired playlists at 200, and players wait instead of giving up",
		Source: "CloudFront Developer Guide, error caching; stale in docs/profiles.md",
		Proof:  []string{"chaos.{fault}.code=503"},
	}
	secondOrigin = &Help{
		Text:   "a second origin, in an origin group of CloudFront that fails over on 403, 404, 500, 502, 503, 504 and timeouts",
		Source: "CloudFront Developer Guide, origin failover", Not: "it has one origin",
	}
	secondPipeline = &Help{
		Text:   "a second pipeline, listed as redundant variants (MediaLive: channel class STANDARD, redundant manifests)",
		When:   []Condition{single},
		Source: "MediaLive User Guide, redundant HLS manifests",
		Case:   []string{"target.rig.pipelines=1"}, Proof: []string{"target.rig.pipelines=2"},
	}
	leaveStale = &Help{
		Text:   "with one pipeline, do not delete stale playlists: players wait in front of one that stands still, and give up when it is gone",
		When:   []Condition{single, deleted},
		Source: "stale and errors in docs/profiles.md",
		Case:   []string{"target.rig.pipelines=1"}, Proof: []string{"target.rig.origin.stale=none"},
	}
	comeBack = &Help{
		Text:   "a page or app that loads the stream again some seconds after its player has ended",
		When:   []Condition{forGood},
		Source: "hls.js docs/API.md, fatal error recovery; media3, Player.prepare after an error; AVPlayer, a new item",
		Proof:  []string{"fleet.session.after_fatal={rejoin: 5s}"},
	}
	forgetErrors = &Help{
		Text:   "an error TTL of 1 s at the CDN (CloudFront: ErrorCachingMinTTL, 10 s by default)",
		When:   []Condition{longErrors},
		Source: "CloudFront Developer Guide, error caching; the AWS live streaming solutions set 1 s",
		Case:   []string{"target.rig.edge.error_ttl=10s", "fleet.players=60", "chaos.{fault}.for=5s", "fleet.session={mean: 20s, after_fatal: {rejoin: 5s}}"},
		Proof:  []string{"target.rig.edge.error_ttl=1s"},
	}
	lowerRung = &Help{
		Text:   "a lower rendition, which the link carries",
		When:   []Condition{narrow},
		Source: "Apple HLS Authoring Specification: the ladder begins at 145 kbit/s",
		Proof:  []string{"target.rig.ladder=mini"},
	}
)

// Rows are all that is known. Of those that apply the first one says why, and all of
// them what helps, in this order.
var Rows = []Row{
	{Faults: []chaos.Kind{chaos.PlaylistDelete, chaos.OriginStatus, chaos.EdgeStatus}, When: []Condition{joins, dies}, Rule: anyPlayer,
		Why: "gives up when the multivariant playlist is missing", Source: "errors in docs/profiles.md",
		Helps: []*Help{forgetErrors}},
	{Faults: served, When: []Condition{other, remembered, dies}, Rule: bears,
		Why: "keeps away from a pipeline for minutes after an error, and the other one failed within that time", Source: "hls.js src/controller/content-steering-controller.ts, PATHWAY_PENALTY_DURATION_MS"},
	{Faults: slices.Concat(frozen, ended), When: []Condition{other}, Rule: redundant, Helps: []*Help{takeAway}},
	{Faults: rolled, When: []Condition{other}, Rule: redundant, Helps: []*Help{takeBackAway}},

	// Playlists stand still at 200.
	{Faults: stopped, When: []Condition{other, standing}, Rule: keepsStale,
		Why: "never leaves a playlist that keeps answering 200 without new segments", Source: "hls.js src/config.ts, Shaka lib/hls/hls_parser.js, GStreamer hlsdemux2; measured in Chromium",
		Helps: []*Help{invalidate}},
	{Faults: stopped, When: []Condition{other, standing}, Rule: leavesDry,
		Why: "looks for another playlist only once nothing is left to play", Source: "video.js VHS src/playlist-controller.js, stuckAtPlaylistEnd_; measured in Chromium",
		Helps: []*Help{invalidate}},
	{Faults: stopped, When: []Condition{other, standing, dies}, Rule: endsDry,
		Why: "ends in front of a playlist that stands still, once nothing is left to play", Source: "media3 DefaultHlsPlaylistTracker, PlaylistStuckException",
		Helps: []*Help{invalidate, fallBack}},
	{Faults: hidden, When: []Condition{other, hides}, Rule: keepsStale,
		Why: "never leaves a playlist at 200, and the CDN answers the origin's 5xx with the expired one", Source: "as above; CloudFront Developer Guide, error caching",
		Helps: []*Help{answer404}},
	{Faults: hidden, When: []Condition{other, hides}, Rule: leavesDry,
		Why: "leaves a playlist at 200 only once nothing is left to play, and the CDN answers the origin's 5xx with the expired one", Source: "as above; CloudFront Developer Guide, error caching",
		Helps: []*Help{answer404}},
	{Faults: hidden, When: []Condition{other, hides, dies}, Rule: endsDry,
		Why: "ends in front of a playlist that stands still, and the CDN answers the origin's 5xx with the expired one", Source: "as above; CloudFront Developer Guide, error caching",
		Helps: []*Help{answer404, fallBack}},
	{Faults: stopped, When: []Condition{other, standing}, Rule: counted,
		Why: "leaves a playlist that stands still one level after the other, and runs dry meanwhile", Source: "hls.js src/controller/base-playlist-controller.ts; measured in Chromium",
		Helps: []*Help{invalidate}},
	{Faults: hidden, When: []Condition{other, hides}, Rule: counted,
		Why: "leaves a playlist at 200 one level after the other, and the CDN answers the origin's 5xx with the expired one", Source: "as above; CloudFront Developer Guide, error caching",
		Helps: []*Help{answer404}},
	{Faults: slices.Concat(stopped, hidden), When: []Condition{other, standing}, Rule: uncounted,
		Helps: []*Help{countMisses}},
	{Faults: written, When: []Condition{other, prevented}, Rule: anyPlayer,
		None: "what deletes stale playlists is under a fault itself"},

	// One pipeline is wrong.
	{Faults: rolled, Rule: anyPlayer,
		Why: "waits until the playlist is further than it was before", Source: "timeline in docs/profiles.md",
		None: "no player takes it for an error"},
	{Faults: ended, Rule: anyPlayer,
		Why: "takes EXT-X-ENDLIST for the end of the stream and never asks again", Source: "rfc8216bis 4.4.3.4",
		None: "no player takes it for an error"},
	{Faults: missing, When: []Condition{other}, Rule: keepsSegments,
		Why: "never leaves a pipeline because of its segments", Source: "GStreamer gstadaptivedemux-stream.c",
		Helps: []*Help{takeAway}},
	{Faults: late, When: []Condition{other}, Rule: keepsSegments,
		Why: "never leaves a pipeline because of its segments", Source: "GStreamer gstadaptivedemux-stream.c",
		Helps: []*Help{takeBackAway}},
	{Faults: []chaos.Kind{chaos.SegmentTruncate}, When: []Condition{other, dies}, Rule: choosy, Helps: []*Help{takeAway}},
	{Faults: cut, When: []Condition{other, dies}, Rule: choosy,
		Why: "leaves a pipeline because of some statuses only, asks the same address again for what breaks off, and ends", Source: "media3 DefaultLoadErrorHandlingPolicy, isEligibleForFallback",
		Helps: []*Help{fallBack}},
	{Faults: slices.Concat(hidden, shown), When: []Condition{other, shows}, Rule: insists,
		Why: "asks for a playlist that answers 5xx again, one level after the other, before it leaves the pipeline", Source: "hls.js src/config.ts, playlistLoadPolicy; measured in Chromium",
		Helps: []*Help{answer404}},
	{Faults: hanging, When: []Condition{other, dies}, Rule: choosy,
		Why: "leaves a pipeline because of some statuses only, asks the same address again after a timeout, and ends", Source: "media3 DefaultLoadErrorHandlingPolicy, isEligibleForFallback",
		Helps: []*Help{failFast, fallBack}},
	{Faults: hanging, When: []Condition{other}, Rule: redundant,
		Why: "waits for the answer that never comes, for longer than what it has buffered lasts", Source: "timeouts and errors in docs/profiles.md; measured in Chromium"},
	{Faults: hanging, When: []Condition{other, lists}, Rule: redundant, Helps: []*Help{failFast}},
	{Faults: hanging, When: []Condition{other}, Rule: leavesSegments, Helps: []*Help{failFast}},
	{Faults: hanging, When: []Condition{other}, Rule: keepsSegments,
		None: "where only segments hang: it would not leave for a 404 of them either"},
	{Faults: slices.Concat(stopped, failing, hanging), When: []Condition{other, gone, dies}, Rule: endsEarly,
		Why: "ends when its first playlist cannot be had", Source: "Shaka lib/player.js, load; played in Chromium"},
	{Faults: served, When: []Condition{other}, Rule: alone,
		Why: "knows no second pipeline", Source: "FFmpeg libavformat/hls.c",
		None: "it takes no other address by itself"},

	// All of them are.
	{Faults: stopped, When: []Condition{every, dies}, Rule: ends,
		Why: "gives up for good when no pipeline is left", Source: "errors in docs/profiles.md"},
	{Faults: stopped, When: []Condition{every, gone}, Rule: redundant,
		Why: "has no other pipeline to move to", Source: "the stream",
		Helps: []*Help{secondPipeline}},
	{Faults: stopped, When: []Condition{every, dies}, Rule: patient, Helps: []*Help{leaveStale}},
	{Faults: stopped, When: []Condition{every}, Rule: anyPlayer,
		Why: "has no other pipeline to move to", Source: "the stream",
		None: "no player can move to what is not there; with one pipeline a second one helps"},
	{Faults: hidden, When: []Condition{every, client, dies}, Rule: patient,
		Why: "gives up for good when no address has what it asks for", Source: "errors in docs/profiles.md",
		Helps: []*Help{answer503}},
	{Faults: origin, Rule: anyPlayer, Helps: []*Help{secondOrigin}},
	{Faults: slices.Concat(failing, hanging, tokens), When: []Condition{every, dies}, Rule: anyPlayer,
		Why: "gives up for good when no address has what it asks for", Source: "errors in docs/profiles.md"},
	{Faults: slices.Concat(failing, hanging, tokens), When: []Condition{every}, Rule: anyPlayer,
		Why: "has nothing to move to, and waits until it gets what it asks for", Source: "the stream; errors in docs/profiles.md",
		None: "no player can move to what is not there, and no token of another session helps"},

	// The way to the viewer.
	{Faults: []chaos.Kind{chaos.NetBandwidth}, When: []Condition{narrow}, Rule: anyPlayer,
		Why: "gets less from its link than the lowest rendition needs", Source: "the stream",
		None: "it never chooses another rendition"},
	{Faults: []chaos.Kind{chaos.NetBandwidth}, When: []Condition{narrow}, Rule: adapts, Helps: []*Help{lowerRung}},
	{Faults: []chaos.Kind{chaos.NetDown}, Rule: anyPlayer,
		Why: "has no link for longer than what it has buffered lasts", Source: "the fault",
		None: "the link is the viewer's own"},
	{Faults: slow, Rule: oneByOne,
		Why: "asks for one thing after the other, so that slow answers add up", Source: "FFmpeg libavformat/hls.c, read_data",
		None: "its loader is made so"},

	{Faults: slices.Concat(served, tokens), When: []Condition{dies}, Rule: anyPlayer, Helps: []*Help{comeBack}},
}
