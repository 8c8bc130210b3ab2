package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/scenarios"
)

// overrides are the flags that change a scenario.
type overrides struct {
	players, duration, seed, url string
	set                          []string

	cmd    *cobra.Command
	source scenarios.Source // of the scenario that was loaded last, with all that changes it
}

func (o *overrides) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.players, "players", "", "number `N` of players, such as 500 or 20k")
	f.StringVar(&o.duration, "duration", "", "length `D` of the run, such as 2m")
	f.StringVar(&o.url, "url", "", "watch the multivariant playlist at this `URL` instead of the embedded channel")
	o.registerChannel(cmd)
}

// registerChannel adds the flags that also make sense without a run.
func (o *overrides) registerChannel(cmd *cobra.Command) {
	o.cmd = cmd
	f := cmd.Flags()
	f.StringVar(&o.seed, "seed", "", "seed `S` of everything that is random")
	f.StringArrayVar(&o.set, "set", nil, "`path=value` changes any value, list items by name (chaos.kill-0.at=20s); repeatable")
	completes(cmd, "set", scenarios.KeyPaths)
}

// completes offers values for a flag to the shell.
func completes(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(err) // the flag was registered just now
	}
}

// list returns the overrides in order: --set first, so that the other flags take
// precedence.
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

// scenarioCommand is a command on one scenario. It loads the scenario, with the flags that
// change it, before run is called.
func scenarioCommand(use, short string, run func(cmd *cobra.Command, sc *scenarios.Scenario, nameOrFile string) error) *cobra.Command {
	return sourceCommand(use, short, func(cmd *cobra.Command, sc *scenarios.Scenario, _ scenarios.Source, nameOrFile string) error {
		return run(cmd, sc, nameOrFile)
	})
}

// sourceCommand is a [scenarioCommand] that needs what the scenario was loaded from, too.
func sourceCommand(use, short string, run func(cmd *cobra.Command, sc *scenarios.Scenario, src scenarios.Source, nameOrFile string) error) *cobra.Command {
	var o overrides
	cmd := &cobra.Command{
		Use: use + " SCENARIO", Short: short, Args: takes("SCENARIO"), ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			return run(cmd, sc, o.source, args[0])
		},
	}
	o.register(cmd)
	return cmd
}

// awsCommand is a command on the section aws of a scenario.
func awsCommand(use, short string, run func(cmd *cobra.Command, sc *scenarios.Scenario, nameOrFile string) error) *cobra.Command {
	return scenarioCommand(use, short, func(cmd *cobra.Command, sc *scenarios.Scenario, nameOrFile string) error {
		if err := needsFull(use); err != nil {
			return err
		}
		if sc.AWS == nil {
			return &exitError{exitUsage, fmt.Sprintf("%s has no section aws (want aws: {account: …, region: …} and what to look at)", nameOrFile), nil}
		}
		return run(cmd, sc, nameOrFile)
	})
}

// load reads and checks a scenario by name or file.
func load(nameOrFile string, o *overrides) (*scenarios.Scenario, error) {
	src, err := open(nameOrFile, o)
	if err != nil {
		return nil, err
	}
	return loadSource(src, o)
}

// open reads a file, or a scenario that ships.
func open(nameOrFile string, o *overrides) (scenarios.Source, error) {
	src, err := scenarios.Open(nameOrFile)
	if err != nil {
		return src, forbidden(err)
	}
	if src.Note != "" {
		fmt.Fprintf(printable{o.cmd.ErrOrStderr()}, "hlsload: %s\n", src.Note)
	}
	return src, nil
}

// loadSource checks a scenario that was read, with what the environment and the
// flags change in it.
func loadSource(src scenarios.Source, o *overrides) (*scenarios.Scenario, error) {
	changes, err := o.check(src.File)
	if err != nil {
		return nil, err
	}
	src.Overrides = append(scenarios.FromEnv(src.Getenv), changes...)
	o.source = src
	sc, err := scenarios.Load(src)
	if err != nil {
		return nil, invalid(err)
	}
	o.hide(sc, src.File)
	return sc, nil
}

// loadEvent checks an event that was read, with what the flags change in it. Variables of
// the environment change scenarios only.
func loadEvent(src scenarios.Source, o *overrides) (*scenarios.Event, error) {
	changes, err := o.check(src.File)
	if err != nil {
		return nil, err
	}
	src.Overrides = changes
	e, err := scenarios.LoadEvent(src)
	if err != nil {
		return nil, invalidFile("the event is invalid", err)
	}
	o.hide(e.Scenario, src.File)
	return e, nil
}

// check returns what the flags change in a file, and refuses variables that mean nothing.
func (o *overrides) check(file string) ([]scenarios.Override, error) {
	if err := scenarios.CheckEnv(os.Environ()); err != nil {
		return nil, forbidden(err)
	}
	changes, err := o.list()
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	secretsOf(o.cmd.Context()).Keep(file)
	return changes, nil
}

// hide adds the secrets of a scenario to those that no output shows. The name of its file
// is none.
func (o *overrides) hide(sc *scenarios.Scenario, file string) {
	sc.Secrets().AddEnv(os.Environ())
	sc.Secrets().Keep(file)
	if s := secretsOf(o.cmd.Context()); s != nil {
		s.AddAll(sc.Secrets())
	}
}

// invalid is the error of a scenario, with one problem a line.
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

// shipped completes the names of the shipped scenarios.
func shipped(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Names(), cobra.ShellCompDirectiveDefault
}
