// Package page writes a comparison of nights for people: for a terminal, as Markdown, as
// HTML that works offline, and as JUnit.
package page
