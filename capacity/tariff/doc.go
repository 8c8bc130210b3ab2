// Package tariff has what the services behind a live channel allow ([ListQuotas])
// and what they cost ([ListPrices]): two dated files, a row each figure, with its
// source. Figures change. [Evidence.Old] says which were read too long ago, and
// Unsure marks those that no document of the maker confirms.
//
// Granted quotas go over the list with [Quotas.With], prices of a contract or of
// another CDN, read by [ParsePrices], with [Prices.With].
//
// The package is pure.
package tariff
