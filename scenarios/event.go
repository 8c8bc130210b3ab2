package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/capacity/tariff"
	"hlsload/player/units"
)

// Event is a decoded and checked event file: how many will watch when, from where and
// what, what its services allow, and what they cost.
type Event struct {
	Name   string
	File   string // as it was given
	SHA256 string // of the file's bytes, in hex

	Starts   time.Time // zero = not said
	Duration time.Duration
	Margin   float64 // how many times its peak a quota must hold, 1 to 100

	Curve   []EventPoint  // at least one, each later than the one before
	Session time.Duration // mean of the exponential length of sessions; 0 = viewers stay
	Regions []EventRegion // at least one

	// Scenario is what is watched: always the embedded channel. Its number of players and
	// the times of its faults are not those of the event.
	Scenario *Scenario
	Faults   EventFaults
	Edge     EventEdge
	Origin   EventOrigin

	Quotas tariff.Quotas // the list that ships, with what was granted
	Prices *tariff.Prices

	watched Source // of the scenario
}

// EventFaults are when the faults of the scenario come.
type EventFaults struct {
	AtPeak bool          // at the worst minute
	At     time.Duration // after the start of the event, unless at the peak
	Each   bool          // each fault alone; else all of them, with their distances
}

// EventEdge is what the scenario does not say about the caches.
type EventEdge struct {
	RegionalCaches int  // between the POPs and the shield or origin; 0 = none
	Nodes          int  // cache servers of a POP, or of another cache, that ask separately
	PerViewer      bool // the cache key has something of the viewer in it
}

// EventOrigin is what the scenario does not say about the origin.
type EventOrigin struct {
	MediaPackage bool   // else S3
	PrefixesBy   string // all | rendition | pipeline: which objects share a prefix of S3
	Partitions   int    // of each prefix
}

// Bounds of an event.
const (
	MaxViewers      = 100_000_000
	maxEvent        = 7 * 24 * time.Hour
	maxEventPoints  = 1000
	maxEventRegions = 64
	maxEventPops    = 1000
	leastMargin     = 1
	mostMargin      = 100
)

// popsPerCache is how many POPs share a regional cache: CloudFront has some 600 and 13.
const popsPerCache = 46

// regionalCaches are those that CloudFront has.
var regionalCaches = int(tariff.ListQuotas().Find("cloudfront.regional_caches").Value)

// eventKey is a whole event file.
var eventKey = key{example: "{version: 1, event: {name: final, duration: 2h}, audience: {curve: [{at: 0s, viewers: 1M}]}, scenario: pipeline-kill}", keys: []key{
	{name: "version", form: ofInteger, least: 1, most: 1, required: true, example: "1", doc: "version of the format"},
	{name: "event", required: true, example: "{name: final, duration: 2h}", doc: "the event itself", keys: []key{
		{name: "name", form: ofName, required: true, example: "final", doc: "name in every output"},
		{name: "starts", form: ofInstant, without: "not said", example: "2026-12-12T18:00Z", doc: "when it starts; times of this file count from then"},
		{name: "duration", form: ofDuration, least: int64(time.Minute), most: int64(maxEvent), required: true, example: "2h", doc: "how long it lasts: the encoders are paid for this time"},
		{name: "margin", form: ofNumber, def: "1.5", example: "2", doc: "how many times its peak every quota should hold, 1 to 100"},
	}},
	{name: "audience", required: true, example: "{curve: [{at: 0s, viewers: 1M}]}", doc: "the viewers", keys: []key{
		eventCurveKey,
		{name: "session", without: "viewers stay", example: "{mean: 40m}", doc: "how long viewers stay", keys: []key{
			{name: "mean", form: ofDuration, def: "0s", example: "40m", doc: "mean of the exponential length of sessions, at least 1s, each replaced by a new viewer when it ends; 0s = viewers stay"},
		}},
		eventRegionsKey,
	}},
	{name: "scenario", form: ofName, word: Names(), orFile: true, required: true, example: "pipeline-kill", doc: "what is watched: a scenario that ships, or a file, on the embedded channel; ladder, segments, TTLs, shield, players, links and faults are taken from it, its number of players and the times of its faults are not"},
	{name: "faults", without: "each at the peak", example: "{at: peak, each: true}", doc: "when the faults of the scenario come", keys: []key{
		{name: "at", form: ofOffset, least: -int64(maxEvent), most: int64(maxEvent), word: []string{"peak"}, def: "peak", example: "45m", doc: "the worst minute, or a time after the start of the event"},
		{name: "each", form: ofBoolean, def: "true", example: "false", doc: "true: each fault alone; false: all of them, as far apart as in the scenario"},
	}},
	{name: "edge", without: "its defaults", example: "{recs: auto, nodes: 2}", doc: "what the scenario does not say about the caches", keys: []key{
		{name: "recs", form: ofWord, word: cacheWords(), def: "auto", example: "2", doc: "regional edge caches between the POPs and the shield or origin; auto = one for 46 POPs, as CloudFront has them, at least one for each region"},
		{name: "nodes", form: ofInteger, least: 1, most: 64, def: "2", example: "1", doc: "cache servers of a POP or of another cache that ask separately for the same object; what CloudFront has is to be measured"},
		{name: "cache_key", form: ofWord, word: []string{"default", "per_viewer"}, def: "default", example: "per_viewer", doc: "per_viewer: something of the viewer, such as a token or CMCD in the query, is part of the cache key"},
	}},
	{name: "origin", without: "S3, one prefix", example: "{kind: s3, partitions: 1}", doc: "what the scenario does not say about the origin", keys: []key{
		{name: "kind", form: ofWord, word: []string{"s3", "mediapackage"}, def: "s3", example: "mediapackage", doc: "which quotas hold"},
		{name: "prefixes", without: "one", example: "{by: rendition}", doc: "the prefixes of S3", keys: []key{
			{name: "by", form: ofWord, word: []string{"all", "rendition", "pipeline"}, def: "all", example: "rendition", doc: "which objects share a prefix: all of them, those of a rendition, or those of a pipeline"},
		}},
		{name: "partitions", form: ofInteger, least: 1, most: 1000, def: "1", example: "4", doc: "partitions of each prefix; S3 makes more by itself only after 30 to 60 minutes of load"},
	}},
	{name: "quotas", without: "those that AWS gives by default", example: "{cloudfront.bps: 400Gbps}", doc: "quotas that were granted, by name", keys: quotaKeys()},
	{name: "prices", form: ofFile, without: "public list prices", example: "our-prices.yaml", doc: "the name of a file with prices of your own, in the form that docs/event.md shows; they replace those of the same name and region"},
}}

