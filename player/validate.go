package player

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

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
	within("buffer.lead_in in nanoseconds", float64(p.Buffer.LeadIn), 0, 10e9)
	if p.Reload.AfterError != 0 && !p.Reload.Together {
		errs = append(errs, errors.New("reload.after_error: out of place (want it with together: true)"))
	}
	oneOf("live.behind", p.Live.Behind, BehindSeekLive, BehindWindowStart, BehindFatal, BehindNext)
	if p.Live.Sliding && (p.Live.Behind != BehindWindowStart || p.Live.BehindOffset <= 0) {
		errs = append(errs, errors.New("live.sliding: out of place (want it with behind: window-start and a behind_offset)"))
	}
	l := &p.Timeline
	oneOf("timeline.by", cmp.Or(l.By, ByDate), ByDate, ByNumber)
	oneOf("timeline.apart", cmp.Or(l.Apart, PlaceCount), PlaceCount, PlaceStart, PlacePlayhead)
	oneOf("timeline.jump", cmp.Or(l.Jump, PlaceDate), PlaceDate, PlaceCount, PlaceStart, PlacePlayhead)
	oneOf("timeline.reset", cmp.Or(l.Reset, PlaceDate), PlaceDate, PlaceCount, PlaceStart, PlaceZero, ResetWait, ResetFatal)
	within("timeline.dates in seconds", time.Duration(l.Dates).Seconds(), 0, 86400)
	within("timeline.join in seconds", time.Duration(l.Join).Seconds(), 0, 3600)
	within("timeline.reset_retry in seconds", time.Duration(l.ResetRetry).Seconds(), 0, 60)
	if aside := l.Reset == ResetWait || l.Reset == ResetFatal; !aside && (l.ResetOthers || l.ResetRetry != 0) {
		errs = append(errs, errors.New("timeline.reset_others, reset_retry: without effect (want them with reset: wait or fatal)"))
	}
	oneOf("reload.from", p.Reload.From, FromRequest, FromSent, FromResponse)
	for f, s := range map[string]units.Span{"live.hold_back": p.Live.HoldBack, "reload.changed": p.Reload.Changed, "reload.unchanged": p.Reload.Unchanged} {
		if s.Zero() {
			errs = append(errs, fmt.Errorf("%s: missing (want a span such as 1td)", f))
		}
	}
	if g := p.Buffer.Goal; g.Zero() {
		errs = append(errs, errors.New("buffer.goal: missing (want a span such as 30s or 1d)"))
	} else if g.Fixed != 0 {
		within("buffer.goal in seconds", g.Fixed.Seconds(), 1, 3600)
	}
	within("buffer.blocks in nanoseconds", float64(p.Buffer.Blocks), 0, 10e9)
	oneOf("stale.detect", p.Stale.Detect, StaleNone, StaleMisses, StaleSince, StaleBufferEnd, StaleStarved)
	within("stale.misses", float64(p.Stale.Misses), 0, 1e6)
	if p.Stale.Misses != 0 && p.Stale.Detect != StaleMisses {
		errs = append(errs, fmt.Errorf("stale.misses: without effect (got %d with detect: %s; want it with detect: misses)", p.Stale.Misses, p.Stale.Detect))
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
	if p.Stale.Detect != StaleNone {
		limitRecovery(l, "stale.then", &p.Stale.Then)
	}
}
