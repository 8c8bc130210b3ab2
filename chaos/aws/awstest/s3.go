package awstest

import (
	"bytes"
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
	policied

	Name      string
	Versioned bool
	Tags      map[string]string
	Reader    string // ARN of the distribution that reads it
	Public    bool   // every object has an ACL that lets anyone read it
	Tagged    bool   // every object has a tag

	objects map[string][]version
	serial  int

	functions []string // that are told what is written
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
	b := &Bucket{policied: policied{a: a}, Name: name, Versioned: versioned, Tags: map[string]string{"hlsload": "allow"}, objects: map[string][]version{}}
	a.buckets[name] = b
	return b
}

// allows evaluates the policy that is in effect. The owner of the account may do
// what is not denied.
func (b *Bucket) allows(action, key string, who principal, now time.Time) bool {
	resource := "arn:aws:s3:::" + b.Name
	if key != "" {
		resource += "/" + key
	}
	_, deny := b.effects(action, resource, who, now)
	return !deny
}

// Allows reports whether the policy lets a role do something with a key now.
func (b *Bucket) Allows(action, key, role string) (ok bool) {
	b.a.Do(func() { ok = b.allows(action, key, principal{arn: role}, b.a.Now()) })
	return ok
}

// Put writes an object as others would.
func (b *Bucket) Put(key, body string) {
	b.a.Do(func() { b.put(key, []byte(body), "application/octet-stream", "", b.a.Now()) })
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

// locate says bucket and key from a virtual-hosted or a path-style URL.
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
		c.xml("<Tagging><TagSet>" + tagsXML(b.Tags) + "</TagSet></Tagging>")
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

// written reports whether a pipeline writes the key again and again.
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

// Delete deletes an object as another program would.
func (b *Bucket) Delete(key string) { b.a.Do(func() { b.remove(key, "", b.a.Now()) }) }
