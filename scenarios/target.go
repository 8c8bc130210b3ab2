package scenarios

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/ticket"
	"hlsload/player/units"
	"hlsload/rig"
	"hlsload/rig/media"
)

// Target is the stream that the fleet plays: the embedded channel, or one at a
// URL.
type Target struct {
	Rig *rig.Config // nil: the stream is at URLs

	URLs    []Text   // the multivariant playlist, or that of each pipeline
	Headers []Header // sent to the hosts of the URLs
	// HeadersFor are patterns of hosts that the headers are also for.
	HeadersFor []string
	Sessions   *Sessions // where each session gets a token; nil = sessions have none
	// CA is the certificates, in PEM, of authorities that are trusted besides those of
	// the system.
	CA []byte
	// InsecureSkipVerify skips the check of certificates at local addresses.
	InsecureSkipVerify bool
	Pipelines          []Text // globs on host+path of media playlists, one a pipeline; nil: by redundant pairs

	// Entry is the share of players that open the multivariant playlist of
	// pipeline i; the shares add up to 1.
	Entry []float64

	// Of URLs and Headers, which may have fields.
	urlTemplates    []ticket.Template
	headerTemplates []ticket.HeaderTemplate
	fields          bool // some of them have fields
}

// Header is one header field of requests to the target.
type Header struct {
	Name  string
	Value Text
}

var targetKey = key{name: "target", without: "the embedded channel with its defaults", example: "{rig: {ladder: mini}}", doc: "the stream that the players watch: rig or url", keys: []key{
	rigKey,
	{name: "url", form: ofText, items: &key{form: ofText, example: "https://example.com/live/index.m3u8", doc: "the http or https URL of a multivariant playlist"},
		example: "https://example.com/live/index.m3u8", doc: "the http or https URL of the multivariant playlist, or a list with that of each pipeline"},
	{name: "headers", values: &key{form: ofText, example: `"${TOKEN}"`, doc: "the value of a header"}, without: "none", example: `{X-Token: "${TOKEN}"}`, doc: "header fields of requests to the hosts of the URLs"},
	{name: "headers_for", items: &hostKey, without: "the hosts of the URLs only", example: "[segments.example.com]", doc: "further hosts that get the headers"},
	{name: "pipelines", items: &key{form: ofText, example: `"*/p0/*"`, doc: "a glob on host and path of media playlists"}, without: "the first and the second of each redundant pair",
		example: `["*/p0/*", "*/p1/*"]`, doc: "a glob per pipeline on host and path of its media playlists; * includes /"},
	{name: "entry", form: ofInteger, most: maxPipelines - 1, values: &key{form: ofShare, most: 100, example: "50%", doc: "the share of players"}, def: "0",
		example: "{0: 50%, 1: 50%}", doc: "the pipeline whose multivariant playlist players open, or the share of players for each"},
	sessionsKey,
	{name: "ca_file", form: ofFile, without: "the system's only", example: "staging.pem", doc: "the name of a PEM file with certificates of further authorities"},
	{name: "insecure_skip_verify", form: ofBoolean, def: "false", example: "true", doc: "accept any certificate, at local addresses only"},
}}

// hostKey is an item of a list of hosts.
var hostKey = key{form: ofText, example: `"*.cdn.example.com"`, doc: "the name of a host, or *. with the name of a domain"}

const maxTTL = 10 * 365 * 24 * time.Hour

