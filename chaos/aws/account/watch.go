package account

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	ml "github.com/aws/aws-sdk-go-v2/service/medialive"

	"hlsload/chaos/aws/watch"
	"hlsload/reports"
)

// Watch returns who reads back what the account notices.
func (a *Account) Watch(m *reports.Monitor) *watch.Watcher {
	clients := map[string]*cloudwatch.Client{}
	for _, region := range []string{a.cfg.Region, watch.Global} {
		clients[region] = a.cloudWatch(region)
	}
	for _, alarm := range a.cfg.Alarms {
		clients[alarm.Region] = a.cloudWatch(alarm.Region)
	}
	return watch.New(watch.Config{AWS: a.cfg, Monitor: m, MediaLive: ml.NewFromConfig(a.sdk),
		CloudWatch: func(region string) *cloudwatch.Client { return clients[region] }})
}

func (a *Account) cloudWatch(region string) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(a.sdk, func(o *cloudwatch.Options) { o.Region = region })
}
