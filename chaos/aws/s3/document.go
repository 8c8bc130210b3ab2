package s3

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// document is a bucket policy that is changed by statements. Everything else
// in it is kept as it is written.
type document struct {
	fields     []field // but Statement, in their order
	statements []stated
}

type field struct {
	name string
	raw  json.RawMessage
}

// stated is one statement.
type stated struct {
	sid string
	raw json.RawMessage
}

// until is when a statement of ours ends by itself; zero = never.
func (s *stated) until() time.Time {
	var v struct {
		Condition map[string]map[string]string
	}
	_ = json.Unmarshal(s.raw, &v) // other people's statements have other forms
	t, _ := time.Parse(time.RFC3339, v.Condition["DateLessThan"]["aws:CurrentTime"])
	return t
}

// policyVersion is that of the policy language.
const policyVersion = "2012-10-17"

// parseDocument reads a policy; "" is none.
func parseDocument(text string) (*document, error) {
	doc := &document{}
	if text == "" {
		doc.fields = []field{{"Version", json.RawMessage(`"` + policyVersion + `"`)}}
		return doc, nil
	}
	fail := func(err error) (*document, error) {
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
		doc.statements = append(doc.statements, stated{s.Sid, raw})
	}
	return doc, nil
}

// with sets the statement of that Sid.
func (d *document) with(sid string, raw json.RawMessage) *document {
	out := d.without(sid)
	out.statements = append(out.statements, stated{sid, raw})
	return out
}

// without leaves out the statement of that Sid.
func (d *document) without(sid string) *document {
	out := &document{fields: d.fields}
	for _, s := range d.statements {
		if s.sid != sid {
			out.statements = append(out.statements, s)
		}
	}
	return out
}

func (d *document) has(sid string) bool {
	for _, s := range d.statements {
		if s.sid == sid {
			return true
		}
	}
	return false
}

// String is the policy as text; "" = there are no statements, and no policy.
func (d *document) String() string {
	if len(d.statements) == 0 {
		return ""
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, f := range d.fields {
		name, _ := json.Marshal(f.name)
		fmt.Fprintf(&b, "%s:%s,", name, f.raw)
	}
	b.WriteString(`"Statement":[`)
	for i, s := range d.statements {
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

// same tells whether two policies say the same.
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
