// Package cloudfront makes faults with Amazon CloudFront: for a while a
// distribution keeps errors for another time, or its caches lose what they
// hold.
//
// A distribution has one configuration, which is written as a whole and takes
// minutes to reach the edges. It is read with its version, changed in the few
// numbers that a fault is about, and written only if it is still that version;
// a field that this program does not know would be lost, so a configuration with
// one is left alone. Nothing there ends by itself: while a
// fault holds, the distribution carries tags that say which run did it and what was
// there before.
package cloudfront

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Driver is the CloudFront driver.
type Driver struct {
	aws.Frame
	API *cloudfront.Client
}

var _ aws.Answerable = (*errorTTL)(nil)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "cloudfront" }

func (d *Driver) Target() string { return aws.Named("distribution", d.Config.Distribution) }

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	switch o.Fault.Kind {
	case chaos.EdgeErrorTTL:
		return []aws.Change{&errorTTL{d: d, Distribution: d.Config.Distribution, Marked: aws.Marked{Mark: o.Mark("-")}, TTL: int64(o.Fault.TTL.Seconds())}}
	case chaos.EdgeFlush:
		paths := d.Config.FlushPaths
		if len(paths) == 0 {
			paths = []string{"/*"}
		}
		return []aws.Change{&flush{d: d, Distribution: d.Config.Distribution, Mark: o.Mark("-"), Paths: paths}}
	}
	return nil
}

func (d *Driver) Empty() []aws.Change { return []aws.Change{&errorTTL{d: d}, &flush{d: d}} }

// arn is that of a distribution; they belong to no region.
func (d *Driver) arn(distribution string) string {
	return fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", aws.Partition(d.Config.Region), d.Config.Account, distribution)
}

func (d *Driver) Guards() []aws.Call {
	return []aws.Call{{Action: "cloudfront:ListTagsForResource", Resource: d.arn(d.Config.Distribution)}}
}

// Guard refuses a distribution that must not be touched. Whether it carries the
// tags of targets, and is well, is asked by the faults that change it: others
// only name it.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	tags, err := d.Tags(ctx, d.arn(d.Config.Distribution))
	return aws.CheckTags(d.Target(), tags, nil), err
}

// ready makes sure that the distribution may be changed, and is as it should
// be.
func (d *Driver) ready(ctx context.Context, c *config, settled bool) error {
	tags, err := d.Tags(ctx, d.arn(d.Config.Distribution))
	if err != nil {
		return err
	}
	problems := []error{aws.Unmarked(d.Target(), tags)}
	for _, f := range aws.CheckTags(d.Target(), tags, d.Config.Tags) {
		problems = append(problems, errors.New(f.Text))
	}
	if !sdk.ToBool(c.Enabled) {
		problems = append(problems, fmt.Errorf("%s: not healthy (got it disabled; want it enabled)", d.Target()))
	}
	if settled && c.status != deployed {
		problems = append(problems, fmt.Errorf("%s: it is being changed (got status %s; want %s)", d.Target(), c.status, deployed))
	}
	return errors.Join(problems...)
}

// deployed is the status of a distribution whose configuration is at all edges.
const deployed = "Deployed"

// Leftovers implements [aws.Driver]: the tags say what was there before.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	tags, err := d.Tags(ctx, d.arn(d.Config.Distribution))
	return aws.LeftBy(d, tags, func(m aws.Marked) (aws.Change, string) {
		c := &errorTTL{d: d, Distribution: d.Config.Distribution, Marked: m}
		c.Unknown = c.parseTag(tags[aws.TagBefore])
		return c, "error caching of " + d.Target() + ", before: " + tags[aws.TagBefore]
	}), err
}

// Facts says how long the distribution keeps which errors.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	c, err := d.read(ctx, d.Config.Distribution)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("%s: %s, enabled %v", d.Target(), c.status, sdk.ToBool(c.Enabled))}
	line := d.Target() + ": errors are kept for 10 s"
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
		out = append(out, fmt.Sprintf("%s: edge.error_ttl cannot be made: %v", d.Target(), err))
	}
	return out, nil
}

// Tags implements [aws.Tagger], as do the methods below.
func (d *Driver) Tags(ctx context.Context, arn string) (map[string]string, error) {
	out, err := d.API.ListTagsForResource(ctx, &cloudfront.ListTagsForResourceInput{Resource: &arn})
	if err != nil {
		return nil, fmt.Errorf("tags of %s: %w", arn[strings.LastIndexByte(arn, ':')+1:], err)
	}
	tags := map[string]string{}
	if out.Tags != nil {
		for _, t := range out.Tags.Items {
			tags[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
		}
	}
	return tags, nil
}

func (d *Driver) Tag(ctx context.Context, arn string, tags map[string]string) error {
	var all []types.Tag
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(tags))) { // the run first
		all = append(all, types.Tag{Key: &key, Value: sdk.String(tags[key])})
	}
	_, err := d.API.TagResource(ctx, &cloudfront.TagResourceInput{Resource: &arn, Tags: &types.Tags{Items: all}})
	return err
}

func (d *Driver) Untag(ctx context.Context, arn string) error {
	_, err := d.API.UntagResource(ctx, &cloudfront.UntagResourceInput{Resource: &arn, TagKeys: &types.TagKeys{Items: []string{aws.TagRun, aws.TagBefore}}})
	return err
}
