package cloudfront

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"hlsload/chaos/aws"
)

// always are the errors that CloudFront keeps whatever the origin says. Others
// it keeps only when the origin asks for it, or the distribution has an entry
// for them ("How CloudFront processes and caches HTTP 4xx and 5xx status codes").
var always = []int32{404, 414, 500, 501, 502, 503, 504}

// errorTTL changes how long errors are kept: of those that are kept always, and
// of those that the distribution has an entry for. Where an error has a page of
// its own, that stays.
type errorTTL struct {
	aws.Marked
	d *Driver

	Distribution string   `json:"distribution"`
	TTL          int64    `json:"ttl"`    // seconds
	Before       []before `json:"before"` // what is changed, by code
}

// before is the entry of an error as it was.
type before struct {
	Code  int32  `json:"code"`
	There bool   `json:"there"` // there was an entry
	TTL   *int64 `json:"ttl"`   // null = none was set
}

// About implements [aws.Change], as do the methods below.
func (c *errorTTL) About() aws.About {
	return aws.About{Op: "error-ttl", Target: c.target(), Owner: c.Mark, End: aws.Stays()}
}

func (c *errorTTL) target() string { return c.d.arn(c.Distribution) }

func (c *errorTTL) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "cloudfront:" + action, Resource: c.target(), When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetDistribution", ""), call(aws.Reads, "ListTagsForResource", ""),
		call(aws.Makes, "TagResource", fmt.Sprintf("%s=%s, %s=the error caching as it is", aws.TagRun, c.Mark, aws.TagBefore)),
		call(aws.Makes, "UpdateDistribution", fmt.Sprintf(
			"If-Match: the version that was read\nthe configuration as it is, and ErrorCachingMinTTL %d for %s and every error that has an entry", c.TTL, join(always))),
		call(aws.Undoes, "UpdateDistribution", "If-Match: the version that was read\nthe configuration as it is then, and ErrorCachingMinTTL as it was where it is still ours"),
		call(aws.Undoes, "UntagResource", aws.TagRun+", "+aws.TagBefore),
	}
}

func join(codes []int32) string {
	words := make([]string, len(codes))
	for i, n := range codes {
		words[i] = strconv.Itoa(int(n))
	}
	return strings.Join(words, ", ")
}

func (c *errorTTL) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	cfg, err := c.d.read(ctx, c.Distribution)
	if err != nil {
		return err
	}
	if err := c.d.ready(ctx, cfg, true); err != nil {
		return err
	}
	c.Before = nil
	codes := slices.Clone(always)
	if cfg.CustomErrorResponses != nil {
		for _, e := range cfg.CustomErrorResponses.Items {
			if n := sdk.ToInt32(e.ErrorCode); !slices.Contains(codes, n) {
				codes = append(codes, n)
			}
		}
	}
	slices.Sort(codes)
	for _, n := range codes {
		b := before{Code: n}
		if e := entry(cfg.DistributionConfig, n); e != nil {
			b.There, b.TTL = true, e.ErrorCachingMinTTL
		}
		if b.TTL == nil || *b.TTL != c.TTL {
			c.Before = append(c.Before, b)
		}
	}
	if len(c.Before) == 0 {
		return fmt.Errorf("nothing to change: the distribution keeps all errors for %d s already", c.TTL)
	}
	c.edit(cfg.DistributionConfig)
	return c.d.write(ctx, cfg, true)
}

// entry is the entry for an error, nil without one.
func entry(c *types.DistributionConfig, code int32) *types.CustomErrorResponse {
	if c.CustomErrorResponses == nil {
		return nil
	}
	for i := range c.CustomErrorResponses.Items {
		if e := &c.CustomErrorResponses.Items[i]; sdk.ToInt32(e.ErrorCode) == code {
			return e
		}
	}
	return nil
}

// edit makes the change, and reports whether there was anything to do.
func (c *errorTTL) edit(to *types.DistributionConfig) (changed bool) {
	for _, b := range c.Before {
		switch e := entry(to, b.Code); {
		case e == nil && !b.There:
			if to.CustomErrorResponses == nil {
				to.CustomErrorResponses = &types.CustomErrorResponses{}
			}
			to.CustomErrorResponses.Items = append(to.CustomErrorResponses.Items, types.CustomErrorResponse{ErrorCode: sdk.Int32(b.Code), ErrorCachingMinTTL: sdk.Int64(c.TTL)})
			changed = true
		case e != nil && b.There && !c.ours(e):
			e.ErrorCachingMinTTL = sdk.Int64(c.TTL)
			changed = true
		} // else the entry was made or removed since it was looked at
	}
	count(to)
	return changed
}

