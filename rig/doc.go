// Package rig is the embedded live channel: encoder pipelines, an S3-shaped
// origin, the stale-playlist invalidator, a shield and edges that keep
// CloudFront's rules.
//
// A channel is a function of (config, faults, now); only caches and objects
// that somebody PUT hold state. The package is pure: [Rig.Advance] moves one
// request a step further and says when to come back, and both the socket
// server (rig/serve) and the simulator (sim) call it.
package rig
