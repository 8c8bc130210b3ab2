// Package audience decides who arrives when: with which cohort, entry, point of
// presence and session length.
//
// Start with [New]. [Audience.Wake] tells when the next viewer arrives and
// [Audience.Next] who it is, in order of time and without a list of viewers
// being kept. When a session ends, [Audience.Ended] tells who comes instead:
// under churn a new viewer, after a fatal error perhaps the same one again.
// [Audience.Surge] and [Audience.Reconnect] are the faults of the viewers
// family.
//
// The package is pure. Everything about a viewer follows from the run's seed
// and the viewer's number, never from the order in which sessions end.
package audience
