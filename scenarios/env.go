package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"hlsload/scenarios/redact"
)

// Text is a string of a scenario that may hold values of the environment.
// It is printed as it was written.
type Text struct {
	Raw   string // as written, as in "${TOKEN}"
	Value string // with the environment filled in; must not be printed
}

// String returns the text as written.
func (t Text) String() string { return t.Raw }

// GoString returns the text as written.
func (t Text) GoString() string { return fmt.Sprintf("%q", t.Raw) }

// MarshalText returns the text as written.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.Raw), nil }

// ExpandEnv replaces ${NAME} by its value; $${NAME} stands for a literal
// ${NAME}. Errors never hold a value.
func ExpandEnv(s string, getenv func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "${")
		if !found {
			b.WriteString(s)
			return b.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			s = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !validEnv(name) {
			return "", errors.New("bad reference to the environment (got " + clip(fmt.Sprintf("%q", "${"+name)) + "; want ${NAME} with letters, digits and _, or $${ for a literal ${)")
		}
		value, set := "", false
		if getenv != nil {
			value, set = getenv(name)
		}
		if !set {
			return "", fmt.Errorf("environment variable is not set (got ${%s}; want it exported, even if empty)", name)
		}
		b.WriteString(before + value)
		s = rest
	}
}

// envNames lists the names in a string that ExpandEnv accepts.
func envNames(s string) []string {
	var names []string
	_, _ = ExpandEnv(s, func(name string) (string, bool) {
		names = append(names, name)
		return "", true
	})
	return names
}

func validEnv(s string) bool {
	for i, r := range s {
		if !(r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || i > 0 && r >= '0' && r <= '9') {
			return false
		}
	}
	return s != ""
}

// Redact hides secrets in a text. Every environment value that the scenario
// uses in a URL, a header, a glob, a file name or a command becomes its ${NAME};
// other secrets in its URLs and headers are masked, and so is anything that
// looks secret (package redact). Text that may hold a secret must pass through
// here before it is printed or stored.
func (s *Scenario) Redact(text string) string { return s.secrets.Text(s.references.Known(text)) }

// Reference turns environment values into their ${NAME} and masks nothing, so
// that the text can be used again.
func (s *Scenario) Reference(text string) string { return s.references.Known(text) }

// Secrets are the values that [Scenario.Redact] hides; more may be added.
func (s *Scenario) Secrets() *redact.Secrets { return s.secrets }

// learn adds the secrets that the scenario holds.
func (s *Scenario) learn() {
	own := &redact.Secrets{}
	none := func(string) string { return "" }
	for i := range s.Target.urlTemplates {
		own.AddURL(s.Target.urlTemplates[i].Fill(none))
	}
	for i, h := range s.Target.Headers {
		if len(s.Target.headerTemplates[i].Value.Fields()) == 0 { // else its secret is in the fields
			own.AddHeader(h.Name, h.Value.Value)
		}
	}
	if c := s.Target.Sessions; c != nil {
		own.AddArgs(c.Command)
	}
	for i := range s.Chaos {
		for _, args := range [][]string{s.Chaos[i].StartCommand, s.Chaos[i].StopCommand} {
			own.AddArgs(args)
		}
	}
	s.own = own
	s.secrets.AddAll(s.references)
	s.secrets.AddAll(own)
}
