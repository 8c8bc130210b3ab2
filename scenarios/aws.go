package scenarios

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
)

// The forms of names on AWS.
var (
	awsAccount  = regexp.MustCompile(`^[0-9]{12}$`)
	awsRegion   = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	awsChannel  = regexp.MustCompile(`^[0-9]{1,20}$`)
	awsBucket   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	awsName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	awsFunction = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,64})?$`)
	awsARN      = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$`)
	awsAlarm    = regexp.MustCompile(`^[^\x00-\x1f"]{1,512}$`)
	awsPath     = regexp.MustCompile(`^/[A-Za-z0-9._~!$&'()+,;=:@%/-]{0,255}\*?$`)
	awsLoose    = regexp.MustCompile(`^[^\x00-\x1f*?]{1,128}$`)
)

// maxFlushPaths is how many paths one edge.flush may have: CloudFront takes 15
// with * at a time.
const maxFlushPaths = 15

// aws reads which resources of an account may be changed; nil without a section.
func (d *decoder) aws(v value) *chaos.AWS {
	if !v.given() {
		return nil
	}
	s, ok := v.section("a mapping with account, region and the resources that faults may change")
	if !ok {
		return nil
	}
	a := &chaos.AWS{}
	name := func(s *section, key string, to *string, form *regexp.Regexp, want string) {
		*to = s.at(key).matching(form, want)
	}
	name(s, "account", &a.Account, awsAccount, "the 12 digits of the account, in quotes")
	name(s, "region", &a.Region, awsRegion, "a region such as eu-west-1")
	for _, key := range []string{"account", "region"} {
		if !s.at(key).given() {
			s.problem("%s is missing (got nothing; want the %s of the channel)", key, key)
		}
	}
	name(s, "channel", &a.Channel, awsChannel, "the ID of a MediaLive channel, a number")
	name(s, "spare_input", &a.SpareInput, awsLoose, "the name of an input attachment of the channel")
	name(s, "bucket", &a.Bucket, awsBucket, "the name of a bucket")
	name(s, "prefix", &a.Prefix, awsLoose, "the start of the channel's keys, such as live/")
	name(s, "writer", &a.Writer, awsARN, "the ARN of the role that writes to the bucket")
	name(s, "distribution", &a.Distribution, awsName, "the ID of a CloudFront distribution")
	a.FlushPaths = s.at("flush_paths").each(maxFlushPaths, "a list of paths that edge.flush takes out of the cache, such as [/live/*]", func(item value) string {
		return item.matching(awsPath, "a path that begins with / and has at most one *, at its end")
	})
	name(s, "function", &a.Function, awsFunction, "the name of a Lambda function")
	name(s, "fault_role", &a.FaultRole, awsARN, "the ARN of the role that lets AWS FIS delay the function")
	if p, ok := s.at("mediapackage").section("a mapping with group, channel and endpoint"); ok && p.given() {
		name(p, "group", &a.Package.Group, awsName, "the name of a channel group")
		name(p, "channel", &a.Package.Channel, awsName, "the name of a channel")
		name(p, "endpoint", &a.Package.Endpoint, awsName, "the name of an origin endpoint")
		a.Package.Sources = p.at("sources").each(maxPipelines, "the addresses that the pipelines write from, one per pipeline", source)
		if a.Package.Group == "" || a.Package.Channel == "" {
			p.problem("group or channel is missing (got one of them at most; want both)")
		}
		p.done()
	}
	if m, ok := s.at("mediaconnect").section("a mapping with flow and outputs"); ok && m.given() {
		name(m, "flow", &a.Flow.ARN, awsARN, "the ARN of a flow")
		a.Flow.Outputs = m.at("outputs").each(maxPipelines, "the ARNs of the outputs that feed the pipelines, one per pipeline", func(item value) string {
			return item.matching(awsARN, "the ARN of an output")
		})
		if a.Flow.ARN == "" || len(a.Flow.Outputs) == 0 {
			m.problem("flow or outputs is missing (got one of them at most; want both)")
		}
		m.done()
	}
	a.Pipelines = s.at("pipelines").each(maxPipelines, "a list of key patterns, one per pipeline", func(item value) string {
		return d.keys(item, a.Prefix)
	})
	name(s, "request_metrics", &a.RequestMetrics, awsName, "the id of the bucket's request metrics, such as EntireBucket")
	a.Alarms = d.alarms(s.at("alarms"), a)
	a.Tags = d.tags(s.at("tags"))
	a.Discover = s.at("discover").boolean(true)
	a.MaxDuration = s.at("max_duration").duration(chaos.DefaultAWSDuration, time.Second, chaos.MaxAWSDuration)
	a.MaxFaults = int(s.at("max_faults").integer(1, 1, 8))
	a.Watchdog = watchdog(s.at("watchdog"))
	a.RequireLever = s.at("require_lever").boolean(false)
	a.Hours = hours(s.at("hours"))
	a.AllowSticky = s.at("allow_sticky").boolean(false)
	a.AllowMultivariant = s.at("allow_multivariant").boolean(false)
	s.done()
	return a
}

// maxAlarms is how many alarms may be watched.
const maxAlarms = 100

