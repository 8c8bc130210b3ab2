//go:build !noaws

package main

import (
	"context"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
	readback "hlsload/chaos/aws/watch"
	"hlsload/reports"
)

// driversOn are the drivers of an account, to ask what they would do.
func driversOn(cfg *chaos.AWS) ([]aws.Driver, []aws.Call, error) {
	return account.Describe(cfg), append(account.Calls(), readback.Calls(cfg)...), nil
}

// openWatcher opens an account to read back what it notices; nil when the
// scenario names nothing that could be watched.
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
	return a.Watch(m), nil
}

// openAccount finds credentials for an account.
func openAccount(ctx context.Context, cfg *chaos.AWS, on network) (*account.Account, error) {
	return account.Open(ctx, cfg, account.Options{Transport: on.aws})
}
