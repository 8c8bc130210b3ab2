package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

const opDeny = "deny"

// deny keeps a caller from doing something to objects of the bucket, by a
// statement of its policy that ends by itself.
type deny struct {
	d    *Driver
	text string // the policy, word for word; "" = there was none, or it is not known

	Bucket  string    `json:"bucket"`
	Owner   string    `json:"owner"` // account
	Sid     string    `json:"sid"`
	Actions []string  `json:"actions"`
	Scope   scope     `json:"scope"`
	Until   time.Time `json:"until"` // when it ends by itself
	At      time.Time `json:"at"`    // when the policy was read
	// Was is that policy, as far as it must be known again.
	Was *policy.Print `json:"was,omitempty"`

	Statement json.RawMessage `json:"statement,omitempty"`
}

func (d *Driver) deny(o *aws.Order, s scope, actions []string) *deny {
	return &deny{d: d, Bucket: s.Bucket, Owner: s.Owner, Sid: o.Mark(""), Actions: actions, Scope: s, Until: o.Expires}
}

// About implements [aws.Change], as do the methods below.
func (c *deny) About() aws.About {
	return aws.About{Op: opDeny, Target: c.target(), Owner: aws.Owner{Name: c.Sid, Sep: ""}, End: aws.EndsAt(c.Until)}
}

func (c *deny) target() string { return c.d.arn(c.Bucket) }

func (c *deny) Calls() []aws.Call {
	arn := c.target()
	calls := []aws.Call{{Action: "s3:GetBucketPolicy", Resource: arn, When: aws.Reads}}
	if c.Scope.resolved() {
		calls = append(calls, c.d.lookups(&c.Scope)...)
	}
	if c.reads() && c.d.Config.Distribution != "" {
		calls = append(calls, aws.Call{Action: "cloudfront:GetDistribution", Resource: c.distribution(), When: aws.Reads})
	}
	return append(calls,
		aws.Call{Action: "s3:PutBucketPolicy", Resource: arn, When: aws.Makes, Request: "the policy as it is, and this statement:\n" + c.shown()},
		aws.Call{Action: "s3:PutBucketPolicy", Resource: arn, When: aws.Undoes, Request: "the policy as it is then, without statement " + c.Sid},
		aws.Call{Action: "s3:DeleteBucketPolicy", Resource: arn, When: aws.Undoes, Request: "when nothing else is in it"},
	)
}

// lookups are the calls that find out which keys a scope means.
func (d *Driver) lookups(s *scope) []aws.Call {
	calls := []aws.Call{{Action: "s3:ListBucket", Resource: d.arn(s.Bucket), When: aws.Reads}}
	for _, p := range s.Patterns {
		calls = append(calls, aws.Call{Action: "s3:GetObject", Resource: d.arn(s.Bucket, p), When: aws.Reads})
	}
	return calls
}

func (c *deny) reads() bool { return len(c.Actions) == 1 && c.Actions[0] == reads[0] }

func (c *deny) whoText() string {
	switch {
	case c.reads() && c.d.Config.Distribution != "":
		return c.distribution()
	case c.reads():
		return everybody
	case c.d.Config.Writer != "":
		return c.d.Config.Writer
	case c.d.Config.Channel != "":
		return "the role of channel " + c.d.Config.Channel
	}
	return everybody
}

const everybody = "*"

func (c *deny) distribution() string {
	return fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", c.d.partition(), c.d.Config.Account, c.d.Config.Distribution)
}

// shown is the statement for people: what is not known yet is said in words.
func (c *deny) shown() string {
	if len(c.Statement) > 0 {
		return string(c.Statement)
	}
	until := "EXPIRY"
	if !c.Until.IsZero() {
		until = c.Until.Format(time.RFC3339)
	}
	who := `"ArnEquals":{"aws:PrincipalArn":"` + c.whoText() + `"}`
	principal := `"*"`
	switch text := c.whoText(); {
	case text == everybody:
		who = ""
	case c.reads():
		principal = `{"Service":"cloudfront.amazonaws.com"}`
		who = `"StringEquals":{"AWS:SourceArn":"` + text + `"}`
	}
	if who != "" {
		who += ","
	}
	return fmt.Sprintf("{\"Sid\":%q,\"Effect\":\"Deny\",\"Principal\":%s,\"Action\":[\"%s\"],\n \"Resource\":[%s],\n \"Condition\":{%s\"DateLessThan\":{\"aws:CurrentTime\":%q}}}",
		c.Sid, principal, strings.Join(c.Actions, `","`), &c.Scope, who, until)
}

