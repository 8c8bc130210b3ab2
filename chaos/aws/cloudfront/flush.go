package cloudfront

import (
	"context"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"hlsload/chaos/aws"
)

// What CloudFront takes at a time, of a distribution.
const (
	maxWildcards = 15
	maxFiles     = 3000
)

// flush takes paths out of the caches. It happens once; the caches fill again.
type flush struct {
	d *Driver

	Distribution string   `json:"distribution"`
	Mark         string   `json:"mark"`
	Paths        []string `json:"paths"`
	ID           string   `json:"id,omitempty"` // of the invalidation
}

// About implements [aws.Change], as do the methods below.
func (c *flush) About() aws.About {
	return aws.About{Op: "flush", Target: c.target(), Owner: c.Mark, End: aws.Ends("happens once; the caches fill again")}
}

func (c *flush) target() string { return c.d.arn(c.Distribution) }

func (c *flush) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "cloudfront:" + action, Resource: c.target(), When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetDistribution", ""), call(aws.Reads, "ListTagsForResource", ""),
		call(aws.Reads, "ListInvalidations", ""), call(aws.Reads, "GetInvalidation", ""),
		call(aws.Makes, "CreateInvalidation", fmt.Sprintf("paths %s, which AWS counts as %d", strings.Join(c.Paths, " "), len(c.Paths))),
	}
}

func (c *flush) Read(ctx context.Context) error {
	cfg, err := c.d.read(ctx, c.Distribution)
	if err != nil {
		return err
	}
	if err := c.d.ready(ctx, cfg, false); err != nil {
		return err
	}
	files, wildcards, err := c.inProgress(ctx)
	if err != nil {
		return err
	}
	f, w := kinds(c.Paths)
	if wildcards+w > maxWildcards || files+f > maxFiles {
		return fmt.Errorf("too many invalidations are in progress (got %d paths with * and %d without; want at most %d and %d, these %d included)",
			wildcards, files, maxWildcards, maxFiles, len(c.Paths))
	}
	return nil
}

// kinds counts paths without and with *.
func kinds(paths []string) (files, wildcards int) {
	for _, p := range paths {
		if strings.HasSuffix(p, "*") {
			wildcards++
		} else {
			files++
		}
	}
	return files, wildcards
}

// inProgress counts the paths that are being taken out of the caches.
func (c *flush) inProgress(ctx context.Context) (files, wildcards int, err error) {
	pages := cloudfront.NewListInvalidationsPaginator(c.d.API, &cloudfront.ListInvalidationsInput{DistributionId: &c.Distribution, MaxItems: sdk.Int32(100)})
	for range 10 { // the newest come first
		if !pages.HasMorePages() {
			return files, wildcards, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, 0, err
		}
		busy := false
		if page.InvalidationList != nil {
			for _, s := range page.InvalidationList.Items {
				if sdk.ToString(s.Status) == completed {
					continue
				}
				busy = true
				out, err := c.d.API.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &c.Distribution, Id: s.Id})
				if err != nil {
					return 0, 0, err
				}
				if i := out.Invalidation; i != nil && i.InvalidationBatch != nil && i.InvalidationBatch.Paths != nil {
					f, w := kinds(i.InvalidationBatch.Paths.Items)
					files, wildcards = files+f, wildcards+w
				}
			}
		}
		if !busy {
			break
		}
	}
	return files, wildcards, nil
}

// completed is the status of an invalidation that is done everywhere.
const completed = "Completed"

func (c *flush) Make(ctx context.Context) error {
	// The reference makes a second try, after a lost answer, the same one.
	out, err := c.d.API.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{DistributionId: &c.Distribution, InvalidationBatch: &types.InvalidationBatch{
		CallerReference: &c.Mark, Paths: &types.Paths{Quantity: sdk.Int32(int32(len(c.Paths))), Items: c.Paths}}})
	if err == nil && out.Invalidation != nil {
		c.ID = sdk.ToString(out.Invalidation.Id)
	}
	return err
}

// Undo has nothing to do: the caches fill again.
func (c *flush) Undo(context.Context) error { return nil }

func (c *flush) Bites(ctx context.Context) (bool, string) {
	if c.ID == "" {
		return false, "no invalidation was made"
	}
	out, err := c.d.API.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &c.Distribution, Id: &c.ID})
	if err != nil {
		return false, err.Error()
	}
	status := ""
	if out.Invalidation != nil {
		status = sdk.ToString(out.Invalidation.Status)
	}
	return status == completed, fmt.Sprintf("invalidation %s of distribution %s is %s", c.ID, c.Distribution, status)
}

func (c *flush) Healthy(context.Context) (bool, string) { return true, "nothing to undo" }