var rigKey = key{name: "rig", without: "its defaults", example: "{ladder: mini, segment: 2s}", doc: "the embedded channel; every key has a default", keys: []key{
	{name: "ladder", form: ofName, word: slices.Sorted(maps.Keys(rig.Ladders)), def: "hd-720p", example: "[{size: 640x360, rate: 800kbps}]", doc: "the renditions: the name of a ladder, or a list of at most 32",
		items: &key{example: "{size: 640x360, rate: 800kbps}", keys: []key{
			{name: "size", form: ofSize, required: true, example: "640x360", doc: "width and height in pixels"},
			{name: "rate", form: ofRate, required: true, least: 1000, most: media.MaxRate, example: "800kbps", doc: "bit rate of its segments"},
		}}},
	{name: "container", form: ofWord, word: []string{"ts", "fmp4"}, def: "ts", example: "fmp4", doc: "the container of segments"},
	{name: "audio", form: ofWord, word: []string{"muxed", "demuxed"}, def: "muxed", example: "demuxed", doc: "audio in the video's segments, or in a rendition of its own"},
	{name: "segment", form: ofDuration, least: int64(media.Grid), most: int64(rig.MaxSegment), def: "4s", example: "6s", doc: "length of a segment, a multiple of " + media.Grid.String()},
	{name: "window", form: ofInteger, least: 3, most: rig.MaxWindow, def: "10", example: "6", doc: "segments that a playlist lists"},
	{name: "keep", form: ofInteger, least: 3, most: rig.MaxKeep, without: "twice the window and 1", example: "21", doc: "segments that stay at the origin, not fewer than the window"},
	{name: "program_date_time", form: ofBoolean, def: "true", example: "false", doc: "playlists have EXT-X-PROGRAM-DATE-TIME"},
	{name: "pipelines", form: ofInteger, least: 1, most: maxPipelines, def: "2", example: "1", doc: "encoder pipelines; with 1 there is nothing to fail over to"},
	{name: "layout", form: ofWord, word: []string{"interleaved", "blocked"}, def: "interleaved", example: "blocked", doc: "order of redundant variants: a,b,a,b or a,a,b,b"},
	{name: "playlist", form: ofWord, word: []string{rig.Live, rig.Event, rig.VOD}, def: "live", example: "event", doc: "live, an event whose playlist keeps all segments, or a VOD that is complete from the start"},
	{name: "length", form: ofDuration, without: "an event without end; a VOD needs it", example: "10m", doc: "length of an event or VOD, a multiple of the segment"},
	{name: "byte_ranges", form: ofBoolean, def: "false", example: "true", doc: "several segments share a resource (EXT-X-BYTERANGE)"},
	{name: "encryption", form: ofWord, word: []string{"none", "aes-128"}, def: "none", example: "aes-128", doc: "EXT-X-KEY of the segments"},
	{name: "key_rotation", form: ofInteger, most: rig.MaxSegments, def: "0", example: "10", doc: "segments under one key; 0 = one key for all"},
	{name: "iv", form: ofWord, word: []string{"sequence", "explicit"}, def: "sequence", example: "explicit", doc: "initialization vector: the media sequence number, or an attribute"},
	{name: "discontinuity_every", form: ofInteger, most: rig.MaxSegments, def: "0", example: "15", doc: "segments between discontinuities; 0 = none"},
	{name: "gap_every", form: ofInteger, most: rig.MaxSegments, def: "0", example: "20", doc: "one segment of so many, at least 2, is a gap (EXT-X-GAP); 0 = none"},
	{name: "gap_pipeline", form: ofInteger, most: maxPipelines - 1, without: "all pipelines", example: "0", doc: "the pipeline that has the gaps"},
	{name: "start", without: "none", example: "{offset: -20s, precise: true}", doc: "EXT-X-START of all playlists", keys: []key{
		{name: "offset", form: ofOffset, required: true, example: "-20s", doc: "TIME-OFFSET; below 0s it counts from the end"},
		{name: "precise", form: ofBoolean, def: "false", example: "true", doc: "PRECISE"},
	}},
	{name: "origin", without: "its defaults", example: "{stale: aws-sample}", doc: "the object store and the invalidator", keys: []key{
		{name: "stale", form: ofWord, word: []string{"none", "aws-sample", "conditional"}, def: "aws-sample", example: "none", doc: "the stale-playlist invalidator: none, that of the AWS sample, or one that deletes with If-Match"},
		{name: "stale_after", form: ofNumber, def: "1.5", example: "2.5", doc: "target durations without a write until a playlist is deleted, 0.5 to 1000"},
		{name: "missing", form: ofWord, word: []string{"404", "403"}, def: "404", example: "403", doc: "answer to a missing object; S3 answers 403 to those that may not list the bucket"},
		{name: "latency", form: ofDuration, most: int64(time.Minute), def: "15ms", example: "40ms", doc: "time to the first byte"},
		{name: "read_limit", form: ofCount, def: "5500", example: "0", doc: "GET and HEAD per second and prefix; 0 = no limit"},
		{name: "write_limit", form: ofCount, def: "3500", example: "0", doc: "PUT and DELETE per second and prefix; 0 = no limit"},
	}},
	{name: "edge", without: "its defaults", example: "{pops: 4, error_ttl: 1s}", doc: "the caches between viewers and origin", keys: []key{
		{name: "preset", form: ofName, word: slices.Sorted(maps.Keys(edgePresets)), without: "aws-solution", example: "cloudfront-default", doc: "sets error_ttl: 1s as the AWS solution has it, or CloudFront's default of 10s"},
		{name: "pops", form: ofInteger, least: 1, most: rig.MaxPops, def: "4", example: "8", doc: "edges; each viewer uses one of them"},
		{name: "shield", form: ofBoolean, def: "true", example: "false", doc: "one more cache between the edges and the origin"},
		{name: "collapse", form: ofBoolean, def: "true", example: "false", doc: "requests for the same object wait for the one that is on its way"},
		{name: "playlist_ttl", form: ofDuration, most: int64(maxTTL), def: "1s", example: "2s", doc: "Cache-Control max-age of playlists"},
		{name: "segment_ttl", form: ofDuration, most: int64(maxTTL), def: "24h", example: "1h", doc: "Cache-Control max-age of segments"},
		{name: "error_ttl", form: ofDuration, most: int64(maxTTL), def: "1s", example: "10s", doc: "how long an error is cached"},
		{name: "latency", form: ofDuration, most: int64(time.Minute), def: "5ms", example: "20ms", doc: "time to the first byte, for each cache that a request passes"},
		{name: "min_ttl", form: ofDuration, most: int64(maxTTL), def: "0s", example: "1s", doc: "the cache policy's minimum TTL"},
		{name: "default_ttl", form: ofDuration, most: int64(maxTTL), without: "24h", example: "1h", doc: "the cache policy's TTL of objects without Cache-Control"},
		{name: "max_ttl", form: ofDuration, most: int64(maxTTL), without: "1 year", example: "24h", doc: "the cache policy's maximum TTL"},
		{name: "origin_timeout", form: ofDuration, most: int64(10 * time.Minute), without: "30s", example: "5s", doc: "how long a cache waits for the first byte of what is behind it"},
	}},
}}

