package s3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/player/m3u8"
)

// remove deletes objects: each only in the version that was looked at. Media
// playlists are written again by the encoder; everything else is brought back,
// so the bucket must keep versions.
type remove struct {
	d *Driver

	Scope   scope     `json:"scope"`
	Mark    string    `json:"mark,omitempty"`
	Objects []target  `json:"objects"`
	At      time.Time `json:"at"` // when deleting began
}

// target is an object that is deleted.
type target struct {
	Key     string `json:"key"`
	ETag    string `json:"etag"`
	Version string `json:"version,omitempty"`
	Back    bool   `json:"back,omitempty"` // it has to be brought back
	// Marker is the version of the delete marker that was made; "" = the answer
	// did not arrive.
	Marker string `json:"marker,omitempty"`
}

// removeLimit is how long deleting may take. A delete marker that is younger
// than that, on top of the version that was deleted, is ours.
const removeLimit = time.Minute

// markerSlack is how far the time of a delete marker, which is AWS's, may be
// from ours: as far as a run lets the clocks be from each other (a third of the
// margin), and some time for the request.
const markerSlack = chaos.AWSMargin/3 + 10*time.Second

// About implements [aws.Change], as do the methods below.
func (c *remove) About() aws.About {
	return aws.About{Op: "remove", Target: c.target(), Owner: c.Mark, End: c.end()}
}

func (c *remove) target() string { return c.d.arn(c.Scope.Bucket) }

// back reports whether something is deleted that no encoder writes again.
func (c *remove) back() bool {
	return slices.ContainsFunc(c.Scope.Kinds, func(k string) bool { return k != m3u8.KindMedia.String() })
}

func (c *remove) end() aws.End {
	if c.back() {
		return aws.StaysSo("the objects stay deleted until it is undone; the bucket's versions keep them")
	}
	return aws.Ends("heals when the encoder writes the playlists again")
}

func (c *remove) Calls() []aws.Call {
	bucket := c.d.arn(c.Scope.Bucket)
	calls := c.d.lookups(&c.Scope)
	for _, p := range c.Scope.Patterns {
		calls = append(calls, aws.Call{Action: "s3:DeleteObject", Resource: c.d.arn(c.Scope.Bucket, p), When: aws.Makes, Request: c.Scope.String() + ", each with If-Match: its ETag"})
	}
	if !c.back() {
		return calls
	}
	calls = append(calls, aws.Call{Action: "s3:GetBucketVersioning", Resource: bucket, When: aws.Reads},
		aws.Call{Action: "s3:ListBucketVersions", Resource: bucket, When: aws.Undoes})
	for _, p := range c.Scope.Patterns {
		calls = append(calls, aws.Call{Action: "s3:DeleteObjectVersion", Resource: c.d.arn(c.Scope.Bucket, p), When: aws.Undoes,
			Request: "the delete markers that were made, where they are still the latest version"})
	}
	return calls
}

func (c *remove) Read(ctx context.Context) error {
	if c.back() {
		if err := c.d.versioned(ctx, &c.Scope); err != nil {
			return err
		}
	}
	media, multi, _, err := c.d.selected(ctx, &c.Scope)
	if err != nil {
		return err
	}
	c.Objects, c.At = nil, c.d.Now().UTC()
	if c.Scope.is(m3u8.KindMedia) {
		for _, o := range media {
			c.Objects = append(c.Objects, target{Key: o.key, ETag: o.etag, Version: o.version})
		}
	}
	if c.Scope.is(m3u8.KindMultivariant) {
		for _, o := range multi {
			c.Objects = append(c.Objects, target{Key: o.key, ETag: o.etag, Version: o.version, Back: true})
		}
	}
	for _, kind := range []m3u8.Kind{m3u8.KindSegment, m3u8.KindInit} {
		if !c.Scope.is(kind) {
			continue
		}
		for _, o := range media {
			for _, key := range contents(o.media, kind) {
				if err := c.add(ctx, key); err != nil {
					return err
				}
			}
		}
	}
	if len(c.Objects) == 0 {
		return fmt.Errorf("no such objects (want %s)", &c.Scope)
	}
	return nil
}

// add notes an object that a playlist lists.
func (c *remove) add(ctx context.Context, key string) error {
	inside := slices.ContainsFunc(c.Scope.Patterns, func(p string) bool { return strings.HasPrefix(key, strings.TrimSuffix(p, "*")) })
	if !inside || slices.ContainsFunc(c.Objects, func(t target) bool { return t.Key == key }) {
		return nil
	}
	out, err := c.d.API.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Scope.Bucket, Key: &key, ExpectedBucketOwner: &c.Scope.Owner})
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Objects = append(c.Objects, target{Key: key, ETag: sdk.ToString(out.ETag), Version: sdk.ToString(out.VersionId), Back: true})
	return nil
}

