package player

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// Validate checks every enumerated value and every range.
func (p *Profile) Validate() error {
	var errs []error
	oneOf := func(field, got string, want ...string) {
		if !slices.Contains(want, got) {
			errs = append(errs, fmt.Errorf("%s: unknown value (got %q; want one of %s)", field, got, strings.Join(want, ", ")))
		}
	}
	within := func(field string, got, lo, hi float64) {
		if !(got >= lo && got <= hi) {
			errs = append(errs, fmt.Errorf("%s: out of range (got %g; want %g to %g)", field, got, lo, hi))
		}
	}
	if p.ID == "" || p.Player == "" || p.Source == "" {
		errs = append(errs, errors.New("id, player and source are required"))
	}
	oneOf("confidence.default", p.Confidence.Default, "S", "M", "D", "E", "?")
	for _, f := range slices.Sorted(maps.Keys(p.Confidence.Fields)) {
		oneOf("confidence.fields."+f, p.Confidence.Fields[f], "S", "M", "D", "E", "?")
		if !policy.Has(reflect.TypeFor[Profile](), f) {
			errs = append(errs, fmt.Errorf("confidence.fields: no such value (got %q; want a path such as stale.after)", f))
		}
	}
	if err := p.readRefuses(); err != nil {
		errs = append(errs, err)
	}
	within("http.connections_per_host", float64(p.HTTP.ConnectionsPerHost), 1, 64)
	oneOf("http.version", cmp.Or(p.HTTP.Version, "2"), "1.1", "2")
	within("startup.cap", p.Startup.Cap, 0, 1)
	within("startup.prepare in nanoseconds", float64(p.Startup.Prepare), 0, 10e9)
	if c := &p.Live.CatchUp; c.Slope != 0 {
		within("live.catch_up.slope", c.Slope, 0, 1)
		within("live.catch_up.min", c.Min, 0.5, 1)
		within("live.catch_up.max", c.Max, 1, 2)
	}
	for f, s := range map[string]units.Span{"live.hold_back": p.Live.HoldBack} {
		if s.Zero() {
			errs = append(errs, fmt.Errorf("%s: missing (want a span such as 1td)", f))
		}
	}
	if g := p.Buffer.Goal; g.Zero() {
		errs = append(errs, errors.New("buffer.goal: missing (want a span such as 30s or 1d)"))
	} else if g.Fixed != 0 {
		within("buffer.goal in seconds", g.Fixed.Seconds(), 1, 3600)
	}
	if err := policy.Validate(p); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Limits states what the values may be.
func (p *Profile) Limits(l *policy.Limits) {
	l.In("read", &p.Read)
	l.In("startup.estimate", &p.Startup.Estimate)
	l.In("startup.level", &p.Startup.Level)
	l.In("startup.playlists", &p.Startup.Playlists)
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
	l.In("gap", &p.Gap)
	l.In("clock", &p.Clock)
	l.In("timeline", &p.Timeline)
	l.In("loader", &p.Loader)
	l.In("behind", &p.Behind)
	l.In("stale", &p.Stale)
}
