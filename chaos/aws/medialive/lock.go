package medialive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hlsload/chaos/aws"
)

// tagLock begins the key of the tag with which a run claims a channel. Each run
// has a key of its own, so that none overwrites another's; the value is when it
// was claimed, which decides which run was first, and until when.
const tagLock = "hlsload:lock:"

// lock claims the channel for a run.
type lock struct {
	d *Driver

	Channel string    `json:"channel"`
	Mark    string    `json:"mark"`
	Until   time.Time `json:"until"` // when it counts no more, should it be forgotten
	At      time.Time `json:"at"`
}

// Lock returns the change that claims the channel.
func (d *Driver) Lock(o *aws.Order) aws.Change {
	return &lock{d: d, Channel: d.Config.Channel, Mark: o.Mark("-"), Until: o.Expires}
}

// About implements [aws.Change], as do the methods below.
func (c *lock) About() aws.About {
	return aws.About{Op: "lock", Target: c.target(), Owner: c.Mark, End: aws.Ends("expires some minutes after the run")}
}

func (c *lock) target() string { return c.d.arn(c.Channel) }

func (c *lock) Calls() []aws.Call {
	arn := c.target()
	return []aws.Call{
		{Action: "medialive:DescribeChannel", Resource: arn, When: aws.Reads},
		{Action: "medialive:CreateTags", Resource: arn, When: aws.Makes, Request: tagLock + c.Mark + ", so that two runs that begin at once do not both go on"},
		{Action: "medialive:DeleteTags", Resource: arn, When: aws.Undoes, Request: tagLock + c.Mark},
	}
}

func (c *lock) Read(context.Context) error {
	c.At = c.d.Now().UTC()
	return nil
}

// claimed is how the value of the tag has times. A shorter one would not be in
// order.
const claimed = "20060102T150405.000Z"

func (c *lock) Make(ctx context.Context) error {
	err := c.d.Tag(ctx, c.target(), map[string]string{tagLock + c.Mark: c.At.Format(claimed) + " " + c.Until.UTC().Format(claimed)})
	if late := c.d.Now().Sub(c.At); err == nil && late > claimTime {
		// A run that has looked already would not know of a claim that says it was first.
		return fmt.Errorf("locking the channel took too long (got %v; want at most %v: run it again)", late.Round(time.Millisecond), claimTime)
	}
	return err
}

// claimTime is how long a claim may take from the instant that it names until it
// is there: well below the time that others wait before they look.
const claimTime = 3 * time.Second

func (c *lock) Undo(ctx context.Context) error {
	return c.d.untag(ctx, c.target(), tagLock+c.Mark)
}

// Bites reports whether the channel is this run's: whether no other has claimed it
// before.
func (c *lock) Bites(ctx context.Context) (bool, string) {
	tags, err := c.d.Tags(ctx, c.target())
	if err != nil {
		return false, err.Error()
	}
	all := holders(tags, c.d.Now())
	what := fmt.Sprintf("channel %s", c.Channel)
	switch {
	case len(all) == 0:
		return false, what + " does not show the tag of this run"
	case all[0] != c.Mark:
		run, _ := aws.Ours(all[0])
		return false, fmt.Sprintf("%s: another run locked it first (got the tag %s%s of run %s; want no other run)", what, tagLock, all[0], run)
	}
	return true, what + " is this run's"
}

func (c *lock) Healthy(ctx context.Context) (bool, string) {
	out, err := c.d.describe(ctx, c.Channel)
	if err != nil {
		return false, err.Error()
	}
	if _, there := out.Tags[tagLock+c.Mark]; there {
		return false, fmt.Sprintf("channel %s still has the tag %s%s", c.Channel, tagLock, c.Mark)
	}
	return true, fmt.Sprintf("channel %s is free", c.Channel)
}

// holders are the marks of runs that have claimed a channel and whose time has
// not passed, the first first.
func holders(tags map[string]string, now time.Time) []string {
	var all []string
	for key, value := range tags {
		if mark, ok := strings.CutPrefix(key, tagLock); ok && now.Before(until(value)) {
			all = append(all, mark)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(tags[tagLock+a]+" "+a, tags[tagLock+b]+" "+b) })
	return all
}

// until is when a claim counts no more.
func until(value string) time.Time {
	_, end, _ := strings.Cut(value, " ")
	t, err := time.Parse(claimed, end)
	if err != nil {
		return later // whatever it is, it may be meant
	}
	return t
}

// claims are what runs have left of their claims.
func (d *Driver) claims(channel string, tags map[string]string) (all []aws.Leftover) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		mark, ok := strings.CutPrefix(key, tagLock)
		if !ok {
			continue
		}
		l := aws.Left(d, &lock{d: d, Channel: channel, Mark: mark}, "claimed by a run (tag "+key+")")
		l.Expires, l.Lock = until(tags[key]), true
		all = append(all, l)
	}
	return all
}
