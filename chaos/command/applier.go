package command

import (
	"context"
	"fmt"
	"os"
	"strings"

	"hlsload/chaos"
)

// Observe looks at the target from outside and reports whether it shows what it
// should, with what was seen: for instance, whether the playlists of the faulty
// pipeline stopped or its answers changed.
type Observe func(ctx context.Context, f *chaos.Fault) (ok bool, detail string)

// Applier runs the programs of faults via command. It is a [chaos.Applier].
type Applier struct {
	// Bites and Healthy look at the target; nil trusts the programs: exit
	// status 0 is enough.
	Bites, Healthy Observe
}

// Apply runs the start program.
func (a *Applier) Apply(ctx context.Context, f *chaos.Fault) error {
	return named("start", run(ctx, f.StartCommand, ""))
}

// Undo runs the stop program.
func (a *Applier) Undo(ctx context.Context, f *chaos.Fault) error {
	return named("stop", run(ctx, f.StopCommand, ""))
}

func named(which string, err error) error {
	if err != nil {
		return fmt.Errorf("%s program: %w", which, err)
	}
	return nil
}

// Look asks the target, unless only the programs are trusted.
func (a *Applier) Look(ctx context.Context, f *chaos.Fault) (bool, string) {
	if a.Bites == nil {
		return true, "start program ended with status 0; the target was not checked"
	}
	return a.Bites(ctx, f)
}

// LookUndone asks the target, unless only the programs are trusted.
func (a *Applier) LookUndone(ctx context.Context, f *chaos.Fault) (bool, string) {
	if a.Healthy == nil {
		return true, "stop program ended with status 0; the target was not checked"
	}
	return a.Healthy(ctx, f)
}

// Stop runs the stop program of a fault that an interrupted run left behind,
// as its journal has it: ${NAME} stands for what lookup knows, such as
// [os.LookupEnv].
func Stop(ctx context.Context, args []string, dir string, lookup func(string) (string, bool)) error {
	expanded := make([]string, len(args))
	for i, arg := range args {
		text, err := expand(arg, lookup)
		if err != nil {
			return named("stop", err)
		}
		expanded[i] = text
	}
	if dir != "" {
		if _, err := os.Stat(dir); err != nil {
			return named("stop", err)
		}
	}
	return named("stop", run(ctx, expanded, dir))
}

// expand replaces each ${NAME}.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString("${" + rest)
			return out.String(), nil
		}
		value, set := lookup(name)
		if !set {
			return "", fmt.Errorf("variable is not set (got ${%s}; want it set as it was for the run)", name)
		}
		out.WriteString(value)
		text = after
	}
}