// Presets of the edge's error TTL: that of the AWS solution, and CloudFront's
// default.
var edgePresets = map[string]time.Duration{
	"aws-solution":       time.Second,
	"cloudfront-default": 10 * time.Second,
}

func (d *decoder) target(v value) Target {
	t := Target{Entry: []float64{1}}
	s, ok := v.section()
	if !ok {
		return t
	}
	rigAt, urlAt, entryAt := s.at("rig"), s.at("url"), s.at("entry")
	headersAt, forAt, globsAt, sessionsAt := s.at("headers"), s.at("headers_for"), s.at("pipelines"), s.at("sessions")
	caAt, skipAt := s.at("ca_file"), s.at("insecure_skip_verify")
	s.done()
	if urlAt.given() && rigAt.n != nil {
		urlAt.problem("a target is either the rig or a URL (got both; want one)")
	}
	if !urlAt.given() {
		c := rig.Default()
		d.rig(rigAt, &c)
		t.Rig = &c
		for _, extra := range []value{headersAt, forAt, globsAt, sessionsAt, caAt, skipAt} {
			if extra.given() {
				extra.problem("applies only to a target with a url (got a rig)")
			}
		}
		d.entry(entryAt, &t, c.Pipelines, "pipelines of the rig")
		return t
	}
	d.urls(urlAt, &t)
	d.headers(headersAt, &t)
	d.trust(caAt, skipAt, &t)
	t.HeadersFor = d.hosts(forAt)
	if forAt.given() && len(t.Headers) == 0 && !headersAt.given() && !sessionsAt.given() {
		forAt.problem("there are no headers to send (want target.headers as well)")
	}
	d.sessions(sessionsAt, &t)
	for _, g := range globsAt.list() {
		if txt, ok := g.secret(); ok {
			if txt.Value == "" {
				g.wrong("empty glob", "a glob such as */p0/*")
			}
			t.Pipelines = append(t.Pipelines, txt)
		}
	}
	if n := len(t.Pipelines); n > maxPipelines {
		globsAt.problem("too many pipelines (got %d; want at most %d)", n, maxPipelines)
	}
	d.entry(entryAt, &t, max(1, len(t.URLs)), "URLs of the target")
	return t
}

