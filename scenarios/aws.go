package scenarios

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/units"
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

var awsKey = key{name: "aws", without: "nothing on AWS is touched", example: `{account: "123456789012", region: eu-west-1, channel: "1234567", tags: {hlsload: allow}}`,
	doc: "the resources of an account that faults via aws may change (docs/aws.md)", keys: []key{
		{name: "account", form: ofText, like: awsAccount, required: true, example: `"123456789012"`, doc: "the 12 digits of the account, in quotes"},
		{name: "region", form: ofText, like: awsRegion, required: true, example: "eu-west-1", doc: "the region of the channel"},
		{name: "channel", form: ofText, like: awsChannel, example: `"1234567"`, doc: "the ID of a MediaLive channel, a number"},
		{name: "spare_input", form: ofText, like: awsLoose, example: "spare", doc: "the name of the input attachment that viewers get when the source is lost"},
		{name: "bucket", form: ofText, like: awsBucket, example: "example-live", doc: "the name of the bucket that the channel writes to"},
		{name: "prefix", form: ofText, like: awsLoose, example: "live/", doc: "the start of the channel's keys"},
		{name: "writer", form: ofText, like: awsARN, without: "the channel's role", example: "arn:aws:iam::123456789012:role/MediaLive", doc: "the ARN of the role that writes to the bucket"},
		{name: "distribution", form: ofText, like: awsName, example: "E1ABCDEFGHIJKL", doc: "the ID of a CloudFront distribution"},
		{name: "flush_paths", without: "everything", example: "[/live/*]", doc: "the paths that edge.flush takes out of the cache, at most 15",
			items: &key{form: ofText, like: awsPath, example: "/live/*", doc: "a path that begins with / and has at most one *, at its end"}},
		{name: "function", form: ofText, like: awsFunction, example: "invalidator", doc: "the name of the Lambda function that deletes stale playlists"},
		{name: "fault_role", form: ofText, like: awsARN, example: "arn:aws:iam::123456789012:role/fis", doc: "the ARN of the role that lets AWS FIS delay the function"},
		{name: "mediapackage", without: "none", example: "{group: live, channel: example}", doc: "a channel of MediaPackage v2", keys: []key{
			{name: "group", form: ofText, like: awsName, required: true, example: "live", doc: "the name of a channel group"},
			{name: "channel", form: ofText, like: awsName, required: true, example: "example", doc: "the name of a channel"},
			{name: "endpoint", form: ofText, like: awsName, example: "hls", doc: "the name of an origin endpoint"},
			{name: "sources", without: "not told apart", example: "[198.51.100.7, 198.51.100.8]", doc: "what each pipeline writes from",
				items: &key{form: ofText, example: "198.51.100.0/28", doc: "an address or a CIDR block"}},
		}},
		{name: "mediaconnect", without: "none", example: "{flow: ARN, outputs: [ARN, ARN]}", doc: "a flow that feeds the channel", keys: []key{
			{name: "flow", form: ofText, like: awsARN, required: true, example: "arn:aws:mediaconnect:eu-west-1:123456789012:flow:1-abc:live", doc: "the ARN of a flow"},
			{name: "outputs", required: true, example: "[arn:aws:mediaconnect:eu-west-1:123456789012:output:1-abc:p0]", doc: "the output that feeds each pipeline",
				items: &key{form: ofText, like: awsARN, example: "arn:aws:mediaconnect:eu-west-1:123456789012:output:1-abc:p0", doc: "the ARN of an output"}},
		}},
		{name: "pipelines", without: "not told apart", example: "[live/p0/*, live/p1/*]", doc: "the keys of each pipeline", items: &key{form: ofText, example: "live/p0/*", doc: "a key pattern that ends in its only *"}},
		{name: "request_metrics", form: ofText, like: awsName, without: "EntireBucket", example: "EntireBucket", doc: "the id of the bucket's request metrics"},
		{name: "alarms", without: "none", example: "[live-5xx]", doc: "alarms that are watched, at most 100; alarm_delay and stop conditions name them",
			items: &key{form: ofText, like: awsAlarm, example: "live-5xx", doc: "the name of a CloudWatch alarm or its ARN"}},
		{name: "tags", values: &key{form: ofText, example: "allow", doc: "the value of the tag"}, without: "required for faults via aws", example: "{hlsload: allow}", doc: "tags that every changed resource must carry"},
		{name: "discover", form: ofBoolean, def: "true", example: "false", doc: "look up from the channel what is not named here, to watch it, never to change it"},
		{name: "max_duration", form: ofDuration, least: int64(time.Second), most: int64(chaos.MaxAWSDuration), def: units.FormatDuration(chaos.DefaultAWSDuration), example: "5m", doc: "longest window of a fault via aws"},
		{name: "max_faults", form: ofInteger, least: 1, most: 8, def: "1", example: "2", doc: "faults via aws at one time"},
		{name: "watchdog", without: "none", example: "{role: arn:aws:iam::123456789012:role/hlsload-watchdog}", doc: "EventBridge Scheduler undoes what does not end by itself", keys: []key{
			{name: "role", form: ofText, like: awsRole, required: true, example: "arn:aws:iam::123456789012:role/hlsload-watchdog", doc: "the ARN of a role that EventBridge Scheduler may assume"},
		}},
		{name: "require_lever", form: ofBoolean, def: "false", example: "true", doc: "do nothing while the account's safety lever cannot be read"},
		{name: "hours", without: "always", example: `{from: "09:00", to: "17:00", zone: Europe/Berlin, days: [mon, tue, wed, thu, fri]}`, doc: "when faults may be applied; a to that is not after from is on the next day", keys: []key{
			{name: "from", form: ofText, like: clock, required: true, example: `"09:00"`, doc: "a time of day in quotes"},
			{name: "to", form: ofText, like: clock, required: true, example: `"17:00"`, doc: "a time of day in quotes"},
			{name: "zone", form: ofText, required: true, example: "Europe/Berlin", doc: "the name of a time zone"},
			{name: "days", without: "every day", example: "[mon, tue, wed, thu, fri]", doc: "the days on which from lies", items: &key{form: ofWord, word: weekdays, example: "mon", doc: "a day"}},
		}},
		{name: "allow_sticky", form: ofBoolean, def: "false", example: "true", doc: "allow faults that stay when this program is gone"},
		{name: "allow_multivariant", form: ofBoolean, def: "false", example: "true", doc: "allow faults of multivariant playlists, which encoders write only once"},
	}}

