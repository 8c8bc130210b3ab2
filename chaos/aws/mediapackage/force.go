package mediapackage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2/types"

	"hlsload/chaos/aws"
)

const opForce = "force-errors"

// The tags of an endpoint while its forced errors are changed.
const (
	tagRun    = aws.TagRun
	tagBefore = aws.TagBefore
	none      = "none" // no condition
)

// force changes on which conditions an endpoint answers errors. MediaPackage
// has nothing that ends by itself, so this is a sticky fault: while it holds,
// the endpoint has tags that say which run it was and what was set before.
type force struct {
	aws.Answer
	d *Driver

	place
	Mark       string    `json:"mark"`
	Conditions []string  `json:"conditions"` // as the API spells them, sorted
	Before     []string  `json:"before"`
	At         time.Time `json:"at"` // when that was read
}

// About implements [aws.Change], as do the methods below.
func (c *force) About() aws.About {
	return aws.About{Op: opForce, Target: c.target(), Owner: aws.Owner{Name: c.Mark, Sep: "-"}, End: aws.Stays()}
}

func (c *force) target() string { return c.d.arn(c.place) }

func (c *force) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "mediapackagev2:" + action, Resource: c.target(), When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetOriginEndpoint", ""),
		call(aws.Makes, "TagResource", fmt.Sprintf("%s=%s, %s=the conditions that are set now, or %s", tagRun, c.Mark, tagBefore, none)),
		call(aws.Makes, "UpdateOriginEndpoint", "X-Amzn-Update-If-Match: the version that was read\nthe endpoint as it is, and ForceEndpointErrorConfiguration on "+words(c.Conditions)),
		call(aws.Undoes, "UpdateOriginEndpoint", "X-Amzn-Update-If-Match: the version that was read\nthe endpoint as it is then, and ForceEndpointErrorConfiguration as it was, if it is still ours"),
		call(aws.Undoes, "UntagResource", tagRun+", "+tagBefore),
	}
}

// words are conditions as the value of a tag, and for people.
func words(conditions []string) string {
	if len(conditions) == 0 {
		return none
	}
	return strings.Join(conditions, " ")
}

// parseWords reads what words wrote.
func parseWords(text string) ([]string, error) {
	if text == none {
		return nil, nil
	}
	conditions := strings.Fields(text)
	for _, w := range conditions {
		if !slices.Contains(types.EndpointErrorCondition("").Values(), types.EndpointErrorCondition(w)) {
			return nil, fmt.Errorf("tag %s does not hold the conditions from before (got %.80q; want %s, or conditions such as STALE_MANIFEST)", tagBefore, text, none)
		}
	}
	return sorted(conditions), nil
}

func sorted(conditions []string) []string {
	conditions = slices.Clone(conditions)
	slices.Sort(conditions)
	return slices.Compact(conditions)
}

// endpoint is an endpoint as it was read.
type endpoint struct {
	raw        []byte // as it was received
	input      mediapackagev2.UpdateOriginEndpointInput
	conditions []string
	tags       map[string]string
}

// readEndpoint reads an endpoint such that it can be written back.
func (d *Driver) readEndpoint(ctx context.Context, p place) (*endpoint, error) {
	var raw []byte
	out, err := d.api.GetOriginEndpoint(ctx, &mediapackagev2.GetOriginEndpointInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint}, func(o *mediapackagev2.Options) {
		o.HTTPClient = aws.Keep(o.HTTPClient, &raw, maxEndpoint)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	e := &endpoint{raw: raw, tags: out.Tags}
	// The fields of what is written have the names of what is read; what would
	// be lost is found when it is about to be sent.
	if err := json.Unmarshal(raw, &e.input); err != nil {
		return nil, fmt.Errorf("%s: it has a setting that this version of hlsload cannot write back (%w; want its forced errors changed by hand)", p, err)
	}
	e.input.ChannelGroupName, e.input.ChannelName, e.input.OriginEndpointName = &p.Group, &p.Channel, &p.Endpoint
	if f := out.ForceEndpointErrorConfiguration; f != nil {
		for _, c := range f.EndpointErrorConditions {
			e.conditions = append(e.conditions, string(c))
		}
	}
	e.conditions = sorted(e.conditions)
	return e, nil
}

// maxEndpoint bounds the description of an endpoint.
const maxEndpoint = 1 << 20

// write writes an endpoint back with other conditions; a dry write makes sure
// that nothing else would change, and sends nothing.
func (d *Driver) write(ctx context.Context, e *endpoint, conditions []string, dry bool) error {
	f := &types.ForceEndpointErrorConfiguration{EndpointErrorConditions: []types.EndpointErrorCondition{}}
	for _, c := range conditions {
		f.EndpointErrorConditions = append(f.EndpointErrorConditions, types.EndpointErrorCondition(c))
	}
	e.input.ForceEndpointErrorConfiguration = f
	_, err := d.api.UpdateOriginEndpoint(ctx, &e.input, func(o *mediapackagev2.Options) {
		o.HTTPClient = aws.Checked(o.HTTPClient, func(body []byte) error { return keeps(e.raw, body) }, dry)
	})
	return aws.CheckedError(err)
}

// described are the fields of an endpoint that only describe it, at the top and
// of each manifest.
var described = []string{"Arn", "ChannelGroupName", "ChannelName", "OriginEndpointName", "CreatedAt", "ModifiedAt", "ResetAt", "ETag", "Tags", "Url"}

// keeps makes sure that an endpoint that is about to be written has everything
// that was received, but for what is ours to change and what only describes it.
func keeps(received, sent []byte) error {
	var before, after map[string]any
	if err := errors.Join(json.Unmarshal(received, &before), json.Unmarshal(sent, &after)); err != nil {
		return fmt.Errorf("the endpoint: %w", err)
	}
	for _, m := range []map[string]any{before, after} {
		delete(m, "ForceEndpointErrorConfiguration")
	}
	if lost := differs("", before, after); lost != "" {
		return fmt.Errorf("the endpoint has a setting that this version of hlsload does not know and would lose (got %s; want its forced errors changed by hand)", lost)
	}
	return nil
}

// differs names what one value has otherwise than another, "" for nothing.
func differs(path string, before, after any) string {
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			return path
		}
		for k := range a {
			if _, ok := b[k]; !ok {
				return path + "." + k
			}
		}
		for k, v := range b {
			if slices.Contains(described, k) || v == nil {
				continue
			}
			if d := differs(path+"."+k, v, a[k]); d != "" {
				return d
			}
		}
	case []any:
		a, ok := after.([]any)
		if !ok && len(b) > 0 || len(a) != len(b) {
			return path
		}
		for i := range b {
			if d := differs(fmt.Sprintf("%s[%d]", path, i), b[i], a[i]); d != "" {
				return d
			}
		}
	case float64: // some are 32 bits wide
		if a, ok := after.(float64); !ok || float32(a) != float32(b) {
			return path
		}
	default:
		if before != after {
			return path
		}
	}
	return ""
}

