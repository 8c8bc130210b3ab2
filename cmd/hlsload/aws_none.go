//go:build noaws

package main

import (
	"context"
	"errors"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/reports"
)

var errNoAWS = errors.New("this hlsload was built without AWS (tag noaws; want one built without the tag)")

func driversOn(*chaos.AWS) ([]aws.Driver, []aws.Call, error) { return nil, nil, errNoAWS }

// noAccount stands for an account that cannot be had.
type noAccount struct{ Drivers []aws.Driver }

func (*noAccount) Refresh()                                                    {}
func (*noAccount) Now() time.Time                                              { return time.Now() }
func (*noAccount) Guard(context.Context) ([]string, error)                     { return nil, errNoAWS }
func (*noAccount) Still(context.Context, string, bool) error                   { return errNoAWS }
func (*noAccount) Stopped(context.Context) error                               { return errNoAWS }
func (*noAccount) Identify(context.Context) error                              { return errNoAWS }
func (*noAccount) Discover(context.Context) *found                             { return &found{} }
func (*noAccount) Last(context.Context, time.Time, []string) ([]string, error) { return nil, errNoAWS }
func (*noAccount) Undoer(time.Duration) *aws.Undoer                            { return &aws.Undoer{} }

// found stands for what nothing finds.
type found struct {
	AWS      chaos.AWS
	Problems []string
}

func (*found) Text() []string { return nil }

func section(*chaos.AWS) string { return "" }

func openWatcher(context.Context, *chaos.AWS, network, *reports.Monitor) (watcher, error) {
	return nil, errNoAWS
}

func openAccount(context.Context, *chaos.AWS, network) (*noAccount, error) { return nil, errNoAWS }
