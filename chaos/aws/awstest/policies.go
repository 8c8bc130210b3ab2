package awstest

import (
	"fmt"
	"time"
)

// policied is a resource with a policy.
type policied struct {
	a        *Account
	only     string // ARN: the only resource that the policy may name; "" = any
	policies history[put]
}

// put is a policy that was put; nil text = it was deleted.
type put struct {
	text       []byte
	statements []statement
}

// SetPolicy puts a policy as another program would; "" deletes it.
func (p *policied) SetPolicy(text string) {
	p.a.Do(func() {
		if err := p.setPolicy([]byte(text), p.a.Now()); err != nil {
			panic(err)
		}
	})
}

func (p *policied) setPolicy(text []byte, now time.Time) error {
	var n put
	if len(text) > 0 {
		statements, err := parsePolicy(text)
		if err != nil {
			return err
		}
		for _, s := range statements {
			for _, r := range s.Resource {
				if p.only != "" && r != p.only {
					return fmt.Errorf("statement %q is about another resource, or has a wildcard: %s", s.Sid, r)
				}
			}
		}
		n.text, n.statements = text, statements
	}
	p.policies.set(n, now.Add(p.a.Delay), now.Add(p.a.Lag))
	return nil
}

// Policy is the policy as it was put last; "" = none.
func (p *policied) Policy() string { return string(p.policies.last().text) }

// policyAt is the policy as it can be read at an instant.
func (p *policied) policyAt(now time.Time) string {
	n, _ := p.policies.shown(now)
	return string(n.text)
}

// effects reports which effects the statements about a request have at an
// instant.
func (p *policied) effects(action, resource string, who principal, now time.Time) (allow, deny bool) {
	for _, s := range p.policies.acting(now).statements {
		if s.applies(action, resource, who, now) {
			allow, deny = allow || s.Effect == "Allow", deny || s.Effect == "Deny"
		}
	}
	return allow, deny
}