// update writes the endpoint with the conditions that edit returns. It reports
// whether there was anything to do.
func (c *force) update(ctx context.Context, edit func(now []string) (to []string, ok bool)) (changed bool, err error) {
	conflict := func(err error) bool {
		return aws.Code(err) == "ConflictException"
	}
	return aws.Contend(ctx, c.d.Now, "the endpoint", conflict, func(ctx context.Context) (func(context.Context) error, error) {
		e, err := c.d.readEndpoint(ctx, c.place)
		if err != nil {
			return nil, err
		}
		to, ok := edit(e.conditions)
		if !ok {
			return nil, nil
		}
		return func(ctx context.Context) error { return c.d.write(ctx, e, to, false) }, nil
	})
}

func (c *force) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return err
	}
	if mark, ok := e.tags[tagRun]; ok {
		return fmt.Errorf("the endpoint is already used by another fault (got the tag %s=%s; want none)", tagRun, mark)
	}
	if slices.Equal(e.conditions, c.Conditions) {
		return fmt.Errorf("nothing to change: the endpoint answers errors on %s already", words(c.Conditions))
	}
	c.Before = e.conditions
	return c.d.write(ctx, e, c.Conditions, true)
}

func (c *force) Make(ctx context.Context) error {
	// The tags come first: what carries them can be put back without a journal.
	arn := c.target()
	if _, err := c.d.api.TagResource(ctx, &mediapackagev2.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{tagRun: c.Mark, tagBefore: words(c.Before)}}); err != nil {
		return err
	}
	_, err := c.update(ctx, func(now []string) ([]string, bool) { return c.Conditions, !slices.Equal(now, c.Conditions) })
	c.Made = c.Made || err == nil
	return err
}

func (c *force) Undo(ctx context.Context) error {
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return err
	}
	ours := e.tags[tagRun] == c.Mark
	if !ours && e.tags[tagRun] != "" {
		return nil // another run's by now
	}
	changed := false
	if ours || c.Made {
		changed, err = c.update(ctx, func(now []string) ([]string, bool) {
			return c.Before, slices.Equal(now, c.Conditions) && !slices.Equal(now, c.Before)
		})
		if err != nil {
			return err
		}
	}
	if !changed { // never made, undone before, or it does not show yet
		if waited, err := aws.Settle(ctx, c.At, c.d.Now()); waited || err != nil {
			if err != nil {
				return err
			}
			return c.Undo(ctx)
		}
	}
	if ours || c.Made { // the tags may not show yet
		_, err = c.d.api.UntagResource(ctx, &mediapackagev2.UntagResourceInput{ResourceArn: sdk.String(c.target()), TagKeys: []string{tagRun, tagBefore}})
	}
	return err
}

func (c *force) Bites(ctx context.Context) (bool, string) {
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return false, err.Error()
	}
	return slices.Equal(e.conditions, c.Conditions), fmt.Sprintf("%s answers errors on %s", c.place, words(e.conditions))
}

func (c *force) Healthy(ctx context.Context) (bool, string) {
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return false, err.Error()
	}
	switch mark := e.tags[tagRun]; {
	case mark == c.Mark:
		return false, fmt.Sprintf("%s still has the tag %s=%s", c.place, tagRun, c.Mark)
	case mark == "" && c.Made && slices.Equal(e.conditions, c.Conditions):
		return false, fmt.Sprintf("%s still answers errors on %s", c.place, words(c.Conditions))
	}
	return true, fmt.Sprintf("%s answers errors on %s", c.place, words(e.conditions))
}

// forced is what an earlier run left of its forced errors.
func (d *Driver) forced(ctx context.Context, p place) ([]aws.Leftover, error) {
	e, err := d.readEndpoint(ctx, p)
	if err != nil {
		return nil, err
	}
	mark, ok := e.tags[tagRun]
	if !ok {
		return nil, nil
	}
	run, _ := aws.Ours(mark, "-")
	l := aws.Leftover{Service: d.Service(), Target: d.arn(p), Run: run, What: "forced errors on " + words(e.conditions) + ", before: " + e.tags[tagBefore]}
	before, err := parseWords(e.tags[tagBefore])
	if err != nil {
		l.Remove = func(context.Context) error { return err }
		return []aws.Leftover{l}, nil
	}
	c := &force{d: d, place: p, Mark: mark, Conditions: e.conditions, Before: before}
	l.Remove = c.Undo
	return []aws.Leftover{l}, nil
}
