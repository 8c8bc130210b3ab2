// Package look asks a target for single things, before a run and beside it: with
// the client that players have, and by the same rules about redirects,
// credentials and where a stream may lead.
//
// Start with [New]. [Network] looks names up and decides which hosts may be
// dialled.
package look
