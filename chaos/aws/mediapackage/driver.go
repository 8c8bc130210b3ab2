// Package mediapackage makes faults with AWS Elemental MediaPackage v2: it keeps
// all viewers from an origin endpoint, or an encoder from a channel, by a
// statement of the policy there that ends by itself; and it changes on which
// conditions an endpoint answers errors.
//
// An endpoint without a policy is closed to all, and its policy carries
// more than statements: the authorization of the CDN is written with it, and is
// kept as it is.
package mediapackage

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

// Driver is the MediaPackage driver.
type Driver struct {
	aws.Frame
	API *mediapackagev2.Client
	Web aws.HTTPClient // asks endpoints without credentials; nil = they are not asked
	// Writer asks for the ARN of the role that the channel writes with.
	Writer func(context.Context) (string, error)
	seen   policy.Memory
}

// What they can do beside the rest.
var (
	_ aws.Answerable = (*force)(nil)
	_ aws.Reviewer   = (*deny)(nil)
)

// Service implements [aws.Driver], as do the methods below.
func (d *Driver) Service() string { return "mediapackagev2" }

func (d *Driver) Target() string { return aws.Named("channel", d.Config.Package.Channel) }

// The actions that viewers and encoders need.
var (
	reads  = []string{"mediapackagev2:GetObject", "mediapackagev2:GetHeadObject"}
	writes = []string{"mediapackagev2:PutObject"}
)

func (d *Driver) Changes(o *aws.Order) []aws.Change {
	p, f := &d.Config.Package, o.Fault
	switch {
	case f.Kind == chaos.OriginStatus && p.Endpoint != "":
		return []aws.Change{d.deny(o, place{p.Group, p.Channel, p.Endpoint}, reads)}
	case f.Kind == chaos.PackagerErrors && p.Endpoint != "":
		var conditions []string
		for _, c := range f.Conditions {
			conditions = append(conditions, strings.ToUpper(c))
		}
		return []aws.Change{&force{d: d, place: place{p.Group, p.Channel, p.Endpoint}, Conditions: sorted(conditions), Marked: aws.Marked{Mark: o.Mark("-")}}}
	case f.Kind == chaos.PipelineKill && !(f.Resume == "restart" && f.Pipeline == chaos.Any), // then the channel is stopped
		f.Kind == chaos.InputLoss && d.Config.InputLoss(f.Pipeline) == "mediapackage":
		c := d.deny(o, place{p.Group, p.Channel, ""}, writes)
		if f.Pipeline >= 0 && f.Pipeline < len(p.Sources) {
			c.Source = p.Sources[f.Pipeline]
		}
		return []aws.Change{c}
	}
	return nil
}

func (d *Driver) Empty() []aws.Change { return []aws.Change{d.newDeny(place{}), &force{d: d}} }

// place is what has a policy: an origin endpoint, or a channel.
type place struct {
	Group    string `json:"group"`
	Channel  string `json:"channel"`
	Endpoint string `json:"endpoint,omitempty"` // "" = the channel
}

func (p place) String() string {
	if p.Endpoint != "" {
		return "endpoint " + p.Endpoint
	}
	return "channel " + p.Channel
}

// action names an operation on the policy of the place, as in "Get".
func (p place) action(verb string) string {
	if p.Endpoint != "" {
		return "mediapackagev2:" + verb + "OriginEndpointPolicy"
	}
	return "mediapackagev2:" + verb + "ChannelPolicy"
}

// describe names the operation that describes the place.
func (p place) describe() string {
	if p.Endpoint != "" {
		return "mediapackagev2:GetOriginEndpoint"
	}
	return "mediapackagev2:GetChannel"
}

func (d *Driver) arn(p place) string {
	arn := d.ARN("mediapackagev2", "channelGroup/"+p.Group+"/channel/"+p.Channel)
	if p.Endpoint != "" {
		arn += "/originEndpoint/" + p.Endpoint
	}
	return arn
}

// places are those that may be touched.
func (d *Driver) places() []place {
	p := &d.Config.Package
	all := []place{{p.Group, p.Channel, ""}}
	if p.Endpoint != "" {
		all = append(all, place{p.Group, p.Channel, p.Endpoint})
	}
	return all
}

func (d *Driver) Guards() []aws.Call {
	var calls []aws.Call
	for _, p := range d.places() {
		calls = append(calls, aws.Call{Action: p.describe(), Resource: d.arn(p)}, aws.Call{Action: p.action("Get"), Resource: d.arn(p)})
	}
	return calls
}

// Guard refuses a channel or an endpoint that is not tagged.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	var found []aws.Finding
	for _, p := range d.places() {
		tags, _, err := d.look(ctx, p)
		if err != nil {
			return nil, err
		}
		found = append(found, aws.CheckTags(p.String(), tags, d.Config.Tags)...)
	}
	return found, nil
}

