// Package reports is the result of a run: the [Summary], its verdict, and
// summary.json. Every report for people is a function of a summary alone.
//
// The packages below it, each of which imports only those above it:
//
//	figure     how numbers are written for people
//	reports    the summary, the verdict, summary.json
//	expect     the language of expectations and what its metrics mean
//	traffic    the load on the CDN and the origin over time
//	record     takes what players do, and what faults did to them
//	monitor    what a provider's own monitoring noticed
//	measure    turns a record into a summary
//	accesslog  reads access logs and joins them to a summary
//	page       text, HTML, Markdown and JUnit
//
// cdn, beside them, is the vocabulary for what a CDN's answer says.
package reports
