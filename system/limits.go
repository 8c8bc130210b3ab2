package system

import (
	"runtime"
	"slices"
)

// A Limit is something that the program cannot do on a system, or does less well.
type Limit struct {
	Systems []string // as GOOS
	What    string   // is missing
	Instead string   // what happens, and what to do
}

const onMac, onWindows = "darwin", "windows"

// limits of the systems that are not Linux.
var limits = []Limit{
	{[]string{onMac, onWindows}, "tests on this system",
		"it is compiled in every CI run, and never run there; figures are measured on Linux"},
	{[]string{onMac, onWindows}, "free memory before a run",
		"`run` does not check whether the memory is enough for the players; 5,000 of them take some 300 MB"},
	{[]string{onMac, onWindows}, "the range of local ports",
		"`run` counts with 16,384, which is the usual one"},
	{[]string{onMac, onWindows}, "more local addresses than 127.0.0.1",
		"`run` of the embedded channel refuses more players than the ports of one address suffice for, some 6,500"},
	{[]string{onMac, onWindows}, "bodies that are thrown away in the kernel",
		"they are copied to the program first: more CPU a byte"},
	{[]string{onMac, onWindows}, "large pages",
		"simulations of 100,000 players and more take somewhat longer"},
	{[]string{onWindows}, "file modes",
		"journals, keys and join strings are as readable as the folder that they are in: keep them in a folder of your own"},
	{[]string{onWindows}, "groups of processes",
		"a program of a `command` fault, of tokens or of `--on-finish` that must be killed is killed with `taskkill /T`; what it started and left behind goes on"},
	{[]string{onWindows}, "scripts as programs",
		"`start: [./stop.sh]` cannot be started; write `start: [powershell, -File, stop.ps1]`"},
	{[]string{onWindows}, "SIGHUP and SIGUSR1",
		"Ctrl-C and Ctrl-Break end a run in order, and a second Ctrl-C sends the players away at once; a closed window or a shutdown leaves it some 5 s, after which `hlsload undo` puts back what is left"},
	{[]string{onWindows}, "a sync of folders",
		"after a loss of power the journal may be gone, though not half written"},
}

// Limits are those of a system; "" = of this one.
func Limits(goos string) []Limit {
	if goos == "" {
		goos = runtime.GOOS
	}
	var of []Limit
	for _, l := range limits {
		if slices.Contains(l.Systems, goos) {
			of = append(of, l)
		}
	}
	return of
}
