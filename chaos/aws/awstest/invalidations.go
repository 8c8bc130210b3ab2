package awstest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// invalidation takes paths out of the caches of a distribution.
type invalidation struct {
	id, reference string
	paths         []string
	done          time.Time
}

// Invalidate takes paths out of the caches as another program would.
func (d *Distribution) Invalidate(paths ...string) {
	d.a.Do(func() { d.invalidate(fmt.Sprintf("by hand %d", len(d.invalidations)), paths, d.a.Now()) })
}

func (d *Distribution) invalidate(reference string, paths []string, now time.Time) *invalidation {
	d.invalidations = append(d.invalidations, invalidation{fmt.Sprintf("I%06d", len(d.invalidations)+1), reference, paths, now.Add(d.a.Delay)})
	return &d.invalidations[len(d.invalidations)-1]
}

func (i *invalidation) status(now time.Time) string {
	if i.done.After(now) {
		return "InProgress"
	}
	return "Completed"
}

func (i *invalidation) text(now time.Time) document {
	var paths strings.Builder
	for _, p := range i.paths {
		fmt.Fprintf(&paths, "<Path>%s</Path>", escape(p))
	}
	return document(fmt.Sprintf("<Invalidation><Id>%s</Id><Status>%s</Status><CreateTime>2026-11-25T12:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>%d</Quantity><Items>%s</Items></Paths><CallerReference>%s</CallerReference></InvalidationBatch></Invalidation>",
		i.id, i.status(now), len(i.paths), paths.String(), escape(i.reference)))
}

// listInvalidations answers with the newest first, a few at a time.
func (d *Distribution) listInvalidations(c *call) (any, error) {
	const page = 3
	from, _ := strconv.Atoi(c.r.URL.Query().Get("Marker"))
	var out strings.Builder
	n := len(d.invalidations)
	to := min(from+page, n)
	for k := from; k < to; k++ {
		i := &d.invalidations[n-1-k]
		fmt.Fprintf(&out, "<InvalidationSummary><Id>%s</Id><CreateTime>2026-11-25T12:00:00Z</CreateTime><Status>%s</Status></InvalidationSummary>", i.id, i.status(c.now))
	}
	next := ""
	if to < n {
		next = fmt.Sprintf("<NextMarker>%d</NextMarker>", to)
	}
	return document(fmt.Sprintf("<InvalidationList><Marker>%d</Marker>%s<MaxItems>100</MaxItems><IsTruncated>%v</IsTruncated><Quantity>%d</Quantity><Items>%s</Items></InvalidationList>", from, next, to < n, to-from, out.String())), nil
}

func (d *Distribution) getInvalidation(c *call) (any, error) {
	for i := range d.invalidations {
		if d.invalidations[i].id == c.at["invalidation"] {
			return d.invalidations[i].text(c.now), nil
		}
	}
	return nil, refuse(http.StatusNotFound, "NoSuchInvalidation", "The specified invalidation does not exist.")
}

func (d *Distribution) createInvalidation(c *call) (any, error) {
	var in struct {
		CallerReference string
		Paths           struct {
			Quantity int
			Items    struct{ Path []string }
		}
	}
	if err := xml.Unmarshal(c.body, &in); err != nil || in.CallerReference == "" || in.Paths.Quantity != len(in.Paths.Items.Path) || in.Paths.Quantity == 0 {
		return nil, refuse(http.StatusBadRequest, "InvalidArgument", "The invalidation is not valid.")
	}
	wildcards := 0
	for _, p := range in.Paths.Items.Path {
		wildcards += strings.Count(p, "*")
	}
	for i := range d.invalidations {
		o := &d.invalidations[i]
		if o.reference == in.CallerReference {
			if !slices.Equal(o.paths, in.Paths.Items.Path) {
				return nil, refuse(http.StatusBadRequest, "InvalidationBatchAlreadyExists", "Your request contains a caller reference that was used for a previous invalidation batch for the same distribution.")
			}
			return o.text(c.now), nil
		}
		if o.done.After(c.now) {
			wildcards += strings.Count(strings.Join(o.paths, " "), "*")
		}
	}
	if wildcards > 15 {
		return nil, refuse(http.StatusBadRequest, "TooManyInvalidationsInProgress", "You have exceeded the maximum number of allowable InProgress invalidation batch requests, or invalidation objects.")
	}
	return d.invalidate(in.CallerReference, in.Paths.Items.Path, c.now).text(c.now), nil
}
