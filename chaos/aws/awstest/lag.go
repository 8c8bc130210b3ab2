package awstest

import (
	"maps"
	"time"
)

// lagging are tags that were changed and do not show it yet.
type lagging []lag

type lag struct {
	tags  map[string]string // as they were
	until time.Time         // they show
}

// change notes what the tags are before they are changed; that shows until then.
func (l *lagging) change(tags map[string]string, until time.Time) {
	*l = append(*l, lag{maps.Clone(tags), until})
}

// of are the tags as they can be read at an instant.
func (l *lagging) of(tags map[string]string, now time.Time) map[string]string {
	for _, one := range *l {
		if one.until.After(now) {
			return one.tags
		}
	}
	return tags
}
