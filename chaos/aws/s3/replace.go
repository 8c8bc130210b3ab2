package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"hlsload/chaos/aws"
)

// replace puts something else in the place of media playlists: the version of
// some writes ago, or the same with EXT-X-ENDLIST. The encoder must be kept
// from writing while that is to be seen; once it writes again, all is well.
type replace struct {
	d *Driver

	Scope   scope      `json:"scope"`
	Mark    string     `json:"mark,omitempty"`
	Back    int        `json:"back"` // writes to go back; 0 = end the playlist
	Objects []replaced `json:"objects"`
}

type replaced struct {
	Key     string `json:"key"`
	ETag    string `json:"etag"`              // before
	Version string `json:"version,omitempty"` // that is put there
	Etag    string `json:"put,omitempty"`     // of what is put there
}

// About implements [aws.Change], as do the methods below.
func (c *replace) About() aws.About {
	return aws.About{Op: "replace", Target: c.target(), Owner: c.Mark, End: aws.Ends("heals when the encoder may write again and writes the playlists"), Witness: true}
}

func (c *replace) target() string { return c.d.arn(c.Scope.Bucket) }

func (c *replace) Calls() []aws.Call {
	calls := c.d.lookups(&c.Scope)
	if c.Back > 0 {
		calls = append(calls, aws.Call{Action: "s3:GetBucketVersioning", Resource: c.target(), When: aws.Reads},
			aws.Call{Action: "s3:ListBucketVersions", Resource: c.target(), When: aws.Reads})
	}
	for _, p := range c.Scope.Patterns {
		arn := c.d.arn(c.Scope.Bucket, p)
		calls = append(calls, aws.Call{Action: "s3:GetObjectAcl", Resource: arn, When: aws.Reads}, aws.Call{Action: "s3:GetObjectTagging", Resource: arn, When: aws.Reads})
		if c.Back > 0 {
			calls = append(calls, aws.Call{Action: "s3:GetObjectVersion", Resource: arn, When: aws.Makes, Request: fmt.Sprintf("(copy from) the version of %d writes ago", c.Back)},
				aws.Call{Action: "s3:PutObject", Resource: arn, When: aws.Makes, Request: "(CopyObject) " + c.Scope.String()})
			continue
		}
		calls = append(calls, aws.Call{Action: "s3:PutObject", Resource: arn, When: aws.Makes, Request: c.Scope.String() + ", with EXT-X-ENDLIST at the end, If-Match: its ETag"})
	}
	return calls
}

// errNoWriter says that the encoder cannot be kept from writing without us
// being kept from it too.
var errNoWriter = errors.New("the role that writes to the bucket is not known (got neither aws.writer nor aws.channel; want one, so that only this role is denied)")

func (c *replace) Read(ctx context.Context) error {
	role, err := c.d.Writer(ctx)
	if err != nil {
		return err
	}
	if role == "" {
		return errNoWriter
	}
	if c.Back > 0 {
		if err := c.d.versioned(ctx, &c.Scope); err != nil {
			return err
		}
	}
	all, err := c.d.keys(ctx, &c.Scope)
	if err != nil {
		return err
	}
	c.Objects = nil
	for _, o := range all {
		if err := c.plain(ctx, o.key); err != nil {
			return err
		}
		r := replaced{Key: o.key, ETag: o.etag}
		if c.Back > 0 {
			if r.Version, r.Etag, err = c.older(ctx, o.key); err != nil {
				return err
			}
		}
		c.Objects = append(c.Objects, r)
	}
	return nil
}

// plain refuses an object with tags or with an ACL that gives others something:
// a copy has neither, and what reads it by them would be refused.
func (c *replace) plain(ctx context.Context, key string) error {
	acl, err := c.d.API.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &c.Scope.Bucket, Key: &key, ExpectedBucketOwner: &c.Scope.Owner})
	if err != nil {
		return fmt.Errorf("ACL of %s: %w", key, err)
	}
	for _, g := range acl.Grants {
		if g.Grantee == nil || acl.Owner == nil || g.Grantee.ID == nil || sdk.ToString(g.Grantee.ID) != sdk.ToString(acl.Owner.ID) {
			return fmt.Errorf("%s has an ACL with further grants, which the replacement would not have (got a grant of %s; want none but the owner's)", key, g.Permission)
		}
	}
	tags, err := c.d.API.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &c.Scope.Bucket, Key: &key, ExpectedBucketOwner: &c.Scope.Owner})
	if err != nil {
		return fmt.Errorf("tags of %s: %w", key, err)
	}
	if n := len(tags.TagSet); n > 0 {
		return fmt.Errorf("%s has tags, which the replacement would not have (got %d; want none)", key, n)
	}
	return nil
}

