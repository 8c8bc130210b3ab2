package remedy_test

import (
	"slices"
	"testing"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/profile"
	"hlsload/reports/remedy"
)

func load(t *testing.T, text string) *player.Profile {
	t.Helper()
	p, err := profile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func named(t *testing.T, name string) *player.Profile {
	t.Helper()
	p, err := profile.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExplain(t *testing.T) {
	hlsjs, shaka, media3 := named(t, "hlsjs-1.7"), named(t, "shaka-5.2"), named(t, "media3-1.11")
	mine := load(t, "base: vhs-3.17\nid: mine\nplayer: Mine 1\nstale: ignored\n")
	freeze := chaos.NewFault("freeze-0", chaos.PlaylistFreeze)
	freeze.Pipeline = 0
	rig := &remedy.Stream{Pipelines: 2, Embedded: true, Deletes: true}
	took := "let a monitor look at what each pipeline publishes, and delete the playlists of one that is wrong: they become 404, and players leave them. " +
		"Source: rfc8216bis 6.2.1 and 6.2.2, what a live playlist owes; errors in docs/profiles.md."
	try := " Try: --set chaos.freeze-0.fault=playlist.delete"
	for name, c := range map[string]struct {
		stream *remedy.Stream
		losses []remedy.Loss
		why    string
		helps  []string // the beginning of the list
	}{
		"no losses": {rig, []remedy.Loss{{Player: hlsjs, Name: "hls.js", Cohort: "web"}}, "", nil},
		"one cohort": {rig, []remedy.Loss{{Player: mine, Name: "Mine 1", Cohort: "mine", Sessions: 120, AsPredicted: true}},
			"All 120 sessions that lost the picture play Mine 1, which never leaves a playlist that keeps answering 200 without new segments, as predicted.", []string{took + try}},
		"at a URL": {&remedy.Stream{Pipelines: 2}, []remedy.Loss{{Player: mine, Name: "Mine 1", Cohort: "mine", Sessions: 1}},
			"The only session that lost the picture plays Mine 1, which never leaves a playlist that keeps answering 200 without new segments.", []string{took}},
		"several": {rig, []remedy.Loss{
			{Player: media3, Name: "ExoPlayer", Cohort: "android", Sessions: 1, Fatal: 1, AsPredicted: true}, {Player: shaka, Name: "Shaka", Cohort: "tv", Sessions: 4},
			{Player: hlsjs, Name: "hls.js", Cohort: "web", Sessions: 3, AsPredicted: true}, {Player: hlsjs, Name: "hls.js", Cohort: "poor", Sessions: 2, AsPredicted: true}},
			"9 of the 10 sessions that lost the picture play hls.js (5) or Shaka (4), each of which never leaves a playlist that keeps answering 200 without new segments. " +
				"1 plays ExoPlayer, which ends in front of a playlist that stands still, once nothing is left to play, as predicted.", []string{took + try}},
	} {
		why, helps := remedy.Explain(&freeze, c.stream, c.losses)
		if why != c.why {
			t.Errorf("%s: %q; want %q", name, why, c.why)
		}
		if len(helps) < len(c.helps) || !slices.Equal(helps[:len(c.helps)], c.helps) || c.helps == nil && helps != nil {
			t.Errorf("%s: %q; want %q first", name, helps, c.helps)
		}
	}
}

// Nothing is said of what is not in the table.
func TestNothingIsInvented(t *testing.T) {
	slow := chaos.NewFault("slow", chaos.OriginSlow)
	why, helps := remedy.Explain(&slow, &remedy.Stream{Pipelines: 2}, []remedy.Loss{{Player: named(t, "hlsjs-1.7"), Name: "hls.js", Sessions: 3, Fatal: 3}})
	if why != "All 3 sessions that lost the picture play hls.js; why is not known." || !slices.Equal(helps, []string{remedy.NoneKnown}) {
		t.Errorf("%q, %q; want that neither is known", why, helps)
	}
	for _, k := range []chaos.Kind{chaos.Command, chaos.Manual} {
		f := chaos.NewFault("own", k)
		if _, helps := remedy.Explain(&f, &remedy.Stream{Pipelines: 2}, []remedy.Loss{{Player: named(t, "hlsjs-1.7"), Name: "hls.js", Sessions: 3, Fatal: 3}}); !slices.Equal(helps, []string{remedy.NoneKnown}) {
			t.Errorf("%s: %q; want that nothing is known", k, helps)
		}
	}
}

// Rules follow from policies, so that a profile of a user's own has them.
func TestRules(t *testing.T) {
	f := chaos.NewFault("freeze", chaos.PlaylistFreeze)
	f.Pipeline = 0
	for text, want := range map[string]string{
		"base: hlsjs-1.7\nid: a":                                                     "never leaves a playlist that keeps answering 200 without new segments",
		"base: hlsjs-1.7\nid: a\nstale: {misses: {misses: 5}}":                       "leaves a playlist that stands still one level after the other, and runs dry meanwhile",
		"base: hlsjs-1.7\nid: a\nstale: {since_change: {after: 9td, then: [level]}}": "",
		"base: media3-1.11\nid: a\nstale: ignored":                                   "never leaves a playlist that keeps answering 200 without new segments",
		"base: ffmpeg-5.1\nid: a":                                                    "knows no second pipeline",
	} {
		got := ""
		l := &remedy.Loss{Player: load(t, text), Sessions: 1}
		for _, row := range remedy.Applying(&f, &remedy.Stream{Pipelines: 2}, l) {
			if row.Why != "" {
				got = row.Why
				break
			}
		}
		if got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}