func cacheWords() []string {
	words := []string{"auto"}
	for i := range regionalCaches + 1 {
		words = append(words, strconv.Itoa(i))
	}
	return words
}

// IsEvent reports whether a file is an event rather than a scenario.
func IsEvent(data []byte) bool {
	root := newDecoder(Source{}, eventFile).document(data)
	return root != nil && ofEvent(root) != nil
}

// ofEvent is a key that only events have; nil = there is none.
func ofEvent(root *yaml.Node) *yaml.Node {
	for _, name := range []string{"event", "audience"} {
		if i := mappingIndex(root, name); i >= 0 {
			return root.Content[i-1]
		}
	}
	return nil
}

// LoadEvent decodes and checks an event file and the files that it names. The error is a
// [Problems] with everything that is wrong.
func LoadEvent(src Source) (*Event, error) {
	d := newDecoder(src, eventFile)
	root := d.document(src.Data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	for _, o := range src.Overrides {
		d.override(root, o)
	}
	sum := sha256.Sum256(src.Data)
	e := &Event{File: src.File, SHA256: hex.EncodeToString(sum[:])}
	d.event(value{d: d, n: root, key: &eventKey}, e)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	e.Scenario.references.AddAll(d.references)
	e.Scenario.secrets.AddAll(d.references)
	return e, nil
}

func (d *decoder) event(v value, e *Event) {
	s, ok := v.section()
	if !ok {
		return
	}
	if !v.given() {
		v.problem("%s", d.kind.empty())
		return
	}
	d.version(s, v)
	d.eventItself(s.at("event"), v, e)
	d.eventAudience(s.at("audience"), v, e)
	e.Prices = d.eventPrices(s.at("prices"))
	d.eventPriceRegions(s.at("audience"), e)
	e.Scenario, e.watched = d.eventScenario(s.at("scenario"), v)
	d.eventFaults(s.at("faults"), e)
	d.eventEdge(s.at("edge"), e)
	d.eventOrigin(s.at("origin"), e)
	e.Quotas = d.eventQuotas(s.at("quotas"))
	s.done()
}

func (d *decoder) eventItself(v, whole value, e *Event) {
	s, ok := v.section()
	if !ok {
		return
	}
	if !v.given() {
		whole.problem("event is missing (want event: {name: final, duration: 2h})")
		return
	}
	nameAt, startsAt, durationAt, marginAt := s.at("name"), s.at("starts"), s.at("duration"), s.at("margin")
	s.done()
	if e.Name = nameAt.name(""); !nameAt.given() {
		v.problem("name is missing (want a name such as final)")
	}
	e.Starts = scalar(startsAt, time.Time{}, "not an instant", wantInstant, nil, parseInstant)
	if e.Duration = durationAt.duration(0); !durationAt.given() {
		v.problem("duration is missing (want the length of the event, such as 2h)")
	}
	const def = 1.5
	if e.Margin = marginAt.number(def); e.Margin < leastMargin || e.Margin > mostMargin {
		marginAt.wrong("out of range", "1, for none, to 100")
	}
}

// eventScenario loads the scenario that an event names; nil after a problem.
func (d *decoder) eventScenario(v, whole value) (*Scenario, Source) {
	if !v.given() {
		whole.problem("scenario is missing (want what is watched, such as scenario: pipeline-kill)")
		return nil, Source{}
	}
	src, ok := d.eventScenarioSource(v)
	if !ok {
		return nil, Source{}
	}
	src.Getenv, src.Now = d.src.Getenv, d.src.Now
	sc, err := Load(src)
	var problems Problems
	switch {
	case errors.As(err, &problems):
		d.problems = append(d.problems, problems...)
		return nil, Source{}
	case sc.Target.Rig == nil:
		v.wrong("this scenario watches a URL, which cannot be simulated", "a scenario on the embedded channel, with target.rig")
		return nil, Source{}
	}
	return sc, src
}

// eventScenarioSource finds the scenario as [Open] does: one that ships, a file, or one
// that ships by the name of its file.
func (d *decoder) eventScenarioSource(v value) (Source, bool) {
	name, ok := v.secret()
	if !ok {
		return Source{}, false
	}
	known, read := shippedAs(name.Value), d.src.ReadFile
	ships := slices.Contains(Names(), known)
	if ships && (known == name.Value || read == nil) {
		return fromBinary(known), true
	}
	err := fs.ErrNotExist
	var data []byte
	if read != nil {
		data, err = read(name.Value)
	}
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && ships:
		return fromBinary(known), true
	case errors.Is(err, fs.ErrNotExist):
		v.wrong("no such scenario", "a file, or "+nearOf(baseName(name.Raw), Names()))
		return Source{}, false
	default:
		v.foreign("cannot read the scenario: " + err.Error())
		return Source{}, false
	}
	file := name.Raw
	if !path.IsAbs(file) {
		file = path.Join(path.Dir(d.src.File), file)
	}
	dir := path.Dir(name.Value)
	return Source{File: file, Data: data, ReadFile: func(name string) ([]byte, error) {
		if !path.IsAbs(name) {
			name = path.Join(dir, name)
		}
		return read(name)
	}}, true
}

