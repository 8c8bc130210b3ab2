// Package nights compares finished runs of one scenario: what got worse, whether that is
// more than chance, and since when. A night is what is kept of a run for that; a history
// is a file of nights, a line each.
//
// Start with [Of] and [Compare]; docs/nightly.md has the statistics and their proof. Student's
// and the hypergeometric distribution come from go-moremath, which benchstat is made with. Its
// rank test is not exact for as many nights as there are, so that [Compare] has its own.
package nights
