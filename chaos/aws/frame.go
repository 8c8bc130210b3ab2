package aws

import (
	"errors"
	"fmt"
	"time"

	"hlsload/chaos"
)

// Frame is what every driver has: what it may touch, and the time as AWS has it.
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

// Busy refuses a target that another run has its hands on; mark is what shows it.
func Busy(what, mark string) Finding {
	return Finding{Refuses: true, Text: fmt.Sprintf("%s: another run is at work here, or left something (got %s; want it gone: hlsload undo its journal, or hlsload sweep)", what, mark)}
}

// BusyWith refuses a target for everything that another run has left there.
func BusyWith(what string, left []Leftover) (found []Finding) {
	for _, l := range left {
		found = append(found, Busy(what, l.What))
	}
	return found
}

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
