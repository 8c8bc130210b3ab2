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
	api *mediapackagev2.Client
	// web asks endpoints without credentials; nil = they are not asked.
	web Web
	// writer asks for the ARN of the role that the channel writes with.
	writer func(context.Context) (string, error)
	seen   policy.Memory
}

// Web carries out requests that are not AWS's.
type Web interface {
	Do(*http.Request) (*http.Response, error)
}

// New returns the driver of the channel and the endpoint in the frame. A plan needs
// neither client nor web.
func New(frame aws.Frame, api *mediapackagev2.Client, web Web, writer func(context.Context) (string, error)) *Driver {
	return &Driver{Frame: frame, api: api, web: web, writer: writer}
}

// What they can do beside the rest.
var (
	_ aws.Answerable = (*force)(nil)
	_ aws.Reviewer   = (*deny)(nil)
)

// Service implements [aws.Driver].
func (d *Driver) Service() string { return "mediapackagev2" }

// The actions that viewers and encoders need.
var (
	reads  = []string{"mediapackagev2:GetObject", "mediapackagev2:GetHeadObject"}
	writes = []string{"mediapackagev2:PutObject"}
)

// Changes implements [aws.Driver].
func (d *Driver) Changes(o *aws.Order) []aws.Change {
	p, f := &d.Config.Package, o.Fault
	switch {
	case f.Kind == chaos.OriginStatus && p.Endpoint != "":
		return []aws.Change{&deny{d: d, place: place{p.Group, p.Channel, p.Endpoint}, Actions: reads, Sid: o.Mark(""), Until: o.Expires}}
	case f.Kind == chaos.PackagerErrors && p.Endpoint != "":
		var conditions []string
		for _, c := range f.Conditions {
			conditions = append(conditions, strings.ToUpper(c))
		}
		return []aws.Change{&force{d: d, place: place{p.Group, p.Channel, p.Endpoint}, Conditions: sorted(conditions), Mark: o.Mark("-")}}
	case p.Channel == "":
	case f.Kind == chaos.PipelineKill && !(f.Resume == "restart" && f.Pipeline == chaos.Any), // then the channel is stopped
		f.Kind == chaos.InputLoss && d.Config.InputLoss(f.Pipeline) == "mediapackage":
		c := &deny{d: d, place: place{p.Group, p.Channel, ""}, Actions: writes, Sid: o.Mark(""), Until: o.Expires}
		if f.Pipeline >= 0 && f.Pipeline < len(p.Sources) {
			c.Source = p.Sources[f.Pipeline]
		}
		return []aws.Change{c}
	}
	return nil
}

// Restore implements [aws.Driver].
func (d *Driver) Restore(op string) aws.Change {
	switch op {
	case opDeny:
		return &deny{d: d}
	case opForce:
		return &force{d: d}
	}
	return nil
}

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
	if p.Channel == "" {
		return nil
	}
	all := []place{{p.Group, p.Channel, ""}}
	if p.Endpoint != "" {
		all = append(all, place{p.Group, p.Channel, p.Endpoint})
	}
	return all
}

// Guards implements [aws.Driver].
func (d *Driver) Guards() []aws.Call {
	var calls []aws.Call
	for _, p := range d.places() {
		calls = append(calls, aws.Call{Action: p.describe(), Resource: d.arn(p)}, aws.Call{Action: p.action("Get"), Resource: d.arn(p)})
	}
	return calls
}

// Guard refuses a channel or an endpoint that is not tagged, or in the hands of
// another run.
func (d *Driver) Guard(ctx context.Context) ([]aws.Finding, error) {
	var found []aws.Finding
	for _, p := range d.places() {
		tags, _, err := d.look(ctx, p)
		if err != nil {
			return nil, err
		}
		found = append(found, aws.CheckTags(p.String(), tags, d.Config.Tags)...)
		left, err := d.left(ctx, p)
		if err != nil {
			return nil, err
		}
		found = append(found, aws.BusyWith(p.String(), left)...)
	}
	return found, nil
}

// look describes a place: its tags, and where viewers get an endpoint.
func (d *Driver) look(ctx context.Context, p place) (tags map[string]string, url string, err error) {
	if p.Endpoint == "" {
		out, err := d.api.GetChannel(ctx, &mediapackagev2.GetChannelInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", p, err)
		}
		return out.Tags, "", nil
	}
	out, err := d.api.GetOriginEndpoint(ctx, &mediapackagev2.GetOriginEndpointInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
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
		if url != "" && d.web != nil {
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
		left, err := d.left(ctx, p)
		if err != nil {
			return all, err
		}
		all = append(all, left...)
	}
	return all, nil
}

func (d *Driver) left(ctx context.Context, p place) ([]aws.Leftover, error) {
	all, err := d.store(p).Leftovers(ctx, d.Service(), d.arn(p), func(sid string) aws.Change { return &deny{d: d, place: p, Sid: sid} })
	if err != nil || p.Endpoint == "" {
		return all, err
	}
	forced, err := d.forced(ctx, p)
	return append(forced, all...), err
}

// store is the policy of a place. What comes with the policy of an endpoint is
// written back as it was read last.
func (d *Driver) store(p place) *policy.Store {
	if p.Endpoint == "" {
		return &policy.Store{
			What: p.String(), Now: d.Now, Seen: &d.seen,
			Read: func(ctx context.Context) (string, error) {
				out, err := d.api.GetChannelPolicy(ctx, &mediapackagev2.GetChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
				if missing(err) {
					return "", nil
				}
				if err != nil {
					return "", err
				}
				return sdk.ToString(out.Policy), nil
			},
			Write: func(ctx context.Context, text string) error {
				if text == "" {
					_, err := d.api.DeleteChannelPolicy(ctx, &mediapackagev2.DeleteChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
					return err
				}
				_, err := d.api.PutChannelPolicy(ctx, &mediapackagev2.PutChannelPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, Policy: &text})
				return err
			},
		}
	}
	var cdn *types.CdnAuthConfiguration
	return &policy.Store{
		What: p.String(), Now: d.Now, Seen: &d.seen,
		Read: func(ctx context.Context) (string, error) {
			cdn = nil
			out, err := d.api.GetOriginEndpointPolicy(ctx, &mediapackagev2.GetOriginEndpointPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
			if missing(err) {
				return "", nil
			}
			if err != nil {
				return "", err
			}
			cdn = out.CdnAuthConfiguration
			return sdk.ToString(out.Policy), nil
		},
		Write: func(ctx context.Context, text string) error {
			if text == "" {
				_, err := d.api.DeleteOriginEndpointPolicy(ctx, &mediapackagev2.DeleteOriginEndpointPolicyInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint})
				return err
			}
			_, err := d.api.PutOriginEndpointPolicy(ctx, &mediapackagev2.PutOriginEndpointPolicyInput{
				ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &p.Endpoint, Policy: &text, CdnAuthConfiguration: cdn})
			return err
		},
	}
}

// missing reports whether an error says that there is no such thing.
func missing(err error) bool {
	return aws.Code(err) == "ResourceNotFoundException"
}

// ask asks a URL without credentials, and returns the status.
func (d *Driver) ask(ctx context.Context, url string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := d.web.Do(r)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	return res.StatusCode, nil
}
