// Package signalmap follows a live channel through an account: from a MediaLive
// channel to its inputs and the flows that feed them, to the bucket or packager
// that it writes to, to the CloudFront distribution that serves it, to the
// function that watches the bucket, and to the CloudWatch alarms on any of
// these. It is what Workflow Monitor's signal map shows, found without one.
//
// Start with [Find]. It only reads, in bounded steps; what it may not read is a
// problem that names the permission, and the rest is found all the same.
package signalmap
