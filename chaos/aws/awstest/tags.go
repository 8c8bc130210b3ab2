package awstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tagged are the tags of a resource. A change may not show for a while.
type tagged struct {
	Tags map[string]string
	lags []lag
}

type lag struct {
	tags  map[string]string // as they were
	until time.Time         // they show
}

// allowed are the tags of a target that runs may touch.
func allowed() tagged { return tagged{Tags: map[string]string{"hlsload": "allow"}} }

// shown are the tags as they can be read at an instant.
func (t *tagged) shown(now time.Time) map[string]string {
	for _, l := range t.lags {
		if l.until.After(now) {
			return l.tags
		}
	}
	return t.Tags
}

// change adds tags and removes others.
func (t *tagged) change(c *call, add map[string]string, remove []string) {
	t.lags = append(t.lags, lag{maps.Clone(t.Tags), c.now.Add(c.a.Lag)})
	maps.Copy(t.Tags, add)
	for _, key := range remove {
		delete(t.Tags, key)
	}
}

// retag answers a request to add the tags in its body, or to remove those in its
// query.
func (t *tagged) retag(c *call) (any, error) {
	var in struct{ Tags map[string]string }
	if len(c.body) > 0 {
		if err := c.decode(&in); err != nil {
			return nil, err
		}
	}
	t.change(c, in.Tags, c.r.URL.Query()["tagKeys"])
	return nil, nil
}

func tagsXML(tags map[string]string) string {
	var out strings.Builder
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&out, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", escape(k), escape(tags[k]))
	}
	return out.String()
}
