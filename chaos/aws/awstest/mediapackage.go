package awstest

import (
	"encoding/json"
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

func (a *Account) serveMediaPackage(c *call) {
	path := strings.Trim(c.r.URL.Path, "/")
	if arn, ok := strings.CutPrefix(path, "tags/"); ok {
		a.packagerTags(c, arn)
		return
	}
	if channel, ok := strings.CutSuffix(path, "/originEndpoint"); ok && c.r.Method == http.MethodGet {
		a.listEndpoints(c, channel)
		return
	}
	path, policy := strings.CutSuffix(path, "/policy")
	kind := "Channel"
	if strings.Contains(path, "/originEndpoint/") {
		kind = "OriginEndpoint"
	}
	op := ""
	switch c.r.Method {
	case http.MethodGet:
		op = "Get" + kind
	case http.MethodPut, http.MethodPost:
		if !policy && kind == "OriginEndpoint" && c.r.Method == http.MethodPut {
			op = "Update" + kind
		}
		if policy && (c.r.Method == http.MethodPut) == (kind == "Channel") {
			op = "Put" + kind
		}
	case http.MethodDelete:
		if policy {
			op = "Delete" + kind
		}
	}
	if policy && op != "" {
		op += "Policy"
	}
	p := a.packagers[path]
	if p != nil {
		c.resource = p.arn()
	}
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet) {
		return
	}
	if p == nil {
		c.fail(http.StatusNotFound, "ResourceNotFoundException", "Resource not found")
		return
	}
	part := strings.Split(p.Path, "/")
	out := map[string]any{"ChannelGroupName": part[1], "ChannelName": part[3]}
	if p.endpoint() {
		out["OriginEndpointName"] = part[5]
	}
	switch op {
	case "GetChannel", "GetOriginEndpoint":
		out["Arn"], out["Tags"] = p.arn(), p.shown(c.now)
		if p.endpoint() {
			p.describe(c, out)
		}
		c.json(http.StatusOK, out)
		return
	case "UpdateOriginEndpoint":
		p.update(c)
		return
	}
	switch {
	case strings.HasPrefix(op, "Get"):
		policy := p.policyAt(c.now)
		if policy == "" {
			c.fail(http.StatusNotFound, "ResourceNotFoundException", "Policy not found")
			return
		}
		out["Policy"] = policy
		if p.CDN != nil {
			out["CdnAuthConfiguration"] = p.CDN
		}
		c.json(http.StatusOK, out)
	case strings.HasPrefix(op, "Put"):
		var in struct {
			Policy               string
			CdnAuthConfiguration map[string]any
		}
		err := json.Unmarshal(c.body, &in)
		if err == nil && in.Policy == "" {
			err = fmt.Errorf("Policy is missing")
		}
		if err == nil {
			err = p.setPolicy([]byte(in.Policy), c.now)
		}
		if err != nil {
			c.fail(http.StatusBadRequest, "ValidationException", err.Error())
			return
		}
		p.CDN = in.CdnAuthConfiguration
		c.json(http.StatusOK, map[string]any{})
	default:
		_ = p.setPolicy(nil, c.now)
		p.CDN = nil
		c.w.WriteHeader(http.StatusNoContent)
	}
}

// describe adds the settings of an endpoint, and what only describes it.
func (p *Packager) describe(c *call, out map[string]any) {
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
}

// update replaces the settings of an endpoint: what is not sent is gone.
func (p *Packager) update(c *call) {
	var in map[string]any
	switch match := c.r.Header.Get("X-Amzn-Update-If-Match"); {
	case match != "" && match != fmt.Sprint("v", p.version):
		c.fail(http.StatusConflict, "ConflictException", "The ETag does not match")
		return
	case json.Unmarshal(c.body, &in) != nil || in["ContainerType"] == nil:
		c.fail(http.StatusBadRequest, "ValidationException", "ContainerType is missing")
		return
	}
	p.Settings = in
	p.version++
	c.json(http.StatusOK, map[string]any{"Arn": p.arn()})
}

// packagerTags answers TagResource and UntagResource of mediapackagev2.
func (a *Account) packagerTags(c *call, arn string) {
	op := map[string]string{http.MethodPost: "TagResource", http.MethodDelete: "UntagResource"}[c.r.Method]
	_, path, _ := strings.Cut(arn, ":channelGroup/")
	p := a.packagers["channelGroup/"+path]
	c.resource = arn
	if op == "" || !c.operation(op, true) {
		return
	}
	if p == nil {
		c.fail(http.StatusNotFound, "ResourceNotFoundException", "Resource not found")
		return
	}
	c.changeTags(&p.tagged)
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
