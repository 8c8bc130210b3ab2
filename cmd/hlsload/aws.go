package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

// consent is how a user says that a run may change what is on AWS.
type consent struct {
	confirm string
	yes     bool
}

func (c *consent) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.confirm, "confirm", "", "`hash` that hlsload plan printed: this run may do on AWS what that plan said")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "this run may do on AWS whatever the scenario says")
}

// check refuses a run that nobody has agreed to.
func (c *consent) check(sc *scenarios.Scenario, nameOrFile string) error {
	plan, err := awsPlan(sc)
	if err != nil || plan == nil {
		return err
	}
	refuse := func(format string, args ...any) error {
		msg := fmt.Sprintf(format, args...) + fmt.Sprintf("\nread what it would do, and how it would be undone:  hlsload plan %s\nthen run it with the hash that the plan ends with:  --confirm HASH  (or with --yes)", nameOrFile)
		return &exitError{exitUsage, msg, nil}
	}
	switch {
	case c.yes || c.confirm == plan.Hash:
		return nil
	case c.confirm != "":
		return refuse("this is not the plan that was confirmed (got --confirm %.20s; the plan has changed since)", c.confirm)
	}
	return refuse("this run would change account %s on AWS (got no --confirm)", sc.Redact(sc.AWS.Account))
}

// awsPlan is what a scenario would do on AWS; nil = nothing.
func awsPlan(sc *scenarios.Scenario) (*aws.Plan, error) {
	var faults []chaos.Fault
	for _, f := range sc.Faults() {
		if f.Via == chaos.ViaAWS {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return nil, nil
	}
	drivers, always, err := cloud.Drivers(sc.AWS)
	if err != nil {
		return nil, &exitError{exitUsage, err.Error(), err}
	}
	p := aws.NewPlan(sc.AWS, faults, drivers, always)
	p.Cover(sc.Plan()) // players, target, stop conditions and the rest of the timeline
	return &p, nil
}

// printPlan adds to a plan what it would do on AWS.
func printPlan(w io.Writer, sc *scenarios.Scenario) error {
	p, err := awsPlan(sc)
	if err != nil || p == nil {
		return err
	}
	text := "\non AWS\n" + indent(p.Text) + "\nneeds at most this IAM policy\n" + indent(p.Policy)
	if p.Role != "" {
		text += "\nthe role of the watchdogs, " + sc.AWS.Watchdog + ", needs this IAM policy, and must trust scheduler.amazonaws.com" +
			" (with aws:SourceAccount " + sc.AWS.Account + ")\n" + indent(p.Role)
	}
	for _, r := range p.Remarks {
		text += "\n  - " + r
	}
	_, err = fmt.Fprintf(w, "%s\n\nrun it with --confirm %s\n", sc.Reference(text), p.Hash)
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
