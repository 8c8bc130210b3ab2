// Package nights compares finished runs of one scenario: what got worse, whether that is
// more than chance, and since when. A night is what is kept of a run for that; a history
// is a file of nights, a line each.
package nights
