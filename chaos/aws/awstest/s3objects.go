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

func (b *Bucket) list(c *call, q url.Values) {
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
	c.xml("<ListBucketResult>" + truncated + out.String() + "</ListBucketResult>")
}

func (b *Bucket) listVersions(c *call, q url.Values) {
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
	c.xml("<ListVersionsResult>" + out.String() + "</ListVersionsResult>")
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

// matches reports whether the object is the one that the request is about, or
// answers that it is not.
func (b *Bucket) matches(c *call, key string) bool {
	match := c.r.Header.Get("If-Match")
	if v := b.latest(key); match == "" || v != nil && v.etag == match {
		return true
	}
	c.fail(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	return false
}

func (b *Bucket) get(c *call, key, id string) {
	v := b.find(key, id)
	if v == nil {
		c.fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
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
	if c.r.Method == http.MethodGet {
		_, _ = c.w.Write(v.body)
	}
}

func (b *Bucket) write(c *call, op, key string) {
	if !b.matches(c, key) {
		return
	}
	if op == "CopyObject" {
		from, err := url.PathUnescape(c.r.Header.Get("X-Amz-Copy-Source"))
		if err != nil {
			c.fail(http.StatusBadRequest, "InvalidArgument", err.Error())
			return
		}
		from, id, _ := strings.Cut(strings.TrimPrefix(from, "/"), "?versionId=")
		bucket, source, _ := strings.Cut(from, "/")
		var v *version
		if bucket == b.Name {
			v = b.find(source, id)
		}
		if v == nil {
			c.fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
			return
		}
		n := b.put(key, v.body, v.kind, v.control, c.now)
		c.w.Header().Set("X-Amz-Version-Id", n.id)
		c.xml("<CopyObjectResult><ETag>" + escape(n.etag) + "</ETag></CopyObjectResult>")
		return
	}
	n := b.put(key, unchunk(c.r, c.body), c.r.Header.Get("Content-Type"), c.r.Header.Get("Cache-Control"), c.now)
	c.w.Header().Set("ETag", n.etag)
	c.w.Header().Set("X-Amz-Version-Id", n.id)
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

func (b *Bucket) deleteObject(c *call, key, id string) {
	if !b.matches(c, key) {
		return
	}
	if marker := b.remove(key, id, c.now); marker != nil {
		c.w.Header().Set("X-Amz-Version-Id", marker.id)
		c.w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	c.w.WriteHeader(http.StatusNoContent)
}
