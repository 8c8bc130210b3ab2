package awstest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bucket is an S3 bucket.
type Bucket struct {
	a *Account

	Name      string
	Versioned bool
	Tags      map[string]string
	Reader    string // ARN of the distribution that reads it
	Public    bool   // every object has an ACL that lets everybody read it
	Tagged    bool   // every object has a tag

	policies []put // what was put, and from when on it holds
	objects  map[string][]version
	serial   int

	functions []string // that are told what is written
}

// put is a policy that was put; nil text = it was deleted.
type put struct {
	at         time.Time // when it takes effect
	shows      time.Time // when it can be read
	text       []byte
	statements []statement
}

// version is one version of an object, or a delete marker.
type version struct {
	id, etag string
	marker   bool
	modified time.Time
	body     []byte
	kind     string // Content-Type
	control  string // Cache-Control
}

// AddBucket adds a bucket.
func (a *Account) AddBucket(name string, versioned bool) *Bucket {
	b := &Bucket{a: a, Name: name, Versioned: versioned, Tags: map[string]string{"hlsload": "allow"}, objects: map[string][]version{}}
	a.buckets[name] = b
	return b
}

// SetPolicy puts a policy as somebody else would; "" deletes it.
func (b *Bucket) SetPolicy(text string) {
	b.a.Do(func() {
		if err := b.setPolicy([]byte(text), b.a.Now()); err != nil {
			panic(err)
		}
	})
}

func (b *Bucket) setPolicy(text []byte, now time.Time) error {
	p := put{at: now.Add(b.a.Delay), shows: now.Add(b.a.Lag)}
	if len(text) > 0 {
		statements, err := parsePolicy(text)
		if err != nil {
			return err
		}
		p.text, p.statements = text, statements
	}
	b.policies = append(b.policies, p)
	return nil
}

// Policy is the policy as it was put last; "" = none.
func (b *Bucket) Policy() string {
	if len(b.policies) == 0 {
		return ""
	}
	return string(b.policies[len(b.policies)-1].text)
}

// policyAt is the policy as it can be read at an instant.
func (b *Bucket) policyAt(now time.Time) string {
	for i := len(b.policies) - 1; i >= 0; i-- {
		if !b.policies[i].shows.After(now) {
			return string(b.policies[i].text)
		}
	}
	return ""
}

// allows evaluates the policy that is in effect. Who owns the account may do
// what is not denied.
func (b *Bucket) allows(action, key string, who principal, now time.Time) bool {
	resource := "arn:aws:s3:::" + b.Name
	if key != "" {
		resource += "/" + key
	}
	for i := len(b.policies) - 1; i >= 0; i-- {
		if b.policies[i].at.After(now) {
			continue
		}
		for _, s := range b.policies[i].statements {
			if s.Effect == "Deny" && s.applies(action, resource, who, now) {
				return false
			}
		}
		break
	}
	return true
}

// Allows tells whether the policy lets a role do something with a key now.
func (b *Bucket) Allows(action, key, role string) (ok bool) {
	b.a.Do(func() { ok = b.allows(action, key, principal{arn: role}, b.a.Now()) })
	return ok
}

// Put writes an object as others would.
func (b *Bucket) Put(key, body string) {
	b.a.Do(func() { b.put(key, []byte(body), "application/octet-stream", "", b.a.Now()) })
}

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

// Body is the object's text as it is now.
func (b *Bucket) Body(key string) (text string, ok bool) {
	b.a.Do(func() {
		if v := b.latest(key); v != nil {
			text, ok = string(v.body), true
		}
	})
	return text, ok
}

// locate tells bucket and key from a virtual-hosted or a path-style URL.
func (a *Account) locate(r *http.Request) (bucket, key string) {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	p := strings.TrimPrefix(r.URL.Path, "/")
	if name, _, ok := strings.Cut(host, ".s3."); ok {
		return name, p
	}
	bucket, key, _ = strings.Cut(p, "/")
	return bucket, key
}

