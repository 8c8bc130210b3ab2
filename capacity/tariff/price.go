package tariff

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Price is what a unit of something costs. A price that falls with the volume has a row
// each tier.
type Price struct {
	Name   string
	Region string  // where; [Anywhere] = it does not matter
	Unit   string  // GB, 10k requests, hour, …
	From   float64 // where the tier begins, in units within a month
	Value  float64 // of one unit
	Evidence
}

// Prices are what things cost, in one currency.
type Prices struct {
	Currency string
	Rows     []Price
}

// Anywhere is the region of prices that are the same in all.
const Anywhere = "any"

// Names of prices that the program itself asks for.
const (
	Out   = "cloudfront.out"   // bytes to viewers
	HTTPS = "cloudfront.https" // requests
)

// measure says what a unit is of, and how many it has.
type measure struct {
	of string
	n  float64
}

// priceUnits are the units that bills have. GB are powers of ten here; AWS counts 2^30,
// of which there are 7 % fewer.
var priceUnits = map[string]measure{
	"GB": {"bytes", 1e9}, "10k requests": {"requests", 1e4}, "1k requests": {"requests", 1e3}, "1M requests": {"requests", 1e6},
	"1M lines": {"lines", 1e6}, "path": {"paths", 1}, "hour": {"hours", 1},
}

//go:embed prices.yaml
var priceFile []byte

// ListPrices are AWS's public list prices.
func ListPrices() *Prices {
	p, err := ParsePrices(priceFile)
	if err != nil {
		panic(err) // it is part of the binary, and a test reads it
	}
	return p
}

// ParsePrices reads a list of prices in the form of prices.yaml. The error is a
// [Problems] with everything that is wrong.
func ParsePrices(data []byte) (*Prices, error) {
	var r reader
	var nodes []*yaml.Node // of the rows
	p := new(Prices)
	top := r.document(data)
	if top == nil {
		return nil, r.err()
	}
	r.mapping(top, []field{{"currency", "three capital letters, such as USD", true, func(s string) bool {
		p.Currency = s
		return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}}}, "prices", func(n *yaml.Node) {
		var x Price
		r.mapping(n, append([]field{
			{"name", wantName, true, name(&x.Name)},
			{"region", wantName, true, name(&x.Region)},
			{"unit", oneOf(unitNames()), true, word(&x.Unit, unitNames())},
			{"from", "a number of units in a month, such as 10_000", false, number(&x.From, 0)},
			{"value", "the price of one unit, such as 0.085", true, number(&x.Value, 0)},
		}, x.fields()...), "", nil)
		p.Rows, nodes = append(p.Rows, x), append(nodes, n)
	})
	if len(r.problems) == 0 { // else a row may lack its name
		p.check(&r, nodes)
	}
	return p, r.err()
}

// check looks at rows together.
func (p *Prices) check(r *reader, nodes []*yaml.Node) {
	type place struct{ name, region string }
	unit, begun, tier := map[string]string{}, map[place]bool{}, map[string]bool{}
	for i := range p.Rows {
		x := &p.Rows[i]
		at, key := place{x.Name, x.Region}, fmt.Sprint(x.Name, " ", x.Region, " ", x.From)
		if had := cmp.Or(unit[x.Name], x.Unit); had != x.Unit {
			r.wrong(nodes[i], "%s has two units (got %s; want %s, as above)", x.Name, x.Unit, had)
		}
		if tier[key] {
			r.wrong(nodes[i], "duplicate tier (got %s in %s from %g a second time)", x.Name, x.Region, x.From)
		}
		unit[x.Name], tier[key] = x.Unit, true
		begun[at] = begun[at] || x.From == 0
	}
	for i := range p.Rows {
		x := &p.Rows[i]
		if at := (place{x.Name, x.Region}); !begun[at] {
			r.wrong(nodes[i], "%s in %s has no price of its first unit (want a tier from 0)", x.Name, x.Region)
			begun[at] = true // once is enough
		}
	}
}

func unitNames() (all []string) {
	for u := range priceUnits {
		all = append(all, u)
	}
	slices.Sort(all)
	return all
}

func oneOf(words []string) string { return "one of " + strings.Join(words, ", ") }

// With is the list with the prices of another one in place of those of the same name and
// region. p stays as it is.
func (p *Prices) With(own *Prices) (*Prices, error) {
	if p.Currency != own.Currency {
		return nil, fmt.Errorf("prices in two currencies (got %s; want %s)", own.Currency, p.Currency)
	}
	out := &Prices{Currency: p.Currency}
	for _, x := range p.Rows {
		if !own.has(x.Name, x.Region) {
			out.Rows = append(out.Rows, x)
		}
		for _, y := range own.Rows {
			if y.Name == x.Name && priceUnits[y.Unit].of != priceUnits[x.Unit].of {
				return nil, fmt.Errorf("price %s counts something else (got %s; want %s)", x.Name, y.Unit, x.Unit)
			}
		}
	}
	out.Rows = append(out.Rows, own.Rows...)
	return out, nil
}

func (p *Prices) has(name, region string) bool {
	return slices.ContainsFunc(p.Rows, func(x Price) bool { return x.Name == name && x.Region == region })
}

// Regions are those that have a price of that name, in the order of the rows.
func (p *Prices) Regions(name string) []string {
	return names(p.Rows, func(x *Price) string { return x.Region }, func(x *Price) bool { return x.Name == name })
}

// Tiers are the prices that hold in a region, from the first unit on. Without prices of
// its own, those of anywhere hold; nil = there are none.
func (p *Prices) Tiers(name, region string) []Price {
	if !p.has(name, region) {
		region = Anywhere
	}
	var tiers []Price
	for _, x := range p.Rows {
		if x.Name == name && x.Region == region {
			tiers = append(tiers, x)
		}
	}
	slices.SortFunc(tiers, func(a, b Price) int { return cmp.Compare(a.From, b.From) })
	return tiers
}

// Cost is what so many bytes, requests or hours cost in a region, after others in the same
// month. Where the region is not known, "" or one without such a price, low is the
// cost in the cheapest region and high that in the dearest; else both are the same. What
// has no price costs nothing.
func (p *Prices) Cost(name, region string, quantity, before float64) (low, high float64) {
	if tiers := p.Tiers(name, region); tiers != nil {
		cost := costOf(tiers, quantity, before)
		return cost, cost
	}
	low = math.Inf(1)
	for _, region := range p.Regions(name) {
		cost := costOf(p.Tiers(name, region), quantity, before)
		low, high = min(low, cost), max(high, cost)
	}
	return min(low, high), high
}

// costOf adds up the tiers that the quantity reaches into.
func costOf(tiers []Price, quantity, before float64) (cost float64) {
	begin := max(before, 0)
	end := begin + max(quantity, 0)
	for i, t := range tiers {
		n := priceUnits[t.Unit].n
		from, to := t.From*n, math.Inf(1)
		if i+1 < len(tiers) {
			to = tiers[i+1].From * n
		}
		if used := min(end, to) - max(begin, from); used > 0 {
			cost += used / n * t.Value
		}
	}
	return cost
}

// Seen is the day on which the oldest price was read.
func (p *Prices) Seen() time.Time {
	var oldest time.Time
	for i := range p.Rows {
		if at := p.Rows[i].Seen; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// Old names the prices that were read more than 180 days ago.
func (p *Prices) Old(now time.Time) []string {
	return names(p.Rows, func(x *Price) string { return x.Name }, func(x *Price) bool { return x.Old(now) })
}
