package signalmap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	"github.com/aws/aws-sdk-go-v2/service/medialive"
	ml "github.com/aws/aws-sdk-go-v2/service/medialive/types"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"hlsload/chaos"
	"hlsload/chaos/aws"
)

// Clients are of the services that are asked.
type Clients struct {
	MediaLive    *medialive.Client
	MediaConnect *mediaconnect.Client
	MediaPackage *mediapackagev2.Client
	S3           *s3.Client
	CloudFront   *cloudfront.Client
	// CloudWatch returns the client of a region.
	CloudWatch func(region string) *cloudwatch.Client
}

// Found is a channel's path through the account.
type Found struct {
	// AWS is the section as it was given, with what was found where it said
	// nothing and only one thing fits.
	AWS chaos.AWS
	// Lines describe the path: the kind of a thing and its name.
	Lines [][2]string
	// Problems say what could not be read or decided, and what to do.
	Problems []string
}

// Bounds of a search.
const (
	maxInputs    = 20
	maxEndpoints = 10
	maxPages     = 50
	maxAlarms    = 100
)

// Complete reports whether a section leaves nothing to be found.
func Complete(a *chaos.AWS) bool {
	return a.Channel == "" || (a.Bucket != "" || a.Package.Channel != "") && a.Distribution != "" && len(a.Alarms) > 0
}

// Calls are the calls that a search makes, for people and for a policy. They
// only read.
func Calls(a *chaos.AWS) []aws.Call {
	var all []aws.Call
	if a.Channel == "" {
		return nil
	}
	frame := aws.NewFrame(a, nil)
	arn := frame.ARN
	for _, c := range [][2]string{
		{"medialive:DescribeChannel", arn("medialive", "channel:"+a.Channel)}, {"medialive:DescribeInput", arn("medialive", "input:*")},
		{"mediaconnect:DescribeFlow", arn("mediaconnect", "flow:*")}, {"mediapackagev2:ListOriginEndpoints", arn("mediapackagev2", "channelGroup/*")},
		{"mediapackagev2:GetOriginEndpoint", arn("mediapackagev2", "channelGroup/*")}, {"s3:GetBucketNotification", "arn:" + aws.Partition(a.Region) + ":s3:::*"},
		{"cloudfront:ListDistributions", "*"}, {"cloudwatch:DescribeAlarms", "*"},
	} {
		all = append(all, aws.Call{Action: c[0], Resource: c[1]})
	}
	return all
}

// Find follows the channel of a section.
func Find(ctx context.Context, given *chaos.AWS, c Clients) *Found {
	f := &finder{Found: Found{AWS: *given}, given: given, c: c}
	if given.Channel == "" {
		f.problem("no channel to begin with (want aws.channel, the ID of the MediaLive channel)")
		return &f.Found
	}
	f.channel(ctx)
	f.endpoints(ctx)
	f.distribution(ctx)
	f.function(ctx)
	f.alarms(ctx)
	return &f.Found
}

// finder is a search under way.
type finder struct {
	Found
	given *chaos.AWS
	c     Clients
	hosts []string // of origins, as a distribution may name them
}

func (f *finder) line(what, format string, args ...any) {
	f.Lines = append(f.Lines, [2]string{what, fmt.Sprintf(format, args...)})
}

func (f *finder) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(f.Problems, text) {
		f.Problems = append(f.Problems, text)
	}
}

// failed notes that a step could not be made, and what to write instead.
func (f *finder) failed(action, what, instead string, err error) {
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && (strings.Contains(api.ErrorCode(), "AccessDenied") || strings.Contains(api.ErrorCode(), "UnauthorizedOperation")):
		f.problem("%s cannot be found without the permission %s (want it, or %s)", what, action, instead)
	case errors.As(err, &api):
		f.problem("%s could not be found: %s: %s: %s (want %s)", what, action, api.ErrorCode(), api.ErrorMessage(), instead)
	default:
		f.problem("%s could not be found: %s: no answer (want %s)", what, action, instead)
	}
}

// channel reads where the channel gets its input and where it writes to.
func (f *finder) channel(ctx context.Context) {
	out, err := f.c.MediaLive.DescribeChannel(ctx, &medialive.DescribeChannelInput{ChannelId: &f.given.Channel})
	if err != nil {
		f.failed("medialive:DescribeChannel", "inputs and outputs of the channel", "aws.bucket or aws.mediapackage", err)
		return
	}
	f.line("channel", "%s %s, %s, %s", f.given.Channel, sdk.ToString(out.Name), out.ChannelClass, out.State)
	for i := range out.InputAttachments[:min(len(out.InputAttachments), maxInputs)] {
		f.input(ctx, &out.InputAttachments[i])
	}
	for i := range out.Destinations {
		f.destination(&out.Destinations[i])
	}
	if f.AWS.Bucket == "" && f.AWS.Package.Channel == "" {
		f.problem("the channel writes neither to a bucket nor to MediaPackage v2, as far as its destinations say (want aws.bucket or aws.mediapackage)")
	}
}

