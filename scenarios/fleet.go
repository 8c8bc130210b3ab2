package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/units"
)

// Fleet is the players of a run.
type Fleet struct {
	Audience audience.Config
	Profiles []*player.Profile // by cohort
	// Body is whether segments are read in full, or requested with HEAD.
	Body string // full | none
	// CMCD is how players send their state to the CDN (CTA-5004).
	CMCD string // off | header | query
}

// The defaults of a cohort.
const (
	defaultCohort  = "viewers"
	defaultProfile = "hlsjs-1.7"
	defaultNetwork = "home"
)

// Bounds of a fleet.
const (
	maxDuration = chaos.MaxWindow
	maxCohorts  = 64
)

var fleetKey = key{name: "fleet", without: "1000 players", example: "{players: 1000}", doc: "the players", keys: []key{
	{name: "players", form: ofCount, least: 1, most: audience.MaxPlayers, without: "1000, or the peak of the stages or curve", example: "500", doc: "players at one time"},
	arriveKey,
	{name: "session", without: "players stay", example: "{mean: 10m, after_fatal: gone}", doc: "how long players stay", keys: []key{
		{name: "mean", form: ofDuration, def: "0s", example: "10m", doc: "mean of the exponential length of sessions, at least 1s, each replaced by a new arrival when it ends; 0s = players stay"},
		{name: "after_fatal", form: ofWord, word: []string{"gone"}, def: "gone", example: "{rejoin: 5s}", doc: "what a viewer does after a fatal error", keys: []key{
			{name: "rejoin", form: ofDuration, most: int64(time.Hour), required: true, example: "5s", doc: "time until the viewer joins again, as a new session"},
		}},
	}},
	{name: "body", form: ofWord, word: []string{"full", "none"}, def: "full", example: "none", doc: "read segments in full, or request them with HEAD: the load of requests without the bandwidth"},
	{name: "cmcd", form: ofWord, word: []string{"off", "header", "query"}, def: "off", example: "header", doc: "send the state of players to the CDN (CTA-5004)"},
	{name: "cohorts", items: &cohortKey, without: "one cohort, viewers", example: "[{name: web, share: 60%, profile: hlsjs-1.7, network: home}, {name: tv, share: 40%}]", doc: "groups of viewers with one profile and one kind of link, at most 64; the shares add up to 100%"},
	{name: "regions", items: &regionKey, without: "one for all", example: "[{name: eu, share: 70%, pops: 3, network: home}, {name: in, share: 30%, pops: 1, network: mobile-4g}]", doc: "groups of viewers with POPs of their own, an access network, or both, at most 64; the shares add up to 100%"},
}}

var cohortKey = key{example: "{name: web, share: 60%, profile: hlsjs-1.7, network: home}", keys: []key{
	{name: "name", form: ofName, without: "viewers, for a single cohort", example: "web", doc: "name in results and in the label cohort"},
	{name: "share", form: ofShare, without: "an equal part of what the others leave", example: "60%", doc: "share of the players"},
	profileKey,
	networkKey,
	{name: "faults", form: ofWord, word: []string{"all", "none"}, def: "all", example: "none", doc: "with none, the cohort watches an undisturbed twin of the channel, for comparison"},
}}

func (d *decoder) fleet(v, targetAt value, sc *Scenario) {
	f := &sc.Fleet
	s, ok := v.section()
	if !ok {
		s = &section{value: value{d: d, path: v.path, key: v.key}}
	}
	playersAt := s.at("players")
	f.Audience.Players = playersAt.count(1000)
	d.arrive(s.at("arrive"), playersAt, &f.Audience, sc.Duration)
	f.Audience.Session = d.session(s.at("session"))
	f.Audience.Entry = sc.Target.Entry
	f.Body = s.at("body").choice("full")
	f.CMCD = s.at("cmcd").choice("off")
	d.cohorts(s.at("cohorts"), f)
	d.regions(s.at("regions"), targetAt, sc)
	d.enough(playersAt, s.at("cohorts"), &f.Audience)
	s.done()
	if len(d.problems) == 0 {
		if err := f.Audience.Validate(); err != nil { // what it wants was checked key by key
			s.problem("%v", err)
		}
	}
}

// enough checks that there is a player for each cohort: a cohort without one measures
// nothing.
func (d *decoder) enough(playersAt, cohortsAt value, a *audience.Config) {
	n, cohorts := a.Arrivals(), len(a.Cohorts)
	switch want := fmt.Sprintf("at least %d, one for each cohort", cohorts); {
	case n == 0 || n >= cohorts: // none at all is another problem
	case playersAt.given():
		playersAt.wrong(fmt.Sprintf("too few players for %d cohorts", cohorts), want)
	default:
		cohortsAt.problem("more cohorts than players (got %d cohorts for %d players; want %s)", cohorts, n, want)
	}
}

func (d *decoder) session(v value) audience.Session {
	var out audience.Session
	s, ok := v.section()
	if !ok {
		return out
	}
	mean := s.at("mean")
	out.Mean = mean.duration(0)
	if out.Mean != 0 && out.Mean < time.Second {
		mean.wrong("out of range", "0s for players that stay, or at least 1s")
	}
	after := s.at("after_fatal")
	s.done()
	switch {
	case !after.given() || after.n.Kind == yaml.ScalarNode && after.n.Value == "gone":
	case after.n.Kind == yaml.MappingNode:
		r, _ := after.section()
		at := r.at("rejoin")
		r.done()
		if !at.given() {
			after.problem("rejoin is missing (want gone or {rejoin: 5s})")
		}
		out.Rejoin, out.RejoinAfter = true, at.duration(0)
	default:
		after.wrong("unknown value", "gone or {rejoin: 5s}")
	}
	return out
}