// alarms reads names in the channel's region, or ARNs, which name their region:
// CloudFront's alarms are in us-east-1.
func (d *decoder) alarms(v value, a *chaos.AWS) []chaos.AlarmAWS {
	const want = "the name of a CloudWatch alarm, or its ARN"
	var all []chaos.AlarmAWS
	seen := map[string]bool{}
	items := v.list(false, "a list of names or ARNs of CloudWatch alarms")
	if len(items) > maxAlarms {
		v.problem("too many alarms (got %d; want at most %d)", len(items), maxAlarms)
		return nil
	}
	for _, item := range items {
		text := item.matching(awsAlarm, want)
		if text == "" {
			continue
		}
		alarm := chaos.AlarmAWS{Name: text, Region: a.Region}
		if rest, ok := strings.CutPrefix(text, "arn:"); ok {
			part := strings.SplitN(rest, ":", 6)
			if len(part) != 6 || part[1] != "cloudwatch" || part[4] != "alarm" || !awsRegion.MatchString(part[2]) {
				item.wrong("not the ARN of an alarm", "one such as arn:aws:cloudwatch:us-east-1:123456789012:alarm:NAME")
				continue
			}
			if part[3] != a.Account {
				item.problem("an alarm of another account (got %s; want one of aws.account)", item.got())
				continue
			}
			alarm = chaos.AlarmAWS{Name: part[5], Region: part[2]}
		}
		if seen[alarm.Name] {
			item.wrong("alarm listed twice", "each alarm once")
			continue
		}
		seen[alarm.Name] = true
		all = append(all, alarm)
	}
	return all
}

// matching returns a text of a certain form, which may come from the
// environment; "" when there is none.
func (v value) matching(form *regexp.Regexp, want string) string {
	if !v.given() {
		return ""
	}
	return v.checked(form.MatchString, want)
}

// checked returns a text that is valid, "" when it is not.
func (v value) checked(valid func(string) bool, want string) string {
	t, ok := v.secret(want)
	if ok && valid(t.Value) {
		return t.Value
	}
	if ok {
		v.wrong("not valid", want)
	}
	return ""
}

// each reads a list of at most that many items.
func (v value) each(most int, want string, read func(value) string) []string {
	var all []string
	items := v.list(false, want)
	if len(items) > most {
		v.problem("too many items (got %d; want at most %d)", len(items), most)
		return nil
	}
	for _, item := range items {
		all = append(all, read(item))
	}
	return all
}

// source reads the address that a pipeline writes from.
func source(item value) string {
	const want = "an address, or a CIDR block such as 198.51.100.0/28"
	if !item.given() {
		item.problem("empty (want %s)", want)
		return ""
	}
	return item.checked(func(s string) bool {
		p, err := netip.ParsePrefix(s)
		_, notAddress := netip.ParseAddr(s)
		return notAddress == nil || err == nil && p.Masked() == p && p.Bits() > 0
	}, want)
}

// keys reads the pattern of the keys of a pipeline. It goes into policies, where
// a * in the middle would match more than a reader expects.
func (d *decoder) keys(v value, prefix string) string {
	const want = "a key pattern that ends in its only *, such as live/p0/*"
	if !v.given() {
		v.problem("empty pattern (want %s)", want)
		return ""
	}
	t, ok := v.secret(want)
	stem, star := strings.CutSuffix(t.Value, "*")
	switch {
	case !ok:
	case !star || stem == "" || strings.ContainsAny(stem, "*?") || !awsLoose.MatchString(stem):
		v.wrong("not a key pattern", want)
	case !strings.HasPrefix(stem, prefix):
		v.problem("outside aws.prefix (got %s; want a pattern that begins with the prefix)", v.got())
	default:
		return t.Value
	}
	return ""
}

// tags reads what every changed resource must carry.
func (d *decoder) tags(v value) []chaos.Tag {
	s, ok := v.section("a mapping of tags that every changed resource must carry, such as {hlsload: allow}")
	if !ok {
		return nil
	}
	var tags []chaos.Tag
	for _, e := range s.entries {
		s.at(e.key.Value)
		if t, ok := e.val.text("the value of the tag"); ok {
			tags = append(tags, chaos.Tag{Key: e.key.Value, Value: t.Value})
		}
	}
	return tags
}

// crowded reports the faults via aws that would make too many at once.
func (d *decoder) crowded(list value, sc *Scenario) {
	if sc.AWS == nil {
		return
	}
	var open []chaos.Fault
	blamed := map[int]bool{}
	for _, f := range sc.Faults() {
		if f.Via != chaos.ViaAWS || f.Kind.Spec().Instant {
			continue
		}
		open = slices.DeleteFunc(open, func(o chaos.Fault) bool { return o.At+o.For <= f.At })
		if open = append(open, f); len(open) > sc.AWS.AtOnce() && !blamed[f.Rule] {
			blamed[f.Rule] = true
			at, _ := list.below(fmt.Sprintf("%d.at", f.Rule))
			at.path = "chaos." + f.Name + ".at"
			at.problem("too many faults via aws at once (got %s while %s is applied; want at most %d, aws.max_faults)", f.Name, open[0].Name, sc.AWS.AtOnce())
		}
	}
}
