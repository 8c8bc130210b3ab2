// Package remedy says why players lost playback in a fault, and what helps. What it knows
// is a table: kind of fault, rule of the player, what helps, and where that is known from.
// It says nothing of a combination that is not in the table.
//
// Start with [Explain] and [Rows].
package remedy
