// Package trend says whether a series of values grows: how fast, and whether that is more
// than chance.
//
// The slope is that of Theil and Sen: the median of the slopes between all pairs, which a
// third of the values may miss without moving it. Chance is judged by the test of Mann and
// Kendall, which looks only at how many pairs rise and how many fall, with ties:
//
//	S = Σ sign(xⱼ - xᵢ), i < j      var S = (n(n-1)(2n+5) - Σ t(t-1)(2t+5)) / 18
//
// It takes values for independent, and those of a program or a stream are not. So values are
// first joined to medians of stretches of time ([Medians]), and the variance grows by what
// correlation is left between neighbours among these (Hamed and Rao, A modified Mann-Kendall
// trend test for autocorrelated data, Journal of Hydrology 204, 1998; in the form for values
// that each remember the one before: Yue and Wang, Water Resources Management 18, 2004).
//
// How often it is wrong is measured in the tests, on noise that remembers and on the saw
// teeth of a heap.
package trend
