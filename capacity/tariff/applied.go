package tariff

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is where Service Quotas has a quota.
type Entry struct {
	Service string // its code; "" = no list of Service Quotas is known to have the quota
	Code    string // of the quota, which is looked for first; "" = not known
	Name    string // of the quota, in any case
	Unit    string // of a value to which Service Quotas gives none
}

var (
	serviceCode = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)
	quotaCode   = regexp.MustCompile(`^L-[0-9A-F]{8}$`)
)

// fields are the keys of it, all of them optional.
func (e *Entry) fields() []field {
	matching := func(to *string, form *regexp.Regexp) func(string) bool {
		return func(s string) bool {
			*to = s
			return form.MatchString(s)
		}
	}
	return []field{
		{"aws_service", "the code of a service, such as cloudfront", false, matching(&e.Service, serviceCode)},
		{"aws_code", "the code of a quota, such as L-0F1E9017", false, matching(&e.Code, quotaCode)},
		{"aws_name", "the name of a quota", false, plain(&e.Name)},
		{"aws_unit", "a unit of Service Quotas, such as Gigabits/Second", false, plain(&e.Unit)},
	}
}

// Applied is a value that Service Quotas lists for an account. None of it is checked.
type Applied struct {
	Service, Code, Name string
	Value               float64 // NaN = there is none
	Unit                string
	Period              time.Duration // that a rate is for; 0 = not said, less = not understood
	Failed              string        // why there is no value; "" = there is one
}

// Reading is what Service Quotas lists for an account.
type Reading struct {
	Account string
	Seen    time.Time
	Regions map[string]string // by service: where it was read
	Server  string            // that answered instead of AWS; "" = it was AWS
	Applied []Applied
}

// String says whose quotas were read, and where.
func (r *Reading) String() string {
	text := "account " + r.Account
	for _, service := range slices.Sorted(maps.Keys(r.Regions)) {
		text += ", " + service + " in " + r.Regions[service]
	}
	if r.Server != "" {
		text += ", at " + r.Server
	}
	return text
}

// where is the account and the region in words.
func (r *Reading) where(service string) string {
	text := "account " + r.Account + " in " + r.Regions[service]
	if r.Server != "" {
		text += ", at " + r.Server
	}
	return text
}

// Services are those that have to be asked for the quotas of these names, in order of their codes.
func (q Quotas) Services(of []string) (codes []string) {
	for _, name := range of {
		if x := q.Find(name); x != nil && x.AWS.Service != "" {
			codes = append(codes, x.AWS.Service)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// Grant puts what Service Quotas lists for an account over the quotas of these names, except over
// those that were granted already: the word of the event file counts. Remarks say of every other one
// why its value stays as it is. q stays as it is, too.
func (q Quotas) Grant(r *Reading, of []string) (out Quotas, remarks []string) {
	out = slices.Clone(q)
	for _, name := range of {
		x := out.Find(name)
		if x == nil {
			continue
		}
		var why string
		a, several := r.find(&x.AWS)
		value, err := 0.0, error(nil)
		if a != nil {
			value, err = x.convert(a)
		}
		switch {
		case x.Granted:
			if a != nil && !several && err == nil && value != x.Value {
				remarks = append(remarks, fmt.Sprintf("quota %s: the event file says %s, Service Quotas of %s says %s; that of the event file is used", name, x.amount(x.Value), r.where(a.Service), x.amount(value)))
			}
			continue
		case x.AWS.Service == "":
			why = "Service Quotas has no such quota, as far as is known"
		case a == nil:
			why = fmt.Sprintf("not found in Service Quotas of %s", r.where(x.AWS.Service))
		case several:
			why = fmt.Sprintf("listed more than once in Service Quotas of %s", r.where(x.AWS.Service))
		case err != nil:
			why = fmt.Sprintf("not understood in Service Quotas of %s: %v", r.where(x.AWS.Service), err)
		}
		if why != "" {
			remarks = append(remarks, "quota "+name+": "+why+"; the default is used")
			x.Note = joined(x.Note, why)
			continue
		}
		note := x.Note
		if unitless(a.Unit) && x.AWS.Unit != "" {
			note = joined(note, "Service Quotas gives the value without a unit; it was read as "+x.AWS.Unit)
		}
		x.Value, x.Granted = value, true
		x.Evidence = Evidence{Source: "granted to " + r.where(x.AWS.Service), Seen: r.Seen.UTC().Truncate(24 * time.Hour), Note: note}
	}
	return out, remarks
}

func joined(note, more string) string {
	if note == "" {
		return more
	}
	return note + "; " + more
}

// find is what is listed of a quota; nil = nothing. several says that there is another one.
func (r *Reading) find(e *Entry) (a *Applied, several bool) {
	for _, same := range []func(*Applied) bool{
		func(a *Applied) bool { return e.Code != "" && a.Code == e.Code },
		func(a *Applied) bool { return e.Name != "" && strings.EqualFold(a.Name, e.Name) },
	} {
		for i := range r.Applied {
			if x := &r.Applied[i]; e.Service != "" && x.Service == e.Service && same(x) {
				if a != nil {
					return a, true
				}
				a = x
			}
		}
		if a != nil {
			return a, false
		}
	}
	return nil, false
}

// scales are the units of Service Quotas that are understood, in the unit of a quota.
var scales = map[Unit]map[string]float64{
	BitsPerSecond: {"bits/second": 1, "kilobits/second": 1e3, "megabits/second": 1e6, "gigabits/second": 1e9, "terabits/second": 1e12},
	PerSecond:     {"none": 1, "count": 1, "count/second": 1},
	Count:         {"none": 1, "count": 1},
}

func unitless(unit string) bool { return unit == "" || strings.EqualFold(unit, "None") }

// convert is a value in the unit of the quota.
func (q *Quota) convert(a *Applied) (float64, error) {
	if a.Failed != "" {
		return 0, fmt.Errorf("AWS could not read it (%q)", clip(a.Failed))
	}
	unit := a.Unit
	if unitless(unit) {
		unit = "None"
		if q.AWS.Unit != "" {
			unit = q.AWS.Unit
		}
	}
	scale, ok := scales[q.Unit][strings.ToLower(unit)]
	if !ok {
		return 0, fmt.Errorf("its unit (got %q; want one for %s)", clip(a.Unit), q.Unit)
	}
	switch {
	case a.Period < 0:
		return 0, errors.New("its period (want a second)")
	case a.Period != 0 && a.Period != time.Second:
		if q.Unit != PerSecond || strings.EqualFold(unit, "Count/Second") {
			return 0, fmt.Errorf("its period (got %v; want a second)", a.Period)
		}
		scale /= a.Period.Seconds()
	}
	value := a.Value * scale
	if !(a.Value > 0 && value <= most) { // NaN is neither
		return 0, fmt.Errorf("its value (got %g; want more than 0, at most %g %s)", a.Value, most, q.Unit)
	}
	return value, nil
}

// amount is a value as a text.
func (q *Quota) amount(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "Tbps"}, {1e9, "Gbps"}, {1e6, "Mbps"}} {
		if q.Unit == BitsPerSecond && v >= u.size {
			return strconv.FormatFloat(v/u.size, 'f', -1, 64) + u.name
		}
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	switch q.Unit {
	case PerSecond:
		return text + "/s"
	case Count:
		return text
	}
	return text + " " + string(q.Unit)
}
