// Package policy reads the parts of a profile that are a choice between
// policies: one way of doing something out of a few, each with parameters of
// its own.
//
// A [Choice] is such a part. [Register] says which policies it offers, in one
// table a seam. Each policy is a struct whose fields are its parameters; where these
// have ranges, its Limits method states them. [Validate] checks them, and [Walk]
// shows them to documentation and to tests that make profiles of their own. What a
// policy does is up to the package that defines it.
//
// The interface of a seam is exported, because the profile has a field of it. Its
// policies are not: a profile chooses them by name. A policy stands in a file of its own,
// which nothing but the table of its seam names. What policies have in common stands with
// their seam. They embed it: with yaml:",inline" they have its parameters as well, with
// yaml:"-" they have not.
package policy
