// Package cmcd is what players tell a CDN about themselves with each request:
// Common Media Client Data, CTA-5004 version 1, which is what CloudFront's logs
// have columns for.
//
// Start with [Report]. [Report.AppendHeaders] and [Report.AppendQuery] print
// it, [Report.ParseHeader] and [Report.ParseQuery] read it back. [SID] makes
// the session id by which a request in a log is found to be ours.
//
// A key whose value is not known is left out, never guessed: nor and nrr
// because a player may still choose another level, rtp because nothing is
// asked for, cid because only the provider can name its content. Version 2
// (CTA-5004-A) has other forms of the same keys; nothing here speaks it.
package cmcd
