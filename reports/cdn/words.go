package cdn

import (
	"bytes"
	"hash/fnv"
	"net/textproto"
	"slices"
)

// What words in headers of caches mean for the origin.
const (
	stale = CacheHit         // an old copy, without waiting for the origin
	mute  = CacheUnknown     // known, and says nothing
	asked = CacheRevalidated // the origin was asked and sent nothing new
)

// cacheHeader is a header in which a cache says what it did.
type cacheHeader struct {
	source string // where its words are explained
	words  map[string]Cache
}

// cacheHeaders are the headers that are understood, in lower case; CloudFront's
// X-Cache, Cache-Status, Server-Timing and X-Varnish are read besides. A word
// that a header does not have is not understood, and reported as such.
var cacheHeaders = map[string]cacheHeader{
	"x-cache": {"CloudFront, Akamai, Azure, Edgio, Squid, Varnish, Fastly, KeyCDN, CDN77, Alibaba: their pages on X-Cache", with(nginxWords, xCacheWords, tcpWords)},
	// TCP_… of the parent, with akamai-x-cache-remote-on.
	"x-cache-remote": {"Akamai, Pragma headers", tcpWords},
	// By convention $upstream_cache_status, or {cdn_cache_status}.
	"x-cache-status":       {"nginx, ngx_http_upstream_module; Google Cloud CDN, custom headers", with(nginxWords, googleWords)},
	"x-proxy-cache":        {"nginx, ngx_http_upstream_module", nginxWords},
	"x-proxy-cache-status": {"nginx, ngx_http_upstream_module", nginxWords},
	"x-nginx-cache":        {"nginx, ngx_http_upstream_module", nginxWords},
	"x-nginx-cache-status": {"nginx, ngx_http_upstream_module", nginxWords},
	"cdn-cache-status":     {"Google Cloud CDN, custom headers: cdn_cache_status", with(nginxWords, googleWords)},
	"cdn-cache":            {"bunny.net, CDN-Cache and Perma-Cache headers", nginxWords},
	// As old as the copy when CDN-Cache is a hit.
	"perma-cache":       {"bunny.net, CDN-Cache and Perma-Cache headers", nginxWords},
	"x-77-cache":        {"CDN77, headers added by CDN77", nginxWords},
	"cache":             {"Gcore, check cache settings", nginxWords},
	"x-gg-cache-status": {"Gcore's servers send it with nginx's words; not documented", nginxWords},
	"cf-cache-status":   {"Cloudflare, cache responses", with(nginxWords, map[string]Cache{"dynamic": CacheMiss, "none": CacheHit, "unknown": CacheHit})},
	// Squid's is what the lookup found, whatever came of it; X-Cache comes first.
	"x-cache-lookup":   {"Squid, Tencent Cloud, Huawei Cloud", map[string]Cache{"hit": CacheHit, "miss": CacheMiss, "none": mute, "hit from inner cluster": mute}},
	"eo-cache-status":  {"Tencent EdgeOne", map[string]Cache{"hit": CacheHit, "miss": CacheMiss, "refreshhit": asked}},
	"x-hcs-proxy-type": {"Huawei Cloud, how to check whether a cache is hit", map[string]Cache{"1": CacheHit, "0": CacheMiss}},
}

var (
	nginxWords = map[string]Cache{
		"hit": CacheHit, "miss": CacheMiss, "expired": CacheMiss, "bypass": CacheMiss,
		"stale": stale, "updating": stale, "revalidated": asked,
		"-": mute, // the module was not used
	}
	googleWords = map[string]Cache{"uncacheable": CacheMiss, "disabled": CacheMiss}
	xCacheWords = map[string]Cache{
		"refreshhit": asked, "originshieldhit": CacheHit, "redirect": CacheHit,
		"functiongeneratedresponse": CacheHit, "functionexecutionerror": CacheHit, "lambdageneratedresponse": CacheHit,
		"limitexceeded": CacheHit, "capacityexceeded": CacheHit,
		"dynamic": CacheMiss, "pass": CacheMiss, "uncacheable": CacheMiss,
		"config_nocache": CacheMiss, "private_nostore": CacheMiss,
		"n/a": CacheHit, // Azure: refused at the edge
	}
	tcpWords = map[string]Cache{
		"tcp_hit": CacheHit, "tcp_mem_hit": CacheHit, "tcp_ims_hit": CacheHit, "tcp_imsmem_hit": CacheHit, "tcp_inm_hit": CacheHit,
		"tcp_negative_hit": CacheHit, "tcp_remote_hit": CacheHit, "tcp_stale_hit": stale, "tcp_offline_hit": CacheHit,
		"tcp_denied": CacheHit, "tcp_cookie_deny": CacheHit, "tcp_redirect": CacheHit,
		"tcp_refresh_hit": asked, "tcp_refresh_unmodified": asked, "tcp_refresh_fail_hit": asked, "tcp_expired_hit": asked,
		"tcp_miss": CacheMiss, "tcp_refresh_miss": CacheMiss, "tcp_refresh_modified": CacheMiss, "tcp_expired_miss": CacheMiss,
		"tcp_client_refresh_miss": CacheMiss, "tcp_swapfail_miss": CacheMiss,
	}
)

