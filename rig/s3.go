package rig

import (
	"encoding/xml"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/draw"
)

// Bounds of what others may PUT.
const (
	MaxPut      = 16 << 20 // bytes of one object
	MaxPutBytes = 64 << 20 // of all of them
	MaxPuts     = 1_000    // objects, deletions included
)

// overlays are objects that were PUT or deleted, until the channel's own
// next write of that key.
type overlays struct {
	byPath map[string]*overlay
	bytes  int
}

type overlay struct {
	at     time.Duration
	object *Object // nil = deleted
}

func (o *overlays) set(path string, v *overlay) bool {
	old, bytes, n := o.byPath[path], o.bytes, len(o.byPath)
	if old == nil {
		n++
	} else if old.object != nil {
		bytes -= len(old.object.body)
	}
	if v.object != nil {
		bytes += len(v.object.body)
	}
	if n > MaxPuts || bytes > MaxPutBytes {
		return false
	}
	if o.byPath == nil {
		o.byPath = map[string]*overlay{}
	}
	o.byPath[strings.Clone(path)] = v
	o.bytes = bytes
	return true
}

func (o *overlays) remove(path string) {
	if old := o.byPath[path]; old != nil && old.object != nil {
		o.bytes -= len(old.object.body)
	}
	delete(o.byPath, path)
}

// Write is a PUT or DELETE at the origin.
type Write struct {
	Path         string
	Delete       bool
	Body         []byte // of a PUT; kept
	ContentType  string
	CacheControl string
	IfMatch      string // ETag, or "*"
	IfNoneMatch  string // "*": only when the key is new
}

// Written is the origin's answer to a [Write].
type Written struct {
	Status int // 200, 204, 400, 403, 404, 412, 413, 503, or what a fault says
	ETag   uint64
	Wait   time.Duration
	Hang   bool
	Marks  chaos.Marks
}

// Write stores or deletes an object. It hides what the channel wrote under that
// key until the channel writes it again; what is no key of the channel stays.
// The invalidator does not hear of it: it watches the encoders' writes.
func (r *Rig) Write(now time.Duration, w *Write) Written {
	now = r.tick(now)
	q := r.query(w.Path, "")
	out := Written{Wait: r.cfg.Origin.Latency}
	t := r.thing(&q)
	effect := r.plan.Decide(now, chaos.AtOrigin, &t)
	out.Wait += effect.Delay
	out.Marks = effect.Marks
	switch {
	case effect.Hang || effect.Reset:
		out.Hang = true
		return out
	case effect.Status != 0:
		out.Status = effect.Status
		return out
	case !r.writes.take(now, q.path, r.cfg.Origin.WriteLimit):
		out.Status = 503
		return out
	case len(q.path) > maxPath || len(q.path) < 2 || q.path[0] != '/':
		out.Status = 400
		return out
	case len(w.Body) > MaxPut:
		out.Status = 413
		return out
	}
	old := r.stored(now, &q).object
	switch {
	case w.IfMatch != "" && old == nil:
		out.Status = 404
		return out
	case w.IfMatch != "" && !matches(w.IfMatch, old.ETag, true), w.IfNoneMatch != "" && old != nil:
		out.Status = 412
		return out
	}
	v := &overlay{at: now}
	if w.Delete {
		out.Status = 204
		if !q.channel {
			r.overlays.remove(q.path)
			return out
		}
		if old == nil {
			return out
		}
	} else {
		out.Status = 200
		v.object = &Object{ID: q.id, Size: int64(len(w.Body)), ETag: draw.Hash(w.Body), Modified: now, control: parseControl(w.CacheControl),
			contentType: w.ContentType, body: w.Body}
		if v.object.contentType == "" {
			v.object.contentType = "binary/octet-stream"
		}
		out.ETag = v.object.ETag
	}
	if !r.overlays.set(q.path, v) {
		out.Status = 503
	}
	return out
}

// List is a ListObjectsV2 request. Prefix and the keys of the answer have no
// leading slash and start after the bucket.
type List struct {
	Bucket, Prefix, Delimiter, After string
	Max                              int // 1 to 1000; others = 1000
}

// listResult is S3's answer to ListObjectsV2.
type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	KeyCount              int
	MaxKeys               int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listEntry
	CommonPrefixes        []listPrefix
}

type listEntry struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type listPrefix struct{ Prefix string }

// List answers ListObjectsV2 with its XML. Keys come in the order of their
// bytes, as S3 lists them.
func (r *Rig) List(now time.Duration, l *List) (body []byte, status int) {
	now = r.tick(now)
	if !r.reads.take(now, "/"+l.Bucket+"/"+l.Prefix, r.cfg.Origin.ReadLimit) {
		return AppendErrorBody(nil, 503), 503
	}
	most := l.Max
	if most < 1 || most > 1000 {
		most = 1000
	}
	bucket := "/" + l.Bucket + "/"
	var keys []string
	for p := range r.cfg.Pipelines {
		for _, id := range r.channel.ids(p, now) {
			keys = append(keys, r.channel.names.path(id))
		}
	}
	for path := range r.overlays.byPath {
		keys = append(keys, path)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)

	out := listResult{Name: l.Bucket, Prefix: l.Prefix, Delimiter: l.Delimiter, MaxKeys: most}
	last, common := "", ""
	for _, path := range keys {
		key, ok := strings.CutPrefix(path, bucket)
		if !ok || !strings.HasPrefix(key, l.Prefix) || key <= l.After {
			continue
		}
		if common != "" && strings.HasPrefix(key, common) {
			continue // its common prefix is listed
		}
		q := r.query(path, "")
		o := r.stored(now, &q).object
		if o == nil {
			continue
		}
		prefix := ""
		if l.Delimiter != "" {
			if i := strings.Index(key[len(l.Prefix):], l.Delimiter); i >= 0 {
				prefix = key[:len(l.Prefix)+i+len(l.Delimiter)]
				if strings.HasPrefix(l.After, prefix) {
					continue
				}
			}
		}
		if out.KeyCount == most {
			out.IsTruncated, out.NextContinuationToken = true, last
			break
		}
		out.KeyCount++
		last = key
		if prefix != "" {
			common, last = prefix, prefix+"\U0010ffff"
			out.CommonPrefixes = append(out.CommonPrefixes, listPrefix{prefix})
			continue
		}
		out.Contents = append(out.Contents, listEntry{
			Key: key, LastModified: r.Date(o.Modified).UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z"),
			ETag: string(AppendETag(nil, o.ETag)), Size: o.Size, StorageClass: "STANDARD",
		})
	}
	body, err := xml.Marshal(out)
	if err != nil { // nothing in it can fail to marshal
		return AppendErrorBody(nil, 500), 500
	}
	return append([]byte(xml.Header), body...), 200
}
