//go:build full

package cloud

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
	"hlsload/chaos/aws/signalmap"
	readback "hlsload/chaos/aws/watch"
	"hlsload/reports/monitor"
)

// Full reports whether this build can reach AWS.
const Full = true

// discoverTime bounds following a channel through its account.
const discoverTime = 30 * time.Second

// Drivers are the drivers of an account, and the calls that every run makes, for a
// plan.
func Drivers(cfg *chaos.AWS) ([]aws.Driver, []aws.Call, error) {
	return account.Describe(cfg), slices.Concat(account.Calls(), readback.Calls(cfg), discovery(cfg)), nil
}

// discovery are the calls that find the resources which a scenario leaves out.
func discovery(cfg *chaos.AWS) []aws.Call {
	if !cfg.Discover {
		return nil
	}
	return signalmap.Calls(cfg)
}

// Section is the section aws of a scenario, as YAML.
func Section(a *chaos.AWS) string { return signalmap.Section(a) }

// Watch opens an account to read its metrics and alarms; nil when the scenario
// watches nothing. Resources that the scenario leaves out are found by following
// the channel.
func Watch(ctx context.Context, cfg *chaos.AWS, on http.RoundTripper, m *monitor.Monitor) (Watcher, error) {
	if !readback.Anything(cfg) {
		return nil, nil
	}
	a, err := Open(ctx, cfg, on)
	if err != nil {
		return nil, err
	}
	if err := a.Identify(ctx); err != nil {
		return nil, err
	}
	if !cfg.Discover || signalmap.Complete(cfg) {
		return a.Watch(m, cfg), nil
	}
	looking, cancel := context.WithTimeout(ctx, discoverTime)
	defer cancel()
	found := a.Discover(looking)
	m.Found(found.Text(), found.Problems)
	return a.Watch(m, &found.AWS), nil
}

// Granted reads what the account of the credentials was granted for services, by their codes in
// Service Quotas.
func Granted(ctx context.Context, on http.RoundTripper, services []string) (*tariff.Reading, error) {
	return account.Granted(ctx, account.Options{Transport: on}, services)
}

// Open finds credentials for an account. on carries the requests; nil = the
// system's.
func Open(ctx context.Context, cfg *chaos.AWS, on http.RoundTripper) (*account.Account, error) {
	return account.Open(ctx, cfg, account.Options{Transport: on})
}
