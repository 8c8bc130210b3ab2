package tariff

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// Unit is what a quota counts.
type Unit string

// Units of quotas.
const (
	BitsPerSecond Unit = "bit/s"
	PerSecond     Unit = "1/s"
	Count         Unit = "count"
	Bytes         Unit = "bytes"
	Seconds       Unit = "s"
)

var quotaUnits = []string{string(BitsPerSecond), string(PerSecond), string(Count), string(Bytes), string(Seconds)}

// How a quota can be raised.
const (
	ByRequest = "yes"     // in Service Quotas
	Fixed     = "no"      //
	BySupport = "support" // by a case only, or by itself under load
)

// Quota is a limit of a service.
type Quota struct {
	Name       string
	What       string  // it limits
	Value      float64 // in Unit, more than 0
	Unit       Unit
	Scope      string // what each has the whole of it: a distribution, a region, a prefix
	Adjustable string // yes, no or support
	Granted    bool   // the value is the account's own, by the user's word or by Service Quotas
	AWS        Entry
	Evidence
}

// Quotas are limits by name, each once.
type Quotas []Quota

//go:embed quotas.yaml
var quotaFile []byte

// ListQuotas are the limits that AWS gives an account by default.
func ListQuotas() Quotas {
	q, err := parseQuotas(quotaFile)
	if err != nil {
		panic(err) // it is part of the binary, and a test reads it
	}
	return q
}

// parseQuotas reads a list of quotas. The error is a [Problems] with everything that is
// wrong.
func parseQuotas(data []byte) (Quotas, error) {
	var r reader
	var all Quotas
	top := r.document(data)
	if top == nil {
		return nil, r.err()
	}
	r.mapping(top, nil, "quotas", func(n *yaml.Node) {
		var q Quota
		var unit string
		r.mapping(n, append([]field{
			{"name", wantName, true, name(&q.Name)},
			{"what", "what it limits", true, plain(&q.What)},
			{"value", "a number of more than 0, such as 5500", true, number(&q.Value, 1e-9)},
			{"unit", oneOf(quotaUnits), true, word(&unit, quotaUnits)},
			{"scope", "what each has the whole of it", true, plain(&q.Scope)},
			{"adjustable", "yes, no or support", true, word(&q.Adjustable, []string{ByRequest, Fixed, BySupport})},
		}, append(q.fields(), q.AWS.fields()...)...), "", nil)
		q.Unit = Unit(unit)
		if all.Find(q.Name) != nil {
			r.wrong(n, "duplicate name (got %q)", clip(q.Name))
		}
		all = append(all, q)
	})
	return all, r.err()
}

// Find returns the quota of a name, nil when there is none.
func (q Quotas) Find(name string) *Quota {
	for i := range q {
		if q[i].Name == name {
			return &q[i]
		}
	}
	return nil
}

// With is the list with values that were granted, by name. q stays as it is.
func (q Quotas) With(granted map[string]float64) (Quotas, error) {
	out := slices.Clone(q)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(granted)) {
		value, of := granted[name], out.Find(name)
		switch {
		case of == nil:
			errs = append(errs, fmt.Errorf("no quota of that name (got %q)", clip(name)))
		case !(value > 0 && value <= most):
			errs = append(errs, fmt.Errorf("quota %s: out of range (got %g; want more than 0, at most %g)", name, value, most))
		default:
			of.Value, of.Granted, of.Evidence = value, true, Evidence{Source: "event file"}
		}
	}
	return out, errors.Join(errs...)
}

// Old names the quotas that were read more than 180 days ago.
func (q Quotas) Old(now time.Time) []string {
	return names(q, func(q *Quota) string { return q.Name }, func(q *Quota) bool { return q.Old(now) })
}