// set is a text that is sent, nil when there is none.
func set(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// older is the version of some writes ago.
func (c *replace) older(ctx context.Context, key string) (version, etag string, err error) {
	out, err := c.d.API.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &c.Scope.Bucket, Prefix: &key, ExpectedBucketOwner: &c.Scope.Owner})
	if err != nil {
		return "", "", err
	}
	var all []types.ObjectVersion
	for _, v := range out.Versions {
		if sdk.ToString(v.Key) == key {
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b types.ObjectVersion) int {
		return sdk.ToTime(b.LastModified).Compare(sdk.ToTime(a.LastModified))
	})
	if len(all) <= c.Back {
		return "", "", fmt.Errorf("%s has no version of %d writes ago (got %d versions)", key, c.Back, len(all))
	}
	return sdk.ToString(all[c.Back].VersionId), sdk.ToString(all[c.Back].ETag), nil
}

func (c *replace) Make(ctx context.Context) error {
	for i := range c.Objects {
		if err := c.put(ctx, &c.Objects[i]); err != nil {
			return fmt.Errorf("replace %s: %w", c.Objects[i].Key, err)
		}
	}
	return nil
}

func (c *replace) put(ctx context.Context, r *replaced) error {
	if c.Back > 0 {
		source := url.PathEscape(c.Scope.Bucket+"/"+r.Key) + "?versionId=" + url.QueryEscape(r.Version)
		source = strings.ReplaceAll(source, "%2F", "/")
		_, err := c.d.API.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &c.Scope.Bucket, Key: &r.Key, CopySource: &source,
			ExpectedBucketOwner: &c.Scope.Owner, ExpectedSourceBucketOwner: &c.Scope.Owner})
		return err
	}
	o := object{key: r.Key}
	if err := c.d.read(ctx, &c.Scope, &o); err != nil {
		return err
	}
	if o.media == nil {
		return errors.New("it is not a media playlist any more")
	}
	if o.media.EndList {
		return nil
	}
	body := append(bytes.TrimRight(o.body, "\n"), "\n#EXT-X-ENDLIST\n"...)
	_, err := c.d.API.PutObject(ctx, &s3.PutObjectInput{Bucket: &c.Scope.Bucket, Key: &r.Key, Body: bytes.NewReader(body), IfMatch: &o.etag,
		ContentType: set(o.kind), CacheControl: set(o.control), ExpectedBucketOwner: &c.Scope.Owner})
	return err
}

// Undo has nothing to do: the encoder writes again, as soon as it may.
func (c *replace) Undo(context.Context) error { return nil }

func (c *replace) Bites(ctx context.Context) (bool, string) {
	for i := range c.Objects {
		r := &c.Objects[i]
		o := object{key: r.Key}
		if err := c.d.read(ctx, &c.Scope, &o); err != nil {
			return false, err.Error()
		}
		if c.Back > 0 && o.etag != r.Etag || c.Back == 0 && (o.media == nil || !o.media.EndList) {
			return false, r.Key + " does not show the replacement"
		}
	}
	return true, fmt.Sprintf("%d playlists were replaced", len(c.Objects))
}

func (c *replace) Healthy(ctx context.Context) (bool, string) {
	for i := range c.Objects {
		r := &c.Objects[i]
		o := object{key: r.Key}
		if err := c.d.read(ctx, &c.Scope, &o); err != nil {
			return false, err.Error()
		}
		if c.Back > 0 && o.etag == r.Etag || o.media == nil || o.media.EndList {
			return false, r.Key + " is still what was put there"
		}
	}
	return true, "all playlists were written again"
}
