//go:build !full

package cloud

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/reports/monitor"
)

// Full reports whether this build can reach AWS.
const Full = false

var errNoAWS = errors.New("this is the core build of hlsload, without AWS (want the full one: make build, the container image or a release)")

// Drivers returns an error.
func Drivers(*chaos.AWS) ([]aws.Driver, []aws.Call, error) { return nil, nil, errNoAWS }

// NoAccount replaces the account.
type NoAccount struct{ Drivers []aws.Driver }

func (*NoAccount) Refresh()                                                    {}
func (*NoAccount) Now() time.Time                                              { return time.Now() }
func (*NoAccount) Guard(context.Context) ([]string, error)                     { return nil, errNoAWS }
func (*NoAccount) Still(context.Context, string, bool) error                   { return errNoAWS }
func (*NoAccount) Stopped(context.Context) error                               { return errNoAWS }
func (*NoAccount) Credentials(context.Context) error                           { return errNoAWS }
func (*NoAccount) Identify(context.Context) error                              { return errNoAWS }
func (*NoAccount) Discover(context.Context) *Found                             { return &Found{} }
func (*NoAccount) Last(context.Context, time.Time, []string) ([]string, error) { return nil, errNoAWS }
func (*NoAccount) Undoer(time.Duration) *aws.Undoer                            { return &aws.Undoer{} }

// Found is the empty result of a discovery.
type Found struct {
	AWS      chaos.AWS
	Problems []string
}

func (*Found) Text() []string { return nil }

// Section is empty.
func Section(*chaos.AWS) string { return "" }

// Watch returns an error.
func Watch(context.Context, *chaos.AWS, http.RoundTripper, *monitor.Monitor) (Watcher, error) {
	return nil, errNoAWS
}

// Granted returns an error.
func Granted(context.Context, http.RoundTripper, []string) (*tariff.Reading, error) {
	return nil, errNoAWS
}

// Open returns an error.
func Open(context.Context, *chaos.AWS, http.RoundTripper) (*NoAccount, error) { return nil, errNoAWS }
