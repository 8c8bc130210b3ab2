// Package serve puts a rig on real sockets: an edge per POP, its origin as an
// S3-shaped store, an undisturbed twin beside it, and a control API.
//
// Start with [Start] and stop with [Server.Close]. What to answer is decided by
// package rig, one request after another under one lock; this package waits,
// makes bodies and writes them. [Applier] opens and closes the rig's faults.
//
// It is made for loopback and test networks: there is no TLS and no
// authentication.
package serve
