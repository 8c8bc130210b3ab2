package awstest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// How a bucket keeps objects, and answers requests for them.

func (b *Bucket) put(key string, body []byte, kind, control string, at time.Time) *version {
	sum := md5.Sum(body)
	v := version{id: "null", etag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: at, body: body, kind: kind, control: control}
	b.insert(key, &v)
	return &v
}

func (b *Bucket) insert(key string, v *version) {
	if b.Versioned {
		b.serial++
		v.id = fmt.Sprintf("v%06d", b.serial)
		b.objects[key] = append(b.objects[key], *v)
		return
	}
	b.objects[key] = []version{*v}
}

// remove deletes an object, or one version of it.
func (b *Bucket) remove(key, id string, at time.Time) (marker *version) {
	switch {
	case id != "":
		b.objects[key] = slices.DeleteFunc(b.objects[key], func(v version) bool { return v.id == id })
	case b.Versioned:
		marker = &version{marker: true, modified: at}
		b.insert(key, marker)
	default:
		delete(b.objects, key)
	}
	if len(b.objects[key]) == 0 {
		delete(b.objects, key)
	}
	return marker
}

// latest is the object as it is now, nil when there is none.
func (b *Bucket) latest(key string) *version {
	all := b.objects[key]
	if len(all) == 0 || all[len(all)-1].marker {
		return nil
	}
	return &all[len(all)-1]
}

const isoTime = "2006-01-02T15:04:05.000Z"

func (b *Bucket) list(c *call) (any, error) {
	q := c.r.URL.Query()
	const page = 7
	var out bytes.Buffer
	after, n, more := q.Get("continuation-token"), 0, ""
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		v := b.latest(key)
		if v == nil || !strings.HasPrefix(key, q.Get("prefix")) || key <= after {
			continue
		}
		if n == page {
			break
		}
		n++
		more = key
		fmt.Fprintf(&out, "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size></Contents>", escape(key), v.modified.UTC().Format(isoTime), escape(v.etag), len(v.body))
	}
	truncated := ""
	if n == page {
		truncated = "<IsTruncated>true</IsTruncated><NextContinuationToken>" + escape(more) + "</NextContinuationToken>"
	}
	return document("<ListBucketResult>" + truncated + out.String() + "</ListBucketResult>"), nil
}

func (b *Bucket) listVersions(c *call) (any, error) {
	q := c.r.URL.Query()
	const page = 7
	type row struct {
		key string
		v   version
		top bool
	}
	var rows []row
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) {
			continue
		}
		all := b.objects[key]
		for i := len(all) - 1; i >= 0; i-- {
			rows = append(rows, row{key, all[i], i == len(all)-1})
		}
	}
	from := 0
	if k := q.Get("key-marker"); k != "" {
		from = len(rows)
		for i, r := range rows {
			if r.key == k && r.v.id == q.Get("version-id-marker") {
				from = i + 1
			}
		}
	}
	to := min(from+page, len(rows))
	var out bytes.Buffer
	for _, r := range rows[from:to] {
		tag := "Version"
		if r.v.marker {
			tag = "DeleteMarker"
		}
		fmt.Fprintf(&out, "<%s><Key>%s</Key><VersionId>%s</VersionId><IsLatest>%v</IsLatest><LastModified>%s</LastModified>", tag, escape(r.key), r.v.id, r.top, r.v.modified.UTC().Format(isoTime))
		if !r.v.marker {
			fmt.Fprintf(&out, "<ETag>%s</ETag><Size>%d</Size>", escape(r.v.etag), len(r.v.body))
		}
		fmt.Fprintf(&out, "</%s>", tag)
	}
	if to < len(rows) {
		fmt.Fprintf(&out, "<IsTruncated>true</IsTruncated><NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>", escape(rows[to-1].key), rows[to-1].v.id)
	}
	return document("<ListVersionsResult>" + out.String() + "</ListVersionsResult>"), nil
}

// find is an object in one of its versions, as it is now when id is "", nil when
// there is none.
func (b *Bucket) find(key, id string) *version {
	if id == "" {
		return b.latest(key)
	}
	for i := range b.objects[key] {
		if v := &b.objects[key][i]; v.id == id && !v.marker {
			return v
		}
	}
	return nil
}

// matches refuses a request that is about the object as it was.
func (b *Bucket) matches(c *call) error {
	match := c.r.Header.Get("If-Match")
	if v := b.latest(c.at["key"]); match == "" || v != nil && v.etag == match {
		return nil
	}
	return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

var errNoKey = refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")

func (b *Bucket) get(c *call) (any, error) {
	v := b.find(c.at["key"], c.r.URL.Query().Get("versionId"))
	if v == nil {
		return nil, errNoKey
	}
	h := c.w.Header()
	h.Set("ETag", v.etag)
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", v.kind)
	h.Set("Content-Length", fmt.Sprint(len(v.body)))
	if v.control != "" {
		h.Set("Cache-Control", v.control)
	}
	if b.Versioned {
		h.Set("X-Amz-Version-Id", v.id)
	}
	if c.r.Method == http.MethodHead {
		return []byte{}, nil
	}
	return v.body, nil
}

func (b *Bucket) copy(c *call) (any, error) {
	from, err := url.PathUnescape(c.r.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidArgument", "%v", err)
	}
	from, id, _ := strings.Cut(strings.TrimPrefix(from, "/"), "?versionId=")
	bucket, source, _ := strings.Cut(from, "/")
	v := b.find(source, id)
	if v == nil || bucket != b.Name {
		return nil, errNoKey
	}
	n := b.put(c.at["key"], v.body, v.kind, v.control, c.now)
	c.w.Header().Set("X-Amz-Version-Id", n.id)
	return document("<CopyObjectResult><ETag>" + escape(n.etag) + "</ETag></CopyObjectResult>"), nil
}

func (b *Bucket) write(c *call) (any, error) {
	if err := b.matches(c); err != nil {
		return nil, err
	}
	n := b.put(c.at["key"], unchunk(c.r, c.body), c.r.Header.Get("Content-Type"), c.r.Header.Get("Cache-Control"), c.now)
	c.w.Header().Set("ETag", n.etag)
	c.w.Header().Set("X-Amz-Version-Id", n.id)
	return nil, nil
}

// unchunk takes the framing off a body that was signed in pieces.
func unchunk(r *http.Request, body []byte) []byte {
	if !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") && !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body
	}
	var out []byte
	for len(body) > 0 {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		if !ok {
			break
		}
		var n int
		if _, err := fmt.Sscanf(string(line), "%x", &n); err != nil || n == 0 || n > len(rest) {
			break
		}
		out = append(out, rest[:n]...)
		body = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
	return out
}

func (b *Bucket) deleteObject(c *call) (any, error) {
	if err := b.matches(c); err != nil {
		return nil, err
	}
	if marker := b.remove(c.at["key"], c.r.URL.Query().Get("versionId"), c.now); marker != nil {
		c.w.Header().Set("X-Amz-Version-Id", marker.id)
		c.w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	return nil, nil
}
