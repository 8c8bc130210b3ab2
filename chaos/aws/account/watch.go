package account

import (
	"context"
	"time"

	awscloudfront "github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	awsmediaconnect "github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	ml "github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"

	"hlsload/chaos"
	"hlsload/chaos/aws/signalmap"
	"hlsload/chaos/aws/watch"
	"hlsload/reports/monitor"
)

// Watch returns what reads back what the account notices of the things that a
// section names. How far AWS's clock is ahead is known once [Account.Identify] has
// asked.
func (a *Account) Watch(m *monitor.Monitor, what *chaos.AWS) *watch.Watcher {
	clients := map[string]*cloudwatch.Client{}
	for _, region := range []string{what.Region, watch.Global} {
		clients[region] = a.cloudWatch(region)
	}
	for _, alarm := range what.Alarms {
		clients[alarm.Region] = a.cloudWatch(alarm.Region)
	}
	return watch.New(watch.Config{AWS: what, Monitor: m, MediaLive: ml.NewFromConfig(a.sdk), Ahead: time.Duration(a.skew.Load()),
		CloudWatch: func(region string) *cloudwatch.Client { return clients[region] }})
}

// Discover follows the channel through the account. It only reads.
func (a *Account) Discover(ctx context.Context) *signalmap.Found {
	return signalmap.Find(ctx, a.cfg, signalmap.Clients{
		MediaLive: ml.NewFromConfig(a.sdk), MediaConnect: awsmediaconnect.NewFromConfig(a.sdk), MediaPackage: mediapackagev2.NewFromConfig(a.sdk),
		S3: storeOf(a.sdk), CloudFront: awscloudfront.NewFromConfig(a.sdk), CloudWatch: a.cloudWatch,
	})
}

func (a *Account) cloudWatch(region string) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(a.sdk, func(o *cloudwatch.Options) { o.Region = region })
}