// input reads what feeds an input attachment.
func (f *finder) input(ctx context.Context, a *ml.InputAttachment) {
	name := sdk.ToString(a.InputAttachmentName)
	out, err := f.c.MediaLive.DescribeInput(ctx, &medialive.DescribeInputInput{InputId: a.InputId})
	if err != nil {
		f.line("input", "%s", name)
		f.failed("medialive:DescribeInput", "what feeds the inputs", "aws.mediaconnect", err)
		return
	}
	f.line("input", "%s, %s", name, out.Type)
	for i := range out.MediaConnectFlows {
		f.flow(ctx, sdk.ToString(out.MediaConnectFlows[i].FlowArn), sdk.ToString(out.Arn))
	}
}

// flow reads which outputs of a flow feed an input.
func (f *finder) flow(ctx context.Context, arn, input string) {
	out, err := f.c.MediaConnect.DescribeFlow(ctx, &mediaconnect.DescribeFlowInput{FlowArn: &arn})
	if err != nil || out.Flow == nil {
		f.failed("mediaconnect:DescribeFlow", "outputs of the flow", "aws.mediaconnect", err)
		return
	}
	var outputs []string
	for i := range out.Flow.Outputs {
		if o := &out.Flow.Outputs[i]; sdk.ToString(o.MediaLiveInputArn) == input && input != "" {
			outputs = append(outputs, sdk.ToString(o.OutputArn))
		}
	}
	f.line("flow", "%s, %s, %d outputs feed the channel", sdk.ToString(out.Flow.Name), out.Flow.Status, len(outputs))
	switch {
	case f.given.Flow.ARN != "":
	case f.AWS.Flow.ARN != "" && f.AWS.Flow.ARN != arn:
		f.AWS.Flow = chaos.FlowAWS{}
		f.problem("several flows feed the channel, and a fault cuts outputs of one (want aws.mediaconnect)")
	case len(outputs) > 0:
		f.AWS.Flow = chaos.FlowAWS{ARN: arn, Outputs: outputs}
	}
}

// destination reads where an output group writes to.
func (f *finder) destination(d *ml.OutputDestination) {
	id := sdk.ToString(d.Id)
	for i := range d.MediaPackageSettings {
		p := &d.MediaPackageSettings[i]
		if sdk.ToString(p.ChannelName) == "" {
			f.line("output", "%s, MediaPackage v1 channel %s", id, sdk.ToString(p.ChannelId))
			f.problem("output %s goes to MediaPackage v1, which faults via aws do not know (want MediaPackage v2, or faults via viewer)", id)
			continue
		}
		f.line("output", "%s, MediaPackage v2 %s/%s", id, sdk.ToString(p.ChannelGroup), sdk.ToString(p.ChannelName))
		if f.AWS.Package.Channel == "" {
			f.AWS.Package.Group, f.AWS.Package.Channel = sdk.ToString(p.ChannelGroup), sdk.ToString(p.ChannelName)
		}
	}
	var places []place
	for i := range d.Settings {
		p, ok := placeOf(sdk.ToString(d.Settings[i].Url))
		if !ok {
			f.line("output", "%s, %s", id, hostOf(sdk.ToString(d.Settings[i].Url)))
			continue
		}
		places = append(places, p)
		f.line("output", "%s of pipeline %d, s3://%s/%s", id, i, p.bucket, p.key)
	}
	f.bucket(id, places)
}

// bucket takes over where pipelines write in a bucket.
func (f *finder) bucket(id string, places []place) {
	switch {
	case len(places) == 0 || f.given.Bucket != "":
		return
	case len(places) == 2 && places[0].bucket != places[1].bucket:
		f.problem("the pipelines of output %s write to two buckets (got %s and %s; faults via aws are made in one: want aws.bucket)", id, places[0].bucket, places[1].bucket)
		return
	case f.AWS.Bucket != "" && (f.AWS.Bucket != places[0].bucket || f.AWS.Prefix != prefixOf(places)):
		f.problem("several outputs write to buckets (got %s besides %s/%s; want aws.bucket and aws.prefix of the one that is watched)", id, f.AWS.Bucket, f.AWS.Prefix)
		return
	}
	f.AWS.Bucket, f.AWS.Prefix = places[0].bucket, prefixOf(places)
	f.AWS.Pipelines = patternsOf(places)
}

// endpoints reads the endpoints of the packager.
func (f *finder) endpoints(ctx context.Context) {
	p := &f.AWS.Package
	if p.Channel == "" {
		return
	}
	const action, instead = "mediapackagev2:ListOriginEndpoints", "aws.mediapackage.endpoint"
	out, err := f.c.MediaPackage.ListOriginEndpoints(ctx, &mediapackagev2.ListOriginEndpointsInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel})
	if err != nil {
		f.failed(action, "endpoints of the packager", instead, err)
		return
	}
	var names []string
	for i := range out.Items[:min(len(out.Items), maxEndpoints)] {
		name := sdk.ToString(out.Items[i].OriginEndpointName)
		names = append(names, name)
		e, err := f.c.MediaPackage.GetOriginEndpoint(ctx, &mediapackagev2.GetOriginEndpointInput{ChannelGroupName: &p.Group, ChannelName: &p.Channel, OriginEndpointName: &name})
		if err != nil {
			f.failed("mediapackagev2:GetOriginEndpoint", "manifests of the endpoints", instead, err)
			continue
		}
		for k := range e.HlsManifests {
			if host := hostOf(sdk.ToString(e.HlsManifests[k].Url)); host != "" && !slices.Contains(f.hosts, host) {
				f.hosts = append(f.hosts, host)
			}
		}
		f.line("endpoint", "%s, %s", name, e.ContainerType)
	}
	switch {
	case p.Endpoint != "":
	case len(names) == 1:
		p.Endpoint = names[0]
	case len(names) > 1:
		f.problem("the packager has several endpoints (got %s; want aws.mediapackage.endpoint)", strings.Join(names, ", "))
	}
}

