// Package traffic is the load on the CDN and on the origin over time: a [Load]
// counts it, an embedded rig counts the true load in a [Meter].
package traffic
