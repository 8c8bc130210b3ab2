//go:build !noaws

package main

import (
	"context"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
)

// driversOn are the drivers of an account, to ask what they would do.
func driversOn(cfg *chaos.AWS) ([]aws.Driver, []aws.Call, error) {
	return account.Describe(cfg), account.Calls(), nil
}

// openAccount finds credentials for an account.
func openAccount(ctx context.Context, cfg *chaos.AWS, on network) (*account.Account, error) {
	return account.Open(ctx, cfg, account.Options{Transport: on.aws})
}
