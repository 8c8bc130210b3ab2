package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// variable is how a redactor writes what came from the environment. Policies
// have variables of their own, such as ${aws:username}, which are none.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// conceal returns the call with every text redacted, and the names of the
// variables that stand there instead.
func (c Call) conceal(redact func(string) string) (Call, error) {
	var names []string
	out, err := c.rewrite(func(s string) string {
		was := variable.FindAllString(s, -1)
		s = redact(s)
		for _, m := range variable.FindAllStringSubmatch(s, -1) {
			if !slices.Contains(was, m[0]) && !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
		return s
	})
	out.Env = names
	return out, err
}

// Reveal returns the call with the variables filled in again that lookup knows,
// such as [os.LookupEnv].
func (c Call) Reveal(lookup func(string) (string, bool)) (Call, error) {
	values := map[string]string{}
	for _, name := range c.Env {
		value, set := lookup(name)
		if !set {
			return c, fmt.Errorf("variable is not set (got ${%s}; want it set as it was for the run)", name)
		}
		values[name] = value
	}
	if len(values) == 0 {
		return c, nil
	}
	out, err := c.rewrite(func(s string) string {
		return variable.ReplaceAllStringFunc(s, func(v string) string {
			if value, ok := values[v[2:len(v)-1]]; ok {
				return value
			}
			return v
		})
	})
	out.Answered = c.Answered
	return out, err
}

// same reports whether two calls say the same.
func (c *Call) same(o *Call) bool {
	norm := func(c Call) string {
		c.Env = nil
		c, err := c.rewrite(func(s string) string { return s })
		if err != nil {
			return err.Error()
		}
		text, _ := json.Marshal(c)
		return string(text)
	}
	return norm(*c) == norm(*o)
}

// rewrite maps every text of a call.
func (c Call) rewrite(f func(string) string) (Call, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return c, err
	}
	if data, err = json.Marshal(mapTexts(v, f)); err != nil {
		return c, err
	}
	var out Call
	err = json.Unmarshal(data, &out)
	return out, err
}

// mapTexts maps every text of a JSON value; names of fields stay.
func mapTexts(v any, f func(string) string) any {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		for i := range v {
			v[i] = mapTexts(v[i], f)
		}
	case map[string]any:
		for k := range v {
			v[k] = mapTexts(v[k], f)
		}
	}
	return v
}
