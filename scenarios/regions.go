package scenarios

import (
	"fmt"

	"go.yaml.in/yaml/v4"
	"hlsload/player/audience"
	"hlsload/player/units"
	"hlsload/rig"
)

var regionKey = key{example: "{name: eu, share: 70%, pops: 3, network: home}", keys: []key{
	{name: "name", form: ofName, required: true, example: "eu", doc: "name in the plan"},
	{name: "share", form: ofShare, without: "an equal part of what the others leave", example: "70%", doc: "share of the players"},
	{name: "pops", form: ofInteger, least: 1, most: rig.MaxPops, without: "all regions share all POPs", example: "3", doc: "POPs of its own, in all regions or in none; their sum is target.rig.edge.pops, and sets it where it is not given; not at a URL, whose POPs are the CDN's"},
	regionNetworkKey(),
}}

// regionNetworkKey is the link of a region's viewers.
func regionNetworkKey() key {
	k := networkKey
	k.def, k.without = "", "that of the cohort"
	k.doc = "the access network of its viewers, in place of that of their cohort: as there"
	return k
}

// regions reads the regions of a fleet. Those with POPs of their own have all POPs of the
// embedded channel.
func (d *decoder) regions(v, targetAt value, sc *Scenario) {
	items := v.list()
	if n := len(items); v.given() && v.n.Kind == yaml.SequenceNode && (n == 0 || n > audience.MaxRegions) {
		v.problem("bad regions (got %d; want 1 to %d, or leave the key out)", n, audience.MaxRegions)
		return
	}
	if len(items) == 0 {
		return
	}
	regions := make([]audience.Region, len(items))
	shares := make([]*float64, len(items))
	names := map[string]bool{}
	before := len(d.problems)
	for i, item := range items {
		regions[i] = d.region(item, sc)
		shares[i] = &regions[i].Share
		if name := regions[i].Name; name != "" && names[name] {
			nameValue(item).wrong("duplicate name", "a unique name")
		}
		names[regions[i].Name] = true
	}
	d.shares(v, "regions", shares)
	if len(d.problems) == before && d.regionPops(v, targetAt, regions, sc.Target.Rig) {
		sc.Fleet.Audience.Regions = regions
	}
}

// regionPops checks the POPs of regions against those of the channel, or sets these; false =
// there is a problem.
func (d *decoder) regionPops(v, targetAt value, regions []audience.Region, c *rig.Config) bool {
	pops, with := 0, 0
	for i := range regions {
		if pops += regions[i].Pops; regions[i].Pops > 0 {
			with++
		}
	}
	if with == 0 {
		return true
	}
	edgeAt, given := targetAt.below("rig.edge.pops")
	switch {
	case with < len(regions):
		v.problem("only some regions have POPs (got pops in %d of %d; want them in all, or in none)", with, len(regions))
	case pops > rig.MaxPops:
		v.problem("too many POPs (got %d in all regions; want at most %d)", pops, rig.MaxPops)
	case !given || !edgeAt.given():
		c.Edge.Pops = pops
		return true
	case d.bad[edgeAt.n] || pops == c.Edge.Pops:
		return true
	default:
		v.problem("the POPs of the regions do not add up (got %d; want %d as in target.rig.edge.pops, or no number there)", pops, c.Edge.Pops)
	}
	return false
}

// region decodes one item. Its share is 0 when it is not given.
func (d *decoder) region(v value, sc *Scenario) audience.Region {
	s, ok := v.section()
	if !ok {
		return audience.Region{Share: unreadable}
	}
	var r audience.Region
	nameAt := s.at("name")
	if r.Name = nameAt.name(""); !nameAt.given() {
		v.problem("name is missing (want a name for every region)")
	} else if r.Name != "" {
		d.rename(s, v, r.Name)
	}
	shareAt, popsAt, networkAt := s.at("share"), s.at("pops"), s.at("network")
	if r.Share = shareAt.share(0); shareAt.given() && r.Share == 0 {
		r.Share = unreadable
	}
	if r.Pops = popsAt.count(0); popsAt.given() && sc.Target.Rig == nil {
		popsAt.problem("the POPs of a URL are those of its CDN, which chooses them (got pops; want none)")
	}
	if networkAt.given() {
		on := d.network(networkAt)
		r.Network = &on
	}
	s.done()
	return r
}

// describeRegions lists the regions in words.
func describeRegions(regions []audience.Region) (lines []string) {
	first := 0
	for i := range regions {
		r := &regions[i]
		s := fmt.Sprintf("%s: %s", r.Name, units.FormatShare(r.Share))
		switch r.Pops {
		case 0:
		case 1:
			s += fmt.Sprintf(", POP %d", first)
		default:
			s += fmt.Sprintf(", POPs %d to %d", first, first+r.Pops-1)
		}
		first += r.Pops
		if r.Network != nil {
			s += ", on " + describeNetwork(r.Network) + " in place of the cohort's link"
		}
		lines = append(lines, s)
	}
	return lines
}