func (d *decoder) eventFaults(v value, e *Event) {
	e.Faults = EventFaults{AtPeak: true, Each: true}
	s, ok := v.section()
	if !ok {
		return
	}
	at, eachAt := s.at("at"), s.at("each")
	s.done()
	e.Faults.Each = eachAt.boolean(true)
	if !at.given() || at.n.Value == "peak" {
		return
	}
	e.Faults.AtPeak = false
	e.Faults.At = at.offset(0)
	if from, to := e.Span(); len(e.Curve) > 0 && !d.bad[at.n] && (e.Faults.At < from || e.Faults.At >= to) {
		at.wrong("outside of the event", "peak, or a time from "+units.FormatDuration(from)+" to before "+units.FormatDuration(to))
	}
}

func (d *decoder) eventEdge(v value, e *Event) {
	s, ok := v.section()
	if !ok {
		return
	}
	recsAt, nodesAt, keyAt := s.at("recs"), s.at("nodes"), s.at("cache_key")
	s.done()
	if recs := recsAt.choice("auto"); recs == "auto" {
		for _, r := range e.Regions {
			e.Edge.RegionalCaches += (r.Pops + popsPerCache - 1) / popsPerCache
		}
		e.Edge.RegionalCaches = min(e.Edge.RegionalCaches, regionalCaches)
	} else {
		e.Edge.RegionalCaches, _ = strconv.Atoi(recs)
	}
	e.Edge.Nodes = nodesAt.count(2)
	e.Edge.PerViewer = keyAt.choice("default") == "per_viewer"
}

func (d *decoder) eventOrigin(v value, e *Event) {
	s, ok := v.section()
	if !ok {
		return
	}
	kindAt, prefixesAt, partitionsAt := s.at("kind"), s.at("prefixes"), s.at("partitions")
	s.done()
	e.Origin.MediaPackage = kindAt.choice("s3") == "mediapackage"
	e.Origin.PrefixesBy = "all"
	if p, ok := prefixesAt.section(); ok {
		byAt := p.at("by")
		p.done()
		e.Origin.PrefixesBy = byAt.choice("all")
	}
	e.Origin.Partitions = partitionsAt.count(1)
	for _, at := range []value{prefixesAt, partitionsAt} {
		if e.Origin.MediaPackage && at.given() {
			at.problem("applies only to kind: s3 (got mediapackage)")
		}
	}
}
