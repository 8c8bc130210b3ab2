// Package s3 makes faults with Amazon S3, the origin that a channel writes to:
// it denies writes or reads by a statement of the bucket's policy that ends by
// itself, deletes playlists and segments, and puts older versions back.
//
// A bucket policy is one document, which others write to as well. It is read, changed by the
// statements whose Sid is ours, written, and read again; what others have in it
// stays, before and after. Objects are deleted only in the version that was
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
	api *s3.Client
	// writer asks for the ARN of the role that the channel writes with; nil =
	// not known.
	writer func(context.Context) (string, error)
	seen   policy.Memory
	// Reader makes sure that the distribution reads the bucket in such a way that
	// a statement about it can keep it from that; nil = not known.
	Reader func(ctx context.Context, bucket string) error
}

// New returns the driver of the bucket in the frame. A plan needs no client.
func New(frame aws.Frame, api *s3.Client, writer func(context.Context) (string, error)) *Driver {
	return &Driver{Frame: frame, api: api, writer: writer}
}

var _ aws.Reviewer = (*deny)(nil)

// Service implements [aws.Driver].
func (d *Driver) Service() string { return "s3" }

// The actions that an encoder needs to write, and a viewer to read.
var (
	writes = []string{"s3:PutObject"}
	// crashed writers do not clean up either.
	stops = []string{"s3:PutObject", "s3:DeleteObject"}
	reads = []string{"s3:GetObject"}
)

// Changes implements [aws.Driver].
func (d *Driver) Changes(o *aws.Order) []aws.Change {
	all := d.changes(o)
	for _, c := range all {
		switch c := c.(type) {
		case *watch:
			c.Mark = o.Mark("")
		case *remove:
			c.Mark = o.Mark("")
		case *replace:
			c.Mark = o.Mark("")
		}
	}
	return all
}

func (d *Driver) changes(o *aws.Order) []aws.Change {
	if d.Config.Bucket == "" {
		return nil
	}
	f := o.Fault
	media := d.scope(f, m3u8.KindMedia)
	switch f.Kind {
	case chaos.PipelinePause:
		return []aws.Change{d.watch(media)}
	case chaos.PipelineKill:
		if f.Resume == "restart" && f.Pipeline == chaos.Any {
			return []aws.Change{d.watch(media)} // the channel is stopped
		}
		return []aws.Change{d.watch(media), d.deny(o, d.scope(f), stops)}
	case chaos.PlaylistFreeze:
		return []aws.Change{d.watch(media), d.deny(o, media, writes)}
	case chaos.PlaylistRollback:
		return []aws.Change{d.watch(media), d.deny(o, media, writes), d.replace(media, f.Segments)}
	case chaos.PlaylistEndlist:
		return []aws.Change{d.watch(media), d.deny(o, media, writes), d.replace(media, 0)}
	case chaos.PlaylistDelete:
		s := d.scope(f, f.Kinds...)
		if len(f.Kinds) == 0 {
			s = media
		}
		if f.Once {
			w := d.watch(media)
			w.Blip = true
			return []aws.Change{w, d.remove(s)}
		}
		return []aws.Change{d.watch(media), d.deny(o, s, writes), d.remove(s)}
	case chaos.SegmentMissing:
		s := d.scope(f, f.Kinds...)
		if len(f.Kinds) == 0 {
			s = d.scope(f, m3u8.KindSegment)
		}
		return []aws.Change{d.remove(s)}
	case chaos.OriginStatus:
		return []aws.Change{d.deny(o, d.scope(f, f.Kinds...), reads)}
	}
	return nil
}

// Restore implements [aws.Driver].
func (d *Driver) Restore(op string) aws.Change {
	switch op {
	case opWatch:
		return &watch{d: d}
	case opDeny:
		return &deny{d: d}
	case opRemove:
		return &remove{d: d}
	case opReplace:
		return &replace{d: d}
	}
	return nil
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

// Guards implements [aws.Driver].
func (d *Driver) Guards() []aws.Call {
	if d.Config.Bucket == "" {
		return nil
	}
	return []aws.Call{
		{Action: "s3:GetBucketTagging", Resource: d.arn(d.Config.Bucket)},
		{Action: "s3:GetBucketPolicy", Resource: d.arn(d.Config.Bucket)},
	}
}

// Guard refuses a bucket that is not tagged, or in the hands of another run.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	if d.Config.Bucket == "" {
		return nil, nil
	}
	what := "bucket " + d.Config.Bucket
	tags := map[string]string{}
	out, err := d.api.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &d.Config.Bucket, ExpectedBucketOwner: &d.Config.Account})
	if err != nil && aws.Code(err) != "NoSuchTagSet" {
		return nil, fmt.Errorf("tags of %s: %w", what, err)
	}
	if err == nil {
		for _, t := range out.TagSet {
			tags[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
		}
	}
	found := aws.CheckTags(what, tags, d.Config.Tags)
	left, err := d.Leftovers(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, aws.BusyWith(what, left)...)
	return found, nil
}

// Leftovers implements [aws.Driver]: statements of the policy that are ours.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	if d.Config.Bucket == "" {
		return nil, nil
	}
	of := func(sid string) *deny {
		return &deny{d: d, Bucket: d.Config.Bucket, Owner: d.Config.Account, Sid: sid}
	}
	return of("").store().Leftovers(ctx, d.Service(), d.arn(d.Config.Bucket), func(sid string) aws.Change { return of(sid) })
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
