// Package system is what the program asks of the operating system and what differs
// between Linux, macOS and Windows: groups of processes, locked files, the causes of
// failed connections, and what a process has used. [Limits] lists what a system cannot do.
//
// What only Linux has, and what the program does without elsewhere, stays with its users
// in files that end with _linux.go and _other.go.
package system

import "errors"

// ErrLocked says that another process has locked a file.
var ErrLocked = errors.New("it is locked by another process")
