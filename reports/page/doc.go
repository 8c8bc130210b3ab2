// Package page writes a summary for people and for CI systems: [WriteText] for a
// terminal, [WriteHTML], [WriteMarkdown] and [WriteJUnit]. [Write] writes all files
// of a run.
package page
