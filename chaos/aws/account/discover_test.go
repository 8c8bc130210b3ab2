package account

import (
	"fmt"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/aws/signalmap"
)

// signal is an account with a channel that writes to example-live.
func signal(prefixes ...string) (*awstest.Account, *awstest.Channel, *awstest.Bucket) {
	a := awstest.New(nil)
	b := a.AddBucket("example-live", true)
	ch := a.AddChannel("1234567", b, prefixes...)
	return a, ch, b
}

// discover follows the channel of a section that has nothing else.
func discover(t *testing.T, a *awstest.Account, change func(*chaos.AWS)) *signalmap.Found {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
	cfg := &chaos.AWS{Account: a.ID, Region: a.Region, Channel: "1234567", Discover: true}
	if change != nil {
		change(cfg)
	}
	acct, err := Open(t.Context(), cfg, Options{Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	found := acct.Discover(t.Context())
	allowed := map[string]bool{}
	for _, c := range signalmap.Calls(cfg) {
		allowed[c.Action] = true
	}
	for _, r := range a.Requests() {
		if action := strings.Replace(r.Service, "monitoring", "cloudwatch", 1) + ":" + r.Op; !allowed[action] {
			t.Errorf("%s is not among the calls of the plan", action)
		}
		if r.Mutates {
			t.Errorf("%s %s changes something", r.Service, r.Op)
		}
	}
	return found
}

// ownOrigin is the origin of an emulated distribution.
const ownOrigin = "example-live.s3.eu-west-1.amazonaws.com"

func alarmOn(a *awstest.Account, region, name string, dimensions ...string) {
	d := map[string]string{}
	for i := 0; i+1 < len(dimensions); i += 2 {
		d[dimensions[i]] = dimensions[i+1]
	}
	a.AddAlarm(awstest.Alarm{Region: region, Name: name, Dimensions: d, States: []awstest.AlarmState{{State: "OK"}}})
}

func TestDiscoverBucket(t *testing.T) {
	a, ch, b := signal("live/p0/", "live/p1/")
	ch.Feed("main", a.AddFlow("contribution", "to-p0", "to-p1"))
	b.Notify("stale-playlists")
	for i := range 5 { // over several pages; one has the origin
		d := a.AddDistribution(fmt.Sprintf("E%dEXAMPLE", i))
		if i != 3 {
			d.Replace(ownOrigin, "www.example.com")
		}
	}
	alarmOn(a, "eu-west-1", "outputs", "ChannelId", "1234567", "Pipeline", "0")
	alarmOn(a, "eu-west-1", "another channel", "ChannelId", "7654321")
	alarmOn(a, "eu-west-1", "flow", "FlowARN", "arn:aws:mediaconnect:eu-west-1:123456789012:flow:1-AAAA:contribution")
	alarmOn(a, "us-east-1", "viewers see errors", "DistributionId", "E3EXAMPLE", "Region", "Global")
	alarmOn(a, "us-east-1", "another distribution", "DistributionId", "E1EXAMPLE", "Region", "Global")
	a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "4xx of all GETs", Math: true, Dimensions: map[string]string{"BucketName": "example-live"}, States: []awstest.AlarmState{{State: "OK"}}})
	a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "page the operator", Composite: true, Rule: `ALARM("everything") AND NOT OK("x")`, States: []awstest.AlarmState{{State: "OK"}}})
	a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "everything", Composite: true, Rule: `ALARM(outputs) OR ALARM("flow")`, States: []awstest.AlarmState{{State: "OK"}}})
	a.AddAlarm(awstest.Alarm{Region: "eu-west-1", Name: "elsewhere", Composite: true, Rule: `ALARM("another channel")`, States: []awstest.AlarmState{{State: "OK"}}})
	a.PageMonitoring(2)

	found := discover(t, a, nil)
	if len(found.Problems) > 0 {
		t.Errorf("problems %q", found.Problems)
	}
	want := `aws:
  account: "123456789012"
  region: eu-west-1
  channel: "1234567"
  bucket: example-live
  prefix: live/
  pipelines: ["live/p0/*", "live/p1/*"]
  mediaconnect: {flow: "arn:aws:mediaconnect:eu-west-1:123456789012:flow:1-AAAA:contribution", outputs: ["arn:aws:mediaconnect:eu-west-1:123456789012:output:1-BBBB:to-p0", "arn:aws:mediaconnect:eu-west-1:123456789012:output:1-BBBB:to-p1"]}
  distribution: E3EXAMPLE
  function: stale-playlists
  alarms: [outputs, flow, "4xx of all GETs", everything, "page the operator", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:viewers see errors"]
`
	if got := signalmap.Section(&found.AWS); got != want {
		t.Errorf("section\n%s\nwant\n%s", got, want)
	}
	lines := strings.Join(found.Text(), "\n")
	for _, want := range []string{
		"channel   1234567 channel-1234567, STANDARD, RUNNING", "input     main, MEDIACONNECT", "input     spare, URL_PULL", "flow      contribution, ACTIVE, 2 outputs feed the channel",
		"output    hls of pipeline 1, s3://example-live/live/p1/index", "edge      distribution E3EXAMPLE (e3example.cloudfront.net, live.example.com), origin example-live.s3.eu-west-1.amazonaws.com",
		"function  stale-playlists is notified of what is written to the bucket", "alarm     viewers see errors, us-east-1",
	} {
		if !strings.Contains(lines, want) {
			t.Errorf("nothing says %q:\n%s", want, lines)
		}
	}
	// What was written stays.
	kept := discover(t, a, func(c *chaos.AWS) {
		c.Distribution, c.Alarms, c.Prefix = "E1EXAMPLE", []chaos.AlarmAWS{{Name: "mine", Region: "eu-west-1"}}, ""
	})
	if kept.AWS.Distribution != "E1EXAMPLE" || len(kept.AWS.Alarms) != 1 || kept.AWS.Bucket != "example-live" {
		t.Errorf("found %+v", kept.AWS)
	}
}

