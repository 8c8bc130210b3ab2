package main

import (
	"context"

	"hlsload/chaos"
	"hlsload/chaos/inject"
	"hlsload/player"
	"hlsload/reports"
	"hlsload/run/fleet"
)

// session is one viewer's record.
type session struct {
	s    *reports.Session
	hide *memo
}

// Add implements [fleet.Session].
func (s session) Add(sm *player.Sample, m *fleet.Meta) {
	if sm.Reason != "" { // it may quote a URL, or what a server made of one
		safe := *sm
		safe.Reason = s.hide.of(sm.Reason)
		sm = &safe
	}
	if m == nil {
		s.s.Add(sm, nil)
		return
	}
	meta := reports.Meta{Marks: m.Marks, Pop: m.Pop, Cache: caches[m.Cache], Odd: reports.OddHeader(m.Odd), Layer: layers[m.Layer], Fetched: m.Fetched, URL: m.URL, Host: m.Host, Rewound: m.Rewound, Redirects: m.Hops}
	if m.Exact {
		meta.URL = 0 // no need to find out who shared a request
	}
	s.s.Add(sm, &meta)
}

// caches and layers translate what headers said.
var caches = [...]reports.Cache{
	fleet.CacheUnknown:     reports.CacheUnknown,
	fleet.CacheHit:         reports.CacheHit,
	fleet.CacheJoined:      reports.CacheJoined,
	fleet.CacheRevalidated: reports.CacheRevalidated,
	fleet.CacheMiss:        reports.CacheMiss,
}

var layers = [...]reports.Layer{
	fleet.LayerUnknown:  reports.LayerUnknown,
	fleet.LayerEdge:     reports.LayerEdge,
	fleet.LayerRegional: reports.LayerRegional,
	fleet.LayerShield:   reports.LayerShield,
	fleet.LayerCache:    reports.LayerCache,
	fleet.LayerJoined:   reports.LayerJoined,
	fleet.LayerOrigin:   reports.LayerOrigin,
}

// viewers applies faults on the players' side.
type viewers struct {
	*inject.Injector
	r *realRun
}

// Apply opens the window; links notice at once.
func (v *viewers) Apply(ctx context.Context, f *chaos.Fault) error {
	err := v.Injector.Apply(ctx, f)
	v.relink(f)
	return err
}

// Undo closes it.
func (v *viewers) Undo(ctx context.Context, f *chaos.Fault) error {
	err := v.Injector.Undo(ctx, f)
	v.relink(f)
	return err
}

func (v *viewers) relink(f *chaos.Fault) {
	if f.Kind.Family() == "net" {
		v.r.fleet.LinksChanged()
	}
}

// crowd applies the faults that are about how many viewers there are.
type crowd struct{ r *realRun }

// Apply sends for more viewers, or lets some break off and come back.
func (c *crowd) Apply(_ context.Context, f *chaos.Fault) error {
	if f.Kind == chaos.ViewersSurge {
		c.r.fleet.Surge(f.Players, f.Over)
		return nil
	}
	c.r.fleet.Reconnect(uint64(f.Rule)<<32|uint64(f.Occurrence), f.Share, f.Cohort)
	return nil
}

// Undo has nothing to do: these faults are instants.
func (c *crowd) Undo(context.Context, *chaos.Fault) error { return nil }

// Look has nothing to look at.
func (c *crowd) Look(context.Context, *chaos.Fault) (bool, string) { return true, "" }

// LookUndone has nothing to look at.
func (c *crowd) LookUndone(context.Context, *chaos.Fault) (bool, string) { return true, "" }
