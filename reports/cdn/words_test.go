package cdn

import (
	"strings"
	"testing"
)

// TestCacheHeaders reads what caches write, as their documentation has it.
func TestCacheHeaders(t *testing.T) {
	for _, tc := range []struct {
		head  string
		cache Cache
		odd   OddHeader // without its sum
	}{
		// nginx, ngx_http_upstream_module: $upstream_cache_status.
		{"X-Cache-Status: HIT", CacheHit, OddHeader{}},
		{"X-Cache-Status: MISS", CacheMiss, OddHeader{}},
		{"X-Cache-Status: EXPIRED", CacheMiss, OddHeader{}},
		{"X-Cache-Status: STALE", CacheHit, OddHeader{}},
		{"X-Cache-Status: UPDATING", CacheHit, OddHeader{}},
		{"X-Cache-Status: REVALIDATED", CacheRevalidated, OddHeader{}},
		{"X-Cache-Status: BYPASS", CacheMiss, OddHeader{}},
		{"X-Cache-Status: -", CacheUnknown, OddHeader{}},
		{"X-Cache-Status: hit", CacheHit, OddHeader{}},
		{"x-proxy-cache: MISS", CacheMiss, OddHeader{}},
		// bunny.net
		{"CDN-Cache: HIT\r\nPerma-Cache: MISS", CacheHit, OddHeader{}},
		{"CDN-Cache: MISS\r\nPerma-Cache: HIT", CacheHit, OddHeader{}},
		{"CDN-Cache: MISS\r\nPerma-Cache: MISS", CacheMiss, OddHeader{}},
		{"CDN-Cache: HIT\r\nCDN-CachedAt: 11/29/2026 11:00:00", CacheHit, OddHeader{}},
		// Squid; Tencent Cloud
		{"X-Cache: MISS from proxy.example\r\nX-Cache-Lookup: HIT from proxy.example:3128", CacheMiss, OddHeader{}},
		{"X-Cache-Lookup: MISS from proxy.example:3128", CacheMiss, OddHeader{}},
		{"X-Cache-Lookup: NONE from proxy.example:3128", CacheUnknown, OddHeader{}},
		{"X-Cache-Lookup: Cache Hit", CacheHit, OddHeader{}},
		{"X-Cache-Lookup: Hit From MemCache", CacheHit, OddHeader{}},
		{"X-Cache-Lookup: Cache Miss\r\nX-Cache-Lookup: Hit From Inner Cluster", CacheMiss, OddHeader{}},
		{"EO-Cache-Status: MISS", CacheMiss, OddHeader{}},
		{"x-hcs-proxy-type: 1", CacheHit, OddHeader{}},
		// CDN77, Gcore
		{"X-77-Cache: HIT\r\nX-77-POP: pragueCZ", CacheHit, OddHeader{}},
		{"X-77-Cache: MISS", CacheMiss, OddHeader{}},
		{"Cache: HIT\r\nX-Cached-Since: 2026-11-29T11:00:00+00:00\r\nX-ID: m9-up-e245", CacheHit, OddHeader{}},
		{"X-GG-Cache-Status: EXPIRED", CacheMiss, OddHeader{}},
		// Akamai, Edgio, Azure, Alibaba
		{"X-Cache: TCP_MEM_HIT from a1.deploy.example (AkamaiGHost/11.0) (-)", CacheHit, OddHeader{}},
		{"X-Cache: TCP_REFRESH_HIT from a1.deploy.example (AkamaiGHost/11.0) (-)", CacheRevalidated, OddHeader{}},
		{"X-Cache: TCP_REFRESH_MISS from a1.deploy.example", CacheMiss, OddHeader{}},
		{"X-Cache: TCP_MISS from a1.deploy.example\r\nX-Cache-Remote: TCP_HIT from a2.deploy.example", CacheHit, OddHeader{}},
		{"X-Cache: TCP_REMOTE_HIT", CacheHit, OddHeader{}},
		{"X-Cache: CONFIG_NOCACHE", CacheMiss, OddHeader{}},
		{"X-Cache: HIT TCP_MEM_HIT dirn:10:345", CacheHit, OddHeader{}},
		{"X-Cache: HIT TCP_REFRESH_HIT dirn:10:345", CacheRevalidated, OddHeader{}},
		{"X-Cache: MISS TCP_MISS dirn:-2:-2", CacheMiss, OddHeader{}},
		// Fastly: shield, then edge.
		{"X-Cache: MISS, HIT\r\nX-Cache-Hits: 0, 1", CacheHit, OddHeader{}},
		{"X-Cache: MISS, MISS", CacheMiss, OddHeader{}},
		// Cloudflare; a copy that an origin behind it has marked.
		{"CF-Cache-Status: EXPIRED", CacheMiss, OddHeader{}},
		{"CF-Cache-Status: UPDATING", CacheHit, OddHeader{}},
		{"CF-Cache-Status: HIT\r\nX-Cache-Status: MISS", CacheHit, OddHeader{}},
		{"X-Cache-Status: MISS\r\nCF-Cache-Status: REVALIDATED", CacheRevalidated, OddHeader{}},
		// Google
		{"cdn-cache-status: uncacheable", CacheMiss, OddHeader{}},
		{"X-Cache-Status: miss,hit", CacheHit, OddHeader{}},

		// What is not understood is named; its value is not, unless it is a word
		// that some cache uses.
		{"X-Foo-Cache: HIT", CacheUnknown, OddHeader{Name: "X-Foo-Cache", Word: "HIT"}},
		{"X-Foo-Cache: token=s3cret", CacheUnknown, OddHeader{Name: "X-Foo-Cache"}},
		{"X-Cache-Status: WARM", CacheUnknown, OddHeader{Name: "X-Cache-Status"}},
		{"X-Cache: who knows", CacheUnknown, OddHeader{Name: "X-Cache"}},
		{"X-Cache-\xe9\xe9: 1", CacheUnknown, OddHeader{Name: "odd"}},
		{"X-Cache-" + strings.Repeat("a", 60) + ": 1", CacheUnknown, OddHeader{Name: "odd"}},
		{"X-Foo-Cache: 7\r\nX-Cache-Status: HIT", CacheHit, OddHeader{}},
		{"Cache-Control: max-age=2\r\nCache-Tag: a\r\nX-Cache-Key: /a?token=1\r\nX-Cache-Hits: 3", CacheUnknown, OddHeader{}},
	} {
		var h Headers
		for line := range strings.SplitSeq(tc.head, "\r\n") {
			name, value, _ := strings.Cut(line, ": ")
			h.Note([]byte(name), []byte(value))
		}
		o := h.Outcome()
		if o.Odd.Sum = 0; o.Cache != tc.cache || o.Odd != tc.odd {
			t.Errorf("%q: cache %d, not understood %+v; want %d, %+v", tc.head, o.Cache, o.Odd, tc.cache, tc.odd)
		}
	}
}

