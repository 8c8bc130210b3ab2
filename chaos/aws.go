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
	// hour, and with them which fault paused what.
	MaxAWSDuration = 50 * time.Minute
	// MaxStartupDelay is how much later AWS FIS may let a function begin.
	MaxStartupDelay = 15 * time.Minute
	// AWSMargin is how long after its window a fault ends by itself, where AWS
	// can do that, when nothing has undone it.
	AWSMargin = time.Minute
)

// Longest is the longest window of a fault.
func (a *AWS) Longest() time.Duration {
	if a.MaxDuration > 0 {
		return a.MaxDuration
	}
	return DefaultAWSDuration
}

// InputLoss says which service takes away the source: the channel's schedule,
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

// objection is why a fault cannot be made: the field of the entry that is to
// blame; "" = it can be made.
type objection struct{ field, why string }

// demand objects unless something holds.
func demand(ok bool, field, format string, args ...any) objection {
	if ok {
		return objection{}
	}
	return objection{field, fmt.Sprintf(format, args...)}
}

// first returns the first objection that is one.
func first(all ...objection) objection {
	for _, o := range all {
		if o.field != "" {
			return o
		}
	}
	return objection{}
}

// Realises says why the fault cannot be made with what the account has: the
// field of the entry that is to blame; "" = it can be made.
func (a *AWS) Realises(f *Fault) (field, why string) {
	o := demand(f.Pop == Any, "pop", "faults on AWS cannot be limited to one POP (got a pop; want none, or via viewer)")
	if cannot := f.Kind.Spec().awsCannot; cannot == nil {
		o = first(o, demand(false, "via", "%s cannot be made on AWS (got aws; want one of %s)", f.Kind, strings.Join(KindsVia(ViaAWS), ", ")))
	} else {
		o = first(o, cannot(a, f))
	}
	return o.field, o.why
}

// ShowsInPlaylists reports whether media playlists show the fault for as long as
// it holds, so that a look at the stream sees whether AWS has made it.
func (a *AWS) ShowsInPlaylists(f *Fault) bool {
	s := f.Kind.Spec()
	switch {
	case !s.ShowsInPlaylists || f.Once || len(f.Kinds) > 0 && !f.hits(m3u8.KindMedia):
		return false
	case s.twinGoesOn && a.Package.Channel != "" && f.Pipeline != Any:
		return false // the packager goes on with what the other pipeline writes
	}
	return true
}

func needs(f *Fault, ok bool, key, what string) objection {
	return demand(ok, "via", "%s via aws needs aws.%s (got none; want %s)", f.Kind, key, what)
}

// told objects when the pipelines cannot be told apart in a list of n.
func told(f *Fault, key string, n int, what string) objection {
	return first(
		demand(f.Pipeline == Any || n > 0, "pipeline", "the pipelines cannot be distinguished there (got no aws.%s; want %s for each)", key, what),
		demand(f.Pipeline == Any || f.Pipeline < n, "pipeline", "no such pipeline in aws.%s (got %d; want less than %d)", key, f.Pipeline, n))
}

// inBucket objects when the fault cannot be made where the channel writes to.
func inBucket(a *AWS, f *Fault) objection {
	n := len(a.Pipelines)
	return first(
		needs(f, a.Bucket != "", "bucket", writesTo),
		demand(f.Pipeline == Any || n > 0, "pipeline", "the pipelines cannot be distinguished in the bucket (got no aws.pipelines; want a pattern of keys for each, such as [live/p0/*, live/p1/*])"),
		demand(f.Pipeline < n || n == 0, "pipeline", "no such pipeline in aws.pipelines (got %d; want less than %d)", f.Pipeline, n))
}

// written is for a channel that may write to a bucket, to a packager, or to
// both: then a fault is made in both.
func written(a *AWS, f *Fault) objection {
	if a.Package.Channel == "" {
		return inBucket(a, f)
	}
	sources := told(f, "mediapackage.sources", len(a.Package.Sources), "the address that it writes from,")
	if a.Bucket == "" {
		return sources
	}
	return first(inBucket(a, f), sources)
}

// rescued objects to what stays until it is undone, unless something else undoes it.
func (a *AWS) rescued(what string) objection {
	return demand(a.AllowSticky || a.Watchdog != "", "via", "%s stays until it is undone (got neither aws.watchdog nor aws.allow_sticky; want aws.watchdog: {role: ARN}, with which AWS undoes it even if hlsload has died, or aws.allow_sticky: true, and a way to run hlsload undo)", what)
}

// sticky objects to what stays until it is undone, and which no watchdog undoes.
func (a *AWS) sticky(stays bool, what string) objection {
	return demand(!stays || a.AllowSticky, "via", "%s stays until it is undone, and no watchdog can undo it (got no aws.allow_sticky; want aws.allow_sticky: true, and a way to run hlsload undo)", what)
}

// hits reports whether the fault names that kind of request.
func (f *Fault) hits(k m3u8.Kind) bool { return slices.Contains(f.Kinds, k) }