// restore takes the change back where the entry is still as the fault left it.
func (c *errorTTL) restore(to *types.DistributionConfig) (changed bool) {
	for _, b := range c.Before {
		e := entry(to, b.Code)
		if e == nil || !c.ours(e) {
			continue
		}
		changed = true
		e.ErrorCachingMinTTL = b.TTL
		if !b.There && sdk.ToString(e.ResponsePagePath) == "" {
			items := to.CustomErrorResponses.Items
			to.CustomErrorResponses.Items = slices.DeleteFunc(items, func(e types.CustomErrorResponse) bool { return sdk.ToInt32(e.ErrorCode) == b.Code })
		}
	}
	count(to)
	return changed
}

func count(c *types.DistributionConfig) {
	if c.CustomErrorResponses != nil {
		c.CustomErrorResponses.Quantity = sdk.Int32(int32(len(c.CustomErrorResponses.Items)))
	}
}

func (c *errorTTL) ours(e *types.CustomErrorResponse) bool {
	return e.ErrorCachingMinTTL != nil && *e.ErrorCachingMinTTL == c.TTL
}

// update edits the configuration and writes it. It reports whether there was
// anything to do.
func (c *errorTTL) update(ctx context.Context, edit func(*types.DistributionConfig) bool) (changed bool, err error) {
	conflicts := []string{"PreconditionFailed", "InvalidIfMatchVersion"}
	return aws.Contend(ctx, c.d.Now, "the distribution", conflicts, func(ctx context.Context) (func(context.Context) error, error) {
		cfg, err := c.d.read(ctx, c.Distribution)
		if err != nil || !edit(cfg.DistributionConfig) {
			return nil, err
		}
		return func(ctx context.Context) error { return c.d.write(ctx, cfg, false) }, nil
	})
}

func (c *errorTTL) Make(ctx context.Context) error {
	return c.Change(ctx, c.d, c.target(), c.tag(), func(ctx context.Context) error {
		_, err := c.update(ctx, c.edit)
		return err
	})
}

func (c *errorTTL) Undo(ctx context.Context) error {
	return c.PutBack(ctx, c.d, c.target(), func(ctx context.Context) (bool, error) { return c.update(ctx, c.restore) })
}

// tag is what was there before, as the value of a tag: "404=10 500= 503", an
// entry with its time, one without a time, no entry. Leading is our own time.
func (c *errorTTL) tag() string {
	words := []string{strconv.FormatInt(c.TTL, 10)}
	for _, b := range c.Before {
		w := strconv.Itoa(int(b.Code))
		if b.There {
			w += "="
		}
		if b.TTL != nil {
			w += strconv.FormatInt(*b.TTL, 10)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// parseTag reads what tag wrote.
func (c *errorTTL) parseTag(text string) error {
	fail := fmt.Errorf("tag %s does not say what was there before (got %.80q; want such as %q)", aws.TagBefore, text, "60 404=10 500= 503")
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 20 {
		return fail
	}
	var err error
	if c.TTL, err = strconv.ParseInt(words[0], 10, 32); err != nil || c.TTL < 0 {
		return fail
	}
	c.Before = nil
	for _, w := range words[1:] {
		status, value, there := strings.Cut(w, "=")
		n, err := strconv.ParseInt(status, 10, 32)
		if err != nil || n < 400 || n > 599 {
			return fail
		}
		b := before{Code: int32(n), There: there}
		if value != "" {
			ttl, err := strconv.ParseInt(value, 10, 32)
			if err != nil || ttl < 0 {
				return fail
			}
			b.TTL = &ttl
		}
		c.Before = append(c.Before, b)
	}
	return nil
}

func (c *errorTTL) Bites(ctx context.Context) (bool, string) {
	cfg, err := c.d.read(ctx, c.Distribution)
	if err != nil {
		return false, err.Error()
	}
	for _, b := range c.Before {
		if e := entry(cfg.DistributionConfig, b.Code); e == nil || !c.ours(e) {
			return false, fmt.Sprintf("distribution %s does not keep %d for %d s", c.Distribution, b.Code, c.TTL)
		}
	}
	return cfg.status == deployed, fmt.Sprintf("distribution %s keeps errors for %d s and is %s", c.Distribution, c.TTL, cfg.status)
}

func (c *errorTTL) Healthy(ctx context.Context) (bool, string) {
	return c.Clear(ctx, c.d, c.target(), "distribution "+c.Distribution, func(ctx context.Context) (bool, string) {
		cfg, err := c.d.read(ctx, c.Distribution)
		if err != nil {
			return false, err.Error()
		}
		for _, b := range c.Before {
			if e := entry(cfg.DistributionConfig, b.Code); c.Made && e != nil && c.ours(e) {
				return false, fmt.Sprintf("distribution %s still keeps %d for %d s", c.Distribution, b.Code, c.TTL)
			}
		}
		return cfg.status == deployed, fmt.Sprintf("distribution %s has nothing of this fault and is %s", c.Distribution, cfg.status)
	})
}
