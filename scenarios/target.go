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
	"hlsload/rig"
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

// Presets of the edge's error TTL: that of the AWS solution, and CloudFront's
// default.
var edgePresets = map[string]time.Duration{
	"aws-solution":       time.Second,
	"cloudfront-default": 10 * time.Second,
}

func (d *decoder) target(v value) Target {
	t := Target{Entry: []float64{1}}
	s, ok := v.section("a mapping with rig or url")
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
	for _, g := range globsAt.list(false, "a list of globs, one per pipeline") {
		if txt, ok := g.secret("a glob such as */p0/*"); ok {
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
	items := v.list(true, want+", or a list of them")
	users := map[string]string{} // by scheme and host
	for _, u := range items {
		txt, ok := u.secret(want)
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
	s, ok := v.section("a mapping of header names to values")
	if !ok {
		return
	}
	for _, e := range s.entries {
		name := e.key.Value
		s.at(name)
		if err := credential.Check(name, ""); err != nil {
			value{d, e.key, v.path}.problem("%v", err)
			continue
		}
		if txt, ok := e.val.secret("a header value"); ok {
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
	for _, at := range v.list(false, "a list of host names such as [segments.example.com, \"*.cdn.example.com\"]") {
		if txt, ok := at.secret("a host name"); ok {
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
		n := v.integer(0, 0, maxPipelines-1)
		if n >= int64(pipelines) {
			v.problem("no such pipeline (got %d; want less than %d, the %s)", n, pipelines, what)
			return
		}
		t.Entry = make([]float64, n+1)
		t.Entry[n] = 1
		return
	}
	s, _ := v.section("")
	shares, sum := make([]float64, pipelines), 0.0
	for _, e := range s.entries {
		n, err := strconv.Atoi(e.key.Value)
		if err != nil || n < 0 || n >= pipelines {
			value{d, e.key, v.path}.problem("no such pipeline (got %q; want a number less than %d, the %s)", clip(e.key.Value), pipelines, what)
			return
		}
		shares[n] = scalar(e.val, 0, "not a share", wantShare, nil, parseShare)
		sum += shares[n]
	}
	if !addsUp(sum) {
		v.problem("shares do not add up (got %s; want 100%%)", formatShare(sum))
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
	s, ok := v.section("the settings of the rig, or {} for its defaults")
	if !ok {
		return
	}
	c.Ladder = d.ladder(s.at("ladder"), c.Ladder)
	c.Container = s.at("container").choice(c.Container, "ts", "fmp4")
	c.Audio = s.at("audio").choice(c.Audio, "muxed", "demuxed")
	c.Segment = s.at("segment").duration(c.Segment, 0, maxDuration)
	windowAt, keepAt := s.at("window"), s.at("keep")
	c.Window = windowAt.count(c.Window)
	c.Keep = keepAt.count(2*c.Window + 1) // as the AWS SDK recommends: 21 for 10
	c.ProgramDateTime = s.at("program_date_time").boolean(c.ProgramDateTime)
	c.Pipelines = s.at("pipelines").count(c.Pipelines)
	c.Layout = s.at("layout").choice(c.Layout, "interleaved", "blocked")
	c.Playlist = s.at("playlist").choice(c.Playlist, rig.Live, rig.Event, rig.VOD)
	c.Length = s.at("length").duration(c.Length, 0, maxDuration)
	c.ByteRanges = s.at("byte_ranges").boolean(c.ByteRanges)
	c.Encryption = s.at("encryption").choice(c.Encryption, "none", "aes-128")
	c.KeyRotation = s.at("key_rotation").count(c.KeyRotation)
	c.IV = s.at("iv").choice(c.IV, "sequence", "explicit")
	c.DiscontinuityEvery = s.at("discontinuity_every").count(c.DiscontinuityEvery)
	c.GapEvery = s.at("gap_every").count(c.GapEvery)
	c.GapPipeline = int(s.at("gap_pipeline").integer(int64(c.GapPipeline), 0, maxPipelines-1))
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
	names := slices.Sorted(maps.Keys(rig.Ladders))
	if v.n.Kind == yaml.ScalarNode {
		return rig.Ladders[v.known("hd-720p", "ladder", names)]
	}
	const want = "a list of {size: 640x360, rate: 800kbps}"
	var rungs []rig.Rung
	before := len(d.problems)
	for _, item := range v.list(false, want+", or "+oneOf(names)) {
		s, ok := item.section("{size: 640x360, rate: 800kbps}")
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
		rate := rateAt.rate(0, 0, 1e12)
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
	s, ok := v.section(want)
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
	s, ok := v.section("a mapping such as {stale: aws-sample}")
	if !ok {
		return
	}
	o.Stale = s.at("stale").choice(o.Stale, "none", "aws-sample", "conditional")
	o.StaleAfter = s.at("stale_after").number(o.StaleAfter)
	o.Missing = s.at("missing").count(o.Missing)
	o.Latency = s.at("latency").duration(o.Latency, 0, maxDuration)
	o.ReadLimit = s.at("read_limit").count(o.ReadLimit)
	o.WriteLimit = s.at("write_limit").count(o.WriteLimit)
	s.done()
}

func (d *decoder) edge(v value, e *rig.Edge) {
	s, ok := v.section("a mapping such as {pops: 4}")
	if !ok {
		return
	}
	if p := s.at("preset"); p.given() {
		if ttl, ok := edgePresets[p.known("", "preset", slices.Sorted(maps.Keys(edgePresets)))]; ok {
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
		*ttl = s.at(key).duration(*ttl, 0, 10*365*24*time.Hour)
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
