package mediapackage

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

// deny keeps viewers from an endpoint, or an encoder from a channel.
type deny struct {
	policy.Deny
	d *Driver

	place
	Source string `json:"source,omitempty"` // address that a pipeline writes from; "" = any
	// URL is where an anonymous request got the endpoint before; "" = not known.
	URL string `json:"url,omitempty"`
}

func (d *Driver) newDeny(p place) *deny {
	c := &deny{d: d, place: p}
	c.Of = func() *policy.Store { return d.store(c.place) }
	return c
}

func (d *Driver) deny(o *aws.Order, p place, actions []string) *deny {
	c := d.newDeny(p)
	c.Sid, c.Actions, c.Until = o.Mark(""), actions, o.Expires
	return c
}

// About implements [aws.Change], as do the methods below.
func (c *deny) About() aws.About { return c.Describe(c.target()) }

func (c *deny) target() string { return c.d.arn(c.place) }

func (c *deny) Calls() []aws.Call {
	arn := c.target()
	return []aws.Call{
		{Action: c.describe(), Resource: arn, When: aws.Reads},
		{Action: c.action("Get"), Resource: arn, When: aws.Reads},
		{Action: c.action("Put"), Resource: arn, When: aws.Makes, Request: "the policy as it is, and this statement:\n" + c.shown()},
		{Action: c.action("Put"), Resource: arn, When: aws.Undoes, Request: "the policy as it is then, without statement " + c.Sid},
		{Action: c.action("Delete"), Resource: arn, When: aws.Undoes, Request: "when nothing else is in it"},
	}
}

// shown is the statement for people.
func (c *deny) shown() string {
	role := c.d.Config.Writer
	if role == "" && c.d.Config.Channel != "" {
		role = "the role of channel " + c.d.Config.Channel
	}
	return c.Shown(c.denial(role), strconv.Quote(c.target()))
}

func (c *deny) Read(ctx context.Context) error {
	_, url, err := c.d.look(ctx, c.place)
	if err != nil {
		return err
	}
	c.URL = ""
	if url != "" && c.d.Web != nil {
		// An endpoint that answers an anonymous request must refuse it; one that
		// answers only known callers cannot be looked at.
		if status, err := c.d.ask(ctx, url); err == nil && status == http.StatusOK {
			c.URL = url
		}
	}
	role := ""
	if c.Endpoint == "" && c.Source == "" {
		if role, err = c.d.Writer(ctx); err != nil {
			return err
		}
	}
	return c.Note(ctx, c.denial(role), maxPolicy)
}

// maxPolicy is how long MediaPackage lets a policy be, in characters.
const maxPolicy = 6144

// denial keeps out all viewers of an endpoint, and of a channel's writers the
// one of a pipeline, or those of a role.
func (c *deny) denial(role string) *policy.Denial {
	denial := &policy.Denial{Resources: []string{c.target()}}
	switch {
	case c.Endpoint != "":
	case c.Source != "":
		denial.Condition = map[string]map[string]any{"IpAddress": {"aws:SourceIp": c.Source}}
	case role != "":
		denial.Condition = map[string]map[string]any{"ArnEquals": {"aws:PrincipalArn": role}}
	}
	return denial
}

func (c *deny) Bites(ctx context.Context) (bool, string) {
	return c.asked(ctx, c.Deny.Bites, func(status int) bool { return status == http.StatusForbidden })
}

func (c *deny) Healthy(ctx context.Context) (bool, string) {
	return c.asked(ctx, c.Deny.Healthy, func(status int) bool { return status != http.StatusForbidden })
}

// asked looks at the policy, and at how an anonymous request is answered.
func (c *deny) asked(ctx context.Context, look func(context.Context) (bool, string), want func(status int) bool) (bool, string) {
	ok, what := look(ctx)
	if !ok || c.URL == "" {
		return ok, what
	}
	status, err := c.d.ask(ctx, c.URL)
	if err != nil {
		return false, err.Error()
	}
	return want(status), fmt.Sprintf("%s; an anonymous request is answered %d", what, status)
}
