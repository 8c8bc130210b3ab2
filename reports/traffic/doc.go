// Package traffic is the load on the CDN and on the origin over time: a [Load]
// counts it, a [Meter] is where an embedded rig counts the true one.
package traffic
