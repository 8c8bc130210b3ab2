package awstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Packager is what has a policy in MediaPackage v2: a channel, or an origin
// endpoint of one.
type Packager struct {
	policied
	tagged

	Path string // channelGroup/G/channel/C, and /originEndpoint/E
	// CDN is the authorization of the CDN, which is written with the policy of
	// an endpoint.
	CDN map[string]any
	// Settings are what an endpoint is made of, as the API spells it.
	Settings map[string]any

	version int // of the settings
}

// AddPackager adds a channel, or an endpoint of one, without a policy.
func (a *Account) AddPackager(path string) *Packager {
	p := &Packager{policied: policied{a: a}, Path: path, tagged: allowed(), version: 1, Settings: map[string]any{
		"ContainerType": "TS", "Description": "news", "StartoverWindowSeconds": 3600.0, "UriSeparator": "UNDERSCORE",
		"Segment":                         map[string]any{"SegmentDurationSeconds": 6.0, "SegmentName": "segment", "TsUseAudioRenditionGroup": true, "Scte": map[string]any{"ScteFilter": []any{"BREAK"}}},
		"HlsManifests":                    []any{map[string]any{"ManifestName": "index", "ManifestWindowSeconds": 60.0, "StartTag": map[string]any{"TimeOffset": -20.1, "Precise": true}}},
		"ForceEndpointErrorConfiguration": map[string]any{"EndpointErrorConditions": []any{"STALE_MANIFEST"}},
	}}
	p.only = p.arn()
	a.packagers[path] = p
	return p
}

func (p *Packager) arn() string {
	return "arn:aws:mediapackagev2:" + p.a.Region + ":" + p.a.ID + ":" + p.Path
}

func (p *Packager) endpoint() bool { return strings.Contains(p.Path, "/originEndpoint/") }

// Allows reports whether a request is let in. What no statement allows is denied.
func (p *Packager) Allows(action, arn, ip string) (allowed bool) {
	p.a.Do(func() { allowed = p.allows(action, principal{arn: arn, ip: ip}, p.a.Now()) })
	return allowed
}

func (p *Packager) allows(action string, who principal, now time.Time) bool {
	allow, deny := p.effects("mediapackagev2:"+action, p.arn(), who, now)
	return allow && !deny
}

// views serves a request that is not AWS's own: a viewer asks an endpoint.
func (a *Account) views(c *call) bool {
	part := strings.Split(strings.TrimPrefix(c.r.URL.Path, "/out/v1/"), "/")
	if !strings.HasPrefix(c.r.URL.Path, "/out/v1/") || len(part) != 4 {
		return false
	}
	p := a.packagers[fmt.Sprintf("channelGroup/%s/channel/%s/originEndpoint/%s", part[0], part[1], part[2])]
	switch {
	case p == nil:
		c.w.WriteHeader(http.StatusNotFound)
	case !p.allows("GetObject", principal{ip: "203.0.113.9"}, c.now):
		c.w.WriteHeader(http.StatusForbidden)
	default:
		c.w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = io.WriteString(c.w, "#EXTM3U\n")
	}
	return true
}

func (a *Account) mediaPackage() []operation {
	const channel = "/channelGroup/{group}/channel/{channel}"
	const endpoint = channel + "/originEndpoint/{endpoint}"
	of := func(serve func(*Packager, *call) (any, error)) func(*call) (any, error) {
		return on(a.findPackager, serve)
	}
	return []operation{
		{"POST /tags/{arn}", "TagResource", of((*Packager).retag)},
		{"DELETE /tags/{arn}", "UntagResource", of((*Packager).retag)},
		{"GET " + channel, "GetChannel", of((*Packager).describe)},
		{"GET " + channel + "/originEndpoint", "ListOriginEndpoints", of((*Packager).listEndpoints)},
		{"GET " + endpoint, "GetOriginEndpoint", of((*Packager).describe)},
		{"PUT " + endpoint, "UpdateOriginEndpoint", of((*Packager).update)},
		{"GET " + channel + "/policy", "GetChannelPolicy", of((*Packager).getPolicy)},
		{"PUT " + channel + "/policy", "PutChannelPolicy", of((*Packager).putPolicy)},
		{"DELETE " + channel + "/policy", "DeleteChannelPolicy", of((*Packager).deletePolicy)},
		{"GET " + endpoint + "/policy", "GetOriginEndpointPolicy", of((*Packager).getPolicy)},
		{"POST " + endpoint + "/policy", "PutOriginEndpointPolicy", of((*Packager).putPolicy)},
		{"DELETE " + endpoint + "/policy", "DeleteOriginEndpointPolicy", of((*Packager).deletePolicy)},
	}
}