func (d *decoder) cohorts(v value, f *Fleet) {
	items := v.list()
	if len(items) > maxCohorts {
		v.problem("too many cohorts (got %d; want at most %d)", len(items), maxCohorts)
		return
	}
	if len(items) == 0 {
		if v.given() && v.n.Kind == yaml.SequenceNode {
			v.problem("no cohorts (got an empty list; want at least one, or leave the key out)")
		}
		p := d.profile(value{d: d, key: cohortKey.find("profile")})
		f.Profiles = []*player.Profile{p}
		f.Audience.Cohorts = []audience.Cohort{{Name: defaultCohort, Share: 1, Profile: p.ID, Network: d.network(value{d: d, key: cohortKey.find("network")})}}
		return
	}
	names := map[string]bool{}
	for _, item := range items {
		c, p := d.cohort(item, len(items) == 1)
		if c.Name != "" && names[c.Name] {
			nameValue(item).wrong("duplicate name", "a unique name")
		}
		names[c.Name] = true
		f.Audience.Cohorts = append(f.Audience.Cohorts, c)
		f.Profiles = append(f.Profiles, p)
	}
	shares := make([]*float64, len(f.Audience.Cohorts))
	for i := range shares {
		shares[i] = &f.Audience.Cohorts[i].Share
	}
	d.shares(v, "cohorts", shares)
	d.tellApart(items, f)
}

// tellApart gives changed profiles a unique id where another cohort uses the id
// for a different profile: results are kept by id.
func (d *decoder) tellApart(items []value, f *Fleet) {
	for i, p := range f.Profiles {
		if p == nil || !slices.ContainsFunc(f.Profiles, func(o *player.Profile) bool {
			return o != nil && o.ID == p.ID && !reflect.DeepEqual(o, p)
		}) {
			continue
		}
		at, changed := items[i].below("profile")
		if id, given := at.below("id"); given {
			id.wrong("id is that of another profile in the fleet", "a unique id")
		} else if changed && at.n.Kind == yaml.ScalarNode && isProfileFile(at.n.Value) {
			at.problem("id %s of this profile is that of another profile in the fleet (want a unique id)", p.ID)
		} else if changed && at.n.Kind == yaml.MappingNode && len(at.n.Content) > 2 {
			defer func() { // when all have been compared
				p.ID += "+" + f.Audience.Cohorts[i].Name
				f.Audience.Cohorts[i].Profile = p.ID
			}()
		}
	}
}

// shares divides the remaining share among the parts without one, and makes the sum
// exactly 1.
func (d *decoder) shares(v value, parts string, shares []*float64) {
	sum, silent := 0.0, 0
	for _, share := range shares {
		switch *share {
		case unreadable:
			return // the sum means nothing
		case 0:
			silent++
		default:
			sum += *share
		}
	}
	switch {
	case silent > 0 && sum < 0.9985:
		for _, share := range shares {
			if *share == 0 {
				*share = (1 - sum) / float64(silent)
			}
		}
	case silent > 0:
		v.problem("no share is left for the %s without one (got %s in the others; want less than 100%%)", parts, units.FormatShare(sum))
	case !addsUp(sum):
		v.problem("shares do not add up (got %s; want 100%%)", units.FormatShare(sum))
	default:
		for _, share := range shares {
			*share /= sum
		}
	}
}

const unreadable = -1

// cohort decodes one item. Its share is 0 when it is not given.
func (d *decoder) cohort(v value, only bool) (audience.Cohort, *player.Profile) {
	s, ok := v.section()
	if !ok {
		return audience.Cohort{Share: unreadable}, nil
	}
	var c audience.Cohort
	nameAt := s.at("name")
	switch c.Name = nameAt.name(""); {
	case c.Name == "all":
		nameAt.wrong("reserved for the whole fleet", "another name")
	case nameAt.given():
	case only:
		c.Name = defaultCohort
	default:
		v.problem("name is missing (want a name for every cohort)")
	}
	if nameAt.given() && c.Name != "" {
		d.rename(s, v, c.Name)
	}
	shareAt := s.at("share")
	if c.Share = shareAt.share(0); shareAt.given() && c.Share == 0 {
		c.Share = unreadable
	}
	p := d.profile(s.at("profile"))
	if p != nil {
		c.Profile = p.ID
	}
	c.Network = d.network(s.at("network"))
	c.FaultsNone = s.at("faults").choice("all") == "none"
	s.done()
	return c, p
}

// rename puts the name of a list item into the paths of its keys.
func (d *decoder) rename(s *section, v value, name string) {
	for i := range s.entries {
		e := &s.entries[i]
		e.val.path = join(parent(v.path)+"."+name, e.key.Value)
	}
	s.path = parent(v.path) + "." + name
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return path
}

// nameValue is the name of a list item, or the item when it has none.
func nameValue(v value) value {
	if i := mappingIndex(v.n, "name"); i >= 0 {
		return value{d: v.d, n: v.n.Content[i], path: parent(v.path) + "." + v.n.Content[i].Value + ".name"}
	}
	return v
}