func (a *Account) serveS3(c *call) {
	name, key := a.locate(c.r)
	q := c.r.URL.Query()
	op := s3Operation(c.r, key, q)
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet && c.r.Method != http.MethodHead) {
		return
	}
	b := a.buckets[name]
	if b == nil {
		c.fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	if owner := c.r.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != a.ID {
		c.fail(http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	}
	who := principal{arn: a.Caller}
	action := map[string]string{"HeadObject": "GetObject", "CopyObject": "PutObject", "ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions"}[op]
	if action == "" {
		action = op
	}
	if !b.allows("s3:"+action, key, who, c.now) {
		c.fail(http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	}
	switch op {
	case "GetBucketPolicy":
		policy := b.policyAt(c.now)
		if policy == "" {
			c.fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
			return
		}
		c.w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(c.w, policy)
	case "PutBucketPolicy":
		if err := b.setPolicy(bytes.Clone(c.body), c.now); err != nil {
			c.fail(http.StatusBadRequest, "MalformedPolicy", err.Error())
			return
		}
		c.w.WriteHeader(http.StatusNoContent)
	case "DeleteBucketPolicy":
		_ = b.setPolicy(nil, c.now)
		c.w.WriteHeader(http.StatusNoContent)
	case "GetBucketTagging":
		if len(b.Tags) == 0 {
			c.fail(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist")
			return
		}
		var out bytes.Buffer
		for _, k := range slices.Sorted(maps.Keys(b.Tags)) {
			fmt.Fprintf(&out, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", escape(k), escape(b.Tags[k]))
		}
		c.xml("<Tagging><TagSet>" + out.String() + "</TagSet></Tagging>")
	case "GetBucketVersioning":
		if b.Versioned {
			c.xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
			return
		}
		c.xml("<VersioningConfiguration/>")
	case "GetBucketNotification":
		b.notifications(c)
	case "ListObjectsV2":
		b.list(c, q)
	case "ListObjectVersions":
		b.listVersions(c, q)
	case "GetObject", "HeadObject":
		b.get(c, key, q.Get("versionId"))
	case "GetObjectAcl":
		grant := func(grantee, permission string) string {
			return `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` + grantee + `</Grantee><Permission>` + permission + `</Permission></Grant>`
		}
		all := grant(`xsi:type="CanonicalUser"><ID>owner</ID>`, "FULL_CONTROL")
		if b.Public {
			all += grant(`xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>`, "READ")
		}
		c.xml("<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList>" + all + "</AccessControlList></AccessControlPolicy>")
	case "GetObjectTagging":
		all := ""
		if b.Tagged {
			all = "<Tag><Key>stage</Key><Value>test</Value></Tag>"
		}
		c.xml("<Tagging><TagSet>" + all + "</TagSet></Tagging>")
	case "PutObject", "CopyObject":
		b.write(c, op, key)
	case "DeleteObject":
		b.deleteObject(c, key, q.Get("versionId"))
	}
}

func s3Operation(r *http.Request, key string, q url.Values) string {
	if key == "" {
		for sub, ops := range map[string]map[string]string{
			"policy":       {"GET": "GetBucketPolicy", "PUT": "PutBucketPolicy", "DELETE": "DeleteBucketPolicy"},
			"tagging":      {"GET": "GetBucketTagging"},
			"versioning":   {"GET": "GetBucketVersioning"},
			"notification": {"GET": "GetBucketNotification"},
			"versions":     {"GET": "ListObjectVersions"},
			"list-type":    {"GET": "ListObjectsV2"},
		} {
			if q.Has(sub) {
				return ops[r.Method]
			}
		}
		return ""
	}
	switch r.Method {
	case http.MethodGet:
		switch {
		case q.Has("acl"):
			return "GetObjectAcl"
		case q.Has("tagging"):
			return "GetObjectTagging"
		}
		return "GetObject"
	case http.MethodHead:
		return "HeadObject"
	case http.MethodPut:
		if r.Header.Get("X-Amz-Copy-Source") != "" {
			return "CopyObject"
		}
		return "PutObject"
	case http.MethodDelete:
		return "DeleteObject"
	}
	return ""
}

func (c *call) xml(body string) {
	c.w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(c.w, xml.Header+body)
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

func (b *Bucket) get(c *call, key, id string) {
	v := b.latest(key)
	if id != "" {
		v = nil
		for i := range b.objects[key] {
			if o := &b.objects[key][i]; o.id == id && !o.marker {
				v = o
			}
		}
	}
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
	if match := c.r.Header.Get("If-Match"); match != "" {
		if v := b.latest(key); v == nil || v.etag != match {
			c.fail(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
			return
		}
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
			for i := range b.objects[source] {
				if o := &b.objects[source][i]; !o.marker && (id == "" || o.id == id) {
					v = o
				}
			}
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
	if match := c.r.Header.Get("If-Match"); match != "" {
		if v := b.latest(key); v == nil || v.etag != match {
			c.fail(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
			return
		}
	}
	if marker := b.remove(key, id, c.now); marker != nil {
		c.w.Header().Set("X-Amz-Version-Id", marker.id)
		c.w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	c.w.WriteHeader(http.StatusNoContent)
}

// s3State is policies and what encoders do not write again.
func (a *Account) s3State(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(a.buckets)) {
		b := a.buckets[name]
		fmt.Fprintf(w, "bucket %s: versioned %v, tags %v\n  policy %s\n", name, b.Versioned, b.Tags, canonical(b.Policy()))
		for _, key := range slices.Sorted(maps.Keys(b.objects)) {
			if v := b.latest(key); v != nil && !b.written(key) {
				fmt.Fprintf(w, "  object %s %s\n", key, v.etag)
			} else if v != nil && strings.HasSuffix(key, ".m3u8") {
				fmt.Fprintf(w, "  playlist %s, ended %v, misses %d segments\n", key, bytes.Contains(v.body, []byte("ENDLIST")), b.missing(key, v.body))
			}
		}
	}
}

// written tells whether a pipeline writes the key again and again.
func (b *Bucket) written(key string) bool {
	for _, ch := range b.a.channels {
		for _, w := range ch.writers {
			if rest, ok := strings.CutPrefix(key, w.prefix); ok && w.bucket == b && rest != w.main() {
				return true
			}
		}
	}
	return false
}

// ServeHTTP shows the objects to viewers, as a CDN in front of the bucket would
// without a cache: the path is the key.
func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	b.a.mu.Lock()
	now := b.a.Now()
	b.a.advance(now)
	v := b.latest(key)
	allowed := b.allows("s3:GetObject", key, principal{service: "cloudfront.amazonaws.com", source: b.Reader}, now)
	b.a.mu.Unlock()
	switch {
	case !allowed:
		http.Error(w, "AccessDenied", http.StatusForbidden)
	case v == nil:
		http.Error(w, "NoSuchKey", http.StatusNotFound)
	default:
		w.Header().Set("ETag", v.etag)
		w.Header().Set("Cache-Control", v.control)
		w.Header().Set("Content-Type", v.kind)
		http.ServeContent(w, r, "", v.modified, bytes.NewReader(v.body))
	}
}

// missing counts the segments that a playlist lists and that are not there.
func (b *Bucket) missing(key string, body []byte) int {
	n := 0
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); strings.HasSuffix(line, ".ts") && b.latest(key[:strings.LastIndexByte(key, '/')+1]+line) == nil {
			n++
		}
	}
	return n
}

// canonical is a policy in a form of its own: S3 does not keep spaces either.
func canonical(policy string) string {
	var v map[string]any
	if json.Unmarshal([]byte(policy), &v) != nil {
		return policy
	}
	if one, ok := v["Statement"].(map[string]any); ok {
		v["Statement"] = []any{one}
	}
	text, _ := json.Marshal(v)
	return string(text)
}

// Deleted are the keys of which a delete marker is the latest version.
func (b *Bucket) Deleted() (keys []string) {
	b.a.Do(func() {
		for _, key := range slices.Sorted(maps.Keys(b.objects)) {
			if all := b.objects[key]; len(all) > 0 && all[len(all)-1].marker {
				keys = append(keys, key)
			}
		}
	})
	return keys
}

// Delete deletes an object as somebody else would.
func (b *Bucket) Delete(key string) { b.a.Do(func() { b.remove(key, "", b.a.Now()) }) }
