// Package s3 makes faults with Amazon S3, the origin that a channel writes to:
// it denies writes or reads by a statement of the bucket's policy that ends by
// itself, deletes playlists and segments, and puts older versions back.
//
// A bucket policy is one document, which others write to as well. It is read,
// changed by statements whose Sid carries the run, written, and read again; the
// statements of others stay. Objects are deleted only in the version that was
// looked at, and only where an encoder writes them again or the bucket keeps
// versions.
package s3

import (
	"context"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
	"hlsload/player/m3u8"
)

// Driver is the S3 driver.
type Driver struct {
	aws.Frame
	API *s3.Client
	// Writer asks for the ARN of the role that writes, "" when it is not known.
	Writer func(context.Context) (string, error)
	// Reader makes sure that the distribution reads the bucket in such a way that
	// a statement about it can keep it from that; nil = not known.
	Reader func(ctx context.Context, bucket string) error
	seen   policy.Memory
}

var _ aws.Reviewer = (*deny)(nil)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "s3" }

func (d *Driver) Target() string { return aws.Named("bucket", d.Config.Bucket) }

// The actions that an encoder needs to write, and a viewer to read.
var (
	writes = []string{"s3:PutObject"}
	// crashed writers do not clean up either.
	stops = []string{"s3:PutObject", "s3:DeleteObject"}
	reads = []string{"s3:GetObject"}
)

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	f := o.Fault
	media := d.scope(f, m3u8.KindMedia)
	watch := &watch{d: d, Mark: o.Mark(""), Scope: media}
	remove := &remove{d: d, Mark: o.Mark(""), Scope: d.scope(f, f.Kinds...)}
	switch f.Kind {
	case chaos.PipelinePause:
		return []aws.Change{watch}
	case chaos.PipelineKill:
		if f.Resume == "restart" && f.Pipeline == chaos.Any {
			return []aws.Change{watch} // the channel is stopped
		}
		return []aws.Change{watch, d.deny(o, d.scope(f), stops)}
	case chaos.PlaylistFreeze:
		return []aws.Change{watch, d.deny(o, media, writes)}
	case chaos.PlaylistRollback, chaos.PlaylistEndlist:
		replace := &replace{d: d, Mark: o.Mark(""), Scope: media}
		if f.Kind == chaos.PlaylistRollback {
			replace.Back = f.Segments
		}
		return []aws.Change{watch, d.deny(o, media, writes), replace}
	case chaos.PlaylistDelete:
		if len(f.Kinds) == 0 {
			remove.Scope = media
		}
		if watch.Blip = f.Once; f.Once {
			return []aws.Change{watch, remove}
		}
		return []aws.Change{watch, d.deny(o, remove.Scope, writes), remove}
	case chaos.SegmentMissing:
		if len(f.Kinds) == 0 {
			remove.Scope = d.scope(f, m3u8.KindSegment)
		}
		return []aws.Change{remove}
	case chaos.OriginStatus:
		return []aws.Change{d.deny(o, d.scope(f, f.Kinds...), reads)}
	}
	return nil
}

func (d *Driver) Empty() []aws.Change {
	return []aws.Change{&watch{d: d}, d.newDeny(scope{}), &remove{d: d}, &replace{d: d}}
}

func (d *Driver) partition() string { return aws.Partition(d.Config.Region) }

// arn is that of a bucket, or of keys in it.
func (d *Driver) arn(bucket string, keys ...string) string {
	arn := "arn:" + d.partition() + ":s3:::" + bucket
	for _, k := range keys {
		arn += "/" + k
	}
	return arn
}

func (d *Driver) Guards() []aws.Call {
	return []aws.Call{
		{Action: "s3:GetBucketTagging", Resource: d.arn(d.Config.Bucket)},
		{Action: "s3:GetBucketPolicy", Resource: d.arn(d.Config.Bucket)},
	}
}

// Guard refuses a bucket that is not tagged.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	tags := map[string]string{}
	out, err := d.API.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &d.Config.Bucket, ExpectedBucketOwner: &d.Config.Account})
	if err != nil && aws.Code(err) != "NoSuchTagSet" {
		return nil, fmt.Errorf("tags of %s: %w", d.Target(), err)
	}
	if err == nil {
		for _, t := range out.TagSet {
			tags[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
		}
	}
	return aws.CheckTags(d.Target(), tags, d.Config.Tags), nil
}

// Leftovers implements [aws.Driver]: statements of the policy that are ours.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	s := d.everything()
	return d.newDeny(s).store().Leftovers(ctx, d, func(sid string) aws.Change {
		c := d.newDeny(s)
		c.Sid = sid
		return c
	})
}

// missing reports whether an error says that there is no such object.
func missing(err error) bool {
	switch aws.Code(err) {
	case "NoSuchKey", "NotFound", "NoSuchVersion":
		return true
	}
	return false
}

// short lists some keys for people.
func short(keys []string) string {
	const most = 4
	if len(keys) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:most], ", "), len(keys)-most)
	}
	return strings.Join(keys, ", ")
}
