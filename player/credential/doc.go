// Package credential decides which host is sent which credentials of a target.
//
// Start with [New], which takes the URLs of the target, its header fields and
// the hosts that they are also for, and [Set.For], which says what a request to
// a URL may carry. docs/targets.md gives the rule in words:
//
//   - The target's header fields go to the origins of its URLs, and to hosts
//     that are named for them; user information goes to the origin of its own
//     URL. No playlist and no redirect can name more.
//   - An origin is scheme, host and port (RFC 6454). What is meant for http at
//     port 80 also goes to https at port 443 of that host. What is meant for
//     https never goes over plain http.
//   - User information in another URL goes to the host of that URL.
//
// Cookies are not decided about here: RFC 6265 does that. Nor does the package
// send anything: it is arithmetic on URLs.
package credential