// maxPipelines bounds a channel: redundancy here is a pair.
const maxPipelines = 2

func (d *decoder) urls(v value, t *Target) {
	const want = "the http or https URL of a multivariant playlist"
	items := v.list()
	users := map[string]string{} // by scheme and host
	for _, u := range items {
		txt, ok := u.secret()
		if !ok {
			continue
		}
		tmpl, ok := d.template(u, &txt, false)
		if !ok {
			continue
		}
		if !sameHost(&tmpl) {
			u.problem("a field cannot stand in the host (got %s; want fields in the path and the query only)", u.got())
			continue
		}
		p, err := url.Parse(tmpl.Fill(func(string) string { return "field" }))
		if err != nil || p.Scheme != "http" && p.Scheme != "https" || p.Host == "" {
			u.wrong("not a URL", want)
			continue
		}
		if p.User != nil {
			host := strings.ToLower(p.Scheme + "://" + p.Host)
			if other, ok := users[host]; ok && other != p.User.String() {
				u.problem("two users for the same host (want one, or target.headers)")
			}
			users[host] = p.User.String()
		}
		d.templates = append(d.templates, templated{u, tmpl})
		t.urlTemplates = append(t.urlTemplates, tmpl)
		t.URLs = append(t.URLs, txt)
	}
	if v.n.Kind == yaml.SequenceNode && len(items) == 0 {
		v.wrong("no URL", want)
	}
	if len(items) > maxPipelines {
		v.problem("too many URLs (got %d; want one per pipeline, at most %d)", len(items), maxPipelines)
	}
}

func (d *decoder) headers(v value, t *Target) {
	s, ok := v.section()
	if !ok {
		return
	}
	for _, e := range s.entries {
		name := e.key.Value
		if err := credential.Check(name, ""); err != nil {
			value{d: d, n: e.key, path: v.path}.problem("%v", err)
			continue
		}
		if txt, ok := e.val.secret(); ok {
			if err := credential.Check(name, txt.Value); err != nil {
				e.val.problem("%v", err)
				continue
			}
			tmpl, ok := d.template(e.val, &txt, true)
			if !ok {
				continue
			}
			d.templates = append(d.templates, templated{e.val, tmpl})
			t.headerTemplates = append(t.headerTemplates, ticket.HeaderTemplate{Name: name, Value: tmpl})
			t.Headers = append(t.Headers, Header{name, txt})
		}
	}
}

// hosts reads a list of host names, of which each may begin with "*.".
func (d *decoder) hosts(v value) (patterns []string) {
	for _, at := range v.list() {
		if txt, ok := at.secret(); ok {
			if !consent.ValidPattern(txt.Value) {
				at.wrong("not a host name", "one such as segments.example.com, or *.cdn.example.com")
				continue
			}
			patterns = append(patterns, txt.Value)
		}
	}
	return patterns
}

