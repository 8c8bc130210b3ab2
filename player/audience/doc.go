// Package audience decides who arrives when: with which cohort, entry, region, point
// of presence and session length.
//
// Start with [New]. [Audience.Wake] returns when the next viewer arrives and
// [Audience.Next] which one it is, in order of time and without a list of viewers
// being kept. When a session ends, [Audience.Ended] returns who comes instead:
// under churn a new viewer, after a fatal error perhaps the same one again.
// [Audience.Surge] and [Audience.Reconnect] are the faults of the viewers
// family.
//
// A run on several machines splits the viewers into slots: each machine walks through the
// whole audience and keeps the viewers of its slots ([Share], [Audience.Keep]).
//
// The package is pure. Everything about a viewer follows from the run's seed
// and the viewer's number, never from the order in which sessions end.
package audience
