// Package issuer runs a program that issues the tokens of sessions.
//
// Start with [Start]. The program runs as long as the fleet does. For each session
// it gets a line of JSON on its standard input, a [ticket.Ask], and answers with a
// line of JSON on its standard output, a [ticket.Ticket]. It gets the next line after
// it has answered. If the program takes too long for a line, or writes a line that is
// too long, it is killed with its process group, and no further session gets a
// token.
//
// Package ticket decides what a token is and where it goes.
package issuer
