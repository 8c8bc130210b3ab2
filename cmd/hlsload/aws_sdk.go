//go:build !noaws

package main

import (
	"context"
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
	"hlsload/chaos/aws/signalmap"
	readback "hlsload/chaos/aws/watch"
	"hlsload/reports"
)

// discoverTime bounds following a channel through its account.
const discoverTime = 30 * time.Second

// driversOn are the drivers of an account, to ask what they would do.
func driversOn(cfg *chaos.AWS) ([]aws.Driver, []aws.Call, error) {
	return account.Describe(cfg), slices.Concat(account.Calls(), readback.Calls(cfg), discovery(cfg)), nil
}

// discovery are the calls by which a run finds what its scenario leaves out.
func discovery(cfg *chaos.AWS) []aws.Call {
	if !cfg.Discover {
		return nil
	}
	return signalmap.Calls(cfg)
}

// section is the section aws of a scenario, as YAML.
func section(a *chaos.AWS) string { return signalmap.Section(a) }

// openWatcher opens an account to read back what it notices; nil when the
// scenario names nothing that could be watched. What it leaves out is found by
// following the channel.
func openWatcher(ctx context.Context, cfg *chaos.AWS, on network, m *reports.Monitor) (watcher, error) {
	if !readback.Anything(cfg) {
		return nil, nil
	}
	a, err := openAccount(ctx, cfg, on)
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

// openAccount finds credentials for an account.
func openAccount(ctx context.Context, cfg *chaos.AWS, on network) (*account.Account, error) {
	return account.Open(ctx, cfg, account.Options{Transport: on.aws})
}