// distribution finds the distribution in front of the bucket or the endpoints.
func (f *finder) distribution(ctx context.Context) {
	if f.AWS.Bucket == "" && len(f.hosts) == 0 {
		return
	}
	var ids []string
	in := &cloudfront.ListDistributionsInput{}
	for range maxPages {
		out, err := f.c.CloudFront.ListDistributions(ctx, in)
		if err != nil {
			f.failed("cloudfront:ListDistributions", "the distribution", "aws.distribution", err)
			return
		}
		if out.DistributionList == nil {
			break
		}
		for i := range out.DistributionList.Items {
			d := &out.DistributionList.Items[i]
			if d.Origins == nil {
				continue
			}
			for k := range d.Origins.Items {
				if !f.serves(sdk.ToString(d.Origins.Items[k].DomainName)) {
					continue
				}
				names := []string{sdk.ToString(d.DomainName)}
				if d.Aliases != nil {
					names = append(names, d.Aliases.Items...)
				}
				ids = append(ids, sdk.ToString(d.Id))
				f.line("edge", "distribution %s (%s), origin %s", sdk.ToString(d.Id), strings.Join(names, ", "), sdk.ToString(d.Origins.Items[k].DomainName))
				break
			}
		}
		if !sdk.ToBool(out.DistributionList.IsTruncated) || sdk.ToString(out.DistributionList.NextMarker) == "" {
			break
		}
		in.Marker = out.DistributionList.NextMarker
	}
	switch {
	case f.AWS.Distribution != "":
	case len(ids) == 1:
		f.AWS.Distribution = ids[0]
	case len(ids) == 0:
		f.problem("no distribution of this account has the channel's origin (want aws.distribution, if there is one)")
	default:
		f.problem("several distributions have the channel's origin (got %s; want aws.distribution)", strings.Join(ids, ", "))
	}
}

// serves reports whether an origin of a distribution is one of the channel's.
func (f *finder) serves(domain string) bool {
	rest, ok := strings.CutPrefix(domain, f.AWS.Bucket+".s3")
	if ok && f.AWS.Bucket != "" && strings.Contains(rest, "amazonaws.com") && (rest[0] == '.' || rest[0] == '-') {
		return true
	}
	return slices.Contains(f.hosts, domain)
}

// function finds the function that is notified of what is written to the bucket.
func (f *finder) function(ctx context.Context) {
	if f.AWS.Bucket == "" || f.AWS.Function != "" {
		return
	}
	out, err := f.c.S3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &f.AWS.Bucket, ExpectedBucketOwner: &f.AWS.Account})
	if err != nil {
		f.failed("s3:GetBucketNotification", "the function that watches the bucket", "aws.function", err)
		return
	}
	var names []string
	for i := range out.LambdaFunctionConfigurations {
		_, name, _ := strings.Cut(sdk.ToString(out.LambdaFunctionConfigurations[i].LambdaFunctionArn), ":function:")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
			f.line("function", "%s is notified of what is written to the bucket", name)
		}
	}
	switch {
	case len(names) == 1:
		f.AWS.Function = names[0]
	case len(names) > 1:
		f.problem("several functions watch the bucket (got %s; want aws.function, the one that deletes stale playlists)", strings.Join(names, ", "))
	}
}

// place is where a pipeline writes in a bucket.
type place struct{ bucket, key string }

// placeOf reads a destination of MediaLive in S3.
func placeOf(text string) (place, bool) {
	for _, scheme := range []string{"s3ssl://", "s3://"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			bucket, key, _ := strings.Cut(rest, "/")
			return place{bucket, key}, bucket != ""
		}
	}
	return place{}, false
}

// folder is the part of a key up to its last slash.
func folder(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// prefixOf is the folder that all places share.
func prefixOf(places []place) string {
	common := folder(places[0].key)
	for _, p := range places[1:] {
		for !strings.HasPrefix(p.key, common) {
			common = folder(strings.TrimSuffix(common, "/"))
		}
	}
	return common
}

// patternsOf are the patterns of the keys of two pipelines; nil when they
// cannot be told apart.
func patternsOf(places []place) []string {
	if len(places) != 2 {
		return nil
	}
	a, b := folder(places[0].key), folder(places[1].key)
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) { // one folder, or one below the other
		a, b = places[0].key, places[1].key
	}
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
		return nil
	}
	return []string{a + "*", b + "*"}
}

// hostOf is the host of a URL.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
