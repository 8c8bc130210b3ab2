package reports

import (
	"cmp"
	"fmt"
	"strings"

	"hlsload/reports/figure"
)

// Command is the command that does the same again.
func (s *Summary) Command() string {
	args := []string{"hlsload", s.Mode, Quoted(cmp.Or(s.Scenario.File, s.Scenario.Name))}
	for _, o := range s.Scenario.Overrides {
		if o.Flag == "" {
			args = append(args, "--set", Quoted(o.Path+"="+o.Value))
		} else {
			args = append(args, "--"+o.Flag, Quoted(o.Value))
		}
	}
	command := strings.Join(append(args, "--seed", fmt.Sprint(s.Seed)), " ")
	var notes []string
	if strings.Contains(command, "***") {
		notes = append(notes, "with the secrets in place of ***")
	}
	if n := len(s.Agents); n > 0 {
		notes = append(notes, fmt.Sprintf("over %s, as before: --processes or --agents", figure.Plural(n, "agent")))
	}
	if len(notes) > 0 {
		command += " # " + strings.Join(notes, "; ")
	}
	return command
}

// Quoted is an argument as a shell takes it.
func Quoted(arg string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