func (a *Account) findPackager(c *call) (*Packager, error) {
	path := "channelGroup/" + c.at["group"] + "/channel/" + c.at["channel"]
	if e := c.at["endpoint"]; e != "" {
		path += "/originEndpoint/" + e
	}
	if _, rest, ok := strings.Cut(c.at["arn"], ":channelGroup/"); ok {
		path = "channelGroup/" + rest
	}
	p := a.packagers[path]
	if p == nil {
		return nil, missing("resource", path)
	}
	c.resource = p.arn()
	return p, nil
}

// named is what every answer about it has.
func (p *Packager) named() map[string]any {
	part := strings.Split(p.Path, "/")
	out := map[string]any{"ChannelGroupName": part[1], "ChannelName": part[3]}
	if p.endpoint() {
		out["OriginEndpointName"] = part[5]
	}
	return out
}

func (p *Packager) getPolicy(c *call) (any, error) {
	out, policy := p.named(), p.policyAt(c.now)
	if policy == "" {
		return nil, missing("policy", p.Path)
	}
	out["Policy"] = policy
	if p.CDN != nil {
		out["CdnAuthConfiguration"] = p.CDN
	}
	return out, nil
}

func (p *Packager) putPolicy(c *call) (any, error) {
	var in struct {
		Policy               string
		CdnAuthConfiguration map[string]any
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	err := errors.New("Policy is missing") //nolint:revive,staticcheck // the name of a field
	if in.Policy != "" {
		err = p.setPolicy([]byte(in.Policy), c.now)
	}
	if err != nil {
		return nil, c.invalid("%v", err)
	}
	p.CDN = in.CdnAuthConfiguration
	return nil, nil
}

func (p *Packager) deletePolicy(c *call) (any, error) {
	p.CDN = nil
	return nil, p.setPolicy(nil, c.now)
}

// describe answers with the settings, and with what only describes it.
func (p *Packager) describe(c *call) (any, error) {
	out := p.named()
	out["Arn"], out["Tags"] = p.arn(), p.shown(c.now)
	if !p.endpoint() {
		return out, nil
	}
	maps.Copy(out, p.Settings)
	out["ETag"], out["CreatedAt"], out["ModifiedAt"] = fmt.Sprint("v", p.version), 1.7e9, 1.7e9
	var manifests []any
	list, _ := p.Settings["HlsManifests"].([]any)
	for _, m := range list {
		one := maps.Clone(m.(map[string]any))
		one["Url"] = p.url(c.r) + "/" + one["ManifestName"].(string) + ".m3u8"
		manifests = append(manifests, one)
	}
	out["HlsManifests"] = manifests
	return out, nil
}

// update replaces the settings of an endpoint: what is not sent is gone.
func (p *Packager) update(c *call) (any, error) {
	var in map[string]any
	switch match := c.r.Header.Get("X-Amzn-Update-If-Match"); {
	case match != "" && match != fmt.Sprint("v", p.version):
		return nil, refuse(http.StatusConflict, "ConflictException", "The ETag does not match")
	case json.Unmarshal(c.body, &in) != nil || in["ContainerType"] == nil:
		return nil, c.invalid("ContainerType is missing")
	}
	p.Settings = in
	p.version++
	return map[string]any{"Arn": p.arn()}, nil
}

// url is where viewers get an endpoint: at this server, if the request went to
// one.
func (p *Packager) url(r *http.Request) string {
	part := strings.Split(p.Path, "/")
	path := fmt.Sprintf("/out/v1/%s/%s/%s", part[1], part[3], part[5])
	if host, _, err := net.SplitHostPort(r.Host); err == nil && net.ParseIP(host) != nil {
		return "http://" + r.Host + path
	}
	return "https://a1b2c3.egress.d4e5f6.mediapackagev2." + p.a.Region + ".amazonaws.com" + path
}

func (a *Account) mediaPackageState(w io.Writer) {
	for _, path := range slices.Sorted(maps.Keys(a.packagers)) {
		p := a.packagers[path]
		fmt.Fprintf(w, "mediapackage %s: tags %v, cdn %v, policy %s\n", path, p.Tags, p.CDN, p.Policy())
		if p.endpoint() {
			settings, _ := json.Marshal(p.Settings)
			fmt.Fprintf(w, "mediapackage %s: %s\n", path, settings)
		}
	}
}
