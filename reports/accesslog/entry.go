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
	Method    string
	Host      string // that the viewer asked for
	Path      string // cs-uri-stem
	UserAgent string
	Result    string // Hit, RefreshHit, Miss, Error, …: what the edge had
	Response  string // x-edge-response-result-type: what the viewer got
	Detailed  string // OriginShieldHit, OriginError, …
	RequestID string // X-Amz-Cf-Id of the answer

	Took      time.Duration // from the request to the last byte
	FirstByte time.Duration // at the edge
	Origin    time.Duration // first byte of the origin; Unknown = it was not asked, or the log does not tell

	CMCD cmcd.Report
}

// AskedOrigin reports whether the log shows that the origin was asked for this
// request: it has the origin's latency, or its result says so.
func (e *Entry) AskedOrigin() bool { return e.Origin >= 0 || cdn.AskedOrigin(e.Result, e.Detailed) }

// field is a column that means something here.
type field uint8

const (
	ignored field = iota
	fDate
	fTime
	fTimestamp   // seconds since 1970
	fTimestampMs // milliseconds since 1970
	fPop
	fBytes
	fMethod
	fHost
	fPath
	fStatus
	fUserAgent
	fQuery
	fResult
	fResponse
	fDetailed
	fRequestID
	fTook
	fFirstByte
	fOrigin
	fHeaders
	fCMCD // and the key
)

// fields are the columns by their names in lower case. A log names the same
// thing cs(Host) or cs-host, by its version.
var fields = map[string]field{
	"date": fDate, "time": fTime, "timestamp": fTimestamp, "timestamp(ms)": fTimestampMs,
	"x-edge-location": fPop, "sc-bytes": fBytes, "cs-method": fMethod, "x-host-header": fHost, "cs-uri-stem": fPath,
	"sc-status": fStatus, "cs(user-agent)": fUserAgent, "cs-user-agent": fUserAgent, "cs-uri-query": fQuery,
	"x-edge-result-type": fResult, "x-edge-response-result-type": fResponse, "x-edge-detailed-result-type": fDetailed,
	"x-edge-request-id": fRequestID, "time-taken": fTook, "time-to-first-byte": fFirstByte, "origin-fbl": fOrigin, "cs-headers": fHeaders,
}

// cmcdColumns are the keys that real-time logs and v2 logs give columns of
// their own, as CTA-5004 calls them.
var cmcdColumns = map[string]string{
	"cmcd-encoded-bitrate": "br", "cmcd-buffer-length": "bl", "cmcd-buffer-starvation": "bs", "cmcd-content-id": "cid",
	"cmcd-object-duration": "d", "cmcd-deadline": "dl", "cmcd-measured-throughput": "mtp", "cmcd-object-type": "ot",
	"cmcd-playback-rate": "pr", "cmcd-streaming-format": "sf", "cmcd-session-id": "sid", "cmcd-stream-type": "st",
	"cmcd-startup": "su", "cmcd-top-bitrate": "tb", "cmcd-version": "v",
}

// column is one column of a file.
type column struct {
	field field
	key   string // of CMCD
}

func columnNamed(name string) column {
	name = strings.ToLower(strings.TrimSpace(name))
	if key, ok := cmcdColumns[name]; ok {
		return column{fCMCD, key}
	}
	return column{fields[name], ""}
}

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

// clock is a line's instant, which may come in several columns.
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

// set takes the value of a column; v is a copy of the line's bytes or shares
// them, as text.
func (e *Entry) set(c column, v string, at *clock) {
	if v == "-" || v == "" {
		return
	}
	switch c.field {
	case fDate:
		at.date = v
	case fTime:
		at.time = v
	case fTimestamp:
		at.stamp = v
	case fTimestampMs:
		at.stampMs = v
	case fPop:
		e.Pop = v
	case fBytes:
		e.Bytes = whole(v)
	case fMethod:
		e.Method = v
	case fHost:
		e.Host = v
	case fPath:
		e.Path = v
	case fStatus:
		if n := whole(v); n < 1000 {
			e.Status = int(n)
		}
	case fUserAgent:
		e.UserAgent = cmcd.Unescape(v)
	case fQuery:
		e.CMCD.ParseQuery(v)
	case fHeaders:
		e.headers(cmcd.Unescape(v))
	case fResult:
		e.Result = v
	case fResponse:
		e.Response = v
	case fDetailed:
		e.Detailed = v
	case fRequestID:
		e.RequestID = cmcd.Unescape(v)
	case fTook:
		e.Took = seconds(v)
	case fFirstByte:
		e.FirstByte = seconds(v)
	case fOrigin:
		e.Origin = seconds(v)
	case fCMCD:
		e.CMCD.Set(c.key, cmcd.Unescape(v))
	}
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
