// Package expect is the language of expectations and stop conditions: [Parse]
// reads one, [Metrics] describes what can be asked for, and [Expectation.Result]
// compares what was measured. How a metric is measured is up to package measure.
package expect