func (c *deny) Read(ctx context.Context) error {
	var err error
	c.At = c.d.Now().UTC()
	var doc *policy.Document
	if c.text, doc, _, err = c.store().Look(ctx); err != nil {
		return err
	}
	was := doc.Print()
	c.Was = &was
	if c.reads() && c.d.Config.Distribution != "" && c.d.Reader != nil {
		if err := c.d.Reader(ctx, c.Bucket); err != nil {
			return err
		}
	}
	patterns, err := c.d.patterns(ctx, &c.Scope)
	if err != nil {
		return err
	}
	if c.Statement, err = c.statement(ctx, patterns); err != nil {
		return err
	}
	if n := len(doc.With(c.Sid, c.Statement).String()); n > maxPolicy {
		return fmt.Errorf("the policy of bucket %s would become too long with %d keys in a statement (got %d bytes; want at most %d: fewer renditions or pipelines)", c.Bucket, len(patterns), n, maxPolicy)
	}
	return nil
}

// maxPolicy is how long S3 lets a bucket's policy be, in bytes.
const maxPolicy = 20 << 10

// statement denies only whom the fault is about: a bucket whose owner cannot
// read it is another fault than was asked for.
func (c *deny) statement(ctx context.Context, patterns []string) (json.RawMessage, error) {
	resources := make([]string, len(patterns))
	for i, p := range patterns {
		resources[i] = c.d.arn(c.Bucket, p)
	}
	denial := policy.Denial{Sid: c.Sid, Actions: c.Actions, Resources: resources, Until: c.Until}
	if c.reads() {
		if c.d.Config.Distribution != "" {
			denial.Principal = map[string]string{"Service": "cloudfront.amazonaws.com"}
			denial.Condition = map[string]map[string]any{"StringEquals": {"AWS:SourceArn": c.distribution()}}
		}
	} else if role, err := c.d.role(ctx); err != nil {
		return nil, err
	} else if role != "" {
		denial.Condition = map[string]map[string]any{"ArnEquals": {"aws:PrincipalArn": role}}
	}
	return denial.JSON()
}

// role is that of the writer, "" when it is not known.
func (d *Driver) role(ctx context.Context) (string, error) {
	if d.Config.Writer != "" || d.writer == nil {
		return d.Config.Writer, nil
	}
	return d.writer(ctx)
}

// store is the policy of the bucket.
func (c *deny) store() *policy.Store {
	return &policy.Store{What: "bucket " + c.Bucket, Now: c.d.Now, Seen: &c.d.seen, Read: c.policy, Write: c.put}
}

// policy reads the policy of the bucket; "" = it has none.
func (c *deny) policy(ctx context.Context) (string, error) {
	out, err := c.d.api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &c.Bucket, ExpectedBucketOwner: &c.Owner})
	if aws.Code(err) == "NoSuchBucketPolicy" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return sdk.ToString(out.Policy), nil
}

func (c *deny) Make(ctx context.Context) error {
	return c.store().Add(ctx, c.text, c.Sid, c.Statement)
}

func (c *deny) Undo(ctx context.Context) error {
	return c.store().Remove(ctx, c.text, c.Sid, c.At)
}

func (c *deny) put(ctx context.Context, text string) error {
	if text == "" {
		_, err := c.d.api.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &c.Bucket, ExpectedBucketOwner: &c.Owner})
		return err
	}
	_, err := c.d.api.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &c.Bucket, Policy: &text, ExpectedBucketOwner: &c.Owner})
	return err
}

func (c *deny) Bites(ctx context.Context) (bool, string) {
	return c.store().Holds(ctx, c.Sid, c.Until)
}

// Review reports whether others have changed the policy since it was read.
func (c *deny) Review(ctx context.Context) []string {
	return c.store().Review(ctx, c.Was)
}

func (c *deny) Healthy(ctx context.Context) (bool, string) {
	return c.store().Gone(ctx, c.Sid)
}
