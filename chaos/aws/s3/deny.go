package s3

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos/aws"
	"hlsload/chaos/aws/policy"
)

// deny keeps a caller from doing something to objects of the bucket, by a
// statement of its policy that ends by itself.
type deny struct {
	policy.Deny
	d *Driver

	Bucket string `json:"bucket"`
	Owner  string `json:"owner"` // account
	Scope  scope  `json:"scope"`
}

func (d *Driver) newDeny(s scope) *deny {
	c := &deny{d: d, Bucket: s.Bucket, Owner: s.Owner, Scope: s}
	c.Of = c.store
	return c
}

func (d *Driver) deny(o *aws.Order, s scope, actions []string) *deny {
	c := d.newDeny(s)
	c.Sid, c.Actions, c.Until = o.Mark(""), actions, o.Expires
	return c
}

// About implements [aws.Change], as do the methods below.
func (c *deny) About() aws.About { return c.Describe(c.target()) }

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

func (c *deny) distribution() string {
	return fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", c.d.partition(), c.d.Config.Account, c.d.Config.Distribution)
}

// shown is the statement for people.
func (c *deny) shown() string {
	role := c.d.Config.Writer
	if role == "" && c.d.Config.Channel != "" {
		role = "the role of channel " + c.d.Config.Channel
	}
	return c.Shown(c.denial(role, nil), c.Scope.String())
}

func (c *deny) Read(ctx context.Context) error {
	role := ""
	var err error
	if !c.reads() {
		role, err = c.d.Writer(ctx)
	} else if c.d.Config.Distribution != "" && c.d.Reader != nil {
		err = c.d.Reader(ctx, c.Bucket)
	}
	if err != nil {
		return err
	}
	patterns, err := c.d.patterns(ctx, &c.Scope)
	if err != nil {
		return err
	}
	return c.Note(ctx, c.denial(role, patterns), maxPolicy)
}

// maxPolicy is how long S3 lets a bucket's policy be, in bytes.
const maxPolicy = 20 << 10

// denial denies only the role or the distribution that the fault is about: a
// bucket that its owner cannot read is another fault than was asked for.
func (c *deny) denial(role string, patterns []string) *policy.Denial {
	denial := &policy.Denial{Resources: make([]string, len(patterns))}
	for i, p := range patterns {
		denial.Resources[i] = c.d.arn(c.Bucket, p)
	}
	switch {
	case c.reads() && c.d.Config.Distribution != "":
		denial.Principal = map[string]string{"Service": "cloudfront.amazonaws.com"}
		denial.Condition = map[string]map[string]any{"StringEquals": {"AWS:SourceArn": c.distribution()}}
	case role != "" && !c.reads():
		denial.Condition = map[string]map[string]any{"ArnEquals": {"aws:PrincipalArn": role}}
	}
	return denial
}

// store is the policy of the bucket.
func (c *deny) store() *policy.Store {
	return &policy.Store{What: "bucket " + c.Bucket, Now: c.d.Now, Seen: &c.d.seen, Read: c.policy, Write: c.put}
}

// policy reads the policy of the bucket; "" = it has none.
func (c *deny) policy(ctx context.Context) (string, error) {
	out, err := c.d.API.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &c.Bucket, ExpectedBucketOwner: &c.Owner})
	if aws.Code(err) == "NoSuchBucketPolicy" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return sdk.ToString(out.Policy), nil
}

func (c *deny) put(ctx context.Context, text string) error {
	if text == "" {
		_, err := c.d.API.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &c.Bucket, ExpectedBucketOwner: &c.Owner})
		return err
	}
	_, err := c.d.API.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &c.Bucket, Policy: &text, ExpectedBucketOwner: &c.Owner})
	return err
}