func TestDiscoverPackager(t *testing.T) {
	a, ch, _ := signal()
	ch.Package("news", "live")
	a.AddPackager("channelGroup/news/channel/live")
	a.AddPackager("channelGroup/news/channel/live/originEndpoint/hls")
	a.AddDistribution("E1EXAMPLE").Replace(ownOrigin, "a1b2c3.egress.d4e5f6.mediapackagev2.eu-west-1.amazonaws.com")
	alarmOn(a, "eu-west-1", "packager 5xx", "ChannelGroup", "news", "Channel", "live", "OriginEndpoint", "hls")
	alarmOn(a, "eu-west-1", "another channel", "ChannelGroup", "news", "Channel", "sport")
	found := discover(t, a, nil)
	if p := found.AWS.Package; p.Group != "news" || p.Channel != "live" || p.Endpoint != "hls" || found.AWS.Distribution != "E1EXAMPLE" || len(found.AWS.Alarms) != 1 || len(found.Problems) > 0 {
		t.Errorf("found %+v, problems %q", found.AWS, found.Problems)
	}
}

// TestDiscoverDoubt does not guess: what is ambiguous, or may not be read, is
// left out with a problem that says what to write.
func TestDiscoverDoubt(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(a *awstest.Account, ch *awstest.Channel, b *awstest.Bucket)
		want    string // a problem
		empty   func(*chaos.AWS) bool
	}{
		{"several distributions", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) {
			a.AddDistribution("E1EXAMPLE")
			a.AddDistribution("E2EXAMPLE")
		}, "several distributions have the channel's origin (got E1EXAMPLE, E2EXAMPLE; want aws.distribution)", func(c *chaos.AWS) bool { return c.Distribution == "" }},
		{"no distribution", nil, "no distribution of this account has the channel's origin", func(c *chaos.AWS) bool { return c.Distribution == "" }},
		{"a bucket whose name begins alike", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) {
			a.AddDistribution("E1EXAMPLE").Replace(ownOrigin, "example-live.s3.example.com")
		}, "no distribution of this account has the channel's origin", func(c *chaos.AWS) bool { return c.Distribution == "" }},
		{"several functions", func(_ *awstest.Account, _ *awstest.Channel, b *awstest.Bucket) {
			b.Notify("thumbnails")
			b.Notify("stale")
		}, "several functions watch the bucket (got thumbnails, stale; want aws.function", func(c *chaos.AWS) bool { return c.Function == "" }},
		{"no alarm", nil, "no alarm watches the channel, its origin or its distribution", func(c *chaos.AWS) bool { return c.Alarms == nil }},
		{"too many alarms", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) {
			for i := range 60 {
				alarmOn(a, "eu-west-1", fmt.Sprintf("a%02d", i), "ChannelId", "7654321")
			}
			a.PageMonitoring(1)
		}, "there are more than 50 alarms in eu-west-1, and not all were looked at (want those that matter in aws.alarms)", func(c *chaos.AWS) bool { return c.Alarms == nil }},
		{"the channel is not readable", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) { deny(a, "DescribeChannel") },
			"inputs and outputs of the channel cannot be found without the permission medialive:DescribeChannel (want it, or aws.bucket or aws.mediapackage)", func(c *chaos.AWS) bool { return c.Bucket == "" }},
		{"distributions are not readable", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) { deny(a, "ListDistributions") },
			"the distribution cannot be found without the permission cloudfront:ListDistributions (want it, or aws.distribution)", func(c *chaos.AWS) bool { return c.Distribution == "" && c.Bucket != "" }},
		{"alarms are not readable", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) { deny(a, "DescribeAlarms") },
			"alarms in us-east-1 cannot be found without the permission cloudwatch:DescribeAlarms", func(c *chaos.AWS) bool { return c.Alarms == nil }},
		{"throttled", func(a *awstest.Account, _ *awstest.Channel, _ *awstest.Bucket) {
			a.Mishap = func(r awstest.Request) awstest.Mishap {
				if r.Op == "GetBucketNotification" {
					return awstest.Throttled
				}
				return awstest.Nothing
			}
		}, "the function that watches the bucket could not be found: s3:GetBucketNotification: SlowDown", func(c *chaos.AWS) bool { return c.Function == "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, ch, b := signal("live/p0/", "live/p1/")
			if tc.prepare != nil {
				tc.prepare(a, ch, b)
			}
			found := discover(t, a, nil)
			if all := strings.Join(found.Problems, "\n"); !strings.Contains(all, tc.want) {
				t.Errorf("problems\n%s\nwant %q", all, tc.want)
			}
			if !tc.empty(&found.AWS) {
				t.Errorf("found %+v", found.AWS)
			}
		})
	}
}

// TestDiscoverKeys tells pipelines apart by folder or by name, or not at all.
func TestDiscoverKeys(t *testing.T) {
	for _, tc := range []struct {
		prefixes []string
		prefix   string
		keys     string
	}{
		{[]string{"live/p0/", "live/p1/"}, "live/", "[live/p0/* live/p1/*]"},
		{[]string{"live/a-", "live/b-"}, "live/", "[live/a-index* live/b-index*]"},
		{[]string{"", "backup/"}, "", "[index* backup/index*]"},
		{[]string{"live/"}, "live/", "[]"},
	} {
		a, _, _ := signal(tc.prefixes...)
		found := discover(t, a, nil)
		if found.AWS.Prefix != tc.prefix || fmt.Sprint(found.AWS.Pipelines) != tc.keys {
			t.Errorf("%q: prefix %q, keys %v; want %q, %s", tc.prefixes, found.AWS.Prefix, found.AWS.Pipelines, tc.prefix, tc.keys)
		}
	}
}

// deny refuses an operation.
func deny(a *awstest.Account, op string) {
	a.Mishap = func(r awstest.Request) awstest.Mishap {
		if r.Op == op {
			return awstest.Denied
		}
		return awstest.Nothing
	}
}
