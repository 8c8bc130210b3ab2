package player

import (
	"slices"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Validate checks every enumerated value and every range. A profile must be validated
// before players have it.
func (p *Profile) Validate() error {
	r := &p.Playlist.Refuses
	p.refuses = [2]m3u8.Codes{m3u8.KindMultivariant: codesOf(r.Multivariant), m3u8.KindMedia: codesOf(r.Media)}
	return policy.Validate(p)
}

// Limits states what the values may be.
func (p *Profile) Limits(l *policy.Limits) {
	for _, f := range []struct{ name, got string }{{"id", p.ID}, {"player", p.Player}, {"source", p.Source}} {
		if f.got == "" {
			l.Wrong(f.name, "missing (want a text)")
		}
	}
	l.In("confidence", &p.Confidence)
	l.In("playlist", &p.Playlist)
	l.In("http", &p.HTTP)
	l.In("read", &p.Read)
	l.In("startup", &p.Startup)
	l.In("live", &p.Live)
	l.In("behind", &p.Behind)
	l.In("clock", &p.Clock)
	l.In("timeline", &p.Timeline)
	l.In("buffer", &p.Buffer)
	l.In("loader", &p.Loader)
	l.In("estimate", &p.Estimate)
	l.In("choose", &p.Choose)
	l.In("abandon", &p.Abandon)
	policy.List(l, "errors", &p.Errors, 1, 100)
	for _, k := range []string{"multivariant", "media", "init", "segment", "key"} {
		if !slices.ContainsFunc(p.Errors, func(r ErrorRule) bool {
			return slices.Contains(r.Kinds, k) && slices.Contains(r.Causes, CauseAny) && len(r.Tracks) == 0 && !r.AtStart
		}) {
			l.Wrong("errors", "no rule for every cause of a failed %s (want a last one with causes: [any])", k)
		}
	}
	l.In("penalty", &p.Penalty)
	l.In("returns", &p.Returns)
	l.In("stale", &p.Stale)
	l.In("gap", &p.Gap)
}
