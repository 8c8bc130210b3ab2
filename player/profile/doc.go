// Package profile describes how a player behaves, as data.
//
// A [Profile] is a table of parameters and error ladders that the engine in
// hlsload/player interprets. The profiles that ship are embedded YAML files,
// one a player and version: start with [Names] and [Load]. A scenario changes
// single values of one with [Override].
//
// The package says nothing about how the values are used; each field's comment
// states its unit and range, and the engine is its meaning.
package profile
