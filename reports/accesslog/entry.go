package accesslog

import (
	"strconv"
	"strings"
	"time"

	"hlsload/player/cmcd"
	"hlsload/reports/cdn"
)

// Unknown is a duration that the log does not have.
const Unknown = time.Duration(-1)

// Entry is one request as the CDN answered it.
type Entry struct {
	Time      time.Time // when the edge had sent the answer
	Pop       string    // x-edge-location
	Status    int       // 0 = unknown; below 100 CloudFront's own, such as 000
	Bytes     int64     // of the answer, its head included
	UserAgent string
	Result    string // Hit, RefreshHit, Miss, Error, …: what the edge had
	Detailed  string // OriginShieldHit, OriginError, …

	Took      time.Duration // from the request to the last byte
	FirstByte time.Duration // at the edge
	Origin    time.Duration // first byte of the origin; Unknown = it was not asked, or the log does not say

	CMCD cmcd.Report

	at clock
}

// AskedOrigin reports whether the log shows that the origin was asked for this
// request: it has the origin's latency, or its result says so.
func (e *Entry) AskedOrigin() bool { return e.Origin >= 0 || cdn.AskedOrigin(e.Result, e.Detailed) }

// column is what a column of a log means. The zero column means nothing here.
type column struct {
	take   func(e *Entry, v string)
	common bool // its values are few and come again
}

// columns are known by their names in lower case. A log names the same thing
// cs(Host) or cs-host, by its version.
var columns = func() map[string]column {
	userAgent := column{take: func(e *Entry, v string) { e.UserAgent = cmcd.Unescape(v) }}
	all := map[string]column{
		"date":                        {func(e *Entry, v string) { e.at.date = v }, true},
		"time":                        {take: func(e *Entry, v string) { e.at.time = v }},
		"timestamp":                   {take: func(e *Entry, v string) { e.at.stamp = v }},
		"timestamp(ms)":               {take: func(e *Entry, v string) { e.at.stampMs = v }},
		"x-edge-location":             {func(e *Entry, v string) { e.Pop = v }, true},
		"x-edge-result-type":          {func(e *Entry, v string) { e.Result = v }, true},
		"x-edge-detailed-result-type": {func(e *Entry, v string) { e.Detailed = v }, true},
		"sc-status": {take: func(e *Entry, v string) {
			if n := whole(v); n < 1000 {
				e.Status = int(n)
			}
		}},
		"sc-bytes":           {take: func(e *Entry, v string) { e.Bytes = whole(v) }},
		"time-taken":         {take: func(e *Entry, v string) { e.Took = seconds(v) }},
		"time-to-first-byte": {take: func(e *Entry, v string) { e.FirstByte = seconds(v) }},
		"origin-fbl":         {take: func(e *Entry, v string) { e.Origin = seconds(v) }},
		"cs(user-agent)":     userAgent,
		"cs-user-agent":      userAgent,
		"cs-uri-query":       {take: func(e *Entry, v string) { e.CMCD.ParseQuery(v) }},
		"cs-headers":         {take: func(e *Entry, v string) { e.headers(cmcd.Unescape(v)) }},
	}
	for name, key := range cmcdColumns {
		all[name] = column{take: func(e *Entry, v string) { e.CMCD.Set(key, cmcd.Unescape(v)) }}
	}
	return all
}()

// cmcdColumns are the keys that real-time logs and v2 logs give columns of
// their own, as CTA-5004 calls them.
var cmcdColumns = map[string]string{
	"cmcd-encoded-bitrate": "br", "cmcd-buffer-length": "bl", "cmcd-buffer-starvation": "bs", "cmcd-content-id": "cid",
	"cmcd-object-duration": "d", "cmcd-deadline": "dl", "cmcd-measured-throughput": "mtp", "cmcd-object-type": "ot",
	"cmcd-playback-rate": "pr", "cmcd-streaming-format": "sf", "cmcd-session-id": "sid", "cmcd-stream-type": "st",
	"cmcd-startup": "su", "cmcd-top-bitrate": "tb", "cmcd-version": "v",
}

func columnNamed(name string) column { return columns[strings.ToLower(strings.TrimSpace(name))] }

// standardOrder is the order of columns of standard logs v1, and of v2 logs in
// the format plain unless the delivery names its own.
const standardOrder = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) " +
	"x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type " +
	"cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"

// realtimeOrder is the order in which the fields of a real-time log record are
// documented; a configuration that leaves some out keeps it.
const realtimeOrder = "timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id " +
	"x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for " +
	"ssl-protocol ssl-cipher x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port " +
	"x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers cs-header-names cs-headers-count " +
	"primary-distribution-id primary-distribution-dns-name origin-fbl origin-lbl asn " +
	"cmcd-encoded-bitrate cmcd-buffer-length cmcd-buffer-starvation cmcd-content-id cmcd-object-duration cmcd-deadline cmcd-measured-throughput " +
	"cmcd-next-object-request cmcd-next-range-request cmcd-object-type cmcd-playback-rate cmcd-requested-maximum-throughput cmcd-streaming-format " +
	"cmcd-session-id cmcd-stream-type cmcd-startup cmcd-top-bitrate cmcd-version r-host sr-reason x-edge-mqcs distribution-tenant-id connection-id"

// clock is an entry's instant, which may come in several columns.
type clock struct{ date, time, stamp, stampMs string }

func (c *clock) instant() (time.Time, bool) {
	switch {
	case c.stampMs != "":
		if n, err := strconv.ParseInt(c.stampMs, 10, 64); err == nil && n > 0 && n < 1<<43 {
			return time.UnixMilli(n).UTC(), true
		}
	case c.stamp != "":
		// A float64 holds seconds of this century to the microsecond.
		if f, err := strconv.ParseFloat(c.stamp, 64); err == nil && f > 0 && f < 1<<33 {
			return time.UnixMilli(int64(f*1000 + 0.5)).UTC(), true
		}
	case c.date != "":
		if t, err := time.Parse("2006-01-02 15:04:05", c.date+" "+c.time); err == nil && t.Year() >= 1970 {
			return t, true
		}
	}
	return time.Time{}, false
}

// whole reads a number, 0 for anything else.
func whole(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// seconds reads a duration such as 0.002.
func seconds(v string) time.Duration {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 0 && f < 1e6) {
		return Unknown
	}
	return time.Duration(f*1e6+0.5) * time.Microsecond
}

// headers takes what CMCD headers say out of cs-headers, name:value a line.
func (e *Entry) headers(lines string) {
	for n := 0; n < 1000 && lines != ""; n++ {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		if name, value, ok := strings.Cut(line, ":"); ok {
			e.CMCD.ParseHeader(name, cmcd.Unescape(strings.TrimSpace(value)))
		}
	}
}
