// Package consent says when a crowd of players needs a permission, and
// reads the permission that the operator of a target gives at
// /.well-known/hlsload.txt.
//
// Start with [Local], which reports whether an address is the user's own, and
// [Parse], which reads the file; docs/targets.md describes it for operators.
// What dials asks [Local] about the address that is really dialled, and a
// [Gate] whether a stream may lead there.
//
// It decides on text and addresses; it neither resolves nor fetches anything.
package consent
