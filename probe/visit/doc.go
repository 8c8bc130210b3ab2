// Package visit fetches what a probe needs: every playlist of a stream once, its
// newest segments, and the first bytes of some of them.
//
// Start with [Stream]. Package probe draws the conclusions.
package visit
