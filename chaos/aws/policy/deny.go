package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"hlsload/chaos/aws"
)

// Denial is a statement that denies something until a time.
type Denial struct {
	Principal any // nil = anyone
	Resources []string
	Condition map[string]map[string]any // at most one
}

// Deny is embedded in a change that puts a [Denial] into a policy.
type Deny struct {
	Of   func() *Store `json:"-"` // the policy
	text string        // word for word; "" = there was none, or it is not known

	Sid     string    `json:"sid"`
	Actions []string  `json:"actions"`
	Until   time.Time `json:"until"` // when it ends by itself
	At      time.Time `json:"at"`    // when the policy was read
	// Was is that policy, as far as it must be known again.
	Was *Print `json:"was,omitempty"`

	Statement json.RawMessage `json:"statement,omitempty"`
}

// Describe describes the change of a target.
func (c *Deny) Describe(target string) aws.About {
	return aws.About{Op: "deny", Target: target, Owner: c.Sid, End: aws.EndsAt(c.Until)}
}

// Note reads the policy and notes the statement. The policy may have at most so
// many bytes with it.
func (c *Deny) Note(ctx context.Context, d *Denial, most int) error {
	c.At = c.Of().Now().UTC()
	text, doc, _, err := c.Of().Look(ctx)
	if err != nil {
		return err
	}
	was := doc.Print()
	c.text, c.Was = text, &was
	principal := d.Principal
	if principal == nil {
		principal = "*"
	}
	condition := map[string]map[string]any{"DateLessThan": {"aws:CurrentTime": c.Until.UTC().Format(time.RFC3339)}}
	maps.Copy(condition, d.Condition)
	c.Statement, err = json.Marshal(struct {
		Sid       string
		Effect    string
		Principal any
		Action    []string
		Resource  []string
		Condition map[string]map[string]any
	}{c.Sid, "Deny", principal, c.Actions, d.Resources, condition})
	if err != nil {
		return err
	}
	if n := len(doc.With(c.Sid, c.Statement).String()); n > most {
		return fmt.Errorf("the policy of %s would become too long with a statement about %d resources (got %d characters; want at most %d: fewer renditions or pipelines)", c.Of().What, len(d.Resources), n, most)
	}
	return nil
}

// Shown is the statement for people: what is not known yet is said in words, and
// resources says what it is about.
func (c *Deny) Shown(d *Denial, resources string) string {
	if len(c.Statement) > 0 {
		return string(c.Statement)
	}
	until, principal, condition := "EXPIRY", []byte(`"*"`), ""
	if !c.Until.IsZero() {
		until = c.Until.Format(time.RFC3339)
	}
	if d.Principal != nil {
		principal, _ = json.Marshal(d.Principal) // texts
	}
	for op, keys := range d.Condition {
		text, _ := json.Marshal(keys)
		condition += fmt.Sprintf("%q:%s,", op, text)
	}
	return fmt.Sprintf("{\"Sid\":%q,\"Effect\":\"Deny\",\"Principal\":%s,\"Action\":[\"%s\"],\n \"Resource\":[%s],\n \"Condition\":{%s\"DateLessThan\":{\"aws:CurrentTime\":%q}}}",
		c.Sid, principal, strings.Join(c.Actions, `","`), resources, condition, until)
}

// Make implements [aws.Change], as do the methods below; Review is [aws.Reviewer]'s.
func (c *Deny) Make(ctx context.Context) error { return c.Of().Add(ctx, c.text, c.Sid, c.Statement) }
func (c *Deny) Undo(ctx context.Context) error { return c.Of().Remove(ctx, c.text, c.Sid, c.At) }

func (c *Deny) Bites(ctx context.Context) (bool, string)   { return c.Of().Holds(ctx, c.Sid, c.Until) }
func (c *Deny) Healthy(ctx context.Context) (bool, string) { return c.Of().Gone(ctx, c.Sid) }
func (c *Deny) Review(ctx context.Context) []string        { return c.Of().Review(ctx, c.Was) }