// entry reads a pipeline number, or a mapping of numbers to shares.
func (d *decoder) entry(v value, t *Target, pipelines int, what string) {
	if !v.given() {
		return
	}
	if v.n.Kind != yaml.MappingNode {
		n := v.integer(0)
		if n >= int64(pipelines) {
			v.problem("no such pipeline (got %d; want less than %d, the %s)", n, pipelines, what)
			return
		}
		t.Entry = make([]float64, n+1)
		t.Entry[n] = 1
		return
	}
	s, _ := v.section()
	shares, sum := make([]float64, pipelines), 0.0
	for _, e := range s.entries {
		n, err := strconv.Atoi(e.key.Value)
		if err != nil || n < 0 || n >= pipelines {
			value{d: d, n: e.key, path: v.path}.problem("no such pipeline (got %q; want a number less than %d, the %s)", clip(e.key.Value), pipelines, what)
			return
		}
		shares[n] = e.val.share(0)
		sum += shares[n]
	}
	if !addsUp(sum) {
		v.problem("shares do not add up (got %s; want 100%%)", units.FormatShare(sum))
		return
	}
	t.Entry = shares
	if math.Abs(sum-1) > 1e-9 {
		for i := range shares {
			shares[i] /= sum
		}
	}
}

// addsUp allows for three shares of 33.3%.
func addsUp(sum float64) bool { return sum > 0.9985 && sum < 1.0015 }

func (d *decoder) rig(v value, c *rig.Config) {
	s, ok := v.section()
	if !ok {
		return
	}
	c.Ladder = d.ladder(s.at("ladder"), c.Ladder)
	c.Container = s.at("container").choice(c.Container)
	c.Audio = s.at("audio").choice(c.Audio)
	c.Segment = s.at("segment").duration(c.Segment)
	windowAt, keepAt := s.at("window"), s.at("keep")
	c.Window = windowAt.count(c.Window)
	c.Keep = keepAt.count(2*c.Window + 1) // as the AWS SDK recommends: 21 for 10
	c.ProgramDateTime = s.at("program_date_time").boolean(c.ProgramDateTime)
	c.Pipelines = s.at("pipelines").count(c.Pipelines)
	c.Layout = s.at("layout").choice(c.Layout)
	c.Playlist = s.at("playlist").choice(c.Playlist)
	c.Length = s.at("length").duration(c.Length)
	c.ByteRanges = s.at("byte_ranges").boolean(c.ByteRanges)
	c.Encryption = s.at("encryption").choice(c.Encryption)
	c.KeyRotation = s.at("key_rotation").count(c.KeyRotation)
	c.IV = s.at("iv").choice(c.IV)
	c.DiscontinuityEvery = s.at("discontinuity_every").count(c.DiscontinuityEvery)
	c.GapEvery = s.at("gap_every").count(c.GapEvery)
	c.GapPipeline = s.at("gap_pipeline").count(c.GapPipeline)
	c.Start = d.start(s.at("start"))
	d.origin(s.at("origin"), &c.Origin)
	d.edge(s.at("edge"), &c.Edge)
	s.done()
	if c.Playlist == rig.VOD && windowAt.given() {
		windowAt.problem("applies only to playlist: live and event (got a VOD, which lists everything)")
	}
	if c.Playlist != rig.Live && keepAt.given() {
		keepAt.problem("applies only to playlist: live (got %s, which keeps every segment)", c.Playlist)
	}
	for _, bad := range c.Check() {
		at, ok := v.below(strings.NewReplacer("[", ".", "]", "").Replace(bad.Field))
		if !ok {
			at.problem("%s cannot be used (got %s; want %s)", bad.Field, bad.Got, bad.Want)
			continue
		}
		at.foreign(fmt.Sprintf("cannot be used (got %s; want %s)", bad.Got, bad.Want))
	}
}

