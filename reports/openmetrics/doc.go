// Package openmetrics shows a run as metrics for Prometheus. [Table] has every metric;
// [New] chooses the labels so that a run has at most [Budget] series; an [Exporter] makes
// the metrics of one instant.
//
// Distributions come from the exact histograms of package record when a scrape asks for
// them, as classic and as native histograms. A value may count in the bucket below its own
// when it is less than 1 % above the bound between them.
package openmetrics
