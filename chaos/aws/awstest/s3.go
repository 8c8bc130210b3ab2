package awstest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
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

// s3 are the operations of S3; the path names bucket and key.
func (a *Account) s3() []operation {
	all := []operation{
		{"GET /{bucket}?policy", "GetBucketPolicy", on(a.findBucket, (*Bucket).getPolicy)},
		{"PUT /{bucket}?policy", "PutBucketPolicy", on(a.findBucket, (*Bucket).putPolicy)},
		{"DELETE /{bucket}?policy", "DeleteBucketPolicy", on(a.findBucket, (*Bucket).putPolicy)},
		{"GET /{bucket}?tagging", "GetBucketTagging", on(a.findBucket, (*Bucket).tagging)},
		{"GET /{bucket}?versioning", "GetBucketVersioning", on(a.findBucket, (*Bucket).versioning)},
		{"GET /{bucket}?notification", "GetBucketNotification", on(a.findBucket, (*Bucket).notifications)},
		{"GET /{bucket}?versions", "ListObjectVersions", on(a.findBucket, (*Bucket).listVersions)},
		{"GET /{bucket}?list-type", "ListObjectsV2", on(a.findBucket, (*Bucket).list)},
		{"GET /{bucket}/{key...}?acl", "GetObjectAcl", on(a.findBucket, (*Bucket).acl)},
		{"GET /{bucket}/{key...}?tagging", "GetObjectTagging", on(a.findBucket, (*Bucket).objectTagging)},
		{"GET /{bucket}/{key...}", "GetObject", on(a.findBucket, (*Bucket).get)},
		{"HEAD /{bucket}/{key...}", "HeadObject", on(a.findBucket, (*Bucket).get)},
		{"PUT /{bucket}/{key...}?X-Amz-Copy-Source", "CopyObject", on(a.findBucket, (*Bucket).copy)},
		{"PUT /{bucket}/{key...}", "PutObject", on(a.findBucket, (*Bucket).write)},
		{"DELETE /{bucket}/{key...}", "DeleteObject", on(a.findBucket, (*Bucket).deleteObject)},
	}
	actions := map[string]string{"HeadObject": "GetObject", "CopyObject": "PutObject", "ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions"}
	for i, op := range all {
		all[i].serve = func(c *call) (any, error) {
			c.action = "s3:" + cmp.Or(actions[op.name], op.name)
			return op.serve(c)
		}
	}
	return all
}

// findBucket finds the bucket, if its policy lets the caller do what it asks for.
func (a *Account) findBucket(c *call) (*Bucket, error) {
	b := a.buckets[c.at["bucket"]]
	if b == nil {
		return nil, refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	owner := c.r.Header.Get("X-Amz-Expected-Bucket-Owner")
	if owner != "" && owner != a.ID || !b.allows(c.action, c.at["key"], principal{arn: a.Caller}, c.now) {
		return nil, refuse(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return b, nil
}

func (b *Bucket) getPolicy(c *call) (any, error) {
	policy := b.policyAt(c.now)
	if policy == "" {
		return nil, refuse(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return []byte(policy), nil
}

// putPolicy puts the policy in the body; without one, it deletes the policy.
func (b *Bucket) putPolicy(c *call) (any, error) {
	if err := b.setPolicy(bytes.Clone(c.body), c.now); err != nil {
		return nil, refuse(http.StatusBadRequest, "MalformedPolicy", "%v", err)
	}
	return nil, nil
}

func (b *Bucket) tagging(*call) (any, error) {
	if len(b.Tags) == 0 {
		return nil, refuse(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist")
	}
	return document("<Tagging><TagSet>" + tagsXML(b.Tags) + "</TagSet></Tagging>"), nil
}

func (b *Bucket) versioning(*call) (any, error) {
	status := ""
	if b.Versioned {
		status = "<Status>Enabled</Status>"
	}
	return document("<VersioningConfiguration>" + status + "</VersioningConfiguration>"), nil
}

func (b *Bucket) acl(*call) (any, error) {
	grant := func(grantee, permission string) string {
		return `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` + grantee + `</Grantee><Permission>` + permission + `</Permission></Grant>`
	}
	all := grant(`xsi:type="CanonicalUser"><ID>owner</ID>`, "FULL_CONTROL")
	if b.Public {
		all += grant(`xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>`, "READ")
	}
	return document("<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList>" + all + "</AccessControlList></AccessControlPolicy>"), nil
}

func (b *Bucket) objectTagging(*call) (any, error) {
	all := ""
	if b.Tagged {
		all = "<Tag><Key>stage</Key><Value>test</Value></Tag>"
	}
	return document("<Tagging><TagSet>" + all + "</TagSet></Tagging>"), nil
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
