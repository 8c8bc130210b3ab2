package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// CheckTags holds the tags of a resource against those that it must carry.
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

// Guards asks every driver whether its targets may be touched. The error is
// about looking; what was found is another matter.
func Guards(ctx context.Context, drivers []Driver) ([]Finding, error) {
	return ask(drivers, func(d Driver) ([]Finding, error) { return d.Guard(ctx) })
}

// Leftovers asks every driver for what earlier runs have left.
func Leftovers(ctx context.Context, drivers []Driver) ([]Leftover, error) {
	return ask(drivers, func(d Driver) ([]Leftover, error) { return d.Leftovers(ctx) })
}

// ask collects the answers of all drivers, though some fail.
func ask[T any](drivers []Driver, one func(Driver) ([]T, error)) (all []T, err error) {
	var problems []error
	for _, d := range drivers {
		found, err := one(d)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", d.Service(), err))
		}
		all = append(all, found...)
	}
	return all, errors.Join(problems...)
}
