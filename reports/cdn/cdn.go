// Package cdn is the vocabulary for what a CDN says about one answer: which cache
// had it, where, and whether the origin was asked. [Headers] reads that from the
// headers of an answer, [AskedOrigin] from a line of an access log.
//
// It knows the words of CDNs and caches that document them. A header that it does
// not understand becomes an [OddHeader]; its meaning is never guessed.
package cdn

import (
	"strings"
	"time"
)

// Outcome is what the headers of one answer say.
type Outcome struct {
	Cache Cache
	Layer Layer
	Pop   string // point of presence that answered; "" = unknown
	// Fetched is how long the origin took to its first byte; 0 = unknown.
	Fetched time.Duration
	// Exact means that Cache separates answers that joined a request to the origin
	// from the one that caused it.
	Exact bool
	Odd   OddHeader // when Cache is unknown: a header that was not understood
}

// Cache is what the caches did with a request, in the order of what it costs the
// origin.
type Cache uint8

// The outcomes.
const (
	CacheUnknown     Cache = iota // no header says
	CacheHit                      // answered without the origin
	CacheJoined                   // waited for a request to the origin that another viewer caused
	CacheRevalidated              // the origin was asked and said: unchanged
	CacheMiss                     // the origin was asked and sent the answer
)

// Layer is where an answer came from.
type Layer uint8

// The layers between viewers and origin.
const (
	LayerUnknown  Layer = iota
	LayerEdge           // the cache next to the viewer
	LayerRegional       // a regional edge cache
	LayerShield         // an origin shield
	LayerCache          // some cache
	LayerJoined         // it waited for a request that another viewer caused
	LayerOrigin         // the origin was asked
	Layers              // how many there are
)

var layerNames = [Layers]string{"", "edge", "regional", "shield", "cache", "joined", "origin"}

// String is the layer's name in results; "" = unknown.
func (l Layer) String() string { return layerNames[min(l, Layers-1)] }

// OddHeader is a header of a cache that is not understood.
type OddHeader struct {
	Name string // "" = there is none
	Word string // its value, if that is a word that caches use; else ""
	Sum  uint64 // of its value
}

// AskedOrigin reports whether an access log of CloudFront shows that the origin
// was asked: the edge missed or refreshed its copy and no shield had the object,
// or the error is the origin's. Viewers that joined another one's request are
// logged as hits.
func AskedOrigin(result, detailed string) bool {
	switch {
	case detailed == "OriginShieldHit":
		return false
	case result == "Miss", result == "RefreshHit":
		return true
	}
	return result == "Error" && strings.HasPrefix(detailed, "Origin")
}

// OnCloudFront reports whether CloudFront gave an answer with such headers, whose
// names are in canonical form.
func OnCloudFront(h map[string][]string) bool {
	first := func(name string) string {
		if v := h[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	return first("X-Amz-Cf-Pop") != "" || first("X-Amz-Cf-Id") != "" || strings.Contains(first("Via"), "(CloudFront)") || strings.EqualFold(first("Server"), "CloudFront")
}
