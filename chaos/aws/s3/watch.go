package s3

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos/aws"
)

// watch changes nothing. It looks whether the playlists of a fault are written,
// whichever service keeps the encoder from writing them.
type watch struct {
	d    *Driver
	seen map[string]written // by key

	Scope   scope         `json:"scope"`
	Mark    string        `json:"mark,omitempty"`
	Keys    []string      `json:"keys"`
	Longest time.Duration `json:"target"` // longest target duration
	// Blip: the fault is over before a look may have seen it.
	Blip bool `json:"blip,omitempty"`
}

// written is what was seen of an object.
type written struct {
	etag    string
	changed time.Time // when that was first seen
	times   int       // how often it was seen to change
}

// About implements [aws.Change], as do the methods below.
func (c *watch) About() aws.About {
	return aws.About{Op: "watch", Target: c.target(), Owner: c.Mark, End: aws.Ends("changes nothing"), Witness: true}
}

func (c *watch) target() string { return c.d.arn(c.Scope.Bucket) }

func (c *watch) Calls() []aws.Call { return c.d.lookups(&c.Scope) }

func (c *watch) Read(ctx context.Context) error {
	all, err := c.d.keys(ctx, &c.Scope)
	if err != nil {
		return err
	}
	c.Keys, c.Longest = nil, 0
	for _, o := range all {
		c.Keys = append(c.Keys, o.key)
		c.Longest = max(c.Longest, o.media.TargetDuration)
	}
	return nil
}

func (c *watch) Make(context.Context) error { return nil }
func (c *watch) Undo(context.Context) error { return nil }

// look notes what changed since the last look, and returns an object that was
// not seen to change for the longest time.
func (c *watch) look(ctx context.Context) (longest string, err error) {
	if c.seen == nil {
		c.seen = map[string]written{}
	}
	for _, key := range c.Keys {
		etag := ""
		out, err := c.d.API.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.Scope.Bucket, Key: &key, ExpectedBucketOwner: &c.Scope.Owner})
		switch {
		case err == nil:
			etag = sdk.ToString(out.ETag) + sdk.ToTime(out.LastModified).String()
		case !missing(err):
			return "", err
		}
		w, ok := c.seen[key]
		if !ok || w.etag != etag {
			w = written{etag, c.d.Now(), w.times}
			if ok && etag != "" {
				w.times++
			}
			c.seen[key] = w
		}
		if longest == "" || w.changed.Before(c.seen[longest].changed) {
			longest = key
		}
	}
	return longest, nil
}

// Bites reports whether one of the playlists stopped: not written for one and a
// half target durations (rfc8216bis 6.2.1).
func (c *watch) Bites(ctx context.Context) (bool, string) {
	key, err := c.look(ctx)
	if err != nil {
		return false, err.Error()
	}
	if c.Blip {
		return true, "the next write ends it"
	}
	for _, k := range c.Keys {
		if c.seen[k].etag == "" {
			return true, k + " is not there"
		}
	}
	since := c.d.Now().Sub(c.seen[key].changed)
	if since <= c.Longest*3/2 {
		return false, fmt.Sprintf("all %d playlists were written within %v", len(c.Keys), since.Round(time.Second))
	}
	return true, fmt.Sprintf("%s was not written for %v", key, since.Round(time.Second))
}

// Healthy reports whether all of them are there, and were seen to be written
// since looking began.
func (c *watch) Healthy(ctx context.Context) (bool, string) {
	if _, err := c.look(ctx); err != nil {
		return false, err.Error()
	}
	for _, k := range c.Keys {
		switch w := c.seen[k]; {
		case w.etag == "":
			return false, k + " is not there"
		case w.times == 0 || c.d.Now().Sub(w.changed) > c.Longest*3/2:
			return false, k + " was not seen to be written"
		}
	}
	return true, fmt.Sprintf("all %d playlists are written", len(c.Keys))
}