// look describes a place: its tags, and where viewers get an endpoint.
func (d *Driver) look(ctx context.Context, p place) (tags map[string]string, url string, err error) {
	if p.Endpoint == "" {
		out, err := d.API.GetChannel(ctx, &mediapackagev2.GetChannelInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", p, err)
		}
		return out.Tags, "", nil
	}
	out, err := d.API.GetOriginEndpoint(ctx, &mediapackagev2.GetOriginEndpointInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", p, err)
	}
	for _, m := range out.HlsManifests {
		return out.Tags, sdk.ToString(m.Url), nil
	}
	for _, m := range out.LowLatencyHlsManifests {
		return out.Tags, sdk.ToString(m.Url), nil
	}
	return out.Tags, "", nil
}

// Facts says what policies there are, and how an anonymous request is answered.
func (d *Driver) Facts(ctx context.Context) ([]string, error) {
	var out []string
	for _, p := range d.places() {
		_, url, err := d.look(ctx, p)
		if err != nil {
			return out, err
		}
		text, err := d.store(p).Read(ctx)
		if err != nil {
			return out, fmt.Errorf("policy of %s: %w", p, err)
		}
		doc, err := policy.Parse(text)
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", p, err))
			continue
		}
		line := fmt.Sprintf("%s: a policy of %d statements", p, len(doc.Statements))
		if url != "" && d.Web != nil {
			if status, err := d.ask(ctx, url); err == nil {
				line += fmt.Sprintf("; an anonymous request is answered %d", status)
			}
		}
		out = append(out, line)
	}
	return out, nil
}

// Leftovers implements [aws.Driver]: statements of the policies that are ours.
func (d *Driver) Leftovers(ctx context.Context) ([]aws.Leftover, error) {
	var all []aws.Leftover
	for _, p := range d.places() {
		if p.Endpoint != "" {
			e, err := d.readEndpoint(ctx, p)
			if err != nil {
				return all, err
			}
			all = append(all, aws.LeftBy(d, e.tags, func(m aws.Marked) (aws.Change, string) {
				c := &force{d: d, place: p, Marked: m, Conditions: e.conditions}
				c.Before, c.Unknown = parseWords(e.tags[aws.TagBefore])
				return c, "forced errors on " + words(e.conditions) + ", before: " + e.tags[aws.TagBefore]
			})...)
		}
		left, err := d.store(p).Leftovers(ctx, d, func(sid string) aws.Change {
			c := d.newDeny(p)
			c.Sid = sid
			return c
		})
		if err != nil {
			return all, err
		}
		all = append(all, left...)
	}
	return all, nil
}

// store is the policy of a place. What comes with the policy of an endpoint is
// written back as it was read last.
func (d *Driver) store(p place) *policy.Store {
	if p.Endpoint == "" {
		return &policy.Store{
			What: p.String(), Now: d.Now, Seen: &d.seen,
			Read: func(ctx context.Context) (string, error) {
				out, err := d.API.GetChannelPolicy(ctx, &mediapackagev2.GetChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
				if err != nil {
					return "", unless(err)
				}
				return sdk.ToString(out.Policy), nil
			},
			Write: func(ctx context.Context, text string) error {
				if text == "" {
					_, err := d.API.DeleteChannelPolicy(ctx, &mediapackagev2.DeleteChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
					return err
				}
				_, err := d.API.PutChannelPolicy(ctx, &mediapackagev2.PutChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, Policy: &text})
				return err
			},
		}
	}
	var cdn *types.CdnAuthConfiguration
	return &policy.Store{
		What: p.String(), Now: d.Now, Seen: &d.seen,
		Read: func(ctx context.Context) (string, error) {
			cdn = nil
			out, err := d.API.GetOriginEndpointPolicy(ctx, &mediapackagev2.GetOriginEndpointPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
			if err != nil {
				return "", unless(err)
			}
			cdn = out.CdnAuthConfiguration
			return sdk.ToString(out.Policy), nil
		},
		Write: func(ctx context.Context, text string) error {
			if text == "" {
				_, err := d.API.DeleteOriginEndpointPolicy(ctx, &mediapackagev2.DeleteOriginEndpointPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
				return err
			}
			_, err := d.API.PutOriginEndpointPolicy(ctx, &mediapackagev2.PutOriginEndpointPolicyInput{
				ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint, Policy: &text, CdnAuthConfiguration: cdn})
			return err
		},
	}
}

// Tags implements [aws.Tagger], as do the methods below.
func (d *Driver) Tags(ctx context.Context, arn string) (map[string]string, error) {
	var p place
	if part := strings.Split(arn, "/"); len(part) == 6 { // of an endpoint
		p = place{part[1], part[3], part[5]}
	}
	tags, _, err := d.look(ctx, p)
	return tags, err
}

func (d *Driver) Tag(ctx context.Context, arn string, tags map[string]string) error {
	_, err := d.API.TagResource(ctx, &mediapackagev2.TagResourceInput{ResourceArn: &arn, Tags: tags})
	return err
}

func (d *Driver) Untag(ctx context.Context, arn string) error {
	_, err := d.API.UntagResource(ctx, &mediapackagev2.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{aws.TagRun, aws.TagBefore}})
	return err
}

// unless returns an error unless it says that there is no policy.
func unless(err error) error {
	if aws.Code(err) == "ResourceNotFoundException" {
		return nil
	}
	return err
}

// ask asks a URL without credentials, and returns the status.
func (d *Driver) ask(ctx context.Context, url string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := d.Web.Do(r)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	return res.StatusCode, nil
}
