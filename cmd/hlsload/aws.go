package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/run"
	"hlsload/run/cloud"
	"hlsload/scenarios"
)

// consent are the flags that allow a run to change resources on AWS.
type consent struct {
	confirm string
	yes     bool
}

func (c *consent) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.confirm, "confirm", "", "do on AWS what the plan with this `HASH` says (hlsload plan ends with it)")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "this run may do on AWS whatever the scenario says")
}

// check refuses a run on AWS without consent.
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
	return refuse("this run would change AWS account %s (got no --confirm)", sc.Redact(sc.AWS.Account))
}

// awsPlan is what a scenario would change on AWS; nil = nothing.
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
	if err := needsFull("fault " + faults[0].Name + " via aws"); err != nil {
		return nil, err
	}
	drivers, always, err := cloud.Drivers(sc.AWS)
	if err != nil {
		return nil, internal(err)
	}
	p := aws.NewPlan(sc.AWS, faults, drivers, always)
	p.Cover(sc.Plan()) // players, target, stop conditions and the rest of the timeline
	return &p, nil
}

// runsHere refuses a scenario that only the full build can run.
func runsHere(sc *scenarios.Scenario) error {
	if cloud.Full {
		return nil
	}
	if _, err := awsPlan(sc); err != nil {
		return err
	}
	for name := range run.NeededAlarms(sc) {
		return needsFull("alarm " + name)
	}
	return nil
}

// needsFull refuses what the core build cannot do.
func needsFull(what string) error {
	if cloud.Full {
		return nil
	}
	return inCore(what, "AWS")
}

// inCore is the error of the core build, which lacks a part of the full one.
func inCore(what, lacks string) error {
	return &exitError{exitInvalid, fmt.Sprintf("%s needs the full build (got the core build, without %s; want make build, the container image or a release)", what, lacks), nil}
}

// printPlan prints what a scenario would change on AWS; p is nil when it changes nothing.
func printPlan(w io.Writer, sc *scenarios.Scenario, p *aws.Plan) error {
	if p == nil {
		return nil
	}
	text := "\non AWS\n" + indent(p.Text) + "\nneeds at most this IAM policy\n" + indent(p.Policy)
	if p.Role != "" {
		text += "\nthe role of the watchdogs, " + sc.AWS.Watchdog + ", needs this IAM policy, and must trust scheduler.amazonaws.com" +
			" (with aws:SourceAccount " + sc.AWS.Account + ")\n" + indent(p.Role)
	}
	for _, r := range p.Remarks {
		text += "\n  - " + r
	}
	_, err := fmt.Fprintf(w, "%s\n\nrun it with --confirm %s\n", sc.Reference(text), p.Hash)
	return err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
