package forecast

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// Price is what a unit of something costs.
type Price struct {
	Name   string  `yaml:"name"`
	Region string  `yaml:"region"`
	Unit   string  `yaml:"unit"`
	From   float64 `yaml:"from"` // where the tier begins, in units within a month
	Value  float64 `yaml:"value"`
	Source string  `yaml:"source"`
	Seen   string  `yaml:"seen"` // date
}

// Prices are public list prices, as they were on a date.
type Prices struct {
	Currency string  `yaml:"currency"`
	Prices   []Price `yaml:"prices"`
}

// Names of prices.
const (
	Out   = "cloudfront.out"   // data transfer out to viewers
	HTTPS = "cloudfront.https" // requests
)

// perUnit is how many bytes or requests a unit has.
var perUnit = map[string]float64{"GB": 1e9, "10k requests": 10_000}

// maxAge is how old a price may be.
const maxAge = 180 * 24 * time.Hour

//go:embed prices.yaml
var list []byte

// ListPrices are the prices that ship.
func ListPrices() *Prices {
	p, err := parsePrices(list)
	if err != nil {
		panic(err) // it is part of the binary, and a test reads it
	}
	return p
}

// parsePrices reads a list of prices. Unknown keys are errors.
func parsePrices(b []byte) (*Prices, error) {
	p := new(Prices)
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("prices: %w", err)
	}
	var errs []error
	if p.Currency == "" {
		errs = append(errs, errors.New("no currency"))
	}
	for i := range p.Prices {
		x := &p.Prices[i]
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("price %d (%s, %s): %s", i+1, x.Name, x.Region, fmt.Sprintf(format, args...)))
		}
		if x.Name == "" || x.Region == "" || x.Source == "" {
			bad("name, region and source are required")
		}
		if perUnit[x.Unit] == 0 {
			bad("unknown unit (got %q; want GB or 10k requests)", x.Unit)
		}
		if !(x.Value >= 0 && x.Value < 1e6 && x.From >= 0 && x.From < 1e15) {
			bad("out of range (got %g from %g)", x.Value, x.From)
		}
		if _, err := time.Parse(time.DateOnly, x.Seen); err != nil {
			bad("not a date (got %q; want one such as 2026-11-29)", x.Seen)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("prices: %w", err)
	}
	return p, nil
}

// Cost is what n bytes or requests cost, in the cheapest region and in the
// dearest. That nothing else was used in the month makes no tier cheaper.
func (p *Prices) Cost(name string, n float64) (low, high float64) {
	low = math.Inf(1)
	regions := map[string][]*Price{}
	for i := range p.Prices {
		if x := &p.Prices[i]; x.Name == name {
			regions[x.Region] = append(regions[x.Region], x)
		}
	}
	for _, tiers := range regions {
		slices.SortFunc(tiers, func(a, b *Price) int { return cmp.Compare(a.From, b.From) })
		cost := 0.0
		for i, t := range tiers {
			to := math.Inf(1)
			if i+1 < len(tiers) {
				to = tiers[i+1].From
			}
			if used := min(n/perUnit[t.Unit], to) - t.From; used > 0 {
				cost += used * t.Value
			}
		}
		low, high = min(low, cost), max(high, cost)
	}
	if len(regions) == 0 {
		low = 0
	}
	return low, high
}

// Seen is the date of the oldest price.
func (p *Prices) Seen() time.Time {
	var oldest time.Time
	for i := range p.Prices {
		if at, err := time.Parse(time.DateOnly, p.Prices[i].Seen); err == nil && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

// Old reports whether a price is older than 180 days.
func (p *Prices) Old(now time.Time) bool { return now.Sub(p.Seen()) > maxAge }
