// Package command applies faults by programs of the user: one is run at the
// start of the window, one at its end. It makes command faults, and every other
// fault that is applied via command.
//
// [Applier] runs them, [Stop] undoes what an interrupted run left. Programs are run as given, without a shell; for one, name
// it: ["sh", "-c", "…"]. What a program leaves running in the background
// stays; what does not end in its time is killed with its process group.
package command