// maxFlushPaths is how many paths one edge.flush may have: CloudFront takes 15
// with * at a time.
const maxFlushPaths = 15

// aws reads which resources of an account may be changed; nil without a section.
func (d *decoder) aws(v value) *chaos.AWS {
	if !v.given() {
		return nil
	}
	s, ok := v.section()
	if !ok {
		return nil
	}
	a := &chaos.AWS{}
	a.Account, a.Region = s.at("account").matching(), s.at("region").matching()
	for _, key := range []string{"account", "region"} {
		if !s.at(key).given() {
			s.problem("%s is missing (got nothing; want the %s of the channel)", key, key)
		}
	}
	a.Channel, a.SpareInput = s.at("channel").matching(), s.at("spare_input").matching()
	a.Bucket, a.Prefix, a.Writer = s.at("bucket").matching(), s.at("prefix").matching(), s.at("writer").matching()
	a.Distribution, a.FlushPaths = s.at("distribution").matching(), s.at("flush_paths").each(maxFlushPaths, value.matching)
	a.Function, a.FaultRole = s.at("function").matching(), s.at("fault_role").matching()
	if p, ok := s.at("mediapackage").section(); ok && p.given() {
		a.Package.Group, a.Package.Channel, a.Package.Endpoint = p.at("group").matching(), p.at("channel").matching(), p.at("endpoint").matching()
		a.Package.Sources = p.at("sources").each(maxPipelines, source)
		if a.Package.Group == "" || a.Package.Channel == "" {
			p.problem("group or channel is missing (got one of them at most; want both)")
		}
		p.done()
	}
	if m, ok := s.at("mediaconnect").section(); ok && m.given() {
		a.Flow.ARN, a.Flow.Outputs = m.at("flow").matching(), m.at("outputs").each(maxPipelines, value.matching)
		if a.Flow.ARN == "" || len(a.Flow.Outputs) == 0 {
			m.problem("flow or outputs is missing (got one of them at most; want both)")
		}
		m.done()
	}
	a.Pipelines = s.at("pipelines").each(maxPipelines, func(item value) string {
		return d.keys(item, a.Prefix)
	})
	a.RequestMetrics = s.at("request_metrics").matching()
	a.Alarms = d.alarms(s.at("alarms"), a)
	a.Tags = d.tags(s.at("tags"))
	a.Discover = s.at("discover").boolean(true)
	a.MaxDuration = s.at("max_duration").duration(chaos.DefaultAWSDuration)
	a.MaxFaults = s.at("max_faults").count(1)
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
	var all []chaos.AlarmAWS
	seen := map[string]bool{}
	items := v.list()
	if len(items) > maxAlarms {
		v.problem("too many alarms (got %d; want at most %d)", len(items), maxAlarms)
		return nil
	}
	for _, item := range items {
		text := item.matching()
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
func (v value) matching() string {
	if !v.given() {
		return ""
	}
	return v.checked(v.key.like.MatchString)
}

// checked returns a text that is valid, "" when it is not.
func (v value) checked(valid func(string) bool) string {
	t, ok := v.secret()
	if ok && valid(t.Value) {
		return t.Value
	}
	if ok {
		v.wrong("not valid", v.key.wants())
	}
	return ""
}

// each reads a list of at most that many items.
func (v value) each(most int, read func(value) string) []string {
	var all []string
	items := v.list()
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
	if !item.given() {
		item.problem("empty (want %s)", item.key.wants())
		return ""
	}
	return item.checked(func(s string) bool {
		p, err := netip.ParsePrefix(s)
		_, notAddress := netip.ParseAddr(s)
		return notAddress == nil || err == nil && p.Masked() == p && p.Bits() > 0
	})
}

// keys reads the pattern of the keys of a pipeline. It goes into policies, where
// a * in the middle would match more than a reader expects.
func (d *decoder) keys(v value, prefix string) string {
	want := v.key.wants()
	if !v.given() {
		v.problem("empty pattern (want %s)", want)
		return ""
	}
	t, ok := v.secret()
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
	s, ok := v.section()
	if !ok {
		return nil
	}
	var tags []chaos.Tag
	for _, e := range s.entries {
		if t, ok := e.val.text(); ok {
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
