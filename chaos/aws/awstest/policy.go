package awstest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"
)

// principal is the caller of a request: a role, or a service for a resource.
type principal struct {
	arn     string
	ip      string // address that is asked from
	service string // "" = none
	source  string // ARN for which a service asks
}

// statement is one of a bucket policy. What is not known here is refused when
// the policy is put.
type statement struct {
	Sid       string
	Effect    string
	Principal any
	Action    many[string]
	Resource  many[string]
	Condition map[string]map[string]many[string]
}

// many is one value or a list of them.
type many[T any] []T

// UnmarshalJSON implements [json.Unmarshaler].
func (m *many[T]) UnmarshalJSON(data []byte) error {
	var one T
	if json.Unmarshal(data, &one) == nil {
		*m = many[T]{one}
		return nil
	}
	return json.Unmarshal(data, (*[]T)(m))
}

// parsePolicy checks a policy as S3 does.
func parsePolicy(text []byte) ([]statement, error) {
	var doc struct {
		Version   string
		ID        string `json:"Id"`
		Statement many[statement]
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if len(doc.Statement) == 0 {
		return nil, fmt.Errorf("missing required field Statement")
	}
	if len(text) > 20<<10 {
		return nil, fmt.Errorf("policy exceeds the maximum allowed document size")
	}
	sids := map[string]bool{}
	for _, s := range doc.Statement {
		if s.Sid != "" && sids[s.Sid] {
			return nil, fmt.Errorf("duplicate Sid %s", s.Sid)
		}
		sids[s.Sid] = true
		if s.Effect != "Allow" && s.Effect != "Deny" || s.Principal == nil || len(s.Action) == 0 || len(s.Resource) == 0 {
			return nil, fmt.Errorf("malformed statement %q", s.Sid)
		}
		for op := range s.Condition {
			if conditions[op] == nil {
				return nil, fmt.Errorf("invalid condition operator %s", op)
			}
		}
	}
	return doc.Statement, nil
}

// conditions are the operators that are known here.
var conditions = map[string]func(got, want string) bool{
	"DateLessThan":    func(got, want string) bool { return before(got, want) },
	"DateGreaterThan": func(got, want string) bool { return before(want, got) },
	"StringEquals":    func(got, want string) bool { return got != "" && got == want },
	"ArnEquals":       func(got, want string) bool { return got != "" && glob(want, got) },
	"ArnLike":         func(got, want string) bool { return got != "" && glob(want, got) },
	"IpAddress":       inBlock,
	"Bool":            func(got, want string) bool { return got == want },
}

// inBlock reports whether an address is in a block, or is the address.
func inBlock(got, want string) bool {
	ip, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	if p, err := netip.ParsePrefix(want); err == nil {
		return p.Contains(ip)
	}
	return got == want
}

func before(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && x.Before(y)
}

// glob matches as policies do: * and ? stand for anything, / included.
func glob(pattern, s string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x01"), strings.ReplaceAll(s, "/", "\x01"))
	return err == nil && ok
}

// applies reports whether the statement is about this request.
func (s *statement) applies(action, resource string, who principal, now time.Time) bool {
	return anyGlob(s.Action, action) && anyGlob(s.Resource, resource) && s.about(who) && s.holds(who, now)
}

func anyGlob(patterns many[string], s string) bool {
	for _, p := range patterns {
		if glob(p, s) {
			return true
		}
	}
	return false
}

func (s *statement) about(who principal) bool {
	match := func(v any, is string) bool {
		switch v := v.(type) {
		case string:
			return v == "*" || v == is
		case []any:
			for _, one := range v {
				if one == "*" || one == is {
					return true
				}
			}
		}
		return false
	}
	switch p := s.Principal.(type) {
	case string:
		return p == "*"
	case map[string]any:
		return who.service != "" && match(p["Service"], who.service) || who.arn != "" && match(p["AWS"], who.arn)
	}
	return false
}

func (s *statement) holds(who principal, now time.Time) bool {
	keys := map[string]string{
		"aws:currenttime":  now.UTC().Format(time.RFC3339),
		"aws:principalarn": who.arn,
		"aws:sourcearn":    who.source,
		"aws:sourceip":     who.ip,
	}
	for op, list := range s.Condition {
		for key, want := range list {
			ok := false
			for _, w := range want {
				ok = ok || conditions[op](keys[strings.ToLower(key)], w)
			}
			if !ok {
				return false
			}
		}
	}
	return true
}
