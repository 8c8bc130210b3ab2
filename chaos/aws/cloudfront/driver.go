// Package cloudfront makes faults with Amazon CloudFront: for a while a
// distribution keeps errors for another time, or its caches lose what they
// hold.
//
// A distribution has one configuration, which is written as a whole and takes
// minutes to reach the edges. It is read with its version, changed in the few
// numbers that a fault is about, and written only if it is still that version;
// a field that this program does not know would be lost on the way, so a
// configuration with one is left alone. Nothing there ends by itself: while a
// fault holds, the distribution carries tags that say which run did it and what was
// there before.
package cloudfront

import (
	"context"
	"errors"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the CloudFront driver.
type Driver struct {
	aws.Frame
	api *cloudfront.Client
}

// New returns the driver of the distribution in the frame. A plan needs no client.
func New(frame aws.Frame, api *cloudfront.Client) *Driver {
	return &Driver{frame, api}
}

var _ aws.Answerable = (*errorTTL)(nil)

// Service implements [aws.Driver].
func (d *Driver) Service() string { return "cloudfront" }

// Changes implements [aws.Driver].
func (d *Driver) Changes(o *aws.Order) []aws.Change {
	if d.Config.Distribution == "" {
		return nil
	}
	switch o.Fault.Kind {
	case chaos.EdgeErrorTTL:
		return []aws.Change{&errorTTL{d: d, Distribution: d.Config.Distribution, Mark: o.Mark("-"), TTL: int64(o.Fault.TTL.Seconds())}}
	case chaos.EdgeFlush:
		paths := d.Config.FlushPaths
		if len(paths) == 0 {
			paths = []string{"/*"}
		}
		return []aws.Change{&flush{d: d, Distribution: d.Config.Distribution, Mark: o.Mark("-"), Paths: paths}}
	}
	return nil
}

// Restore implements [aws.Driver].
func (d *Driver) Restore(op string) aws.Change {
	switch op {
	case opErrorTTL:
		return &errorTTL{d: d}
	case opFlush:
		return &flush{d: d}
	}
	return nil
}

// arn is that of a distribution; they belong to no region.
func (d *Driver) arn(distribution string) string {
	return fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", aws.Partition(d.Config.Region), d.Config.Account, distribution)
}

// Guards implements [aws.Driver].
func (d *Driver) Guards() []aws.Call {
	if d.Config.Distribution == "" {
		return nil
	}
	return []aws.Call{{Action: "cloudfront:ListTagsForResource", Resource: d.arn(d.Config.Distribution)}}
}

// Guard refuses a distribution that must not be touched, or is in the hands of
// another run. Whether it carries the tags of targets, and is well, is asked by
// the faults that change it: others only name it.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	if d.Config.Distribution == "" {
		return nil, nil
	}
	tags, err := d.tags(ctx, d.Config.Distribution)
	if err != nil {
		return nil, err
	}
	found := aws.CheckTags(d.what(), tags, nil)
	if mark, ok := tags[tagRun]; ok {
		found = append(found, d.busy(mark))
	}
	return found, nil
}

func (d *Driver) what() string { return "distribution " + d.Config.Distribution }

func (d *Driver) busy(mark string) aws.Finding {
	return aws.Busy(d.what(), "the tag "+tagRun+"="+mark)
}

// ready makes sure that the distribution may be changed, and is as it should
// be.
func (d *Driver) ready(ctx context.Context, c *config, settled bool) error {
	tags, err := d.tags(ctx, d.Config.Distribution)
	if err != nil {
		return err
	}
	var problems []error
	for _, f := range aws.CheckTags(d.what(), tags, d.Config.Tags) {
		problems = append(problems, errors.New(f.Text))
	}
	if mark, ok := tags[tagRun]; ok {
		problems = append(problems, errors.New(d.busy(mark).Text))
	}
	if !sdk.ToBool(c.Enabled) {
		problems = append(problems, fmt.Errorf("%s: not healthy (got a disabled one; want it enabled)", d.what()))
	}
	if settled && c.status != deployed {
		problems = append(problems, fmt.Errorf("%s: it is being changed (got status %s; want %s)", d.what(), c.status, deployed))
	}
	return errors.Join(problems...)
}

// deployed is the status of a distribution whose configuration is at all edges.
const deployed = "Deployed"

// Leftovers implements [aws.Driver]: the tags tell what was there before.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	if d.Config.Distribution == "" {
		return nil, nil
	}
	tags, err := d.tags(ctx, d.Config.Distribution)
	if err != nil {
		return nil, err
	}
	mark, ok := tags[tagRun]
	if !ok {
		return nil, nil
	}
	run, _ := aws.Ours(mark, "-")
	l := aws.Leftover{Service: d.Service(), Target: d.arn(d.Config.Distribution), Run: run, What: "error caching of " + d.what() + ", before: " + tags[tagBefore]}
	c := &errorTTL{d: d, Distribution: d.Config.Distribution, Mark: mark, Answer: aws.Answer{Made: true}}
	l.Remove = c.Undo
	if err := c.parseTag(tags[tagBefore]); err != nil {
		l.Remove = func(context.Context) error { return err }
	}
	return []aws.Leftover{l}, nil
}

// Facts says how long the distribution keeps which errors.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	if d.Config.Distribution == "" {
		return nil, nil
	}
	c, err := d.read(ctx, d.Config.Distribution)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("%s: %s, enabled %v", d.what(), c.status, sdk.ToBool(c.Enabled))}
	line := d.what() + ": errors are kept for 10 s"
	if c.CustomErrorResponses != nil {
		for i, e := range c.CustomErrorResponses.Items {
			if i == 0 {
				line += ", but"
			}
			ttl := int64(10)
			if e.ErrorCachingMinTTL != nil {
				ttl = *e.ErrorCachingMinTTL
			}
			line += fmt.Sprintf(" %d for %d s", sdk.ToInt32(e.ErrorCode), ttl)
		}
	}
	out = append(out, line)
	// What an update would send must be what was read.
	if err := d.write(ctx, c, true); err != nil {
		out = append(out, fmt.Sprintf("%s: edge.error_ttl cannot be made: %v", d.what(), err))
	}
	return out, nil
}

func (d *Driver) tags(ctx context.Context, distribution string) (map[string]string, error) {
	arn := d.arn(distribution)
	out, err := d.api.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: &arn})
	if err != nil {
		return nil, fmt.Errorf("tags of distribution %s: %w", distribution, err)
	}
	tags := map[string]string{}
	if out.Tags != nil {
		for _, t := range out.Tags.Items {
			tags[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
		}
	}
	return tags, nil
}

func (d *Driver) tag(ctx context.Context, distribution string, tags ...types.Tag) error {
	arn := d.arn(distribution)
	_, err := d.api.TagResource(ctx, &cloudfront.TagResourceInput{Resource: &arn, Tags: &types.Tags{Items: tags}})
	return err
}

func (d *Driver) untag(ctx context.Context, distribution string, keys ...string) error {
	arn := d.arn(distribution)
	_, err := d.api.UntagResource(ctx, &cloudfront.UntagResourceInput{Resource: &arn, TagKeys: &types.TagKeys{Items: keys}})
	return err
}
