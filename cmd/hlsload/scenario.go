package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

// overrides are the flags that change a scenario.
type overrides struct {
	players, duration, seed, url string
	set                          []string

	cmd *cobra.Command
}

func (o *overrides) register(cmd *cobra.Command) {
	o.cmd = cmd
	f := cmd.Flags()
	f.StringVar(&o.players, "players", "", "number of players")
	f.StringVar(&o.duration, "duration", "", "length of the run, such as 2m")
	f.StringVar(&o.seed, "seed", "", "seed of everything that is random")
	f.StringVar(&o.url, "url", "", "watch this multivariant playlist instead of the embedded channel")
	f.StringArrayVar(&o.set, "set", nil, "path=value: change any value, list items by name (chaos.kill-0.at=20s); repeatable")
}

// list returns the overrides in order: --set first, so that the flags of their
// own win over it.
func (o *overrides) list() ([]scenarios.Override, error) {
	var out []scenarios.Override
	for _, s := range o.set {
		v, err := scenarios.Set(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	for _, f := range []struct{ name, value string }{{"players", o.players}, {"duration", o.duration}, {"seed", o.seed}, {"url", o.url}} {
		if f.value == "" {
			continue
		}
		v, err := scenarios.Flag(f.name, f.value)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// load reads and checks a scenario by name or file.
func load(nameOrFile string, o *overrides) (*scenarios.Scenario, error) {
	src, err := scenarios.Open(nameOrFile)
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	changes, err := o.list()
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	src.Overrides = append(scenarios.FromEnv(src.Getenv), changes...)
	secretsOf(o.cmd.Context()).Keep(src.File)
	sc, err := scenarios.Load(src)
	if err != nil {
		return nil, invalid(err)
	}
	sc.Secrets().AddEnv(os.Environ())
	sc.Secrets().Keep(src.File)
	if s := secretsOf(o.cmd.Context()); s != nil {
		s.AddAll(sc.Secrets())
	}
	return sc, nil
}

// invalid lists the problems of a scenario, a line each.
func invalid(err error) error { return invalidFile("the scenario is invalid", err) }

func invalidFile(title string, err error) error {
	var ps scenarios.Problems
	if !errors.As(err, &ps) {
		return &exitError{exitInvalid, err.Error(), err}
	}
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.Error())
	}
	return &exitError{exitInvalid, title + "\n" + strings.Join(lines, "\n"), ps}
}

// shipped completes the names of the scenarios that ship.
func shipped(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Names(), cobra.ShellCompDirectiveDefault
}
