// Package look fetches single playlists and segments of a target, before a run and
// during it. It uses the players' HTTP client, and follows the same rules about
// redirects, credentials and allowed hosts.
//
// Start with [New]. [Network] looks up names and decides which hosts may be
// dialled.
package look
