// Package cache says how many requests pass each layer of caches between viewers
// and origin: formulas, no simulation. A [Path] is the layers, [Path.Refreshes] what
// becomes of the requests for one object that is fetched again and again (a playlist,
// an error), [Path.Fills] of those for a series of objects (segments). The hit ratio
// is a result of both, never an input.
//
// The rules of the caches are those of the embedded rig (rig/cache.go), which follow
// CloudFront's where these are documented:
//
//   - A copy is fresh for its TTL, counted from when the answer of the origin was there.
//     A cache below keeps its copy until that same instant (TTL − Age, RFC 9111 section
//     4.2.3), so all copies of an object expire together, and its whole life goes in
//     cycles that the cache next to the origin sets. A CDN whose lower layers ignore Age
//     fetches from layer to layer up to twice as rarely, and the origin notices nothing
//     of that. How CloudFront treats Age between its own layers is not documented.
//   - While a cache fetches, requests for the same object wait (collapsing) unless that is
//     off, or the answer must not be shared. Then each of them is passed on.
//   - An expired copy is fetched with a condition. The answer 304 counts as a request.
//
// Rates are in requests a second, times in seconds unless they are durations.
//
// The package is pure.
package cache
