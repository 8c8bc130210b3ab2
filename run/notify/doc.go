// Package notify runs the program that is to hear how a run ended, such as one that writes
// to a chat.
package notify
