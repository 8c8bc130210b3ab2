package mediapackage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

const opDeny = "deny"

// deny keeps viewers from an endpoint, or an encoder from a channel.
type deny struct {
	d    *Driver
	text string // the policy, word for word; "" = there was none, or it is not known

	place
	Sid     string    `json:"sid"`
	Actions []string  `json:"actions"`
	Source  string    `json:"source,omitempty"` // address that a pipeline writes from; "" = any
	Until   time.Time `json:"until"`            // when it ends by itself
	At      time.Time `json:"at"`               // when the policy was read
	// Was is that policy, as far as it must be known again.
	Was *policy.Print `json:"was,omitempty"`
	// URL is where an anonymous request got the endpoint before; "" = not known.
	URL string `json:"url,omitempty"`

	Statement json.RawMessage `json:"statement,omitempty"`
}

// About implements [aws.Change], as do the methods below.
func (c *deny) About() aws.About {
	return aws.About{Op: opDeny, Target: c.target(), Owner: aws.Owner{Name: c.Sid, Sep: ""}, End: aws.EndsAt(c.Until)}
}

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

// shown is the statement for people: what is not known yet is said in words.
func (c *deny) shown() string {
	if len(c.Statement) > 0 {
		return string(c.Statement)
	}
	until, who := "EXPIRY", ""
	if !c.Until.IsZero() {
		until = c.Until.Format(time.RFC3339)
	}
	switch {
	case c.Endpoint != "":
	case c.Source != "":
		who = fmt.Sprintf(`"IpAddress":{"aws:SourceIp":%q},`, c.Source)
	case c.d.Config.Writer != "":
		who = fmt.Sprintf(`"ArnEquals":{"aws:PrincipalArn":%q},`, c.d.Config.Writer)
	case c.d.Config.Channel != "":
		who = fmt.Sprintf(`"ArnEquals":{"aws:PrincipalArn":%q},`, "the role of channel "+c.d.Config.Channel)
	}
	return fmt.Sprintf("{\"Sid\":%q,\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"%s\"],\n \"Resource\":[%q],\n \"Condition\":{%s\"DateLessThan\":{\"aws:CurrentTime\":%q}}}",
		c.Sid, strings.Join(c.Actions, `","`), c.target(), who, until)
}

func (c *deny) Read(ctx context.Context) error {
	c.At = c.d.Now().UTC()
	_, url, err := c.d.look(ctx, c.place)
	if err != nil {
		return err
	}
	var doc *policy.Document
	if c.text, doc, _, err = c.d.store(c.place).Look(ctx); err != nil {
		return err
	}
	was := doc.Print()
	c.Was = &was
	c.URL = ""
	if url != "" && c.d.web != nil {
		// An endpoint that answers an anonymous request must refuse it; one that
		// answers only known callers cannot be looked at.
		if status, err := c.d.ask(ctx, url); err == nil && status == http.StatusOK {
			c.URL = url
		}
	}
	if c.Statement, err = c.statement(ctx); err != nil {
		return err
	}
	if n := len(doc.With(c.Sid, c.Statement).String()); n > maxPolicy {
		return fmt.Errorf("the policy of %s would become too long with one more statement (got %d characters; want at most %d)", c.place, n, maxPolicy)
	}
	return nil
}

// maxPolicy is how long MediaPackage lets a policy be, in characters.
const maxPolicy = 6144

func (c *deny) statement(ctx context.Context) (json.RawMessage, error) {
	denial := policy.Denial{Sid: c.Sid, Actions: c.Actions, Resources: []string{c.target()}, Until: c.Until}
	switch {
	case c.Endpoint != "":
	case c.Source != "":
		denial.Condition = map[string]map[string]any{"IpAddress": {"aws:SourceIp": c.Source}}
	default:
		role := c.d.Config.Writer
		if role == "" && c.d.writer != nil {
			var err error
			if role, err = c.d.writer(ctx); err != nil {
				return nil, err
			}
		}
		if role != "" {
			denial.Condition = map[string]map[string]any{"ArnEquals": {"aws:PrincipalArn": role}}
		}
	}
	return denial.JSON()
}

func (c *deny) Make(ctx context.Context) error {
	return c.d.store(c.place).Add(ctx, c.text, c.Sid, c.Statement)
}

func (c *deny) Undo(ctx context.Context) error {
	return c.d.store(c.place).Remove(ctx, c.text, c.Sid, c.At)
}

// Review reports whether others have changed the policy since it was read.
func (c *deny) Review(ctx context.Context) []string {
	return c.d.store(c.place).Review(ctx, c.Was)
}

func (c *deny) Bites(ctx context.Context) (bool, string) {
	ok, what := c.d.store(c.place).Holds(ctx, c.Sid, c.Until)
	if !ok || c.URL == "" {
		return ok, what
	}
	status, err := c.d.ask(ctx, c.URL)
	if err != nil {
		return false, err.Error()
	}
	return status == http.StatusForbidden, fmt.Sprintf("%s; it answers %d", what, status)
}

func (c *deny) Healthy(ctx context.Context) (bool, string) {
	ok, what := c.d.store(c.place).Gone(ctx, c.Sid)
	if !ok || c.URL == "" {
		return ok, what
	}
	status, err := c.d.ask(ctx, c.URL)
	if err != nil {
		return false, err.Error()
	}
	return status != http.StatusForbidden, fmt.Sprintf("%s; it answers %d", what, status)
}
