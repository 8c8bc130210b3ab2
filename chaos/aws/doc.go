// Package aws applies faults to a real channel on AWS, in such a way that they
// are always undone.
//
// Start with [Applier], which is a [chaos.Applier], [Undoer], which puts back
// what a journal says was left, and [Plan], which says what would be done. A
// [Driver] is what a service does: it turns an occurrence of a fault into
// [Change]s. A change is data. The journal carries it whole, with what was
// there before, and is on disk before the change is made; the run itself and
// `hlsload undo` undo it by the same code, from the same data.
//
// What keeps a channel safe, in the order in which it comes into play:
// [Guards] refuse targets that are not tagged, not healthy, or in use by
// another run; where AWS can do it, a change ends by itself ([Order.Expires]);
// names carry the run ([Order.Mark]), so that undoing takes away what a run has
// made and nothing else, and [Leftovers] finds what was forgotten.
//
// This package sends no request. The drivers below it do, each with the SDK of
// one service; account puts them together.
package aws
