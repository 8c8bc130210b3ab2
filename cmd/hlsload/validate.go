package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hlsload/run"
	"hlsload/scenarios"
)

func validateCommand() *cobra.Command {
	var o overrides
	cmd := &cobra.Command{
		Use:               "validate SCENARIO…",
		Short:             "Check scenarios without starting anything",
		Args:              takes("SCENARIO…"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			var failed error
			for _, arg := range args {
				_, err := load(arg, &o)
				var problems scenarios.Problems
				switch {
				case err == nil:
					fmt.Fprintf(cmd.OutOrStdout(), "%s: valid\n", arg)
				case errors.As(err, &problems):
					for _, p := range problems {
						fmt.Fprintln(cmd.OutOrStdout(), secretsOf(cmd.Context()).Text(p.Error()))
					}
					failed = &exitError{code: exitInvalid}
				default:
					return err
				}
			}
			return failed
		},
	}
	o.register(cmd)
	return cmd
}

func planCommand(on network) *cobra.Command {
	var o overrides
	var look bool
	cmd := &cobra.Command{
		Use:               "plan SCENARIO",
		Short:             "Print the expanded timeline: what would be done, when, by whom, and how it would be undone",
		Args:              takes("SCENARIO"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := load(args[0], &o)
			if err != nil {
				return err
			}
			if _, err = fmt.Fprint(cmd.OutOrStdout(), sc.Plan()); err != nil {
				return internal(err)
			}
			if sc.Target.Rig == nil {
				if err := planLoad(cmd, sc, on, look); err != nil {
					return err
				}
			}
			return internal(printPlan(cmd.OutOrStdout(), sc)) // last: it ends with the hash
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&look, "look", false, "look at the stream as one player would, so that the expected load is that of its ladder")
	return cmd
}

// planLoad says what a run on a URL will ask of its target.
func planLoad(cmd *cobra.Command, sc *scenarios.Scenario, on network, look bool) error {
	text, err := run.ExpectedLoad(cmd.Context(), &run.Config{Scenario: sc, Version: ownVersion(), Network: run.Network{Target: on.web}}, look)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", text)
	return internal(err)
}
