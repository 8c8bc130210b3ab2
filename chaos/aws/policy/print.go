package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"hlsload/chaos/aws"
)

// Print tells one policy from another without saying what is in it: policies
// carry secrets, such as a header that only the CDN knows. Statements of runs
// are left out.
type Print struct {
	Rest       string  `json:"rest"` // of everything but the statements
	Statements []Trace `json:"statements,omitempty"`
}

// Trace tells one statement from another.
type Trace struct {
	Sid  string `json:"sid,omitempty"`
	Hash string `json:"hash"`
}

// Print is that of the document.
func (d *Document) Print() Print {
	rest := map[string]any{}
	for _, f := range d.fields {
		var v any
		_ = json.Unmarshal(f.raw, &v) // Parse has read it
		rest[f.name] = v
	}
	p := Print{Rest: hash(rest)}
	if len(d.Statements) == 0 {
		p.Rest = "" // no policy, whatever a new one would begin with
	}
	foreign := 0
	for _, s := range d.Statements {
		if _, ours := aws.Ours(s.Sid); ours {
			continue
		}
		foreign++
		var v any
		_ = json.Unmarshal(s.raw, &v)
		p.Statements = append(p.Statements, Trace{s.Sid, hash(v)})
	}
	if foreign == 0 {
		p.Rest = ""
	}
	return p
}

// hash is the same for what says the same, however it is written.
func hash(v any) string {
	text, _ := json.Marshal(v) // came from JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (p *Print) same(o *Print) bool {
	return p.Rest == o.Rest && slices.Equal(p.Statements, o.Statements)
}

// Differences are, for people, what has become another policy since.
func (p *Print) Differences(now *Print) []string {
	var all []string
	if p.Rest != now.Rest && p.Rest != "" && now.Rest != "" {
		all = append(all, "its Version or Id is another one")
	}
	say := func(t Trace, what string) {
		name := "a statement without a Sid"
		if t.Sid != "" {
			name = fmt.Sprintf("statement %q", t.Sid)
		}
		all = append(all, name+" "+what)
	}
	for _, t := range p.Statements {
		if slices.Contains(now.Statements, t) {
			continue
		}
		what := "is gone"
		if t.Sid != "" && slices.ContainsFunc(now.Statements, func(o Trace) bool { return o.Sid == t.Sid }) {
			what = "says something else"
		}
		say(t, what)
	}
	for _, t := range now.Statements {
		known := slices.Contains(p.Statements, t) || t.Sid != "" && slices.ContainsFunc(p.Statements, func(o Trace) bool { return o.Sid == t.Sid })
		if !known {
			say(t, "is new")
		}
	}
	return all
}
