// Package visit fetches what a probe is about: every playlist of a stream once, its
// newest segments, and the first bytes of some of them.
//
// Start with [Stream]. What the answers mean is the matter of package probe.
package visit
