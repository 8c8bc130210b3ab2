// Package watch reads back what AWS noticed during a run: CloudWatch's metrics
// of the scenario's distribution, bucket, channel, packager and function, the
// states of its alarms, and the alerts of its MediaLive channel.
//
// Start with [New]; [Watcher.Begin] looks once before the run, [Watcher.Run]
// goes on looking until it is told to end, and [Watcher.Late] looks again for
// what comes late. Everything goes into a [monitor.Monitor], each thing with
// the instant that AWS gives it and the one at which it could first be seen.
//
// It only reads. What it may not read, or cannot, is noted with the permission
// that is missing, and the run goes on without it.
package watch
