// Package history reads a history, which is a file of nights with a line each, and says
// what the nights show together: series of nights that can be compared, how each night
// compares with those before it, and since when a measure is another one ([View]).
//
// The file may come from a branch or a bucket to which several machines write: lines in
// another order, twice, or cut by a power loss are all normal. What cannot be read is
// counted, never guessed.
package history