// TestCacheHeaderTable looks at the table itself.
func TestCacheHeaderTable(t *testing.T) {
	for name, h := range cacheHeaders {
		if name != strings.ToLower(name) || len(name) > 40 || aside[name] || h.source == "" || len(h.words) == 0 {
			t.Errorf("%s: %+v; want a name in lower case that is not set aside, a source and words", name, h)
		}
		for w := range h.words {
			if w != strings.ToLower(w) || len(w) > 40 {
				t.Errorf("%s: %q; want a short word in lower case", name, w)
			}
		}
	}
}

// TestCacheHeadersAllocateNothing keeps what nearly every answer brings cheap.
func TestCacheHeadersAllocateNothing(t *testing.T) {
	head := [][2][]byte{{[]byte("Cache-Control"), []byte("max-age=1")}, {[]byte("X-Cache"), []byte("Hit from cloudfront")}, {[]byte("X-Cache-Status"), []byte("HIT")}}
	if n := testing.AllocsPerRun(100, func() {
		var h Headers
		for _, f := range head {
			h.Note(f[0], f[1])
		}
		if h.Outcome().Cache != CacheHit {
			t.Fatal("no hit")
		}
	}); n > 0 {
		t.Errorf("%v allocations for the headers of an answer; want none", n)
	}
}

// TestUsualValues: the values that are read fast mean what the table says.
func TestUsualValues(t *testing.T) {
	x := cacheHeaders["x-cache"]
	for _, value := range []string{"Hit from cloudfront", "Miss from cloudfront", "RefreshHit from cloudfront", "Error from cloudfront", "hit from cloudfront", ""} {
		c, _ := x.means([]byte(value))
		if got := ofCloudFront([]byte(value)); got != CacheUnknown && got != c {
			t.Errorf("%q: %v; want %v", value, got, c)
		}
		var fast, slow Headers
		fast.Note([]byte("X-Cache"), []byte(value))
		slow.Note([]byte("X-Cache"), []byte(value+" "))
		if fast.Outcome() != slow.Outcome() && value != "" && !strings.HasPrefix(value, "Error") {
			t.Errorf("%q: %+v; want %+v", value, fast.Outcome(), slow.Outcome())
		}
	}
}