// versioned makes sure that what is deleted can be brought back.
func (d *Driver) versioned(ctx context.Context, s *scope) error {
	out, err := d.API.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.Bucket, ExpectedBucketOwner: &s.Owner})
	if err != nil {
		return err
	}
	if out.Status != types.BucketVersioningStatusEnabled {
		return fmt.Errorf("bucket %s keeps no versions, so deleted objects could not be restored (got versioning %q; want Enabled)", s.Bucket, out.Status)
	}
	return nil
}

func (c *remove) Make(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	for i := range c.Objects {
		if err := c.remove(ctx, &c.Objects[i]); err != nil {
			return fmt.Errorf("delete %s: %w", c.Objects[i].Key, err)
		}
	}
	return nil
}

// remove deletes one object. A media playlist may have been written since it
// was looked at; anything else must be what it was.
func (c *remove) remove(ctx context.Context, t *target) error {
	etag := t.ETag
	const tries = 5
	for i := 1; ; i++ {
		done, err := c.d.API.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &c.Scope.Bucket, Key: &t.Key, IfMatch: &etag, ExpectedBucketOwner: &c.Scope.Owner})
		switch {
		case err == nil:
			if sdk.ToBool(done.DeleteMarker) {
				t.Marker = sdk.ToString(done.VersionId)
			}
			return nil
		case missing(err):
			return nil
		case aws.Code(err) != "PreconditionFailed" || i == tries:
			return err
		}
		out, err := c.d.API.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Scope.Bucket, Key: &t.Key, ExpectedBucketOwner: &c.Scope.Owner})
		if missing(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Back && sdk.ToString(out.ETag) != t.ETag {
			return errors.New("it was changed after it was read (want no other writer)")
		}
		etag = sdk.ToString(out.ETag)
	}
}

func (c *remove) Undo(ctx context.Context) error {
	var problems []error
	for i := range c.Objects {
		if t := &c.Objects[i]; t.Back {
			marker, err := c.marker(ctx, t)
			if err == nil && marker != "" {
				_, err = c.d.API.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &c.Scope.Bucket, Key: &t.Key, VersionId: &marker, ExpectedBucketOwner: &c.Scope.Owner})
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("bring back %s: %w", t.Key, err))
			}
		}
	}
	return errors.Join(problems...)
}

// marker is the delete marker that we have made, if it is still there; "" = it
// is not. Without the answer that names it, it is one that was made at that
// time and is what the key stands for: it may be the encoder's own.
func (c *remove) marker(ctx context.Context, t *target) (string, error) {
	out, err := c.d.API.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &c.Scope.Bucket, Prefix: &t.Key, ExpectedBucketOwner: &c.Scope.Owner})
	if err != nil {
		return "", err
	}
	for _, m := range out.DeleteMarkers {
		if t.Marker != "" {
			if sdk.ToString(m.Key) == t.Key && sdk.ToString(m.VersionId) == t.Marker {
				return t.Marker, nil
			}
			continue
		}
		if sdk.ToString(m.Key) != t.Key || !sdk.ToBool(m.IsLatest) {
			continue
		}
		at := sdk.ToTime(m.LastModified)
		if at.Before(c.At.Add(-markerSlack)) || at.After(c.At.Add(removeLimit+markerSlack)) {
			return "", nil // another program has deleted it, at another time
		}
		// What was deleted must be the newest of its versions.
		newest := types.ObjectVersion{}
		for _, v := range out.Versions {
			if sdk.ToString(v.Key) == t.Key && (newest.VersionId == nil || sdk.ToTime(v.LastModified).After(sdk.ToTime(newest.LastModified))) {
				newest = v
			}
		}
		if sdk.ToString(newest.VersionId) == t.Version {
			return sdk.ToString(m.VersionId), nil
		}
	}
	return "", nil
}

func (c *remove) Bites(ctx context.Context) (bool, string) {
	for i := range c.Objects {
		t := &c.Objects[i]
		out, err := c.d.API.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Scope.Bucket, Key: &t.Key, ExpectedBucketOwner: &c.Scope.Owner})
		switch {
		case missing(err):
			continue
		case err != nil:
			return false, err.Error()
		case sdk.ToTime(out.LastModified).After(c.At):
			continue // it was deleted, and written again since
		}
		return false, t.Key + " is still there"
	}
	return true, fmt.Sprintf("%d objects were deleted", len(c.Objects))
}

func (c *remove) Healthy(ctx context.Context) (bool, string) {
	for i := range c.Objects {
		if t := &c.Objects[i]; t.Back {
			marker, err := c.marker(ctx, t)
			if err != nil {
				return false, err.Error()
			}
			if marker != "" {
				return false, t.Key + " is still deleted"
			}
		}
	}
	return true, "no object is deleted any more"
}
