// Package policy reads the parts of a profile that are a choice between
// policies: one way of doing something out of a few, each with parameters of
// its own.
//
// A [Choice] is such a part. [Register] says which policies it offers, in one
// table a seam. Each policy is a struct whose fields are its parameters and
// whose Limits method states their ranges; [Validate] checks them, and [Walk]
// shows them to documentation and to tests that make profiles of their own. What a
// policy does is up to the package that defines it.
package policy
