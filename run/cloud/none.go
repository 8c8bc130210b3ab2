//go:build noaws

package cloud

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/reports/monitor"
)

var errNoAWS = errors.New("this hlsload was built without AWS (tag noaws; want one built without the tag)")

// Drivers says that there are none.
func Drivers(*chaos.AWS) ([]aws.Driver, []aws.Call, error) { return nil, nil, errNoAWS }

// NoAccount stands for an account that cannot be had.
type NoAccount struct{ Drivers []aws.Driver }

func (*NoAccount) Refresh()                                                    {}
func (*NoAccount) Now() time.Time                                              { return time.Now() }
func (*NoAccount) Guard(context.Context) ([]string, error)                     { return nil, errNoAWS }
func (*NoAccount) Still(context.Context, string, bool) error                   { return errNoAWS }
func (*NoAccount) Stopped(context.Context) error                               { return errNoAWS }
func (*NoAccount) Identify(context.Context) error                              { return errNoAWS }
func (*NoAccount) Discover(context.Context) *Found                             { return &Found{} }
func (*NoAccount) Last(context.Context, time.Time, []string) ([]string, error) { return nil, errNoAWS }
func (*NoAccount) Undoer(time.Duration) *aws.Undoer                            { return &aws.Undoer{} }

// Found stands for what nothing finds.
type Found struct {
	AWS      chaos.AWS
	Problems []string
}

func (*Found) Text() []string { return nil }

// Section is empty.
func Section(*chaos.AWS) string { return "" }

// Watch says that there is no account.
func Watch(context.Context, *chaos.AWS, http.RoundTripper, *monitor.Monitor) (Watcher, error) {
	return nil, errNoAWS
}

// Open says that there is no account.
func Open(context.Context, *chaos.AWS, http.RoundTripper) (*NoAccount, error) { return nil, errNoAWS }
