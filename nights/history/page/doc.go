// Package page shows the nights of a history to people: index.html, which works offline, and
// a table for a terminal.
package page
