package cdn

import (
	"strings"
	"testing"
)

func TestHeaders(t *testing.T) {
	for _, tc := range []struct {
		head  string
		cache Cache
		pop   string
	}{
		{"", CacheUnknown, ""},
		{"X-Cache: Hit from cloudfront\r\nX-Amz-Cf-Pop: PHX50-C2", CacheHit, "PHX50-C2"},
		{"X-Amz-Cf-Pop: S3CRET-TOKEN", CacheUnknown, "odd"},
		{"X-Amz-Cf-Pop: AMS1-", CacheUnknown, "odd"},
		{"X-Amz-Cf-Pop: AMS12345", CacheUnknown, "odd"},
		{"X-Amz-Cf-Pop: AMS1", CacheUnknown, "AMS1"},
		{"x-cache: miss from cloudfront", CacheMiss, ""},
		{"X-Cache: RefreshHit from cloudfront", CacheRevalidated, ""},
		{"X-Cache: Error from cloudfront", CacheMiss, ""},
		{"X-Cache: Error from cloudfront\r\nAge: 3", CacheHit, ""},
		{"X-Cache: Miss from cloudfront\r\nServer-Timing: cdn-cache-hit,cdn-pop;desc=\"AMS1\",cdn-hit-layer;desc=\"EDGE\"", CacheHit, "AMS1"},
		{"Server-Timing: cdn-cache-miss,cdn-upstream-layer;desc=\"EDGE\",cdn-upstream-fbl;dur=12", CacheMiss, ""},
		{"Server-Timing: cdn-cache-refresh,cdn-upstream-layer;desc=\"EDGE\"", CacheRevalidated, ""},
		{"Server-Timing: cdn-cache-miss", CacheJoined, ""},
		{"Server-Timing: CDN-Cache-Miss , Cdn-Upstream-Layer ; desc=REC , cdn-downstream-fbl=4, cdn-pop;dur=1;desc=\"LHR50-P1\"", CacheMiss, "LHR50-P1"},
		{"Server-Timing: app;desc=\"cdn-upstream-layer, cdn-cache-miss;\\\"\";dur=2\r\nX-Cache: Hit from cloudfront", CacheHit, ""},
		{"Server-Timing: cdn-cache; desc=HIT, edge; dur=1", CacheHit, ""},
		{"Server-Timing: cdn-cache; desc=MISS, edge; dur=1, origin; dur=40", CacheMiss, ""},
		{"Server-Timing: ;x, ;;=, \"\", cdn-cache-hit", CacheHit, ""},
		{"Server-Timing: ,,;;=;\",cdn-upstream-layer", CacheUnknown, ""},
		{"X-Cache: FunctionGeneratedResponse from cloudfront", CacheHit, ""},
		{"X-Cache: MISS, HIT", CacheHit, ""},
		{"X-Cache: HIT, MISS", CacheHit, ""},
		{"X-Cache: Miss from nginx\r\nX-Cache: Hit from cloudfront", CacheHit, ""},
		{"Cache-Status: nginx;fwd=uri-miss\r\nX-Cache: Hit from cloudfront\r\nAge: 3", CacheHit, ""},
		{"Cache-Status: \"CDN, Inc.\";hit;ttl=545", CacheHit, ""},
		{"Cache-Status: OriginCache; fwd=uri-miss; stored, Edge; hit; ttl=1100", CacheHit, ""},
		{"Cache-Status: OriginCache; hit; ttl=1100, Edge; fwd=stale; fwd-status=200", CacheHit, ""},
		{"Cache-Status: OriginCache; fwd=stale; fwd-status=304, Edge; fwd=stale; fwd-status=200", CacheRevalidated, ""},
		{"Cache-Status: OriginCache; fwd=uri-miss, Edge; fwd=miss", CacheMiss, ""},
		{"Cache-Status: OriginCache; fwd=uri-miss, Edge; fwd=miss; collapsed", CacheJoined, ""},
		{"Cache-Status: Edge; detail=\"hit;collapsed\"", CacheUnknown, ""},
		{"CF-Cache-Status: dynamic", CacheMiss, ""},
		{"CF-Cache-Status: HIT", CacheHit, ""},
		{"CF-Cache-Status: made up", CacheUnknown, ""},
		{"Server-Timing: cdn-cache-refresh", CacheRevalidated, ""},
		{"Server-Timing: cdn-cache-refresh\r\nX-Cache: RefreshHit from cloudfront", CacheRevalidated, ""},
		{"Server-Timing: cdn-cache-refresh\r\nCache-Status: edge;fwd=stale;collapsed", CacheJoined, ""},
		{"Server-Timing: cdn-cache-refresh,cdn-hit-layer;desc=\"Origin Shield\"", CacheHit, ""}, // the shield had it
		{"Age: 7", CacheUnknown, ""},
		{"Server: AmazonS3\r\nX-Amz-Request-Id: 4442587FB7D0A2F9", CacheMiss, ""},
		{"Server: AmazonS3\r\nX-Amz-Request-Id: 4442587FB7D0A2F9\r\nVia: 1.1 varnish", CacheUnknown, ""},
		{"X-Varnish: 123", CacheMiss, ""},
		{"X-Varnish: 123 99", CacheHit, ""},
		{"Cache-Status: edge;fwd=uri-miss;collapsed", CacheJoined, ""},
		{"Server-Timing: cdn-cache-hit\r\nX-Cache: Hit from cloudfront\r\nCache-Status: edge;fwd=uri-miss;collapsed", CacheJoined, ""},
		{"Server-Timing: cdn-cache-miss,cdn-upstream-layer;desc=\"EDGE\"\r\nCache-Status: shield;collapsed", CacheMiss, ""},
	} {
		var h Headers
		for line := range strings.SplitSeq(tc.head, "\r\n") {
			name, value, _ := strings.Cut(line, ": ")
			h.Note([]byte(name), []byte(value))
		}
		if o := h.Outcome(); o.Cache != tc.cache || o.Pop != tc.pop {
			t.Errorf("%q: cache %d, pop %q; want %d, %q", tc.head, o.Cache, o.Pop, tc.cache, tc.pop)
		}
	}
}

func TestAskedOrigin(t *testing.T) {
	for _, tc := range []struct {
		result, detailed string
		want             bool
	}{
		{"Hit", "Hit", false},
		{"Miss", "Miss", true},
		{"RefreshHit", "RefreshHit", true},
		{"Miss", "OriginShieldHit", false},
		{"Error", "Error", false},
		{"Error", "OriginConnectError", true},
		{"LimitExceeded", "", false},
	} {
		if got := AskedOrigin(tc.result, tc.detailed); got != tc.want {
			t.Errorf("%+v: got %v", tc, got)
		}
	}
}

func TestOnCloudFront(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		want        bool
	}{
		{"X-Amz-Cf-Pop", "AMS1", true},
		{"X-Amz-Cf-Id", "x", true},
		{"Via", "1.1 abc.cloudfront.net (CloudFront)", true},
		{"Server", "cloudfront", true},
		{"Server", "AmazonS3", false},
		{"Via", "1.1 varnish", false},
	} {
		if got := OnCloudFront(map[string][]string{tc.name: {tc.value}}); got != tc.want {
			t.Errorf("%s: %s: got %v", tc.name, tc.value, got)
		}
	}
}
