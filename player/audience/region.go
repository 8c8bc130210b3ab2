package audience

import (
	"errors"
	"fmt"

	"hlsload/player/link"
)

// MaxRegions bounds the regions of an audience.
const MaxRegions = 64

// maxPops bounds the points of presence of all regions: an [Arrival] has a byte for them.
const maxPops = 255

// Region is a part of the audience by where it watches.
type Region struct {
	Name  string
	Share float64
	// Pops is how many points of presence the region has of its own. They are numbered
	// from 0 on in the order of the regions. 0 in every region = all share them all.
	Pops int
	// Network is the link of its viewers, in place of their cohort's; nil = the cohort's.
	Network *link.Config
}

// Link is the link of a viewer.
func (c *Config) Link(a *Arrival) *link.Config {
	if len(c.Regions) > 0 {
		if on := c.Regions[a.Region].Network; on != nil {
			return on
		}
	}
	return &c.Cohorts[a.Cohort].Network
}

// Links are all links that viewers may have.
func (c *Config) Links() (all []*link.Config) {
	own := len(c.Regions) == 0 // some have that of their cohort
	for i := range c.Regions {
		if on := c.Regions[i].Network; on != nil {
			all = append(all, on)
		} else {
			own = true
		}
	}
	for i := range c.Cohorts {
		if own {
			all = append(all, &c.Cohorts[i].Network)
		}
	}
	return all
}

// CohortLink is the link of the viewers of a cohort; false = it depends on their region.
func (c *Config) CohortLink(cohort int) (on *link.Config, same bool) {
	for i := range c.Regions {
		if on := c.Regions[i].Network; on != nil && len(c.Regions) == 1 {
			return on, true
		} else if on != nil {
			return on, false
		}
	}
	return &c.Cohorts[cohort].Network, true
}

// site is the points of presence of a region.
type site struct{ first, pops uint8 }

func (c *Config) sites() (all []site) {
	first := 0
	for i := range c.Regions {
		all = append(all, site{uint8(first), uint8(c.Regions[i].Pops)})
		first += c.Regions[i].Pops
	}
	return all
}

// regionShares are the shares of the regions, in their order.
func (c *Config) regionShares() (shares []float64) {
	for i := range c.Regions {
		shares = append(shares, c.Regions[i].Share)
	}
	return shares
}

// checkRegions reports what is wrong with the regions, joined.
func (c *Config) checkRegions() error {
	if len(c.Regions) == 0 {
		return nil
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if n := len(c.Regions); n > MaxRegions {
		bad("regions: too many (got %d; want at most %d)", n, MaxRegions)
	}
	pops, with := 0, 0
	for i := range c.Regions {
		r := &c.Regions[i]
		if r.Pops < 0 || r.Pops > maxPops {
			bad("region %q: POPs out of range (got %d; want 0 to %d)", r.Name, r.Pops, maxPops)
			continue
		}
		if pops += r.Pops; r.Pops > 0 {
			with++
		}
		if r.Network != nil {
			if err := r.Network.Validate(); err != nil {
				bad("region %q: network: %w", r.Name, err)
			}
		}
	}
	if pops > maxPops {
		bad("regions: too many POPs (got %d in all; want at most %d)", pops, maxPops)
	}
	if with > 0 && with < len(c.Regions) {
		bad("regions: POPs in some regions only (got them in %d of %d; want them in all, or in none)", with, len(c.Regions))
	}
	if err := checkShares(c.regionShares()); err != nil {
		bad("regions: %w", err)
	}
	return errors.Join(errs...)
}
