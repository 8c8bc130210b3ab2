package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/player/m3u8"
)

// AWS is what of an account on AWS a scenario may touch. Names are as AWS
// spells them; what is empty is out of reach.
type AWS struct {
	Account string // 12 digits
	Region  string // as in eu-west-1

	Channel    string // ID of the MediaLive channel
	SpareInput string // name of the input attachment that shows what viewers get when the source is lost

	Bucket    string   // where the channel writes
	Prefix    string   // of the channel's keys
	Pipelines []string // keys of each pipeline: patterns that end in *; nil = not told apart
	Writer    string   // ARN of the role that writes there; "" = the channel's

	Distribution string   // ID of the CloudFront distribution
	FlushPaths   []string // what edge.flush takes out of its caches; nil = everything
	Function     string   // name of the Lambda function that deletes stale playlists

	// FaultRole is the ARN of the role that AWS FIS delays the function with.
	FaultRole string

	Package PackageAWS
	Flow    FlowAWS

	// Alarms are watched; they may stop the run.
	Alarms []AlarmAWS
	// RequestMetrics is the id of the bucket's request metrics; "" = EntireBucket.
	RequestMetrics string

	Tags []Tag // every target must carry them

	// Discover: what is missing here is looked up from the channel on, to be
	// watched, never to be changed.
	Discover bool

	MaxDuration time.Duration // of one fault; 0 = [DefaultAWSDuration]
	MaxFaults   int           // at once; 0 = 1

	// Watchdog is the ARN of the role with which EventBridge Scheduler undoes what
	// does not end by itself; "" = nothing does.
	Watchdog string

	// RequireLever says that nothing is done while the account's safety lever
	// cannot be read.
	RequireLever bool
	// Hours are when faults may be made; nil = always.
	Hours *Hours

	AllowSticky       bool // faults that do not end by themselves when the tool is gone
	AllowMultivariant bool // faults of multivariant playlists, which encoders write once
}

// PackageAWS is a channel of MediaPackage v2.
type PackageAWS struct {
	Group, Channel, Endpoint string
	Sources                  []string // where each pipeline writes from: an address or a CIDR block; nil = not told apart
}

// FlowAWS is a flow of MediaConnect that feeds the channel.
type FlowAWS struct {
	ARN     string
	Outputs []string // ARN of the output that feeds each pipeline
}

// AlarmAWS is an alarm of CloudWatch.
type AlarmAWS struct{ Name, Region string }

// MetricsFilter is the id of the bucket's request metrics.
func (a *AWS) MetricsFilter() string {
	if a.RequestMetrics == "" {
		return "EntireBucket" // what AWS's own live solutions call it
	}
	return a.RequestMetrics
}

// Tag is a tag of a resource.
type Tag struct{ Key, Value string }

// Bounds of faults via aws.
const (
	DefaultAWSDuration = 10 * time.Minute
	// MaxAWSDuration: MediaLive forgets actions of its schedule after about an
	// hour, and with them who paused what.
	MaxAWSDuration = 50 * time.Minute
	// MaxStartupDelay is how much later AWS FIS may let a function begin.
	MaxStartupDelay = 15 * time.Minute
	// AWSMargin is how long after its window a fault ends by itself, where AWS
	// can do that, when nobody has undone it.
	AWSMargin = time.Minute
)

// Longest is the longest window of a fault.
func (a *AWS) Longest() time.Duration {
	if a.MaxDuration > 0 {
		return a.MaxDuration
	}
	return DefaultAWSDuration
}

// InputLoss tells which service takes away the source: the channel's schedule,
// because that ends by itself, else the flow that feeds it, else what its
// packager lets in. "" = none can.
func (a *AWS) InputLoss(pipeline int) string {
	switch {
	case pipeline == Any && a.Channel != "" && a.SpareInput != "":
		return "medialive"
	case a.Flow.ARN != "" && len(a.Flow.Outputs) > 0:
		return "mediaconnect"
	case a.Package.Channel != "":
		return "mediapackage"
	}
	return ""
}

// AtOnce is how many faults may hold at the same time.
func (a *AWS) AtOnce() int { return max(1, a.MaxFaults) }

