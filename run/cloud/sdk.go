//go:build !noaws

package cloud

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
	"hlsload/chaos/aws/signalmap"
	readback "hlsload/chaos/aws/watch"
	"hlsload/reports/monitor"
)

// discoverTime bounds following a channel through its account.
const discoverTime = 30 * time.Second

// Drivers are the drivers of an account, to ask what they would do.
func Drivers(cfg *chaos.AWS) ([]aws.Driver, []aws.Call, error) {
	return account.Describe(cfg), slices.Concat(account.Calls(), readback.Calls(cfg), discovery(cfg)), nil
}

// discovery are the calls by which a run finds what its scenario leaves out.
func discovery(cfg *chaos.AWS) []aws.Call {
	if !cfg.Discover {
		return nil
	}
	return signalmap.Calls(cfg)
}

// Section is the section aws of a scenario, as YAML.
func Section(a *chaos.AWS) string { return signalmap.Section(a) }

// Watch opens an account to read back what it notices; nil when the
// scenario names nothing that could be watched. What it leaves out is found by
// following the channel.
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

// Open finds credentials for an account. on is what AWS is reached by; nil = the
// network.
func Open(ctx context.Context, cfg *chaos.AWS, on http.RoundTripper) (*account.Account, error) {
	return account.Open(ctx, cfg, account.Options{Transport: on})
}
