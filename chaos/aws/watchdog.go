package aws

import (
	"fmt"
	"slices"
	"strings"
	"time"

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

// rescuable is a change that a single call undoes, as far as it matters: marks
// may stay.
type rescuable interface {
	Change
	Rescue() Rescue
}

// guardian is a driver that has AWS make a rescue.
type guardian interface {
	Driver
	// Watchdog returns a change that is made before c and undone after it; n
	// tells those of one occurrence apart. Nil = there are no watchdogs.
	Watchdog(o *Order, c Change, n int) Change
}

// keeper is a watchdog: it stays until what it watches is undone.
type keeper interface {
	Keeps()
	// Fits reports whether its call still puts back what is there now, once what
	// it watches has been read again.
	Fits() error
}

func keeps(c Change) bool {
	_, ok := c.(keeper)
	return ok
}

// step is a change with its driver.
type step struct {
	driver  Driver
	change  Change
	guarded bool // a watchdog stands before it
}

// steps are the changes of an occurrence in the order in which they are made:
// each that stays until it is undone after its watchdog.
func steps(drivers []Driver, o *Order) []step {
	var all []step
	for _, d := range drivers {
		for _, c := range d.Changes(o) {
			s := step{driver: d, change: c}
			if _, ok := c.(rescuable); ok {
				for _, g := range drivers {
					g, ok := g.(guardian)
					if !ok {
						continue
					}
					if w := g.Watchdog(o, c, len(all)); w != nil {
						all = append(all, step{driver: g, change: w})
						s.guarded = true
					}
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// sticky begins what is said of a change that stays until this tool undoes it.
const sticky = "STICKY: "

// ends says how a change ends when it is not undone.
func (s *step) ends() string {
	switch e := s.change.(type) {
	case keeper:
		return "a schedule that runs once when its time comes, and is gone then"
	case interface{ Expiry() time.Time }:
		return fmt.Sprintf("ends by itself %v after its window, whatever becomes of this tool", chaos.AWSMargin)
	case interface{ Ends() string }:
		return e.Ends()
	}
	if s.guarded {
		return fmt.Sprintf("a watchdog undoes it about %v after its window, whatever becomes of this tool", chaos.AWSMargin)
	}
	return sticky + "stays until it is undone, and nothing but this tool does that"
}

// Sticky are the names of the faults that stay until this tool undoes them.
func Sticky(drivers []Driver, faults []chaos.Fault) (names []string) {
	for i := range faults {
		f := &faults[i]
		if f.Via != chaos.ViaAWS || f.Occurrence > 1 {
			continue
		}
		all := steps(drivers, &Order{Fault: f, Run: anyRun})
		if slices.ContainsFunc(all, func(s step) bool { return strings.HasPrefix(s.ends(), sticky) }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// rescues are the calls that watchdogs must be allowed to make.
func rescues(all []step) (needs []Call) {
	for _, s := range all {
		if r, ok := s.change.(rescuable); ok && s.guarded {
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