func (d *decoder) ladder(v value, def []rig.Rung) []rig.Rung {
	if !v.given() {
		return def
	}
	if v.n.Kind == yaml.ScalarNode {
		return rig.Ladders[v.known("hd-720p", "ladder")]
	}
	var rungs []rig.Rung
	before := len(d.problems)
	for _, item := range v.list() {
		s, ok := item.section()
		if !ok {
			continue
		}
		sizeAt, rateAt := s.at("size"), s.at("rate")
		s.done()
		if !sizeAt.given() || !rateAt.given() {
			item.problem("incomplete rung (want {size: 640x360, rate: 800kbps})")
		}
		size := scalar(sizeAt, [2]int{}, "not a size", wantSize, nil, func(s string) ([2]int, bool) {
			w, h, ok := parseSize(s)
			return [2]int{w, h}, ok
		})
		rate := rateAt.rate(0)
		rungs = append(rungs, rig.Rung{Width: size[0], Height: size[1], Rate: rate})
	}
	if len(d.problems) > before {
		return def
	}
	return rungs
}

// start reads EXT-X-START.
func (d *decoder) start(v value) *rig.Start {
	if !v.given() {
		return nil
	}
	const want = "{offset: -20s, precise: true}"
	s, ok := v.section()
	if !ok {
		return nil
	}
	var start rig.Start
	at := s.at("offset")
	if !at.given() {
		v.problem("offset is missing (got nothing; want %s)", want)
	}
	start.Offset = scalar(at, 0, "not an offset", "a duration such as 30s, or -20s to count from the end", nil, parseOffset)
	start.Precise = s.at("precise").boolean(false)
	s.done()
	return &start
}

func (d *decoder) origin(v value, o *rig.Origin) {
	s, ok := v.section()
	if !ok {
		return
	}
	o.Stale = s.at("stale").choice(o.Stale)
	o.StaleAfter = s.at("stale_after").number(o.StaleAfter)
	o.Missing, _ = strconv.Atoi(s.at("missing").choice(strconv.Itoa(o.Missing)))
	o.Latency = s.at("latency").duration(o.Latency)
	o.ReadLimit = s.at("read_limit").count(o.ReadLimit)
	o.WriteLimit = s.at("write_limit").count(o.WriteLimit)
	s.done()
}

func (d *decoder) edge(v value, e *rig.Edge) {
	s, ok := v.section()
	if !ok {
		return
	}
	if p := s.at("preset"); p.given() {
		if ttl, ok := edgePresets[p.known("", "preset")]; ok {
			e.ErrorTTL = ttl
		}
	}
	e.Pops = s.at("pops").count(e.Pops)
	e.Shield = s.at("shield").boolean(e.Shield)
	e.Collapse = s.at("collapse").boolean(e.Collapse)
	for key, ttl := range map[string]*time.Duration{
		"playlist_ttl": &e.PlaylistTTL, "segment_ttl": &e.SegmentTTL, "error_ttl": &e.ErrorTTL, "latency": &e.Latency,
		"min_ttl": &e.MinTTL, "default_ttl": &e.DefaultTTL, "max_ttl": &e.MaxTTL, "origin_timeout": &e.OriginTimeout,
	} {
		*ttl = s.at(key).duration(*ttl)
	}
	s.done()
}

// renditionNames are those of the rig's media playlists, in listed order.
func renditionNames(c *rig.Config) []string {
	var names []string
	for i, r := range c.Ladder {
		name := fmt.Sprintf("%dx%d", r.Width, r.Height)
		if slices.ContainsFunc(c.Ladder, func(o rig.Rung) bool {
			return o != r && o.Width == r.Width && o.Height == r.Height
		}) {
			name += fmt.Sprintf("_%d", c.Ladder[i].Rate)
		}
		names = append(names, name)
	}
	if c.Audio == "demuxed" {
		names = append(names, "audio")
	}
	return names
}
