// Package issuer runs a program that issues the tokens of sessions.
//
// Start with [Start]. The program runs as long as the fleet does. For each session
// it gets a line of JSON on its standard input, a [ticket.Ask], and answers with a
// line of JSON on its standard output, a [ticket.Ticket]; it gets the next line
// when it has answered. A program that takes too long for a line, or writes a line
// that is too long, is killed with its process group, and no session gets a token any
// more.
//
// What a token is and where it goes is not known here; package ticket knows.
package issuer
