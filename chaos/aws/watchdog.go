package aws

import (
	"fmt"
	"slices"

	"hlsload/chaos"
)

// Rescue is a call that undoes a change which does not end by itself. AWS makes
// it at a time, unless the change was undone before.
type Rescue struct {
	// Target is the API action as EventBridge Scheduler names it, as in
	// "lambda:putFunctionConcurrency", and Input its parameters. Both may depend
	// on what was there before the change.
	Target string
	Input  map[string]any
	// Needs are the calls that the role which makes it must be allowed to make.
	Needs []Call
}

func keeps(c Change) bool {
	_, ok := c.(Keeper)
	return ok
}

// step is a change with its driver.
type step struct {
	driver  Driver
	change  Change
	guarded bool   // a watchdog stands before it
	watched Driver // of what this watchdog watches; nil = it is none
}

// steps are the changes of an occurrence in the order in which they are made:
// each that stays until it is undone after its watchdog.
func steps(drivers []Driver, o *Order) []step {
	var all []step
	drivers = working(drivers)
	for _, d := range drivers {
		for _, c := range d.Changes(o) {
			s := step{driver: d, change: c}
			if _, ok := c.(Rescuable); ok {
				for _, g := range drivers {
					g, ok := g.(Guardian)
					if !ok {
						continue
					}
					if w := g.Watchdog(o, c, len(all)); w != nil {
						all = append(all, step{driver: g, change: w, watched: d})
						s.guarded = true
					}
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// sticky reports whether the change stays until this tool undoes it.
func (s *step) sticky() bool { return s.change.About().End.sticky && !s.guarded }

// ends says how a change ends when it is not undone.
func (s *step) ends() string {
	switch end := s.change.About().End; {
	case s.sticky():
		return "STICKY: " + end.how
	case end.sticky:
		return fmt.Sprintf("a watchdog undoes it about %v after its window, even if hlsload has died", chaos.AWSMargin)
	default:
		return end.how
	}
}

// Sticky are the names of the faults that stay until this tool undoes them.
func Sticky(drivers []Driver, faults []chaos.Fault) (names []string) {
	for i := range faults {
		f := &faults[i]
		if f.Via != chaos.ViaAWS || f.Occurrence > 1 {
			continue
		}
		all := steps(drivers, &Order{Fault: f, Run: anyRun})
		if slices.ContainsFunc(all, func(s step) bool { return s.sticky() }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// rescues are the calls that watchdogs must be allowed to make.
func rescues(all []step) (needs []Call) {
	for _, s := range all {
		if r, ok := s.change.(Rescuable); ok && s.guarded {
			for _, c := range r.Rescue().Needs {
				c.When = Undoes
				needs = append(needs, c)
			}
		}
	}
	return needs
}

// watchdogRole is the policy of the role that makes the calls of watchdogs, ""
// when there are none.
func watchdogRole(needs []Call, tags []chaos.Tag) string {
	if len(needs) == 0 {
		return ""
	}
	return policy(needs, tags)
}
