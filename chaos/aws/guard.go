package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// Partition is the part of AWS that a region belongs to, as ARNs name it.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// Denied is the tag that keeps every run away from a resource.
const Denied = "hlsload=deny"

// CheckTags compares the tags of a resource with those that it must carry.
func CheckTags(what string, got map[string]string, want []chaos.Tag) []Finding {
	var found []Finding
	if got["hlsload"] == "deny" {
		found = append(found, Finding{Refuses: true, Text: fmt.Sprintf("%s must not be touched (it carries the tag %s)", what, Denied)})
	}
	for _, t := range want {
		if value, ok := got[t.Key]; !ok {
			found = append(found, Finding{Refuses: true, Text: fmt.Sprintf("%s does not carry a required tag (got no tag %s; want %s=%s)", what, t.Key, t.Key, t.Value)})
		} else if value != t.Value {
			found = append(found, Finding{Refuses: true, Text: fmt.Sprintf("%s does not carry a required tag (got %s=%s; want %s=%s)", what, t.Key, value, t.Key, t.Value)})
		}
	}
	return found
}

// Guards asks every driver whether its targets may be touched, and refuses those
// at which another run is at work, or has left something. The error is about
// looking; what was found is another matter.
func Guards(ctx context.Context, drivers []Driver, now time.Time) ([]Finding, error) {
	return ask(drivers, func(d Driver) ([]Finding, error) {
		found, err := d.Guard(ctx)
		if err != nil {
			return nil, err
		}
		left, err := d.Leftovers(ctx)
		for _, l := range left {
			if !l.Lock || l.Expires.After(now) { // an old lock does no harm
				found = append(found, Finding{Refuses: true, Text: busy(d.Target(), l.What)})
			}
		}
		return found, err
	})
}

// busy says that another run is at work at a target, and what shows it.
func busy(what, got string) string {
	return fmt.Sprintf("%s: another run is at work here, or left something (got %s; want it gone: hlsload undo its journal, or hlsload sweep)", what, got)
}

// Well makes sure that every target is healthy.
func Well(ctx context.Context, drivers []Driver) error {
	for _, d := range working(drivers) {
		if e, ok := d.(Examiner); ok {
			if err := e.Well(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Leftovers asks every driver for what earlier runs have left.
func Leftovers(ctx context.Context, drivers []Driver) ([]Leftover, error) {
	return ask(drivers, func(d Driver) ([]Leftover, error) { return d.Leftovers(ctx) })
}

// working are the drivers that have a target.
func working(drivers []Driver) []Driver {
	return slices.DeleteFunc(slices.Clone(drivers), func(d Driver) bool { return d.Target() == "" })
}

// ask collects the answers of all drivers that have a target, though some fail.
func ask[T any](drivers []Driver, one func(Driver) ([]T, error)) (all []T, err error) {
	var problems []error
	for _, d := range working(drivers) {
		found, err := one(d)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", d.Service(), err))
		}
		all = append(all, found...)
	}
	return all, errors.Join(problems...)
}