// HeaderNames are the headers in which caches say what they did, as they are
// written.
func HeaderNames() []string {
	names := []string{"Cache-Status", "Server-Timing", "X-Varnish"}
	for name := range cacheHeaders {
		names = append(names, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(names)
	return names
}

func with(all ...map[string]Cache) map[string]Cache {
	words := map[string]Cache{}
	for _, m := range all {
		for w, c := range m {
			words[w] = c
		}
	}
	return words
}

// aside are headers about caches that never say whether the origin was asked.
var aside = map[string]bool{
	"cache-control": true, "cdn-cache-control": true, "cloudflare-cdn-cache-control": true, "cache-status": true,
	"cache-tag": true, "cache-tags": true, "edge-cache-tag": true, "x-cache-tags": true, "x-cache-key": true, "x-cache-group": true,
	"x-cache-hits": true, "x-cache-age": true, "x-cache-ttl": true, "x-cache-expires": true, "x-cached-since": true, "cdn-cachedat": true,
	"x-check-cacheable": true, "x-true-cache-key": true, "x-cache-debug": true, "x-swift-cachetime": true,
}

// noteCacheHeader takes a header that may be of a cache.
func (h *Headers) noteCacheHeader(name, value []byte) {
	if c := ofCloudFront(value); c != CacheUnknown && is(name, "x-cache") {
		h.cloudFront = true
		if c == CacheRevalidated {
			h.xCache = c // as noteXCache says
		} else {
			h.xCache = least(h.xCache, c)
		}
		return
	}
	var room [40]byte
	key := lower(room[:], name)
	if aside[string(key)] {
		return
	}
	t, known := cacheHeaders[string(key)]
	if !known {
		h.strange(name, value)
		return
	}
	for len(value) > 0 {
		var member []byte
		member, value, _ = bytes.Cut(value, []byte(","))
		member = bytes.TrimSpace(member)
		switch c, ok := t.means(member); {
		case is(name, "x-cache"):
			h.noteXCache(member, c, ok)
		case !ok:
			h.strange(name, member)
		case is(name, "x-cache-lookup"):
			h.lookup = least(h.lookup, c)
		default:
			h.vendor = least(h.vendor, c)
		}
	}
}

// ofCloudFront is what the usual values of CloudFront's X-Cache mean, which nearly every
// answer has; unknown for all others.
func ofCloudFront(value []byte) Cache {
	switch string(value) {
	case "Hit from cloudfront":
		return CacheHit
	case "Miss from cloudfront":
		return CacheMiss
	case "RefreshHit from cloudfront":
		return CacheRevalidated
	}
	return CacheUnknown
}

// means is what a value of the header means, and whether it is known. It begins
// with the word, as in "HIT from cache.example" or "TCP_MEM_HIT from …", has it
// after another ("Cache Hit"), or a better one after it ("HIT TCP_REFRESH_HIT").
func (t *cacheHeader) means(value []byte) (found Cache, ok bool) {
	var room [64]byte
	if c, whole := t.words[string(lower(room[:], value))]; whole {
		return c, true
	}
	for i := 0; i < 3 && len(value) > 0; i++ {
		var word []byte
		word, value, _ = bytes.Cut(bytes.TrimLeft(value, " "), []byte(" "))
		word = lower(room[:], word)
		c, known := t.words[string(word)]
		if string(word) == "from" {
			break // a host follows
		}
		if known && (!ok || bytes.HasPrefix(word, []byte("tcp_"))) {
			found, ok = c, true
		}
	}
	return found, ok
}

// least combines what two caches on the way say: when one of them had a copy, the
// origin was not asked.
func least(a, b Cache) Cache {
	if a == CacheUnknown || b != CacheUnknown && b < a {
		return b
	}
	return a
}

// strange notes the first header, or value of one, that is not understood. Values
// may be secrets: only known words are kept.
func (h *Headers) strange(name, value []byte) {
	if h.odd.Name != "" {
		return
	}
	sum := fnv.New64a()
	sum.Write(value)
	h.odd = OddHeader{Name: "odd", Sum: sum.Sum64()}
	if len(name) <= 40 && !bytes.ContainsFunc(name, func(r rune) bool { return r > 'z' || r != '-' && r != '_' && !isAlnum(byte(r)) }) {
		h.odd.Name = textproto.CanonicalMIMEHeaderKey(intern(name))
	} else {
		return
	}
	var room [40]byte
	if word := lower(room[:], value); allWords[string(word)] {
		h.odd.Word = intern(bytes.ToUpper(word))
	}
}

// allWords are the known words of all headers.
var allWords = func() map[string]bool {
	all := map[string]bool{}
	for _, h := range cacheHeaders {
		for w := range h.words {
			all[w] = true
		}
	}
	return all
}()

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lower is b in lower case, in room; nothing if it is too long for that.
func lower(room, b []byte) []byte {
	if len(b) > len(room) {
		return nil
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		room[i] = c
	}
	return room[:len(b)]
}
