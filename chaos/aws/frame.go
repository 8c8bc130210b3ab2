package aws

import (
	"errors"
	"fmt"
	"time"

	"hlsload/chaos"
)

// Frame is what every driver has: what it may touch, and the time by AWS's clock.
type Frame struct {
	Config *chaos.AWS
	Now    func() time.Time
}

// NewFrame returns the frame of a driver; a nil now is [time.Now].
func NewFrame(cfg *chaos.AWS, now func() time.Time) Frame {
	if now == nil {
		now = time.Now
	}
	return Frame{cfg, now}
}

// ARN names a resource of a service in the account and its region.
func (f *Frame) ARN(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", Partition(f.Config.Region), service, f.Config.Region, f.Config.Account, resource)
}

// Named names a thing by its kind, as in "bucket example"; "" = it has no name.
func Named(kind, name string) string {
	if name == "" {
		return ""
	}
	return kind + " " + name
}

// Time is the time by AWS's clock.
func (f *Frame) Time() time.Time { return f.Now() }

// Code is AWS's name of an error, "" for other errors.
func Code(err error) string {
	var api interface {
		error
		ErrorCode() string
	}
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
