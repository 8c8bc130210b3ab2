package mediapackage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2/types"

	"hlsload/chaos/aws"
)

// none says that there are no conditions.
const none = "none"

// force changes on which conditions an endpoint answers errors. MediaPackage
// has nothing that ends by itself, so this is a sticky fault: while it holds,
// the endpoint has tags that say which run it was and what was set before.
type force struct {
	aws.Marked
	d *Driver

	place
	Conditions []string `json:"conditions"` // as the API spells them, sorted
	Before     []string `json:"before"`
}

// About implements [aws.Change], as do the methods below.
func (c *force) About() aws.About {
	return aws.About{Op: "force-errors", Target: c.target(), Owner: c.Mark, End: aws.Stays()}
}

func (c *force) target() string { return c.d.arn(c.place) }

func (c *force) Calls() []aws.Call {
	call := func(when aws.When, action, request string) aws.Call {
		return aws.Call{Action: "mediapackagev2:" + action, Resource: c.target(), When: when, Request: request}
	}
	return []aws.Call{
		call(aws.Reads, "GetOriginEndpoint", ""),
		call(aws.Makes, "TagResource", fmt.Sprintf("%s=%s, %s=the conditions that are set now, or %s", aws.TagRun, c.Mark, aws.TagBefore, none)),
		call(aws.Makes, "UpdateOriginEndpoint", "X-Amzn-Update-If-Match: the version that was read\nthe endpoint as it is, and ForceEndpointErrorConfiguration on "+words(c.Conditions)),
		call(aws.Undoes, "UpdateOriginEndpoint", "X-Amzn-Update-If-Match: the version that was read\nthe endpoint as it is then, and ForceEndpointErrorConfiguration as it was, if it is still ours"),
		call(aws.Undoes, "UntagResource", aws.TagRun+", "+aws.TagBefore),
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
			return nil, fmt.Errorf("tag %s does not hold the conditions from before (got %.80q; want %s, or conditions such as STALE_MANIFEST)", aws.TagBefore, text, none)
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
	out, err := d.API.GetOriginEndpoint(ctx, &mediapackagev2.GetOriginEndpointInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint}, func(o *mediapackagev2.Options) {
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
	_, err := d.API.UpdateOriginEndpoint(ctx, &e.input, func(o *mediapackagev2.Options) {
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
	if lost, changed := aws.Kept(settings("", before), settings("", after)); lost+changed != "" {
		return fmt.Errorf("the endpoint has a setting that this version of hlsload does not know and would lose (got %s; want its forced errors changed by hand)", cmp.Or(lost, changed))
	}
	return nil
}

// settings are the values in what was read from JSON, with their paths.
func settings(path string, v any) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, one := range v {
			if one != nil && !slices.Contains(described, k) {
				all = append(all, settings(path+"."+k, one)...)
			}
		}
		return append(all, path+" object")
	case []any:
		for i, one := range v {
			all = append(all, settings(fmt.Sprintf("%s[%d]", path, i), one)...)
		}
		return all
	case float64:
		return []string{fmt.Sprint(path, " ", float32(v))} // some are 32 bits wide
	}
	return []string{fmt.Sprintf("%s %q", path, fmt.Sprint(v))}
}

// update writes the endpoint with the conditions that edit returns. It reports
// whether there was anything to do.
func (c *force) update(ctx context.Context, edit func(now []string) (to []string, ok bool)) (changed bool, err error) {
	return aws.Contend(ctx, c.d.Now, "the endpoint", []string{"ConflictException"}, func(ctx context.Context) (func(context.Context) error, error) {
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
	if err := c.Look(ctx, c.d, c.target()); err != nil {
		return err
	}
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return err
	}
	if slices.Equal(e.conditions, c.Conditions) {
		return fmt.Errorf("nothing to change: the endpoint answers errors on %s already", words(c.Conditions))
	}
	c.Before = e.conditions
	return c.d.write(ctx, e, c.Conditions, true)
}

func (c *force) Make(ctx context.Context) error {
	return c.Change(ctx, c.d, c.target(), words(c.Before), func(ctx context.Context) error {
		_, err := c.update(ctx, func(now []string) ([]string, bool) { return c.Conditions, !slices.Equal(now, c.Conditions) })
		return err
	})
}

func (c *force) Undo(ctx context.Context) error {
	return c.PutBack(ctx, c.d, c.target(), func(ctx context.Context) (bool, error) {
		return c.update(ctx, func(now []string) ([]string, bool) {
			return c.Before, slices.Equal(now, c.Conditions) && !slices.Equal(now, c.Before)
		})
	})
}

func (c *force) Bites(ctx context.Context) (bool, string) {
	e, err := c.d.readEndpoint(ctx, c.place)
	if err != nil {
		return false, err.Error()
	}
	return slices.Equal(e.conditions, c.Conditions), fmt.Sprintf("%s answers errors on %s", c.place, words(e.conditions))
}

func (c *force) Healthy(ctx context.Context) (bool, string) {
	return c.Clear(ctx, c.d, c.target(), c.place.String(), func(ctx context.Context) (bool, string) {
		e, err := c.d.readEndpoint(ctx, c.place)
		if err != nil {
			return false, err.Error()
		}
		return !c.Made || !slices.Equal(e.conditions, c.Conditions), fmt.Sprintf("%s answers errors on %s", c.place, words(e.conditions))
	})
}