// Realises tells whether the kind of fault can be made with what the account
// has, and if not, why: the field of the entry that is to blame, "" = fine.
func (a *AWS) Realises(f *Fault) (field, why string) {
	need := func(ok bool, key, what string) (string, string) {
		if ok {
			return "", ""
		}
		return "via", fmt.Sprintf("%s via aws needs aws.%s (got none; want %s)", f.Kind, key, what)
	}
	inBucket := func() (string, string) {
		if field, why := need(a.Bucket != "", "bucket", "the bucket that the channel writes to"); field != "" {
			return field, why
		}
		if f.Pipeline != Any && len(a.Pipelines) == 0 {
			return "pipeline", "pipelines cannot be told apart in the bucket (got no aws.pipelines; want a pattern of keys for each, such as [live/p0/*, live/p1/*])"
		}
		if f.Pipeline >= 0 && len(a.Pipelines) > 0 && f.Pipeline >= len(a.Pipelines) {
			return "pipeline", fmt.Sprintf("no such pipeline in aws.pipelines (got %d; want less than %d)", f.Pipeline, len(a.Pipelines))
		}
		return "", ""
	}
	in := func(key string, n int, what string) (string, string) {
		switch {
		case f.Pipeline == Any || f.Pipeline < n:
			return "", ""
		case n == 0:
			return "pipeline", fmt.Sprintf("pipelines cannot be told apart there (got no aws.%s; want %s for each)", key, what)
		}
		return "pipeline", fmt.Sprintf("no such pipeline in aws.%s (got %d; want less than %d)", key, f.Pipeline, n)
	}
	// A channel may write to a bucket, to a packager, or to both: then a fault
	// is made in both.
	written := func() (string, string) {
		if a.Bucket != "" || a.Package.Channel == "" {
			if field, why := inBucket(); field != "" || a.Package.Channel == "" {
				return field, why
			}
		}
		return in("mediapackage.sources", len(a.Package.Sources), "the address that it writes from,")
	}
	rescued := func(what string) (string, string) {
		if a.AllowSticky || a.Watchdog != "" {
			return "", ""
		}
		return "via", fmt.Sprintf("%s stays until it is undone (got neither aws.watchdog nor aws.allow_sticky; want aws.watchdog: {role: ARN}, with which AWS undoes it whatever becomes of hlsload, or aws.allow_sticky: true, and a way to run hlsload undo)", what)
	}
	sticky := func(what string) (string, string) {
		if a.AllowSticky {
			return "", ""
		}
		return "via", fmt.Sprintf("%s stays until it is undone, and no watchdog can (got no aws.allow_sticky; want aws.allow_sticky: true, and a way to run hlsload undo)", what)
	}
	first := func(checks ...func() (string, string)) (string, string) {
		for _, check := range checks {
			if field, why := check(); field != "" {
				return field, why
			}
		}
		return "", ""
	}
	if f.Pop != Any {
		return "pop", "nothing on AWS is done to one POP (got a pop; want none, or via viewer)"
	}
	switch f.Kind {
	case PipelineKill:
		if a.Bucket == "" && a.Package.Channel == "" && f.Resume != "restart" {
			return need(false, "bucket", "the bucket that the channel writes to, or aws.mediapackage")
		}
		if f.Resume == "restart" {
			if field, why := need(a.Channel != "", "channel", "the ID of the MediaLive channel"); field != "" {
				return field, why
			}
			if f.Pipeline == Any {
				return rescued("a stopped channel")
			}
			if a.Bucket == "" && a.Package.Channel == "" {
				return "", "" // the pipeline comes back when MediaLive has restarted it
			}
		}
		return written()
	case PipelinePause:
		if f.Pipeline > 1 {
			return "pipeline", fmt.Sprintf("no such pipeline of a MediaLive channel (got %d; want 0 or 1)", f.Pipeline)
		}
		return need(a.Channel != "", "channel", "the ID of the MediaLive channel")
	case InputLoss:
		switch a.InputLoss(f.Pipeline) {
		case "mediaconnect":
			return first(func() (string, string) {
				return in("mediaconnect.outputs", len(a.Flow.Outputs), "the output that feeds it,")
			}, func() (string, string) {
				return rescued("an output of a flow that is switched off")
			})
		case "mediapackage":
			return in("mediapackage.sources", len(a.Package.Sources), "the address that it writes from,")
		case "medialive":
			return "", ""
		}
		if f.Pipeline != Any {
			return "pipeline", "a MediaLive channel switches the input of all its pipelines (got one pipeline, and no aws.mediaconnect; want no `pipeline`, or the outputs of the flow that feed the pipelines)"
		}
		return first(func() (string, string) { return need(a.Channel != "", "channel", "the ID of the MediaLive channel") }, func() (string, string) {
			return need(a.SpareInput != "", "spare_input", "the name of an input attachment of the channel that shows what a lost source does, or aws.mediaconnect")
		})
	case PlaylistFreeze, PlaylistRollback, PlaylistEndlist:
		return inBucket()
	case PlaylistDelete:
		return first(inBucket, func() (string, string) { return a.multivariant(f) }, func() (string, string) {
			if f.hits(m3u8.KindMultivariant) {
				return sticky("a multivariant playlist that is deleted")
			}
			return "", ""
		})
	case SegmentMissing:
		return first(inBucket, func() (string, string) {
			if f.hits(m3u8.KindInit) || f.hits(m3u8.KindKey) {
				return sticky("an init segment that is deleted")
			}
			return "", "" // segments leave the playlist anyway
		})
	case OriginStatus:
		if f.Code != 403 {
			return "code", fmt.Sprintf("an origin on AWS can be made to answer 403 only (got %d; want 403, or via viewer)", f.Code)
		}
		if a.Package.Endpoint == "" && a.Bucket == "" {
			return need(false, "bucket", "the bucket that the channel writes to, or an endpoint in aws.mediapackage")
		}
		if a.Package.Endpoint == "" {
			return inBucket()
		}
		whole := func(field string, got bool) (string, string) {
			if !got {
				return "", ""
			}
			return field, fmt.Sprintf("an endpoint of MediaPackage is denied as a whole (got %s; want none, or via viewer)", field)
		}
		if field, why := first(func() (string, string) { return whole("pipeline", f.Pipeline != Any) },
			func() (string, string) { return whole("rendition", f.Rendition != "") },
			func() (string, string) { return whole("kind", len(f.Kinds) > 0) }); field != "" {
			return field, why
		}
		if a.Bucket != "" {
			return inBucket()
		}
		return "", ""
	case EdgeErrorTTL:
		if f.TTL%time.Second != 0 {
			return "ttl", fmt.Sprintf("CloudFront counts whole seconds (got %v; want a whole number of them)", f.TTL)
		}
		return first(func() (string, string) {
			return need(a.Distribution != "", "distribution", "the ID of the CloudFront distribution")
		}, func() (string, string) { return sticky("the error caching of a distribution") })
	case EdgeFlush:
		return need(a.Distribution != "", "distribution", "the ID of the CloudFront distribution")
	case InvalidatorSlow:
		if f.Pipeline != Any {
			return "pipeline", "the function is slow for all that it serves (got one pipeline; want no `pipeline`)"
		}
		if f.By > MaxStartupDelay {
			return "by", fmt.Sprintf("longer than a function's invocation can be delayed (got %v; want at most %v)", f.By, MaxStartupDelay)
		}
		return first(func() (string, string) {
			return need(a.Function != "", "function", "the name of the Lambda function")
		}, func() (string, string) {
			return need(a.FaultRole != "", "fault_role", "the ARN of the role that AWS FIS delays the function with")
		})
	case InvalidatorThrottle:
		return first(func() (string, string) {
			return need(a.Function != "", "function", "the name of the Lambda function")
		}, func() (string, string) { return rescued("a function that is throttled") })
	case PackagerErrors:
		return first(func() (string, string) {
			return need(a.Package.Endpoint != "", "mediapackage.endpoint", "the name of the origin endpoint")
		}, func() (string, string) { return sticky("an endpoint whose forced errors are changed") })
	case InvalidatorOff:
		if f.Pipeline != Any {
			return "pipeline", "the function is switched off for all that it serves (got one pipeline; want no `pipeline`)"
		}
		return first(func() (string, string) {
			return need(a.Function != "", "function", "the name of the Lambda function")
		}, func() (string, string) { return rescued("a function that is switched off") })
	}
	return "via", fmt.Sprintf("%s cannot be made on AWS (got aws; want one of %s)", f.Kind, strings.Join(KindsVia(ViaAWS), ", "))
}

// hits tells whether the fault selects that kind of request.
func (f *Fault) hits(k m3u8.Kind) bool { return slices.Contains(f.Kinds, k) }

func (a *AWS) multivariant(f *Fault) (string, string) {
	for _, k := range f.Kinds {
		if k == m3u8.KindMultivariant && !a.AllowMultivariant {
			return "kind", "encoders write a multivariant playlist once and never again (got no aws.allow_multivariant; want kind: media, or aws.allow_multivariant: true and a bucket with versions)"
		}
	}
	return "", ""
}

// KindsVia names the faults that somebody can apply.
func KindsVia(via Via) []string {
	var names []string
	for i := range Kinds {
		if slices.Contains(Kinds[i].Vias, via) {
			names = append(names, string(Kinds[i].Kind))
		}
	}
	return names
}
