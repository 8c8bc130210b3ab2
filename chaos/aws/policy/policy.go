// Package policy changes resource policies of AWS, statement by statement: the
// documents that buckets, channels and endpoints carry. A document is shared by
// all that put something into it; what is not ours stays as it is written.
//
// Start with [Store]. It knows no service; the drivers give it the calls that
// read and write.
package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Document is a policy that is changed by statements. Everything else in it is
// kept as it is written.
type Document struct {
	fields     []field // but Statement, in their order
	Statements []Statement
}

type field struct {
	name string
	raw  json.RawMessage
}

// Statement is one statement.
type Statement struct {
	Sid string
	raw json.RawMessage
}

// Until is when a statement of ours ends by itself; zero = never.
func (s *Statement) Until() time.Time {
	var v struct {
		Condition map[string]map[string]string
	}
	_ = json.Unmarshal(s.raw, &v) // other people's statements have other forms
	t, _ := time.Parse(time.RFC3339, v.Condition["DateLessThan"]["aws:CurrentTime"])
	return t
}

// policyVersion is that of the policy language.
const policyVersion = "2012-10-17"

// Parse reads a policy; "" is none.
func Parse(text string) (*Document, error) {
	doc := &Document{}
	if text == "" {
		doc.fields = []field{{"Version", json.RawMessage(`"` + policyVersion + `"`)}}
		return doc, nil
	}
	fail := func(err error) (*Document, error) {
		return nil, fmt.Errorf("not a policy that can be changed safely: %w", err)
	}
	in := json.NewDecoder(bytes.NewReader([]byte(text)))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return fail(fmt.Errorf("no JSON object (%v)", err))
	}
	var list json.RawMessage
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return fail(err)
		}
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			return fail(err)
		}
		if key == "Statement" {
			list = raw
			continue
		}
		doc.fields = append(doc.fields, field{key.(string), raw})
	}
	if _, err := in.Token(); err != nil {
		return fail(err)
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(list, &raws); err != nil { // one statement need not be a list
		raws = []json.RawMessage{list}
	}
	for _, raw := range raws {
		var s struct{ Sid string }
		if err := json.Unmarshal(raw, &s); err != nil {
			return fail(fmt.Errorf("statement: %w", err))
		}
		doc.Statements = append(doc.Statements, Statement{s.Sid, raw})
	}
	return doc, nil
}

// With sets the statement of that Sid.
func (d *Document) With(sid string, raw json.RawMessage) *Document {
	out := d.Without(sid)
	out.Statements = append(out.Statements, Statement{sid, raw})
	return out
}

// Without leaves out the statement of that Sid.
func (d *Document) Without(sid string) *Document {
	out := &Document{fields: d.fields}
	for _, s := range d.Statements {
		if s.Sid != sid {
			out.Statements = append(out.Statements, s)
		}
	}
	return out
}

// Has reports whether there is a statement of that Sid.
func (d *Document) Has(sid string) bool {
	for _, s := range d.Statements {
		if s.Sid == sid {
			return true
		}
	}
	return false
}

// String is the policy as text; "" = there are no statements, and no policy.
func (d *Document) String() string {
	if len(d.Statements) == 0 {
		return ""
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, f := range d.fields {
		name, _ := json.Marshal(f.name)
		fmt.Fprintf(&b, "%s:%s,", name, f.raw)
	}
	b.WriteString(`"Statement":[`)
	for i, s := range d.Statements {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(s.raw)
	}
	b.WriteString("]}")
	var small bytes.Buffer
	if json.Compact(&small, b.Bytes()) == nil {
		return small.String()
	}
	return b.String()
}

// same reports whether two policies say the same.
func same(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	norm := func(text string) any {
		var v map[string]any
		if json.Unmarshal([]byte(text), &v) != nil {
			return text
		}
		if list, ok := v["Statement"].([]any); ok && len(list) == 1 {
			v["Statement"] = list[0]
		}
		return v
	}
	return reflect.DeepEqual(norm(a), norm(b))
}
