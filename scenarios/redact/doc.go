// Package redact keeps secrets out of everything that is shown or stored.
//
// Start with [Text], which needs to know nothing: it masks what a URL may carry
// that is private (user information, the values of its query, path
// segments that look like tokens) and the values of headers and parameters
// whose names say that they are secret. [Secrets] adds values that are known:
// those of the environment, of the scenario and of its URLs and headers, in
// each way in which they may be spelled. [Strings] passes every string of a
// result through such a function.
//
// It is arithmetic on text: it reads no environment and opens no file. It does
// not encrypt, and it cannot know a secret that looks like an ordinary word and
// stands where words stand; give that to [Secrets].
package redact
