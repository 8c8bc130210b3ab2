package capacity

import (
	"time"

	"hlsload/capacity/cache"
	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
	"hlsload/rig"
)

// path is the caches of the event.
func (p *Plan) path() cache.Path {
	e := &p.Channel.Edge
	out := cache.Path{Collapse: e.Collapse, Hop: e.Latency, Origin: p.Channel.Origin.Latency}
	var pops, regional cache.Layer
	for i := range p.Regions {
		r := &p.Regions[i]
		pops = append(pops, r.layer()...)
		if r.Regional > 0 {
			regional = append(regional, cache.Group{Nodes: r.Regional, Share: r.Share})
		}
	}
	out.Layers = append(out.Layers, pops.Merged())
	if regional != nil {
		out.Layers = append(out.Layers, regional.Merged())
	}
	if e.Shield {
		out.Layers = append(out.Layers, cache.Even(max(p.Shields, 1)))
	}
	return out
}

// layer is the edge caches of a region, with their shares of all requests.
func (r *Region) layer() cache.Layer {
	nodes := max(r.Nodes, 1)
	l := cache.Ranked(r.Pops, nodes, r.Rank)
	if r.Weights != nil {
		l = nil
		for _, w := range r.Weights {
			l = append(l, cache.Group{Nodes: nodes, Share: w})
		}
	}
	for i := range l {
		l[i].Share *= r.Share
	}
	return l
}

// ruleOf is how the caches treat the answers of a class: with a key of each viewer, nothing is shared.
func (p *Plan) ruleOf(c kernel.Class) cache.Rule {
	if p.PerViewer {
		return cache.Rule{}
	}
	return rule(c, &p.Channel)
}

// rule is how the caches treat the answers of a class; as rig/policy.go, after "Managing how
// long content stays in the cache" and "How CloudFront processes and caches HTTP 4xx and 5xx
// status codes".
func rule(c kernel.Class, ch *rig.Config) cache.Rule {
	e, status := &ch.Edge, int(c.Status)
	if c.Status == kernel.Missing {
		status = ch.Origin.Missing
	}
	switch status {
	case 0:
		ttl := e.SegmentTTL
		if c.Kind == m3u8.KindMultivariant || c.Kind == m3u8.KindMedia {
			ttl = e.PlaylistTTL
		}
		most := e.MaxTTL
		if most == 0 {
			most = 365 * 24 * time.Hour
		}
		ttl = min(max(ttl, e.MinTTL), max(most, e.MinTTL))
		return cache.Rule{TTL: ttl, Keep: true, Collapse: ttl > 0}
	case 404, 410, 414, 500, 501, 502, 503, 504:
		return cache.Rule{TTL: e.ErrorTTL, Keep: e.ErrorTTL > 0, Collapse: true}
	}
	return cache.Rule{Collapse: true} // 403 among them: without Cache-Control errors like these are not kept
}

// every is the seconds from one object of a class to the next; 0 = there is one, which is asked for
// again and again, or kept for ever.
func every(c kernel.Class, ch *rig.Config) float64 {
	switch c.Kind {
	case m3u8.KindSegment:
		return ch.Segment.Seconds()
	case m3u8.KindKey:
		return float64(ch.KeyRotation) * ch.Segment.Seconds()
	}
	return 0
}
